// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_NAME_LOOKUP_HPP
#define UMBRACO_AI_ASIO_NAME_LOOKUP_HPP

#include <umbraco_ai/asio/post_step.hpp>
#include <umbraco_ai/asio/wakeable.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Windows declares getaddrinfo in what Asio includes.
#if __has_include(<netdb.h>)
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

using endpoint_list = std::vector<boost::asio::ip::tcp::endpoint>;

/// The addresses of a host that needs no look-up: a literal, or "localhost", which is both loopback addresses.
[[nodiscard, gnu::cold]] inline std::optional<endpoint_list> endpoints_by_spelling(std::string const& host, std::uint16_t port) {
    using boost::asio::ip::tcp;
    if (host == "localhost")
        return endpoint_list{tcp::endpoint(boost::asio::ip::address_v6::loopback(), port),
                             tcp::endpoint(boost::asio::ip::address_v4::loopback(), port)};
    boost::system::error_code error;
    auto const address = boost::asio::ip::make_address(host, error);
    if (error) return std::nullopt;
    return endpoint_list{tcp::endpoint(address, port)};
}

/// One host name on its way to addresses. All but host and port is guarded by the mutex of `lookup_queue`, and `waiting`
/// belongs to the strand of who waits.
class name_lookup {
public:
    name_lookup(std::string host_name, std::uint16_t port_number, boost::asio::any_io_executor strand,
                wakeable& who_waits)
        : host(std::move(host_name)), port(port_number), executor(std::move(strand)), waiting(&who_waits) {}

    /// On the strand of who waits.
    void wake() {
        if (waiting != nullptr) waiting->wake();
    }

    std::string const host;
    std::uint16_t const port;
    boost::asio::any_io_executor executor;  ///< Empty once nobody waits, so that no thread keeps a dead context's executor.
    wakeable* waiting;
    bool done = false;
    boost::system::error_code error;
    endpoint_list endpoints;
};

/// getaddrinfo can be neither cancelled nor hurried, and an Asio resolver makes ~io_context wait for it. So look-ups run
/// on a few detached threads that own what they touch and are left behind when the caller gives up. They call it themselves, since
/// Asio's would take a context of its own, with its descriptors, for each.
class lookup_queue : public std::enable_shared_from_this<lookup_queue> {
public:
    /// What gives the addresses of a host; called on a thread of the queue's.
    using resolve = std::function<endpoint_list(std::string const& host, std::uint16_t port, boost::system::error_code& error)>;

    explicit lookup_queue(resolve source = ask_system) : resolve_(std::move(source)) {}

    /// Lets something else than the system give addresses; only while nothing is being looked up.
    void set_source(resolve source) {
        std::lock_guard const guard(mutex_);
        resolve_ = std::move(source);
    }

    /// Begins a look-up; who waits is woken on its executor when it is done.
    void start(std::shared_ptr<name_lookup> lookup) {
        bool needs_thread = false;
        {
            std::lock_guard const guard(mutex_);
            if (is_closed_) return;
            waiting_.push_back(std::move(lookup));
            needs_thread = threads_ < most_threads;
            if (needs_thread) ++threads_;
        }
        if (!needs_thread) return;
        try {
            std::thread([self = shared_from_this()] { self->work(); }).detach();
        } catch (std::exception const&) {
            std::lock_guard const guard(mutex_);
            --threads_;
            if (threads_ != 0) return;
            for (auto const& stuck : waiting_) {
                stuck->done = true;
                stuck->error = make_error_code(boost::system::errc::resource_unavailable_try_again);
                notify(stuck);
            }
            waiting_.clear();
        }
    }

    /// The caller no longer waits.
    void abandon(std::shared_ptr<name_lookup> const& lookup) {
        std::lock_guard const guard(mutex_);
        lookup->waiting = nullptr;
        lookup->executor = boost::asio::any_io_executor();
        waiting_.remove(lookup);
        asked_.remove(lookup);
    }

    [[nodiscard]] bool is_done(name_lookup const& lookup) {
        std::lock_guard const guard(mutex_);
        return lookup.done;
    }

    /// The execution context goes down: no thread may touch it from here on.
    void close() {
        std::lock_guard const guard(mutex_);
        is_closed_ = true;
        asked_.splice(asked_.end(), waiting_);
        for (auto const& lookup : asked_) lookup->executor = boost::asio::any_io_executor();
        asked_.clear();
    }

private:
    static constexpr std::size_t most_threads = 4;

    [[nodiscard]] static endpoint_list ask_system(std::string const& host, std::uint16_t port, boost::system::error_code& error) {
        ::addrinfo wanted{};
        wanted.ai_family = AF_UNSPEC;
        wanted.ai_socktype = SOCK_STREAM;
        wanted.ai_protocol = IPPROTO_TCP;
        ::addrinfo* first = nullptr;
        errno = 0;
        error = error_of(::getaddrinfo(host.c_str(), nullptr, &wanted, &first));
        if (error) return {};
        std::unique_ptr<::addrinfo, void (*)(::addrinfo*)> const found(first, [](::addrinfo* list) { ::freeaddrinfo(list); });
        endpoint_list endpoints;
        for (::addrinfo const* one = first; one != nullptr; one = one->ai_next) {
            if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
            boost::asio::ip::tcp::endpoint endpoint;
            endpoint.resize(one->ai_addrlen);
            std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
            endpoint.port(port);
            endpoints.push_back(endpoint);
        }
        return endpoints;
    }

    [[nodiscard]] static boost::system::error_code error_of(int found) noexcept {
        switch (found) {
            case 0: return {};
            case EAI_AGAIN: return boost::asio::error::host_not_found_try_again;
            case EAI_MEMORY: return boost::asio::error::no_memory;
            case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
            case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
            case EAI_ADDRFAMILY:
#endif
                return boost::asio::error::host_not_found;
#ifdef EAI_SYSTEM
            case EAI_SYSTEM:
                if (errno != 0) return boost::system::error_code(errno, boost::system::system_category());
                break;
#endif
            default: break;
        }
        return boost::asio::error::no_recovery;
    }

    void work() noexcept {
        while (true) {
            std::shared_ptr<name_lookup> lookup;
            {
                std::lock_guard const guard(mutex_);
                if (waiting_.empty()) {
                    --threads_;
                    return;
                }
                lookup = waiting_.front();
                asked_.splice(asked_.end(), waiting_, waiting_.begin());
            }
            boost::system::error_code error;
            endpoint_list endpoints;
            try {
                endpoints = resolve_(lookup->host, lookup->port, error);
            } catch (std::exception const&) {
                error = make_error_code(boost::system::errc::not_enough_memory);
            }
            std::lock_guard const guard(mutex_);
            lookup->done = true;
            lookup->error = error;
            lookup->endpoints = std::move(endpoints);
            notify(lookup);
        }
    }

    // Called with the mutex held: `close` waits for it, so the context is alive while this posts to it.
    void notify(std::shared_ptr<name_lookup> const& lookup) noexcept {
        asked_.remove(lookup);
        if (!lookup->executor) return;
        post_step<&name_lookup::wake>(lookup->executor, std::weak_ptr(lookup));
        lookup->executor = boost::asio::any_io_executor();
    }

    resolve resolve_;
    std::mutex mutex_;
    std::list<std::shared_ptr<name_lookup>> waiting_;
    std::list<std::shared_ptr<name_lookup>> asked_;  ///< Whose thread is at it.
    std::size_t threads_ = 0;
    bool is_closed_ = false;
};

/// The look-ups of one execution context; its shutdown cuts the detached threads off.
class lookup_service : public boost::asio::execution_context::service {
public:
    using key_type = lookup_service;
    static inline boost::asio::execution_context::id id;

    explicit lookup_service(boost::asio::execution_context& context)
        : service(context), queue_(std::make_shared<lookup_queue>()) {}

    [[nodiscard]] std::shared_ptr<lookup_queue> const& queue() const noexcept { return queue_; }

private:
    void shutdown() override { queue_->close(); }

    std::shared_ptr<lookup_queue> queue_;
};

/// A look-up of a call, which is given up when this ends.
class scoped_lookup {
public:
    scoped_lookup(boost::asio::execution_context& context, std::string host, std::uint16_t port,
                  boost::asio::any_io_executor strand, wakeable& who_waits)
        : queue_(boost::asio::use_service<lookup_service>(context).queue()),
          lookup_(std::make_shared<name_lookup>(std::move(host), port, std::move(strand), who_waits)) {
        queue_->start(lookup_);
    }
    scoped_lookup(scoped_lookup const&) = delete;
    scoped_lookup& operator=(scoped_lookup const&) = delete;
    ~scoped_lookup() { queue_->abandon(lookup_); }

    [[nodiscard]] bool is_done() const { return queue_->is_done(*lookup_); }

    /// Only after `is_done`: nobody writes them any more.
    [[nodiscard]] boost::system::error_code const& error() const noexcept { return lookup_->error; }
    [[nodiscard]] endpoint_list const& endpoints() const noexcept { return lookup_->endpoints; }

private:
    std::shared_ptr<lookup_queue> queue_;
    std::shared_ptr<name_lookup> lookup_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

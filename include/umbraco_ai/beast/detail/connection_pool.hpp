// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP
#define UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// How long a connection may lie idle after this answer: 30 s, or less where `Keep-Alive: timeout=` says so.
[[nodiscard]] inline std::chrono::seconds idle_limit(http_headers const& headers) {
    constexpr std::chrono::seconds most(30);
    std::string const* const value = headers.find("Keep-Alive");
    if (value == nullptr) return most;
    constexpr std::string_view name = "timeout=";
    auto const found =
        std::search(value->begin(), value->end(), name.begin(), name.end(), [](char a, char b) { return ascii_lower(a) == b; });
    if (found == value->end()) return most;
    auto const offset = static_cast<std::size_t>(found - value->begin()) + name.size();
    unsigned seconds = 0;
    auto const parsed = std::from_chars(value->data() + offset, value->data() + value->size(), seconds);
    if (parsed.ec != std::errc() || seconds > 30) return most;
    return std::chrono::seconds(seconds);
}

/// Idle connections, the most recently used first. Safe to use from several threads.
class connection_pool {
public:
    using socket = boost::asio::ip::tcp::socket;
    using clock = std::chrono::steady_clock;

    connection_pool() = default;

    /// An idle connection to the origin on which nothing has arrived, or nothing.
    [[nodiscard]] std::optional<socket> take(http_origin const& origin) {
        std::lock_guard const guard(mutex_);
        auto const now = clock::now();
        for (std::size_t i = idle_.size(); i-- > 0;) {
            if (idle_[i].expiry > now && !(idle_[i].origin == origin)) continue;
            socket candidate = std::move(idle_[i].connection);
            bool const is_usable = idle_[i].expiry > now && is_quiet(candidate);
            idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
            if (is_usable) return candidate;
        }
        return std::nullopt;
    }

    void give(http_origin origin, socket connection, std::chrono::seconds limit) {
        std::lock_guard const guard(mutex_);
        if (is_closed_ || limit <= limit.zero()) return;
        auto const now = clock::now();
        std::erase_if(idle_, [now](entry const& kept) { return kept.expiry <= now; });
        if (idle_.size() == most_idle) idle_.erase(idle_.begin());
        idle_.emplace_back(std::move(origin), std::move(connection), now + limit);
    }

    /// Closes what is idle and keeps nothing from here on.
    void close() {
        std::lock_guard const guard(mutex_);
        is_closed_ = true;
        idle_.clear();
    }

private:
    static constexpr std::size_t most_idle = 8;

    class entry {
    public:
        entry(http_origin where, socket idle, clock::time_point end)
            : origin(std::move(where)), connection(std::move(idle)), expiry(end) {}

        http_origin origin;
        socket connection;
        clock::time_point expiry;
    };

    // The server closed it, or says something that nobody asked for.
    [[nodiscard]] static bool is_quiet(socket& connection) {
        boost::system::error_code error;
        char byte = 0;
        connection.receive(boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek, error);
        return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
    }

    std::mutex mutex_;
    std::vector<entry> idle_;
    bool is_closed_ = false;
};

/// Closes the pools of an execution context with it, so that a transport may outlive it.
class pool_service : public boost::asio::execution_context::service {
public:
    using key_type = pool_service;
    static inline boost::asio::execution_context::id id;

    explicit pool_service(boost::asio::execution_context& context) : service(context) {}

    [[nodiscard]] std::shared_ptr<connection_pool> make_pool() {
        auto made = std::make_shared<connection_pool>();
        std::lock_guard const guard(mutex_);
        std::erase_if(pools_, [](auto const& pool) { return pool.expired(); });
        pools_.push_back(made);
        return made;
    }

private:
    void shutdown() override {
        std::lock_guard const guard(mutex_);
        for (auto const& pool : pools_)
            if (auto const alive = pool.lock()) alive->close();
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<connection_pool>> pools_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

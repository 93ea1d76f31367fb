// SPDX-License-Identifier: MIT
#include "session.hpp"

#include "interruption.hpp"
#include "trace.hpp"
#include "wire.hpp"

#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/beast/transport.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace cli {
namespace {

constexpr std::chrono::nanoseconds patience = std::chrono::milliseconds(50);

ai::http_request giving_up_with_the_user(ai::http_request request) {
    request.limits.cancelled = &interruption::is_wanted;
    return request;
}

/// The same network for several calls at once.
class shared_wire {
public:
    static constexpr bool tracks_writes = true;

    shared_wire(boost::asio::io_context& io, ai::transport_options network) : transport_(io, std::move(network)) {}

    [[nodiscard]] boost::asio::awaitable<ai::result<ai::http_response>> send(ai::http_request request) {
        return transport_.send(giving_up_with_the_user(std::move(request)));
    }
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return transport_.now(); }
    [[nodiscard, gnu::noinline]] boost::asio::awaitable<void> wait(std::chrono::nanoseconds duration) {
        for (std::chrono::nanoseconds left = duration; left > left.zero() && !interruption::is_wanted(); left -= patience)
            co_await transport_.wait((std::min)(left, patience));
    }

private:
    ai::beast_transport transport_;
};

using shared_client = ai::client<shared_wire>;

/// What several jobs work on: the same question about each connection.
template <class Answer, class Ask>
class round {
public:
    using on_answer = std::function<void(std::size_t, ai::result<Answer>, std::chrono::nanoseconds)>;

    round(std::vector<ai::id_or_alias> const& which, Ask ask, on_answer const& told) : which_(which), ask_(std::move(ask)), told_(told) {}

    void run(boost::asio::io_context& io, std::size_t jobs) {
        std::exception_ptr thrown;
        for (std::size_t i = 0; i < (std::min)(jobs, which_.size()); ++i)
            boost::asio::co_spawn(io, work(), [&](std::exception_ptr error) {
                if (!error) return;
                thrown = std::move(error);
                io.stop();
            });
        io.run();
        if (thrown) std::rethrow_exception(thrown);
    }

private:
    [[nodiscard, gnu::noinline]] boost::asio::awaitable<void> work() {
        while (next_ < which_.size() && !interruption::is_wanted()) {
            std::size_t const index = next_++;
            auto const begin = std::chrono::steady_clock::now();
            ai::result<Answer> answer = co_await ask_(which_[index]);
            told_(index, std::move(answer), std::chrono::steady_clock::now() - begin);
        }
    }

    std::vector<ai::id_or_alias> const& which_;
    Ask ask_;
    on_answer const& told_;
    std::size_t next_ = 0;
};

template <class Answer, class Ask>
void ask_all(site_options const& about, std::vector<ai::id_or_alias> const& which, std::size_t jobs,
             std::function<void(std::size_t, ai::result<Answer>, std::chrono::nanoseconds)> const& told, Ask ask) {
    boost::asio::io_context io(1);
    ai::transport_options network(about.tls);
    network.most_connections = jobs;
    shared_client cms(shared_wire(io, std::move(network)), about.base_url, about.auth, about.calls);
    auto const ask_one = [&](ai::id_or_alias const& each) { return ask(cms, each); };
    round<Answer, decltype(ask_one)>(which, ask_one, told).run(io, jobs);
}

}  // namespace

class wire::implementation {
public:
    explicit implementation(ai::transport_options network) : transport(std::move(network)) {}

    ai::blocking_transport transport;
};

wire::wire(ai::tls_options trust) : own_(std::make_unique<implementation>(ai::transport_options(std::move(trust)))) {}
wire::wire(wire&&) noexcept = default;
wire& wire::operator=(wire&&) noexcept = default;
wire::~wire() = default;

ai::result<ai::http_response> wire::send(ai::http_request request) { return own_->transport.send(giving_up_with_the_user(std::move(request))); }

std::chrono::nanoseconds wire::now() const noexcept { return own_->transport.now(); }

void wire::wait(std::chrono::nanoseconds duration) {
    for (std::chrono::nanoseconds left = duration; left > left.zero() && !interruption::is_wanted(); left -= patience)
        own_->transport.wait((std::min)(left, patience));
}

void site::test(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_tested const& told) const {
    ask_all<ai::test_result>(about_, which, jobs, told, [](shared_client& cms, ai::id_or_alias const& each) { return cms.connections().test(each); });
}

void site::read(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_read const& told) const {
    ask_all<ai::connection>(about_, which, jobs, told, [](shared_client& cms, ai::id_or_alias const& each) { return cms.connections().get(each); });
}

std::unique_ptr<site> session::open(site_arguments const& where) {
    site_options about = resolve(where, environment_);
    if (about.verbosity > 0) about.calls.observer = std::make_shared<trace>(out_, about.verbosity);
    return std::make_unique<site>(std::move(about));
}

}  // namespace cli

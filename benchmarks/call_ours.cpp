// SPDX-License-Identifier: MIT
#include "calls.hpp"
#include "counters.hpp"

#include <umbraco_ai/umbraco_ai.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace bench {
namespace {

namespace ai = umbraco_ai;
namespace asio = boost::asio;

/// The size of the answer's body.
class body_size {
public:
    body_size() = default;
    explicit body_size(std::size_t bytes) : value(bytes) {}
    std::size_t value = 0;
};

}  // namespace
}  // namespace bench

template <>
struct umbraco_ai::answer<bench::body_size> {
    static result<bench::body_size> decode(http_response const& response) {
        if (auto ok = detail::expect_json(response); !ok) return ok.error();
        return bench::body_size(response.body.size());
    }
};

namespace bench {
namespace {

/// As the library's own `get`, save for what becomes of the body.
using get_size = ai::endpoint<"GET /connections/{idOrAlias}", ai::path<ai::id_or_alias>, ai::returns<body_size>>;

constexpr std::size_t most = 1024;

std::string base_url(bool tls) {
    return tls ? "https://127.0.0.1:" + std::to_string(the_server().tls_port()) : "http://127.0.0.1:" + std::to_string(the_server().port());
}

ai::transport_options network(bool tls) {
    ai::transport_options made;
    if (tls) made.tls.trust_ca_pem(the_server().ca_pem());
    made.most_connections = most;
    return made;
}

/// Calls by a client as users have it, from so many coroutines at once.
class client_calls final : public calls {
public:
    client_calls(char const* what, std::size_t expected, std::size_t at_once, bool tls)
        : what_(what), expected_(expected), at_once_(at_once), client_(io_, base_url(tls), {}, {}, network(tls)) {}

    void run(std::size_t times) override {
        left_ = times;
        callers_ = at_once_;
        for (std::size_t i = 0; i < at_once_; ++i) asio::co_spawn(io_, caller(), asio::detached);
        io_.restart();
        // Not `run`: the timer that the calls share outlives them for a moment.
        while (callers_ > 0) io_.run_one();
    }

private:
    asio::awaitable<void> caller() {
        while (left_ > 0) {
            --left_;
            auto const begin = clock::now();
            ai::result<body_size> const answer = co_await client_.call(get_size(what_));
            expect(answer && answer->value == expected_, "an answer of ours has the wrong size");
            count(begin);
        }
        --callers_;
    }

    std::string what_;
    std::size_t expected_;
    std::size_t at_once_;
    std::size_t left_ = 0;
    std::size_t callers_ = 0;
    asio::io_context io_;
    ai::beast_client client_;
};

/// A new client, one call, and its end.
class cold_calls final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            ai::blocking_client cms(base_url(false));
            auto const answer = cms.call(get_size("small"));
            expect(answer && answer->value == small_size(), "an answer of ours has the wrong size");
            count(begin);
        }
    }
};

/// What calls in flight have on the heap beyond what the client has when they are over.
class memory_of_calls final : public contestant {
public:
    explicit memory_of_calls(bool awaited) : awaited_(awaited) {}

    void run(std::size_t) override {}

    double bytes() override {
        constexpr std::size_t in_flight = 256;
        start_counting();
        asio::io_context io;
        ai::beast_client client(io, base_url(false), {}, {}, network(false));
        // The connections are open first, since they belong to the client.
        for (int warm = 0; warm < 2; ++warm) {
            for (std::size_t i = 0; i < in_flight; ++i) begin(io, client, "small");
            io.restart();
            io.run();
        }
        auto const before = counted().bytes;
        for (std::size_t i = 0; i < in_flight; ++i) begin(io, client, "never");
        io.restart();
        io.run_for(std::chrono::milliseconds(300));
        return static_cast<double>(stop_counting().bytes - before) / in_flight;
    }

private:
    void begin(asio::io_context& io, ai::beast_client& client, char const* what) const {
        ai::call_options const options(std::chrono::seconds(60));
        if (awaited_) asio::co_spawn(io, await(client, what, options), asio::detached);
        else client.async_call(get_size(what), options, [](ai::result<body_size> const& answer) { bench::keep(answer.has_value()); });
    }

    static asio::awaitable<void> await(ai::beast_client& client, char const* what, ai::call_options options) {
        auto const answer = co_await client.call(get_size(what), std::move(options));
        bench::keep(answer.has_value());
    }

    bool awaited_;
};

std::unique_ptr<contestant> client_of(char const* what, std::size_t expected, std::size_t at_once, bool tls) {
    return std::make_unique<client_calls>(what, expected, at_once, tls);
}

registration const registered[] = {
    registration("call-small", "ours", [] { return client_of("small", small_size(), 1, false); }),
    registration("call-small-sized", "ours", [] { return client_of("small-sized", small_size(), 1, false); }),
    registration("call-small-64", "ours", [] { return client_of("small", small_size(), 64, false); }),
    registration("call-page", "ours", [] { return client_of("page", page_size(), 1, false); }),
    registration("call-page-sized", "ours", [] { return client_of("page-sized", page_size(), 1, false); }),
    registration("call-page-64", "ours", [] { return client_of("page", page_size(), 64, false); }),
    registration("call-tls", "ours", [] { return client_of("small", small_size(), 1, true); }),
    registration("call-tls-64", "ours", [] { return client_of("small", small_size(), 64, true); }),
    registration("reconnect-tls", "ours", [] { return client_of("last", small_size(), 1, true); }),
    registration("cold-call", "ours", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_calls>(); }),
    registration("memory", "ours", []() -> std::unique_ptr<contestant> { return std::make_unique<memory_of_calls>(false); }),
    registration("memory-awaited", "ours", []() -> std::unique_ptr<contestant> { return std::make_unique<memory_of_calls>(true); }),
};

}  // namespace
}  // namespace bench

// SPDX-License-Identifier: MIT
#include "../examples/transports/poll_loop.hpp"
#include "support/catch.hpp"

#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using ai::testing::raw_server;
using ai::testing::raw_step;
using asio::cancellation_type;

namespace {

constexpr auto far_off = 10s;

/// A site with one connection, served on loopback.
class served_site {
public:
    served_site() : api(ai::testing::dialect::observed) {
        api.add(ai::testing::stored_connection("openai-prod", "OpenAI", "openai", R"({"apiKey":"k"})"));
        server.emplace(api);
    }
    ai::testing::in_memory_api api;
    std::optional<ai::testing::loopback_server> server;
};

std::vector<ai::testing::raw_script> silence() { return {{raw_step::read_request(), raw_step::stay_silent()}}; }

ai::testing::in_memory_options with_api_user() {
    ai::testing::in_memory_options options;
    options.client_id = "umbraco-back-office-tests";
    options.client_secret = "a-secret-of-this-test";
    return options;
}

/// Counts what is allocated through it, and what is given back.
class tally {
public:
    std::size_t allocated = 0;
    std::size_t live = 0;
};

template <class T>
class counting_allocator {
public:
    using value_type = T;
    explicit counting_allocator(tally& counts) noexcept : counts_(&counts) {}
    template <class U>
    counting_allocator(counting_allocator<U> const& other) noexcept : counts_(other.counts_) {}

    T* allocate(std::size_t count) {
        ++counts_->allocated;
        ++counts_->live;
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* place, std::size_t count) noexcept {
        --counts_->live;
        std::allocator<T>().deallocate(place, count);
    }
    friend bool operator==(counting_allocator const&, counting_allocator const&) = default;

    tally* counts_;
};

/// Runs a context until a condition holds.
template <class F>
bool run_until(asio::io_context& io, F&& holds) {
    auto const end = std::chrono::steady_clock::now() + far_off;
    while (!holds() && std::chrono::steady_clock::now() < end) {
        io.run_one_for(50ms);
        if (io.stopped()) io.restart();
    }
    return holds();
}

/// A transport of the user's own, whose `send` is a coroutine.
class awaited_transport {
public:
    explicit awaited_transport(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    asio::awaitable<ai::result<ai::http_response>> send(ai::http_request) {
        co_await asio::post(executor_, asio::use_awaitable);
        if (throws) throw std::runtime_error("no");
        ai::http_response made(200);
        made.headers.add("Content-Type", "application/json");
        made.body = R"(["Chat"])";
        co_return made;
    }
    [[nodiscard]] asio::any_io_executor get_executor() const { return executor_; }

    bool throws = false;

private:
    asio::any_io_executor executor_;
};

/// Wraps the transport of the library, as for logging.
class forwarding_transport {
public:
    explicit forwarding_transport(asio::io_context& io) : inner_(io) {}

    asio::awaitable<ai::result<ai::http_response>> send(ai::http_request request) {
        auto answer = co_await inner_.send(std::move(request));
        if (answer) ++answered;
        co_return answer;
    }
    asio::awaitable<void> wait(std::chrono::nanoseconds duration) { return inner_.wait(duration); }
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return inner_.now(); }
    [[nodiscard]] asio::any_io_executor get_executor() const { return inner_.get_executor(); }

    int answered = 0;

private:
    ai::beast_transport inner_;
};

using change = std::function<void(ai::connection&)>;

change named(std::string name) {
    return [value = std::move(name)](ai::connection& read) { read.name = value; };
}

asio::awaitable<void> by_awaiting(ai::beast_client& cms, std::string& name, std::string& alias, std::string& renamed) {
    auto answer = co_await cms.async_call(ai::connections::get("openai-prod"), asio::use_awaitable);
    if (answer) name = answer->name;
    auto read = co_await cms.async_call(ai::connections::get("openai-prod"), asio::as_tuple(asio::use_awaitable));
    if (std::get<0>(read)) alias = std::get<0>(read)->alias;
    auto changed = co_await cms.async_connections(asio::deferred).modify("openai-prod", named("By awaiting"));
    if (changed) renamed = changed->after.name;
}

}  // namespace

TEST_CASE("a call completes by a callback, on any of its forms", "[tokens]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());
    int runs = 0;
    cms.async_call(ai::connections::get("openai-prod"), [&](ai::result<ai::connection> answer) {
        ++runs;
        CHECK(answer->name == "OpenAI");
    });
    cms.async_run(ai::all_operation(), ai::call_options(5s), [&](ai::result<ai::connection_list> answer) {
        ++runs;
        CHECK(answer->size() == 1);
    });
    cms.async_connections([&, only_moved = std::make_unique<int>(7)](ai::result<ai::connection> answer) {
        runs += *only_moved == 7 ? 1 : 0;
        CHECK(answer->name == "OpenAI");
    }).get("openai-prod");
    CHECK(runs == 0);
    io.run();
    CHECK(runs == 3);
}

TEST_CASE("a call completes by every other token too", "[tokens]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());

    std::future<ai::result<ai::connection>> future = cms.async_call(ai::connections::get("openai-prod"), asio::use_future);
    auto later = cms.async_call(ai::connections::get("openai-prod"), asio::deferred);
    std::string name, alias, renamed;
    asio::co_spawn(io, by_awaiting(cms, name, alias, renamed), asio::detached);
    auto renamed_by_future = cms.async_connections(asio::use_future).modify("nothing-of-this-name", named("x"));
    cms.async_connections(asio::detached).get("openai-prod");
    io.run();
    CHECK(future.get()->alias == "openai-prod");
    CHECK(name == "OpenAI");
    CHECK(alias == "openai-prod");
    CHECK(renamed == "By awaiting");
    CHECK(renamed_by_future.get().error().status == 404);

    int runs = 0;
    // It can be begun several times.
    later([&](ai::result<ai::connection> answer) { runs += answer->name == "By awaiting" ? 1 : 100; });
    io.restart();
    io.run();
    CHECK(std::exchange(runs, 0) == 1);
    std::move(later)([&](ai::result<ai::connection> answer) { runs += answer->name == "By awaiting" ? 1 : 100; });
    io.restart();
    io.run();
    CHECK(runs == 1);
}

TEST_CASE("a call that fails before any request still completes later", "[tokens]") {
    asio::io_context io;
    ai::beast_client cms(io, "not a url");
    bool is_within = true;
    int runs = 0;
    asio::post(io, [&] {
        cms.async_call(ai::connections::get("x"), [&](ai::result<ai::connection> answer) {
            ++runs;
            CHECK_FALSE(is_within);
            CHECK(answer.error().who == ai::fault::usage);
        });
        is_within = false;
    });
    io.run();
    CHECK(runs == 1);
}

TEST_CASE("a handler runs on its associated executor", "[tokens]") {
    served_site site;
    asio::io_context io;
    asio::thread_pool pool(1);
    ai::beast_client cms(io, site.server->base_url());
    std::promise<std::thread::id> pool_thread;
    asio::post(pool, [&] { pool_thread.set_value(std::this_thread::get_id()); });
    std::promise<std::thread::id> seen;
    cms.async_call(ai::connections::get("openai-prod"), asio::bind_executor(pool, [&](ai::result<ai::connection> answer) {
        CHECK(answer);
        seen.set_value(std::this_thread::get_id());
    }));
    io.run();
    auto handled = seen.get_future();
    REQUIRE(handled.wait_for(far_off) == std::future_status::ready);
    CHECK(handled.get() == pool_thread.get_future().get());
    pool.join();
}

TEST_CASE("a handler's allocator holds it, and has all back before the handler runs", "[tokens]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());
    tally counts;
    std::size_t live_in_handler = 99;
    cms.async_call(ai::connections::get("openai-prod"), asio::bind_allocator(counting_allocator<char>(counts), [&](ai::result<ai::connection> answer) {
        CHECK(answer);
        live_in_handler = counts.live;
    }));
    CHECK(counts.live > 0);
    io.run();
    CHECK(counts.allocated > 0);
    CHECK(live_in_handler == 0);
}

TEST_CASE("each kind of cancellation ends a read", "[tokens]") {
    auto const kind = GENERATE(cancellation_type::terminal, cancellation_type::partial, cancellation_type::total);
    raw_server server(silence());
    asio::io_context io;
    ai::beast_client cms(io, server.base_url());
    asio::cancellation_signal stop;
    int runs = 0;
    ai::failure reason;
    cms.async_call(ai::connections::get("openai-prod"), asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::connection> answer) {
        ++runs;
        reason = answer.error();
        CHECK_FALSE(stop.slot().has_handler());
    }));
    REQUIRE(run_until(io, [&] { return !server.received(0).empty(); }));
    stop.emit(kind);
    REQUIRE(run_until(io, [&] { return runs > 0; }));
    CHECK(reason.who == ai::fault::cancelled);
    CHECK_FALSE(reason.possibly_applied);
    stop.emit(kind);
    io.restart();
    io.run_for(20ms);
    CHECK(runs == 1);
}

TEST_CASE("a read that is cancelled before it began sends nothing", "[tokens]") {
    auto const kind = GENERATE(cancellation_type::terminal, cancellation_type::partial, cancellation_type::total);
    raw_server server(silence());
    asio::io_context io;
    ai::beast_client cms(io, server.base_url());
    asio::cancellation_signal stop;
    int runs = 0;
    cms.async_call(ai::connections::get("openai-prod"), asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::connection> answer) {
        ++runs;
        CHECK(answer.error().who == ai::fault::cancelled);
    }));
    stop.emit(kind);
    io.run_for(far_off);
    CHECK(runs == 1);
    CHECK(server.received(0).empty());
}

TEST_CASE("a write on its way is ended by partial and terminal, never by total, and says that it may be applied", "[tokens]") {
    auto const kind = GENERATE(cancellation_type::terminal, cancellation_type::partial);
    raw_server server(silence());
    asio::io_context io;
    ai::beast_client cms(io, server.base_url());
    asio::cancellation_signal stop;
    int runs = 0;
    ai::failure reason;
    ai::connection_draft const draft("openai-dev", "OpenAI", "openai");
    cms.async_connections(asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::created_connection> answer) {
        ++runs;
        reason = answer.error();
    })).create(draft);
    REQUIRE(run_until(io, [&] { return server.received(0).find("isActive") != std::string::npos; }));
    stop.emit(cancellation_type::total);
    io.run_for(20ms);
    CHECK(runs == 0);
    stop.emit(kind);
    REQUIRE(run_until(io, [&] { return runs > 0; }));
    CHECK(reason.who == ai::fault::cancelled);
    CHECK(reason.possibly_applied);
}

TEST_CASE("a write that was cancelled before it began does not wait for its turn", "[tokens]") {
    raw_server server(silence());
    asio::io_context io;
    ai::beast_client cms(io, server.base_url());
    auto const id = ai::guid::parse("11111111-2222-3333-4444-555555555555").value();
    int others = 0;
    cms.async_connections([&](auto const&) { ++others; }).modify(id, named("first"));
    REQUIRE(run_until(io, [&] { return !server.received(0).empty(); }));
    asio::cancellation_signal stop;
    ai::failure reason;
    int runs = 0;
    cms.async_connections(asio::bind_cancellation_slot(stop.slot(), [&](auto answer) {
        ++runs;
        reason = answer.error();
    })).modify(id, named("second"));
    stop.emit(cancellation_type::terminal);
    CHECK(run_until(io, [&] { return runs > 0; }));
    CHECK(reason.who == ai::fault::cancelled);
    CHECK_FALSE(reason.possibly_applied);
    CHECK(others == 0);
}

TEST_CASE("a token source that cancels the call it is asked for ends it", "[tokens]") {
    asio::io_context io;
    asio::cancellation_signal stop;
    bool const has_token = GENERATE(false, true);
    ai::token_source::receiver kept;
    ai::beast_client cms(io, "http://127.0.0.1:1", ai::token_source([&](ai::token_source::receiver done) {
        kept = std::move(done);
        if (has_token) kept(ai::bearer_token(std::string("a-token")));
        stop.emit(cancellation_type::terminal);
    }));
    int runs = 0;
    auto const end = [&](ai::result<ai::connection> const& answer) {
        ++runs;
        CHECK(answer.error().who == ai::fault::cancelled);
    };
    if (GENERATE(false, true))
        asio::co_spawn(io, cms.connections().get("openai-prod"),
                       asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, ai::result<ai::connection> answer) { end(answer); }));
    else cms.async_call(ai::connections::get("openai-prod"), asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::connection> answer) { end(answer); }));
    CHECK(run_until(io, [&] { return runs > 0; }));
}

TEST_CASE("an observer that cancels the call before it has waited ends the call, not the loop", "[tokens]") {
    class canceller final : public ai::observer {
    public:
        explicit canceller(asio::cancellation_signal& signal) : signal_(signal) {}
        void on_attempt(ai::attempt_event const&) noexcept override { signal_.emit(cancellation_type::terminal); }

    private:
        asio::cancellation_signal& signal_;
    };
    asio::io_context io;
    asio::cancellation_signal stop;
    ai::client_options options;
    options.observer = std::make_shared<canceller>(stop);
    ai::beast_client cms(io, "http://127.0.0.1:1", ai::bearer_token(std::string("a-token")), options);
    int runs = 0;
    auto const end = [&](ai::result<ai::connection> const& answer) {
        ++runs;
        CHECK(answer.error().who == ai::fault::cancelled);
    };
    if (GENERATE(false, true))
        asio::co_spawn(io, cms.connections().get("openai-prod"),
                       asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, ai::result<ai::connection> answer) { end(answer); }));
    else cms.async_call(ai::connections::get("openai-prod"), asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::connection> answer) { end(answer); }));
    CHECK(run_until(io, [&] { return runs > 0; }));
}

TEST_CASE("who cancels may outlive the call and its context", "[tokens]") {
    raw_server server(silence());
    asio::cancellation_signal stop;
    bool is_called = false;
    {
        asio::io_context io;
        ai::beast_client cms(io, server.base_url());
        cms.async_call(ai::connections::get("openai-prod"), asio::bind_cancellation_slot(stop.slot(), [&](ai::result<ai::connection>) { is_called = true; }));
        REQUIRE(run_until(io, [&] { return !server.received(0).empty(); }));
    }
    stop.emit(cancellation_type::terminal);
    CHECK_FALSE(is_called);
}

TEST_CASE("a call over a transport of the user's completes by a token too", "[tokens]") {
    asio::io_context io;
    awaited_transport wire(io.get_executor());
    ai::client cms(wire, "http://cms.test");
    int runs = 0;
    ai::async_call(cms, ai::connections::capabilities(), {}, [&](auto answer) {
        ++runs;
        CHECK(answer->items.size() == 1);
    });
    CHECK(runs == 0);
    io.run();
    CHECK(runs == 1);

    wire.throws = true;
    ai::async_call(cms, ai::connections::capabilities(), {}, [&](auto answer) {
        ++runs;
        CHECK(answer.error().who == ai::fault::usage);
    });
    io.restart();
    io.run();
    CHECK(runs == 2);
}

TEST_CASE("a call that is cancelled in the pause before it is sent again is not sent, over a transport of the user's either", "[tokens]") {
    raw_server server({{raw_step::read_request(), raw_step::send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"),
                        raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}});
    asio::io_context io;
    forwarding_transport wire(io);
    ai::client cms(wire, server.base_url());
    asio::cancellation_signal stop;
    ai::failure reason;
    int runs = 0;
    ai::async_call(cms, ai::connections::remove(*ai::guid::parse("11111111-2222-3333-4444-555555555555")), ai::call_options(30s),
                   asio::bind_cancellation_slot(stop.slot(), [&](auto answer) {
                       ++runs;
                       reason = answer.error();
                   }));
    REQUIRE(run_until(io, [&] { return wire.answered == 1; }));
    io.run_for(20ms);
    REQUIRE(runs == 0);
    stop.emit(cancellation_type::terminal);
    REQUIRE(run_until(io, [&] { return runs > 0; }));
    CHECK(reason.who == ai::fault::cancelled);
    std::string const received = server.received(0);
    CHECK(received.find("DELETE") == received.rfind("DELETE"));
}

TEST_CASE("a context that stops and goes on loses no handler", "[tokens]") {
    raw_server server({{raw_step::read_request(), raw_step::pause(100ms), raw_step::send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")}});
    asio::io_context io;
    ai::beast_client cms(io, server.base_url());
    int runs = 0;
    cms.async_call(ai::connections::get("openai-prod"), [&](ai::result<ai::connection> answer) {
        ++runs;
        CHECK(answer.error().status == 404);
    });
    REQUIRE(run_until(io, [&] { return !server.received(0).empty(); }));
    io.stop();
    CHECK(io.run() == 0);
    CHECK(runs == 0);
    io.restart();
    io.run();
    CHECK(runs == 1);
}

TEST_CASE("a context that ends drops the handlers of its calls, and calls none", "[tokens]") {
    raw_server server(silence());
    auto const witness = std::make_shared<int>(0);
    tally counts;
    std::future<ai::result<ai::connection>> future;
    {
        asio::io_context io;
        ai::beast_client cms(io, server.base_url());
        cms.async_call(ai::connections::get("openai-prod"),
                       asio::bind_allocator(counting_allocator<char>(counts), [witness](ai::result<ai::connection>) { ++*witness; }));
        future = cms.async_call(ai::connections::get("openai-prod"), asio::use_future);
        REQUIRE(run_until(io, [&] { return server.connections() == 2; }));
        CHECK(witness.use_count() > 1);
    }
    CHECK(*witness == 0);
    CHECK(witness.use_count() == 1);
    CHECK(counts.live == 0);
    CHECK_THROWS_AS(future.get(), std::future_error);
}

TEST_CASE("an exception of a change becomes a failure", "[tokens]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());
    auto changed = cms.async_connections(asio::use_future).modify("openai-prod", change([](ai::connection&) { throw std::runtime_error("no"); }));
    auto after = cms.async_call(ai::connections::get("openai-prod"), asio::use_future);
    io.run();
    auto const answer = changed.get();
    CHECK(answer.error().who == ai::fault::usage);
    CHECK(answer.error().message.find("exception") != std::string::npos);
    CHECK(after.get());
}

TEST_CASE("many calls on many threads each complete once", "[tokens][threads]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());
    std::atomic<int> runs = 0;
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 100; ++i)
        cms.async_call(ai::connections::get("openai-prod"), [&](ai::result<ai::connection> answer) {
            ++runs;
            if (answer) ++succeeded;
        });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(runs == 100);
    CHECK(succeeded == 100);
}

TEST_CASE("a poll loop carries out many calls at once, on one thread", "[poll]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    site.add(ai::testing::stored_connection("a", "a", "openai", R"({"apiKey":"k"})"));
    ai::testing::loopback_server server(site);
    ai::stepped_client cms(server.base_url(), ai::client_credentials("umbraco-back-office-tests", ai::secret("a-secret-of-this-test")));
    cms.trust_possibly_applied();
    change const add_one = [](ai::connection& read) {
        std::string_view const present = read.settings.find("count");
        read.settings.set("count", ai::settings_value(present.empty() ? 1 : std::stoi(std::string(present)) + 1));
    };
    poll_loop loop;
    std::vector<std::unique_ptr<ai::stepped_call<ai::modify_operation<change>>>> writes;
    for (int i = 0; i < 10; ++i) {
        writes.push_back(std::make_unique<ai::stepped_call<ai::modify_operation<change>>>(cms.connections().modify("a", add_one)));
        loop.add(*writes.back());
    }
    auto whole_list = cms.connections().all();
    auto missing = cms.connections().get("nobody");
    loop.add(whole_list);
    loop.add(missing);
    loop.run();
    for (auto& one : writes) CHECK(one->take());
    CHECK(whole_list.take()->size() == 1);
    CHECK(missing.take().error().status == 404);
    auto const guard = server.lock();
    CHECK(site.find("a")->settings == R"({"apiKey":"k","count":10})");
    auto const& log = site.log();
    CHECK(std::count_if(log.begin(), log.end(), [](auto const& request) { return request.target.ends_with("/token"); }) == 1);
}

TEST_CASE("a poll loop ends a call at its deadline, and goes on with the others", "[poll]") {
    raw_server server(silence());
    ai::stepped_client cms(server.base_url());
    cms.trust_possibly_applied();
    poll_loop loop;
    auto read = cms.connections(ai::call_options(50ms)).get("a");
    auto written = cms.connections(ai::call_options(100ms)).create(ai::connection_draft("openai-dev", "OpenAI", "openai"));
    loop.add(read);
    loop.add(written);
    loop.run();
    CHECK(read.take().error().who == ai::fault::timeout);
    auto const write = written.take();
    CHECK(write.error().who == ai::fault::timeout);
    CHECK(write.error().possibly_applied);
}

TEST_CASE("the sockets of a poll loop serve plain code too", "[poll]") {
    std::string const chunks = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n[\"Chat\"]\r\n0\r\n\r\n";
    raw_server server({{raw_step::read_request(), raw_step::send_bytewise(chunks)}, {raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")},
                       {raw_step::read_request(), raw_step::send("SSH-2.0\r\n")}});
    ai::client_options once;
    once.retry = ai::retry_policy::none();
    ai::client cms(poll_transport(), server.base_url(), {}, once);
    CHECK(cms.connections().capabilities()->items.size() == 1);
    CHECK(cms.connections().capabilities().error().code == ai::errc::connection_closed);
    CHECK(cms.connections().capabilities().error().code == ai::errc::malformed_response);

    ai::http_request nowhere;
    nowhere.target = "/";
    nowhere.origin = ai::http_origin(false, "127.0.0.1", 1);
    CHECK(poll_transport().send(nowhere).error().code == ai::errc::connect_failed);
    nowhere.origin.tls = true;
    CHECK(poll_transport().send(nowhere).error().code == ai::errc::tls_unavailable);
    nowhere.target = "a b";
    CHECK(poll_transport().send(nowhere).error().who == ai::fault::usage);
}

TEST_CASE("docs: calls complete by tokens", "[docs][tokens]") {
    served_site site;
    asio::io_context io;
    ai::beast_client cms(io, site.server->base_url());
    std::string name;
    cms.async_call(ai::connections::get("openai-prod"), [&name](ai::result<ai::connection> answer) {
        if (answer) name = answer->name;
    });
    auto renamed = cms.async_connections(boost::asio::use_future).modify("nobody", named("x"));
    io.run();
    CHECK(name == "OpenAI");
    CHECK(renamed.get().error().status == 404);
}

TEST_CASE("docs: a poll loop serves several calls", "[docs][poll]") {
    served_site site;
    ai::stepped_client cms(site.server->base_url());
    auto read = cms.connections().get("openai-prod");
    auto whole_list = cms.connections().all();

    poll_loop loop;
    loop.add(read);
    loop.add(whole_list);
    loop.run();
    CHECK(read.take()->name == "OpenAI");
    CHECK(whole_list.take()->size() == 1);
}

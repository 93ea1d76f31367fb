// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/asio/token_source.hpp>
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;

namespace {

constexpr char const* client_id = "umbraco-back-office-tests";
constexpr char const* client_secret = "p&ss w+rd%/=";

ai::testing::in_memory_options with_api_user() {
    ai::testing::in_memory_options options;
    options.client_id = client_id;
    options.client_secret = client_secret;
    return options;
}

ai::client_credentials api_user() { return ai::client_credentials(client_id, ai::secret(client_secret)); }

std::ptrdiff_t token_requests(ai::testing::in_memory_api const& site) {
    auto const& log = site.log();
    return std::count_if(log.begin(), log.end(), [](auto const& request) { return request.target.ends_with("/security/back-office/token"); });
}

boost::asio::awaitable<void> list_once(ai::beast_client& cms, std::atomic<int>& succeeded) {
    auto answer = co_await cms.connections().list();
    if (answer) ++succeeded;
    else UNSCOPED_INFO(answer.error());
}

boost::asio::awaitable<void> count_up(ai::beast_client& cms, std::string alias, std::atomic<int>& succeeded) {
    auto const add_one = [](ai::connection& read) {
        std::string_view const present = read.settings.find("count");
        read.settings.set("count", ai::settings_value(present.empty() ? 1 : std::stoi(std::string(present)) + 1));
    };
    auto answer = co_await cms.connections().modify(std::move(alias), add_one);
    if (answer) ++succeeded;
}

}  // namespace

TEST_CASE("a thousand calls that need a token ask for one", "[client]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::testing::loopback_server server(site);
    boost::asio::io_context io;
    ai::beast_client cms(io, server.base_url(), api_user());
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 1000; ++i) boost::asio::co_spawn(io, list_once(cms, succeeded), boost::asio::detached);
    io.run();
    CHECK(succeeded == 1000);
    auto const guard = server.lock();
    CHECK(token_requests(site) == 1);
}

TEST_CASE("a thousand calls on several threads that need a token ask for one", "[client][threads]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::testing::loopback_server server(site);
    boost::asio::io_context io;
    ai::beast_client cms(io, server.base_url(), api_user());
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 1000; ++i) boost::asio::co_spawn(boost::asio::make_strand(io), list_once(cms, succeeded), boost::asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(succeeded == 1000);
    auto const guard = server.lock();
    CHECK(token_requests(site) == 1);
}

TEST_CASE("calls on several threads may be cancelled, run out of time and meet failures, and the client goes on", "[client][threads]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    std::atomic<int> requests = 0;
    ai::testing::loopback_server server(
        [&](ai::testing::server_request const& request) { return ++requests % 7 == 0 ? ai::http_response(503) : site.handle(request); },
        ai::testing::loopback_options().with_requests_each(5).with_delay(std::chrono::milliseconds(1)));
    boost::asio::io_context io;
    ai::client_options options;
    options.retry.base_delay = std::chrono::milliseconds(2);
    options.retry.budget = 1000;  // The failures of all calls before would leave nothing for the last ones.
    ai::beast_client cms(io, server.base_url(), api_user(), options);
    struct one_call {
        explicit one_call(boost::asio::io_context& context) : strand(boost::asio::make_strand(context)) {}
        boost::asio::strand<boost::asio::io_context::executor_type> strand;
        boost::asio::cancellation_signal signal;
    };
    std::vector<std::unique_ptr<one_call>> calls;
    std::atomic<int> ended = 0;
    std::atomic<int> thrown = 0;
    constexpr int count = 240;
    auto const read = [](ai::beast_client& client, std::chrono::milliseconds time) -> boost::asio::awaitable<void> {
        static_cast<void>(co_await client.connections(ai::call_options(time)).list());
    };
    for (int i = 0; i < count; ++i) {
        calls.push_back(std::make_unique<one_call>(io));
        one_call& made = *calls.back();
        boost::asio::co_spawn(made.strand, read(cms, std::chrono::milliseconds(i % 3 == 0 ? 5 + i % 40 : 8000)),
                              boost::asio::bind_cancellation_slot(made.signal.slot(), [&](std::exception_ptr error) {
                                  if (error) ++thrown;
                                  ++ended;
                              }));
        if (i % 3 == 1) {
            auto const timer = std::make_shared<boost::asio::steady_timer>(made.strand, std::chrono::milliseconds(i % 50));
            timer->async_wait([timer, &made](boost::system::error_code) { made.signal.emit(boost::asio::cancellation_type::terminal); });
        }
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(ended == count);
    CHECK(thrown == 0);
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 8; ++i) boost::asio::co_spawn(io, list_once(cms, succeeded), boost::asio::detached);
    io.restart();
    io.run();
    CHECK(succeeded == 8);
}

TEST_CASE("a plain client that is called from another thread in the middle of a call fails at once, and waits for nothing", "[client][threads]") {
    std::atomic<bool> has_come = false;
    std::atomic<bool> may_answer = false;
    ai::testing::loopback_server server([&](ai::testing::server_request const&) {
        has_come = true;
        while (!may_answer) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return ai::http_response(200, "[]");
    });
    ai::blocking_client cms(server.base_url(), ai::bearer_token(std::string("a-token")));
    bool is_answered = false;
    std::thread other([&] { is_answered = cms.connections().capabilities().has_value(); });
    while (!has_come) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int i = 0; i < 3; ++i) {
        auto const begin = std::chrono::steady_clock::now();
        auto const refused = cms.connections().capabilities();
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ai::errc::client_busy);
        CHECK(refused.error().who == ai::fault::usage);
    }
    may_answer = true;
    other.join();
    CHECK(is_answered);
    CHECK(cms.connections().capabilities());
    CHECK(server.requests() == 2);
}

TEST_CASE("a plain client may be called on a thread that runs a context, and from within its own token source fails", "[client]") {
    ai::testing::in_memory_options options;
    options.token = "the-good-token";
    ai::testing::in_memory_api site(ai::testing::dialect::observed, options);
    ai::testing::loopback_server server(site);
    ai::blocking_client* self = nullptr;
    std::error_code within;
    ai::blocking_client cms(server.base_url(), ai::token_source([&]() -> ai::result<ai::bearer_token> {
                                within = self->connections().list().error().code;
                                return ai::bearer_token(std::string("the-good-token"));
                            }));
    self = &cms;
    boost::asio::io_context io;
    bool is_listed = false;
    boost::asio::post(io, [&] { is_listed = cms.connections().list().has_value(); });
    io.run();
    CHECK(is_listed);
    CHECK(within == ai::errc::client_busy);
}

TEST_CASE("a revoked token is fetched anew once, and the call succeeds", "[client]") {
    auto options = with_api_user();
    options.token = "the-first-token";
    ai::testing::in_memory_api site(ai::testing::dialect::observed, options);
    ai::client cms(site, "http://localhost", api_user());
    REQUIRE(cms.connections().list());
    site.revoke("the-first-token");
    REQUIRE(cms.connections().list());
    CHECK(token_requests(site) == 2);
}

TEST_CASE("a token is fetched anew when four fifths of its life are over", "[client]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::client cms(site, "http://localhost", api_user());
    site.wait(std::chrono::seconds(10));
    REQUIRE(cms.connections().list());
    site.wait(std::chrono::seconds(200));
    REQUIRE(cms.connections().list());
    CHECK(token_requests(site) == 1);
    site.wait(std::chrono::seconds(45));
    REQUIRE(cms.connections().list());
    CHECK(token_requests(site) == 2);
}

TEST_CASE("a call that signs in between its requests gives its place at the server back each time", "[client]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    for (char const* alias : {"a", "b", "c", "d", "e", "f"}) site.add(ai::testing::stored_connection(alias, alias, "openai"));
    ai::testing::loopback_server server([&](ai::testing::server_request const& request) {
        ai::http_response answer = site.handle(request);
        std::string_view const lifetime = "\"expires_in\": 299";
        if (auto const at = answer.body.find(lifetime); at != std::string::npos) answer.body.replace(at, lifetime.size(), "\"expires_in\": 0");
        return answer;
    });
    boost::asio::io_context io;
    ai::transport_options one;
    one.most_connections = 1;
    ai::client_options options;
    options.timeout = std::chrono::seconds(5);
    ai::beast_client cms(io, server.base_url(), api_user(), options, one);
    int succeeded = 0;
    auto const read_all = [&]() -> boost::asio::awaitable<void> {
        ai::all_query by_two;
        by_two.page_size = 2;
        for (int i = 0; i < 3; ++i) {
            auto const all = co_await cms.connections().all(by_two);
            if (!all) UNSCOPED_INFO(all.error());
            else if (all->items.size() == 6) ++succeeded;
        }
    };
    for (int i = 0; i < 3; ++i) boost::asio::co_spawn(io, read_all(), boost::asio::detached);
    io.run();
    CHECK(succeeded == 9);
    auto const guard = server.lock();
    CHECK(token_requests(site) > 9);
}

TEST_CASE("a wrong secret is one clear failure without the secret", "[client]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::client cms(site, "http://localhost", ai::client_credentials(client_id, ai::secret("not-the-right-one")));
    auto const answer = cms.connections().list();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().who == ai::fault::authentication);
    CHECK(answer.error().message.find("secret is another") != std::string::npos);
    CHECK(answer.error().to_string().find("not-the-right-one") == std::string::npos);
}

TEST_CASE("a client id without its prefix is told", "[client]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::client cms(site, "http://localhost", ai::client_credentials("tests", ai::secret(client_secret)));
    CHECK(cms.connections().list().error().message.find("umbraco-back-office-") != std::string::npos);
}

TEST_CASE("a token source is asked again after the server refused its token", "[client]") {
    ai::testing::in_memory_options options;
    options.token = "the-good-token";
    ai::testing::in_memory_api site(ai::testing::dialect::observed, options);
    int asked = 0;
    ai::client cms(site, "http://localhost", ai::token_source([&]() -> ai::result<ai::bearer_token> {
                       return ai::bearer_token(std::string(++asked == 1 ? "an-old-token" : "the-good-token"));
                   }));
    CHECK(cms.connections().list());
    CHECK(asked == 2);
}

TEST_CASE("a coroutine may be a token source, asked once however many calls wait", "[client]") {
    ai::testing::in_memory_options options;
    options.token = "the-good-token";
    ai::testing::in_memory_api site(ai::testing::dialect::observed, options);
    ai::testing::loopback_server server(site);
    boost::asio::io_context io;
    int asked = 0;
    auto const get_token = [&asked]() -> boost::asio::awaitable<ai::result<ai::bearer_token>> {
        ++asked;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(30));
        co_await timer.async_wait(boost::asio::use_awaitable);
        co_return ai::bearer_token(std::string("the-good-token"));
    };
    ai::beast_client cms(io, server.base_url(), ai::awaitable_token_source(io.get_executor(), get_token));
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 20; ++i) boost::asio::co_spawn(io, list_once(cms, succeeded), boost::asio::detached);
    io.run();
    CHECK(succeeded == 20);
    CHECK(asked == 1);
}

TEST_CASE("a token source that says nothing ends at the deadline, one that throws is a failure, and both leave the client usable", "[client]") {
    ai::testing::in_memory_options options;
    options.token = "the-good-token";
    ai::testing::in_memory_api site(ai::testing::dialect::observed, options);
    ai::testing::loopback_server server(site);
    boost::asio::io_context io;
    int asked = 0;
    std::vector<ai::token_source::receiver> kept;
    auto const source = ai::token_source([&](ai::token_source::receiver done) {
        ++asked;
        if (asked == 1) kept.push_back(std::move(done));
        else if (asked == 2) ai::awaitable_token_source(io.get_executor(), []() -> boost::asio::awaitable<ai::result<ai::bearer_token>> {
            throw std::runtime_error("planted");
            co_return ai::bearer_token(std::string());
        })(std::move(done));
        else done(ai::bearer_token(std::string("the-good-token")));
    });
    ai::beast_client cms(io, server.base_url(), source);
    std::vector<ai::result<ai::page<ai::connection_item>>> answers;
    auto const ask = [&](std::chrono::milliseconds time) -> boost::asio::awaitable<void> {
        auto answer = co_await cms.connections(ai::call_options(time)).list();
        answers.push_back(std::move(answer));
    };
    auto const run = [&](std::chrono::milliseconds time) {
        boost::asio::co_spawn(io, ask(time), boost::asio::detached);
        io.restart();
        io.run();
    };
    run(std::chrono::milliseconds(50));
    run(std::chrono::milliseconds(2000));
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    run(std::chrono::milliseconds(2000));
    kept.front()(ai::bearer_token(std::string("too-late")));
    io.restart();
    io.run();
    REQUIRE(answers.size() == 3);
    CHECK(answers[0].error().code == ai::errc::deadline_exceeded);
    CHECK(answers[1].error().code == ai::errc::not_signed_in);
    CHECK(answers[1].error().to_string().find("planted") == std::string::npos);
    CHECK(answers[2].has_value());
}

TEST_CASE("a token may come when its call and the context have gone", "[client]") {
    ai::token_source::receiver kept;
    auto io = std::make_unique<boost::asio::io_context>();
    ai::beast_client cms(*io, "http://127.0.0.1:1", ai::token_source([&kept](ai::token_source::receiver done) { kept = std::move(done); }));
    std::atomic<int> succeeded = 0;
    boost::asio::co_spawn(*io, list_once(cms, succeeded), boost::asio::detached);
    io->poll();
    REQUIRE(kept);
    io.reset();
    kept(ai::bearer_token(std::string("too-late")));
    CHECK(succeeded == 0);
}

TEST_CASE("a token may come on another thread while its call gives up and the context ends", "[client][threads]") {
    constexpr auto deadline = std::chrono::milliseconds(5);
    constexpr int calls = 60;
    int ended = 0;
    for (int i = 0; i < calls; ++i) {
        std::thread other;
        {
            boost::asio::io_context io;
            // Around the deadline, before and after it.
            auto const pause = deadline + std::chrono::microseconds(10 * (i - calls / 2));
            ai::beast_client cms(io, "http://127.0.0.1:1", ai::token_source([&other, pause](ai::token_source::receiver done) {
                                     other = std::thread([pause, done = std::move(done)] {
                                         std::this_thread::sleep_for(pause);
                                         done(ai::bearer_token(std::string("a-token")));
                                     });
                                 }));
            auto const call = [&]() -> boost::asio::awaitable<void> {
                auto const answer = co_await cms.connections(ai::call_options(deadline)).list();
                if (!answer) ++ended;
            };
            boost::asio::co_spawn(io, call, boost::asio::detached);
            io.run();
        }
        other.join();
    }
    CHECK(ended == calls);
}

TEST_CASE("an observer sees the phases, the bytes and the reuse of each attempt", "[client]") {
    class notes : public ai::observer {
    public:
        void on_answer(ai::answer_event const& event) noexcept override { answers.push_back(event); }
        void on_done(ai::call_event const& event) noexcept override { done.push_back(event); }
        std::vector<ai::answer_event> answers;
        std::vector<ai::call_event> done;
    };
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    ai::testing::loopback_server server(site);
    auto const seen = std::make_shared<notes>();
    ai::client_options options;
    options.observer = seen;
    ai::blocking_client cms(server.base_url(), {}, options);
    REQUIRE(cms.connections().list());
    REQUIRE(cms.connections().list());
    REQUIRE(seen->answers.size() == 2);
    REQUIRE(seen->done.size() == 2);
    for (ai::answer_event const& event : seen->answers) {
        CHECK(event.status == 200);
        CHECK(event.route == "/connections");
        CHECK(event.transfer.bytes_sent > 100);
        CHECK(event.transfer.bytes_received > 100);
        CHECK(event.transfer.duration_of(ai::transfer_phase::first_byte) > std::chrono::nanoseconds(0));
        std::chrono::nanoseconds sum{0};
        for (ai::transfer_phase const phase : ai::transfer_phases) sum += event.transfer.duration_of(phase);
        CHECK(sum <= event.duration);
        CHECK(sum > event.duration / 4);
    }
    CHECK_FALSE(seen->answers[0].transfer.connection_reused);
    CHECK(seen->answers[0].transfer.duration_of(ai::transfer_phase::connect) > std::chrono::nanoseconds(0));
    CHECK(seen->answers[1].transfer.connection_reused);
    CHECK(seen->answers[1].transfer.bytes_sent == seen->answers[0].transfer.bytes_sent);
    CHECK(seen->done[1].call == 2);
    CHECK(seen->done[1].duration >= seen->answers[1].duration);
}

TEST_CASE("one client serves many threads, and loses no write", "[client][threads]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    for (char const* alias : {"a", "b"}) site.add(ai::testing::stored_connection(alias, alias, "openai", R"({"apiKey":"k"})"));
    ai::testing::loopback_server server(site);
    boost::asio::io_context io;
    // Its numbers are plain: the client tells one event at a time.
    class counter : public ai::observer {
    public:
        void on_answer(ai::answer_event const&) noexcept override { ++answers; }
        void on_done(ai::call_event const& event) noexcept override {
            ++done;
            attempts += event.attempts;
        }
        unsigned answers = 0;
        unsigned attempts = 0;
        int done = 0;
    };
    auto const counted = std::make_shared<counter>();
    ai::client_options options;
    options.observer = counted;
    ai::beast_client cms(io, server.base_url(), api_user(), options);
    std::atomic<int> succeeded = 0;
    constexpr int writes = 20;
    for (int i = 0; i < writes; ++i) {
        boost::asio::co_spawn(boost::asio::make_strand(io), count_up(cms, "a", succeeded), boost::asio::detached);
        boost::asio::co_spawn(boost::asio::make_strand(io), count_up(cms, "b", succeeded), boost::asio::detached);
        boost::asio::co_spawn(boost::asio::make_strand(io), list_once(cms, succeeded), boost::asio::detached);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(succeeded == 3 * writes);
    CHECK(counted->done == 3 * writes);
    CHECK(counted->answers == counted->attempts);
    auto const guard = server.lock();
    CHECK(site.find("a")->settings == R"({"apiKey":"k","count":20})");
    CHECK(site.find("b")->settings == R"({"apiKey":"k","count":20})");
    CHECK(token_requests(site) == 1);
}

TEST_CASE("several strands with several calls each share a transport between threads", "[client][threads]") {
    ai::testing::loopback_server server([](ai::testing::server_request const&) { return ai::http_response(200, "ok"); });
    boost::asio::io_context io;
    ai::transport_options options;
    // With one, all others wait for it.
    options.most_connections = GENERATE(1U, 12U);
    ai::beast_transport transport(io, options);
    std::atomic<int> answered = 0;
    constexpr int strands = 4;
    constexpr int calls_each = 8;
    constexpr int rounds = 20;
    auto const call = [](ai::beast_transport& by, ai::http_origin origin, std::atomic<int>& count) -> boost::asio::awaitable<void> {
        for (int round = 0; round < rounds; ++round) {
            ai::http_request request;
            request.origin = origin;
            request.target = "/";
            auto const answer = co_await by.send(std::move(request));
            if (answer) ++count;
        }
    };
    for (int i = 0; i < strands; ++i) {
        auto const strand = boost::asio::make_strand(io);
        for (int k = 0; k < calls_each; ++k) boost::asio::co_spawn(strand, call(transport, server.origin(), answered), boost::asio::detached);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(answered == strands * calls_each * rounds);
}

TEST_CASE("docs: a server misbehaves by a script", "[docs]") {
    using step = ai::testing::raw_step;
    ai::testing::raw_server server({
        {step::read_request(), step::reset()},                                                                       // the first connection
        {step::read_request(), step::send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n[\"Chat\"]"), step::stay_silent()},  // and all others
    });
    ai::blocking_client cms(server.base_url());

    CHECK(cms.connections().capabilities());  // a GET is sent again
    CHECK(server.connections() == 2);
    CHECK(server.received(0) == server.received(1));
}

TEST_CASE("docs: a server has a bad certificate", "[docs]") {
    using namespace std::chrono_literals;
    ai::testing::test_authority authority;
    auto const expired = authority.issue(ai::testing::certificate_terms().valid(-48h, -24h));
    ai::testing::raw_server server({{ai::testing::raw_step::stay_silent()}}, expired);
    ai::blocking_client cms(server.base_url(), {}, {}, ai::tls_options().trust_ca_pem(authority.pem()));

    auto const refused = cms.connections().list();
    CHECK(refused.error().code == ai::errc::certificate_rejected);  // … expired on …
    CHECK(server.all_received().empty());
}

// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/asio/token_source.hpp>
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
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

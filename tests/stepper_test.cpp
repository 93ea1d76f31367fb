// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/stepper.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;
using namespace std::chrono_literals;

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

/// An event loop without events: requests are under way for a millisecond, all at once, and answered in the order in which
/// they were sent, or in reverse.
class toy_loop {
public:
    explicit toy_loop(ai::testing::in_memory_api& site, bool newest_first = false) : site_(&site), newest_first_(newest_first) {}

    void add(ai::stepper& call) { calls_.push_back(&call); }

    void run() {
        for (int turns = 0; turns < 10'000; ++turns) {
            bool all_done = true;
            std::chrono::nanoseconds soonest = std::chrono::nanoseconds::max();
            bool has_sent = false;
            for (ai::stepper* call : calls_) {
                ai::call_step const next = call->next(now);
                all_done = all_done && next.what == ai::call_step_kind::done;
                if (next.what == ai::call_step_kind::wait) soonest = std::min(soonest, next.until);
                if (next.what != ai::call_step_kind::send) continue;
                under_way_.emplace_back(call, call->request());
                has_sent = true;
            }
            most_under_way = std::max(most_under_way, under_way_.size());
            if (all_done) return;
            if (has_sent) continue;
            if (under_way_.empty()) {
                now = soonest;
                continue;
            }
            now += 1ms;
            answer_one();
        }
        FAIL("the calls do not end");
    }

    std::chrono::nanoseconds now = 1s;
    std::size_t most_under_way = 0;

private:
    void answer_one() {
        auto const which = newest_first_ ? std::prev(under_way_.end()) : under_way_.begin();
        auto [call, request] = std::move(*which);
        under_way_.erase(which);
        call->resume(site_->send(std::move(request)), now);
    }

    ai::testing::in_memory_api* site_;
    bool newest_first_;
    std::vector<ai::stepper*> calls_;
    std::deque<std::pair<ai::stepper*, ai::http_request>> under_way_;
};

auto add_one() {
    return [](ai::connection& read) {
        std::string_view const present = read.settings.find("count");
        read.settings.set("count", ai::settings_value(present.empty() ? 1 : std::stoi(std::string(present)) + 1));
    };
}

/// An event loop's own things, as far as the example of the docs names them.
class toy_wire {
public:
    void start(ai::http_request request) { sent.push_back(std::move(request)); }
    std::vector<ai::http_request> sent;
};

class toy_timer {
public:
    void expires_at(std::chrono::nanoseconds time) { until = time; }
    std::chrono::nanoseconds until{0};
};

template <class Call>
std::optional<typename Call::result_type> drive(Call& call, std::chrono::nanoseconds now, toy_wire& wire, toy_timer& timer) {
    std::optional<typename Call::result_type> result;
    ai::call_step const next = call.next(now);
    switch (next.what) {
        case ai::call_step_kind::send: wire.start(call.request()); break;    // without blocking
        case ai::call_step_kind::answer: break;                              // call.resume(answer, now) once it is there
        case ai::call_step_kind::wait: timer.expires_at(next.until); break;  // or ask again once another call went on
        case ai::call_step_kind::done: result = call.take(); break;
    }
    return result;
}

using counting_call = decltype(std::declval<ai::stepped_client&>().connections().modify("a", add_one()));

}  // namespace

TEST_CASE("a stepped call says what it needs, and takes what came", "[stepper]") {
    ai::stepped_client cms("https://cms.example.com", ai::bearer_token(std::string("a-token")));
    auto call = cms.call(ai::connections::capabilities());
    CHECK_FALSE(call.is_done());
    CHECK(call.next(1s) == ai::call_step(ai::call_step_kind::send, 0s));
    CHECK(call.next(2s).what == ai::call_step_kind::send);
    ai::http_request const request = call.request();
    CHECK(request.target == "/umbraco/ai/management/api/v1/connections/capabilities");
    CHECK(*request.headers.find("Authorization") == "Bearer a-token");
    CHECK(call.next(3s) == ai::call_step(ai::call_step_kind::answer, 31s));
    call.resume(ai::http_response(200, "[\"Chat\"]"), 4s);
    CHECK(call.next(4s).what == ai::call_step_kind::done);
    CHECK(call.is_done());
    CHECK(call.take()->items == std::vector<ai::capability>{ai::capability::chat()});
}

TEST_CASE("an answer that nobody waits for changes nothing", "[stepper]") {
    ai::stepped_client cms("https://cms.example.com");
    auto call = cms.call(ai::connections::capabilities());
    call.resume(ai::http_response(500), 1s);
    CHECK(call.next(1s).what == ai::call_step_kind::send);
    call.resume(ai::http_response(500), 1s);
    CHECK(call.next(1s).what == ai::call_step_kind::send);
}

TEST_CASE("a usage failure ends a stepped call before any request", "[stepper]") {
    ai::stepped_client cms("not a url");
    auto call = cms.connections().get("openai-prod");
    CHECK(call.next(1s).what == ai::call_step_kind::done);
    CHECK(call.take().error().who == ai::fault::usage);
}

TEST_CASE("a stepped call waits before it sends again, and for no longer than it may", "[stepper]") {
    ai::client_options options;
    options.retry.seed = 7;
    ai::stepped_client cms("https://cms.example.com", {}, options);
    auto call = cms.connections().list();
    REQUIRE(call.next(1s).what == ai::call_step_kind::send);
    CHECK(call.request().target.ends_with("/connections"));
    ai::http_response busy(429);
    busy.headers.add("Retry-After", "2");
    call.resume(std::move(busy), 2s);
    CHECK(call.next(2s) == ai::call_step(ai::call_step_kind::wait, 4s));
    CHECK(call.next(3s) == ai::call_step(ai::call_step_kind::wait, 4s));
    CHECK(call.next(4s).what == ai::call_step_kind::send);
    ai::http_request const again = call.request();
    CHECK(again.limits.time == 27s);
    call.resume(ai::failure(ai::errc::deadline_exceeded, "Too late."), 31s);
    REQUIRE(call.next(31s).what == ai::call_step_kind::done);
    auto const answer = call.take();
    CHECK(answer.error().who == ai::fault::timeout);
    CHECK(answer.error().attempts == 2);
}

TEST_CASE("calls at once sign in once, whoever is answered first", "[stepper]") {
    bool const newest_first = GENERATE(false, true);
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::stepped_client cms("http://localhost", api_user());
    toy_loop loop(site, newest_first);
    std::vector<std::unique_ptr<ai::stepped_call<ai::call_operation<ai::connections::list>>>> calls;
    for (int i = 0; i < 50; ++i) {
        calls.push_back(std::make_unique<ai::stepped_call<ai::call_operation<ai::connections::list>>>(cms.connections().list()));
        loop.add(*calls.back());
    }
    loop.run();
    CHECK(std::all_of(calls.begin(), calls.end(), [](auto& call) { return call->take().has_value(); }));
    CHECK(token_requests(site) == 1);
    CHECK(loop.most_under_way == 50);
}

TEST_CASE("writes to one connection queue up, others go side by side", "[stepper]") {
    bool const newest_first = GENERATE(false, true);
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    for (char const* alias : {"a", "b"}) site.add(ai::testing::stored_connection(alias, alias, "openai", R"({"apiKey":"k"})"));
    ai::stepped_client cms("http://localhost", api_user());
    toy_loop loop(site, newest_first);
    std::vector<std::unique_ptr<counting_call>> calls;
    for (int i = 0; i < 20; ++i) {
        for (char const* alias : {"a", "b"}) {
            calls.push_back(std::make_unique<counting_call>(cms.connections().modify(alias, add_one())));
            loop.add(*calls.back());
        }
    }
    auto whole_list = cms.connections().all();
    loop.add(whole_list);
    loop.run();
    for (auto& call : calls) CHECK(call->take());
    CHECK(whole_list.take()->size() == 2);
    CHECK(site.find("a")->settings == R"({"apiKey":"k","count":20})");
    CHECK(site.find("b")->settings == R"({"apiKey":"k","count":20})");
    CHECK(token_requests(site) == 1);
    CHECK(loop.most_under_way > 2);
}

TEST_CASE("a call that is dropped gives the next one its turn", "[stepper]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    site.add(ai::testing::stored_connection("a", "a", "openai", R"({"apiKey":"k"})"));
    ai::stepped_client cms("http://localhost");
    auto first = std::make_unique<counting_call>(cms.connections().modify("a", add_one()));
    REQUIRE(first->next(1s).what == ai::call_step_kind::send);
    first->resume(site.send(first->request()), 1s);
    REQUIRE(first->next(1s).what == ai::call_step_kind::send);  // has the connection locked
    auto second = cms.connections().modify("a", add_one());
    REQUIRE(second.next(1s).what == ai::call_step_kind::send);
    second.resume(site.send(second.request()), 1s);
    CHECK(second.next(1s) == ai::call_step(ai::call_step_kind::wait, 31s));
    counting_call moved = std::move(second);
    first.reset();
    toy_loop loop(site);
    loop.add(moved);
    loop.run();
    CHECK(moved.take());
    CHECK(site.find("a")->settings == R"({"apiKey":"k","count":1})");
}

TEST_CASE("a call in line gives up at its deadline, and writes nothing", "[stepper]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    ai::guid const id = *ai::guid::parse(site.add(ai::testing::stored_connection("a", "a", "openai", R"({"apiKey":"k"})")));
    ai::stepped_client cms("http://localhost");
    auto first = cms.connections().modify(id, add_one());
    REQUIRE(first.next(1s).what == ai::call_step_kind::send);
    auto second = cms.connections(ai::call_options(5s)).modify(id, add_one());
    REQUIRE(second.next(1s) == ai::call_step(ai::call_step_kind::wait, 6s));
    CHECK(second.next(6s).what == ai::call_step_kind::done);
    auto const answer = second.take();
    CHECK(answer.error().who == ai::fault::timeout);
    CHECK_FALSE(answer.error().possibly_applied);
    first.resume(site.send(first.request()), 6s);
    CHECK(first.next(6s).what == ai::call_step_kind::send);
}

TEST_CASE("a sign-in that fails is told to all who wait for it", "[stepper]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_api_user());
    ai::stepped_client cms("http://localhost", ai::client_credentials(client_id, ai::secret("another")));
    auto first = cms.connections().list();
    auto second = cms.connections().capabilities();
    toy_loop loop(site);
    loop.add(first);
    loop.add(second);
    loop.run();
    CHECK(first.take().error().who == ai::fault::authentication);
    CHECK(second.take().error().who == ai::fault::authentication);
    CHECK(token_requests(site) == 1);
}

TEST_CASE("a token source may give its token later, to all calls that wait, or never", "[stepper]") {
    ai::token_source::receiver give;
    int asked = 0;
    ai::token_source const source([&](ai::token_source::receiver done) {
        ++asked;
        give = std::move(done);
    });
    ai::stepped_client cms("https://cms.example.com", source);
    auto first = cms.connections().list();
    auto second = cms.connections(ai::call_options(5s)).list();
    CHECK(first.next(1s) == ai::call_step(ai::call_step_kind::wait, 31s));
    CHECK(second.next(1s) == ai::call_step(ai::call_step_kind::wait, 6s));
    give(ai::bearer_token(std::string("a-token")));
    give(ai::bearer_token(std::string("another")));
    CHECK(second.next(2s).what == ai::call_step_kind::wait);
    CHECK(first.next(2s).what == ai::call_step_kind::send);
    CHECK(second.next(2s).what == ai::call_step_kind::send);
    CHECK(*first.request().headers.find("Authorization") == "Bearer a-token");
    CHECK(asked == 1);

    ai::stepped_client silent("https://cms.example.com", source);
    auto waiting = silent.connections().list();
    CHECK(waiting.next(1s).what == ai::call_step_kind::wait);
    CHECK(waiting.next(31s).what == ai::call_step_kind::done);
    CHECK(waiting.take().error().who == ai::fault::timeout);
    give(ai::bearer_token(std::string("too-late")));

    ai::stepped_client prompt("https://cms.example.com", ai::token_source([](ai::token_source::receiver done) { done(ai::bearer_token(std::string("at-once"))); }));
    auto sent = prompt.connections().list();
    REQUIRE(sent.next(1s).what == ai::call_step_kind::send);
    CHECK(*sent.request().headers.find("Authorization") == "Bearer at-once");
}

TEST_CASE("a call stepped within a change is refused", "[stepper]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    site.add(ai::testing::stored_connection("a", "a", "openai", R"({"apiKey":"k"})"));
    ai::stepped_client cms("http://localhost");
    auto inner = cms.connections().list();
    auto outer = cms.connections().modify("a", [&](ai::connection& read) {
        CHECK(inner.next(1s).what == ai::call_step_kind::done);
        read.name = "changed";
    });
    toy_loop loop(site);
    loop.add(outer);
    loop.run();
    CHECK(outer.take());
    CHECK(inner.take().error().code == ai::errc::client_busy);
}

TEST_CASE("an exception of a change passes through, ends the call, and lets the next one go", "[stepper]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    site.add(ai::testing::stored_connection("a", "a", "openai", R"({"apiKey":"k"})"));
    ai::stepped_client cms("http://localhost");
    auto broken = cms.connections().modify("a", [](ai::connection&) { throw std::runtime_error("no"); });
    REQUIRE(broken.next(1s).what == ai::call_step_kind::send);
    broken.resume(site.send(broken.request()), 1s);
    REQUIRE(broken.next(1s).what == ai::call_step_kind::send);  // again, with the connection locked
    CHECK_THROWS_AS(broken.resume(site.send(broken.request()), 1s), std::runtime_error);
    CHECK(broken.is_done());
    CHECK(broken.next(1s).what == ai::call_step_kind::done);
    CHECK(broken.take().error().who == ai::fault::usage);
    auto after = cms.connections().modify("a", add_one());
    toy_loop loop(site);
    loop.add(after);
    loop.run();
    CHECK(after.take());
    CHECK(loop.now < 2s);
}

TEST_CASE("a cancelled write tells whether it may have been applied", "[stepper]") {
    ai::stepped_client cms("http://localhost");
    auto call = cms.connections().create(ai::connection_draft("openai-dev", "OpenAI", "openai"));
    REQUIRE(call.next(1s).what == ai::call_step_kind::send);
    static_cast<void>(call.request());
    call.resume(ai::failure(ai::errc::cancelled, "Cancelled."), 2s);
    REQUIRE(call.next(2s).what == ai::call_step_kind::done);
    auto const answer = call.take();
    CHECK(answer.error().who == ai::fault::cancelled);
    CHECK(answer.error().possibly_applied);

    cms.trust_possibly_applied();
    auto exact = cms.connections().create(ai::connection_draft("openai-dev", "OpenAI", "openai"));
    REQUIRE(exact.next(1s).what == ai::call_step_kind::send);
    static_cast<void>(exact.request());
    exact.resume(ai::failure(ai::errc::cancelled, "Cancelled."), 2s);
    REQUIRE(exact.next(2s).what == ai::call_step_kind::done);
    CHECK_FALSE(exact.take().error().possibly_applied);
}

static_assert(!std::is_copy_constructible_v<counting_call>);
static_assert(std::is_move_constructible_v<counting_call>);

TEST_CASE("docs: two calls of one client go by one loop", "[docs][stepper]") {
    std::string const token = "a-token";
    ai::stepped_client cms("https://cms.example.com", ai::bearer_token(token));
    auto read = cms.connections().get("openai-prod");
    auto list = cms.connections().list();

    toy_wire wire;
    toy_timer timer;
    CHECK_FALSE(drive(read, 1s, wire, timer));
    CHECK_FALSE(drive(list, 1s, wire, timer));
    REQUIRE(wire.sent.size() == 2);
    CHECK_FALSE(drive(read, 1s, wire, timer));
    CHECK(wire.sent.size() == 2);
    read.resume(ai::http_response(503), 2s);
    list.resume(ai::http_response(200, R"({"items":[],"total":0})"), 2s);
    CHECK(drive(list, 2s, wire, timer)->value().total == 0);
    CHECK_FALSE(drive(read, 2s, wire, timer));
    CHECK(timer.until > 2s);
}

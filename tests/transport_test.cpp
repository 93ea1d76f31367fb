// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace umbraco_ai;

result<http_response> not_found(http_request) { return http_response(404); }

/// Both a function object and an object with `send`; the member counts.
class both {
public:
    result<http_response> send(http_request) { return http_response(200, R"({"items":[],"total":0})"); }
    result<http_response> operator()(http_request) { return http_response(500); }
};

class declaring {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool concurrent = false;
    static constexpr bool tracks_writes = true;

    result<http_response> send(http_request) const { return http_response(404); }
};

/// Members that only look like the optional ones do not count: they are not public, or no member to be named alone.
class unrelated {
public:
    result<http_response> send(http_request) { return http_response(404); }
    void wait(int) {}
    void wait(std::string const&) {}
    void timed() {}

private:
    [[maybe_unused]] int now_ = 0;
    int now() { return now_; }
};

/// A kind of result of a user's: done when it is asked for.
template <class T>
class ready {
public:
    explicit ready(T given) : value(std::move(given)) {}

    T value;
};

}  // namespace

template <>
struct umbraco_ai::io_traits<ready<result<http_response>>> {
    static constexpr bool is_awaited = true;

    template <class Transport, class Machine>
    static ready<typename Machine::result_type> run(Transport& transport, Machine machine) {
        auto const now = std::chrono::nanoseconds(0);
        action next = machine.start(now);
        while (next.what != action_kind::done) next = machine.resume(send_over(transport, std::move(next.request)).value, now);
        return ready<typename Machine::result_type>(machine.take());
    }
};

namespace {

constexpr auto lambda = [](http_request) -> result<http_response> { return http_response(404); };
constexpr auto task_lambda = [](http_request) { return ready<result<http_response>>(http_response(404)); };

static_assert(Transport<decltype(lambda)> && Transport<decltype(lambda)&> && !is_awaited<decltype(lambda)>);
static_assert(Transport<decltype(task_lambda)> && is_awaited<decltype(task_lambda)>);
static_assert(Transport<std::function<result<http_response>(http_request)>>);
static_assert(Transport<std::function<result<http_response>(http_request const&)>>);
static_assert(Transport<result<http_response> (*)(http_request)> && Transport<decltype(not_found)>);
static_assert(Transport<both> && !Transport<both const>);
static_assert(Transport<declaring> && Transport<declaring const>);
static_assert(Transport<unrelated>);
static_assert(!Transport<int> && !Transport<std::function<http_response(http_request)>> && !Transport<std::function<void(http_request)>>);

static_assert(is_timed<declaring> && is_cancellable<declaring> && !is_concurrent<declaring> && tracks_writes<declaring>);
static_assert(!is_timed<decltype(lambda)> && !is_cancellable<decltype(lambda)> && !is_concurrent<decltype(lambda)> && !tracks_writes<decltype(lambda)>);
static_assert(!is_timed<unrelated> && !CanWait<unrelated> && !HasClock<unrelated>);

std::string const base = "https://cms.example.com";

}  // namespace

TEST_CASE("a lambda is a transport") {
    std::vector<std::string> seen;
    client cms([&seen](http_request request) -> result<http_response> {
        seen.push_back(request.target);
        return http_response(200, R"({"items":[],"total":0})");
    }, base);
    CHECK(cms.connections().list());
    CHECK(cms.connections().list(take(1)));
    CHECK(seen == std::vector<std::string>{"/umbraco/ai/management/api/v1/connections", "/umbraco/ai/management/api/v1/connections?take=1"});
}

TEST_CASE("a lambda that is a variable is referred to, constant or not") {
    int calls = 0;
    auto counting = [&calls, own = 0](http_request) mutable -> result<http_response> {
        calls = ++own;
        return http_response(200, R"({"items":[],"total":0})");
    };
    CHECK(client(counting, base).connections().list());
    CHECK(client(counting, base).connections().list());
    CHECK(calls == 2);
    CHECK(client(lambda, base).connections().get("x").error().status == 404);
}

TEST_CASE("functions, pointers to them and std::function are transports") {
    CHECK(client(not_found, base).connections().get("x").error().status == 404);
    CHECK(client(&not_found, base).connections().get("x").error().status == 404);
    CHECK(client(std::function<result<http_response>(http_request)>(not_found), base).connections().get("x").error().status == 404);
}

TEST_CASE("where a transport has both, the member send is what sends") {
    both wire;
    CHECK(client(wire, base).connections().list());
}

TEST_CASE("a lambda may give a task type that io_traits knows") {
    auto wire = task_lambda;
    client cms(wire, base);
    ready<result<connection>> const answer = cms.connections().get("x");
    CHECK(answer.value.error().status == 404);
}

TEST_CASE("a failure of a lambda is told apart from an answer, and a write over it may have been applied") {
    client cms([](http_request) -> result<http_response> { return failure(errc::transport_failed, "No way."); }, base);
    CHECK_FALSE(cms.connections().list().error().possibly_applied);
    CHECK(cms.connections().create(connection_draft("a", "A", "openai")).error().possibly_applied);
}

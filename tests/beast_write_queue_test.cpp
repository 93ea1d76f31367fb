// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/asio/post_step.hpp>
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;
using testing::dialect;
using testing::in_memory_api;
using testing::loopback_server;
using testing::stored_connection;
using tests::both_dialects;
using tests::has;
using tests::name_of;
namespace asio = boost::asio;

namespace {

// Far above what anything here takes, far below what would hide a call that hangs.
constexpr auto generous = 20s;

/// Adds one to a counter in the settings.
void count_up(connection& read) {
    std::string const text(read.settings.find("n"));
    read.settings.set("n", std::stoi(text) + 1);
}

std::string add_counter(in_memory_api& api, std::string alias) {
    testing::provider plain("plain");
    api.add_provider(plain);
    std::string const name = alias;
    return api.add(stored_connection(std::move(alias), name, "plain", R"({"n":0,"keep":1.10})"));
}

/// Whether each PUT to a connection directly follows the read it was made from, with no write of it in between.
bool are_windows_apart(in_memory_api const& api, std::string const& id) {
    std::string const target = std::string(api_base_path) + "/connections/" + id;
    bool was_read = false;
    for (auto const& each : api.log()) {
        if (each.target != target) continue;
        if (each.method == "PUT" && !was_read) return false;
        was_read = each.method == "GET";
    }
    return true;
}

/// A transport of coroutines to an API in memory that holds chosen requests back, before or after the server sees them.
class gated_transport {
public:
    gated_transport(asio::io_context& io, in_memory_api& api) : api_(&api), gate_(io) { gate_.expires_at(asio::steady_timer::time_point::max()); }

    std::function<bool(http_request const&)> holds_request = [](http_request const&) { return false; };
    std::function<bool(http_request const&)> holds_answer = [](http_request const&) { return false; };
    std::vector<tests::sent_request> requests;
    std::size_t held = 0;

    asio::awaitable<result<http_response>> send(http_request request) {
        requests.emplace_back(request.method, request.target, request.body);
        if (holds_request(request) && !co_await pass_gate()) co_return failure(errc::cancelled, "Cancelled.");
        auto answer = api_->send(request);
        if (holds_answer(request) && !co_await pass_gate()) co_return failure(errc::cancelled, "Cancelled.");
        co_return answer;
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }

    void open() {
        holds_request = holds_answer = [](http_request const&) { return false; };
        is_open_ = true;
        gate_.cancel();
    }

    [[nodiscard]] std::size_t writes() const {
        std::size_t found = 0;
        for (auto const& each : requests) found += each.method != http_method::get ? 1 : 0;
        return found;
    }

private:
    asio::awaitable<bool> pass_gate() {
        ++held;
        boost::system::error_code ended;
        co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        co_return is_open_;
    }

    in_memory_api* api_;
    asio::steady_timer gate_;
    bool is_open_ = false;
};

bool is_put(http_request const& request) { return request.method == http_method::put; }

/// What became of a call that runs by itself.
template <class T>
class running {
public:
    result<T> answer;
    std::exception_ptr thrown;
    bool is_done = false;
    asio::cancellation_signal cancel;
};

template <class Executor, class T>
std::shared_ptr<running<T>> start_on(Executor const& executor, asio::awaitable<result<T>> call) {
    auto state = std::make_shared<running<T>>();
    asio::co_spawn(executor, std::move(call), asio::bind_cancellation_slot(state->cancel.slot(), [state](std::exception_ptr thrown, result<T> answer) {
                       state->thrown = std::move(thrown);
                       state->answer = std::move(answer);
                       state->is_done = true;
                   }));
    return state;
}

template <class Condition>
bool run_until(asio::io_context& io, Condition condition) {
    auto const end = std::chrono::steady_clock::now() + generous;
    io.restart();
    while (!condition() && std::chrono::steady_clock::now() < end) {
        io.run_for(2ms);
        io.restart();
    }
    return condition();
}

/// A site with the connections "one" and "two" behind gates.
class gated_site {
public:
    explicit gated_site(dialect spoken = dialect::observed) : api(spoken), transport(io, api), cms(transport, "https://cms.example.com", credentials()) {
        one = *guid::parse(add_counter(api, "one"));
        two = *guid::parse(add_counter(api, "two"));
    }

    asio::io_context io;
    in_memory_api api;
    gated_transport transport;
    client<gated_transport&> cms;
    guid one;
    guid two;

    template <class T>
    auto start(asio::awaitable<result<T>> call) {
        return start_on(io.get_executor(), std::move(call));
    }
    [[nodiscard]] std::string settings_of(std::string_view which) { return api.find(which).value().settings; }
};

}  // namespace

TEST_CASE("Of twenty modifications of one connection at once through one client none is lost") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        in_memory_api api(spoken);
        std::string const id = add_counter(api, "counter");
        loopback_server server(api);
        asio::io_context io;
        beast_client cms(io, server.base_url());
        std::vector<std::shared_ptr<running<modified>>> calls;
        for (int i = 0; i < 20; ++i) {
            id_or_alias const which = i % 3 == 0 ? id_or_alias("counter") : i % 3 == 1 ? id_or_alias("COUNTER") : id_or_alias(id);
            calls.push_back(start_on(io.get_executor(), cms.connections(call_options(generous)).modify(which, count_up)));
        }
        io.run();
        for (auto const& call : calls) {
            REQUIRE(call->is_done);
            INFO((call->answer ? std::string() : call->answer.error().to_string()));
            CHECK(call->answer.has_value());
        }
        auto const guard = server.lock();
        auto const row = api.find("counter").value();
        CHECK(row.settings == R"({"n":20,"keep":1.10})");
        CHECK(row.version == 21);
        CHECK(are_windows_apart(api, id));
        CHECK(api.careless().total() == 0);
    }
}

TEST_CASE("Modifications from several threads through one client queue up too") {
    in_memory_api api(dialect::observed);
    std::string const id = add_counter(api, "counter");
    std::string const other_id = add_counter(api, "other");
    loopback_server server(api);
    asio::thread_pool pool(4);
    std::vector<std::shared_ptr<running<modified>>> calls;
    beast_client cms(asio::any_io_executor(pool.get_executor()), server.base_url());
    for (int i = 0; i < 24; ++i)
        calls.push_back(start_on(asio::make_strand(pool), cms.connections(call_options(generous)).modify(i % 2 == 0 ? id : other_id, count_up)));
    pool.join();
    for (auto const& call : calls) {
        REQUIRE(call->is_done);
        INFO((call->answer ? std::string() : call->answer.error().to_string()));
        CHECK(call->answer.has_value());
    }
    auto const guard = server.lock();
    CHECK(has(api.find("counter").value().settings, "\"n\":12"));
    CHECK(has(api.find("other").value().settings, "\"n\":12"));
    CHECK(are_windows_apart(api, id));
    CHECK(are_windows_apart(api, other_id));
}

TEST_CASE("Every kind of write to one connection stands in the same queue") {
    gated_site on;
    on.transport.holds_request = is_put;
    auto const first = on.start(on.cms.connections().modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));

    connection_draft draft("one", "Ensured", "plain");
    auto const by_id = on.start(on.cms.connections().rename(on.one, "By id"));
    auto const by_alias = on.start(on.cms.connections().set_active("ONE", false));
    auto const ensured_one = on.start(on.cms.connections().ensure(draft));
    auto const updated = on.start(on.cms.connections().update(on.one, connection_update("one", "Updated", true, {{"n", 50}})));
    auto const updated_by_alias = on.start(on.cms.connections().update("one", connection_update("one", "Updated", true, {{"n", 60}})));
    auto const removed = on.start(on.cms.connections().remove("one"));
    on.io.run_for(20ms);
    CHECK(on.transport.writes() == 1);
    CHECK_FALSE(by_id->is_done);
    CHECK_FALSE(by_alias->is_done);
    CHECK_FALSE(ensured_one->is_done);
    CHECK_FALSE(updated->is_done);
    CHECK_FALSE(updated_by_alias->is_done);
    CHECK_FALSE(removed->is_done);

    on.transport.open();
    REQUIRE(run_until(on.io, [&] { return removed->is_done && updated->is_done && updated_by_alias->is_done && ensured_one->is_done; }));
    CHECK(first->answer.has_value());
    CHECK(by_id->answer.has_value());
    CHECK(removed->answer.has_value());
    CHECK(on.api.careless().total() == 0);
}

TEST_CASE("Writes to different connections do not wait for each other") {
    gated_site on;
    on.transport.holds_request = [&](http_request const& request) { return is_put(request) && has(request.target, on.one.to_string()); };
    auto const held = on.start(on.cms.connections().modify("one", count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
    auto const free = on.start(on.cms.connections().modify("two", count_up));
    REQUIRE(run_until(on.io, [&] { return free->is_done; }));
    CHECK(free->answer.has_value());
    CHECK_FALSE(held->is_done);
    on.transport.open();
    REQUIRE(run_until(on.io, [&] { return held->is_done; }));
    CHECK(held->answer.has_value());
}

TEST_CASE("Reads do not stand in the queue") {
    gated_site on;
    on.transport.holds_request = is_put;
    auto const held = on.start(on.cms.connections().modify("one", count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
    auto const read = on.start(on.cms.connections().get("one"));
    REQUIRE(run_until(on.io, [&] { return read->is_done; }));
    CHECK(read->answer.has_value());
    on.transport.open();
    REQUIRE(run_until(on.io, [&] { return held->is_done; }));
}

TEST_CASE("A deadline that passes in the queue is told, and nothing is sent") {
    gated_site on;
    on.transport.holds_request = is_put;
    auto const held = on.start(on.cms.connections().modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
    std::size_t const before = on.transport.requests.size();
    auto const late = on.start(on.cms.connections(call_options(20ms)).modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return late->is_done; }));
    REQUIRE_FALSE(late->answer.has_value());
    CHECK(late->answer.error().code == make_error_code(errc::deadline_exceeded));
    CHECK_FALSE(late->answer.error().possibly_applied);
    CHECK(on.transport.requests.size() == before);

    auto const next = on.start(on.cms.connections().modify(on.one, count_up));
    on.transport.open();
    REQUIRE(run_until(on.io, [&] { return next->is_done; }));
    CHECK(held->answer.has_value());
    CHECK(next->answer.has_value());
    CHECK(has(on.settings_of("one"), "\"n\":2"));
}

TEST_CASE("A call that is cancelled in the queue leaves it, and nothing is sent") {
    gated_site on;
    on.transport.holds_request = is_put;
    auto const held = on.start(on.cms.connections().modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
    std::size_t const before = on.transport.requests.size();
    auto const given_up = on.start(on.cms.connections().modify(on.one, count_up));
    auto const next = on.start(on.cms.connections().modify(on.one, count_up));
    on.io.run_for(5ms);
    given_up->cancel.emit(asio::cancellation_type::terminal);
    REQUIRE(run_until(on.io, [&] { return given_up->is_done; }));
    REQUIRE_FALSE(given_up->answer.has_value());
    CHECK(given_up->answer.error().code == make_error_code(errc::cancelled));
    CHECK_FALSE(given_up->answer.error().possibly_applied);
    CHECK(on.transport.requests.size() == before);
    on.transport.open();
    REQUIRE(run_until(on.io, [&] { return next->is_done && held->is_done; }));
    CHECK(next->answer.has_value());
    CHECK(has(on.settings_of("one"), "\"n\":2"));
}

TEST_CASE("A call that is cancelled while it writes gives the queue on, and may have been applied") {
    gated_site on;
    on.transport.holds_answer = is_put;
    auto const held = on.start(on.cms.connections().modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
    auto const next = on.start(on.cms.connections().modify(on.one, count_up));
    on.transport.holds_answer = [](http_request const&) { return false; };
    held->cancel.emit(asio::cancellation_type::terminal);
    REQUIRE(run_until(on.io, [&] { return held->is_done && next->is_done; }));
    bool const is_told = held->answer ? held->answer->changed : held->answer.error().possibly_applied;
    CHECK(is_told);
    CHECK(next->answer.has_value());
    CHECK(has(on.settings_of("one"), "\"n\":2"));
}

TEST_CASE("A change that throws or fails gives the queue on, and sends nothing") {
    gated_site on;
    auto const throwing = on.start(on.cms.connections().modify(on.one, [](connection& read) {
        count_up(read);
        throw std::runtime_error("no");
    }));
    auto const failing = on.start(on.cms.connections().modify("one", [](connection& read) -> result<void> {
        count_up(read);
        return failure(errc::invalid_argument, "No.");
    }));
    auto const next = on.start(on.cms.connections().modify(on.one, count_up));
    REQUIRE(run_until(on.io, [&] { return throwing->is_done && failing->is_done && next->is_done; }));
    CHECK_THROWS_AS(std::rethrow_exception(throwing->thrown), std::runtime_error);
    CHECK_FALSE(failing->answer.has_value());
    CHECK(next->answer.has_value());
    CHECK(on.transport.writes() == 1);
    CHECK(has(on.settings_of("one"), "\"n\":1"));
}

TEST_CASE("A call from within a change is a usage failure, and the change goes on") {
    gated_site on;
    std::shared_ptr<running<modified>> inner;
    auto const outer = on.start(on.cms.connections().modify("one", [&](connection& read) {
        count_up(read);
        inner = on.start(on.cms.connections().modify(on.one, count_up));
    }));
    REQUIRE(run_until(on.io, [&] { return outer->is_done && inner && inner->is_done; }));
    REQUIRE_FALSE(inner->answer.has_value());
    CHECK(inner->answer.error().who == fault::usage);
    CHECK(outer->answer.has_value());
    CHECK(on.transport.writes() == 1);
    CHECK(has(on.settings_of("one"), "\"n\":1"));
}

TEST_CASE("A read by alias that is overtaken by another write is not written back") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        gated_site on(spoken);
        on.transport.holds_answer = [](http_request const& request) { return request.target.ends_with("/one"); };
        auto const slow = on.start(on.cms.connections().modify("one", count_up));
        REQUIRE(run_until(on.io, [&] { return on.transport.held == 1; }));
        auto const fast = on.start(on.cms.connections().modify(on.one, count_up));
        REQUIRE(run_until(on.io, [&] { return fast->is_done; }));
        CHECK(fast->answer.has_value());
        on.transport.open();
        REQUIRE(run_until(on.io, [&] { return slow->is_done; }));
        CHECK(slow->answer.has_value());
        CHECK(on.settings_of("one") == R"({"n":2,"keep":1.10})");
    }
}

TEST_CASE("A context that goes down takes the whole queue with it") {
    auto on = std::make_unique<gated_site>();
    on->transport.holds_request = is_put;
    for (int i = 0; i < 5; ++i) asio::co_spawn(on->io, on->cms.connections().modify(on->one, count_up), asio::detached);
    on->io.run_for(10ms);
    CHECK(on->transport.writes() == 1);
    on.reset();
}

TEST_CASE("Calls of ensure at once make one connection") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        in_memory_api api(spoken);
        loopback_server server(api);
        asio::io_context io;
        beast_client cms(io, server.base_url());
        std::vector<std::shared_ptr<running<ensured>>> calls;
        for (int i = 0; i < 8; ++i) {
            connection_draft draft("new", "New", "openai");
            draft.settings = {{"apiKey", secret("sk-1")}, {"endpoint", "https://e"}};
            calls.push_back(start_on(io.get_executor(), cms.connections(call_options(generous)).ensure(draft)));
        }
        io.run();
        std::size_t created = 0;
        for (auto const& call : calls) {
            REQUIRE(call->is_done);
            INFO((call->answer ? std::string() : call->answer.error().to_string()));
            REQUIRE(call->answer.has_value());
            CHECK(call->answer->outcome != ensure_outcome::changed);
            created += call->answer->outcome == ensure_outcome::created ? 1 : 0;
        }
        CHECK(created == 1);
        auto const guard = server.lock();
        CHECK(api.size() == 1);
        CHECK(api.find("new").value().settings == R"({"apiKey":"sk-1","endpoint":"https://e"})");
    }
}

namespace {

/// An executor without memory for what it is given.
class full_executor {
public:
    explicit full_executor(asio::execution_context& context) noexcept : context_(&context) {}

    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
    [[nodiscard]] full_executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    template <class F>
    void execute(F const&) const {
        throw std::bad_alloc();
    }
    friend bool operator==(full_executor const&, full_executor const&) = default;

private:
    asio::execution_context* context_;
};

}  // namespace

TEST_CASE("a step is taken later by who is still there, and one that cannot be posted says so") {
    class walker {
    public:
        void step() { ++steps; }
        int steps = 0;
    };
    asio::io_context io;
    asio::any_io_executor const executor = io.get_executor();
    auto const stays = std::make_shared<walker>();
    auto leaves = std::make_shared<walker>();
    CHECK(detail::post_step<&walker::step>(executor, std::weak_ptr(stays)));
    CHECK(detail::post_step<&walker::step>(executor, std::weak_ptr(leaves)));
    CHECK(stays->steps == 0);
    std::weak_ptr<walker> const left = leaves;
    leaves.reset();
    CHECK(left.expired());
    CHECK(io.run() == 2);
    CHECK(stays->steps == 1);

    CHECK_FALSE(detail::post_step<&walker::step>(asio::any_io_executor(full_executor(io)), std::weak_ptr(stays)));
    CHECK(stays->steps == 1);
    CHECK(stays.use_count() == 1);
}

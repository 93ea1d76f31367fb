// SPDX-License-Identifier: MIT
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

// What a network and a server can do wrong, each against a client that is used once more afterwards.

namespace {

using namespace umbraco_ai;
using namespace std::chrono_literals;
using testing::loopback_options;
using testing::loopback_server;
using testing::raw_action;
using testing::raw_script;
using testing::raw_server;
using testing::raw_step;
using testing::server_request;
using testing::server_tls;
using testing::test_certificate;
namespace asio = boost::asio;

// Far above what anything here takes, far below what would hide a call that hangs.
constexpr auto generous = 8s;
constexpr auto hasty = 120ms;

guid const some_id = *guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6");
std::string const connection_json =
    R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"n","providerId":"openai","isActive":true,"settings":null})";

std::string answer_with(int status, std::string const& body, std::string const& header = "Content-Type: application/json\r\n") {
    return "HTTP/1.1 " + std::to_string(status) + " -\r\n" + header + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string repeated(std::string const& text, std::size_t times) {
    std::string made;
    for (std::size_t i = 0; i < times; ++i) made += text;
    return made;
}

/// A good answer to a call of each method.
std::string good_answer(http_method method) {
    if (method == http_method::get) return answer_with(200, connection_json);
    if (method == http_method::post)
        return "HTTP/1.1 201 Created\r\nLocation: /x/3fa85f64-5717-4562-b3fc-2c963f66afa6\r\nContent-Length: 0\r\n\r\n";
    return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}

constexpr http_method all_methods[] = {http_method::get, http_method::put, http_method::delete_, http_method::post};

raw_script const good_script = {raw_step::read_request(), raw_step::send(good_answer(http_method::get)), raw_step::stay_silent()};

/// What came of a call, of whatever endpoint.
class outcome {
public:
    outcome() = default;
    template <class T>
    explicit outcome(result<T> const& answer) : ok(answer.has_value()), reason(answer ? failure() : answer.error()) {}

    bool ok = false;
    failure reason;
};

connection_update new_state() { return connection_update("a", "n", true, settings{{"apiKey", secret("sk-new-key")}}); }
connection_draft draft() {
    connection_draft made("a", "n", "openai");
    made.settings = {{"apiKey", secret("sk-new-key")}};
    return made;
}

outcome call(blocking_client& cms, http_method method) {
    if (method == http_method::get) {
        auto const read = cms.connections().get("a");
        if (read) CHECK((read->id == some_id && read->alias == "a" && read->name == "n"));
        return outcome(read);
    }
    if (method == http_method::put) return outcome(cms.connections().update(some_id, new_state()));
    if (method == http_method::delete_) return outcome(cms.connections().remove(some_id));
    auto const made = cms.connections().create(draft());
    if (made) CHECK(made->id == some_id);
    return outcome(made);
}

asio::awaitable<outcome> call(beast_client& cms, http_method method, call_options options = {}) {
    auto const api = cms.connections(std::move(options));
    if (method == http_method::get) {
        auto read = co_await api.get("a");
        co_return outcome(read);
    }
    if (method == http_method::put) {
        auto written = co_await api.update(some_id, new_state());
        co_return outcome(written);
    }
    if (method == http_method::delete_) {
        auto removed = co_await api.remove(some_id);
        co_return outcome(removed);
    }
    auto made = co_await api.create(draft());
    co_return outcome(made);
}

client_options never_again(std::chrono::nanoseconds timeout = generous) {
    client_options made;
    made.timeout = timeout;
    made.retry = retry_policy::none();
    return made;
}

client_options soon_again() {
    client_options made;
    made.timeout = generous;
    made.retry.base_delay = 1ms;
    made.retry.budget = 1e6;
    return made;
}

test_certificate const& certificate() {
    static test_certificate const made = test_certificate::self_signed();
    return made;
}

server_tls tls_if(bool wanted) { return wanted ? server_tls(certificate()) : server_tls(); }

transport_options trust_if(bool wanted) { return wanted ? transport_options(tls_options().pin(certificate().sha256())) : transport_options(); }

std::size_t count_of(std::string const& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// A fault, and what a GET and a PUT make of it. `good`: the answer is taken all the same.
class fault_row {
public:
    fault_row(char const* title, raw_script what, errc code_of_both)
        : name(title), script(std::move(what)), code_of_get(code_of_both), code_of_put(code_of_both) {}
    fault_row(char const* title, raw_script what, errc for_get, std::optional<errc> for_put)
        : name(title), script(std::move(what)), code_of_get(for_get), code_of_put(for_put) {}
    fault_row(char const* title, raw_script what, std::optional<errc> for_get, std::optional<errc> for_put)
        : name(title), script(std::move(what)), code_of_get(for_get), code_of_put(for_put) {}

    fault_row& not_applied() {
        possibly_applied = false;
        return *this;
    }
    fault_row& with_status(int value) {
        status = value;
        return *this;
    }
    fault_row& plain_only() {
        also_tls = false;
        return *this;
    }
    /// The connection is as good as before.
    fault_row& harmless() {
        is_harmless = true;
        return *this;
    }

    char const* name;
    raw_script script;
    std::optional<errc> code_of_get;
    std::optional<errc> code_of_put;
    bool possibly_applied = true;
    int status = 0;
    bool also_tls = true;
    bool is_harmless = false;
};

/// Where the connection is good for another request, it is answered.
raw_script after_request(std::string bytes, std::optional<raw_step> last = std::nullopt) {
    raw_script made = {raw_step::read_request(), raw_step::send(std::move(bytes))};
    if (last) made.push_back(*last);
    else made.insert(made.end(), good_script.begin(), good_script.end());
    return made;
}

std::vector<fault_row> transport_faults() {
    using enum errc;
    std::string const good = good_answer(http_method::get);
    std::string const ok = "HTTP/1.1 200 OK\r\n";
    std::string const chunked = ok + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string const sized = ok + "Content-Type: application/json\r\nContent-Length: ";
    std::size_t const body_at = good.find("\r\n\r\n") + 4;
    std::string const in_header = good.substr(0, 30);
    std::string const in_body = good.substr(0, body_at + 20);
    return {
        {"silence after accept", {raw_step::stay_silent()}, deadline_exceeded},
        {"silence after the request", {raw_step::read_request(), raw_step::stay_silent()}, deadline_exceeded},
        {"silence in the header", after_request(in_header), deadline_exceeded},
        {"silence in the body", after_request(in_body), deadline_exceeded},
        {"FIN after accept", {raw_step::close()}, connection_closed},
        {"FIN after the request", {raw_step::read_request(), raw_step::close()}, connection_closed},
        {"FIN in the header", after_request(in_header, raw_step::close()), connection_closed},
        {"FIN in the body", after_request(in_body, raw_step::close()), connection_closed},
        {"RST after accept", {raw_step::pause(20ms), raw_step::reset()}, connection_closed},
        {"RST after the request", {raw_step::read_request(), raw_step::reset()}, connection_closed},
        {"RST in the header", after_request(in_header, raw_step::reset()), connection_closed},
        {"RST in the body", after_request(in_body, raw_step::reset()), connection_closed},
        {"half-closed after the request", {raw_step::read_request(), raw_step::half_close(), raw_step::stay_silent()}, connection_closed},
        {"half-closed after the answer", {raw_step::read_request(), raw_step::send(good), raw_step::half_close(), raw_step::stay_silent()}, std::nullopt, std::nullopt},
        {"a byte every 10 ms, too slow for the deadline", {raw_step::read_request(), raw_step::send_bytewise(good, 10ms)}, deadline_exceeded},
        fault_row("a byte every 10 ms, quick enough", {raw_step::read_request(), raw_step::send_bytewise("HTTP/1.1 418 -\r\nContent-Length: 0\r\n\r\n", 10ms), raw_step::read_request(), raw_step::send(good), raw_step::stay_silent()},
                  unexpected_status)
            .not_applied()
            .harmless()
            .with_status(418),
        {"1xx without end", {raw_step::read_request(), raw_step::send_forever("HTTP/1.1 102 Processing\r\n\r\n")}, too_many_interim_responses},
        {"100 and then silence", after_request("HTTP/1.1 100 Continue\r\n\r\n"), deadline_exceeded},
        {"101", after_request("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), protocol_switched},
        {"HTTP/2", after_request("HTTP/2 200\r\n\r\n"), malformed_response},
        {"HTTP/0.9", after_request(connection_json), malformed_response},
        {"no status line", after_request("Content-Length: 2\r\n\r\nok"), malformed_response},
        {"bare line feeds", after_request("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), malformed_response},
        {"a folded header", after_request(ok + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok"), malformed_response},
        {"two lengths", after_request(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), malformed_response},
        fault_row("the same length twice", after_request(sized + std::to_string(connection_json.size()) + "\r\nContent-Length: " + std::to_string(connection_json.size()) + "\r\n\r\n" + connection_json),
                  std::nullopt, std::nullopt)
            .harmless(),
        {"a length too short", after_request(sized + "5\r\n\r\n" + connection_json), malformed_json},
        {"a length too long, then FIN", after_request(sized + "500\r\n\r\n" + connection_json, raw_step::close()), connection_closed},
        {"a length too long, then silence", after_request(sized + "500\r\n\r\n" + connection_json), deadline_exceeded},
        {"a length and chunks", after_request(sized + "2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), malformed_response},
        {"a chunk size that is none", after_request(chunked + "zz\r\n{}\r\n0\r\n\r\n"), malformed_response},
        {"a chunk size beyond 64 bits", after_request(chunked + "fffffffffffffffff\r\n{}\r\n"), malformed_response},
        {"a chunk longer than its size", after_request(chunked + "1\r\n{}\r\n0\r\n\r\n"), malformed_response},
        {"a chunk extension of 20 kB", after_request(chunked + "2;x=" + std::string(20'000, 'x') + "\r\n{}\r\n0\r\n\r\n"), malformed_response},
        {"chunks without the last", after_request(chunked + "2\r\n{}\r\n", raw_step::close()), connection_closed},
        {"a header without end", {raw_step::read_request(), raw_step::send(ok), raw_step::send_forever("X: y\r\n")}, header_too_large},
        {"a header line without end", {raw_step::read_request(), raw_step::send(ok + "X: "), raw_step::send_forever("yyyyyyyy")}, header_too_large},
        {"a header of 257 fields", after_request(sized + "0\r\n" + repeated("X:y\r\n", 255) + "\r\n"), header_too_large},
        {"a body without end", {raw_step::read_request(), raw_step::send(ok + "\r\n"), raw_step::send_forever(std::string(60'000, 'x'))}, body_too_large},
        {"chunks without end", {raw_step::read_request(), raw_step::send(chunked), raw_step::send_forever("8000\r\n" + std::string(0x8000, 'x') + "\r\n")}, body_too_large},
        {"a body after 204", after_request("HTTP/1.1 204 No Content\r\n\r\n" + connection_json), unexpected_status, std::nullopt},
        {"words after the answer", after_request(good + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"), std::nullopt, std::nullopt},
        fault_row("the answer before the request was read",
                  {raw_step::send(good), raw_step::pause(20ms), raw_step::read_request(), raw_step::read_request(), raw_step::send(good), raw_step::stay_silent()},
                  std::nullopt, std::nullopt)
            .harmless(),
    };
}

std::vector<fault_row> answer_faults() {
    using enum errc;
    std::string const json = "Content-Type: application/json\r\n";
    std::string const html = "Content-Type: text/html\r\n";
    std::string const problem = R"({"type":"Error","title":"Connection not found","status":404})";
    auto const status = [](char const* name, int number, errc code, std::string header = {}, std::string body = {}, bool possibly = false) {
        fault_row made(name, after_request(answer_with(number, body, header)), code);
        made.with_status(number).plain_only();
        if (header.find("close") == std::string::npos) made.harmless();
        made.possibly_applied = possibly;
        return made;
    };
    return {
        fault_row("gzip although not asked for", after_request(answer_with(200, std::string("\x1f\x8b\x08\x00\x00", 5), json + "Content-Encoding: gzip\r\n")), malformed_json).plain_only().harmless(),
        fault_row("an answer that is not JSON", after_request(answer_with(200, "hello", "Content-Type: text/plain\r\n")), not_json).plain_only().harmless(),
        fault_row("an answer that only says it is JSON", after_request(answer_with(200, "hello")), malformed_json).plain_only().harmless(),
        fault_row("an empty JSON object", after_request(answer_with(200, "{}")), missing_member, missing_member).plain_only().harmless(),
        fault_row("an empty JSON array", after_request(answer_with(200, "[]")), wrong_type, wrong_type).plain_only().harmless(),
        fault_row("JSON nested without end", after_request(answer_with(200, "{\"settings\":" + std::string(100'000, '['))), nested_too_deep, nested_too_deep).plain_only().harmless(),
        fault_row("an empty answer", after_request(answer_with(200, "")), empty_body, std::nullopt).plain_only().harmless(),
        status("an HTML page with 502", 502, server_error, html, "<html>Bad Gateway</html>", true),
        status("an HTML page with 200", 200, not_signed_in, html, "<html>Login</html>"),
        status("a redirect to a login page", 302, not_signed_in, "Location: /login\r\n"),
        status("401", 401, not_signed_in),
        status("403", 403, forbidden),
        status("404, empty", 404, not_found),
        status("404 with its problem", 404, not_found, json, problem),
        status("408", 408, unexpected_status, "Connection: close\r\n"),
        status("409", 409, conflict),
        status("413", 413, bad_request, "Connection: close\r\n"),
        status("414", 414, unexpected_status, "Connection: close\r\n"),
        status("429", 429, unexpected_status),
        status("431", 431, unexpected_status, "Connection: close\r\n"),
        status("500, empty", 500, server_error, {}, {}, true),
        status("503", 503, server_error, "Retry-After: 1\r\n", {}, true),
        status("600", 600, server_error, {}, {}, true),
    };
}

void play(fault_row const& row, http_method method, bool with_tls) {
    INFO(row.name << ", " << to_string(method) << (with_tls ? ", TLS" : ", plain"));
    auto const& code = method == http_method::get ? row.code_of_get : row.code_of_put;
    bool const waits = code == errc::deadline_exceeded;
    raw_server server({row.script, good_script}, tls_if(with_tls));
    blocking_client cms(server.base_url(), {}, never_again(), trust_if(with_tls));
    call_options options;
    auto const begin = std::chrono::steady_clock::now();
    if (waits) options.timeout = hasty;
    outcome made;
    if (method == http_method::get) made = outcome(cms.connections(options).get("a"));
    else made = outcome(cms.connections(options).update(some_id, new_state()));
    auto const took = std::chrono::steady_clock::now() - begin;
    INFO(made.reason);
    CHECK(made.ok == !code.has_value());
    if (!made.ok && code) {
        CHECK(made.reason.code == *code);
        CHECK(made.reason.attempts == 1);
        CHECK(made.reason.status == (row.status != 0 ? row.status : made.reason.status));
        CHECK(!made.reason.message.empty());
        if (row.status != 0 || made.reason.who == fault::transport || made.reason.who == fault::timeout)
            CHECK(made.reason.possibly_applied == (method == http_method::put && row.possibly_applied));
    }
    if (waits) CHECK(took >= hasty - 5ms);
    CHECK(took < (waits ? hasty + 1s : 4s));
    CHECK(count_of(server.all_received(), "/connections/") <= 1);

    auto const next = cms.connections().get("a");
    REQUIRE(next.has_value());
    CHECK(next->name == "n");
    CHECK(count_of(server.all_received(), "PUT ") <= 1);
    CHECK(server.accepted() == (row.is_harmless ? 1 : 2));
}

}  // namespace

TEST_CASE("what a network does wrong is named, ends in time, is sent once, and leaves the client usable") {
    bool const with_tls = GENERATE(false, true);
    for (fault_row const& row : transport_faults())
        for (http_method const method : {http_method::get, http_method::put})
            if (row.also_tls || !with_tls) play(row, method, with_tls);
}

TEST_CASE("what a server answers wrong is named, is sent once, and leaves the client usable") {
    for (fault_row const& row : answer_faults())
        for (http_method const method : {http_method::get, http_method::put}) play(row, method, false);
}

namespace {

/// Runs a context until a condition holds, or fails.
template <class Condition>
void run_until(asio::io_context& context, Condition condition) {
    auto const end = std::chrono::steady_clock::now() + generous;
    context.restart();
    while (!condition() && std::chrono::steady_clock::now() < end) {
        context.run_one_for(10ms);
        context.restart();
    }
    CHECK(condition());
}

/// One call of a coroutine client, which can be cancelled.
class running_call {
public:
    running_call(asio::io_context& context, beast_client& cms, http_method method, call_options options = {}) {
        asio::co_spawn(context, call(cms, method, std::move(options)),
                       asio::bind_cancellation_slot(signal_.slot(), [this](std::exception_ptr error, outcome given) {
                           thrown = std::move(error);
                           answer = std::move(given);
                           is_done = true;
                       }));
    }
    running_call(running_call const&) = delete;
    running_call& operator=(running_call const&) = delete;

    void cancel() { signal_.emit(asio::cancellation_type::terminal); }

    std::exception_ptr thrown;
    outcome answer;
    bool is_done = false;

private:
    asio::cancellation_signal signal_;
};

/// Where to cut a text of this size: everywhere, or at every so many bytes.
std::vector<std::size_t> cuts_of(std::size_t size, std::size_t step) {
    std::vector<std::size_t> made;
    for (std::size_t at = 0; at <= size; at += step) made.push_back(at);
    return made;
}

/// A blocking client whose answers are cut, one call after the other; each is followed by a good GET.
void cut_answers(http_method method, raw_step const& last, bool with_tls, std::size_t step) {
    std::string const whole = good_answer(method);
    auto const cuts = cuts_of(whole.size(), step);
    std::vector<raw_script> scripts;
    for (std::size_t const at : cuts) {
        scripts.push_back({raw_step::read_request(), raw_step::send(whole.substr(0, at)), last});
        scripts.push_back({raw_step::read_request(), raw_step::send(good_answer(http_method::get)), raw_step::close()});
    }
    raw_server server(scripts, tls_if(with_tls));
    blocking_client cms(server.base_url(), {}, never_again(), trust_if(with_tls));
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        INFO(to_string(method) << " answer cut at " << cuts[i] << " of " << whole.size());
        outcome const made = call(cms, method);
        INFO(made.reason);
        if (cuts[i] < whole.size()) {
            REQUIRE(!made.ok);
            CHECK(made.reason.code == errc::connection_closed);
            CHECK(made.reason.possibly_applied == (method != http_method::get));
        } else if (last.what != raw_action::reset) {
            CHECK(made.ok);
        }
        REQUIRE(server.wait_until_finished(2 * i + 1));
        outcome const next = call(cms, http_method::get);
        INFO(next.reason);
        REQUIRE(next.ok);
        REQUIRE(server.wait_until_finished(2 * i + 2));
        REQUIRE(server.accepted() == 2 * i + 2);
        CHECK(count_of(server.received(2 * i), " HTTP/1.1\r\n") == 1);
    }
}

/// The same, where the server reads a part of the request only.
void cut_requests(http_method method, raw_step const& last, bool with_tls, std::size_t step) {
    std::size_t size = 0;
    {
        raw_server server({{raw_step::read_request(), raw_step::send(good_answer(method)), raw_step::close()}}, tls_if(with_tls));
        blocking_client cms(server.base_url(), {}, never_again(), trust_if(with_tls));
        REQUIRE(call(cms, method).ok);
        size = server.received(0).size();
    }
    auto const cuts = cuts_of(size, step);
    std::vector<raw_script> scripts;
    for (std::size_t const at : cuts) {
        scripts.push_back({raw_step::read_bytes(at), last});
        scripts.push_back({raw_step::read_request(), raw_step::send(good_answer(http_method::get)), raw_step::close()});
    }
    raw_server server(scripts, tls_if(with_tls));
    blocking_client cms(server.base_url(), {}, never_again(), trust_if(with_tls));
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        INFO(to_string(method) << " request cut at " << cuts[i] << " of " << size);
        outcome const made = call(cms, method);
        INFO(made.reason);
        REQUIRE(!made.ok);
        // A reset may come before this side knows that it is connected.
        if (made.reason.code != errc::connect_failed || cuts[i] != 0) CHECK(made.reason.code == errc::connection_closed);
        REQUIRE(server.wait_until_finished(2 * i + 1));
        REQUIRE(call(cms, http_method::get).ok);
        REQUIRE(server.wait_until_finished(2 * i + 2));
        REQUIRE(server.accepted() == 2 * i + 2);
    }
}

}  // namespace

TEST_CASE("an answer cut at any byte is a failure and never wrong data, and no write is sent twice") {
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    cut_answers(method, raw_step::close(), false, 1);
    cut_answers(method, raw_step::reset(), false, 1);
    cut_answers(method, raw_step::truncate(), true, method == http_method::get ? 7 : 3);
    cut_answers(method, raw_step::close(), true, method == http_method::get ? 11 : 5);
    cut_answers(method, raw_step::reset(), true, method == http_method::get ? 11 : 5);
}

TEST_CASE("a request cut at any byte is a failure, and no write is sent twice") {
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    cut_requests(method, raw_step::close(), false, 1);
    cut_requests(method, raw_step::reset(), false, 1);
    cut_requests(method, raw_step::truncate(), true, 13);
    cut_requests(method, raw_step::reset(), true, 13);
}

TEST_CASE("on a connection that was kept, an answer cut at any byte is no wrong data, and no write is sent twice") {
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    auto const last = GENERATE(raw_step::close(), raw_step::reset());
    std::string const first = good_answer(http_method::get);
    std::string const whole = good_answer(method);
    // A GET that got no byte is sent again, on a connection of its own.
    raw_script const again = {raw_step::read_request(), raw_step::send(first), raw_step::close()};
    for (std::size_t at = 0; at < whole.size(); ++at) {
        INFO(to_string(method) << " answer cut at " << at << " of " << whole.size());
        raw_server server({{raw_step::read_request(), raw_step::send(first), raw_step::read_request(), raw_step::send(whole.substr(0, at)), last}, again});
        blocking_client cms(server.base_url(), {}, never_again());
        REQUIRE(call(cms, http_method::get).ok);
        outcome const made = call(cms, method);
        INFO(made.reason);
        // A reset may take what came before it along.
        bool const may_be_sent_again = method == http_method::get && (at == 0 || last.what == raw_action::reset);
        REQUIRE((!made.ok || may_be_sent_again));
        if (at == 0 && may_be_sent_again) REQUIRE(made.ok);
        if (!made.ok) {
            CHECK(made.reason.code == errc::connection_closed);
            CHECK(made.reason.possibly_applied == (method != http_method::get));
        }
        REQUIRE(call(cms, http_method::get).ok);
        if (method != http_method::get) CHECK(count_of(server.all_received(), std::string(to_string(method)) + ' ') == 1);
    }
}

TEST_CASE("with repetitions, a GET or DELETE whose answer is cut anywhere comes right, and a write still goes out once") {
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    auto const last = GENERATE(raw_step::close(), raw_step::reset());
    std::string const whole = good_answer(method);
    bool const may_repeat = method == http_method::get || method == http_method::delete_;
    std::vector<raw_script> scripts;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        scripts.push_back({raw_step::read_request(), raw_step::send(whole.substr(0, at)), last});
        if (may_repeat) scripts.push_back({raw_step::read_request(), raw_step::send(whole), raw_step::close()});
    }
    raw_server server(scripts);
    asio::io_context context;
    beast_client cms(context, server.base_url(), {}, soon_again());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        INFO(to_string(method) << " answer cut at " << at);
        running_call made(context, cms, method);
        run_until(context, [&] { return made.is_done; });
        INFO(made.answer.reason);
        REQUIRE(!made.thrown);
        CHECK(made.answer.ok == may_repeat);
        if (!may_repeat) CHECK(made.answer.reason.possibly_applied);
        std::size_t const expected = (at + 1) * (may_repeat ? 2 : 1);
        REQUIRE(server.wait_until_finished(expected));
        REQUIRE(server.accepted() == expected);
    }
}

namespace {

/// Lets a call go on for so many handlers and then cancels it; true where it was over before.
bool cancel_after(std::size_t turns, asio::io_context& context, running_call& made) {
    for (std::size_t i = 0; i < turns && !made.is_done; ++i) context.run_one_for(generous);
    bool const is_over = made.is_done;
    made.cancel();
    // What is ready is enough: nobody waits for the network any more.
    context.restart();
    context.poll();
    REQUIRE(made.is_done);
    REQUIRE(!made.thrown);
    if (!made.answer.ok) {
        CHECK(made.answer.reason.code == errc::cancelled);
        CHECK(made.answer.reason.who == fault::cancelled);
    }
    return is_over;
}

void check_usable(asio::io_context& context, beast_client& cms, http_method method) {
    running_call next(context, cms, method);
    run_until(context, [&] { return next.is_done; });
    INFO(next.answer.reason);
    CHECK(next.answer.ok);
}

}  // namespace

TEST_CASE("a call may be cancelled wherever it waits, and the client is usable afterwards") {
    bool const with_tls = GENERATE(false, true);
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    std::string const answer = good_answer(method);
    raw_script slow = {raw_step::read_request()};
    for (std::size_t at = 0; at < answer.size(); at += 60) slow.push_back(raw_step::send(answer.substr(at, 60)));
    slow.push_back(raw_step::stay_silent());
    std::size_t cancelled = 0;
    std::size_t turns = 0;
    for (bool is_over = false; !is_over; ++turns) {
        INFO(to_string(method) << (with_tls ? ", TLS" : ", plain") << ", cancelled after " << turns << " handlers");
        REQUIRE(turns < 400);
        // A script begins after the handshake, so the next call may get the first one.
        raw_server server({slow, {raw_step::read_request(), raw_step::send(answer), raw_step::stay_silent()}}, tls_if(with_tls));
        asio::io_context context;
        beast_client cms(context, server.base_url(), {}, never_again(), trust_if(with_tls));
        running_call made(context, cms, method);
        is_over = cancel_after(turns, context, made);
        if (!made.answer.ok) ++cancelled;
        CHECK(count_of(server.all_received(), " HTTP/1.1\r\n") <= 1);
        // On a connection that is kept, the script has no second answer.
        if (!made.answer.ok) check_usable(context, cms, method);
    }
    // Even where all goes through at once: before anything, and while connecting.
    CHECK(cancelled > 1);
}

TEST_CASE("a call that signs in, looks a name up, pauses and sends again may be cancelled wherever it waits") {
    auto const method = GENERATE(http_method::get, http_method::delete_);
    std::size_t cancelled = 0;
    std::size_t turns = 0;
    for (bool is_over = false; !is_over; ++turns) {
        INFO(to_string(method) << ", cancelled after " << turns << " handlers");
        REQUIRE(turns < 400);
        // What is asked for decides the answer, since a cancellation leaves the client anywhere.
        int refused = 0;
        loopback_server server([&](server_request const& request) {
            http_response made(200);
            if (request.target.ends_with("/token")) made.body = R"({"access_token":"token-of-the-test","token_type":"Bearer","expires_in":300})";
            else if (refused++ == 0) made = http_response(503);
            else if (request.method == "GET") made.body = connection_json;
            if (made.status == 503) made.headers.add("Retry-After", "0.01");
            return made;
        });
        asio::io_context context;
        asio::use_service<umbraco_ai::detail::lookup_service>(context).queue()->set_source([](std::string const&, std::uint16_t port, boost::system::error_code&) {
            return umbraco_ai::detail::endpoint_list{asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port)};
        });
        client_options options = soon_again();
        options.allow_credentials_over_plain_http = true;
        beast_client cms(context, "http://cms.example:" + std::to_string(server.port()), client_credentials("umbraco-back-office-tests", secret("secret-of-the-test")), options);
        running_call made(context, cms, method);
        is_over = cancel_after(turns, context, made);
        if (!made.answer.ok) ++cancelled;
        check_usable(context, cms, method);
    }
    CHECK(cancelled > 5);
}

TEST_CASE("client and context may go away in either order wherever calls wait") {
    bool const with_tls = GENERATE(false, true);
    bool const client_first = GENERATE(false, true);
    for (std::size_t turns = 0; turns < 60; turns += with_tls ? 2 : 1) {
        raw_server server({{raw_step::read_request(), raw_step::send_bytewise(good_answer(http_method::get)), raw_step::stay_silent()}}, tls_if(with_tls));
        std::optional<asio::io_context> context(std::in_place);
        std::optional<beast_client> cms(std::in_place, *context, server.base_url(), credentials(), never_again(), trust_if(with_tls));
        std::vector<std::unique_ptr<running_call>> calls;
        for (int i = 0; i < 10; ++i) calls.push_back(std::make_unique<running_call>(*context, *cms, all_methods[i % 4]));
        for (std::size_t i = 0; i < turns; ++i) context->run_one_for(5ms);
        if (client_first) cms.reset();
        context.reset();
    }
    SUCCEED();
}

namespace {

std::string token_answer(std::string const& life) {
    return answer_with(200, R"({"access_token":"token-of-the-test","token_type":"Bearer","expires_in":)" + life + "}");
}

credentials api_user() { return client_credentials("umbraco-back-office-tests", secret("secret-of-the-test")); }

}  // namespace

TEST_CASE("a token endpoint that fails is named, in time, and the client signs in afterwards; a token of any life serves the call") {
    struct row {
        char const* name;
        raw_script script;
        std::optional<errc> code;
    };
    raw_script const signs_in = {raw_step::read_request(), raw_step::send(token_answer("300")), raw_step::read_request(), raw_step::send(good_answer(http_method::get)), raw_step::stay_silent()};
    auto const answered = [&](std::string const& bytes) {
        raw_script made = {raw_step::read_request(), raw_step::send(bytes)};
        made.insert(made.end(), signs_in.begin(), signs_in.end());
        return made;
    };
    auto const life = [&](std::string const& text) {
        raw_script made = {raw_step::read_request(), raw_step::send(token_answer(text)), raw_step::read_request(), raw_step::send(good_answer(http_method::get))};
        // The next call uses it again or not, as its life says.
        if (text.starts_with("-") || text == "0") made.insert(made.end(), signs_in.begin(), signs_in.end());
        else made.insert(made.end(), signs_in.begin() + 2, signs_in.end());
        return made;
    };
    std::vector<row> const rows = {
        {"closed", {raw_step::read_request(), raw_step::close()}, errc::connection_closed},
        {"reset", {raw_step::read_request(), raw_step::reset()}, errc::connection_closed},
        {"slow", {raw_step::read_request(), raw_step::stay_silent()}, errc::deadline_exceeded},
        {"400", answered(answer_with(400, R"({"error":"invalid_request"})")), errc::not_signed_in},
        {"401", answered(answer_with(401, R"({"error":"invalid_client"})")), errc::not_signed_in},
        {"429", answered(answer_with(429, "", "Retry-After: 0\r\n")), errc::server_error},
        {"500", answered(answer_with(500, "")), errc::server_error},
        {"503", answered(answer_with(503, "", "Retry-After: 0\r\n")), errc::server_error},
        {"a redirect", answered(answer_with(302, "", "Location: /umbraco/login\r\n")), errc::not_signed_in},
        {"200 with rubbish", answered(answer_with(200, "rubbish")), errc::malformed_json},
        {"200 with nothing", answered(answer_with(200, "")), errc::malformed_json},
        {"200 with HTML", answered(answer_with(200, "<html>", "Content-Type: text/html\r\n")), errc::not_signed_in},
        {"200 without a token", answered(answer_with(200, "{}")), errc::missing_member},
        {"expires_in 300", life("300"), std::nullopt},
        {"expires_in 0", life("0"), std::nullopt},
        {"expires_in negative", life("-5"), std::nullopt},
        {"expires_in huge", life("9223372036854775807"), std::nullopt},
        {"expires_in beyond 64 bits", life("1e300"), std::nullopt},
        {"expires_in as text", life("\"300\""), std::nullopt},
        {"expires_in as words", life("\"soon\""), std::nullopt},
        {"expires_in null", life("null"), std::nullopt},
    };
    std::vector<std::unique_ptr<raw_server>> servers;
    std::vector<std::unique_ptr<blocking_client>> clients;
    for (row const& one : rows) {
        for (bool const is_blocking : {false, true}) {
            INFO(one.name << (is_blocking ? ", blocking" : ", coroutine"));
            servers.push_back(std::make_unique<raw_server>(std::vector<raw_script>{one.script, signs_in}));
            raw_server& server = *servers.back();
            client_options options = soon_again();
            call_options limit;
            if (one.code == errc::deadline_exceeded) limit.timeout = hasty;
            outcome made;
            auto const begin = std::chrono::steady_clock::now();
            if (is_blocking) {
                clients.push_back(std::make_unique<blocking_client>(server.base_url(), api_user(), options));
                made = outcome(clients.back()->connections(limit).get("a"));
            } else {
                options.timeout = limit.timeout.value_or(options.timeout);
                asio::io_context context;
                beast_client cms(context, server.base_url(), api_user(), options);
                running_call calling(context, cms, http_method::get);
                run_until(context, [&] { return calling.is_done; });
                made = calling.answer;
            }
            CHECK(std::chrono::steady_clock::now() - begin < 1500ms);
            INFO(made.reason);
            CHECK(made.ok == !one.code.has_value());
            if (!made.ok && one.code) CHECK(made.reason.code == *one.code);
            CHECK(!made.reason.possibly_applied);
            CHECK(count_of(server.all_received(), "/token HTTP/1.1") == 1);
            CHECK(count_of(server.all_received(), "/connections/") == (made.ok ? 1 : 0));
            if (!is_blocking) servers.pop_back();
        }
    }
    // A failure is kept for a second.
    std::this_thread::sleep_for(1050ms);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO(rows[i].name << ", the next call");
        outcome const next = call(*clients[i], http_method::get);
        INFO(next.reason);
        CHECK(next.ok);
    }
}

TEST_CASE("a 401 is answered with one new token, and a call is never sent a third time") {
    auto const method = GENERATE(from_range(std::begin(all_methods), std::end(all_methods)));
    bool const is_refused_again = GENERATE(false, true);
    std::string const refusal = answer_with(401, "", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
    raw_step const read = raw_step::read_request();
    raw_script const script = {read, raw_step::send(token_answer("300")), read, raw_step::send(refusal), read, raw_step::send(token_answer("300")),
                               read, raw_step::send(is_refused_again ? refusal : good_answer(method)), read, raw_step::send(good_answer(http_method::get)), raw_step::stay_silent()};
    raw_server server({script});
    blocking_client cms(server.base_url(), api_user(), soon_again());
    outcome const made = call(cms, method);
    INFO(made.reason);
    CHECK(made.ok == !is_refused_again);
    if (!made.ok) {
        CHECK(made.reason.code == errc::not_signed_in);
        CHECK(made.reason.status == 401);
        CHECK(made.reason.attempts == 4);
        CHECK(!made.reason.possibly_applied);
    }
    CHECK(count_of(server.all_received(), "/token HTTP/1.1") == 2);
    CHECK(count_of(server.all_received(), "/connections") == 2);
    CHECK(call(cms, http_method::get).ok);
    CHECK(server.accepted() == 1);
}

TEST_CASE("a call that gives up while it signs in takes nothing from the others that wait for the token") {
    bool const is_first = GENERATE(false, true);
    bool const by_deadline = GENERATE(false, true);
    raw_step const read = raw_step::read_request();
    raw_script serve = {read, raw_step::pause(600ms), raw_step::send(token_answer("300"))};
    raw_script answers;
    for (int i = 0; i < 3; ++i) {
        answers.push_back(read);
        answers.push_back(raw_step::send(good_answer(http_method::get)));
    }
    answers.push_back(raw_step::stay_silent());
    raw_script second = answers;
    if (is_first) second.insert(second.begin(), {read, raw_step::send(token_answer("300"))});
    serve.insert(serve.end(), answers.begin(), answers.end());
    raw_server server({serve, second, answers});
    asio::io_context context;
    beast_client cms(context, server.base_url(), api_user(), soon_again());
    std::vector<std::unique_ptr<running_call>> calls;
    call_options const hurried(80ms);
    for (int i = 0; i < 3; ++i) {
        bool const gives_up = i == (is_first ? 0 : 1);
        calls.push_back(std::make_unique<running_call>(context, cms, http_method::get, gives_up && by_deadline ? hurried : call_options()));
        if (i == 0) run_until(context, [&] { return !server.received(0).empty(); });
    }
    running_call& given_up = *calls[is_first ? 0 : 1];
    context.restart();
    context.poll();
    if (!by_deadline) given_up.cancel();
    run_until(context, [&] { return std::all_of(calls.begin(), calls.end(), [](auto const& one) { return one->is_done; }); });
    for (auto const& one : calls) {
        INFO(one->answer.reason);
        CHECK(one->answer.ok == (one.get() != &given_up));
    }
    CHECK(given_up.answer.reason.code == (by_deadline ? errc::deadline_exceeded : errc::cancelled));
    CHECK(count_of(server.all_received(), "/token HTTP/1.1") == (is_first ? 2 : 1));
}

TEST_CASE("Retry-After is waited for in each of its forms, or the answer is given at once") {
    std::string const dated = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: ";
    struct row {
        std::string header;
        std::chrono::milliseconds at_least;
        bool is_repeated;
    };
    std::vector<row> const rows = {
        {"", 0ms, true},
        {"Retry-After: 0\r\n", 0ms, true},
        {"Retry-After: 0.15\r\n", 150ms, true},
        {dated + "Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0ms, true},
        {dated + "Sun, 06 Nov 1994 08:48:37 GMT\r\n", 0ms, true},
        {dated + "Sun, 06 Nov 1994 09:49:37 GMT\r\n", 0ms, false},
        {"Retry-After: soon\r\n", 0ms, true},
        {"Retry-After: \r\n", 0ms, true},
        {"Retry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 0ms, true},  // without a Date nobody knows when that is
        {"Retry-After: -3\r\n", 0ms, true},
        {"Retry-After: 61\r\n", 0ms, false},
        {"Retry-After: 99999999999\r\n", 0ms, false},
        {"Retry-After: 7\r\n", 0ms, false},  // the deadline is nearer
    };
    for (row const& one : rows) {
        for (int const status : {408, 429, 502, 503, 504}) {
            INFO(status << ' ' << one.header);
            std::string const refusal = answer_with(status, "", one.header);
            raw_step const good = raw_step::send(good_answer(http_method::get));
            raw_server server({{raw_step::read_request(), raw_step::send(refusal), raw_step::read_request(), good, raw_step::read_request(), good, raw_step::stay_silent()}});
            client_options options = soon_again();
            options.timeout = 5s;
            blocking_client cms(server.base_url(), {}, options);
            auto const begin = std::chrono::steady_clock::now();
            outcome const made = call(cms, http_method::get);
            auto const took = std::chrono::steady_clock::now() - begin;
            CHECK(made.ok == one.is_repeated);
            CHECK(took >= one.at_least);
            CHECK(took < one.at_least + 2s);
            if (!made.ok) CHECK(made.reason.status == status);
            CHECK(count_of(server.all_received(), "GET ") == (one.is_repeated ? 2 : 1));
            CHECK(call(cms, http_method::get).ok);
            CHECK(server.accepted() == 1);
        }
    }
}

namespace {

#if defined(__linux__)
std::size_t open_files() {
    std::size_t count = 0;
    for (auto at = std::filesystem::directory_iterator("/proc/self/fd"); at != std::filesystem::directory_iterator(); ++at) ++count;
    return count;
}
#else
std::size_t open_files() { return 0; }
#endif

/// Each write of the soak has an alias of its own, so that the server sees what came twice.
asio::awaitable<void> write_one(beast_client& cms, int number, std::function<void(bool, failure const&)> done) {
    connection_update state("n" + std::to_string(number), "n", true, settings{{"apiKey", secret("sk-new-key")}});
    // A connection each: writes to one queue up.
    std::string text = "00000000-0000-4000-8000-" + std::string(12, '0');
    std::string const digits = std::to_string(number);
    text.replace(text.size() - digits.size(), digits.size(), digits);
    auto answer = co_await cms.call(connections::update(*guid::parse(text), std::move(state)));
    done(answer.has_value(), answer ? failure() : answer.error());
}

asio::awaitable<void> read_one(beast_client& cms, std::function<void(bool, failure const&)> done) {
    auto answer = co_await cms.connections().get("a");
    done(answer.has_value(), answer ? failure() : answer.error());
}

}  // namespace

TEST_CASE("under load, with closing connections and failing answers, nothing is lost, no write comes twice, and no file stays open") {
    bool const with_tls = GENERATE(false, true);
    int const calls = with_tls ? 1500 : 3000;
    constexpr int at_once = 64;
    std::mutex mutex;
    std::map<std::string, int> writes;
    int count = 0;
    loopback_server server(
        [&](server_request const& request) {
            std::lock_guard const guard(mutex);
            bool const is_write = request.method == "PUT";
            if (is_write) ++writes[request.target];
            if (++count % 100 == 0) return http_response(503);
            http_response made(200, is_write ? "" : connection_json);
            if (!is_write) made.headers.add("Content-Type", "application/json");
            return made;
        },
        loopback_options().with_tls(tls_if(with_tls)).with_requests_each(50));
    asio::io_context context;
    beast_client cms(context, server.base_url(), {}, soon_again(), trust_if(with_tls));
    int begun = 0;
    int succeeded = 0;
    std::vector<failure> failures;
    std::size_t files_early = 0;
    std::size_t files_late = 0;
    std::function<void()> next = [&] {
        if (begun == calls) return;
        int const number = begun++;
        if (number == calls / 10) files_early = open_files();
        if (number == calls - at_once) files_late = open_files();
        auto const done = [&](bool ok, failure const& reason) {
            succeeded += ok ? 1 : 0;
            if (!ok) failures.push_back(reason);
        };
        auto const after = [&](std::exception_ptr thrown) {
            CHECK(!thrown);
            next();
        };
        if (number % 4 == 0) asio::co_spawn(context, write_one(cms, number, done), after);
        else asio::co_spawn(context, read_one(cms, done), after);
    };
    for (int i = 0; i < at_once; ++i) next();
    context.run();
    CHECK(begun == calls);
    CHECK(succeeded + static_cast<int>(failures.size()) == calls);
    for (failure const& reason : failures) {
        INFO(reason);
        // Reads were repeated; a write may have been refused, or its fate be unknown, and says so.
        CHECK((reason.status == 503 || reason.code == errc::connection_closed));
        CHECK(reason.possibly_applied);
    }
    CHECK(static_cast<int>(failures.size()) < calls / 20);
    for (auto const& [target, times] : writes) {
        INFO(target);
        CHECK(times == 1);
    }
    CHECK(files_late <= files_early + 4);
    // The server gives up a connection after 50 requests; all others were kept.
    CHECK(server.connections() < static_cast<std::size_t>(calls) / 50 + 60);
    if (with_tls) CHECK(server.resumed() > server.connections() / 2);
}

TEST_CASE("a loopback port that nobody listens on is a failed connection, until somebody does") {
    std::uint16_t port = 0;
    {
        raw_server server({good_script});
        port = server.port();
    }
    blocking_client cms("http://127.0.0.1:" + std::to_string(port), {}, never_again());
    for (http_method const method : all_methods) {
        outcome const made = call(cms, method);
        CHECK(made.reason.code == errc::connect_failed);
        CHECK(!made.reason.possibly_applied);
    }
    loopback_server server([](server_request const&) { return http_response(200, connection_json); }, loopback_options().with_port(port));
    CHECK(call(cms, http_method::get).ok);
}

namespace {

asio::awaitable<void> read_and_write(beast_client& cms, int rounds, std::atomic<int>& succeeded) {
    for (int i = 0; i < rounds; ++i) {
        auto read = co_await cms.connections().get("a");
        auto written = co_await cms.connections().rename("a", "m");
        succeeded += (read ? 1 : 0) + (written ? 1 : 0);
    }
}

}  // namespace

TEST_CASE("a client may be shared by strands on several threads") {
    loopback_server server([](server_request const& request) { return http_response(200, request.method == "PUT" ? "" : connection_json); });
    asio::thread_pool pool(3);
    beast_client cms(pool.get_executor(), server.base_url(), {}, never_again());
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 16; ++i) asio::co_spawn(asio::make_strand(pool), read_and_write(cms, 10, succeeded), [](std::exception_ptr) {});
    pool.join();
    CHECK(succeeded == 320);
}

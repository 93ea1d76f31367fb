// SPDX-License-Identifier: MIT
#include "../examples/transports/socket_pipe.hpp"
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

/// What a connection does at one point.
struct pipe_step {
    std::string bytes;
    pipe_result then = pipe_result::bytes(0);
};

pipe_step gives(std::string bytes) { return {std::move(bytes)}; }
pipe_step nothing_yet() { return {{}, pipe_result::nothing()}; }
pipe_step ends() { return {{}, pipe_result::end()}; }
pipe_step breaks(std::error_code why) { return {{}, pipe_result::failed(why)}; }

/// A pipe without anything that it need not have. Reads what a script says, and remembers what was written.
class scripted_line {
public:
    scripted_line() = default;
    explicit scripted_line(std::deque<pipe_step> steps) : script(std::move(steps)) {}

    pipe_result read(std::span<char> into) {
        if (script.empty()) throw std::logic_error("a read that the script does not have");
        pipe_step& step = script.front();
        if (step.bytes.empty()) {
            pipe_result const done = step.then;
            if (done.is_nothing()) script.pop_front();
            return done;
        }
        std::size_t const count = (std::min)({into.size(), step.bytes.size(), most_per_read});
        std::memcpy(into.data(), step.bytes.data(), count);
        step.bytes.erase(0, count);
        if (step.bytes.empty()) script.pop_front();
        return pipe_result::bytes(count);
    }

    pipe_result write(std::span<char const> from) {
        std::size_t const count = (std::min)({from.size(), most_per_write, takes - written.size()});
        if (count == 0) return at_most_taken;
        written.append(from.data(), count);
        return pipe_result::bytes(count);
    }

    std::deque<pipe_step> script;
    std::string written;
    std::size_t most_per_read = 1 << 20;
    std::size_t most_per_write = 1 << 20;
    std::size_t takes = 1 << 20;                       ///< After so many bytes…
    pipe_result at_most_taken = pipe_result::end();  ///< …a write does this.
};

/// A pipe that connects, has a clock that only its own waiting moves, and can look whether a connection is still quiet.
class scripted_dialer {
public:
    explicit scripted_dialer(std::deque<scripted_line> lines) : connections(std::move(lines)) {}

    result<void> open(http_origin const& origin, http_limits const& limits) {
        opened.push_back(origin.host);
        time_for_open = limits.time;
        if (connections.empty()) return failure(errc::connect_failed, "No connection.");
        current = std::move(connections.front());
        connections.pop_front();
        return result<void>::ok();
    }
    void close() { ++closed; }
    bool is_quiet() const { return quiet; }
    nanoseconds now() const { return time; }
    void wait(nanoseconds duration) { time += duration; }

    pipe_result read(std::span<char> into, nanoseconds at_most) { return passed(current.read(into), at_most); }
    pipe_result write(std::span<char const> from, nanoseconds at_most) { return passed(current.write(from), at_most); }

    std::deque<scripted_line> connections;
    scripted_line current;
    std::vector<std::string> opened;
    nanoseconds time = 5h;
    nanoseconds time_for_open{0};
    nanoseconds longest_wait{0};
    int closed = 0;
    bool quiet = true;

private:
    pipe_result passed(pipe_result done, nanoseconds at_most) {
        longest_wait = (std::max)(longest_wait, at_most);
        if (done.is_nothing()) time += at_most;
        return done;
    }
};

class blind_dialer : public scripted_dialer {
public:
    using scripted_dialer::scripted_dialer;
    bool is_quiet() = delete;
};

class trusted_line : public scripted_line {
public:
    static constexpr bool speaks_tls = true;
    using scripted_line::scripted_line;
};

class not_a_pipe {
public:
    int read(std::span<char>);
    int write(std::span<char const>);
};

static_assert(BytePipe<scripted_line> && BytePipe<scripted_dialer> && BytePipe<blind_dialer> && BytePipe<socket_pipe> && !BytePipe<not_a_pipe>);
static_assert(Transport<pipe_transport<scripted_line&>> && Transport<pipe_transport<socket_pipe>>);
static_assert(CanWait<pipe_transport<socket_pipe>> && !CanWait<pipe_transport<scripted_line>>);
static_assert(std::same_as<decltype(pipe_transport(std::declval<scripted_line&>())), pipe_transport<scripted_line&>>);
static_assert(std::same_as<decltype(pipe_transport(std::declval<scripted_line>())), pipe_transport<scripted_line>>);

http_request request_of(http_method method, std::string target = "/", std::string body = {}) {
    http_request made;
    made.method = method;
    made.origin = http_origin(false, "a.example", 80);
    made.target = std::move(target);
    made.body = std::move(body);
    return made;
}

http_request get(std::string target = "/") { return request_of(http_method::get, std::move(target)); }

std::string answer_with(std::string const& body, std::string const& header = {}) {
    return "HTTP/1.1 200 OK\r\n" + header + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

scripted_line line_with(std::string const& bytes) { return scripted_line({gives(bytes)}); }

errc code_of(result<http_response> const& answer) { return answer ? errc() : static_cast<errc>(answer.error().code.value()); }

}  // namespace

TEST_CASE("a request goes down the pipe, and its answer comes back, in pieces of any size", "[pipe]") {
    for (std::size_t const size : {1u, 2u, 7u, 1000u}) {
        scripted_line line({gives("HTTP/1.1 100 Continue\r\n\r\n"), gives(answer_with("hello", "X-A: b\r\n")), gives(answer_with("again"))});
        line.most_per_read = line.most_per_write = size;
        pipe_transport wire(line);
        http_request request = request_of(http_method::put, "/a?b", "{}");
        request.headers.add("Accept", "text/plain");
        auto const answer = wire.send(request);
        REQUIRE(answer);
        CHECK(answer->status == 200);
        CHECK(answer->body == "hello");
        CHECK(*answer->headers.find("x-a") == "b");
        CHECK(line.written == "PUT /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: text/plain\r\nContent-Length: 2\r\n\r\n{}");

        line.written.clear();
        CHECK(wire.send(get("/2"))->body == "again");
        CHECK(line.written == "GET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    }
}

TEST_CASE("any status is an answer, and a redirect is not followed", "[pipe]") {
    scripted_line line({gives("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"), gives("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")});
    pipe_transport wire(line);
    CHECK(wire.send(get())->status == 302);
    CHECK(wire.send(get())->status == 500);
}

TEST_CASE("a pipe that cannot open is of no use after its connection has ended, until it is restarted", "[pipe]") {
    scripted_line line({gives(answer_with("1", "Connection: close\r\n"))});
    pipe_transport wire(line);
    CHECK(wire.send(get())->body == "1");
    line.written.clear();
    auto const refused = wire.send(request_of(http_method::post, "/", "{}"));
    CHECK(code_of(refused) == errc::connection_closed);
    CHECK_FALSE(refused.error().possibly_applied);
    CHECK(line.written.empty());
    line.script = {gives(answer_with("2"))};
    wire.restart();
    CHECK(wire.send(get())->body == "2");
}

TEST_CASE("where an answer ends with the connection, a connection that breaks is no end", "[pipe]") {
    scripted_dialer dialer({scripted_line({gives("HTTP/1.1 200 OK\r\n\r\nall "), gives("of it"), ends()}), line_with(answer_with("next"))});
    pipe_transport wire(dialer);
    CHECK(wire.send(get())->body == "all of it");
    CHECK(wire.send(get())->body == "next");
    CHECK(dialer.opened.size() == 2);

    scripted_dialer broken({scripted_line({gives("HTTP/1.1 200 OK\r\n\r\nall "), breaks(errc::connection_closed)})});
    CHECK(code_of(pipe_transport(broken).send(get())) == errc::connection_closed);
}

TEST_CASE("a connection is kept where nothing speaks against it", "[pipe]") {
    auto const opened_by = [](std::string const& first, http_request second, nanoseconds pause = 0ns, bool quiet = true, std::string const& asked = {}) {
        // Both answers stand on both connections, so that a test that takes the wrong one ends with a wrong count.
        scripted_dialer dialer({scripted_line({gives(first), gives(answer_with("2"))}), line_with(answer_with("2"))});
        pipe_transport wire(dialer);
        http_request request = get();
        if (!asked.empty()) request.headers.add("Connection", asked);
        REQUIRE(wire.send(request));
        dialer.time += pause;
        dialer.quiet = quiet;
        REQUIRE(wire.send(std::move(second))->body == "2");
        return dialer.opened.size();
    };
    CHECK(opened_by(answer_with("1"), get()) == 1);
    CHECK(opened_by(answer_with("1"), request_of(http_method::post, "/", "{}")) == 1);
    CHECK(opened_by(answer_with("1"), get(), 29s) == 1);

    CHECK(opened_by(answer_with("1", "Connection: close\r\n"), get()) == 2);
    CHECK(opened_by("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", get()) == 2);
    CHECK(opened_by(answer_with("1") + "!", get()) == 2);
    CHECK(opened_by(answer_with("1"), get(), 30s) == 2);
    CHECK(opened_by(answer_with("1", "Keep-Alive: timeout=5\r\n"), get(), 4s) == 1);
    CHECK(opened_by(answer_with("1", "Keep-Alive: timeout=5\r\n"), get(), 5s) == 2);
    CHECK(opened_by(answer_with("1"), get(), 0s, false) == 2);
    CHECK(opened_by(answer_with("1"), get(), 0s, true, "close") == 2);
    http_request elsewhere = get();
    elsewhere.origin.host = "b.example";
    CHECK(opened_by(answer_with("1"), elsewhere) == 2);
}

TEST_CASE("where a pipe cannot tell whether its connection still stands, a write gets a new one", "[pipe]") {
    blind_dialer dialer({scripted_line({gives(answer_with("1")), gives(answer_with("2"))}), line_with(answer_with("3"))});
    pipe_transport wire(dialer);
    CHECK(wire.send(get())->body == "1");
    CHECK(wire.send(get())->body == "2");
    CHECK(wire.send(request_of(http_method::delete_))->body == "3");
    CHECK(dialer.opened.size() == 2);
}

TEST_CASE("each failure has its code, says whether a write may have been applied, and leaves the transport usable", "[pipe]") {
    struct fault_case {
        char const* name;
        scripted_line line;
        errc code;
        bool was_written = true;
    };
    auto const with = [](std::deque<pipe_step> steps) { return scripted_line(std::move(steps)); };
    auto const taking = [](std::size_t count, pipe_result then, pipe_step read) {
        scripted_line made({std::move(read)});
        made.takes = count;
        made.at_most_taken = then;
        return made;
    };
    std::error_code const odd(71, std::generic_category());
    std::string const ok = "HTTP/1.1 200 OK\r\n";
    std::string interim;
    for (int i = 0; i < 6; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
    std::vector<fault_case> const cases = {
        {"end before the answer", with({ends()}), errc::connection_closed},
        {"end in the header", with({gives("HTTP/1.1 20"), ends()}), errc::connection_closed},
        {"end in the body", with({gives(ok + "Content-Length: 5\r\n\r\nhell"), ends()}), errc::connection_closed},
        {"end in a chunk", with({gives(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), ends()}), errc::connection_closed},
        {"error of the pipe", with({breaks(odd)}), errc::transport_failed},
        {"error with a code of ours", with({breaks(errc::certificate_rejected)}), errc::certificate_rejected},
        {"reset", with({gives("HTTP"), breaks(errc::connection_closed)}), errc::connection_closed},
        {"not HTTP", with({gives("\x16\x03\x01")}), errc::malformed_response},
        {"contradiction", with({gives(ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")}), errc::malformed_response},
        {"large header", with({gives(ok + "A: " + std::string(200, 'x'))}), errc::header_too_large},
        {"large body", with({gives(answer_with(std::string(101, 'x')))}), errc::body_too_large},
        {"protocol switch", with({gives("HTTP/1.1 101 Switching Protocols\r\n\r\n")}), errc::protocol_switched},
        {"interim responses", with({gives(interim)}), errc::too_many_interim_responses},
        {"silence", with({nothing_yet(), nothing_yet()}), errc::deadline_exceeded},
        {"silence in the body", with({gives(ok + "Content-Length: 5\r\n\r\nhell"), nothing_yet(), nothing_yet()}), errc::deadline_exceeded},
        {"nothing taken", taking(0, pipe_result::end(), ends()), errc::connection_closed, false},
        {"nothing taken, with an error", taking(0, pipe_result::failed(errc::tls_failed), ends()), errc::tls_failed, false},
        {"a part taken", taking(10, pipe_result::failed(odd), ends()), errc::transport_failed},
        {"a part taken, and silence", taking(10, pipe_result::end(), nothing_yet()), errc::deadline_exceeded},
    };
    for (fault_case const& one : cases) {
        for (http_method const method : {http_method::get, http_method::post, http_method::put, http_method::delete_}) {
            INFO(one.name << ", " << to_string(method));
            scripted_dialer dialer({one.line, line_with(answer_with("fine"))});
            dialer.current.script.push_back(nothing_yet());
            pipe_transport wire(dialer);
            http_request request = request_of(method);
            request.limits.time = 1s;
            request.limits.header_bytes = 200;
            request.limits.body_bytes = 100;
            auto const answer = wire.send(request);
            CHECK(code_of(answer) == one.code);
            CHECK(answer.error().who == fault_of(one.code));
            CHECK(answer.error().possibly_applied == (one.was_written && method != http_method::get));
            CHECK(dialer.opened.size() == 1);
            CHECK(dialer.closed == 1);
            CHECK(wire.send(request)->body == "fine");
        }
    }
}

TEST_CASE("limits pass what is just within them", "[pipe]") {
    http_request request = get();
    request.limits.header_bytes = answer_with("12345").size() - 5;
    request.limits.body_bytes = 5;
    CHECK(pipe_transport(line_with(answer_with("12345"))).send(request));
    --request.limits.header_bytes;
    CHECK(code_of(pipe_transport(line_with(answer_with("12345"))).send(request)) == errc::header_too_large);
    ++request.limits.header_bytes;
    --request.limits.body_bytes;
    CHECK(code_of(pipe_transport(line_with(answer_with("12345"))).send(request)) == errc::body_too_large);
}

TEST_CASE("time: one deadline for opening, writing and reading, by the clock of the pipe", "[pipe]") {
    http_request request = get();
    request.limits.time = 3s;
    SECTION("what is left is what the pipe may wait") {
        scripted_dialer dialer({scripted_line({gives("HTTP/1.1 200 "), nothing_yet(), nothing_yet()})});
        CHECK(code_of(pipe_transport(dialer).send(request)) == errc::deadline_exceeded);
        CHECK(dialer.time_for_open == 3s);
        CHECK(dialer.time - 5h == 3s);
        CHECK(dialer.longest_wait == 3s);
    }
    SECTION("no time at all: nothing is opened") {
        request.limits.time = 0s;
        scripted_dialer dialer({});
        CHECK(code_of(pipe_transport(dialer).send(request)) == errc::deadline_exceeded);
        CHECK(dialer.opened.empty());
    }
    SECTION("a pipe without a clock decides itself how long it waits") {
        scripted_line line({nothing_yet()});
        CHECK(code_of(pipe_transport(line).send(request)) == errc::deadline_exceeded);
        scripted_line stuck;
        stuck.takes = 0;
        stuck.at_most_taken = pipe_result::nothing();
        auto const answer = pipe_transport(stuck).send(request_of(http_method::post));
        CHECK(code_of(answer) == errc::deadline_exceeded);
        CHECK_FALSE(answer.error().possibly_applied);
    }
}

TEST_CASE("a trace tells where the time went, and how many bytes", "[pipe]") {
    scripted_dialer dialer({scripted_line({nothing_yet(), gives("HTTP/1.1 200 "), nothing_yet(), gives("OK\r\nContent-Length: 2\r\n\r\n"), nothing_yet(), gives("hi")})});
    pipe_transport wire(dialer);
    transfer_trace trace;
    http_request request = get();
    request.trace = &trace;
    request.limits.time = 10s;
    // Each wait takes 20 ms, since there is a cancel check.
    request.limits.cancelled = [](void const*) { return false; };
    REQUIRE(wire.send(request));
    CHECK(trace.duration_of(transfer_phase::send) == 0ns);
    CHECK(trace.duration_of(transfer_phase::first_byte) == 20ms);
    CHECK(trace.duration_of(transfer_phase::header) == 20ms);
    CHECK(trace.duration_of(transfer_phase::body) == 20ms);
    CHECK(trace.bytes_sent == dialer.current.written.size());
    CHECK(trace.bytes_received == answer_with("hi").size());
    CHECK_FALSE(trace.connection_reused);

    dialer.current.script = {gives(answer_with("hi") + "!")};
    trace = transfer_trace();
    REQUIRE(wire.send(request));
    CHECK(trace.connection_reused);
    CHECK(trace.bytes_received == answer_with("hi").size());

    scripted_line line({gives(answer_with("1"))});
    trace = transfer_trace();
    REQUIRE(pipe_transport(line).send(request));
    CHECK_FALSE(trace.connection_reused);
}

TEST_CASE("a call that is given up ends soon", "[pipe]") {
    struct patience {
        int asked = 0;
        int most;
    };
    for (int most = 0; most < 6; ++most) {
        patience left{0, most};
        http_request request = request_of(http_method::post);
        request.limits.cancel_context = &left;
        request.limits.cancelled = [](void const* context) {
            auto& own = *static_cast<patience*>(const_cast<void*>(context));
            return own.asked++ >= own.most;
        };
        scripted_dialer dialer({scripted_line(std::deque<pipe_step>(1000, nothing_yet())), line_with(answer_with("fine"))});
        pipe_transport wire(dialer);
        auto const answer = wire.send(request);
        CHECK(code_of(answer) == errc::cancelled);
        CHECK(answer.error().possibly_applied == (most > 2));
        CHECK(dialer.opened.size() == (most == 0 ? 0u : 1u));
        CHECK(dialer.time - 5h < 200ms);
        request.limits.cancelled = nullptr;
        if (most != 0) CHECK(wire.send(request)->body == "fine");
    }
}

TEST_CASE("an answer that comes before the request is out is taken, and the connection is not kept", "[pipe]") {
    scripted_line hasty({gives("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")});
    hasty.takes = 100;
    SECTION("the server reads no more") { hasty.at_most_taken = pipe_result::nothing(); }
    SECTION("the server closed its side") { hasty.at_most_taken = pipe_result::failed(errc::connection_closed); }
    scripted_dialer dialer({hasty, line_with(answer_with("fine"))});
    pipe_transport wire(dialer);
    CHECK(wire.send(request_of(http_method::put, "/", std::string(1000, 'x')))->status == 413);
    CHECK(dialer.current.written.size() == 100);
    CHECK(wire.send(get())->body == "fine");
    CHECK(dialer.opened.size() == 2);
}

TEST_CASE("https goes only over a pipe that says it speaks TLS", "[pipe]") {
    http_request request = get();
    request.origin = http_origin(true, "a.example", 443);
    scripted_line plain = line_with(answer_with("1"));
    auto const refused = pipe_transport(plain).send(request);
    CHECK(code_of(refused) == errc::tls_unavailable);
    CHECK(plain.written.empty());
    CHECK(pipe_transport(trusted_line({gives(answer_with("1"))})).send(request)->body == "1");
}

TEST_CASE("a failure to open is the failure of the call", "[pipe]") {
    scripted_dialer dialer({});
    auto const answer = pipe_transport(dialer).send(request_of(http_method::post));
    CHECK(code_of(answer) == errc::connect_failed);
    CHECK_FALSE(answer.error().possibly_applied);
}

TEST_CASE("what a pipe throws passes through, and the next call opens anew", "[pipe]") {
    scripted_dialer dialer({scripted_line(), line_with(answer_with("fine"))});
    pipe_transport wire(dialer);
    CHECK_THROWS_AS(wire.send(get()), std::logic_error);
    CHECK(wire.send(get())->body == "fine");
}

TEST_CASE("a request that could become another one is not sent", "[pipe]") {
    scripted_line line;
    http_request request = get();
    request.headers.add("X", "a\r\nY: b");
    CHECK(code_of(pipe_transport(line).send(request)) == errc::invalid_argument);
    CHECK(line.written.empty());
}

TEST_CASE("a client speaks over a serial line", "[pipe]") {
    scripted_line my_serial_line({gives(answer_with("[\"Chat\"]", "Content-Type: application/json\r\n"))});
    namespace ai = umbraco_ai;
    ai::pipe_transport wire(my_serial_line);
    ai::client cms(wire, "http://localhost:8080");
    auto capabilities = cms.connections().capabilities();
    REQUIRE(capabilities);
    CHECK(capabilities->items.size() == 1);
    CHECK(my_serial_line.written.starts_with("GET /umbraco/ai/management/api/v1/connections/capabilities HTTP/1.1\r\nHost: localhost:8080\r\n"));
}

namespace {

/// Accepts one connection after the other on a free port, reads a request, answers it if it has an answer left, and closes at the end.
class small_server {
public:
    explicit small_server(std::vector<std::string> answers) : answers_(std::move(answers)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        bool const listens = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 8) == 0 &&
                             ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        if (!listens) throw std::runtime_error("no port to listen on");
        origin_ = http_origin(false, "127.0.0.1", ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    small_server(small_server const&) = delete;
    ~small_server() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] http_origin const& origin() const { return origin_; }

private:
    void serve() {
        for (std::string const& answer : answers_) {
            int const peer = ::accept(listener_, nullptr, nullptr);
            if (peer == -1) return;
            timeval const most{10, 0};
            ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
            std::string request;
            char piece[4096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                ssize_t const count = ::recv(peer, piece, sizeof piece, 0);
                if (count <= 0) break;
                request.append(piece, static_cast<std::size_t>(count));
            }
            [[maybe_unused]] auto const sent = ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
            // An empty answer stands for silence, which ends when the client gives up.
            if (answer.empty()) [[maybe_unused]] auto const count = ::recv(peer, piece, sizeof piece, 0);
            ::close(peer);
        }
    }

    std::vector<std::string> answers_;
    int listener_ = -1;
    http_origin origin_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("over a real socket: answers, a server that closes, silence, and nobody there", "[pipe]") {
    http_request request = get();
    pipe_transport wire{socket_pipe()};
    {
        // The next request could meet a connection that the server is about to close, had it not said so.
        std::string const last = "Connection: close\r\n";
        small_server server({answer_with("one", last), answer_with(std::string(300'000, 'x'), last), "HTTP/1.1 200 OK\r\n\r\nthree", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", ""});
        request.origin = server.origin();
        request.limits.time = 10s;
        auto const body_of = [](result<http_response> const& answer) { return answer ? answer->body : answer.error().to_string(); };
        CHECK(body_of(wire.send(request)) == "one");
        CHECK(body_of(wire.send(request)) == std::string(300'000, 'x'));
        CHECK(body_of(wire.send(request)) == "three");
        CHECK(code_of(wire.send(request)) == errc::connection_closed);
        request.limits.time = 100ms;
        CHECK(code_of(wire.send(request)) == errc::deadline_exceeded);
    }
    request.limits.time = 10s;
    CHECK(code_of(wire.send(request)) == errc::connect_failed);
    request.origin.host = "no-such-host.invalid";
    CHECK(code_of(wire.send(request)) == errc::resolve_failed);
}

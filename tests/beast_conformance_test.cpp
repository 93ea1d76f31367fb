// SPDX-License-Identifier: MIT
// Every transport of this repository is tried by the rules of the contract, and so are broken ones, by which the rules are tried.
#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/transport.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/pipe_transport.hpp>
#include <umbraco_ai/testing/conformance.hpp>
#include <umbraco_ai/testing/record_transport.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/replay_transport.hpp>
#include <umbraco_ai/testing/server_request.hpp>

#include "../examples/awaitables/task.hpp"
#include "../examples/transports/poll_loop.hpp"
#include "../examples/transports/socket_pipe.hpp"

#ifdef UMBRACO_AI_TEST_WITH_CURL
#include "../examples/transports/curl_easy.hpp"
#include "../examples/transports/curl_multi.hpp"
#endif

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace ai = umbraco_ai;

namespace {

using namespace umbraco_ai;
using testing::check_transport;
using testing::conformance_options;
using testing::conformance_report;
using testing::conformance_verdict;

using names = std::vector<std::string>;

std::string const needs_tls = "A certificate that nobody trusts is refused";
std::string const needs_time = "A call ends within its time";
std::string const needs_cancel = "A cancelled call ends";
std::string const needs_two = "Two calls run at once";
std::string const needs_tracking = "A failure knows whether a write may have been applied";

/// All rules but those are kept.
void check_sound(conformance_report const& report, names const& skipped) {
    INFO(report);
    CHECK(report.passed());
    CHECK(report.rules(conformance_verdict::skipped) == skipped);
    CHECK(report.findings.size() == 23);
}

using sender = std::function<result<http_response>(http_request)>;
using fault_of_a_transport = std::function<result<http_response>(sender const&, http_request)>;

/// A rule, and how the suite is run over a transport that breaks only this one.
using broken_transports = std::vector<std::pair<std::string, std::function<conformance_report()>>>;

/// A transport that is sound but for this.
std::function<conformance_report()> broken_by(fault_of_a_transport const& fault, conformance_options const& options = {}) {
    return [fault, options] {
        return check_transport([&]() -> sender {
            sender const sound = [wire = std::make_shared<blocking_transport>()](http_request request) { return wire->send(std::move(request)); };
            return [sound, fault](http_request request) { return fault(sound, std::move(request)); };
        }, options);
    };
}

void check_found(broken_transports const& all) {
    for (auto const& [rule, run] : all) {
        conformance_report const report = run();
        INFO(report);
        CHECK(report.rules(conformance_verdict::failed) == names{rule});
        CHECK(report.count(conformance_verdict::passed) > 0);
        CHECK(report.to_string().find("planted") == std::string::npos);
    }
}

http_headers without(http_headers const& headers, std::string_view name) {
    http_headers left;
    for (auto const& field : headers)
        if (field.name != name) left.add(field.name, field.value);
    return left;
}

bool failed_with(result<http_response> const& answer, errc code) { return !answer && answer.error().code == code; }

}  // namespace

TEST_CASE("conformance: Beast", "[conformance]") {
    check_sound(check_transport([](boost::asio::io_context& io) { return beast_transport(io); }), {needs_tls});
}

TEST_CASE("conformance: Beast over TLS", "[conformance]") {
    testing::test_authority const authority;
    auto const make = [&](boost::asio::io_context& io) { return beast_transport(io, tls_options().trust_ca_pem(authority.pem())); };
    check_sound(check_transport(make, conformance_options().with_tls(authority.issue())), {});
}

TEST_CASE("conformance: the blocking transport", "[conformance]") {
    check_sound(check_transport([] { return blocking_transport(); }), {needs_tls, needs_two});
}

TEST_CASE("conformance: a lambda, which declares nothing, by itself", "[conformance]") {
    blocking_transport plain;
    auto wire = [&plain](http_request request) { return plain.send(std::move(request)); };
    check_sound(check_transport(wire), {needs_tls, needs_time, needs_cancel, needs_two, needs_tracking});
}

TEST_CASE("conformance: a lambda that is said to do all", "[conformance]") {
    auto const make = [] {
        return [](http_request request) { return blocking_transport().send(std::move(request)); };
    };
    check_sound(check_transport(make, conformance_options().timed().cancellable().concurrent().tracking_writes()), {needs_tls});
}

TEST_CASE("conformance: a lambda that is a coroutine", "[conformance]") {
    auto const make = [](boost::asio::io_context& io) {
        return [wire = std::make_shared<beast_transport>(io)](http_request request) -> boost::asio::awaitable<result<http_response>> { return wire->send(std::move(request)); };
    };
    check_sound(check_transport(make, conformance_options().concurrent()), {needs_tls, needs_time, needs_cancel, needs_tracking});
}

TEST_CASE("docs: a coroutine carries the calls of a client", "[docs]") {
    testing::loopback_server server([](testing::server_request const&) { return http_response(200, "[\"Chat\"]"); });
    boost::asio::io_context io;
    ai::beast_transport wire(io);
    ai::client cms([&](ai::http_request request) -> boost::asio::awaitable<ai::result<ai::http_response>> {
        request.headers.add("X-Request-Id", "1");
        co_return co_await wire.send(std::move(request));
    }, server.base_url());
    std::size_t found = 0;
    boost::asio::co_spawn(io, [&]() -> boost::asio::awaitable<void> {
        auto capabilities = co_await cms.connections().capabilities();
        found = capabilities ? capabilities->items.size() : 0;
    }, boost::asio::detached);
    io.run();
    CHECK(found == 1);
}

TEST_CASE("docs: a transport is tried by the rules", "[docs]") {
    using my_transport = blocking_transport;
    ai::testing::conformance_report const report = ai::testing::check_transport([] { return my_transport(); });
    INFO(report);
    CHECK(report.passed());
}

TEST_CASE("conformance: a task type with a runner", "[conformance]") {
    using answer_task = task<result<http_response>>;
    auto const make = [] {
        return [wire = std::make_shared<blocking_transport>()](http_request request) -> answer_task { co_return wire->send(std::move(request)); };
    };
    auto const run = [](answer_task begun) {
        begun.begin();
        return *begun.value();
    };
    check_sound(check_transport(make, run, conformance_options().timed()), {needs_tls, needs_cancel, needs_two, needs_tracking});
}

TEST_CASE("conformance: a pipe of bytes, here a POSIX socket", "[conformance]") {
    check_sound(check_transport([] { return pipe_transport(socket_pipe()); }), {needs_tls, needs_two});
}

TEST_CASE("conformance: sockets in a poll loop", "[conformance]") {
    check_sound(check_transport([] { return poll_transport(); }), {needs_tls, needs_two});
}

TEST_CASE("conformance: recording changes nothing", "[conformance]") {
    testing::recording tape;
    check_sound(check_transport([&tape] { return testing::record_transport(blocking_transport(), tape); }), {needs_tls, needs_two});
    CHECK(tape.exchanges.size() > 0);
}

TEST_CASE("conformance: what was recorded, written and read again is played back as it came", "[conformance]") {
    auto const make = [] {
        return [wire = std::make_shared<blocking_transport>()](http_request request) -> result<http_response> {
            auto const answer = wire->send(request);
            if (!answer) return answer;
            testing::server_request sent(std::string(to_string(request.method)), request.target);
            sent.headers = request.headers;
            sent.body = request.body;
            testing::recording tape;
            tape.exchanges.emplace_back(std::move(sent), *answer);
            auto const read = testing::recording::parse(tape.to_bytes());
            return read ? testing::replay_transport(*read).send(std::move(request)) : result<http_response>(read.error());
        };
    };
    check_sound(check_transport(make, conformance_options().timed().cancellable().tracking_writes()), {needs_tls, needs_two});
}

#ifdef UMBRACO_AI_TEST_WITH_CURL

TEST_CASE("conformance: libcurl's easy interface", "[conformance][curl]") {
    check_sound(check_transport([] { return curl_easy_transport(); }), {needs_tls, needs_two});
}

TEST_CASE("conformance: libcurl's easy interface over TLS", "[conformance][curl]") {
    testing::test_authority const authority;
    curl_options trust;
    trust.ca_pem = authority.pem();
    check_sound(check_transport([&] { return curl_easy_transport(trust); }, conformance_options().with_tls(authority.issue())), {needs_two});
}

TEST_CASE("conformance: libcurl's multi interface", "[conformance][curl]") {
    check_sound(check_transport([](boost::asio::io_context& io) { return curl_multi_transport(io); }), {needs_tls});
}

TEST_CASE("conformance: libcurl's multi interface over TLS", "[conformance][curl]") {
    testing::test_authority const authority;
    curl_options trust;
    trust.ca_pem = authority.pem();
    auto const make = [&](boost::asio::io_context& io) { return curl_multi_transport(io, trust); };
    check_sound(check_transport(make, conformance_options().with_tls(authority.issue())), {});
}

TEST_CASE("libcurl's multi interface: cancelling the coroutine ends the call, and the transport goes on", "[curl]") {
    testing::raw_server server({{testing::raw_step::read_request(), testing::raw_step::stay_silent()},
                                {testing::raw_step::read_request(), testing::raw_step::send("HTTP/1.1 204 No Content\r\n\r\n")}});
    boost::asio::io_context io;
    curl_multi_transport wire(io);
    http_request request;
    request.origin = server.origin();
    request.target = "/";
    boost::asio::cancellation_signal stop;
    result<http_response> answer;
    std::exception_ptr thrown;
    auto const keep = [&](std::exception_ptr error, result<http_response> given) {
        thrown = error;
        answer = std::move(given);
    };
    boost::asio::co_spawn(io, wire.send(request), boost::asio::bind_cancellation_slot(stop.slot(), keep));
    boost::asio::steady_timer timer(io, std::chrono::milliseconds(50));
    timer.async_wait([&](boost::system::error_code) { stop.emit(boost::asio::cancellation_type::terminal); });
    io.run();
    CHECK_FALSE(thrown);
    CHECK(failed_with(answer, errc::cancelled));

    boost::asio::co_spawn(io, wire.send(request), keep);
    io.restart();
    io.run();
    REQUIRE(answer);
    CHECK(answer->status == 204);
}

TEST_CASE("libcurl's multi interface: transport and context may go with a call in flight", "[curl]") {
    testing::raw_server server({{testing::raw_step::stay_silent()}});
    http_request request;
    request.origin = server.origin();
    request.target = "/";
    boost::asio::io_context io;
    {
        curl_multi_transport wire(io);
        boost::asio::co_spawn(io, wire.send(request), boost::asio::detached);
        io.run_for(std::chrono::milliseconds(50));
    }
    CHECK(io.run_for(std::chrono::milliseconds(80)) > 0);
}

#endif

namespace {

broken_transports faults_of_requests() {
    broken_transports all;
    all.emplace_back("A request arrives as it was given", broken_by([](sender const& wire, http_request request) {
        request.headers = without(request.headers, "X-Empty");
        return wire(std::move(request));
    }));

    all.emplace_back("A request arrives as it was given", broken_by([](sender const& wire, http_request request) {
        if (auto const dots = request.target.find("/c/../"); dots != std::string::npos) request.target.erase(dots, 5);
        if (auto const dots = request.target.find("/../"); dots != std::string::npos) request.target.erase(0, dots + 3);
        return wire(std::move(request));
    }));

    all.emplace_back("No header is invented", broken_by([](sender const& wire, http_request request) {
        request.headers.add("User-Agent", "careless/1.0");
        return wire(std::move(request));
    }));

    all.emplace_back("No header is invented", broken_by([cookie = std::make_shared<std::string>()](sender const& wire, http_request request) {
        if (!cookie->empty() && request.headers.size() == 1) request.headers.add("Cookie", *cookie);
        auto answer = wire(std::move(request));
        if (answer && answer->headers.contains("Set-Cookie")) *cookie = *answer->headers.find("Set-Cookie");
        return answer;
    }));

    all.emplace_back("The body of a request arrives whole", broken_by([](sender const& wire, http_request request) {
        request.body = request.body.c_str();
        return wire(std::move(request));
    }));
    return all;
}

broken_transports faults_of_answers() {
    broken_transports all;
    all.emplace_back("Any status is an answer", broken_by([](sender const& wire, http_request request) -> result<http_response> {
        auto answer = wire(std::move(request));
        if (answer && answer->status >= 500) return failure(errc::server_error, "It broke.");
        return answer;
    }));

    all.emplace_back("The header of an answer comes whole", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(std::move(request));
        if (answer) answer->headers = without(answer->headers, "X-Empty");
        return answer;
    }));

    all.emplace_back("The body of an answer comes whole", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(std::move(request));
        if (answer) answer->body = answer->body.c_str();
        return answer;
    }));

    all.emplace_back("Interim responses are passed over", broken_by([](sender const& wire, http_request request) -> result<http_response> {
        auto answer = wire(std::move(request));
        if (answer && answer->body == "after") return http_response(100);
        return answer;
    }));

    all.emplace_back("Redirects are not followed", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(request);
        if (answer && answer->status / 100 == 3 && answer->headers.contains("Location")) {
            request.target = *answer->headers.find("Location");
            answer = wire(std::move(request));
        }
        return answer;
    }));

    all.emplace_back("An answer belongs to its request", broken_by([last = std::make_shared<std::string>()](sender const& wire, http_request request) {
        auto answer = wire(std::move(request));
        if (answer && *last == "first") answer->body = "stale";
        *last = answer ? answer->body : "";
        return answer;
    }));

    all.emplace_back("The header of an answer is bounded", broken_by([](sender const& wire, http_request request) {
        request.limits.header_bytes = 1024 * 1024;
        return wire(std::move(request));
    }));

    all.emplace_back("The body of an answer is bounded", broken_by([](sender const& wire, http_request request) {
        request.limits.body_bytes = 1024 * 1024;
        return wire(std::move(request));
    }));
    return all;
}

broken_transports faults_of_failures() {
    broken_transports all;
    all.emplace_back("Nothing is sent twice", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(request);
        return failed_with(answer, errc::connection_closed) ? wire(std::move(request)) : std::move(answer);
    }));

    all.emplace_back("Nothing is sent twice", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(request);
        bool const is_passing = answer && answer->status == 503 && answer->headers.contains("Retry-After");
        return is_passing ? wire(std::move(request)) : std::move(answer);
    }));

    all.emplace_back("An answer that is cut short is a failure", broken_by([](sender const& wire, http_request request) -> result<http_response> {
        auto answer = wire(std::move(request));
        if (failed_with(answer, errc::connection_closed)) return http_response(200);
        return answer;
    }));

    all.emplace_back("What is not HTTP is a failure", broken_by([](sender const& wire, http_request request) -> result<http_response> {
        auto answer = wire(std::move(request));
        if (failed_with(answer, errc::malformed_response)) return http_response(200);
        return answer;
    }));

    all.emplace_back("A server that is not there is a failure", broken_by([](sender const& wire, http_request request) -> result<http_response> {
        auto answer = wire(std::move(request));
        if (failed_with(answer, errc::connect_failed)) return http_response(502);
        return answer;
    }));

    all.emplace_back("A failure leaves the transport usable", [] {
        return check_transport([]() -> sender {
            return [wire = std::make_shared<blocking_transport>(), is_broken = false](http_request request) mutable -> result<http_response> {
                if (is_broken) return failure(errc::transport_failed, "Still in the state of an earlier failure.");
                auto answer = wire->send(std::move(request));
                is_broken = !answer;
                return answer;
            };
        });
    });

    all.emplace_back("Each call gives one answer or one failure", broken_by([](sender const& wire, http_request request) {
        auto answer = wire(std::move(request));
        if (!answer) throw std::runtime_error("planted-secret");
        return answer;
    }));
    return all;
}

broken_transports faults_of_tls() {
    broken_transports all;
    all.emplace_back("What is meant for https is not sent in plain", broken_by([](sender const& wire, http_request request) {
        request.origin.tls = false;
        return wire(std::move(request));
    }));

    all.emplace_back(needs_tls, [] {
        blocking_transport trusting(tls_options().dangerously_accept_any_certificate_on_loopback());
        auto wire = [&trusting](http_request request) { return trusting.send(std::move(request)); };
        return check_transport(wire, conformance_options().with_tls(testing::test_certificate::self_signed()));
    });
    return all;
}

broken_transports faults_of_what_is_declared() {
    broken_transports all;
    all.emplace_back(needs_time, broken_by([](sender const& wire, http_request request) {
        if (request.limits.time > request.limits.time.zero()) request.limits.time = std::chrono::seconds(10);
        return wire(std::move(request));
    }, conformance_options().timed()));

    all.emplace_back(needs_cancel, broken_by([](sender const& wire, http_request request) {
        if (!request.limits.is_cancelled()) request.limits.cancelled = nullptr;
        return wire(std::move(request));
    }, conformance_options().cancellable()));

    all.emplace_back(needs_two, broken_by([one_by_one = std::make_shared<std::mutex>()](sender const& wire, http_request request) {
        std::lock_guard const guard(*one_by_one);
        return wire(std::move(request));
    }, conformance_options().concurrent()));

    for (bool const says : {false, true}) {
        all.emplace_back(needs_tracking, broken_by([says](sender const& wire, http_request request) {
            auto answer = wire(std::move(request));
            if (!answer) answer.error().possibly_applied = says;
            return answer;
        }, conformance_options().tracking_writes()));
    }
    return all;
}

}  // namespace

TEST_CASE("conformance: a fault of requests is found by its rule, and by no other", "[conformance]") { check_found(faults_of_requests()); }

TEST_CASE("conformance: a fault of answers is found by its rule, and by no other", "[conformance]") { check_found(faults_of_answers()); }

TEST_CASE("conformance: a fault of failures is found by its rule, and by no other", "[conformance]") { check_found(faults_of_failures()); }

TEST_CASE("conformance: a fault of TLS is found by its rule, and by no other", "[conformance]") { check_found(faults_of_tls()); }

TEST_CASE("conformance: what is declared and not kept is found by its rule, and by no other", "[conformance]") {
    check_found(faults_of_what_is_declared());
}

TEST_CASE("conformance: for each rule there is a transport that breaks it", "[conformance]") {
    std::set<std::string> broken;
    for (auto const& group : {faults_of_requests(), faults_of_answers(), faults_of_failures(), faults_of_tls(), faults_of_what_is_declared()})
        for (auto const& [rule, report] : group) broken.insert(rule);
    std::set<std::string> rules;
    for (auto const& finding : check_transport([] { return blocking_transport(); }).findings) rules.insert(finding.rule);
    CHECK(broken == rules);
}

TEST_CASE("conformance: a transport that only throws breaks rules, and the report repeats nothing of what it threw", "[conformance]") {
    auto throwing = [](http_request) -> result<http_response> { throw std::runtime_error("planted-secret"); };
    auto const report = check_transport(throwing, conformance_options().concurrent());
    CHECK_FALSE(report.passed());
    CHECK(report.findings.front().sentence() ==
          "failed: A request arrives as it was given: GET /conformance/rule?a=1 did not arrive, but gave \"transport: It threw an exception.\".");
    CHECK(report.findings.back().sentence() == "failed: Each call gives one answer or one failure: a call threw an exception; a transport gives a failure instead.");
    CHECK(report.to_string().find("planted") == std::string::npos);
}

TEST_CASE("conformance: a transport that waits for the end of each connection is not waited for", "[conformance]") {
    using boost::asio::ip::tcp;
    auto const patient = [](http_request request) -> result<http_response> {
        boost::asio::io_context io;
        boost::system::error_code error;
        tcp::socket socket(io);
        socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), request.origin.port), error);
        if (error) return failure(errc::connect_failed, "Nobody is there.");
        std::string bytes;
        request.headers.add("Connection", "close");
        static_cast<void>(http1::write_request(bytes, request));
        boost::asio::write(socket, boost::asio::buffer(bytes), error);
        std::string answer;
        boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
        std::size_t const end = answer.find("\r\n\r\n");
        if (end == std::string::npos) return failure(errc::connection_closed, "The answer was cut.");
        return http_response(std::stoi(answer.substr(9, 3)), answer.substr(end + 4));
    };
    auto const begin = std::chrono::steady_clock::now();
    auto const report = check_transport([&] { return patient; }, conformance_options().with_patience(std::chrono::seconds(2)));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
    CHECK_FALSE(report.passed());
    names const failed = report.rules(conformance_verdict::failed);
    REQUIRE(failed.size() == 2);
    CHECK(failed.front() == "The header of an answer comes whole");
    CHECK(report.findings.back().sentence() ==
          "failed: Each call gives one answer or one failure: a call did not end before its server went, and none was tried after it.");
    CHECK(report.findings[7].sentence() == "skipped: Redirects are not followed: an earlier call did not end.");
}

TEST_CASE("conformance: a report reads like sentences, and is a value") {
    conformance_report report;
    CHECK_FALSE(report.passed());
    report.findings.emplace_back("Redirects are not followed", conformance_verdict::passed);
    CHECK(report.passed());
    report.findings.emplace_back(needs_time, conformance_verdict::skipped, "timed is not declared");
    CHECK(report.passed());
    report.findings.emplace_back("Any status is an answer", conformance_verdict::failed, "404 came as a failure");
    CHECK_FALSE(report.passed());

    std::ostringstream text;
    text << report;
    CHECK(text.str() ==
          "passed: Redirects are not followed.\n"
          "skipped: A call ends within its time: timed is not declared.\n"
          "failed: Any status is an answer: 404 came as a failure.\n"
          "1 passed, 1 failed, 1 skipped\n");
    conformance_report const copy = report;
    CHECK(copy == report);
}

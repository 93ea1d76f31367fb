// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_MESSAGES_HPP
#define UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_MESSAGES_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/detail/conformance_bench.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// The rules of requests and answers as they are written. Each gives what is wrong, or nothing.
class conformance_messages {
public:
    [[nodiscard]] static std::string request_as_given(conformance_bench const& bench) {
        recording_server server(bench);
        auto const wire = bench.make();
        for (http_method const method : {http_method::get, http_method::post, http_method::put, http_method::delete_}) {
            std::string const body = method == http_method::post || method == http_method::put ? "{\"a\":1}" : "";
            for (std::string_view const target : {conformance_target, std::string_view("/a%2Fb/../c//./d?e=%20+%C3%A9&f=a%00b&g")}) {
                http_request request = conformance_request(server.origin(), method, body);
                request.target = target;
                request.headers.add("Accept", "application/json");
                request.headers.add("Authorization", "Bearer a.b.c");
                if (!body.empty()) request.headers.add("Content-Type", "application/json");
                request.headers.add("X-Text", "a, \"b\"; c=d:e");
                request.headers.add("X-Empty", "");
                request.headers.add("X-Twice", "1");
                request.headers.add("X-Twice", "2");
                auto const answer = wire->send(request);
                std::string const name = std::string(to_string(method)) + ' ' + std::string(target);
                if (server.seen().empty()) return name + " did not arrive, but gave " + shown(answer);
                if (std::string wrong = difference(request, server.seen().back()); !wrong.empty()) return name + " arrived with " + wrong;
            }
        }
        return {};
    }

    [[nodiscard]] static std::string nothing_invented(conformance_bench const& bench) {
        // Some libraries ask before they send a body beyond 1 MB.
        constexpr std::size_t large = 1200 * 1024;
        recording_server server(bench);
        auto const wire = bench.make();
        for (auto const& [method, size] :
             {std::pair(http_method::get, std::size_t(0)), std::pair(http_method::post, std::size_t(0)),
              std::pair(http_method::post, std::size_t(9)), std::pair(http_method::post, large), std::pair(http_method::put, std::size_t(9)),
              std::pair(http_method::delete_, std::size_t(0)), std::pair(http_method::get, std::size_t(0))}) {
            http_request request = conformance_request(server.origin(), method, std::string(size, 'a'));
            request.headers.add("Authorization", "Bearer a.b.c");
            static_cast<void>(wire->send(std::move(request)));
        }
        for (server_request const& seen : server.seen()) {
            std::string const known = ",host,content-length,connection,authorization,";
            std::string unused = known;
            for (header_view const field : seen.headers) {
                std::string name;
                for (char const c : field.name) name += umbraco_ai::detail::ascii_lower(c);
                std::size_t const at = unused.find(',' + name + ',');
                if (at == std::string::npos)
                    return seen.method + " came with " + std::string(field.name) + (known.find(',' + name + ',') == std::string::npos ? "" : " twice");
                unused.erase(at, name.size() + 1);
            }
        }
        return {};
    }

    [[nodiscard]] static std::string request_body_whole(conformance_bench const& bench) {
        recording_server server(bench);
        auto const wire = bench.make();
        for (std::string const& body :
             {std::string(), std::string("a"), std::string("\0\0\0", 3), std::string("\r\n\r\n"), all_bytes(256), all_bytes(1024 * 1024)}) {
            auto const answer = wire->send(conformance_request(server.origin(), http_method::put, body));
            std::string const name = "a body of " + std::to_string(body.size()) + " bytes";
            if (server.seen().empty()) return name + " did not arrive, but gave " + shown(answer);
            if (server.seen().back().body != body) return name + " arrived as another, of " + std::to_string(server.seen().back().body.size());
        }
        return {};
    }

    [[nodiscard]] static std::string any_status(conformance_bench const& bench) {
        int status = 0;
        loopback_server server(
            [&status](server_request const&) {
                http_response made(status, status == 204 || status == 304 ? "" : "{}");
                if (status == 401) made.headers.add("WWW-Authenticate", "Bearer");
                return made;
            },
            bench.options());
        auto const wire = bench.make();
        for (int const each : {200, 201, 202, 204, 304, 400, 401, 403, 404, 409, 410, 415, 422, 429, 500, 502, 503, 504}) {
            {
                auto const guard = server.lock();
                status = each;
            }
            auto const answer = wire->send(conformance_request(server.origin()));
            if (!answer || answer->status != each) return std::to_string(each) + " came as " + shown(answer);
        }
        return {};
    }

    [[nodiscard]] static std::string answer_header_whole(conformance_bench const& bench) {
        raw_server server(
            {answering(sized_answer("{}",
                                    "Content-Type: application/json; charset=utf-8\r\nx-lower: a:b\r\nX-Empty:\r\nX-Blanks: \t a b \t\r\n"
                                    "X-Twice: 1\r\nLocation: /x?y=%20\r\nX-Twice: 2\r\nX-High: \xc3\xa9\r\n"))},
            bench.tls, bench.patience);
        auto const answer = bench.send(conformance_request(server.origin()));
        if (!answer) return "an answer with eight fields gave " + shown(answer);
        for (auto const& [name, value] :
             {std::pair("Content-Type", "application/json; charset=utf-8"), std::pair("X-Lower", "a:b"), std::pair("X-Empty", ""),
              std::pair("X-Blanks", "a b"), std::pair("Location", "/x?y=%20"), std::pair("X-High", "\xc3\xa9")}) {
            auto const found = answer->headers.find(name);
            if (!found) return std::string(name) + " is missing";
            if (*found != value) return std::string(name) + " has another value";
        }
        if (values_of(answer->headers, "X-Twice") != "1,2") return "a field that came twice is not there twice";
        return {};
    }

    [[nodiscard]] static std::string answer_body_whole(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (std::string const& body : {std::string(), std::string("a"), std::string("\0\0\0", 3), std::string("\r\n0\r\n\r\n"), all_bytes(256),
                                        all_bytes(1024 * 1024)}) {
            for (framing const each : {framing::sized, framing::chunked}) {
                loopback_server server([&body](server_request const&) { return http_response(200, body); }, bench.options(each));
                if (std::string wrong =
                        compare(wire->send(conformance_request(server.origin())), body, each == framing::sized ? "sized" : "chunked");
                    !wrong.empty())
                    return wrong;
            }
        }
        std::string const until_closed = "HTTP/1.1 200 OK\r\n\r\n" + all_bytes(256);
        std::string const in_chunks =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n";
        raw_server closing({answering_once(until_closed)}, bench.tls, bench.patience);
        // Over TLS it may be refused by a transport that cannot tell this end from one that an attacker made.
        auto const until_the_close = wire->send(conformance_request(closing.origin()));
        bool const may_refuse = bench.has_tls() && !until_the_close;
        if (std::string wrong = compare(until_the_close, all_bytes(256), "until the close"); !wrong.empty() && !may_refuse) return wrong;
        raw_server slow({{raw_step::read_request(), raw_step::send_bytewise(in_chunks), raw_step::pause(std::chrono::milliseconds(2500)),
                          raw_step::close()}},
                        bench.tls, bench.patience);
        return compare(wire->send(conformance_request(slow.origin())), "abcde", "chunked, byte by byte");
    }

    [[nodiscard]] static std::string interim_passed_over(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (std::string const& interim : {std::string("HTTP/1.1 100 Continue\r\n\r\n"),
                                           std::string("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")}) {
            raw_server server({answering(interim + sized_answer("after"))}, bench.tls, bench.patience);
            auto const answer = wire->send(conformance_request(server.origin()));
            if (!answer || answer->status != 200 || answer->body != "after")
                return "the answer after " + interim.substr(9, 3) + " came as " + shown(answer);
            if (answer->headers.contains("Link")) return "a field of a 103 stands among those of the answer";
        }
        return {};
    }

    [[nodiscard]] static std::string redirects_not_followed(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (int const status : {301, 302, 303, 307, 308}) {
            recording_server server(bench, [status](server_request const& request) {
                http_response made(request.target == conformance_target ? status : 200, "{}");
                made.headers.add("Location", "/elsewhere");
                return made;
            });
            for (http_method const method : {http_method::get, http_method::post}) {
                auto const answer = wire->send(conformance_request(server.origin(), method, method == http_method::post ? "{}" : ""));
                if (!answer || answer->status != status) return "a " + std::to_string(status) + " came as " + shown(answer);
            }
            for (server_request const& seen : server.seen())
                if (seen.target != conformance_target) return "after a " + std::to_string(status) + " a request went to its Location";
        }
        return {};
    }

    /// A server that keeps what it was asked.
    class recording_server {
    public:
        explicit recording_server(conformance_bench const& bench, loopback_server::handler answer = {})
            : answer_(std::move(answer)), server_([this](server_request const& request) { return handle(request); }, bench.options()) {}

        [[nodiscard]] http_origin origin() const { return server_.origin(); }
        [[nodiscard]] std::vector<server_request> seen() {
            auto const guard = server_.lock();
            return seen_;
        }

    private:
        http_response handle(server_request const& request) {
            seen_.push_back(request);
            if (answer_) return answer_(request);
            http_response made(200, "{}");
            made.headers.add("Set-Cookie", "remembered=1; Path=/");
            return made;
        }

        loopback_server::handler answer_;
        std::vector<server_request> seen_;
        loopback_server server_;  // last: its thread uses the others
    };

private:
    [[nodiscard]] static std::string values_of(http_headers const& headers, std::string_view name) {
        std::string values;
        for (header_view const field : headers) {
            if (!umbraco_ai::detail::equals_ignoring_case(field.name, name)) continue;
            if (!values.empty()) values += ',';
            for (char const c : field.value)
                if (c != ' ') values += c;
        }
        return values;
    }

    [[nodiscard]] static std::string difference(http_request const& sent, server_request const& seen) {
        if (seen.method != to_string(sent.method)) return "the method " + seen.method;
        if (seen.target != sent.target) return "the target " + seen.target;
        if (seen.body != sent.body) return "another body";
        for (header_view const field : sent.headers)
            if (!seen.headers.contains(field.name)) return "no " + std::string(field.name);
            else if (values_of(seen.headers, field.name) != values_of(sent.headers, field.name)) return "another value of " + std::string(field.name);
        auto const host = seen.headers.find("Host");
        if (!host || *host != sent.origin.authority()) return "a Host that is not the origin's";
        auto const length = seen.headers.find("Content-Length");
        bool const needs_length = sent.method == http_method::post || sent.method == http_method::put;
        if (needs_length && (!length || *length != std::to_string(sent.body.size())))
            return "a Content-Length that is not its body's";
        return {};
    }

    [[nodiscard]] static std::string compare(result<http_response> const& answer, std::string_view body, std::string_view how) {
        if (answer && answer->status == 200 && answer->body == body) return {};
        return "a body of " + std::to_string(body.size()) + " bytes, " + std::string(how) + ", came as " +
               (answer && answer->body.size() == body.size() ? "another" : shown(answer));
    }
};

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

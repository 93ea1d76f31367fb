// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_FAILURES_HPP
#define UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_FAILURES_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/detail/conformance_bench.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// The rules of what goes wrong, and of what must not come of it. Each gives what is wrong, or nothing.
class conformance_failures {
public:
    [[nodiscard]] static std::string nothing_sent_twice(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (http_method const method : {http_method::get, http_method::post, http_method::put, http_method::delete_}) {
            std::string const name(to_string(method));
            std::string const body = method == http_method::post || method == http_method::put ? "{}" : "";
            {
                raw_server server({{raw_step::read_request(), raw_step::close()}}, bench.tls, bench.patience);
                static_cast<void>(wire->send(conformance_request(server.origin(), method, body)));
                if (times(server, name) > 1) return "a " + name + " that got no answer was sent again";
            }
            for (raw_step const& end : {raw_step::close(), raw_step::reset()}) {
                raw_server server({{raw_step::read_request(), raw_step::send(sized_answer("{}")), raw_step::read_request(), end},
                                   {raw_step::read_request(), raw_step::close()}},
                                  bench.tls, bench.patience);
                http_request first = conformance_request(server.origin());
                first.target = "/first";
                static_cast<void>(wire->send(std::move(first)));
                static_cast<void>(wire->send(conformance_request(server.origin(), method, body)));
                if (times(server, name) > (method == http_method::get ? 2U : 1U))
                    return "a " + name + " that got no answer on a kept connection was sent again";
            }
            for (int const status : {401, 408, 425, 429, 500, 503}) {
                loopback_server server(
                    [status](server_request const&) {
                        http_response made(status, "{}");
                        made.headers.add("Retry-After", "0");
                        return made;
                    },
                    bench.options());
                static_cast<void>(wire->send(conformance_request(server.origin(), method, body)));
                if (server.requests() > 1) return "a " + name + " that was answered with " + std::to_string(status) + " was sent again";
            }
        }
        return {};
    }

    [[nodiscard]] static std::string cut_is_failure(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (auto const& [place, bytes] :
             {std::pair("before its first byte", ""), std::pair("in its status line", "HTTP/1.1 20"),
              std::pair("in its header", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConten"),
              std::pair("between two fields", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"),
              std::pair("in its body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"),
              std::pair("before its body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
              std::pair("in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n12345"),
              std::pair("before its last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n")}) {
            raw_server server({answering_once(bytes)}, bench.tls, bench.patience);
            auto const answer = wire->send(conformance_request(server.origin()));
            if (answer) return std::string("one that ends ") + place + " came as " + shown(answer);
        }
        if (!bench.has_tls()) return {};
        raw_server server({{raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\n\r\n12345"), raw_step::truncate()}}, bench.tls, bench.patience);
        auto const answer = wire->send(conformance_request(server.origin()));
        return answer ? "one without a length that ends without the farewell of TLS came as " + shown(answer) : std::string();
    }

    [[nodiscard]] static std::string not_http_is_failure(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (std::string const& bytes :
             {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("\x15\x03\x03\x00\x02\x02\x28", 7), std::string("<html>hello</html>"),
              std::string("HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"), std::string(64, '\0')}) {
            raw_server server({answering_once(bytes)}, bench.tls, bench.patience);
            auto const answer = wire->send(conformance_request(server.origin()));
            if (answer) return "\"" + bytes.substr(0, bytes.find_first_of(std::string_view("\r\0\x15", 3))) + "\" came as " + shown(answer);
        }
        return {};
    }

    [[nodiscard]] static std::string absent_server_is_failure(conformance_bench const& bench) {
        auto const answer = bench.send(conformance_request(deserted_origin(bench.has_tls())));
        if (answer) return "a port where nobody listens gave " + shown(answer);
        if (answer.error().who != fault::transport) return "a port where nobody listens is no fault of the transport kind: " + shown(answer);
        return {};
    }

    [[nodiscard]] static std::string usable_after_failure(conformance_bench const& bench) {
        std::string const large(6000, 'a');
        for (auto const& [what, bytes] :
             {std::pair("an answer that was cut short", std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1")),
              std::pair("no answer", std::string()), std::pair("an answer that was not HTTP", std::string("hello\r\n\r\n")),
              std::pair("too large a header", sized_answer("", "X: " + large + "\r\n")), std::pair("too large a body", sized_answer(large))}) {
            raw_server server({answering_once(bytes), answering(sized_answer("fresh"))}, bench.tls, bench.patience);
            auto const wire = bench.make();
            http_request first = conformance_request(server.origin(), http_method::put, "{}");
            first.limits.header_bytes = 4000;
            first.limits.body_bytes = 4000;
            static_cast<void>(wire->send(std::move(first)));
            if (std::string wrong = next(*wire, server, what); !wrong.empty()) return wrong;
        }
        raw_server server({answering(sized_answer("fresh"))}, bench.tls, bench.patience);
        auto const wire = bench.make();
        static_cast<void>(wire->send(conformance_request(deserted_origin(bench.has_tls()))));
        return next(*wire, server, "a server that was not there");
    }

    [[nodiscard]] static std::string answer_of_its_request(conformance_bench const& bench) {
        raw_server server({{raw_step::read_request(), raw_step::send(sized_answer("first") + sized_answer("stale")), raw_step::read_request(),
                            raw_step::send(sized_answer("second")), raw_step::close()},
                           answering(sized_answer("second"))},
                          bench.tls, bench.patience);
        auto const wire = bench.make();
        static_cast<void>(wire->send(conformance_request(server.origin())));
        auto const answer = wire->send(conformance_request(server.origin()));
        if (answer && answer->body == "stale") return "what came after an answer was taken for the next one";
        return {};
    }

    [[nodiscard]] static std::string header_bounded(conformance_bench const& bench) {
        auto const wire = bench.make();
        auto const bounded = [](http_origin origin) {
            http_request request = conformance_request(std::move(origin));
            request.limits.header_bytes = 4000;
            return request;
        };
        {
            raw_server server({answering(sized_answer("{}", "X-Large: " + std::string(3500, 'a') + "\r\n"))}, bench.tls, bench.patience);
            auto const answer = wire->send(bounded(server.origin()));
            if (!answer) return "3500 bytes, where 4000 are accepted, gave " + shown(answer);
        }
        std::string fields;
        while (fields.size() < 8000) fields += "X-Field: 0123456789\r\n";
        for (auto const& [what, bytes] : {std::pair("in one field", sized_answer("{}", "X-Large: " + std::string(8000, 'a') + "\r\n")),
                                          std::pair("in many fields", sized_answer("{}", fields))}) {
            raw_server server({answering_once(bytes)}, bench.tls, bench.patience);
            auto const answer = wire->send(bounded(server.origin()));
            if (answer) return std::string("8000 bytes ") + what + ", where 4000 are accepted, came as " + shown(answer);
        }
        return {};
    }

    [[nodiscard]] static std::string body_bounded(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (std::size_t const size : {std::size_t(1000), std::size_t(1001), std::size_t(100000)}) {
            std::string const body(size, 'a');
            for (auto const& [how, bytes] : {std::pair("sized", sized_answer(body)), std::pair("chunked", chunked_answer(body)),
                                             std::pair("until the close", "HTTP/1.1 200 OK\r\n\r\n" + body)}) {
                raw_server server({answering_once(bytes)}, bench.tls, bench.patience);
                http_request request = conformance_request(server.origin());
                request.limits.body_bytes = 1000;
                auto const answer = wire->send(std::move(request));
                bool const may_refuse = bench.has_tls() && std::string_view(how) == "until the close";
                if (answer ? size > 1000 : size <= 1000 && !may_refuse)
                    return std::to_string(size) + " bytes, " + how + ", where 1000 are accepted, came as " + shown(answer);
            }
        }
        return {};
    }

    [[nodiscard]] static std::string https_not_in_plain(conformance_bench const& bench) {
        raw_server server(
            {{raw_step::read_bytes(24), raw_step::send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), raw_step::close()}},
            bench.patience);
        http_origin origin = server.origin();
        origin.tls = true;
        http_request request = conformance_request(std::move(origin));
        request.limits.time = std::chrono::seconds(2);
        auto const answer = bench.send(std::move(request));
        if (server.all_received().find("GET /") != std::string::npos) return "the request arrived in plain";
        return answer ? "a server without TLS gave " + shown(answer) : std::string();
    }

    [[nodiscard]] static std::string untrusted_refused(conformance_bench const& bench) {
        auto const wire = bench.make();
        for (auto const& [what, identity] : {std::pair("an unknown certificate", test_certificate::self_signed()),
                                             std::pair("a certificate of an unknown authority", test_authority().issue())}) {
            raw_server server({answering(sized_answer("{}"))}, identity, bench.patience);
            auto const answer = wire->send(conformance_request(server.origin()));
            if (answer) return std::string(what) + " gave " + shown(answer);
            if (!server.all_received().empty()) return std::string("the request was sent in spite of ") + what;
        }
        return {};
    }

    /// Judges all calls of the rules before it.
    [[nodiscard]] static std::string one_outcome(conformance_bench const& bench) {
        if (bench.notes().got_stuck) return "a call did not end before its server went, and none was tried after it";
        return bench.notes().threw ? "a call threw an exception; a transport gives a failure instead" : std::string();
    }

private:
    [[nodiscard]] static std::size_t times(raw_server const& server, std::string const& method) {
        return occurrences(server.all_received(), method + ' ' + std::string(conformance_target));
    }

    [[nodiscard]] static std::string next(conformance_subject& wire, raw_server const& server, std::string const& after) {
        auto const answer = wire.send(conformance_request(server.origin()));
        if (answer && answer->status == 200 && answer->body == "fresh") return {};
        return "after " + after + " the next call gave " + shown(answer);
    }
};

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_BENCH_HPP
#define UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_BENCH_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// A transport under test, whatever its type.
class conformance_subject {
public:
    conformance_subject() = default;
    conformance_subject(conformance_subject const&) = delete;
    conformance_subject& operator=(conformance_subject const&) = delete;
    virtual ~conformance_subject() = default;

    [[nodiscard]] virtual result<http_response> send(http_request request) = 0;

    /// Begins the other before it waits for the end of either.
    [[nodiscard]] virtual std::pair<result<http_response>, result<http_response>> send_both(http_request one, http_request other) = 0;
};

/// What was seen of all calls so far.
class conformance_notes {
public:
    conformance_notes() = default;

    bool threw = false;
    bool got_stuck = false;  ///< A call ended only when its server went.
};

/// Another subject, from which nothing is thrown: what was thrown is a failure, and noted. It is not kept, since what an exception
/// says may hold what was sent. Once a call was stuck, none is tried any more, or the end would take very long.
class careful_subject : public conformance_subject {
public:
    careful_subject(std::unique_ptr<conformance_subject> subject, std::shared_ptr<conformance_notes> notes, std::chrono::steady_clock::duration patience)
        : subject_(std::move(subject)), notes_(std::move(notes)), patience_(patience) {}

    result<http_response> send(http_request request) override {
        if (notes_->got_stuck) return failure(errc::transport_failed, "Not tried: an earlier call did not end before its server went.");
        auto const begin = std::chrono::steady_clock::now();
        result<http_response> answer = send_guarded(std::move(request));
        // The server went when it had been there for so long.
        if (std::chrono::steady_clock::now() - begin > patience_ * 3 / 4) {
            notes_->got_stuck = true;
            return failure(errc::transport_failed, "The call did not end before its server went.");
        }
        return answer;
    }

    std::pair<result<http_response>, result<http_response>> send_both(http_request one, http_request other) override {
        try {
            return subject_->send_both(std::move(one), std::move(other));
        } catch (...) {
            return {thrown(), thrown()};
        }
    }

private:
    result<http_response> send_guarded(http_request request) {
        try {
            return subject_->send(std::move(request));
        } catch (...) {
            return thrown();
        }
    }

    result<http_response> thrown() {
        notes_->threw = true;
        return failure(errc::transport_failed, "It threw an exception.");
    }

    std::unique_ptr<conformance_subject> subject_;
    std::shared_ptr<conformance_notes> notes_;
    std::chrono::steady_clock::duration patience_;
};

/// What a transport says that it can do.
class conformance_declarations {
public:
    conformance_declarations() = default;

    bool timed = false;
    bool cancellable = false;
    bool concurrent = false;
    bool tracks_writes = false;
};

/// What the rules have at hand.
class conformance_bench {
public:
    using clock = std::chrono::steady_clock;

    conformance_bench(std::function<std::unique_ptr<conformance_subject>()> make_subject, conformance_declarations says, server_tls server,
                      clock::duration server_time)
        : declared(says), tls(std::move(server)), patience(server_time), make_(std::move(make_subject)) {}

    conformance_declarations declared;
    server_tls tls;
    clock::duration patience;  ///< Each server is there for so long.

    [[nodiscard]] std::unique_ptr<conformance_subject> make() const { return std::make_unique<careful_subject>(make_(), notes_, patience); }

    [[nodiscard]] conformance_notes const& notes() const noexcept { return *notes_; }

    [[nodiscard]] bool has_tls() const noexcept { return !tls.identity.empty(); }

    [[nodiscard]] loopback_options options(framing body_framing = framing::sized) const {
        return loopback_options().with(body_framing).with_tls(tls).with_time_limit(patience);
    }

    /// One request on a transport of its own.
    [[nodiscard]] result<http_response> send(http_request request) const { return make()->send(std::move(request)); }

private:
    std::function<std::unique_ptr<conformance_subject>()> make_;
    std::shared_ptr<conformance_notes> notes_ = std::make_shared<conformance_notes>();
};

inline constexpr std::string_view conformance_target = "/conformance/rule?a=1";

/// A request with far more time than any rule takes.
[[nodiscard]] inline http_request conformance_request(http_origin origin, http_method method = http_method::get, std::string body = {}) {
    http_request made;
    made.method = method;
    made.origin = std::move(origin);
    made.target = conformance_target;
    made.body = std::move(body);
    made.limits.time = std::chrono::seconds(10);
    return made;
}

/// "HTTP 200, 2 bytes", or the failure.
[[nodiscard]] inline std::string shown(result<http_response> const& answer) {
    if (!answer) return '"' + answer.error().to_string() + '"';
    return "HTTP " + std::to_string(answer->status) + ", " + std::to_string(answer->body.size()) + " bytes";
}

[[nodiscard]] inline std::string sized_answer(std::string_view body, std::string_view fields = {}) {
    std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: ";
    return bytes.append(std::to_string(body.size())).append("\r\n").append(fields).append("\r\n").append(body);
}

[[nodiscard]] inline std::string chunked_answer(std::string_view body) {
    std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    return bytes.append(hexadecimal(body.size())).append("\r\n").append(body).append("\r\n0\r\n\r\n");
}

/// A connection that answers each of its requests so.
[[nodiscard]] inline raw_script answering(std::string const& bytes) {
    constexpr int most_requests = 16;
    raw_script script;
    for (int i = 0; i < most_requests; ++i) {
        script.push_back(raw_step::read_request());
        script.push_back(raw_step::send(bytes));
    }
    return script;
}

/// A connection that answers its first request so, and closes.
[[nodiscard]] inline raw_script answering_once(std::string bytes) {
    return {raw_step::read_request(), raw_step::send(std::move(bytes)), raw_step::close()};
}

/// A connection that says nothing for longer than any rule has patience, and closes.
[[nodiscard]] inline raw_script silent() {
    return {raw_step::read_request(), raw_step::pause(std::chrono::milliseconds(2500)), raw_step::close()};
}

/// Every byte that there is, as often as wanted, in an order that repeats late.
[[nodiscard]] inline std::string all_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(static_cast<unsigned char>(i ^ (i >> 8U) ^ (i >> 16U)));
    return bytes;
}

[[nodiscard]] inline std::size_t occurrences(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
    return count;
}

/// An origin where nobody listens.
[[nodiscard]] inline http_origin deserted_origin(bool use_tls) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor const acceptor(context, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    return http_origin(use_tls, "127.0.0.1", acceptor.local_endpoint().port());
}

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

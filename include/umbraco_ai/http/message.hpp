// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_MESSAGE_HPP
#define UMBRACO_AI_HTTP_MESSAGE_HPP

#include <umbraco_ai/http/headers.hpp>
#include <umbraco_ai/http/origin.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// The methods of RFC 9110 that the API uses.
enum class http_method : std::uint8_t { get, post, put, delete_ };

[[nodiscard]] constexpr std::string_view to_string(http_method value) noexcept {
    switch (value) {
        case http_method::get: return "GET";
        case http_method::post: return "POST";
        case http_method::put: return "PUT";
        case http_method::delete_: return "DELETE";
    }
    return "?";
}

/// What a transport must not exceed for one request. A transport that cannot honour one says so in its documentation.
class http_limits {
public:
    http_limits() = default;

    /// Time left for everything: queue, DNS, connect, write, read. Zero or less: give up at once.
    std::chrono::nanoseconds time = std::chrono::seconds(30);
    std::size_t header_bytes = 32 * 1024;        ///< Of the response: status line and fields, each interim response on its own.
    std::size_t body_bytes = 8 * 1024 * 1024;    ///< Of the response, after chunk decoding.
    bool (*cancelled)(void const*) = nullptr;    ///< Asked where the transport can; true means give up. It does not throw.
    void const* cancel_context = nullptr;        ///< Passed to `cancelled`.

    [[nodiscard]] bool is_cancelled() const { return cancelled != nullptr && cancelled(cancel_context); }

    friend bool operator==(http_limits const&, http_limits const&) = default;
};

/// What requests and answers have in common.
class http_message {
public:
    http_headers headers;
    std::string body;  ///< Of an answer: after chunk decoding.

protected:
    http_message() = default;
    explicit http_message(std::string body_bytes) noexcept : body(std::move(body_bytes)) {}
    http_message(http_message const&) = default;
    http_message(http_message&&) noexcept = default;
    http_message& operator=(http_message const& other) { return *this = http_message(other); }
    http_message& operator=(http_message&& other) noexcept {
        headers = std::move(other.headers);
        // As it may keep its memory.
        detail::wipe_message(body);
        body = std::move(other.body);
        return *this;
    }
    /// A body can hold credentials in plain, so it is overwritten, as the headers are.
    ~http_message() { detail::wipe_message(body); }

    [[nodiscard]] bool has_same(http_message const& other) const noexcept { return headers == other.headers && body == other.body; }
};

/// One request. A transport adds Host, Content-Length (whenever there is a body, and 0 for POST and PUT without one) and
/// Connection, and nothing else.
class http_request : public http_message {
public:
    http_request() = default;
    http_request(http_request const&) = default;
    http_request(http_request&&) noexcept = default;
    /// All or nothing, so that no header of one request ever goes with the origin of another.
    http_request& operator=(http_request const& other) { return *this = http_request(other); }
    http_request& operator=(http_request&&) noexcept = default;
    ~http_request() = default;

    http_method method = http_method::get;
    http_origin origin;
    std::string target;  ///< Origin form: percent-encoded path and query.
    http_limits limits;

    /// The template of the route, without base path, for logs and metrics: "/connections/{idOrAlias}". Empty where the request
    /// was not built from one. Lives as long as the program.
    std::string_view route;

    /// Where the transport notes what it spent its time on, from the start of `send` to its end and no longer; null where
    /// nobody asks.
    transfer_trace* trace = nullptr;

    /// Whether they are the same on the wire, and have the same limits.
    friend bool operator==(http_request const& a, http_request const& b) {
        return a.method == b.method && a.origin == b.origin && a.target == b.target && a.limits == b.limits && a.has_same(b);
    }

    /// Method and target. Header values and bodies can hold secrets and are not shown.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, http_request const& value) {
        return out << to_string(value.method) << ' ' << value.target;
    }
};

/// One answer; any status is an answer.
class http_response : public http_message {
public:
    http_response() = default;
    explicit http_response(int status_code, std::string body_bytes = {}) : http_message(std::move(body_bytes)), status(status_code) {}

    int status = 0;
    std::uint64_t origin_tag = 0;  ///< Tells the answers of one origin from another's; set by the client, never by a transport.

    friend bool operator==(http_response const& a, http_response const& b) {
        return a.status == b.status && a.origin_tag == b.origin_tag && a.has_same(b);
    }

    /// Status and size. A body can hold secrets and is not shown.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, http_response const& value) {
        return out << "HTTP " << value.status << ", " << value.body.size() << " bytes";
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

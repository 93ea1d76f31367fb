// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_MESSAGE_HPP
#define UMBRACO_AI_HTTP_MESSAGE_HPP

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
#include <vector>

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

namespace detail {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    // Mostly the case is the same too.
    if (a == b) return true;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
    return true;
}

}  // namespace detail

/// One header field.
class http_header {
public:
    http_header() = default;
    http_header(std::string field_name, std::string field_value) : name(std::move(field_name)), value(std::move(field_value)) {}

    std::string name;
    std::string value;

    friend bool operator==(http_header const&, http_header const&) = default;
};

/// Header fields in the order in which they stand; names are compared ignoring case.
class http_headers {
public:
    http_headers() = default;

    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }

    /// Makes room for so many fields.
    void reserve(std::size_t count) { fields_.reserve(count); }

    /// The value of the first field of this name, or null.
    [[nodiscard]] std::string const* find(std::string_view name) const noexcept {
        for (auto const& field : fields_)
            if (detail::equals_ignoring_case(field.name, name)) return &field.value;
        return nullptr;
    }

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
    [[nodiscard]] auto end() const noexcept { return fields_.end(); }

    /// Overwrites every value and removes all fields.
    void wipe() noexcept {
        for (http_header& field : fields_) detail::wipe(field.value);
        fields_.clear();
    }

    friend bool operator==(http_headers const&, http_headers const&) = default;

private:
    std::vector<http_header> fields_;
};

/// Where requests go: scheme, host and port. Credentials belong to one origin.
class http_origin {
public:
    http_origin() = default;
    http_origin(bool use_tls, std::string host_name, std::uint16_t port_number)
        : tls(use_tls), host(std::move(host_name)), port(port_number) {}

    bool tls = true;
    std::string host;  ///< Lower case; an IPv6 address without brackets.
    std::uint16_t port = 443;

    /// "https://cms.example.com", "http://[::1]:8080": the port is left out where it is the scheme's own.
    [[nodiscard]] std::string to_string() const { return (tls ? "https://" : "http://") + authority(); }

    /// The value of the Host header.
    [[nodiscard]] std::string authority() const {
        std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
        if (port != (tls ? 443 : 80)) text += ':' + std::to_string(port);
        return text;
    }

    friend bool operator==(http_origin const&, http_origin const&) = default;
};

/// What a transport must not exceed for one request. A transport that cannot honour one says so in its documentation.
class http_limits {
public:
    http_limits() = default;

    /// Time left for everything: queue, DNS, connect, write, read. Zero or less: give up at once.
    std::chrono::nanoseconds time = std::chrono::seconds(30);
    std::size_t header_bytes = 32 * 1024;        ///< Of the response: status line and fields, each interim response on its own.
    std::size_t body_bytes = 8 * 1024 * 1024;    ///< Of the response, after chunk decoding.
    bool (*cancelled)(void const*) = nullptr;    ///< Asked where the transport can; true means give up.
    void const* cancel_context = nullptr;        ///< Passed to `cancelled`.

    [[nodiscard]] bool is_cancelled() const { return cancelled != nullptr && cancelled(cancel_context); }

    friend bool operator==(http_limits const&, http_limits const&) = default;
};

/// One request. A transport adds Host, Content-Length (whenever there is a body, and 0 for POST and PUT without one) and
/// Connection, and nothing else.
class http_request {
public:
    http_request() = default;
    http_request(http_request const&) = default;
    http_request(http_request&&) noexcept = default;
    http_request& operator=(http_request const&) = default;
    http_request& operator=(http_request&&) noexcept = default;

    /// A body can hold credentials, and headers hold the token, so both are overwritten.
    ~http_request() {
        detail::wipe(body);
        headers.wipe();
    }

    http_method method = http_method::get;
    http_origin origin;
    std::string target;  ///< Origin form: percent-encoded path and query.
    http_headers headers;
    std::string body;
    http_limits limits;

    /// The template of the route, without base path, for logs and metrics: "/connections/{idOrAlias}". Empty where the request
    /// was not built from one. Lives as long as the program.
    std::string_view route;

    /// Where the transport notes what it spent its time on, from the start of `send` to its end and no longer; null where
    /// nobody asks.
    transfer_trace* trace = nullptr;

    /// Whether they are the same on the wire, and have the same limits.
    friend bool operator==(http_request const& a, http_request const& b) {
        return a.method == b.method && a.origin == b.origin && a.target == b.target && a.headers == b.headers && a.body == b.body && a.limits == b.limits;
    }

    /// Method and target. Header values and bodies can hold secrets and are not shown.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, http_request const& value) {
        return out << to_string(value.method) << ' ' << value.target;
    }
};

/// One answer; any status is an answer.
class http_response {
public:
    http_response() = default;
    http_response(http_response const&) = default;
    http_response(http_response&&) noexcept = default;
    http_response& operator=(http_response const&) = default;
    http_response& operator=(http_response&&) noexcept = default;
    /// A body can hold credentials in plain, so it is overwritten.
    ~http_response() { detail::wipe(body); }
    explicit http_response(int status_code, std::string body_bytes = {}) : status(status_code), body(std::move(body_bytes)) {}

    int status = 0;
    http_headers headers;
    std::string body;  ///< After chunk decoding.
    std::uint64_t origin_tag = 0;  ///< Tells the answers of one origin from another's; set by the client, never by a transport.

    friend bool operator==(http_response const&, http_response const&) = default;

    /// Status and size. A body can hold secrets and is not shown.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, http_response const& value) {
        return out << "HTTP " << value.status << ", " << value.body.size() << " bytes";
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

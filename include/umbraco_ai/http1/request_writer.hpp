// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_REQUEST_WRITER_HPP
#define UMBRACO_AI_HTTP1_REQUEST_WRITER_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/headers.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/origin.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// See `http1::write_head`.
template <Sink S, class R, class PutAuthority>
void write_head(S& sink, R const& request, PutAuthority put_authority_text) {
    put(sink, to_string(request.method));
    put(sink, ' ');
    put(sink, request.target);
    put(sink, " HTTP/1.1\r\nHost: ");
    put_authority_text();
    for (auto const& field : request.headers) {
        put(sink, "\r\n");
        put(sink, field.name);
        put(sink, ": ");
        put(sink, field.value);
    }
    bool const announces_no_body = request.method == http_method::post || request.method == http_method::put;
    if (!request.body.empty() || announces_no_body) {
        put(sink, "\r\nContent-Length: ");
        put_number(sink, request.body.size());
    }
    put(sink, "\r\n\r\n");
}

}  // namespace detail

namespace http1 {

using umbraco_ai::header_view;

/// An `http_origin` that refers to the text of its owner.
class origin_view {
public:
    constexpr origin_view() = default;
    constexpr origin_view(bool use_tls, std::string_view host_name, std::uint16_t port_number) noexcept
        : tls(use_tls), host(host_name), port(port_number) {}

    bool tls = true;
    std::string_view host;  ///< An IPv6 address without brackets.
    std::uint16_t port = 443;
};

/// An `http_request` that refers to the texts of its owner and allocates nothing.
class request_view {
public:
    constexpr request_view() = default;
    constexpr request_view(http_method request_method, origin_view const& where, std::string_view request_target) noexcept
        : method(request_method), origin(where), target(request_target) {}

    http_method method = http_method::get;
    origin_view origin;
    std::string_view target;  ///< Origin form: percent-encoded path and query.
    std::span<header_view const> headers;
    std::string_view body;
};

/// `http_request`, `request_view`, or what has the same members.
template <class R>
concept RequestParts = requires(R const& request) {
    { request.method } -> std::convertible_to<http_method>;
    { request.origin.tls } -> std::convertible_to<bool>;
    { request.origin.host } -> std::convertible_to<std::string_view>;
    { request.origin.port } -> std::convertible_to<std::uint16_t>;
    { request.target } -> std::convertible_to<std::string_view>;
    { request.headers.begin()->name } -> std::convertible_to<std::string_view>;
    { request.headers.begin()->value } -> std::convertible_to<std::string_view>;
    { request.body } -> std::convertible_to<std::string_view>;
};

/// Why a request is not written. False where nothing is wrong with it.
class request_defect {
public:
    constexpr request_defect() = default;
    constexpr request_defect(char const* sentence, std::string_view part) noexcept : text(sentence), field(part) {}

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return text != nullptr; }

    char const* text = nullptr;  ///< One sentence for a person.
    std::string_view field;      ///< "target", "host", "port", "headers", or the name of a header, which belongs to the request.
};

/// What would make a request another one on its way (request smuggling), or no request at all.
template <RequestParts R>
[[nodiscard]] constexpr request_defect find_defect(R const& request) noexcept {
    std::string_view const target = request.target;
    if (!target.starts_with('/')) return {"A request target begins with '/'; give the percent-encoded path and query.", "target"};
    if (!detail::is_visible(target))
        return {"The request target holds a blank, a control byte or a byte beyond ASCII; percent-encode it.", "target"};
    std::string_view const host = request.origin.host;
    if (host.empty()) return {"The origin has no host.", "host"};
    for (char const c : host)
        if (!detail::host_chars[static_cast<unsigned char>(c)])
            return {"The host holds a character that no host name has.", "host"};
    if (request.origin.port == 0) return {"The origin has port 0.", "port"};
    for (auto const& field : request.headers) {
        std::string_view const name = field.name;
        if (!detail::is_token(name)) return {"The name of a header is empty or holds a character that is not allowed there.", "headers"};
        if (!detail::is_field_value(field.value)) return {"The value of this header holds a control byte or a line end.", name};
        for (std::string_view const own : {std::string_view("Host"), std::string_view("Content-Length"), std::string_view("Transfer-Encoding")})
            if (name.size() == own.size() && detail::equals_ignoring_case(name, own)) return {"The transport writes this header; leave it out.", name};
    }
    return {};
}

/// Writes the request line and the header of a request without defect, up to and including the empty line: Host, the given
/// headers, and Content-Length wherever there is a body, and 0 for POST and PUT without one.
template <Sink S, RequestParts R>
void write_head(S& sink, R const& request) {
    detail::write_head(sink, request, [&] { detail::put_authority(sink, request.origin); });
}
/// The same for who has the origin's `authority()` already.
template <Sink S, RequestParts R>
void write_head(S& sink, R const& request, std::string_view authority) {
    detail::write_head(sink, request, [&] { detail::put(sink, authority); });
}

/// Writes a whole request, or nothing where it has a defect. A `fixed_buffer` says itself whether all of it fitted in.
template <Sink S, RequestParts R>
[[nodiscard]] request_defect write_request(S& sink, R const& request) {
    if (request_defect const found = find_defect(request)) return found;
    write_head(sink, request);
    detail::put(sink, request.body);
    return {};
}

/// Whether the header of a request, or of an answer, asks for the connection to be closed after the answer.
template <class Headers>
[[nodiscard]] constexpr bool asks_to_close(Headers const& headers) noexcept {
    for (auto const& field : headers)
        if (detail::equals_ignoring_case(field.name, "Connection") && detail::lists_token(field.value, "close")) return true;
    return false;
}

}  // namespace http1

namespace detail {

/// Success if the request can be written without becoming another one on its way.
[[nodiscard]] inline result<void> check_request(http_request const& request) {
    http1::request_defect const found = http1::find_defect(request);
    if (found) return failure(errc::invalid_argument, found.text).at(std::string(found.field));
    return result<void>::ok();
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP
#define UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// A character of an RFC 9110 token.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Neither a blank, nor a control byte, nor beyond ASCII.
[[nodiscard]] constexpr bool is_visible_char(char c) noexcept { return c > ' ' && c < '\x7f'; }

[[nodiscard]] constexpr bool is_field_value_char(char c) noexcept {
    auto const byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/// Success if the request can be written without becoming another one on its way (request smuggling).
[[nodiscard]] inline result<void> check_request(http_request const& request) {
    auto const refuse = [](char const* text, char const* field) { return failure(errc::invalid_argument, text).at(field); };

    if (request.target.empty() || request.target.front() != '/')
        return refuse("A request target begins with '/'; give the percent-encoded path and query.", "target");
    if (!std::all_of(request.target.begin(), request.target.end(), is_visible_char))
        return refuse("The request target holds a blank, a control byte or a byte beyond ASCII; percent-encode it.", "target");
    if (request.origin.host.empty()) return refuse("The origin has no host.", "host");
    for (char const c : request.origin.host)
        if (!is_visible_char(c) || std::string_view("/\\?#@[]\"<>,").find(c) != std::string_view::npos)
            return refuse("The host holds a character that no host name has.", "host");
    if (request.origin.port == 0) return refuse("The origin has port 0.", "port");
    for (auto const& field : request.headers) {
        if (field.name.empty() || !std::all_of(field.name.begin(), field.name.end(), is_token_char))
            return refuse("The name of a header is empty or holds a character that is not allowed there.", "headers");
        if (!std::all_of(field.value.begin(), field.value.end(), is_field_value_char))
            return failure(errc::invalid_argument, "The value of this header holds a control byte or a line end.")
                .at(field.name);
        for (std::string_view const own : {"Host", "Content-Length", "Transfer-Encoding"})
            if (equals_ignoring_case(field.name, own))
                return failure(errc::invalid_argument, "The transport writes this header; leave it out.").at(field.name);
    }
    return result<void>::ok();
}

/// Whether a comma-separated list, such as the value of Connection, names a token.
[[nodiscard]] inline bool lists_token(std::string_view list, std::string_view token) {
    while (true) {
        std::size_t const comma = list.find(',');
        std::string_view item = list.substr(0, comma);
        while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
        while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
        if (equals_ignoring_case(item, token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

/// The request line and the header of a checked request, up to and including the empty line.
[[nodiscard]] inline std::string request_head(http_request const& request) {
    std::string head;
    std::size_t size = 96 + request.target.size() + request.origin.host.size();
    for (auto const& field : request.headers) size += field.name.size() + field.value.size() + 4;
    head.reserve(size);
    head.append(to_string(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    head.append(request.origin.authority()).append("\r\n");
    for (auto const& field : request.headers) head.append(field.name).append(": ").append(field.value).append("\r\n");
    bool const announces_no_body = request.method == http_method::post || request.method == http_method::put;
    if (!request.body.empty() || announces_no_body)
        head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    head.append("\r\n");
    return head;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_ORIGIN_HPP
#define UMBRACO_AI_HTTP_ORIGIN_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

template <Sink S>
void put_number(S& sink, std::size_t number) {
    char digits[20];
    auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    sink.append(digits, static_cast<std::size_t>(end - digits));
}

/// The value of the Host header, of an `http_origin` or of what has the same members.
template <Sink S, class Origin>
void put_authority(S& sink, Origin const& origin) {
    std::string_view const host = origin.host;
    bool const is_ipv6 = host.find(':') != std::string_view::npos;
    if (is_ipv6) put(sink, '[');
    put(sink, host);
    if (is_ipv6) put(sink, ']');
    if (origin.port != (origin.tls ? 443 : 80)) {
        put(sink, ':');
        put_number(sink, origin.port);
    }
}

}  // namespace detail

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
        std::string text;
        detail::put_authority(text, *this);
        return text;
    }

    friend bool operator==(http_origin const&, http_origin const&) = default;
};

UMBRACO_AI_END_NAMESPACE

#endif

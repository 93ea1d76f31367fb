// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ERRC_HPP
#define UMBRACO_AI_ERRC_HPP

#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

/// Who erred.
enum class fault : std::uint8_t {
    none,            ///< Nobody; a default-constructed failure.
    usage,           ///< The caller: nothing was sent.
    authentication,  ///< Not signed in, or signed in without the right.
    transport,       ///< The network, or a peer that does not speak HTTP.
    timeout,         ///< The deadline passed.
    cancelled,       ///< The caller gave up.
    server,          ///< The server said no, or broke.
    decode           ///< The answer is not what this API answers.
};

/// The lower-case name of a fault, as it begins the text of a failure.
[[nodiscard]] constexpr std::string_view to_string(fault value) noexcept {
    switch (value) {
        case fault::none: return "none";
        case fault::usage: return "usage";
        case fault::authentication: return "authentication";
        case fault::transport: return "transport";
        case fault::timeout: return "timeout";
        case fault::cancelled: return "cancelled";
        case fault::server: return "server";
        case fault::decode: return "decode";
    }
    return "unknown";
}

/// What went wrong. A transport may give codes of its own category instead (Asio's, libcurl's); the fault stays ours.
enum class errc : int {
    // usage
    invalid_argument = 1,  ///< A parameter or a member is outside what the API can mean; `failure::field` names it.
    invalid_base_url,
    insecure_origin,  ///< Credentials over plain http to a host that is not loopback.
    tls_unavailable,  ///< https on a transport without TLS.
    masked_value,     ///< A value such as `sk-***` would be stored as the key itself.
    unreadable_secret,  ///< An `ENC:` value, which only the connection it was read from can take back.
    buffer_too_small,
    client_busy,  ///< A second call on a client that does one at a time.
    read_only_client,  ///< A write on a client that was told to read only.

    // transport, timeout, cancelled
    resolve_failed = 100,
    connect_failed,
    connection_closed,   ///< The peer closed before the answer was complete.
    malformed_response,  ///< Not HTTP, or HTTP that contradicts itself.
    header_too_large,
    body_too_large,
    too_many_interim_responses,
    protocol_switched,  ///< 101, which nobody asked for.
    deadline_exceeded,
    cancelled,
    transport_failed,  ///< Anything else a transport reports.
    tls_failed,            ///< No TLS with this peer: it speaks none, too old a one, or wants a client certificate.
    certificate_rejected,  ///< The peer's certificate does not prove that it is the host.

    // authentication
    not_signed_in = 200,  ///< 401, a redirect to a login page, or an HTML page in place of an answer.
    forbidden,            ///< 403.

    // server
    bad_request = 300,  ///< 400.
    not_found,          ///< 404.
    conflict,           ///< 409, or 400 because a connection is in use.
    server_error,       ///< 5xx.
    unexpected_status,
    lost_update,        ///< Someone else wrote between the read and the write; the site's version history has their state.
    settings_wiped,     ///< The credentials that were there before a write are gone after it.
    not_applied,        ///< The server said yes and did not do it.

    // decode
    malformed_json = 400,
    wrong_type,
    missing_member,
    invalid_value,  ///< Of the right JSON type, but no guid, or out of the number's range.
    nested_too_deep,
    invalid_utf8,
    empty_body,
    not_json
};

namespace detail {

[[nodiscard]] constexpr char const* describe(errc value) noexcept {
    switch (value) {
        case errc::invalid_argument: return "invalid argument";
        case errc::invalid_base_url: return "invalid base URL";
        case errc::insecure_origin: return "credentials over plain http";
        case errc::tls_unavailable: return "TLS unavailable";
        case errc::masked_value: return "masked value";
        case errc::unreadable_secret: return "unreadable secret";
        case errc::buffer_too_small: return "buffer too small";
        case errc::client_busy: return "client busy";
        case errc::read_only_client: return "read-only client";
        case errc::resolve_failed: return "host name not resolved";
        case errc::connect_failed: return "connection failed";
        case errc::connection_closed: return "connection closed before the answer was complete";
        case errc::malformed_response: return "malformed HTTP response";
        case errc::header_too_large: return "response header too large";
        case errc::body_too_large: return "response body too large";
        case errc::too_many_interim_responses: return "too many interim responses";
        case errc::protocol_switched: return "unexpected protocol switch";
        case errc::deadline_exceeded: return "deadline exceeded";
        case errc::cancelled: return "cancelled";
        case errc::transport_failed: return "transport failed";
        case errc::tls_failed: return "TLS failed";
        case errc::certificate_rejected: return "certificate rejected";
        case errc::not_signed_in: return "not signed in";
        case errc::forbidden: return "forbidden";
        case errc::bad_request: return "bad request";
        case errc::not_found: return "not found";
        case errc::conflict: return "conflict";
        case errc::server_error: return "server error";
        case errc::unexpected_status: return "unexpected status";
        case errc::lost_update: return "lost update";
        case errc::settings_wiped: return "settings wiped";
        case errc::not_applied: return "not applied";
        case errc::malformed_json: return "malformed JSON";
        case errc::wrong_type: return "wrong JSON type";
        case errc::missing_member: return "missing member";
        case errc::invalid_value: return "invalid value";
        case errc::nested_too_deep: return "nested too deep";
        case errc::invalid_utf8: return "invalid UTF-8";
        case errc::empty_body: return "empty body";
        case errc::not_json: return "not JSON";
    }
    return "unknown";
}

class error_category_impl final : public std::error_category {
public:
    [[nodiscard]] char const* name() const noexcept override { return "umbraco_ai"; }
    [[nodiscard]] std::string message(int value) const override { return describe(static_cast<errc>(value)); }
};

}  // namespace detail

/// The category of `errc` values.
[[nodiscard]] inline std::error_category const& error_category() noexcept {
    static detail::error_category_impl const instance;
    return instance;
}

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
    return {static_cast<int>(value), error_category()};
}

/// The fault that an `errc` belongs to.
[[nodiscard]] constexpr fault fault_of(errc value) noexcept {
    if (value == errc::deadline_exceeded) return fault::timeout;
    if (value == errc::cancelled) return fault::cancelled;
    int const number = static_cast<int>(value);
    if (number < 100) return fault::usage;
    if (number < 200) return fault::transport;
    if (number < 300) return fault::authentication;
    if (number < 400) return fault::server;
    return fault::decode;
}

UMBRACO_AI_END_NAMESPACE

template <>
struct std::is_error_code_enum<umbraco_ai::errc> : std::true_type {};

#endif

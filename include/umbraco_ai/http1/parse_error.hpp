// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_PARSE_ERROR_HPP
#define UMBRACO_AI_HTTP1_PARSE_ERROR_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// Why bytes are no answer that this library takes.
enum class parse_error : std::uint8_t {
    none,
    not_http,  ///< The first bytes are not those of HTTP/1.0 or HTTP/1.1.
    bad_status,
    bad_line_end,  ///< A line feed without a carriage return before it.
    bad_field,     ///< A name that is no token, no colon, or a control byte in the value.
    folded_field,  ///< A line that goes on from the one before (obs-fold). Its parts can be read as one field or as two.
    bad_connection,
    bad_content_length,     ///< No number, one beyond 64 bits, or several that differ.
    bad_transfer_encoding,  ///< Another coding than chunked alone, or chunked beside Content-Length.
    bad_chunk,
    bad_chunk_extension,  ///< Not of the grammar, or more than `response_limits::extension_bytes`.
    header_too_large,     ///< The header, a trailer, or one line of them.
    too_many_fields,
    body_too_large,
    too_many_interim_responses,
    protocol_switched,
    connection_closed  ///< The connection ended before the answer was complete.
};

[[nodiscard]] constexpr std::string_view to_string(parse_error value) noexcept {
    switch (value) {
        case parse_error::none: return "no error";
        case parse_error::not_http: return "it does not begin with HTTP/1.0 or HTTP/1.1";
        case parse_error::bad_status: return "a bad status line";
        case parse_error::bad_line_end: return "a line that ends without CR LF";
        case parse_error::bad_field: return "a bad header field";
        case parse_error::folded_field: return "a folded header field";
        case parse_error::bad_connection: return "a bad Connection field";
        case parse_error::bad_content_length: return "a bad Content-Length";
        case parse_error::bad_transfer_encoding: return "a bad Transfer-Encoding";
        case parse_error::bad_chunk: return "a bad chunk";
        case parse_error::bad_chunk_extension: return "a bad chunk extension";
        case parse_error::header_too_large: return "a header that is too large";
        case parse_error::too_many_fields: return "too many header fields";
        case parse_error::body_too_large: return "a body that is too large";
        case parse_error::too_many_interim_responses: return "too many interim responses";
        case parse_error::protocol_switched: return "a switch to another protocol";
        case parse_error::connection_closed: return "the connection closed before its end";
    }
    return "an unknown error";
}

/// The code of the failure that a transport gives.
[[nodiscard]] constexpr errc code_of(parse_error value) noexcept {
    switch (value) {
        case parse_error::header_too_large:
        case parse_error::too_many_fields: return errc::header_too_large;
        case parse_error::body_too_large: return errc::body_too_large;
        case parse_error::too_many_interim_responses: return errc::too_many_interim_responses;
        case parse_error::protocol_switched: return errc::protocol_switched;
        case parse_error::connection_closed: return errc::connection_closed;
        default: return errc::malformed_response;
    }
}

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_FAILURES_HPP
#define UMBRACO_AI_HTTP1_FAILURES_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What a transport is at, for the text of a failure.
[[nodiscard]] constexpr char const* step_of(transfer_phase phase) noexcept {
    switch (phase) {
        case transfer_phase::queue: return "waiting for a free connection";
        case transfer_phase::resolve: return "resolving the host name";
        case transfer_phase::connect: return "connecting";
        case transfer_phase::tls: return "negotiating TLS";
        case transfer_phase::send: return "sending the request";
        case transfer_phase::first_byte: return "waiting for the answer";
        case transfer_phase::header: return "reading the header of the answer";
        case transfer_phase::body: return "reading the body of the answer";
    }
    return "?";
}

/// "cms.example.com:443", for the text of a failure.
[[nodiscard]] inline std::string peer_name(http_origin const& origin) {
    return (origin.host.find(':') == std::string::npos ? origin.host : '[' + origin.host + ']') + ':' + std::to_string(origin.port);
}

/// An answer that is not taken. `reason` is what its parser says.
[[nodiscard]] inline failure answer_failure(errc code, http_request const& request, std::string_view reason) {
    switch (code) {
        case errc::header_too_large:
            return failure(code, "The header of the answer, or a trailer of it, is larger than the " + std::to_string(request.limits.header_bytes) +
                                     " bytes this call accepts (http_limits::header_bytes), or has more than 256 fields.");
        case errc::body_too_large:
            return failure(code, "The body of the answer is larger than the " + std::to_string(request.limits.body_bytes) +
                                     " bytes this call accepts (http_limits::body_bytes); ask for less at once, or allow more.");
        case errc::protocol_switched: return failure(code, "The server switched to another protocol, which nobody asked for.");
        case errc::too_many_interim_responses: return failure(code, "The server sent more than 5 interim responses (1xx) and no answer.");
        default:
            return failure(code, "What " + peer_name(request.origin) + " answered is not HTTP/1.1 (" + std::string(reason) +
                                     "); check scheme and port of the base URL.");
    }
}

/// A call that its caller gave up. `step` is what it was at.
[[nodiscard]] inline failure cancelled_failure(std::string_view step) {
    return failure(errc::cancelled, "The call was cancelled while " + std::string(step) + '.');
}

[[nodiscard]] inline failure deadline_failure(http_request const& request, std::string_view step) {
    return failure(errc::deadline_exceeded, "The time for the call ran out while " + std::string(step) + " (" + peer_name(request.origin) +
                                                "); give it more, or check that the server answers.");
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

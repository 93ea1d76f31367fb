// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_EVENT_HPP
#define UMBRACO_AI_HTTP1_EVENT_HPP

#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// Bounds of one answer. A line is bounded by the scratch memory of the parser too.
class response_limits {
public:
    constexpr response_limits() = default;

    std::uint64_t header_bytes = 32 * 1024;       ///< Status line and fields, of each interim response and of a trailer on its own.
    std::uint32_t header_fields = 256;            ///< Likewise.
    std::uint64_t body_bytes = 8 * 1024 * 1024;   ///< After chunk decoding.
    std::uint32_t extension_bytes = 4096;         ///< Of all chunk extensions of one answer.
    std::uint32_t interim_responses = 5;          ///< 1xx before the answer.
    bool drops_long_fields = false;               ///< Leaves out a field that the scratch memory does not hold, in place of failing.
};

enum class event_kind : std::uint8_t {
    need_more,   ///< All bytes are used up; go on when there are more, or with `end`.
    status,      ///< `status`. Interim responses are not told.
    field,       ///< `name` and `value`.
    header_end,
    body,      ///< `value`: a piece of the body, never empty.
    complete,  ///< The answer has ended. Bytes that are left belong to nobody.
    failed     ///< `error`, from now on.
};

/// What the parser found. Its texts are valid until the next call of the parser, and as long as the bytes it was given.
class event {
public:
    constexpr event() = default;
    constexpr explicit event(event_kind kind) noexcept : what(kind) {}
    constexpr event(event_kind kind, std::string_view text) noexcept : what(kind), value(text) {}

    event_kind what = event_kind::need_more;
    parse_error error = parse_error::none;
    int status = 0;
    std::string_view name;
    std::string_view value;
};

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

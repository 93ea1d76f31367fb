// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_BODY_METER_HPP
#define UMBRACO_AI_HTTP1_BODY_METER_HPP

#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// How much of a body, or of its chunk, is still to come, within the limit of the whole.
class body_meter {
public:
    body_meter(std::uint64_t most_bytes, std::uint32_t most_of_extensions) noexcept : room_(most_bytes), extension_room_(most_of_extensions) {}

    [[nodiscard]] std::uint64_t rest() const noexcept { return rest_; }

    /// So many bytes come next.
    [[nodiscard]] parse_error expect(std::uint64_t count) noexcept {
        rest_ = count;
        if (count > room_) return parse_error::body_too_large;
        room_ -= count;
        return parse_error::none;
    }

    /// chunk-size [ chunk-ext ]
    [[nodiscard]] parse_error expect_chunk(std::string_view line) noexcept {
        std::uint64_t size = 0;
        if (!detail::take_hex(line, size)) return parse_error::bad_chunk;
        if (parse_error const why = expect(size); why != parse_error::none || line.empty()) return why;
        if (!detail::are_chunk_extensions(line) || line.size() > extension_room_) return parse_error::bad_chunk_extension;
        extension_room_ -= static_cast<std::uint32_t>(line.size());
        return parse_error::none;
    }

    /// Takes what belongs to it off the front.
    [[nodiscard]] std::string_view take(std::string_view& bytes) noexcept {
        auto const count = static_cast<std::size_t>((std::min<std::uint64_t>)(rest_, bytes.size()));
        std::string_view const piece = detail::prefix(bytes, count);
        bytes.remove_prefix(count);
        rest_ -= count;
        return piece;
    }

private:
    std::uint64_t room_;
    std::uint64_t rest_ = 0;
    std::uint32_t extension_room_;
};

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

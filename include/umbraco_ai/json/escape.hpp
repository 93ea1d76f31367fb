// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_ESCAPE_HPP
#define UMBRACO_AI_JSON_ESCAPE_HPP

#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// What the character after a backslash stands for; zero where it is none of those.
[[nodiscard]] constexpr char simple_escape(char c) noexcept {
    switch (c) {
        case '"':
        case '\\':
        case '/': return c;
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return '\0';
    }
}

/// The four hex digits from `p` on, or a negative number.
[[nodiscard]] constexpr int hex4(char const* p, char const* end) noexcept {
    if (end - p < 4) return -1;
    // Negative where one of them is.
    return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 | hex_value(p[3]);
}

[[nodiscard]] constexpr bool is_high_surrogate(std::uint32_t unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
[[nodiscard]] constexpr bool is_low_surrogate(std::uint32_t unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// The length of the escape at `p`, of two units where it is a surrogate pair, or 0 where it is malformed. `saved` grows by what
/// decoding takes away.
[[nodiscard]] constexpr std::size_t escape_length(char const* p, char const* end, std::size_t& saved) noexcept {
    if (end - p < 2) return 0;
    if (p[1] != 'u') {
        if (simple_escape(p[1]) == '\0') return 0;
        saved += 1;
        return 2;
    }
    int const unit = hex4(p + 2, end);
    if (unit < 0 || is_low_surrogate(static_cast<std::uint32_t>(unit))) return 0;
    if (!is_high_surrogate(static_cast<std::uint32_t>(unit))) {
        saved += unit < 0x80 ? 5U : unit < 0x800 ? 4U : 3U;
        return 6;
    }
    int const low = end - p >= 8 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end) : -1;
    if (low < 0 || !is_low_surrogate(static_cast<std::uint32_t>(low))) return 0;
    saved += 8;
    return 12;
}

/// The character of the well-formed escape at `p`, which moves behind it.
[[nodiscard]] constexpr std::uint32_t decode_escape(char const*& p, char const* end) noexcept {
    if (end - p < 2 || p[1] != 'u') {
        auto const character = end - p < 2 ? std::uint32_t{0} : static_cast<unsigned char>(simple_escape(p[1]));
        p = end - p < 2 ? end : p + 2;
        return character;
    }
    auto character = static_cast<std::uint32_t>(hex4(p + 2, end)) & 0xFFFFU;
    p = end - p < 6 ? end : p + 6;
    if (is_high_surrogate(character) && end - p >= 6) {
        character = 0x10000 + ((character - 0xD800) << 10) + ((static_cast<std::uint32_t>(hex4(p + 2, end)) - 0xDC00) & 0x3FFU);
        p += 6;
    }
    return character;
}

/// Decodes a text that was found well-formed into memory that is large enough.
inline void decode_string(std::string_view raw, char* out) noexcept {
    char const* p = raw.data();
    char const* const end = p + raw.size();
    while (p != end) {
        auto const* const escape = static_cast<char const*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
        std::size_t const plain = static_cast<std::size_t>((escape == nullptr ? end : escape) - p);
        std::memcpy(out, p, plain);
        out += plain;
        p += plain;
        while (p != end && *p == '\\') {
            if (p[1] == 'u') {
                out = encode_utf8(out, decode_escape(p, end));
                continue;
            }
            *out++ = simple_escape(p[1]);
            p += 2;
        }
    }
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

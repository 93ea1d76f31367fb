// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_SCAN_HPP
#define UMBRACO_AI_JSON_SCAN_HPP

#include <umbraco_ai/sixteen_bytes.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// A byte that stands in a JSON string as it is, and that is ASCII.
[[nodiscard]] constexpr bool is_plain_char(char c) noexcept {
    auto const byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

[[nodiscard]] constexpr bool is_json_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Scans byte by byte, on every platform.
class plain_scan {
public:
    /// The first byte from `p` that is not plain, or `end`.
    [[nodiscard]] static constexpr char const* skip_plain(char const* p, char const* end) noexcept {
        while (p != end && is_plain_char(*p)) ++p;
        return p;
    }

    /// The first byte from `p` that is no blank, or `end`.
    [[nodiscard]] static constexpr char const* skip_blanks(char const* p, char const* end) noexcept {
        while (p != end && is_json_blank(*p)) ++p;
        return p;
    }
};

/// Eight characters each, as numbers whose lowest byte is the first.
using hex_words = std::uint64_t[4];

/// Decodes 32 hex digits into 16 bytes; false where one is none.
class plain_hex {
public:
    [[nodiscard]] static constexpr bool decode(hex_words const& text, std::uint8_t* out) noexcept {
        std::uint64_t marks = high_bits;
        for (std::size_t i = 0; i < 4; ++i) {
            marks &= marks_of(text[i]);
            std::uint64_t const digits = (text[i] & 0x0F * ones) + 9 * (text[i] >> 6 & ones);
            std::uint64_t const pairs = digits << 4 | digits >> 8;
            for (std::size_t k = 0; k < 4; ++k) out[4 * i + k] = static_cast<std::uint8_t>(pairs >> (16 * k));
        }
        return marks == high_bits;
    }

private:
    static constexpr std::uint64_t ones = 0x0101010101010101U;
    static constexpr std::uint64_t high_bits = 0x80 * ones;

    /// The high bit of each byte that is a hex digit; all others are zero.
    [[nodiscard]] static constexpr std::uint64_t marks_of(std::uint64_t text) noexcept {
        std::uint64_t const ascii = text & ~high_bits;
        std::uint64_t const lower = ascii | 0x20 * ones;
        // No sum leaves its byte, since each byte is below 0x80.
        std::uint64_t const digit = (ascii + (0x80 - '0') * ones) & ~(ascii + (0x80 - '9' - 1) * ones);
        std::uint64_t const letter = (lower + (0x80 - 'a') * ones) & ~(lower + (0x80 - 'f' - 1) * ones);
        return (digit | letter) & ~text & high_bits;
    }
};

#if defined(__GNUC__) && defined(__SSE2__)
class vector_hex {
public:
    [[nodiscard]] static constexpr bool decode(hex_words const& text, std::uint8_t* out) noexcept {
        if (std::is_constant_evaluated()) return plain_hex::decode(text, out);
        bytes16 halves[2];
        std::memcpy(halves, text, sizeof halves);
        bytes16 first_invalid;
        bytes16 second_invalid;
        auto const bytes = __builtin_ia32_packuswb128(decode_half(halves[0], first_invalid), decode_half(halves[1], second_invalid));
        std::memcpy(out, &bytes, 16);
        return __builtin_ia32_pmovmskb128(reinterpret_cast<chars16>(first_invalid | second_invalid)) == 0;
    }

private:
    using bytes16 [[gnu::vector_size(16)]] = signed char;
    using chars16 [[gnu::vector_size(16)]] = char;
    using shorts8 [[gnu::vector_size(16)]] = short;
    using words8 [[gnu::vector_size(16)]] = unsigned short;

    // SSE2 compares by `>` only.
    [[nodiscard, gnu::always_inline]] static shorts8 decode_half(bytes16 half, bytes16& invalid) noexcept {
        bytes16 const lower = half | 0x20;
        bytes16 const letter = (lower > 'a' - 1) & (lower < 'f' + 1);
        invalid = ~(letter | ((half > '0' - 1) & (half < '9' + 1)));
        auto const digits = reinterpret_cast<words8>((half & 0x0F) + (letter & 9));
        return reinterpret_cast<shorts8>(((digits << 4) | (digits >> 8)) & 0xFF);
    }
};

using hex_decoder = vector_hex;
#else
using hex_decoder = plain_hex;
#endif

#if UMBRACO_AI_DETAIL_HAS_VECTORS
/// Scans 16 bytes at once where so many are left; never reads past the end.
class vector_scan {
public:
    [[nodiscard]] static constexpr char const* skip_plain(char const* p, char const* end) noexcept {
        if (std::is_constant_evaluated()) return plain_scan::skip_plain(p, end);
        if (auto const found = find_by_sixteens(p, end, [](sixteen_bytes some) { return not_plain(some); })) return found;
        return plain_scan::skip_plain(p, end);
    }

    /// The index of the first byte that is not plain, or 16.
    [[nodiscard, gnu::always_inline]] static unsigned first_not_plain(sixteen_bytes some) noexcept {
        auto const held = not_plain(some);
        return sixteen_bytes::has_any(held) ? sixteen_bytes::first_of(held) : 16;
    }

    [[nodiscard]] static char const* skip_blanks(char const* p, char const* end) noexcept {
        if (auto const found = find_by_sixteens(p, end, [](sixteen_bytes some) { return ~(some.are(' ') | some.are('\n') | some.are('\r') | some.are('\t')); })) return found;
        return plain_scan::skip_blanks(p, end);
    }

private:
    [[nodiscard]] static sixteen_bytes::marks not_plain(sixteen_bytes some) noexcept { return some.are('"') | some.are('\\') | some.are_below(' '); }
};

using scan = vector_scan;
#else
using scan = plain_scan;
#endif

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

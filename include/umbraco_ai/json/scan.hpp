// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_SCAN_HPP
#define UMBRACO_AI_JSON_SCAN_HPP

#include <umbraco_ai/version.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

// The vector types of g++ and clang need no header of the platform's.
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON)) && !defined(__ARM_BIG_ENDIAN)
#define UMBRACO_AI_DETAIL_HAS_VECTORS 1
#else
#define UMBRACO_AI_DETAIL_HAS_VECTORS 0
#endif

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

#if UMBRACO_AI_DETAIL_HAS_VECTORS
/// Scans 16 bytes at once where so many are left; never reads past the end.
class vector_scan {
public:
    [[nodiscard]] static constexpr char const* skip_plain(char const* p, char const* end) noexcept {
        if (std::is_constant_evaluated()) return plain_scan::skip_plain(p, end);
        for (; end - p >= 16; p += 16) {
            bytes16 const block = load(p);
            // Signed, so that bytes beyond ASCII are below 0x20 too.
            bytes16 const special = (block == '"') | (block == '\\') | (block < 0x20);
            if (unsigned const at = first_of(special); at != 16) return p + at;
        }
        return plain_scan::skip_plain(p, end);
    }

    [[nodiscard]] static char const* skip_blanks(char const* p, char const* end) noexcept {
        for (; end - p >= 16; p += 16) {
            bytes16 const block = load(p);
            bytes16 const other = ~((block == ' ') | (block == '\n') | (block == '\r') | (block == '\t'));
            if (unsigned const at = first_of(other); at != 16) return p + at;
        }
        return plain_scan::skip_blanks(p, end);
    }

private:
    using bytes16 [[gnu::vector_size(16)]] = signed char;
    using chars16 [[gnu::vector_size(16)]] = char;
    using words2 [[gnu::vector_size(16)]] = std::uint64_t;

    [[nodiscard]] static bytes16 load(char const* p) noexcept {
        bytes16 block;
        std::memcpy(&block, p, sizeof block);
        return block;
    }

    /// The index of the first byte of a comparison that held, or 16.
    [[nodiscard]] static unsigned first_of(bytes16 held) noexcept {
#if defined(__SSE2__)
        auto const mask = static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<chars16>(held)));
        return static_cast<unsigned>(std::countr_zero(mask | 0x10000U));
#else
        auto const words = reinterpret_cast<words2>(held);
        if (words[0] != 0) return static_cast<unsigned>(std::countr_zero(words[0])) / 8;
        return 8 + static_cast<unsigned>(std::countr_zero(words[1])) / 8;
#endif
    }
};

using scan = vector_scan;
#else
using scan = plain_scan;
#endif

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_SIXTEEN_BYTES_HPP
#define UMBRACO_AI_SIXTEEN_BYTES_HPP

#include <umbraco_ai/version.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// The vector types of g++ and clang need no header of the platform's.
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON)) && !defined(__ARM_BIG_ENDIAN)
#define UMBRACO_AI_DETAIL_HAS_VECTORS 1
#else
#define UMBRACO_AI_DETAIL_HAS_VECTORS 0
#endif

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

#if UMBRACO_AI_DETAIL_HAS_VECTORS
/// Looks at sixteen bytes at once. A look marks each byte of which it holds.
class sixteen_bytes {
public:
    using marks [[gnu::vector_size(16)]] = signed char;
    static constexpr std::ptrdiff_t size = 16;

    explicit sixteen_bytes(char const* bytes) noexcept { std::memcpy(&value_, bytes, sizeof value_); }

    [[nodiscard]] marks are(char c) const noexcept { return value_ == static_cast<signed char>(c); }
    /// Beyond ASCII too, since bytes have a sign here.
    [[nodiscard]] marks are_below(char c) const noexcept { return value_ < static_cast<signed char>(c); }
    [[nodiscard]] marks are_letters() const noexcept {
        marks const lower = value_ | 0x20;
        return (lower >= 'a') & (lower <= 'z');
    }

    /// The index of the first one that is marked, or 16.
    [[nodiscard]] static unsigned first_of(marks held) noexcept {
#if defined(__SSE2__)
        auto const mask = static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<chars>(held)));
        return static_cast<unsigned>(std::countr_zero(mask | 0x10000U));
#else
        auto const halves = reinterpret_cast<words>(held);
        if (halves[0] != 0) return static_cast<unsigned>(std::countr_zero(halves[0])) / 8;
        return 8 + static_cast<unsigned>(std::countr_zero(halves[1])) / 8;
#endif
    }

private:
    using chars [[gnu::vector_size(16)]] = char;
    using words [[gnu::vector_size(16)]] = std::uint64_t;

    marks value_;
};

/// The first byte from `p` on that `look`, which takes `sixteen_bytes`, marks. Null, and `p` moved on, where fewer than sixteen are left.
template <class Look>
[[nodiscard, gnu::always_inline]] inline char const* find_by_sixteens(char const*& p, char const* end, Look look) noexcept {
    for (; end - p >= sixteen_bytes::size; p += sixteen_bytes::size)
        if (unsigned const at = sixteen_bytes::first_of(look(sixteen_bytes(p))); at != sixteen_bytes::size) return p + at;
    return nullptr;
}
#endif

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

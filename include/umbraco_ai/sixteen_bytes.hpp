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
    /// From `c` on, as far as '~'.
    [[nodiscard]] marks are_printable(char c) const noexcept { return are_from(value_, c, '~'); }
    [[nodiscard]] marks are_letters() const noexcept { return are_from(value_ | 0x20, 'a', 'z'); }

    /// Whether one is marked.
    [[nodiscard]] static bool has_any(marks held) noexcept {
#if defined(__SSE2__)
        return bits_of(held) != 0;
#else
        auto const halves = reinterpret_cast<words>(held);
        return (halves[0] | halves[1]) != 0;
#endif
    }
    /// Makes zeros of all but the first `count`, at most sixteen.
    void keep_first(unsigned count) noexcept {
        static constexpr signed char kept[2 * size] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
        marks wanted;
        std::memcpy(&wanted, kept + size - count, sizeof wanted);
        value_ &= wanted;
    }
    void copy_to(char* bytes) const noexcept { std::memcpy(bytes, &value_, sizeof value_); }
    /// The index of the first one that is marked; not where none is.
    [[nodiscard]] static unsigned first_of(marks held) noexcept {
#if defined(__SSE2__)
        return static_cast<unsigned>(std::countr_zero(bits_of(held)));
#else
        auto const halves = reinterpret_cast<words>(held);
        if (halves[0] != 0) return static_cast<unsigned>(std::countr_zero(halves[0])) / 8;
        return 8 + static_cast<unsigned>(std::countr_zero(halves[1])) / 8;
#endif
    }

private:
    using unsigned_marks [[gnu::vector_size(16)]] = unsigned char;
    using chars [[gnu::vector_size(16)]] = char;
    using words [[gnu::vector_size(16)]] = std::uint64_t;

    // One comparison for both ends: moved up so far that the last is the largest that there is. ASCII only.
    [[nodiscard]] static marks are_from(marks value, char first, char last) noexcept {
        int const up = 127 - last;
        auto const moved = reinterpret_cast<marks>(reinterpret_cast<unsigned_marks>(value) + static_cast<unsigned char>(up));
        return moved >= static_cast<signed char>(first + up);
    }

#if defined(__SSE2__)
    [[nodiscard]] static unsigned bits_of(marks held) noexcept { return static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<chars>(held))); }
#endif

    marks value_;
};

/// The first byte from `p` on that `look`, which takes `sixteen_bytes`, marks. Null, and `p` moved on, where fewer than sixteen are left.
template <class Look>
[[nodiscard, gnu::always_inline]] inline char const* find_by_sixteens(char const*& p, char const* end, Look look) noexcept {
    for (; end - p >= sixteen_bytes::size; p += sixteen_bytes::size) {
        sixteen_bytes::marks const held = look(sixteen_bytes(p));
        if (sixteen_bytes::has_any(held)) return p + sixteen_bytes::first_of(held);
    }
    return nullptr;
}

/// The same, or `end`, for texts that end soon: their last sixteen are looked at once more. Null where there are not so many.
template <class Look>
[[nodiscard, gnu::always_inline]] inline char const* find_by_sixteens_or_end(char const* p, char const* end, Look look) noexcept {
    if (end - p < sixteen_bytes::size) return nullptr;
    if (auto const found = find_by_sixteens(p, end, look)) return found;
    if (p == end) return end;
    p = end - sixteen_bytes::size;
    auto const found = find_by_sixteens(p, end, look);
    return found != nullptr ? found : end;
}
#endif

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_GUID_HPP
#define UMBRACO_AI_MODEL_GUID_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/name_table.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// The id of a connection. Written in lower case as 8-4-4-4-12; read in every form that servers take: 32 hex digits,
/// 8-4-4-4-12, either of the latter in `{}` or `()`, in either case.
class guid {
public:
    constexpr guid() = default;

    [[nodiscard]] static constexpr std::optional<guid> parse(std::string_view text) noexcept {
        if (text.size() == 38 && ((text.front() == '{' && text.back() == '}') || (text.front() == '(' && text.back() == ')')))
            text = {text.data() + 1, 36};
        bool const dashed = text.size() == 36;
        if (!dashed && text.size() != 32) return std::nullopt;
        char const* const p = text.data();
        std::uint64_t a = detail::load_bytes<8>(p);
        std::uint64_t b = 0;
        std::uint64_t c = 0;
        std::uint64_t d = 0;
        if (dashed) {
            if (p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-') return std::nullopt;
            b = detail::load_bytes<4>(p + 9) | detail::load_bytes<4>(p + 14) << 32;
            c = detail::load_bytes<4>(p + 19) | detail::load_bytes<4>(p + 24) << 32;
            d = detail::load_bytes<8>(p + 28);
        } else {
            b = detail::load_bytes<8>(p + 8);
            c = detail::load_bytes<8>(p + 16);
            d = detail::load_bytes<8>(p + 24);
        }
        if ((hex_marks(a) & hex_marks(b) & hex_marks(c) & hex_marks(d)) != high_bits) return std::nullopt;
        guid made;
        made.put_four(0, a);
        made.put_four(4, b);
        made.put_four(8, c);
        made.put_four(12, d);
        return made;
    }

    /// Appends "3fa85f64-5717-4562-b3fc-2c963f66afa6".
    template <Sink S>
    void append_to(S& sink) const {
        constexpr char hex[] = "0123456789abcdef";
        char text[text_size];
        char* out = text;
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
            *out++ = hex[bytes_[i] >> 4];
            *out++ = hex[bytes_[i] & 15];
        }
        sink.append(text, text_size);
    }

    /// "3fa85f64-5717-4562-b3fc-2c963f66afa6".
    [[nodiscard]] std::string to_string() const {
        std::string text;
        append_to(text);
        return text;
    }

    /// All zero: no connection has this id.
    [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == guid(); }

    friend constexpr bool operator==(guid const&, guid const&) = default;
    // The arrays of libc++ 16 have no three-way comparison.
    friend constexpr std::strong_ordering operator<=>(guid const& a, guid const& b) noexcept {
        for (std::size_t i = 0; i < a.bytes_.size(); ++i)
            if (a.bytes_[i] != b.bytes_[i]) return a.bytes_[i] < b.bytes_[i] ? std::strong_ordering::less : std::strong_ordering::greater;
        return std::strong_ordering::equal;
    }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, guid const& value) {
        return out << value.to_string();
    }

private:
    static constexpr std::size_t text_size = 36;

    // Eight characters are judged and decoded as one number.
    static constexpr std::uint64_t ones = 0x0101010101010101U;
    static constexpr std::uint64_t high_bits = 0x80 * ones;

    /// The high bit of each byte that is a hex digit; all others are zero.
    [[nodiscard]] static constexpr std::uint64_t hex_marks(std::uint64_t text) noexcept {
        std::uint64_t const ascii = text & ~high_bits;
        std::uint64_t const lower = ascii | 0x20 * ones;
        // No sum leaves its byte, since each byte is below 0x80.
        std::uint64_t const digit = (ascii + (0x80 - '0') * ones) & ~(ascii + (0x80 - '9' - 1) * ones);
        std::uint64_t const letter = (lower + (0x80 - 'a') * ones) & ~(lower + (0x80 - 'f' - 1) * ones);
        return (digit | letter) & ~text & high_bits;
    }

    constexpr void put_four(std::size_t at, std::uint64_t text) noexcept {
        std::uint64_t const digits = (text & 0x0F * ones) + 9 * (text >> 6 & ones);
        std::uint64_t const pairs = digits << 4 | digits >> 8;
        for (std::size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<std::uint8_t>(pairs >> (16 * i));
    }

    std::array<std::uint8_t, 16> bytes_{};
};

template <>
struct json_codec<guid> {
    static bool read(json_reader& reader, guid& out) {
        std::string scratch;
        std::string_view text;
        if (!reader.read_text(text, scratch)) return false;
        auto const parsed = guid::parse(text);
        if (!parsed) return reader.fail(errc::invalid_value, "a guid is expected");
        out = *parsed;
        return true;
    }
    template <Sink S>
    static void write(S& sink, guid const& value) {
        detail::put(sink, '"');
        value.append_to(sink);
        detail::put(sink, '"');
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

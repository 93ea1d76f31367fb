// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_GUID_HPP
#define UMBRACO_AI_MODEL_GUID_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/codec.hpp>
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
        guid made;
        std::size_t digits = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (dashed && (i == 8 || i == 13 || i == 18 || i == 23)) {
                if (text[i] != '-') return std::nullopt;
                continue;
            }
            int const value = digit(text[i]);
            if (value < 0) return std::nullopt;
            auto& byte = made.bytes_[digits / 2];
            byte = static_cast<std::uint8_t>(byte << 4 | value);
            ++digits;
        }
        return made;
    }

    /// "3fa85f64-5717-4562-b3fc-2c963f66afa6".
    [[nodiscard]] std::string to_string() const {
        std::string text;
        text.reserve(36);
        append_to(text);
        return text;
    }

    /// Writes what `to_string` gives.
    template <Sink S>
    void append_to(S& sink) const {
        constexpr char hex[] = "0123456789abcdef";
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) detail::put(sink, '-');
            detail::put(sink, hex[bytes_[i] >> 4]);
            detail::put(sink, hex[bytes_[i] & 15]);
        }
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
    static constexpr int digit(char c) noexcept {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    }

    std::array<std::uint8_t, 16> bytes_{};
};

template <>
struct json_codec<guid> {
    static bool read(json_reader& reader, guid& out) {
        std::string text;
        if (!reader.read_string(text)) return false;
        auto const parsed = guid::parse(text);
        if (!parsed) return reader.fail(errc::invalid_value, "a guid is expected");
        out = *parsed;
        return true;
    }
    template <Sink S>
    static void write(S& sink, guid const& value) {
        detail::put_json_string(sink, value.to_string());
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_GUID_HPP
#define UMBRACO_AI_MODEL_GUID_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/name_table.hpp>
#include <umbraco_ai/json/scan.hpp>
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
        return text.size() < 32 ? std::nullopt : parse_long(text);
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

    /// As `append_to`; no character of it has to be encoded.
    template <Sink S>
    void append_encoded_to(S& sink) const {
        append_to(sink);
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

    static constexpr std::optional<guid> parse_long(std::string_view text) noexcept {
        if (text.size() == 38 && ((text.front() == '{' && text.back() == '}') || (text.front() == '(' && text.back() == ')')))
            text = {text.data() + 1, 36};
        bool const dashed = text.size() == 36;
        if (!dashed && text.size() != 32) return std::nullopt;
        char const* const p = text.data();
        detail::hex_words words{detail::load_bytes<8>(p)};
        if (dashed) {
            if (p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-') return std::nullopt;
            words[1] = detail::load_bytes<4>(p + 9) | detail::load_bytes<4>(p + 14) << 32;
            words[2] = detail::load_bytes<4>(p + 19) | detail::load_bytes<4>(p + 24) << 32;
            words[3] = detail::load_bytes<8>(p + 28);
        } else {
            words[1] = detail::load_bytes<8>(p + 8);
            words[2] = detail::load_bytes<8>(p + 16);
            words[3] = detail::load_bytes<8>(p + 24);
        }
        guid made;
        if (!detail::hex_decoder::decode(words, made.bytes_.data())) return std::nullopt;
        return made;
    }

    std::array<std::uint8_t, 16> bytes_{};
};

template <>
struct json_codec<guid> {
    static bool read(json_reader& reader, guid& out) {
        // In its usual form there is nothing to be decoded.
        if (std::string_view const rest = reader.rest(); rest.size() > 38 && rest[0] == '"' && rest[37] == '"') {
            if (auto const usual = guid::parse(std::string_view(rest.data() + 1, 36))) {
                out = *usual;
                reader.skip(38);
                return true;
            }
        }
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

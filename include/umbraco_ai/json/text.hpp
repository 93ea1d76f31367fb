// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_TEXT_HPP
#define UMBRACO_AI_JSON_TEXT_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/scan.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// The length of the well-formed UTF-8 sequence (RFC 3629) at the front of `text`, or 0 where there is none.
[[nodiscard]] constexpr std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto const continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    unsigned const first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        unsigned const second = byte(1);
        if (first == 0xE0 && second < 0xA0) return 0;
        if (first == 0xED && second > 0x9F) return 0;
        return continues(1) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        unsigned const second = byte(1);
        if (first == 0xF0 && second < 0x90) return 0;
        if (first == 0xF4 && second > 0x8F) return 0;
        return continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    while (true) {
        while (!text.empty() && static_cast<unsigned char>(text.front()) < 0x80) text.remove_prefix(1);
        if (text.empty()) return true;
        std::size_t const length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
}

/// The value of each byte as a hex digit, or -1.
inline constexpr std::array<std::int8_t, 256> hex_values = [] {
    std::array<std::int8_t, 256> made{};
    for (auto& value : made) value = -1;
    for (std::size_t i = 0; i < 10; ++i) made['0' + i] = static_cast<std::int8_t>(i);
    for (std::size_t i = 0; i < 6; ++i) made['a' + i] = made['A' + i] = static_cast<std::int8_t>(10 + i);
    return made;
}();

[[nodiscard]] constexpr int hex_value(char c) noexcept { return hex_values[static_cast<unsigned char>(c)]; }

/// Writes a code point to memory of four bytes or more; gives the end of what was written.
constexpr char* encode_utf8(char* out, std::uint32_t code_point) noexcept {
    auto const add = [&out](std::uint32_t value) { *out++ = static_cast<char>(value); };
    if (code_point < 0x80) {
        add(code_point);
    } else if (code_point < 0x800) {
        add(0xC0 | (code_point >> 6));
        add(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        add(0xE0 | (code_point >> 12));
        add(0x80 | ((code_point >> 6) & 0x3F));
        add(0x80 | (code_point & 0x3F));
    } else {
        add(0xF0 | (code_point >> 18));
        add(0x80 | ((code_point >> 12) & 0x3F));
        add(0x80 | ((code_point >> 6) & 0x3F));
        add(0x80 | (code_point & 0x3F));
    }
    return out;
}

template <Sink S>
void put_utf8(S& sink, std::uint32_t code_point) {
    char bytes[4];
    sink.append(bytes, static_cast<std::size_t>(encode_utf8(bytes, code_point) - bytes));
}

/// The escape of a character that a JSON string cannot hold as it is; gives its length, at most 6.
constexpr std::size_t escape_of(char c, char (&out)[6]) noexcept {
    constexpr char hex[] = "0123456789ABCDEF";
    constexpr char from[] = "\"\\\b\f\n\r\t";
    constexpr char to[] = "\"\\bfnrt";
    out[0] = '\\';
    for (std::size_t i = 0; i + 1 < sizeof from; ++i) {
        if (from[i] != c) continue;
        out[1] = to[i];
        return 2;
    }
    out[1] = 'u';
    out[2] = out[3] = '0';
    out[4] = hex[static_cast<unsigned char>(c) >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/// Writes text as a JSON string. The text is UTF-8; other bytes would pass as they are, so callers check first.
template <Sink S>
constexpr void put_json_string(S& sink, std::string_view text) {
    put(sink, '"');
    char const* plain = text.data();
    char const* const end = plain + text.size();
    for (char const* p = scan::skip_plain(plain, end); p != end; p = scan::skip_plain(p, end)) {
        if (static_cast<unsigned char>(*p) >= 0x80) {
            ++p;
            continue;
        }
        sink.append(plain, static_cast<std::size_t>(p - plain));
        char escape[6];
        sink.append(escape, escape_of(*p, escape));
        plain = ++p;
    }
    sink.append(plain, static_cast<std::size_t>(end - plain));
    put(sink, '"');
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_UNICODE_HPP
#define UMBRACO_AI_TESTING_DETAIL_UNICODE_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

class code_point {
public:
    code_point() = default;
    code_point(std::uint32_t code, std::size_t bytes, bool valid) : point(code), length(bytes), is_valid(valid) {}

    std::uint32_t point = 0xFFFD;
    std::size_t length = 1;  ///< In bytes of UTF-8.
    bool is_valid = false;
};

/// The first code point of a text that is not empty; U+FFFD and one byte where it is not UTF-8.
[[nodiscard]] inline code_point decode_utf8(std::string_view text) {
    auto const byte_at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    std::uint32_t const lead = byte_at(0);
    if (lead < 0x80) return {lead, 1, true};
    std::size_t const length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    std::uint32_t point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(i) & 0xC0) != 0x80) return {};
        point = (point << 6) | (byte_at(i) & 0x3F);
    }
    bool const is_overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    bool const is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (is_overlong || is_surrogate || point > 0x10FFFF) return {};
    return {point, length, true};
}

/// How many letters and digits a text begins with. Nothing treats those in a special way, and megabytes of them come.
[[nodiscard]] inline std::size_t plain_length(std::string_view text) {
    char const* const begin = text.data();
    char const* const end = begin + text.size();
    char const* at = begin;
    while (at != end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9'))) ++at;
    return static_cast<std::size_t>(at - begin);
}

inline void append_utf8(std::string& out, std::uint32_t point) {
    auto const put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

/// Little-endian UTF-16, with or without its mark; a lone surrogate becomes U+FFFD.
[[nodiscard]] inline std::string utf16_to_utf8(std::string_view bytes) {
    std::string out;
    auto const unit_at = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) |
               static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1])) << 8;
    };
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint32_t point = unit_at(i);
        if (i == 0 && point == 0xFEFF) continue;
        bool const is_high = point >= 0xD800 && point <= 0xDBFF;
        if (is_high && i + 3 < bytes.size() && unit_at(i + 2) >= 0xDC00 && unit_at(i + 2) <= 0xDFFF) {
            point = 0x10000 + ((point - 0xD800) << 10) + (unit_at(i + 2) - 0xDC00);
            i += 2;
        } else if (point >= 0xD800 && point <= 0xDFFF) {
            point = 0xFFFD;
        }
        append_utf8(out, point);
    }
    return out;
}

/// As SQLite lowers.
[[nodiscard]] inline std::string lower_ascii(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), umbraco_ai::detail::ascii_lower);
    return out;
}

/// As .NET lowers, for Latin, Greek and Cyrillic letters.
[[nodiscard]] inline std::string lower_unicode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        code_point const next = decode_utf8(text.substr(i));
        std::uint32_t const point = next.point;
        bool const is_paired = (point >= 0x100 && point <= 0x137) || (point >= 0x14A && point <= 0x177);
        if (!next.is_valid) out += text[i];
        else if (point < 0x80) out += umbraco_ai::detail::ascii_lower(text[i]);
        else if ((point >= 0xC0 && point <= 0xDE && point != 0xD7) || (point >= 0x391 && point <= 0x3A9))
            append_utf8(out, point + 0x20);
        else if (point >= 0x410 && point <= 0x42F) append_utf8(out, point + 0x20);
        else if (point >= 0x400 && point <= 0x40F) append_utf8(out, point + 0x50);
        else if (is_paired && point != 0x130) append_utf8(out, point | 1U);
        else append_utf8(out, point);
        i += next.length;
    }
    return out;
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

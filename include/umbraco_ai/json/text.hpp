// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_TEXT_HPP
#define UMBRACO_AI_JSON_TEXT_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
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
    while (!text.empty()) {
        std::size_t const length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

template <Sink S>
void put_utf8(S& sink, std::uint32_t code_point) {
    char bytes[4];
    std::size_t size = 0;
    auto const add = [&](std::uint32_t value) { bytes[size++] = static_cast<char>(value); };
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
    sink.append(bytes, size);
}

/// Writes text as a JSON string. The text is UTF-8; other bytes would pass as they are, so callers check first.
template <Sink S>
void put_json_string(S& sink, std::string_view text) {
    constexpr char hex[] = "0123456789ABCDEF";
    put(sink, '"');
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        sink.append(text.data() + plain, i - plain);
        plain = i + 1;
        switch (c) {
            case '"': put(sink, "\\\""); break;
            case '\\': put(sink, "\\\\"); break;
            case '\b': put(sink, "\\b"); break;
            case '\f': put(sink, "\\f"); break;
            case '\n': put(sink, "\\n"); break;
            case '\r': put(sink, "\\r"); break;
            case '\t': put(sink, "\\t"); break;
            default: {
                char const escape[] = {'\\', 'u', '0', '0', hex[static_cast<unsigned char>(c) >> 4], hex[c & 15]};
                sink.append(escape, sizeof escape);
            }
        }
    }
    sink.append(text.data() + plain, text.size() - plain);
    put(sink, '"');
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

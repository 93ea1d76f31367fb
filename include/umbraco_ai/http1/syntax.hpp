// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_SYNTAX_HPP
#define UMBRACO_AI_HTTP1_SYNTAX_HPP

#include <umbraco_ai/http/headers.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/sixteen_bytes.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

inline constexpr auto token_chars = [] {
    std::array<bool, 256> made{};
    for (char const c : std::string_view("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) made[static_cast<unsigned char>(c)] = true;
    return made;
}();

/// What may stand in a host: no blank, nothing beyond ASCII, and nothing that would end it in a URL.
inline constexpr auto host_chars = [] {
    std::array<bool, 256> made{};
    for (char c = '!'; c <= '~'; ++c) made[static_cast<unsigned char>(c)] = std::string_view("/\\?#@[]\"<>,").find(c) == std::string_view::npos;
    return made;
}();

/// A character of an RFC 9110 token.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept { return token_chars[static_cast<unsigned char>(c)]; }

/// The first byte from `p` on that cannot stand in a token, or `end`.
[[nodiscard]] constexpr char const* skip_token(char const* p, char const* end) noexcept {
#if UMBRACO_AI_DETAIL_HAS_VECTORS
    if (!std::is_constant_evaluated()) {
        // Nearly all names of fields are made of these, and end there.
        auto const found = find_by_sixteens_or_end(p, end, [](sixteen_bytes some) { return ~(some.are_letters() | some.are('-')); });
        if (found != nullptr) p = found;
        if (p != end && *p == ':') return p;
    }
#endif
    while (p != end && is_token_char(*p)) ++p;
    return p;
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    char const* const end = text.data() + text.size();
    return !text.empty() && skip_token(text.data(), end) == end;
}

/// The first byte from `p` on that is not printable ASCII, or below `first`, which is a blank or above, or `end`.
[[nodiscard]] constexpr char const* skip_printable(char const* p, char const* end, char first) noexcept {
#if UMBRACO_AI_DETAIL_HAS_VECTORS
    if (!std::is_constant_evaluated()) {
        auto const found = find_by_sixteens_or_end(p, end, [first](sixteen_bytes some) { return ~some.are_printable(first); });
        if (found != nullptr) return found;
    }
#endif
    while (p != end && *p >= first && *p < '\x7f') ++p;
    return p;
}

/// The first line end from `p` on, or `end`. Most lines are short, so that a call would be most of it.
[[nodiscard]] constexpr char const* find_line_end(char const* p, char const* end) noexcept {
#if UMBRACO_AI_DETAIL_HAS_VECTORS
    if (!std::is_constant_evaluated()) {
        auto const found = find_by_sixteens_or_end(p, end, [](sixteen_bytes some) { return some.are('\n'); });
        if (found != nullptr) return found;
    }
#endif
    return std::find(p, end, '\n');
}

[[nodiscard]] constexpr bool is_visible(std::string_view text) noexcept {
    char const* const end = text.data() + text.size();
    return skip_printable(text.data(), end, '!') == end;
}

[[nodiscard]] constexpr bool is_field_value_char(char c) noexcept {
    auto const byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
    char const* const end = text.data() + text.size();
    char const* p = skip_printable(text.data(), end, ' ');
    while (p != end && is_field_value_char(*p)) ++p;
    return p == end;
}

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

[[nodiscard]] constexpr std::string_view without_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// As substr, which would link an exception.
[[nodiscard]] constexpr std::string_view prefix(std::string_view text, std::size_t count) noexcept {
    return {text.data(), (std::min)(count, text.size())};
}

/// What is behind the first `count` characters, of which there are at least as many.
[[nodiscard]] constexpr std::string_view without_prefix(std::string_view text, std::size_t count) noexcept {
    text.remove_prefix(count);
    return text;
}

/// Takes the first item off a comma-separated list that is not empty.
[[nodiscard]] constexpr std::string_view take_item(std::string_view& list) noexcept {
    std::size_t const comma = list.find(',');
    std::string_view const item = without_blanks(prefix(list, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    return item;
}

/// Whether a comma-separated list, such as the value of Connection, names a token.
[[nodiscard]] constexpr bool lists_token(std::string_view list, std::string_view token) noexcept {
    while (!list.empty())
        if (equals_ignoring_case(take_item(list), token)) return true;
    return false;
}

/// Whether a text is a comma-separated list of tokens, some of which may be missing.
[[nodiscard]] constexpr bool is_token_list(std::string_view list) noexcept {
    while (!list.empty()) {
        std::string_view const item = take_item(list);
        if (!item.empty() && !is_token(item)) return false;
    }
    return true;
}

/// Decimal digits and nothing else; false beyond 64 bits.
[[nodiscard]] constexpr bool read_decimal(std::string_view text, std::uint64_t& value) noexcept {
    constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max)();
    std::uint64_t read = 0;
    for (char const c : text) {
        if (!is_digit(c)) return false;
        auto const digit = static_cast<std::uint64_t>(c - '0');
        if (read > most / 10 || read * 10 > most - digit) return false;
        read = read * 10 + digit;
    }
    value = read;
    return !text.empty();
}

/// Takes hex digits off the front; false where there is none, or beyond 64 bits.
[[nodiscard]] constexpr bool take_hex(std::string_view& text, std::uint64_t& value) noexcept {
    std::uint64_t read = 0;
    std::size_t count = 0;
    for (; count < text.size() && is_hex(text[count]); ++count) {
        char const c = ascii_lower(text[count]);
        if (read > (std::numeric_limits<std::uint64_t>::max)() / 16) return false;
        read = read * 16 + static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    text.remove_prefix(count);
    value = read;
    return count != 0;
}

/// Whether this may stand behind the size of a chunk: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`.
[[nodiscard]] constexpr bool are_chunk_extensions(std::string_view text) noexcept {
    auto const skip_blanks = [&] {
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    };
    auto const skip_some_token = [&] {
        std::size_t count = 0;
        while (count < text.size() && is_token_char(text[count])) ++count;
        text.remove_prefix(count);
        return count != 0;
    };
    auto const skip_quoted = [&] {
        std::size_t at = 1;
        for (; at < text.size() && text[at] != '"'; ++at)
            if (text[at] == '\\') ++at;
        if (at >= text.size()) return false;
        text.remove_prefix(at + 1);
        return true;
    };
    if (!is_field_value(text)) return false;
    while (!text.empty()) {
        skip_blanks();
        if (!text.starts_with(';')) return false;
        text.remove_prefix(1);
        skip_blanks();
        if (!skip_some_token()) return false;
        std::string_view const rest = text;
        skip_blanks();
        if (!text.starts_with('=')) {
            text = rest;
            continue;
        }
        text.remove_prefix(1);
        skip_blanks();
        if (!(text.starts_with('"') ? skip_quoted() : skip_some_token())) return false;
    }
    return true;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

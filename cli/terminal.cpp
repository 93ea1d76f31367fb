// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cwchar>

#include <sys/ioctl.h>
#include <unistd.h>

namespace cli {
namespace {

std::string_view variable(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

std::size_t columns_of(int descriptor) {
    std::string_view const given = variable("COLUMNS");
    std::size_t number = 0;
    std::from_chars(given.data(), given.data() + given.size(), number);
    if (number != 0) return number;
    ::winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
    return 80;
}

class glyph {
public:
    glyph() = default;

    std::string_view bytes;
    char32_t code_point = 0;
    bool is_good = false;
};

/// The first character of a text that is not empty.
glyph first_of(std::string_view text) {
    auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    unsigned const first = byte(0);
    std::size_t const length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
    glyph found;
    found.bytes = text.substr(0, 1);
    if (length == 0 || length > text.size()) return found;
    char32_t code_point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return found;
        code_point = code_point << 6U | (byte(i) & 0x3FU);
    }
    found.bytes = text.substr(0, length);
    found.code_point = code_point;
    found.is_good = true;
    return found;
}

bool turns_direction(char32_t c) {
    return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool acts_on_terminals(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || turns_direction(c) || (c >= 0xE0000 && c <= 0xE007F);
}

std::size_t width_of(glyph const& one) {
    int const width = one.is_good ? ::wcwidth(static_cast<wchar_t>(one.code_point)) : 1;
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace

terminal::terminal(int descriptor, colour_choice colour) : is_terminal_(::isatty(descriptor) == 1) {
    bool const by_itself = is_terminal_ && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
    has_colour_ = colour == colour_choice::always || (colour == colour_choice::automatic && by_itself);
    width_ = is_terminal_ ? (std::max)(columns_of(descriptor), std::size_t{20}) : 0;
}

std::string terminal::painted(style with, std::string_view text) const {
    if (!has_colour_ || with == style::plain || text.empty()) return std::string(text);
    fmt::text_style look;
    switch (with) {
        case style::plain: break;
        case style::dim: look = fmt::emphasis::faint; break;
        case style::bold: look = fmt::emphasis::bold; break;
        case style::red: look = fmt::fg(fmt::terminal_color::red); break;
        case style::green: look = fmt::fg(fmt::terminal_color::green); break;
        case style::yellow: look = fmt::fg(fmt::terminal_color::yellow); break;
    }
    return fmt::format(look, "{}", text);
}

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        glyph const one = first_of(text);
        if (one.is_good && !acts_on_terminals(one.code_point)) shown += one.bytes;
        else shown += '?';
        text.remove_prefix(one.bytes.size());
    }
    return shown;
}

std::size_t width_of(std::string_view text) {
    std::size_t total = 0;
    while (!text.empty()) {
        glyph const one = first_of(text);
        total += width_of(one);
        text.remove_prefix(one.bytes.size());
    }
    return total;
}

std::string fitted(std::string_view text, std::size_t columns) {
    std::size_t const whole = width_of(text);
    if (whole <= columns) return std::string(text) + std::string(columns - whole, ' ');
    std::string shown;
    std::size_t used = 0;
    while (!text.empty()) {
        glyph const one = first_of(text);
        if (used + width_of(one) + 1 > columns) break;
        used += width_of(one);
        shown += one.bytes;
        text.remove_prefix(one.bytes.size());
    }
    shown += "…";
    return shown + std::string(columns - used - 1, ' ');
}

std::string inert_json(std::string text) {
    std::string shown;
    std::string_view rest = text;
    while (!rest.empty()) {
        glyph const one = first_of(rest);
        bool const is_layout = one.bytes == "\n";
        if (!one.is_good) shown += '?';
        else if (!is_layout && one.code_point > 0xFFFF && acts_on_terminals(one.code_point)) {
            char32_t const offset = one.code_point - 0x10000;
            shown += fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + static_cast<unsigned>(offset >> 10U), 0xDC00U + static_cast<unsigned>(offset & 0x3FFU));
        } else if (!is_layout && acts_on_terminals(one.code_point)) shown += fmt::format("\\u{:04x}", static_cast<unsigned>(one.code_point));
        else shown += one.bytes;
        rest.remove_prefix(one.bytes.size());
    }
    return shown;
}

}  // namespace cli

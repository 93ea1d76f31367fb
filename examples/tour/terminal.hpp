// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_TERMINAL_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_TERMINAL_HPP

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <cwchar>
#include <string>
#include <string_view>
#include <vector>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tour {

enum class colour { plain, dim, bold, red, green, yellow };

/// What the terminal, or the file in its place, can show.
class terminal {
public:
    explicit terminal(int descriptor) {
        std::setlocale(LC_CTYPE, "");
        is_utf8_ = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
        bool const is_terminal = ::isatty(descriptor) == 1;
        has_colour_ = is_terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
        width_ = std::clamp(columns(is_terminal ? descriptor : -1), std::size_t{80}, std::size_t{120});
    }

    [[nodiscard]] std::size_t width() const noexcept { return width_; }
    [[nodiscard]] char const* check() const noexcept { return is_utf8_ ? "✓" : "+"; }
    [[nodiscard]] char const* cross() const noexcept { return is_utf8_ ? "✗" : "x"; }
    [[nodiscard]] char const* dash() const noexcept { return is_utf8_ ? "–" : "-"; }
    [[nodiscard]] char const* rule() const noexcept { return is_utf8_ ? "─" : "-"; }
    [[nodiscard]] char const* ellipsis() const noexcept { return is_utf8_ ? "…" : "~"; }
    [[nodiscard]] char const* again() const noexcept { return is_utf8_ ? "└" : "\\"; }

    [[nodiscard]] std::string painted(colour with, std::string_view text) const {
        if (!has_colour_ || with == colour::plain) return std::string(text);
        return code_of(with) + std::string(text) + "\x1b[0m";
    }

    /// Text of any origin as it can be shown: control characters, and what the locale cannot say, become '?'.
    [[nodiscard]] std::string printable(std::string_view text) const {
        std::string out;
        for (auto const& one : glyphs(text)) out += one.bytes;
        return out;
    }

    /// Text in just so many columns, shortened at its end.
    [[nodiscard]] std::string fitted(std::string_view text, std::size_t columns) const {
        return fitted(text, columns, columns - 1);
    }

    /// Text in just so many columns, shortened in the middle.
    [[nodiscard]] std::string fitted_middle(std::string_view text, std::size_t columns) const {
        return fitted(text, columns, (columns - 1) / 2);
    }

private:
    class glyph {
    public:
        glyph(std::string text, std::size_t columns) : bytes(std::move(text)), width(columns) {}

        std::string bytes;
        std::size_t width;
    };

    [[nodiscard]] static std::vector<glyph> glyphs(std::string_view text) {
        std::vector<glyph> out;
        while (!text.empty()) {
            std::mbstate_t state{};
            wchar_t character = 0;
            std::size_t const length = std::mbrtowc(&character, text.data(), text.size(), &state);
            bool const is_good = length != 0 && length <= text.size();
            int const width = is_good ? ::wcwidth(character) : -1;
            std::size_t const used = is_good ? length : 1;
            out.emplace_back(width < 0 ? "?" : std::string(text.substr(0, used)),
                             width < 0 ? 1 : static_cast<std::size_t>(width));
            text.remove_prefix(used);
        }
        return out;
    }

    [[nodiscard]] std::string fitted(std::string_view text, std::size_t columns, std::size_t head) const {
        auto const all = glyphs(text);
        std::size_t total = 0;
        for (auto const& one : all) total += one.width;
        std::string out;
        if (total <= columns) {
            for (auto const& one : all) out += one.bytes;
            return out + std::string(columns - total, ' ');
        }
        std::size_t front = 0;
        std::size_t used = 0;
        while (used + all[front].width <= head) used += all[front++].width;
        std::size_t back = all.size();
        std::size_t const room = columns - 1 - head;
        std::size_t tail = 0;
        while (tail + all[back - 1].width <= room && back > front) tail += all[--back].width;
        for (std::size_t i = 0; i < front; ++i) out += all[i].bytes;
        out += ellipsis();
        for (std::size_t i = back; i < all.size(); ++i) out += all[i].bytes;
        return out + std::string(columns - 1 - used - tail, ' ');
    }

    [[nodiscard]] static std::string code_of(colour with) {
        switch (with) {
            case colour::plain: break;
            case colour::dim: return "\x1b[2m";
            case colour::bold: return "\x1b[1m";
            case colour::red: return "\x1b[31m";
            case colour::green: return "\x1b[32m";
            case colour::yellow: return "\x1b[33m";
        }
        return "";
    }

    [[nodiscard]] static std::string_view variable(char const* name) {
        char const* const value = std::getenv(name);
        return value == nullptr ? std::string_view() : std::string_view(value);
    }

    [[nodiscard]] static std::size_t columns(int descriptor) {
        std::string_view const given = variable("COLUMNS");
        std::size_t number = 0;
        std::from_chars(given.data(), given.data() + given.size(), number);
        if (number != 0) return number;
        ::winsize size{};
        if (descriptor >= 0 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
        return 100;
    }

    bool is_utf8_ = false;
    bool has_colour_ = false;
    std::size_t width_ = 100;
};

}  // namespace tour

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_TERMINAL_HPP
#define UMBRACO_AI_CLI_TERMINAL_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cli {

enum class style : std::uint8_t { plain, dim, bold, red, green, yellow };

/// --color
enum class colour_choice : std::uint8_t { automatic, always, never };

/// One output stream as a person sees it: whether it is a terminal, how wide, and whether with colour.
class terminal {
public:
    /// descriptor  of the stream: 1 or 2
    terminal(int descriptor, colour_choice colour);

    [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }
    [[nodiscard]] bool has_colour() const noexcept { return has_colour_; }
    /// Columns of the terminal; 0 where there is none, and text may be as long as it is.
    [[nodiscard]] std::size_t width() const noexcept { return width_; }

    [[nodiscard]] std::string painted(style with, std::string_view text) const;

private:
    bool is_terminal_;
    bool has_colour_;
    std::size_t width_;
};

/// Text of any origin as it can be shown on one line: control characters, marks that turn the writing direction, and bytes
/// that are no UTF-8 become '?'.
[[nodiscard]] std::string printable(std::string_view text);

/// How many columns a printable text takes.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// A printable text in just so many columns: filled up with blanks, or shortened at its end.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns);

/// JSON text without characters that act on a terminal: what JSON itself does not escape becomes \u….
[[nodiscard]] std::string inert_json(std::string text);

}  // namespace cli

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_OUTPUT_HPP
#define UMBRACO_AI_CLI_OUTPUT_HPP

#include "exit_code.hpp"
#include "terminal.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

/// Keeps the order in which members are added, so that output is stable.
using ordered_json = nlohmann::ordered_json;

/// --output
enum class output_form : std::uint8_t { table, json, ids };

/// Where everything the tool says goes through. Data go to standard output, in one form for each form; all else goes to
/// standard error. Texts of a server's are given as they are: this makes them printable.
class output {
public:
    /// command  "connections list"; stands in each JSON document
    output(output_form how, colour_choice colour, std::string command);

    [[nodiscard]] output_form how() const noexcept { return format_; }
    [[nodiscard]] bool is_json() const noexcept { return format_ == output_form::json; }
    [[nodiscard]] bool is_table() const noexcept { return format_ == output_form::table; }
    [[nodiscard]] terminal const& screen() const noexcept { return screen_; }
    [[nodiscard]] terminal const& aside() const noexcept { return aside_; }

    // --- data ---

    /// A line of the table form; the text is printable, and may have been painted.
    void line(std::string_view printable_text);

    /// An id, in the form of ids.
    void id(std::string_view text);

    /// The document of the JSON form: `version` and `command` are put before these members. Once, and without `begin_items`.
    void document(ordered_json const& members);

    /// A document whose items are written as they come; ends with further members.
    void begin_items();
    void item(ordered_json const& one);
    void end_items(ordered_json const& members);

    // --- all else ---

    /// A sentence for a person.
    void note(std::string_view text);
    void warn(std::string_view text);

    /// Replaces the line of progress; nothing is shown where standard error is no terminal. An empty text takes it away.
    void progress(std::string_view text);

    /// Asks; without a terminal at both ends the answer is had only by --yes.
    ///   instead  what to say on the command line in place of an answer: "--yes"
    /// Errors: throws `stop` with `exit_code::usage` where nobody can be asked.
    [[nodiscard]] bool confirm(std::string_view question, std::string_view instead);

    /// Tells why the command ended, in words and, in the JSON form, as a document or the end of the one begun.
    void error(stop const& why);

    /// Writes what is still held.
    /// Errors: throws `stop` where standard output takes no more, unless `keep_going` was called.
    void flush();

    /// For commands that write to a site: from here on a standard output that takes no more ends nothing, since what is done
    /// counts more than what is shown.
    void keep_going() noexcept { keeps_going_ = true; }

    /// Writes what is still held, at the end of a command that ends with `code`.
    /// Returns: the code to end with, which is another one where what was done could not be told.
    /// Errors: as with `flush`.
    [[nodiscard]] exit_code end(exit_code code);

private:
    void put(std::string_view text);
    /// False where standard output has just been found to take no more.
    [[nodiscard]] bool write_held();
    [[noreturn]] void fail() const;
    void tell(std::string_view text);
    [[nodiscard]] ordered_json envelope() const;

    output_form format_;
    terminal screen_;
    terminal aside_;
    std::string command_;
    std::string held_;
    std::size_t items_ = 0;
    bool has_begun_items_ = false;
    bool has_document_ = false;
    bool has_progress_ = false;
    bool keeps_going_ = false;
    int fault_ = 0;  ///< The errno of the write that failed.
};

/// A failed call as its member of a JSON document.
[[nodiscard]] ordered_json to_json(ai::failure const& reason);

/// The `error` member for whatever ended a command.
[[nodiscard]] ordered_json to_json(stop const& why);

/// A column of a table.
class column {
public:
    /// least     the fewest columns it may be shortened to where the terminal is narrow; 0: as wide as its texts, always
    /// is_needed false: left out where there is no room at all
    column(std::string heading, std::size_t least_width = 0, bool needed = true) : title(std::move(heading)), least(least_width), is_needed(needed) {}

    std::string title;
    std::size_t least;
    bool is_needed;
};

/// A text in a table.
class cell {
public:
    cell(std::string content, style look = style::plain) : text(std::move(content)), with(look) {}

    std::string text;
    style with;
};

/// Rows under headings, as wide as the terminal at most. Rows may be written before all are known: the first batch decides how
/// wide the columns are.
class table {
public:
    table(output& out, std::vector<column> columns) : out_(out), columns_(std::move(columns)) {}

    /// Texts are made printable. A row of a single cell, in a table of several columns, is a remark on the row above it.
    void add(std::vector<cell> row);
    /// Writes the rows so far.
    void flush();

private:
    void fit();
    /// Whether the columns fit then.
    bool shrink(std::size_t room, bool is_last_resort);
    void write(std::vector<cell> const& row);

    output& out_;
    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
    std::vector<std::size_t> widths_;  ///< 0: left out.
    bool is_fitted_ = false;
};

}  // namespace cli

#endif

// SPDX-License-Identifier: MIT
#include "output.hpp"

#include "interruption.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <poll.h>
#include <unistd.h>

namespace cli {
namespace {

constexpr std::size_t most_held = 64 * 1024;
constexpr std::size_t gap = 2;

/// False where the descriptor takes no more.
bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        ::ssize_t const count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::string dumped(ordered_json const& value, int indent = -1) {
    return inert_json(value.dump(indent, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

output::output(output_form how, colour_choice colour, std::string command)
    : format_(how), screen_(STDOUT_FILENO, colour), aside_(STDERR_FILENO, colour), command_(std::move(command)) {}

void output::line(std::string_view printable_text) {
    put(printable_text);
    put("\n");
}

void output::id(std::string_view text) { line(printable(text)); }

ordered_json output::envelope() const {
    ordered_json made;
    made["version"] = 1;
    made["command"] = command_;
    return made;
}

void output::document(ordered_json const& members) {
    ordered_json whole = envelope();
    whole.update(members);
    has_document_ = true;
    line(dumped(whole, 2));
}

void output::begin_items() {
    has_begun_items_ = true;
    ordered_json const whole = envelope();
    put("{\n  \"version\": " + whole["version"].dump() + ",\n  \"command\": " + dumped(whole["command"]) + ",\n  \"items\": [");
}

void output::item(ordered_json const& one) {
    put(items_++ == 0 ? "\n    " : ",\n    ");
    put(dumped(one));
}

void output::end_items(ordered_json const& members) {
    put(items_ == 0 ? "]" : "\n  ]");
    for (auto const& [name, value] : members.items()) put(",\n  " + dumped(ordered_json(name)) + ": " + dumped(value));
    put("\n}\n");
    has_begun_items_ = false;
    has_document_ = true;
}

void output::put(std::string_view text) {
    if (fault_ != 0) return;
    held_ += text;
    if (held_.size() >= most_held) flush();
}

bool output::write_held() {
    std::string const text = std::move(held_);
    held_.clear();
    if (fault_ != 0 || write_all(STDOUT_FILENO, text)) return true;
    fault_ = errno;
    return false;
}

void output::fail() const {
    // Whoever closed the pipe has read what they wanted.
    throw stop(exit_code::refused, fault_ == EPIPE ? "" : std::string("The output could not be written: ") + std::strerror(fault_) + '.');
}

void output::flush() {
    if (!write_held() && !keeps_going_) fail();
}

exit_code output::end(exit_code code) {
    bool const is_written = write_held();
    if (fault_ == 0 || fault_ == EPIPE) return code;
    if (!keeps_going_ && !is_written) fail();
    if (!keeps_going_) return code;
    std::string const why = std::string("the output could not be written: ") + std::strerror(fault_) + '.';
    warn(code == exit_code::done ? "it was done; " + why : why);
    return code == exit_code::done ? exit_code::partly_done : code;
}

void output::tell(std::string_view text) {
    // In the order in which it happened, where both go to one place.
    bool const is_written = write_held();
    progress("");
    static_cast<void>(write_all(STDERR_FILENO, std::string(text) + '\n'));
    if (!is_written && !keeps_going_) fail();
}

void output::note(std::string_view text) { tell(printable(text)); }

void output::warn(std::string_view text) { tell(aside_.painted(style::yellow, "warning: ") + printable(text)); }

void output::progress(std::string_view text) {
    if (!aside_.is_terminal() || (text.empty() && !has_progress_)) return;
    std::string shown = "\r\x1b[K";
    if (!text.empty()) {
        std::string const whole = printable(text);
        shown += width_of(whole) < aside_.width() ? whole : fitted(whole, aside_.width() - 1);
    }
    has_progress_ = !text.empty();
    static_cast<void>(write_all(STDERR_FILENO, shown));
}

bool output::confirm(std::string_view question, std::string_view instead) {
    if (::isatty(STDIN_FILENO) != 1 || !aside_.is_terminal())
        throw stop(exit_code::usage, "This asks first, and there is no terminal to ask at; say " + std::string(instead) + " instead.");
    if (screen_.is_terminal()) flush();
    progress("");
    static_cast<void>(write_all(STDERR_FILENO, printable(question) + " [y/N] "));
    std::string answer;
    // A signal may come just before a read would wait, so that nothing waits without an end.
    for (char c = 0; c != '\n' && !interruption::is_wanted();) {
        ::pollfd waited{STDIN_FILENO, POLLIN, 0};
        if (::poll(&waited, 1, 50) <= 0) continue;
        if (::read(STDIN_FILENO, &c, 1) != 1) break;
        if (c != '\n') answer += c;
    }
    if (interruption::is_wanted()) {
        static_cast<void>(write_all(STDERR_FILENO, "\n"));
        throw stop(exit_code::interrupted, "Interrupted at the question; what it asks about was not done.");
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

void output::error(stop const& why) {
    if (why.message.empty() && !why.reason) return;
    std::string const text = why.reason ? why.reason->to_string() : why.message;
    tell(aside_.painted(style::red, "umbraco-ai: ") + printable(text));
    if (!why.hint.empty()) tell(printable(why.hint));
    if (!is_json() || has_document_) return;
    ordered_json members;
    members["error"] = to_json(why);
    if (has_begun_items_) end_items(members);
    else document(members);
}

ordered_json to_json(ai::failure const& reason) {
    ordered_json made;
    made["exitCode"] = static_cast<int>(exit_code_of(reason));
    made["fault"] = std::string(to_string(reason.who));
    made["code"] = reason.code.message();
    made["message"] = reason.message.empty() ? reason.code.message() : reason.message;
    made["field"] = reason.field.empty() ? ordered_json() : ordered_json(reason.field);
    made["httpStatus"] = reason.status == 0 ? ordered_json() : ordered_json(reason.status);
    made["attempts"] = reason.attempts;
    made["possiblyApplied"] = reason.possibly_applied;
    if (!reason.problem.empty()) {
        ordered_json problem;
        problem["title"] = reason.problem.title;
        problem["detail"] = reason.problem.detail;
        problem["operationStatus"] = reason.problem.operation_status;
        problem["errors"] = ordered_json::array();
        for (ai::field_error const& each : reason.problem.errors) {
            ordered_json error;
            error["field"] = each.field;
            error["text"] = each.text;
            problem["errors"].push_back(std::move(error));
        }
        made["problem"] = std::move(problem);
    } else {
        made["problem"] = nullptr;
    }
    return made;
}

ordered_json to_json(stop const& why) {
    if (why.reason) {
        ordered_json made = to_json(*why.reason);
        made["exitCode"] = static_cast<int>(why.code);
        return made;
    }
    ordered_json made;
    made["exitCode"] = static_cast<int>(why.code);
    made["fault"] = why.code == exit_code::usage ? "usage" : why.code == exit_code::interrupted ? "cancelled" : "none";
    made["code"] = nullptr;
    made["message"] = why.message;
    made["field"] = nullptr;
    made["httpStatus"] = nullptr;
    made["attempts"] = 0;
    made["possiblyApplied"] = false;
    made["problem"] = nullptr;
    return made;
}

void table::add(std::vector<cell> row) {
    for (cell& each : row) each.text = printable(each.text);
    rows_.push_back(std::move(row));
}

void table::fit() {
    std::vector<std::size_t> whole;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = width_of(columns_[i].title);
        for (auto const& row : rows_)
            if (row.size() == columns_.size()) widest = (std::max)(widest, width_of(row[i].text));
        whole.push_back(widest);
    }
    widths_ = whole;
    std::size_t const room = out_.screen().width();
    if (room == 0 || shrink(room, false)) return;
    for (std::size_t i = columns_.size(); i-- > 0;) {
        if (columns_[i].is_needed) continue;
        whole[i] = 0;
        widths_ = whole;
        if (shrink(room, false)) return;
    }
    static_cast<void>(shrink(room, true));
}

bool table::shrink(std::size_t room, bool is_last_resort) {
    constexpr std::size_t fewest = 4;
    while (true) {
        std::size_t total = 0;
        for (std::size_t const width : widths_) total += width == 0 ? 0 : width + gap;
        if (total <= room + gap) return true;
        std::size_t widest = columns_.size();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            bool const can = columns_[i].least != 0 && widths_[i] > (is_last_resort ? fewest : columns_[i].least);
            if (can && (widest == columns_.size() || widths_[i] > widths_[widest])) widest = i;
        }
        if (widest == columns_.size()) return false;
        --widths_[widest];
    }
}

void table::write(std::vector<cell> const& row) {
    if (row.size() != columns_.size()) {
        out_.line("  " + out_.screen().painted(row.front().with, row.front().text));
        return;
    }
    std::string text;
    std::size_t last = 0;
    for (std::size_t i = 0; i < row.size(); ++i)
        if (widths_[i] != 0 && !row[i].text.empty()) last = i;
    bool const is_cut = out_.screen().width() != 0;
    bool is_first = true;
    for (std::size_t i = 0; i <= last && i < row.size(); ++i) {
        if (widths_[i] == 0) continue;
        if (!is_first) text.append(gap, ' ');
        is_first = false;
        std::string shown = is_cut ? fitted(row[i].text, widths_[i]) : row[i].text;
        std::size_t const filled = width_of(shown);
        if (filled < widths_[i]) shown.append(widths_[i] - filled, ' ');
        if (i == last) shown.resize(shown.find_last_not_of(' ') + 1);
        text += out_.screen().painted(row[i].with, shown);
    }
    out_.line(text);
}

void table::flush() {
    if (!is_fitted_) {
        if (rows_.empty()) return;
        is_fitted_ = true;
        fit();
        std::vector<cell> headings;
        for (column const& each : columns_) headings.emplace_back(each.title, style::bold);
        write(headings);
    }
    for (auto const& row : rows_) write(row);
    rows_.clear();
}

}  // namespace cli

// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "interruption.hpp"
#include "session.hpp"

#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/pages.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

/// A connection to test, and how it is called in what is shown.
class subject {
public:
    subject(std::string text, ai::id_or_alias name) : label(std::move(text)), which(std::move(name)) {}

    std::string label;
    ai::id_or_alias which;
};

class subject_list {
public:
    subject_list() = default;

    std::vector<subject> items;
    bool is_complete = true;  ///< False: the list changed while it was read.
};

subject_list subjects_of(session& on, test_arguments const& given) {
    subject_list found;
    if (!given.tests_all) {
        for (std::string const& each : given.which) found.items.emplace_back(each, ai::id_or_alias(each));
        return found;
    }
    on.out().progress("Reading the list …");
    ai::all_query wanted;
    wanted.name_contains = given.filter;
    wanted.provider_id = given.provider;
    wanted.most = 2147483647;
    wanted.page_size = 500;
    auto cursor = on.here().connections().pages(std::move(wanted));
    while (!cursor.is_done())
        for (ai::connection_item const& one : must(cursor.next())) found.items.emplace_back(one.alias, ai::id_or_alias(one.id));
    found.is_complete = !cursor.is_incomplete();
    if (!found.is_complete) on.out().warn("the list changed while it was read; some connections may not be tested.");
    else if (found.items.empty() && (given.filter || given.provider)) throw stop(exit_code::refused, "No connection fits; nothing was tested.");
    return found;
}

/// What came of one test.
class outcome {
public:
    outcome() = default;

    std::optional<ai::result<ai::test_result>> verdict;  ///< Nothing: the test was not asked for, or was cut off.
    std::chrono::nanoseconds took{0};

    [[nodiscard]] bool is_well() const { return verdict && *verdict && (*verdict)->success; }
    /// The server or the provider said no; otherwise nobody knows.
    [[nodiscard]] bool is_ill() const { return verdict && (*verdict ? !(*verdict)->success : exit_code_of(verdict->error()) == exit_code::refused); }
};

/// Collects verdicts, and shows them in the order of the question.
class test_report {
public:
    test_report(output& out, subject_list const& subjects) : out_(out), subjects_(subjects.items), is_complete_(subjects.is_complete), outcomes_(subjects_.size()) {}

    void add(std::size_t index, ai::result<ai::test_result>&& verdict, std::chrono::nanoseconds took) {
        if (!verdict && verdict.error().who == ai::fault::cancelled) {
            ++cut_off_;
            return;
        }
        ++told_;
        outcomes_[index].verdict = std::move(verdict);
        outcomes_[index].took = took;
        if (outcomes_[index].is_well()) ++well_;
        else if (outcomes_[index].is_ill()) ++ill_;
        else note_unknown(exit_code_of(outcomes_[index].verdict->error()));
        out_.progress(std::to_string(told_) + " of " + std::to_string(subjects_.size()) + " tested, " + std::to_string(told_ - well_) + " without success");
    }

    exit_code end() {
        out_.progress("");
        if (out_.is_json()) write_items();
        else if (out_.is_table()) write_table();
        else write_ids();
        if (left_out() != 0) return interrupted();
        if (unknown_ == 0 && ill_ != 0) return exit_code::refused;
        if (unknown_ == 0) return is_complete_ ? exit_code::done : exit_code::partly_done;
        return told_ == unknown_ && reason_ ? *reason_ : exit_code::partly_done;
    }

private:
    [[nodiscard]] std::size_t left_out() const noexcept { return subjects_.size() - told_; }

    /// A test that was cut off may be carried out by the server all the same.
    exit_code interrupted() {
        std::string text = "Interrupted.";
        if (cut_off_ != 0) text += " The server had been asked for " + std::to_string(cut_off_) + " of the tests that are left out, and may still try them; a test changes nothing.";
        out_.note(text);
        return exit_code::interrupted;
    }

    void note_unknown(exit_code reason) {
        if (unknown_++ == 0) reason_ = reason;
        else if (reason_ != reason) reason_.reset();
    }

    void write_items() {
        out_.begin_items();
        for (std::size_t i = 0; i < subjects_.size(); ++i) {
            auto const& verdict = outcomes_[i].verdict;
            if (!verdict) continue;
            ordered_json one = {{"connection", subjects_[i].label}, {"success", *verdict ? ordered_json((*verdict)->success) : ordered_json()}, {"milliseconds", milliseconds(outcomes_[i])}};
            one["errorMessage"] = *verdict && (*verdict)->error_message ? ordered_json(*(*verdict)->error_message) : ordered_json();
            one["explanation"] = *verdict && !(*verdict)->explanation.empty() ? ordered_json((*verdict)->explanation) : ordered_json();
            one["error"] = *verdict ? ordered_json() : to_json(verdict->error());
            out_.item(one);
        }
        out_.end_items({{"count", subjects_.size()}, {"passed", well_}, {"failed", ill_}, {"notTested", unknown_ + left_out()}, {"complete", is_complete_}});
    }

    void write_table() {
        // On a terminal the reason stands below, whole; in a pipe each test is a line.
        bool const is_piped = out_.screen().width() == 0;
        std::vector<column> columns{column("RESULT"), column("CONNECTION", 12), column("TIME")};
        if (is_piped) columns.emplace_back("REASON");
        table rows(out_, std::move(columns));
        for (std::size_t i = 0; i < subjects_.size(); ++i) {
            outcome const& one = outcomes_[i];
            if (!one.verdict) continue;
            cell const result = one.is_well() ? cell("passed", style::green) : one.is_ill() ? cell("failed", style::red) : cell("unknown", style::yellow);
            std::string const reason = words_of(*one.verdict);
            std::vector<cell> row{result, subjects_[i].label, std::to_string(milliseconds(one)) + " ms"};
            if (is_piped) row.emplace_back(reason);
            rows.add(std::move(row));
            if (!is_piped && !reason.empty()) rows.add({cell(reason, style::dim)});
        }
        rows.flush();
        std::string summary = std::to_string(well_) + " passed, " + std::to_string(ill_) + " failed";
        if (unknown_ != 0) summary += ", " + std::to_string(unknown_) + " unknown";
        if (left_out() != 0) summary += ", " + std::to_string(left_out()) + " left out";
        out_.line(out_.screen().painted(well_ == subjects_.size() ? style::green : style::red, summary));
    }

    /// Of those that are to be looked at.
    void write_ids() {
        for (std::size_t i = 0; i < subjects_.size(); ++i)
            if (!outcomes_[i].is_well()) out_.id(subjects_[i].label);
    }

    static std::int64_t milliseconds(outcome const& one) { return std::chrono::duration_cast<std::chrono::milliseconds>(one.took).count(); }

    static std::string words_of(ai::result<ai::test_result> const& verdict) {
        if (!verdict) return verdict.error().to_string();
        if (verdict->success) return "";
        std::string text = verdict->error_message.value_or("");
        if (!verdict->explanation.empty()) text += (text.empty() ? "" : " ") + verdict->explanation;
        return text;
    }

    output& out_;
    std::vector<subject> const& subjects_;
    bool is_complete_;
    std::vector<outcome> outcomes_;
    std::size_t told_ = 0;
    std::size_t well_ = 0;
    std::size_t ill_ = 0;
    std::size_t unknown_ = 0;  ///< Without a verdict: not reached, not signed in.
    std::size_t cut_off_ = 0;
    std::optional<exit_code> reason_;
};

}  // namespace

exit_code test_connections(session& on, test_arguments const& given) {
    if (given.tests_all != given.which.empty()) throw stop(exit_code::usage, "Name connections, or say --all.");
    if (!given.tests_all && (given.filter || given.provider)) throw stop(exit_code::usage, "--filter and --provider go with --all.");
    subject_list const subjects = subjects_of(on, given);
    std::vector<ai::id_or_alias> which;
    for (subject const& each : subjects.items) {
        must(each.which.check(ai::http_method::post));
        which.push_back(each.which);
    }
    test_report report(on.out(), subjects);
    on.here().test(which, given.jobs, [&](std::size_t index, ai::result<ai::test_result>&& verdict, std::chrono::nanoseconds took) { report.add(index, std::move(verdict), took); });
    return report.end();
}

}  // namespace cli

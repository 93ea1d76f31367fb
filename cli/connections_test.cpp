// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "interruption.hpp"
#include "session.hpp"

#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/pages.hpp>

#include <chrono>
#include <optional>
#include <set>
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

std::vector<subject> subjects_of(session& on, test_arguments const& given) {
    std::vector<subject> found;
    if (!given.tests_all) {
        for (std::string const& each : given.which) found.emplace_back(each, ai::id_or_alias(each));
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
        for (ai::connection_item const& one : must(cursor.next())) found.emplace_back(one.alias, ai::id_or_alias(one.id));
    if (cursor.is_incomplete()) on.out().warn("the list changed while it was read; some connections may not be tested.");
    return found;
}

/// Counts verdicts, and shows each as it comes.
class test_report {
public:
    test_report(output& out, std::size_t count)
        : out_(out), count_(count), rows_(out, {column("RESULT"), column("CONNECTION", 12), column("TIME"), column("WHAT", 20)}) {
        if (out.is_json()) out.begin_items();
    }

    void add(subject const& tested, ai::result<ai::test_result> const& verdict, std::chrono::nanoseconds took) {
        if (!verdict && verdict.error().who == ai::fault::cancelled) {
            ++cut_off_;
            return;
        }
        ++told_;
        bool const is_well = verdict && verdict->success;
        if (is_well) ++well_;
        else if (verdict || exit_code_of(verdict.error()) == exit_code::refused) ++ill_;
        else note_unknown(exit_code_of(verdict.error()));
        show(tested, verdict, is_well, std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
        out_.progress(std::to_string(told_) + " of " + std::to_string(count_) + " tested, " + std::to_string(told_ - well_) + " without success");
    }

    exit_code end() {
        out_.progress("");
        rows_.flush();
        std::size_t const left_out = count_ - told_;
        if (out_.is_json())
            out_.end_items({{"count", count_}, {"passed", well_}, {"failed", ill_}, {"notTested", unknown_ + left_out}});
        std::string summary = std::to_string(well_) + " passed, " + std::to_string(ill_) + " failed";
        if (unknown_ != 0) summary += ", " + std::to_string(unknown_) + " without an answer";
        if (left_out != 0) summary += ", " + std::to_string(left_out) + " left out";
        if (count_ > 1 || left_out != 0) out_.note(summary + '.');
        if (left_out != 0)
            return interrupted();
        if (unknown_ == 0) return ill_ == 0 ? exit_code::done : exit_code::refused;
        bool const all_alike = told_ == unknown_ && reason_;
        return all_alike ? *reason_ : exit_code::partly_done;
    }

private:
    /// A test that was cut off may be carried out by the server all the same; it changes nothing there.
    exit_code interrupted() {
        if (cut_off_ != 0) out_.note("Interrupted; " + std::to_string(cut_off_) + " of them had been asked for, and the server may still try them. Tests change nothing.");
        return exit_code::interrupted;
    }

    void note_unknown(exit_code reason) {
        bool const is_first = unknown_++ == 0;
        if (is_first) reason_ = reason;
        else if (reason_ != reason) reason_.reset();
    }

    void show(subject const& tested, ai::result<ai::test_result> const& verdict, bool is_well, std::int64_t milliseconds) {
        std::string const what = !verdict ? verdict.error().to_string() : is_well ? "" : words_of(*verdict);
        if (out_.is_json()) {
            ordered_json one = {{"connection", tested.label}, {"success", verdict ? ordered_json(is_well) : ordered_json()}, {"milliseconds", milliseconds}};
            one["errorMessage"] = verdict && verdict->error_message ? ordered_json(*verdict->error_message) : ordered_json();
            one["explanation"] = verdict && !verdict->explanation.empty() ? ordered_json(verdict->explanation) : ordered_json();
            one["error"] = verdict ? ordered_json() : to_json(verdict.error());
            out_.item(one);
        } else if (out_.is_table()) {
            rows_.add({is_well ? cell("passed", style::green) : verdict ? cell("failed", style::red) : cell("error", style::red), tested.label, std::to_string(milliseconds) + " ms", what});
        } else if (!is_well) {
            out_.id(tested.label);
        }
    }

    static std::string words_of(ai::test_result const& verdict) {
        std::string text = verdict.error_message.value_or("");
        if (!verdict.explanation.empty()) text += (text.empty() ? "" : " ") + verdict.explanation;
        return text;
    }

    output& out_;
    std::size_t count_;
    table rows_;
    std::size_t told_ = 0;
    std::size_t well_ = 0;
    std::size_t ill_ = 0;
    std::size_t unknown_ = 0;   ///< Without a verdict: not reached, not signed in.
    std::size_t cut_off_ = 0;
    std::optional<exit_code> reason_;
};

}  // namespace

exit_code test_connections(session& on, test_arguments const& given) {
    if (given.tests_all != given.which.empty()) throw stop(exit_code::usage, "Name connections, or say --all.");
    if (!given.tests_all && (given.filter || given.provider)) throw stop(exit_code::usage, "--filter and --provider go with --all.");
    std::vector<subject> const subjects = subjects_of(on, given);
    std::vector<ai::id_or_alias> which;
    for (subject const& each : subjects) {
        must(each.which.check(ai::http_method::post));
        which.push_back(each.which);
    }
    test_report report(on.out(), subjects.size());
    on.here().test(which, given.jobs, [&](std::size_t index, ai::result<ai::test_result> const& verdict, std::chrono::nanoseconds took) { report.add(subjects[index], verdict, took); });
    return report.end();
}

}  // namespace cli

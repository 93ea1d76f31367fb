// SPDX-License-Identifier: MIT
#include "commands.hpp"

#include "../interruption.hpp"
#include "../session.hpp"
#include "apply.hpp"
#include "export.hpp"
#include "files.hpp"
#include "lint.hpp"
#include "load.hpp"
#include "plan.hpp"
#include "show.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace cli::as_code {
namespace {

std::string counted(std::size_t count, std::string const& what) { return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s"); }

/// Tells each finding, and ends the command.
exit_code refuse(output& out, std::vector<finding> const& findings) {
    for (finding const& each : findings) out.note(each.to_string());
    stop const why(exit_code::usage, counted(findings.size(), "fault") + " in the documents; nothing was written.");
    if (out.is_json()) out.document({{"findings", to_json(findings)}, {"error", cli::to_json(why)}});
    out.error(why);
    return why.code;
}

environment variables_of(session& on) {
    return [&on](std::string const& name) { return on.variable(name); };
}

/// Calls to a site that show how far they are.
client_calls<cli::site> calls_to(cli::site& which, output& out) {
    return client_calls<cli::site>(which, [&out](std::size_t done, std::size_t of) { out.progress("reading " + std::to_string(done + 1) + " of " + std::to_string(of)); });
}

void show(output& out, std::vector<diff_line> const& lines) {
    if (!out.is_table()) return;
    for (diff_line const& each : lines) out.line(out.screen().painted(each.with, printable(each.text)));
}

void tell_left_out(output& out, std::vector<not_exported> const& left_out) {
    for (not_exported const& each : left_out) out.warn(each.alias + " is left out: " + (each.reason ? each.reason->to_string() : each.why));
}

exit_code code_of(not_exported const& one) { return one.reason ? cli::exit_code_of(*one.reason) : exit_code::refused; }

void write_files(output& out, std::vector<planned_file> const& files, export_arguments const& given, ordered_json& told) {
    std::string differing;
    for (planned_file const& file : files)
        if (file.is_there && !file.is_same && !given.replaces_files) differing.append(differing.empty() ? "" : ", ").append(file.name.string());
    if (!differing.empty())
        throw stop(exit_code::usage, "There is already something else in " + differing + "; nothing was written. Say --force to replace it.");
    std::size_t written = 0;
    for (planned_file const& file : files) {
        ordered_json one;
        one["file"] = file.name.string();
        one["state"] = file.is_same ? "unchanged" : "written";
        if (!file.is_same) {
            std::error_code error;
            if (file.name.has_parent_path()) std::filesystem::create_directories(file.name.parent_path(), error);
            if (auto const why = write_file(file.name, file.text, given.replaces_files))
                throw stop(written == 0 ? exit_code::refused : exit_code::partly_done, file.name.string() + " could not be written: " + *why + ". " + counted(written, "file") + " before it " + (written == 1 ? "was." : "were."));
            ++written;
        }
        told.push_back(std::move(one));
        if (out.is_table()) out.line(printable(std::string(file.is_same ? "unchanged  " : "written  ") + file.name.string()));
    }
}

void tell_replaced(output& out, export_result const& result) {
    for (exported const& each : result.documents) {
        for (replaced_value const& one : each.replaced) {
            std::string const stand_in = one.is_json ? "${env-json:" + one.variable + '}' : "${env:" + one.variable + '}';
            char const* const why = one.is_unreadable ? " The site can no longer decrypt it: give the secret anew." : one.is_masked ? " The site masks it." : "";
            out.note(one.alias + ": settings." + one.key + " is not written down; " + stand_in + " stands in its place." + why);
        }
    }
}

/// The documents of a command, from files or from another site.
class documents_source {
public:
    documents_source() = default;

    std::vector<document> documents;
    std::vector<not_exported> left_out;
    std::vector<finding> findings;
};

documents_source documents_for(session& on, plan_arguments const& given) {
    documents_source made;
    if (!given.from) {
        made.documents = load_unless_interrupted(given.files, made.findings);
        if (made.findings.empty()) resolve(made.documents, variables_of(on), made.findings);
        return made;
    }
    std::unique_ptr<cli::site> const source = on.of_profile(*given.from);
    auto calls = calls_to(*source, on.out());
    selection wanted;
    wanted.patterns = given.only;
    wanted.except = given.except;
    made.documents = must(take_documents(calls, wanted, variables_of(on), *given.from, made.left_out, made.findings));
    on.out().progress("");
    tell_left_out(on.out(), made.left_out);
    if (made.documents.empty() && made.left_out.empty()) throw stop(exit_code::usage, "No connection of " + *given.from + " fits; nothing was written to " + *given.to + '.');
    return made;
}

plan_options options_of(plan_arguments const& given) {
    plan_options made;
    made.compared.write_secrets = given.writes_secrets;
    if (given.prunes) made.prune_scope = given.scope;
    made.prune_except = given.except;
    made.deactivates = given.deactivates;
    return made;
}

/// A connection of the source that was not asked for, or could not be taken, is not one without a document.
void keep_what_was_not_read(plan& planned, plan_arguments const& given, std::vector<not_exported> const& left_out) {
    std::erase_if(planned.steps, [&](planned_step const& each) {
        if (each.wanted != nullptr) return false;
        bool const is_unasked = given.from && !given.only.empty() && !fits_any(given.only, each.alias);
        return is_unasked || std::any_of(left_out.begin(), left_out.end(), [&](not_exported const& one) { return same_ignoring_case(one.alias, each.alias); });
    });
}

/// The site that a command writes to; `owner` keeps one that was made for it.
cli::site& target_of(session& on, plan_arguments const& given, std::unique_ptr<cli::site>& owner) {
    if (!given.to) return on.here();
    owner = on.of_profile(*given.to);
    return *owner;
}

bool has_open_question(plan const& planned) {
    for (planned_step const& each : planned.steps)
        for (member_change const& one : each.compared.members)
            if (one.state == member_state::not_comparable && !one.is_written) return true;
    return false;
}

void tell_of_plan(output& out, plan const& planned) {
    out.progress("");
    show(out, diff_of(planned));
    out.note(summary_of(planned) + '.');
    if (has_open_question(planned)) out.note("Values that cannot be seen cannot be compared; --write-secrets writes those that the documents have.");
}

std::string quoted_aliases(plan const& planned, planned_action kind) {
    std::string all;
    for (planned_step const& each : planned.steps)
        if (each.kind == kind) all.append(all.empty() ? "" : ", ").append(each.alias);
    return all;
}

bool is_agreed(output& out, plan const& planned, plan_arguments const& given) {
    if (given.is_sure) return true;
    if (planned.count(planned_action::remove) != 0)
        return out.confirm("Delete " + counted(planned.count(planned_action::remove), "connection") + ": " + quoted_aliases(planned, planned_action::remove) + '?', "--yes");
    if (planned.count(planned_action::deactivate) != 0)
        return out.confirm("Deactivate " + counted(planned.count(planned_action::deactivate), "connection") + ": " + quoted_aliases(planned, planned_action::deactivate) + '?', "--yes");
    if (given.always_asks && planned.has_differences()) return out.confirm("Write this to " + given.to.value_or("the site") + '?', "--yes");
    return true;
}

/// What a command that only looks ends with.
exit_code code_of(plan const& planned, documents_source const& source, bool exits_zero) {
    if (planned.read_failure() != nullptr) return cli::exit_code_of(*planned.read_failure());
    if (!source.left_out.empty()) return code_of(source.left_out.front());
    return planned.has_differences() && !exits_zero ? exit_code::differs : exit_code::done;
}

void show_ids(output& out, plan const& planned) {
    if (out.is_json() || out.is_table()) return;
    for (planned_step const& each : planned.steps)
        if (each.kind != planned_action::keep) out.id(each.alias);
}

ordered_json left_out_json(std::vector<not_exported> const& left_out) {
    ordered_json made = ordered_json::array();
    for (not_exported const& each : left_out) made.push_back(to_json(each));
    return made;
}

}  // namespace

exit_code export_connections(session& on, export_arguments const& given) {
    output& out = on.out();
    auto calls = calls_to(on.here(), out);
    selection wanted;
    wanted.patterns = given.only;
    wanted.except = given.except;
    export_result const result = must(export_documents(calls, wanted));
    out.progress("");
    ordered_json files = ordered_json::array();
    ordered_json others = ordered_json::array();
    if (given.target) {
        auto const planned = plan_files(*given.target, result.documents);
        write_files(out, planned, given, files);
        std::error_code error;
        if (std::filesystem::is_directory(*given.target, error) && given.only.empty() && given.except.empty() && result.left_out.empty()) {
            for (std::string const& each : other_files(*given.target, planned)) {
                others.push_back(each);
                out.note(each + " is none of the files of this export; it was left as it is.");
            }
        }
    } else if (out.is_table()) {
        // The text itself, which apply reads.
        std::string text = as_array(result.documents);
        text.pop_back();
        out.line(inert_json(std::move(text)));
    }
    if (out.is_json()) {
        ordered_json documents = ordered_json::array();
        ordered_json replaced = ordered_json::array();
        for (exported const& each : result.documents) {
            documents.push_back(ordered_json::parse(each.text));
            for (replaced_value const& one : each.replaced) replaced.push_back(to_json(one));
        }
        out.document({{"documents", std::move(documents)}, {"files", std::move(files)}, {"replaced", std::move(replaced)}, {"leftOut", left_out_json(result.left_out)}, {"otherFiles", std::move(others)}});
    } else if (!out.is_table()) {
        for (exported const& each : result.documents) out.id(each.alias);
    }
    tell_replaced(out, result);
    tell_left_out(out, result.left_out);
    out.note(counted(result.documents.size(), "connection") + " exported" + (result.left_out.empty() ? "." : ", " + std::to_string(result.left_out.size()) + " left out."));
    if (result.left_out.empty()) return exit_code::done;
    return result.documents.empty() ? code_of(result.left_out.front()) : exit_code::partly_done;
}

exit_code diff(session& on, plan_arguments const& given) {
    output& out = on.out();
    documents_source const source = documents_for(on, given);
    if (!source.findings.empty()) return refuse(out, source.findings);
    std::unique_ptr<cli::site> owner;
    auto calls = calls_to(target_of(on, given, owner), out);
    plan planned = must(make_plan(calls, source.documents, options_of(given)));
    keep_what_was_not_read(planned, given, source.left_out);
    tell_of_plan(out, planned);
    show_ids(out, planned);
    if (out.is_json()) out.document({{"differs", planned.has_differences()}, {"steps", to_json(planned)}, {"leftOut", left_out_json(source.left_out)}});
    return code_of(planned, source, given.exits_zero);
}

exit_code apply(session& on, plan_arguments const& given) {
    output& out = on.out();
    if (!given.is_dry) out.keep_going();
    documents_source const source = documents_for(on, given);
    if (!source.findings.empty()) return refuse(out, source.findings);
    std::unique_ptr<cli::site> owner;
    auto calls = calls_to(target_of(on, given, owner), out);
    plan planned = must(make_plan(calls, source.documents, options_of(given)));
    keep_what_was_not_read(planned, given, source.left_out);
    tell_of_plan(out, planned);
    if (given.is_dry) {
        show_ids(out, planned);
        if (out.is_json()) out.document({{"dryRun", true}, {"differs", planned.has_differences()}, {"steps", to_json(planned)}, {"leftOut", left_out_json(source.left_out)}});
        if (planned.has_obstacles() && planned.read_failure() == nullptr) return exit_code::refused;
        return code_of(planned, source, given.exits_zero);
    }
    bool const can_begin = given.goes_on || (!planned.has_obstacles() && planned.read_failure() == nullptr);
    if (can_begin && !is_agreed(out, planned, given)) {
        out.note("Nothing was done.");
        if (out.is_json()) out.document({{"dryRun", false}, {"complete", false}, {"steps", to_json(planned)}, {"leftOut", left_out_json(source.left_out)}});
        return exit_code::refused;
    }
    apply_options how;
    how.goes_on_after_errors = given.goes_on;
    how.progress = [&](step_result const& done) {
        if (done.became != outcome::unchanged) show(out, {line_of(done)});
    };
    apply_report const report = as_code::apply(calls, planned, how);
    if (!out.is_json() && !out.is_table())
        for (step_result const& each : report.steps)
            if (each.became == outcome::done) out.id(each.alias);
    if (out.is_json()) out.document({{"dryRun", false}, {"complete", report.is_complete()}, {"steps", to_json(planned, report)}, {"leftOut", left_out_json(source.left_out)}});
    out.note(summary_of(report) + '.');
    if (report.has(outcome::may_be_done)) out.note("Of what may be done only the site knows; the same command again finds out, and finishes what is left.");
    exit_code const code = exit_code_of(report);
    if (code != exit_code::done || source.left_out.empty()) return code;
    return report.has(outcome::done) || report.has(outcome::unchanged) ? exit_code::partly_done : code_of(source.left_out.front());
}

exit_code lint(session& on, lint_arguments const& given) {
    output& out = on.out();
    lint_result result;
    std::vector<document> const documents = load_unless_interrupted(given.files, result.errors);
    lint_options options;
    options.reference_prefixes = given.prefixes;
    lint_result found = as_code::lint(documents, options);
    result.errors.insert(result.errors.end(), found.errors.begin(), found.errors.end());
    result.warnings = std::move(found.warnings);
    if (out.is_table()) {
        for (finding const& each : result.errors) out.line(printable(each.where.to_string()) + ": " + out.screen().painted(style::red, "error: ") + printable(each.words()));
        for (finding const& each : result.warnings) out.line(printable(each.where.to_string()) + ": " + out.screen().painted(style::yellow, "warning: ") + printable(each.words()));
    }
    if (out.is_json()) out.document({{"documents", documents.size()}, {"errors", to_json(result.errors)}, {"warnings", to_json(result.warnings)}});
    out.note(counted(documents.size(), "document") + ", " + counted(result.errors.size(), "error") + ", " + counted(result.warnings.size(), "warning") + '.');
    return result.errors.empty() ? exit_code::done : exit_code::refused;
}

}  // namespace cli::as_code

// SPDX-License-Identifier: MIT
#include "show.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace cli::as_code {
namespace {

diff_line member_line(member_change const& one) {
    switch (one.state) {
        case member_state::same: return {style::dim, "      " + one.path + ": same"};
        case member_state::added: return {style::green, "    + " + one.path + ": " + one.after};
        case member_state::removed: return {style::red, "    - " + one.path + ": " + one.before};
        case member_state::reference_changed: return {style::yellow, "    ~ " + one.path + ": reference changed, " + one.before + " -> " + one.after};
        case member_state::literal_changed: return {style::yellow, "    ~ " + one.path + ": literal changed"};
        case member_state::unreadable: return {style::yellow, "    ~ " + one.path + ": unreadable, given anew"};
        case member_state::not_comparable: return {style::yellow, "    ? " + one.path + ": not comparable" + (one.is_written ? ", written" : "")};
        case member_state::changed: break;
    }
    return {style::plain, {}};
}

void add_members(std::vector<diff_line>& out, comparison const& compared) {
    for (member_change const& one : compared.members) {
        // Only of secrets it tells something that they are the same: nobody can see it.
        bool const is_dull = one.state == member_state::same && (one.before.empty() || one.before != "***");
        if (is_dull) continue;
        if (one.state != member_state::changed) {
            out.push_back(member_line(one));
            continue;
        }
        out.emplace_back(style::red, "    - " + one.path + ": " + one.before);
        out.emplace_back(style::green, "    + " + one.path + ": " + one.after);
    }
}

std::string where(planned_step const& one) { return one.wanted == nullptr ? std::string() : "  (" + one.wanted->where.to_string() + ')'; }

bool has_open_question(planned_step const& one) {
    return std::any_of(one.compared.members.begin(), one.compared.members.end(), [](member_change const& each) { return each.state == member_state::not_comparable; });
}

void add_step(std::vector<diff_line>& out, planned_step const& one) {
    if (one.reason) {
        out.emplace_back(style::red, "! " + one.alias + where(one) + ": " + one.reason->to_string());
        return;
    }
    switch (one.kind) {
        case planned_action::create: out.emplace_back(style::green, "+ " + one.alias + where(one)); break;
        case planned_action::update: out.emplace_back(style::yellow, "~ " + one.alias + where(one)); break;
        case planned_action::remove: out.emplace_back(style::red, "- " + one.alias + "  (no document)"); break;
        case planned_action::deactivate: out.emplace_back(style::yellow, "~ " + one.alias + "  (no document)"); break;
        case planned_action::keep:
            if (one.compared.obstacle.empty() && !has_open_question(one)) return;
            out.emplace_back(style::yellow, "? " + one.alias + where(one));
    }
    add_members(out, one.compared);
    if (one.kind == planned_action::deactivate) {
        out.emplace_back(style::red, "    - isActive: true");
        out.emplace_back(style::green, "    + isActive: false");
    }
    if (!one.compared.obstacle.empty()) out.emplace_back(style::red, "    ! " + one.compared.obstacle);
}

char const* past_of(planned_action kind) {
    switch (kind) {
        case planned_action::create: return "created";
        case planned_action::update: return "updated";
        case planned_action::remove: return "deleted";
        case planned_action::deactivate: return "deactivated";
        case planned_action::keep: break;
    }
    return "unchanged";
}

void append_count(std::string& out, std::size_t count, std::string const& what) {
    if (count != 0) out.append(out.empty() ? "" : ", ").append(std::to_string(count)).append(" ").append(what);
}

/// A value as it may be shown, which is JSON, or *** for what may not.
ordered_json shown_json(std::string const& text) {
    if (text.empty()) return nullptr;
    return text == "***" ? ordered_json(text) : ordered_json::parse(text, nullptr, false);
}

ordered_json or_null(std::string const& text) { return text.empty() ? ordered_json() : ordered_json(text); }

ordered_json to_json(planned_step const& one) {
    ordered_json made;
    made["alias"] = one.alias;
    made["action"] = std::string(to_string(one.kind));
    made["file"] = one.wanted == nullptr ? ordered_json() : ordered_json(one.wanted->where.file);
    made["line"] = one.wanted == nullptr || one.wanted->where.line == 0 ? ordered_json() : ordered_json(one.wanted->where.line);
    made["members"] = ordered_json::array();
    for (member_change const& each : one.compared.members) {
        ordered_json member;
        member["path"] = each.path;
        member["state"] = std::string(to_string(each.state));
        member["before"] = shown_json(each.before);
        member["after"] = shown_json(each.after);
        member["isWritten"] = each.is_written;
        made["members"].push_back(std::move(member));
    }
    made["obstacle"] = or_null(one.compared.obstacle);
    made["error"] = one.reason ? cli::to_json(*one.reason) : ordered_json();
    return made;
}

}  // namespace

std::vector<diff_line> diff_of(plan const& planned) {
    std::vector<diff_line> out;
    for (planned_step const& each : planned.steps) add_step(out, each);
    return out;
}

diff_line line_of(step_result const& one) {
    std::string const why = one.reason ? one.reason->to_string() : one.why;
    switch (one.became) {
        case outcome::done: return {style::green, std::string(past_of(one.kind)) + "  " + one.alias};
        case outcome::failed: return {style::red, "failed  " + one.alias + ": " + why};
        case outcome::may_be_done: return {style::red, "may be " + std::string(past_of(one.kind)) + "  " + one.alias + ": " + why};
        case outcome::not_tried: return {style::yellow, "not tried  " + one.alias};
        case outcome::unchanged: break;
    }
    return {style::dim, "unchanged  " + one.alias};
}

std::string summary_of(plan const& planned) {
    std::string out;
    auto const blocked = static_cast<std::size_t>(std::count_if(planned.steps.begin(), planned.steps.end(), [](planned_step const& each) { return !each.compared.obstacle.empty(); }));
    auto const unread = static_cast<std::size_t>(std::count_if(planned.steps.begin(), planned.steps.end(), [](planned_step const& each) { return each.reason.has_value(); }));
    std::size_t possible = 0;
    for (planned_action const kind : {planned_action::create, planned_action::update, planned_action::remove, planned_action::deactivate}) {
        append_count(out, planned.count(kind), "to " + std::string(to_string(kind)));
        possible += planned.count(kind);
    }
    std::size_t const blocked_kept = static_cast<std::size_t>(
        std::count_if(planned.steps.begin(), planned.steps.end(), [](planned_step const& each) { return each.kind == planned_action::keep && !each.compared.obstacle.empty(); }));
    append_count(out, planned.steps.size() - possible - blocked_kept - unread, "the same");
    append_count(out, blocked, "that cannot be applied");
    append_count(out, unread, "that could not be read");
    return out.empty() ? "nothing to compare" : out;
}

std::string summary_of(apply_report const& report) {
    std::string out;
    for (planned_action const kind : {planned_action::create, planned_action::update, planned_action::remove, planned_action::deactivate}) {
        auto const count = std::count_if(report.steps.begin(), report.steps.end(), [&](step_result const& each) { return each.kind == kind && each.became == outcome::done; });
        append_count(out, static_cast<std::size_t>(count), past_of(kind));
    }
    append_count(out, report.count(outcome::unchanged), "unchanged");
    append_count(out, report.count(outcome::failed), "failed");
    append_count(out, report.count(outcome::may_be_done), "may be done");
    append_count(out, report.count(outcome::not_tried), "not tried");
    return out.empty() ? "nothing to do" : out;
}

ordered_json to_json(finding const& one) {
    ordered_json made;
    made["file"] = one.where.file;
    made["line"] = one.where.line == 0 ? ordered_json() : ordered_json(one.where.line);
    made["column"] = one.where.line == 0 ? ordered_json() : ordered_json(one.where.column);
    made["field"] = or_null(one.field);
    made["message"] = one.text;
    return made;
}

ordered_json to_json(std::vector<finding> const& all) {
    ordered_json made = ordered_json::array();
    for (finding const& each : all) made.push_back(to_json(each));
    return made;
}

ordered_json to_json(plan const& planned) {
    ordered_json made = ordered_json::array();
    for (planned_step const& each : planned.steps) made.push_back(to_json(each));
    return made;
}

ordered_json to_json(plan const& planned, apply_report const& report) {
    ordered_json made = ordered_json::array();
    for (std::size_t i = 0; i < planned.steps.size(); ++i) {
        ordered_json one = to_json(planned.steps[i]);
        step_result const& became = report.steps[i];
        one["outcome"] = std::string(to_string(became.became));
        one["why"] = or_null(became.why);
        one["error"] = became.reason ? cli::to_json(*became.reason) : ordered_json();
        made.push_back(std::move(one));
    }
    return made;
}

ordered_json to_json(replaced_value const& one) {
    ordered_json made;
    made["alias"] = one.alias;
    made["key"] = one.key;
    made["variable"] = one.variable;
    made["isJson"] = one.is_json;
    made["isMasked"] = one.is_masked;
    made["isUnreadable"] = one.is_unreadable;
    return made;
}

ordered_json to_json(not_exported const& one) {
    ordered_json made;
    made["alias"] = one.alias;
    made["why"] = one.why;
    made["error"] = one.reason ? cli::to_json(*one.reason) : ordered_json();
    return made;
}

}  // namespace cli::as_code

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_PLAN_HPP
#define UMBRACO_AI_CLI_AS_CODE_PLAN_HPP

#include "compare.hpp"
#include "document.hpp"
#include "site_calls.hpp"

#include <umbraco_ai/core.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

/// Whether an alias fits a shell pattern ("*-dev"), ignoring case, as aliases are unique.
[[nodiscard]] inline bool fits(std::string const& pattern, std::string const& alias) {
    auto const lower = [](std::string text) {
        for (char& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return text;
    };
    return ::fnmatch(lower(pattern).c_str(), lower(alias).c_str(), 0) == 0;
}

[[nodiscard]] inline bool fits_any(std::vector<std::string> const& patterns, std::string const& alias) {
    return std::any_of(patterns.begin(), patterns.end(), [&](std::string const& each) { return fits(each, alias); });
}

enum class planned_action : std::uint8_t { keep, create, update, remove, deactivate };

[[nodiscard]] constexpr std::string_view to_string(planned_action value) noexcept {
    switch (value) {
        case planned_action::keep: return "keep";
        case planned_action::create: return "create";
        case planned_action::update: return "update";
        case planned_action::remove: return "delete";
        case planned_action::deactivate: return "deactivate";
    }
    return "?";
}

/// What is to be done to one connection, as far as reading could tell.
class planned_step {
public:
    planned_step() = default;

    planned_action kind = planned_action::keep;
    std::string alias;
    document const* wanted = nullptr;               ///< Null where no document names the connection.
    std::optional<ai::connection> present;          ///< As it was read; nothing where it is not there, or only listed.
    std::optional<ai::connection_item> listed;      ///< Of a connection that no document names.
    comparison compared;
    std::optional<ai::failure> reason;              ///< Why it could not be read.
};

class plan_options {
public:
    plan_options() = default;

    comparison_options compared;
    std::optional<std::string> prune_scope;  ///< Deletes what fits and has no document.
    std::vector<std::string> prune_except;
    bool deactivates = false;                ///< In place of deleting.
};

/// What applying documents would do. Refers to the documents, which must outlive it.
class plan {
public:
    plan() = default;

    std::vector<planned_step> steps;  ///< In the order of the documents; what no document names comes last.

    [[nodiscard]] bool has_differences() const noexcept {
        return std::any_of(steps.begin(), steps.end(), [](planned_step const& each) { return each.kind != planned_action::keep || !each.compared.obstacle.empty(); });
    }
    [[nodiscard]] bool has_obstacles() const noexcept {
        return std::any_of(steps.begin(), steps.end(), [](planned_step const& each) { return !each.compared.obstacle.empty(); });
    }
    [[nodiscard]] std::size_t count(planned_action kind) const noexcept {
        return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [&](planned_step const& each) { return each.kind == kind; }));
    }
    /// The first failure of a read, where there is one: then what the plan says is not the whole truth.
    [[nodiscard]] ai::failure const* read_failure() const noexcept {
        auto const found = std::find_if(steps.begin(), steps.end(), [](planned_step const& each) { return each.reason.has_value(); });
        return found == steps.end() ? nullptr : &*found->reason;
    }
};

/// Whether the server said that there is no such connection; a route that is missing answers without words.
[[nodiscard]] inline bool says_absent(ai::failure const& reason) noexcept { return reason.status == 404 && !reason.problem.empty(); }

namespace detail {

[[nodiscard]] inline planned_step plan_step(document const& wanted, ai::result<ai::connection> read, comparison_options const& options) {
    planned_step made;
    made.alias = wanted.alias;
    made.wanted = &wanted;
    if (!read && !says_absent(read.error())) {
        made.reason = std::move(read).error();
        return made;
    }
    if (!read) {
        made.kind = planned_action::create;
        made.compared = compare_with_nothing(wanted);
        return made;
    }
    if (!same_ignoring_case(read->alias, wanted.alias)) {
        made.reason = ai::failure(ai::errc::invalid_value, "The server answered another connection than the one asked for.").at("$.alias");
        return made;
    }
    made.compared = compare(wanted, *read, options);
    made.present = *std::move(read);
    if (made.compared.obstacle.empty() && made.compared.writes()) made.kind = planned_action::update;
    return made;
}

}  // namespace detail

/// Reads the connections that the documents name, and, where something is to be pruned, the list; writes nothing.
/// Errors: those of the list. What a single read fails with stands in its step.
[[nodiscard]] inline ai::result<plan> make_plan(site_calls& target, std::vector<document> const& documents, plan_options const& options = {}) {
    plan made;
    std::vector<ai::id_or_alias> aliases;
    aliases.reserve(documents.size());
    for (document const& each : documents) aliases.emplace_back(each.alias);
    std::vector<ai::result<ai::connection>> answers = target.get(aliases);
    for (std::size_t i = 0; i < documents.size(); ++i) made.steps.push_back(detail::plan_step(documents[i], std::move(answers[i]), options.compared));
    if (!options.prune_scope) return made;
    auto listed = target.all();
    if (!listed) return std::move(listed).error();
    if (listed->is_incomplete)
        return ai::failure(ai::errc::invalid_value, "The list changed while it was read, so that nobody can say what to prune; run it again.");
    for (ai::connection_item const& item : *listed) {
        bool const has_document = std::any_of(documents.begin(), documents.end(), [&](document const& each) { return same_ignoring_case(each.alias, item.alias); });
        if (has_document || !fits(*options.prune_scope, item.alias) || fits_any(options.prune_except, item.alias)) continue;
        planned_step next;
        next.alias = item.alias;
        next.listed = item;
        next.kind = !options.deactivates ? planned_action::remove : item.is_active ? planned_action::deactivate : planned_action::keep;
        made.steps.push_back(std::move(next));
    }
    return made;
}

}  // namespace cli::as_code

#endif

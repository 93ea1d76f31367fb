// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_APPLY_HPP
#define UMBRACO_AI_CLI_AS_CODE_APPLY_HPP

#include "../exit_code.hpp"
#include "compare.hpp"
#include "plan.hpp"
#include "site_calls.hpp"

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

enum class outcome : std::uint8_t {
    unchanged,
    done,
    failed,       ///< Nothing was written.
    may_be_done,  ///< The answer was lost, and reading did not tell.
    not_tried
};

[[nodiscard]] constexpr std::string_view to_string(outcome value) noexcept {
    switch (value) {
        case outcome::unchanged: return "unchanged";
        case outcome::done: return "done";
        case outcome::failed: return "failed";
        case outcome::may_be_done: return "may be done";
        case outcome::not_tried: return "not tried";
    }
    return "?";
}

/// What became of one step.
class step_result {
public:
    step_result() = default;

    planned_action kind = planned_action::keep;
    std::string alias;
    outcome became = outcome::unchanged;
    std::string why;                    ///< A sentence where it failed or was not tried.
    std::optional<ai::failure> reason;  ///< Where a call failed.
};

class apply_options {
public:
    apply_options() = default;

    bool goes_on_after_errors = false;
    std::function<void(step_result const&)> progress;  ///< Told of each step when it is over.
};

class apply_report {
public:
    apply_report() = default;

    std::vector<step_result> steps;

    [[nodiscard]] bool has(outcome wanted) const noexcept {
        return std::any_of(steps.begin(), steps.end(), [&](step_result const& each) { return each.became == wanted; });
    }
    [[nodiscard]] std::size_t count(outcome wanted) const noexcept {
        return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [&](step_result const& each) { return each.became == wanted; }));
    }
    [[nodiscard]] bool is_complete() const noexcept { return !has(outcome::failed) && !has(outcome::may_be_done) && !has(outcome::not_tried); }
};

namespace detail {

inline ai::failure changed_since_plan() {
    return ai::failure(ai::errc::conflict, "The connection was changed after the plan was made; nothing was written. Run it again to see the new plan.");
}

/// Whether a connection still is what the plan was made from. Dates are written in the culture of whoever asks.
[[nodiscard]] inline bool is_as_planned(ai::connection const& planned, ai::connection const& now) {
    return planned.id == now.id && planned.alias == now.alias && planned.name == now.name && planned.provider_id == now.provider_id &&
           planned.is_active == now.is_active && planned.version == now.version && planned.settings == now.settings && planned.unknown == now.unknown;
}

[[nodiscard]] inline bool is_as_planned(ai::connection_item const& planned, ai::connection const& now) {
    return planned.id == now.id && planned.alias == now.alias && planned.name == now.name && planned.provider_id == now.provider_id &&
           planned.is_active == now.is_active && (!planned.version || planned.version == now.version);
}

class applier {
public:
    explicit applier(site_calls& target) : site_(target) {}

    [[nodiscard]] step_result run(planned_step const& planned) {
        step_result made;
        made.kind = planned.kind;
        made.alias = planned.alias;
        if (planned.reason) return failed(std::move(made), *planned.reason);
        if (!planned.compared.obstacle.empty()) {
            made.became = outcome::failed;
            made.why = planned.compared.obstacle;
            return made;
        }
        switch (planned.kind) {
            case planned_action::keep: return made;
            case planned_action::create: return create(planned, std::move(made));
            case planned_action::update: return update(planned, std::move(made));
            case planned_action::remove: return remove(planned, std::move(made));
            case planned_action::deactivate: break;
        }
        return deactivate(planned, std::move(made));
    }

private:
    static step_result failed(step_result made, ai::failure reason) {
        made.became = reason.possibly_applied ? outcome::may_be_done : outcome::failed;
        made.why = reason.message;
        made.reason = std::move(reason);
        return made;
    }

    static step_result done(step_result made) {
        made.became = outcome::done;
        return made;
    }

    /// Whether a read shows that the connection is all that the document says, as far as the document can be compared.
    [[nodiscard]] static bool shows(document const& wanted, ai::connection const& now) {
        comparison const left = compare(wanted, now);
        return left.obstacle.empty() && !left.writes() &&
               std::none_of(left.members.begin(), left.members.end(), [](member_change const& each) { return each.state == member_state::not_comparable; });
    }

    step_result create(planned_step const& planned, step_result made) {
        auto created = site_.create(planned.wanted->draft());
        if (created) return done(std::move(made));
        ai::failure reason = std::move(created).error();
        if (!reason.possibly_applied) return failed(std::move(made), std::move(reason));
        auto now = site_.get(planned.alias);
        if (now && shows(*planned.wanted, *now)) return done(std::move(made));
        // The server itself said that it failed, so nothing is under way any more.
        if (!now && says_absent(now.error()) && reason.status == 500) reason.possibly_applied = false;
        return failed(std::move(made), std::move(reason));
    }

    step_result update(planned_step const& planned, step_result made) {
        auto const change = [&planned](ai::connection& target) -> ai::result<void> {
            if (!is_as_planned(*planned.present, target)) return changed_since_plan();
            apply_to(target, *planned.wanted, planned.compared);
            return ai::result<void>::ok();
        };
        return after_modify(planned, site_.modify(planned.present->id, change), std::move(made));
    }

    step_result deactivate(planned_step const& planned, step_result made) {
        auto const change = [&planned](ai::connection& target) -> ai::result<void> {
            if (!is_as_planned(*planned.listed, target)) return changed_since_plan();
            target.is_active = false;
            return ai::result<void>::ok();
        };
        return after_modify(planned, site_.modify(planned.listed->id, change), std::move(made));
    }

    step_result after_modify(planned_step const& planned, ai::result<ai::modified> modified, step_result made) {
        if (modified) return done(std::move(made));
        ai::failure reason = std::move(modified).error();
        // Someone else's state may be lost, or credentials are; that is told, whatever a read shows.
        bool const is_open = reason.possibly_applied && reason.code != ai::make_error_code(ai::errc::lost_update) &&
                             reason.code != ai::make_error_code(ai::errc::settings_wiped);
        if (!is_open) return failed(std::move(made), std::move(reason));
        auto const now = site_.get(planned.present ? planned.present->id : planned.listed->id);
        bool const is_shown = now && (planned.wanted != nullptr ? shows(*planned.wanted, *now) : !now->is_active);
        return is_shown ? done(std::move(made)) : failed(std::move(made), std::move(reason));
    }

    step_result remove(planned_step const& planned, step_result made) {
        ai::guid const id = planned.listed->id;
        auto const before = site_.get(id);
        if (!before && says_absent(before.error())) return done(std::move(made));
        if (!before) return failed(std::move(made), before.error());
        if (!is_as_planned(*planned.listed, *before)) return failed(std::move(made), changed_since_plan());
        auto removed = site_.remove(id);
        if (removed) return done(std::move(made));
        ai::failure reason = std::move(removed).error();
        if (reason.problem.operation_status == "InUse") reason.message = "Profiles use the connection, so it is kept; --deactivate switches it off instead.";
        if (!reason.possibly_applied) return failed(std::move(made), std::move(reason));
        auto const now = site_.get(id);
        if (!now && says_absent(now.error())) return done(std::move(made));
        return failed(std::move(made), std::move(reason));
    }

    site_calls& site_;
};

/// What no further step can mend.
[[nodiscard]] inline bool ends_everything(step_result const& last) {
    return last.reason && (last.reason->who == ai::fault::cancelled || last.reason->who == ai::fault::authentication);
}

}  // namespace detail

/// Carries out a plan. Where a step cannot be carried out and errors stop the work, nothing at all is sent.
[[nodiscard]] inline apply_report apply(site_calls& target, plan const& planned, apply_options const& options = {}) {
    apply_report made;
    detail::applier worker(target);
    bool const is_refused = !options.goes_on_after_errors && (planned.has_obstacles() || planned.read_failure() != nullptr);
    bool is_stopped = false;
    for (planned_step const& each : planned.steps) {
        bool const cannot = each.reason || !each.compared.obstacle.empty();
        step_result next;
        if (is_stopped || (is_refused && !cannot && each.kind != planned_action::keep)) {
            next.kind = each.kind;
            next.alias = each.alias;
            next.became = each.kind == planned_action::keep && !cannot ? outcome::unchanged : outcome::not_tried;
            next.why = "An error stopped the work.";
        } else {
            next = worker.run(each);
        }
        bool const is_bad = next.became == outcome::failed || next.became == outcome::may_be_done;
        is_stopped = is_stopped || (is_bad && !is_refused && !options.goes_on_after_errors) || detail::ends_everything(next);
        if (options.progress) options.progress(next);
        made.steps.push_back(std::move(next));
    }
    return made;
}

/// What the tool ends with after a plan was carried out.
[[nodiscard]] inline exit_code exit_code_of(apply_report const& report) noexcept {
    if (report.is_complete()) return exit_code::done;
    bool const is_interrupted = std::any_of(report.steps.begin(), report.steps.end(), [](step_result const& each) { return each.reason && each.reason->who == ai::fault::cancelled; });
    if (is_interrupted) return exit_code::interrupted;
    if (report.has(outcome::done) || report.has(outcome::may_be_done)) return exit_code::partly_done;
    auto const first = std::find_if(report.steps.begin(), report.steps.end(), [](step_result const& each) { return each.reason.has_value(); });
    return first == report.steps.end() ? exit_code::refused : cli::exit_code_of(*first->reason);
}

}  // namespace cli::as_code

#endif

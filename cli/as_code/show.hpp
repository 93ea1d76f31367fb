// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_SHOW_HPP
#define UMBRACO_AI_CLI_AS_CODE_SHOW_HPP

#include "../output.hpp"
#include "apply.hpp"
#include "export.hpp"
#include "lint.hpp"
#include "plan.hpp"

#include <string>
#include <vector>

namespace cli::as_code {

/// A line of a diff: what it begins with tells without colour what the colour tells.
class diff_line {
public:
    diff_line(style look, std::string content) : with(look), text(std::move(content)) {}

    style with;
    std::string text;

    friend bool operator==(diff_line const&, diff_line const&) = default;
};

/// What a plan would change. What stays as it is has no line, save secrets that cannot be compared, and those beside a change.
[[nodiscard]] std::vector<diff_line> diff_of(plan const& planned);

/// What became of a step, on one line.
[[nodiscard]] diff_line line_of(step_result const& one);

/// "1 to create, 2 to update, 5 the same"
[[nodiscard]] std::string summary_of(plan const& planned);
/// "1 created, 2 updated, 1 failed"
[[nodiscard]] std::string summary_of(apply_report const& report);

[[nodiscard]] ordered_json to_json(finding const& one);
[[nodiscard]] ordered_json to_json(std::vector<finding> const& all);
[[nodiscard]] ordered_json to_json(plan const& planned);
/// The steps of a plan with what became of each.
[[nodiscard]] ordered_json to_json(plan const& planned, apply_report const& report);
[[nodiscard]] ordered_json to_json(replaced_value const& one);
[[nodiscard]] ordered_json to_json(not_exported const& one);

}  // namespace cli::as_code

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_MODELS_HPP
#define UMBRACO_AI_CLI_MODELS_HPP

#include "output.hpp"

#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/settings.hpp>

namespace cli {

[[nodiscard]] ordered_json to_json(ai::connection_item const& one);

/// in_plain  secrets too; otherwise each value that is not known to be none is "***"
[[nodiscard]] ordered_json to_json(ai::connection const& one, bool in_plain = false);
[[nodiscard]] ordered_json to_json(ai::settings const& values, bool in_plain = false);
[[nodiscard]] ordered_json to_json(ai::model const& one);

/// Shows a connection in the table form: a line for each member.
void show(output& out, ai::connection const& one, bool in_plain = false);

}  // namespace cli

#endif

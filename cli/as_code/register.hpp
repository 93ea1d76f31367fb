// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_REGISTER_HPP
#define UMBRACO_AI_CLI_AS_CODE_REGISTER_HPP

#include "../registry.hpp"

namespace cli {

/// Adds the commands that keep connections as code: export, diff, apply, lint, copy.
void register_as_code_commands(CLI::App& root, invocation& chosen);

}  // namespace cli

#endif

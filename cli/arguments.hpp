// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_ARGUMENTS_HPP
#define UMBRACO_AI_CLI_ARGUMENTS_HPP

#include "registry.hpp"

#include <CLI/App.hpp>

namespace cli {

/// Adds the options that every command has, and all commands.
///   chosen  filled when `root` parses; it outlives `root`
void add_arguments(CLI::App& root, invocation& chosen);

/// Options and commands as a completion script, for a shell: "bash" or "zsh".
[[nodiscard]] std::string completion_script(CLI::App const& root, std::string const& shell);

}  // namespace cli

#endif

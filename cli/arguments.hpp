// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_ARGUMENTS_HPP
#define UMBRACO_AI_CLI_ARGUMENTS_HPP

#include "registry.hpp"

#include <CLI/App.hpp>

namespace cli {

/// Adds the options that every command has, and all commands.
///   chosen  filled when `root` parses; it outlives `root`
void add_arguments(CLI::App& root, invocation& chosen);

/// Writes options and commands as a completion script for a shell: "bash" or "zsh".
exit_code write_completion(session& on, CLI::App const& root, std::string const& shell);

}  // namespace cli

#endif

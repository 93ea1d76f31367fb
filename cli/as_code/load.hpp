// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_LOAD_HPP
#define UMBRACO_AI_CLI_AS_CODE_LOAD_HPP

#include "../exit_code.hpp"
#include "../interruption.hpp"
#include "files.hpp"

#include <string>
#include <vector>

namespace cli::as_code {

/// As `load`, and ends the command at Ctrl-C, also while nothing comes from standard input.
[[nodiscard]] inline std::vector<document> load_unless_interrupted(std::vector<std::string> const& names, std::vector<finding>& findings) {
    std::vector<document> all = load(names, findings, &interruption::is_wanted);
    if (interruption::is_wanted()) throw stop(exit_code::interrupted, "Interrupted before anything was sent.");
    return all;
}

}  // namespace cli::as_code

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_COMMANDS_HPP
#define UMBRACO_AI_CLI_AS_CODE_COMMANDS_HPP

#include "../exit_code.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cli {
class session;
}

namespace cli::as_code {

class export_arguments {
public:
    export_arguments() = default;

    std::optional<std::string> target;
    std::vector<std::string> only;
    std::vector<std::string> except;
    bool replaces_files = false;
};
exit_code export_connections(session& on, export_arguments const& given);

/// What `diff`, `apply` and `copy` have in common.
class plan_arguments {
public:
    plan_arguments() = default;

    std::vector<std::string> files;
    std::optional<std::string> from;  ///< Profiles, in place of files.
    std::optional<std::string> to;
    std::vector<std::string> only;
    std::vector<std::string> except;
    bool prunes = false;
    std::optional<std::string> scope;
    bool deactivates = false;
    bool writes_secrets = false;
    bool is_dry = false;
    bool exits_zero = false;
    bool goes_on = false;
    bool is_sure = false;
    bool always_asks = false;
};
exit_code diff(session& on, plan_arguments const& given);
exit_code apply(session& on, plan_arguments const& given);

class lint_arguments {
public:
    lint_arguments() = default;

    std::vector<std::string> files;
    std::vector<std::string> prefixes;
};
exit_code lint(session& on, lint_arguments const& given);

}  // namespace cli::as_code

#endif

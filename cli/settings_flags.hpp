// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_SETTINGS_FLAGS_HPP
#define UMBRACO_AI_CLI_SETTINGS_FLAGS_HPP

#include "commands.hpp"
#include "session.hpp"

#include <umbraco_ai/model/settings.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {

/// What becomes of one settings key.
class setting_change {
public:
    setting_change(std::string name, std::optional<ai::settings_value> new_value) : key(std::move(name)), value(std::move(new_value)) {}

    std::string key;
    std::optional<ai::settings_value> value;  ///< Nothing: the key is taken away.
};

/// The flags as changes, with the values that stand in variables and files.
/// Errors: throws `stop` with `exit_code::usage`. It names flag and key, never what stands after them: a secret may have been
/// put there by mistake.
[[nodiscard]] std::vector<setting_change> changes_of(settings_flags const& flags, session const& on);

/// Makes the changes. Servers match keys ignoring case, so a key that is there keeps its spelling.
void make_changes(std::vector<setting_change> const& changes, ai::settings& target);

/// A key as it is spelt in the settings, where it is there.
[[nodiscard]] std::string spelling_in(ai::settings const& target, std::string const& key);

}  // namespace cli

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_COMMANDS_HPP
#define UMBRACO_AI_CLI_COMMANDS_HPP

#include "exit_code.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cli {

class session;

/// Settings as flags: `--set-ref apiKey=Umbraco:AI:Secrets:OpenAI`. A value that can be a secret is never an argument.
class settings_flags {
public:
    settings_flags() = default;

    std::vector<std::string> plain;      ///< --set key=value
    std::vector<std::string> reference;  ///< --set-ref key=Section:Key
    std::vector<std::string> variable;   ///< --set-env key=NAME
    std::vector<std::string> file;       ///< --set-file key=PATH
    std::vector<std::string> removed;    ///< --unset key

    [[nodiscard]] bool empty() const noexcept { return plain.empty() && reference.empty() && variable.empty() && file.empty() && removed.empty(); }
};

class list_arguments {
public:
    list_arguments() = default;

    std::optional<std::string> filter;
    std::optional<std::string> provider;
    std::optional<std::string> capability;
    std::optional<std::int64_t> limit;
};
exit_code list_connections(session& on, list_arguments const& given);

class get_arguments {
public:
    get_arguments() = default;

    std::string which;
    bool shows_secrets = false;
    bool is_sure = false;
};
exit_code get_connection(session& on, get_arguments const& given);

class models_arguments {
public:
    models_arguments() = default;

    std::string which;
};
exit_code list_models(session& on, models_arguments const& given);

class capabilities_arguments {
public:
    capabilities_arguments() = default;

    std::optional<std::string> which;  ///< Nothing: those of the site.
};
exit_code list_capabilities(session& on, capabilities_arguments const& given);

class exists_arguments {
public:
    exists_arguments() = default;

    std::string alias;
    std::optional<std::string> except;
};
exit_code tell_whether_exists(session& on, exists_arguments const& given);

class diagnose_arguments {
public:
    diagnose_arguments() = default;

    std::optional<std::string> which;  ///< Nothing: why lists fail.
};
exit_code diagnose(session& on, diagnose_arguments const& given);

class create_arguments {
public:
    create_arguments() = default;

    std::optional<std::string> file;      ///< A document; what flags say comes before it.
    std::optional<std::string> alias;
    std::optional<std::string> name;      ///< Nothing: the alias.
    std::optional<std::string> provider;
    bool is_inactive = false;
    bool any_alias = false;
    settings_flags settings;
};
exit_code create_connection(session& on, create_arguments const& given);

class update_arguments {
public:
    update_arguments() = default;

    std::string which;
    std::optional<std::string> file;  ///< A document; what flags say comes before it.
    std::optional<std::string> name;
    std::optional<std::string> alias;
    std::optional<bool> is_active;
    settings_flags settings;
};
exit_code update_connection(session& on, update_arguments const& given);

class delete_arguments {
public:
    delete_arguments() = default;

    std::string which;
    bool is_sure = false;
};
exit_code delete_connection(session& on, delete_arguments const& given);

class test_arguments {
public:
    test_arguments() = default;

    std::vector<std::string> which;
    bool tests_all = false;
    std::optional<std::string> filter;
    std::optional<std::string> provider;
    std::size_t jobs = 8;
};
exit_code test_connections(session& on, test_arguments const& given);

class rotate_arguments {
public:
    rotate_arguments() = default;

    std::string which;
    settings_flags settings;
};
exit_code rotate(session& on, rotate_arguments const& given);

exit_code check_login(session& on);

class serve_arguments {
public:
    serve_arguments() = default;

    bool is_documented = false;
    bool uses_tls = false;
    std::optional<std::string> token;
    std::optional<std::string> client_id;
    std::optional<std::string> client_secret;
    std::uint16_t port = 0;
    std::optional<std::string> seed_file;
    std::size_t generated = 0;       ///< Connections made up.
    unsigned delay_ms = 0;
    std::optional<double> seconds;   ///< How long; nothing: until it is interrupted.
};
exit_code serve(session& on, serve_arguments const& given);

}  // namespace cli

#endif

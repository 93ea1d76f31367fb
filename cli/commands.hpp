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

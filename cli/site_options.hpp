// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_SITE_OPTIONS_HPP
#define UMBRACO_AI_CLI_SITE_OPTIONS_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/options.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cli {

namespace ai = umbraco_ai;

/// What the command line says about where to go and who goes there.
class site_arguments {
public:
    site_arguments() = default;

    std::optional<std::string> base_url;
    std::optional<std::string> profile;
    std::vector<std::string> ca_files;
    std::vector<std::string> pins;
    std::optional<double> timeout;   ///< Seconds.
    std::optional<unsigned> retries;
    int verbosity = 0;  ///< 1: attempts; 2: their phases too.
    bool is_one_of_two = false;  ///< Two profiles are at work: the environment's credentials can be those of one alone.
};

/// The environment, and a `.env` file where one was named. What stands in both is taken from the environment.
class variables {
public:
    variables() = default;

    /// Errors: throws `stop` where the file cannot be read, or a line of it is no assignment; it tells the line's number alone.
    void read(std::string const& path);

    /// Nothing where it is not set, or empty.
    [[nodiscard]] std::optional<std::string> find(std::string const& name) const;

    /// The same of the environment alone, and of the file alone.
    [[nodiscard]] static std::optional<std::string> find_in_process(std::string const& name);
    [[nodiscard]] std::optional<std::string> find_in_file(std::string const& name) const;

private:
    std::map<std::string, std::string> from_file_;
};

/// Everything that a client is made from.
class site_options {
public:
    site_options() = default;

    std::string base_url;
    std::string base_url_source;  ///< "--base-url", "profile staging", "UMBRACO_BASE_URL"
    ai::credentials auth;
    std::string auth_source;  ///< The same for the credentials; empty where there are none.
    std::string client_id;    ///< Empty where a token was given.
    ai::tls_options tls;
    ai::client_options calls;
    int verbosity = 0;
};

/// Puts together what the command line, the profile and the environment say, in this order.
/// Errors: throws `stop`: no base URL, no such profile, a profile with a key that is unknown or a secret, half of a pair of
/// credentials, credentials that belong to another origin than the one asked for, a command of a profile that failed.
[[nodiscard]] site_options resolve(site_arguments const& given, variables const& environment);

/// Where profiles are kept: $XDG_CONFIG_HOME/umbraco-ai/config.ini, or the same below ~/.config. A file of variables has no say
/// in it, since profiles hold commands that are run.
[[nodiscard]] std::string config_path();

}  // namespace cli

#endif

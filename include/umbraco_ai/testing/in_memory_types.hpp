// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_IN_MEMORY_TYPES_HPP
#define UMBRACO_AI_TESTING_IN_MEMORY_TYPES_HPP

#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing {

/// Which of the two truths about the API a server speaks.
enum class dialect : std::uint8_t {
    documented,  ///< The public documentation.
    observed     ///< What released servers send.
};

using site_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// How the site is set up.
class in_memory_options {
public:
    in_memory_options() = default;

    std::string token;  ///< The bearer token let in, and the first one issued. Empty, and no `client_id`: everybody is let in.
    std::string client_id;  ///< Of the API user that may ask for tokens; empty: there is none.
    std::string client_secret;
    std::chrono::seconds token_lifetime{299};
    bool token_requires_https = false;  ///< Token requests over plain http are refused.
    bool forbidden_section = false;     ///< Tokens are good, but not for the AI section: 403.
    bool catch_all =
        true;  ///< Observed dialect: the web site answers what no route does, so an unknown method is 404 instead of 405.

    /// The time of the first write; each write is a second later than the one before.
    site_time start{std::chrono::sys_days(std::chrono::year(2024) / 1 / 15) + std::chrono::hours(10) +
                    std::chrono::minutes(30)};

    std::function<std::string()> new_id;  ///< Ids of created connections, lower-case guids; empty: they count up.
    std::function<std::string(std::string const&)>
        localize_date;  ///< Rewrites each date of an observed answer, as the user's culture does.
};

/// A connection as the site keeps it.
class stored_connection {
public:
    stored_connection() = default;
    stored_connection(std::string connection_alias, std::string display_name, std::string provider,
                      std::string settings_json = "null")
        : alias(std::move(connection_alias)),
          name(std::move(display_name)),
          provider_id(std::move(provider)),
          settings(std::move(settings_json)) {}

    std::string id;  ///< A lower-case guid; empty: the next one.
    std::string alias;
    std::string name;
    std::string provider_id;
    std::string settings = "null";  ///< JSON text.
    bool is_active = true;
    std::uint64_t version = 1;
    site_time created{};  ///< Zero: now.
    site_time modified{};
};

/// A request that reached the server, and what came of it.
class logged_request {
public:
    logged_request() = default;
    logged_request(std::string method_text, std::string request_target, int answered)
        : method(std::move(method_text)), target(std::move(request_target)), status(answered) {}

    std::string method;
    std::string target;
    int status = 0;

    friend bool operator==(logged_request const&, logged_request const&) = default;
};

/// What clients did to the site that they can hardly have meant.
class careless_writes {
public:
    careless_writes() = default;

    std::size_t wiped_credentials = 0;           ///< A PUT turned settings into null.
    std::size_t stored_masks = 0;                ///< Settings were stored with a run of three or more `*` or `•` in a value.
    std::size_t stored_foreign_ciphertexts = 0;  ///< A value `ENC:…` was stored that this connection did not have.
    std::size_t deactivated_by_omission = 0;     ///< A PUT without `isActive` switched a connection off.
    std::size_t refused_duplicate_aliases = 0;   ///< A POST named an alias that is taken.
    std::size_t poisoned_rows = 0;               ///< Settings with a repeated key were sent.

    [[nodiscard]] std::size_t total() const noexcept {
        return wiped_credentials + stored_masks + stored_foreign_ciphertexts + deactivated_by_omission +
               refused_duplicate_aliases + poisoned_rows;
    }

    friend bool operator==(careless_writes const&, careless_writes const&) = default;
};

}  // namespace testing

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_ARGUMENTS_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_ARGUMENTS_HPP

#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/model/settings.hpp>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tour {

inline constexpr char usage_text[] = R"(Usage: tour [options]

Plays the nine connection endpoints of the Umbraco.AI Management API and shows
what is sent and what comes back.

Without options it starts a server of its own on this machine, twice: one that
speaks the documented contract, one that speaks the observed one. With
--base-url it plays against a server of yours: it creates one connection under
an alias of its own (tour-…), and deletes it at the end, whatever happens.

Options:
  --base-url URL      the server: https://host[:port], with or without /umbraco
  --provider ID       provider of the connection to create (default: openai)
  --settings FILE     its settings, a JSON object; without them it is created
                      without settings, and test and models are skipped
  --read-only         send nothing but GET, and play what can be read
  --timeout SECONDS   for each call, 1 to 3600 (default: 30)
  --json              one JSON object per step on standard output, with
                      contract, step, method, target, status, milliseconds, ok,
                      and result or error
  --help              this text

Environment:
  UMBRACO_BASE_URL    the server, where --base-url is not given
  UMBRACO_TOKEN       the bearer token; never on the command line, which other
                      users and the shell's history can read
  NO_COLOR, COLUMNS   no colours; the width of the table (80 to 120)

Examples:
  tour
  UMBRACO_TOKEN=$(cat token) tour --base-url http://localhost:5000 --read-only
  tour --base-url http://localhost:5000 --provider openai --settings openai.json
  tour --json | jq -r 'select(.ok | not) | .error'

Exit codes:
  0    every step did what it should
  1    a step did not; which, why, and what to do is on standard error
  64   the command line, the URL or the settings file cannot be used; nothing
       was sent
  130  interrupted by Ctrl-C (128 + the signal's number); the connection made
       was deleted first
)";

/// What is wrong with the command line, on one line.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The command line and the environment, checked.
class arguments {
public:
    /// Errors: throws `usage_error`.
    arguments(int count, char const* const* values) {
        for (int i = 1; i < count; ++i) all_.emplace_back(values[i]);
        while (at_ < all_.size()) read(all_[at_++]);
        if (wants_help) return;
        if (!base_url) base_url = variable("UMBRACO_BASE_URL");
        if (auto const token_text = variable("UMBRACO_TOKEN")) token = umbraco_ai::secret(*token_text);
        check();
    }

    std::optional<std::string> base_url;  ///< None: servers of the tour's own.
    std::optional<umbraco_ai::secret> token;
    std::string provider = "openai";
    umbraco_ai::settings settings{nullptr};
    std::chrono::seconds timeout{30};
    bool is_read_only = false;
    bool wants_json = false;
    bool wants_help = false;

private:
    void read(std::string_view argument) {
        std::string_view const name = argument.substr(0, argument.find('='));
        if (name == "--token" || name == "--password" || name == "--secret")
            throw usage_error(
                std::string(name) +
                " is refused: other users and the shell's history can read a command line. Put the token into UMBRACO_TOKEN.");
        if (name == "--base-url") base_url = value_of(argument, "a URL");
        else if (name == "--provider") {
            provider = value_of(argument, "a provider's id");
            names_connection_ = "--provider";
        } else if (name == "--settings") {
            settings_file_ = value_of(argument, "a file");
            names_connection_ = "--settings";
        } else if (name == "--timeout") timeout = seconds_of(value_of(argument, "a number of seconds"));
        else if (argument == "--read-only") is_read_only = true;
        else if (argument == "--json") wants_json = true;
        else if (argument == "--help" || argument == "-h") wants_help = true;
        else throw usage_error("unknown argument " + std::string(name) + "; --help lists what there is.");
    }

    [[nodiscard]] std::string value_of(std::string_view argument, char const* what) {
        std::size_t const equals = argument.find('=');
        if (equals != std::string_view::npos && equals + 1 < argument.size()) return std::string(argument.substr(equals + 1));
        bool const has_next =
            equals == std::string_view::npos && at_ < all_.size() && !all_[at_].empty() && !all_[at_].starts_with("--");
        if (!has_next) throw usage_error(std::string(argument.substr(0, equals)) + " needs " + what + " after it.");
        return std::string(all_[at_++]);
    }

    [[nodiscard]] static std::chrono::seconds seconds_of(std::string const& text) {
        int number = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > 3600)
            throw usage_error("--timeout takes a whole number of seconds from 1 to 3600.");
        return std::chrono::seconds(number);
    }

    [[nodiscard]] static std::optional<std::string> variable(char const* name) {
        char const* const value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    }

    void check() {
        if (base_url && base_url->empty()) base_url.reset();
        if (!base_url && is_read_only) throw usage_error("--read-only needs a server: give --base-url or UMBRACO_BASE_URL.");
        if (!base_url && !names_connection_.empty())
            throw usage_error(names_connection_ + " needs a server: give --base-url or UMBRACO_BASE_URL.");
        if (is_read_only && !names_connection_.empty())
            throw usage_error(names_connection_ + " has no use with --read-only, which creates nothing.");
        if (base_url)
            if (auto const parsed = umbraco_ai::base_url::parse(*base_url); !parsed)
                throw usage_error(parsed.error().to_string());
        if (!settings_file_.empty()) settings = settings_in(settings_file_);
        umbraco_ai::connection_draft const draft("tour", "Tour", provider);
        if (auto const ok = draft.check(); !ok) throw usage_error("--provider: " + ok.error().message);
    }

    [[nodiscard]] static umbraco_ai::settings settings_in(std::string const& file) {
        constexpr std::size_t most = 1024 * 1024;
        auto const refuse = [&](std::string const& why) { return usage_error("--settings: " + file + ": " + why); };
        std::error_code ignored;
        if (std::filesystem::is_directory(file, ignored)) throw refuse("this is a folder; give a file with a JSON object.");
        errno = 0;
        std::ifstream in(file, std::ios::binary);
        if (!in) throw refuse("cannot be opened: " + std::generic_category().message(errno) + '.');
        std::string text(most + 1, '\0');
        in.read(text.data(), static_cast<std::streamsize>(text.size()));
        if (in.bad()) throw refuse("cannot be read.");
        text.resize(static_cast<std::size_t>(in.gcount()));
        if (text.size() > most) throw refuse("is larger than 1 MB, which no settings are.");
        auto parsed = umbraco_ai::settings::parse(text);
        if (!parsed) throw refuse(parsed.error().to_string());
        if (parsed->is_null()) throw refuse("holds null; give a JSON object, or leave --settings out.");
        return *parsed;
    }

    std::vector<std::string_view> all_;
    std::size_t at_ = 0;
    std::string settings_file_;
    std::string names_connection_;  ///< The last option that says what to create.
};

}  // namespace tour

#endif

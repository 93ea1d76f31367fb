// SPDX-License-Identifier: MIT
#include "site_options.hpp"

#include "exit_code.hpp"

#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/model/secret.hpp>

#include <CLI/Config.hpp>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <sys/wait.h>

namespace cli {
namespace {

using text_map = std::map<std::string, std::string>;

[[noreturn]] void refuse(std::string text) { throw stop(exit_code::usage, std::move(text)); }

std::string trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    std::size_t const first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return "";
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

bool is_name(std::string_view text) {
    for (char const c : text)
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return false;
    return !text.empty();
}

constexpr std::string_view known_keys[] = {"base-url", "client-id", "client-secret-command", "token-command", "ca-file", "pin", "timeout", "retries"};
constexpr std::string_view secret_keys[] = {"token", "client-secret", "password", "secret", "api-key", "apikey"};

template <std::size_t N>
bool is_one_of(std::string_view key, std::string_view const (&keys)[N]) {
    for (std::string_view const known : keys)
        if (key == known) return true;
    return false;
}

text_map read_profile(std::string const& path, std::string const& name) {
    std::ifstream file(path);
    if (!file) refuse("There is no profile " + name + ": " + path + " cannot be read.");
    std::vector<CLI::ConfigItem> items;
    try {
        items = CLI::ConfigINI().from_config(file);
    } catch (CLI::Error const&) {
        refuse(path + ": this is no INI file.");
    }
    text_map found;
    bool is_there = false;
    for (CLI::ConfigItem const& item : items) {
        std::string section;
        for (std::string const& part : item.parents) section += (section.empty() ? "" : ".") + part;
        if (section != name) continue;
        is_there = true;
        if (item.name == "++" || item.name == "--") continue;
        std::string const where = path + ": [" + name + "] " + item.name + ": ";
        if (is_one_of(item.name, secret_keys))
            refuse(where + "a secret does not belong into a file; say token-command or client-secret-command, such as \"pass show umbraco/" + name + "\", or set UMBRACO_TOKEN or UMBRACO_CLIENT_SECRET.");
        if (!is_one_of(item.name, known_keys)) refuse(where + "no such key.");
        std::string value;
        for (std::string const& part : item.inputs) value += (value.empty() ? "" : " ") + part;
        found[item.name] = value;
    }
    if (!is_there) refuse("There is no profile " + name + " in " + path + ".");
    return found;
}

/// The first line that a command of the user's writes.
ai::result<ai::secret> secret_of(std::string const& command, std::string const& what) {
    auto const failed = [&](std::string const& why) {
        return ai::failure(ai::errc::not_signed_in, "The command for it " + why + ".").at(what);
    };
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return failed("could not be run");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        if (text.size() < 64 * 1024) text += static_cast<char>(c);
    int const status = ::pclose(pipe);
    if (status != 0) return failed(WIFEXITED(status) ? "ended with status " + std::to_string(WEXITSTATUS(status)) : "did not end by itself");
    std::string const line = trimmed(std::string_view(text).substr(0, text.find('\n')));
    if (line.empty()) return failed("wrote nothing");
    return ai::secret(line);
}

double number_of(std::string const& text, std::string const& where) {
    char* end = nullptr;
    double const value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') refuse(where + ": this is no number.");
    return value;
}

bool is_same_origin(std::string const& a, std::string const& b) {
    auto const one = ai::base_url::parse(a);
    auto const other = ai::base_url::parse(b);
    return one && other && one->origin == other->origin;
}

class resolver {
public:
    resolver(site_arguments const& given, variables const& environment) : given_(given), environment_(environment) {
        if (!given.profile) return;
        path_ = config_path();
        profile_ = read_profile(path_, *given.profile);
        profile_name_ = "profile " + *given.profile;
    }

    [[nodiscard]] site_options run() {
        made_.verbosity = given_.verbosity;
        find_base_url();
        find_credentials();
        find_trust();
        find_limits();
        return std::move(made_);
    }

private:
    [[nodiscard]] std::string const* in_profile(char const* key) const {
        auto const found = profile_.find(key);
        return found == profile_.end() ? nullptr : &found->second;
    }

    void find_base_url() {
        auto const take = [&](std::string value, std::string source) {
            made_.base_url = std::move(value);
            made_.base_url_source = std::move(source);
        };
        if (given_.base_url) take(*given_.base_url, "--base-url");
        else if (auto const* const url = in_profile("base-url")) take(*url, profile_name_);
        else if (auto const url_of_environment = environment_.find("UMBRACO_BASE_URL")) take(*url_of_environment, "UMBRACO_BASE_URL");
        else refuse("Where is the site? Say --base-url or --profile, or set UMBRACO_BASE_URL; `umbraco-ai serve` starts a site to try everything on.");
        if (auto const parsed = ai::base_url::parse(made_.base_url); !parsed) throw stop(parsed.error());
    }

    void find_credentials() {
        if (auto const* const command = in_profile("token-command")) {
            if (in_profile("client-secret-command") != nullptr) refuse(path_ + ": " + profile_name_ + ": there is a command for a token and one for a client secret; keep one.");
            belongs_to_profile();
            made_.auth = ai::token_source([command = *command, name = profile_name_]() -> ai::result<ai::bearer_token> {
                auto token = secret_of(command, name + ", token-command");
                if (!token) return std::move(token).error();
                return ai::bearer_token(*std::move(token));
            });
            made_.auth_source = profile_name_;
        } else if (auto const* const id = in_profile("client-id")) {
            made_.client_id = *id;
            find_client_secret();
        } else if (in_profile("client-secret-command") != nullptr) {
            refuse(path_ + ": " + profile_name_ + ": a client secret without client-id.");
        } else {
            find_credentials_of_environment();
        }
    }

    void find_client_secret() {
        if (auto const* const command = in_profile("client-secret-command")) {
            belongs_to_profile();
            made_.auth = ai::client_credentials(made_.client_id, must(secret_of(*command, profile_name_ + ", client-secret-command")));
            made_.auth_source = profile_name_;
            return;
        }
        auto const secret = environment_.find("UMBRACO_CLIENT_SECRET");
        if (!secret) refuse(profile_name_ + " has a client-id, and neither a client-secret-command nor is UMBRACO_CLIENT_SECRET set.");
        belongs_to_environment("UMBRACO_CLIENT_SECRET");
        made_.auth = ai::client_credentials(made_.client_id, ai::secret(*secret));
        made_.auth_source = profile_name_ + ", UMBRACO_CLIENT_SECRET";
    }

    void find_credentials_of_environment() {
        auto const token = environment_.find("UMBRACO_TOKEN");
        auto const id = environment_.find("UMBRACO_CLIENT_ID");
        auto const secret = environment_.find("UMBRACO_CLIENT_SECRET");
        if (token) {
            belongs_to_environment("UMBRACO_TOKEN");
            made_.auth = ai::bearer_token(*token);
            made_.auth_source = "UMBRACO_TOKEN";
        } else if (id && secret) {
            belongs_to_environment("UMBRACO_CLIENT_SECRET");
            made_.client_id = *id;
            made_.auth = ai::client_credentials(*id, ai::secret(*secret));
            made_.auth_source = "UMBRACO_CLIENT_ID";
        } else if (id || secret) {
            refuse(std::string(id ? "UMBRACO_CLIENT_SECRET" : "UMBRACO_CLIENT_ID") + " is not set, and the other of the two is.");
        }
    }

    /// Credentials go to the site they were given for, and to no other.
    void belongs_to_profile() const {
        auto const* const own = in_profile("base-url");
        if (own == nullptr) refuse(profile_name_ + " has a command for its credentials and no base-url, so that nobody knows which site they belong to; add it.");
        if (!is_same_origin(*own, made_.base_url))
            refuse("The credentials of " + profile_name_ + " belong to another site than --base-url; make a profile for that one.");
    }
    void belongs_to_environment(std::string const& credential) const {
        std::string const name = "UMBRACO_BASE_URL";
        bool const is_of_process = variables::find_in_process(credential).has_value();
        auto const own = is_of_process ? variables::find_in_process(name) : environment_.find(name);
        auto const of_file = environment_.find_in_file(name);
        if (is_of_process && !own && of_file && made_.base_url_source == name)
            refuse(name + " is from the file of --env-file and " + credential + " from the environment, so that nobody knows whether they belong together; put both into the file, or both into the environment.");
        if (given_.is_one_of_two && !own)
            refuse(credential + " would go to two sites, of which it can belong to one alone; give each profile credentials of its own, or say in UMBRACO_BASE_URL which of them it belongs to.");
        auto const named = environment_.find(name);
        bool const is_elsewhere = named && !is_same_origin(*named, made_.base_url);
        if (is_elsewhere || (!is_of_process && of_file && !is_same_origin(*of_file, made_.base_url)))
            refuse("The credentials in the environment belong to UMBRACO_BASE_URL, which is another site than that of " + made_.base_url_source + "; unset it, or use a profile with credentials of its own.");
    }

    void find_trust() {
        for (std::string const& path : given_.ca_files) made_.tls.trust_ca_file(path);
        for (std::string const& pin : given_.pins) made_.tls.pin(pin);
        if (auto const* const file = in_profile("ca-file"))
            made_.tls.trust_ca_file((std::filesystem::path(path_).parent_path() / *file).string());
        if (auto const* const pin = in_profile("pin"); pin != nullptr && given_.pins.empty()) made_.tls.pin(*pin);
    }

    void find_limits() {
        std::optional<double> seconds = given_.timeout;
        if (auto const* const text = in_profile("timeout"); text != nullptr && !seconds) seconds = number_of(*text, path_ + ": timeout");
        if (seconds) {
            if (!(*seconds > 0 && *seconds <= 86400)) refuse("timeout: give seconds, more than 0 and at most 86400.");
            made_.calls.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(*seconds * 1e9));
        }
        std::optional<unsigned> retries = given_.retries;
        if (auto const* const text = in_profile("retries"); text != nullptr && !retries) {
            double const number = number_of(*text, path_ + ": retries");
            if (!(number >= 0 && number <= 100)) refuse("retries: give a number from 0 to 100.");
            retries = static_cast<unsigned>(number);
        }
        if (retries) made_.calls.retry.most_attempts = *retries + 1;
    }

    site_arguments const& given_;
    variables const& environment_;
    std::string path_;
    text_map profile_;
    std::string profile_name_;
    site_options made_;
};

}  // namespace

void variables::read(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) refuse(path + " cannot be read.");
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        std::string text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        if (text.starts_with("export ")) text = trimmed(std::string_view(text).substr(7));
        std::size_t const equals = text.find('=');
        std::string const name = trimmed(std::string_view(text).substr(0, equals));
        if (equals == std::string::npos || !is_name(name)) refuse(path + ':' + std::to_string(number) + ": this is no NAME=value.");
        std::string value = trimmed(std::string_view(text).substr(equals + 1));
        if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) value = value.substr(1, value.size() - 2);
        from_file_[name] = value;
    }
}

std::optional<std::string> variables::find(std::string const& name) const {
    auto value = find_in_process(name);
    return value ? value : find_in_file(name);
}

std::optional<std::string> variables::find_in_process(std::string const& name) {
    char const* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::optional<std::string> variables::find_in_file(std::string const& name) const {
    auto const found = from_file_.find(name);
    if (found == from_file_.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

std::string config_path() {
    auto const xdg = variables::find_in_process("XDG_CONFIG_HOME");
    // Other values are to be ignored, says the specification.
    if (xdg && xdg->front() == '/') return *xdg + "/umbraco-ai/config.ini";
    return variables::find_in_process("HOME").value_or("") + "/.config/umbraco-ai/config.ini";
}

site_options resolve(site_arguments const& given, variables const& environment) { return resolver(given, environment).run(); }

}  // namespace cli

// SPDX-License-Identifier: MIT
#include "settings_flags.hpp"

#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/model/shown_settings.hpp>

#include <fstream>
#include <iterator>

namespace cli {
namespace {

[[noreturn]] void refuse(std::string text) { throw stop(exit_code::usage, std::move(text)); }

class assignment {
public:
    assignment(std::string const& flag, std::string const& text) {
        std::size_t const equals = text.find('=');
        if (equals == std::string::npos || equals == 0) refuse(flag + ": say key=value. What was said is not shown, since it may be a secret.");
        key = text.substr(0, equals);
        value = text.substr(equals + 1);
    }

    std::string key;
    std::string value;
};

ai::settings_value plain_value(assignment const& given) {
    if (given.value == "true") return true;
    if (given.value == "false") return false;
    if (given.value == "null") return nullptr;
    if (given.value.starts_with('$')) refuse("--set " + given.key + ": a text that begins with $ is a reference into the server's configuration; say --set-ref " + given.key + "=Section:Key.");
    ai::settings_value made(given.value);
    // What is not shown is not taken either.
    if (!ai::holds_no_secret(given.key, made.json()))
        refuse("--set " + given.key + ": this may be a secret, and an argument stands in the shell's history and in the list of processes. Say --set-env " + given.key +
               "=NAME, --set-file " + given.key + "=PATH or --set-ref " + given.key + "=Section:Key.");
    return made;
}

ai::settings_value reference_value(assignment const& given) {
    ai::config_reference const made(given.value);
    // One name alone could be a key that was put here by mistake.
    if (!ai::looks_like_reference(made.to_string()) || made.key().find(':') == std::string::npos)
        refuse("--set-ref " + given.key + ": a reference is names parted by colons, such as Umbraco:AI:Secrets:OpenAI.");
    return made;
}

ai::settings_value variable_value(assignment const& given, session const& on) {
    auto const text = on.variable(given.value);
    if (!text) refuse("--set-env " + given.key + ": the variable that it names is not set, or empty.");
    return ai::secret(*text);
}

ai::settings_value file_value(assignment const& given) {
    std::ifstream file(given.value, std::ios::binary);
    if (!file) refuse("--set-file " + given.key + ": the file that it names cannot be read.");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) refuse("--set-file " + given.key + ": the file that it names is empty.");
    return ai::secret(std::move(text));
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<setting_change> changes_of(settings_flags const& flags, session const& on) {
    std::vector<setting_change> made;
    auto const add = [&](std::string const& flag, std::string const& key, std::optional<ai::settings_value> value) {
        for (setting_change const& known : made)
            if (equals_ignoring_case(known.key, key)) refuse(flag + ' ' + key + ": the key is named twice.");
        made.emplace_back(key, std::move(value));
    };
    auto const add_all = [&](std::string const& flag, std::vector<std::string> const& texts, auto const& value_of) {
        for (std::string const& text : texts) {
            assignment const given(flag, text);
            add(flag, given.key, value_of(given));
        }
    };
    add_all("--set", flags.plain, plain_value);
    add_all("--set-ref", flags.reference, reference_value);
    add_all("--set-env", flags.variable, [&](assignment const& given) { return variable_value(given, on); });
    add_all("--set-file", flags.file, file_value);
    for (std::string const& key : flags.removed) add("--unset", key, std::nullopt);
    return made;
}

void make_changes(std::vector<setting_change> const& changes, ai::settings& target) {
    for (setting_change const& change : changes) {
        std::string const key = spelling_in(target, change.key);
        if (change.value) target.set(key, *change.value);
        else target.erase(key);
    }
}

std::string spelling_in(ai::settings const& target, std::string const& key) {
    std::string found = key;
    if (target.contains(key)) return found;
    target.for_each([&](ai::json_key const& known, std::string_view) {
        if (equals_ignoring_case(known.name, key)) found = known.name;
    });
    return found;
}

}  // namespace cli

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_EXPORT_HPP
#define UMBRACO_AI_CLI_AS_CODE_EXPORT_HPP

#include "document.hpp"
#include "plan.hpp"
#include "site_calls.hpp"

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

/// The names of environment variables that placeholders get: OPENAI_PROD_API_KEY for the apiKey of openai-prod. The same in
/// each run over the same connections; a name that is taken already gets a number.
class variable_names {
public:
    variable_names() = default;

    [[nodiscard]] std::string of(std::string_view alias, std::string_view key) {
        std::string const plain = in_capitals(alias) + '_' + in_capitals(key);
        std::string const name = plain.front() >= '0' && plain.front() <= '9' ? '_' + plain : plain;
        unsigned const taken = ++taken_[name];
        return taken == 1 ? name : name + '_' + std::to_string(taken);
    }

private:
    [[nodiscard]] static std::string in_capitals(std::string_view text) {
        std::string out;
        bool after_lower = false;
        for (char const c : text) {
            bool const is_upper = c >= 'A' && c <= 'Z';
            bool const is_lower = c >= 'a' && c <= 'z';
            bool const is_digit = c >= '0' && c <= '9';
            if (is_upper && after_lower) out += '_';
            out += is_lower ? static_cast<char>(c - 'a' + 'A') : is_upper || is_digit ? c : '_';
            after_lower = is_lower || is_digit;
        }
        return out;
    }

    std::map<std::string, unsigned> taken_;
};

/// A value that did not travel, and what stands in its place.
class replaced_value {
public:
    replaced_value() = default;

    std::string alias;
    std::string key;
    std::string variable;
    bool is_json = false;
    bool is_masked = false;      ///< The site masks it.
    bool is_unreadable = false;  ///< The site can no longer decrypt it.
};

/// A connection as a document's text.
class exported {
public:
    exported() = default;

    std::string alias;
    std::string text;  ///< JSON without a line end; holds nothing that may be a secret.
    std::vector<replaced_value> replaced;
};

/// A connection that no document can hold, or that could not be read.
class not_exported {
public:
    not_exported() = default;
    not_exported(std::string which, std::string text) : alias(std::move(which)), why(std::move(text)) {}

    std::string alias;
    std::string why;
    std::optional<ai::failure> reason;
};

class export_result {
public:
    export_result() = default;

    std::vector<exported> documents;  ///< In the order of their aliases.
    std::vector<not_exported> left_out;
};

namespace detail {

[[nodiscard]] inline replaced_value replace(ai::connection const& from, std::string_view key, std::string_view value, variable_names& names) {
    replaced_value made;
    ai::json_reader reader(value);
    made.alias = from.alias;
    made.key = key;
    made.is_json = reader.peek() != ai::json_kind::string;
    made.is_masked = holds_masked(value);
    made.is_unreadable = holds_unreadable(value);
    made.variable = names.of(from.alias, key);
    return made;
}

[[nodiscard]] inline bool may_stand_in_document(std::string_view key, std::string_view value) {
    std::string const text = text_of(value);
    return ai::holds_no_secret(key, value) && refusal_of_text(text) == nullptr;
}

[[nodiscard]] inline exported write_document(ai::connection const& from, variable_names& names) {
    exported made;
    made.alias = from.alias;
    std::string& out = made.text;
    auto const add = [&out](char const* name, std::string const& json) { out.append(out.size() > 1 ? ",\n  \"" : "\n  \"").append(name).append("\": ").append(json); };
    out = "{";
    add("format", json_text(document_format));
    add("alias", json_text(from.alias));
    ai::connection_draft const draft(from.alias, "Name", "provider");
    if (!draft.check()) add("anyAlias", "true");
    add("name", json_text(from.name));
    add("providerId", json_text(from.provider_id));
    add("isActive", from.is_active ? "true" : "false");
    if (!from.settings.is_null()) {
        std::string settings;
        from.settings.for_each([&](ai::json_key const& key, std::string_view value) {
            if (value == "null") return;
            std::string json(value);
            if (!may_stand_in_document(key.name, value)) {
                made.replaced.push_back(replace(from, key.name, value, names));
                placeholder stand_in;
                stand_in.name = made.replaced.back().variable;
                stand_in.is_json = made.replaced.back().is_json;
                json = json_text(stand_in.to_string());
            } else if (std::string const text = text_of(value); !text.empty()) {
                json = json_text(text);
            }
            settings.append(settings.empty() ? "\n    " : ",\n    ").append(json_text(key.name)).append(": ").append(json);
        });
        add("settings", settings.empty() ? "{}" : '{' + settings + "\n  }");
    }
    out += "\n}";
    return made;
}

/// Why a document that was written would be refused when it is read, or nothing.
[[nodiscard]] inline std::string refusal_of_document(exported const& written) {
    std::vector<finding> findings;
    static_cast<void>(read_documents({}, written.text, findings));
    if (!findings.empty()) return (findings.front().field.empty() ? std::string() : findings.front().field + ": ") + findings.front().text;
    auto const addressed = ai::id_or_alias(written.alias).check(ai::http_method::get);
    return addressed ? std::string() : "alias: " + addressed.error().message;
}

}  // namespace detail

/// Which connections are taken from a site.
class selection {
public:
    selection() = default;

    std::vector<std::string> patterns;  ///< Of aliases; none: all.
    std::vector<std::string> except;

    [[nodiscard]] bool has(std::string const& alias) const { return (patterns.empty() || fits_any(patterns, alias)) && !fits_any(except, alias); }
};

/// Reads the connections of a site that are selected, in the order of their aliases.
/// Errors: those of the list, and a list that changes too often; what a single read fails with goes to `left_out`.
[[nodiscard]] inline ai::result<std::vector<ai::connection>> read_selected(site_calls& from, selection const& wanted, std::vector<not_exported>& left_out) {
    auto listed = from.all();
    if (!listed) return std::move(listed).error();
    if (listed->is_incomplete) return ai::failure(ai::errc::invalid_value, "The list changed while it was read; run it again.");
    std::vector<ai::connection_item> items;
    for (ai::connection_item const& item : *listed)
        if (wanted.has(item.alias)) items.push_back(item);
    std::sort(items.begin(), items.end(), [](auto const& a, auto const& b) { return a.alias < b.alias; });
    std::vector<ai::id_or_alias> ids;
    for (ai::connection_item const& item : items) ids.emplace_back(item.id);
    std::vector<ai::result<ai::connection>> answers = from.get(ids);
    std::vector<ai::connection> read;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (answers[i]) {
            read.push_back(*std::move(answers[i]));
            continue;
        }
        not_exported& lost = left_out.emplace_back(items[i].alias, answers[i].error().message);
        lost.reason = std::move(answers[i]).error();
    }
    return read;
}

/// Writes the selected connections as documents. `$` references stay; each value that is not known to be no secret becomes a
/// placeholder; keys that are null are left out.
[[nodiscard]] inline ai::result<export_result> export_documents(site_calls& from, selection const& wanted = {}) {
    export_result made;
    auto read = read_selected(from, wanted, made.left_out);
    if (!read) return std::move(read).error();
    variable_names names;
    for (ai::connection const& each : *read) {
        exported next = detail::write_document(each, names);
        std::string refusal = detail::refusal_of_document(next);
        if (refusal.empty()) made.documents.push_back(std::move(next));
        else made.left_out.emplace_back(each.alias, "No document can hold it. " + refusal);
    }
    return made;
}

/// The selected connections as documents in memory, to be applied to another site. What the site gives in plain and what is a
/// reference travels; what it masks or can no longer decrypt is taken from the environment, under the name that a placeholder
/// of it has, or left as it is there.
[[nodiscard]] inline ai::result<std::vector<document>> take_documents(site_calls& from, selection const& wanted, environment const& variables,
                                                                      std::string const& source, std::vector<not_exported>& left_out,
                                                                      std::vector<finding>& findings) {
    auto read = read_selected(from, wanted, left_out);
    if (!read) return std::move(read).error();
    variable_names names;
    std::vector<document> all;
    for (ai::connection const& each : *read) {
        exported const written = detail::write_document(each, names);
        if (std::string refusal = detail::refusal_of_document(written); !refusal.empty()) {
            left_out.emplace_back(each.alias, "It cannot be copied. " + refusal);
            continue;
        }
        std::vector<finding> none;
        std::vector<document> made = read_documents(source, written.text, none);
        document& next = made.front();
        next.where = next.alias_place = place(source + '/' + each.alias);
        if (next.settings) {
            for (desired_setting& setting : *next.settings) {
                setting.where = next.where;
                auto const replaced = std::find_if(written.replaced.begin(), written.replaced.end(), [&](replaced_value const& one) { return one.key == setting.key; });
                if (replaced == written.replaced.end()) continue;
                if (!replaced->is_masked && !replaced->is_unreadable) {
                    setting.source = setting_source::literal;
                    setting.value = ai::settings_value::from_json(each.settings.find(setting.key));
                } else if (!variables(setting.variable)) {
                    setting.source = setting_source::unreadable;
                }
            }
        }
        all.push_back(std::move(next));
    }
    // A literal of the source's is as good as a placeholder that was resolved.
    resolve(all, variables, findings);
    return all;
}

}  // namespace cli::as_code

#endif

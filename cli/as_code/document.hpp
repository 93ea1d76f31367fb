// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_DOCUMENT_HPP
#define UMBRACO_AI_CLI_AS_CODE_DOCUMENT_HPP

#include "located_json.hpp"

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

/// What each document says of itself. The number rises when a reader of the present form would misread the next.
inline constexpr std::string_view document_format = "umbraco-ai.connection/1";

[[nodiscard]] inline bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Where the value of a settings key comes from.
enum class setting_source : std::uint8_t {
    literal,           ///< The document itself.
    reference,         ///< "$Umbraco:AI:Secrets:OpenAI": the server's configuration.
    environment,       ///< "${env:NAME}": a text in the environment.
    environment_json,  ///< "${env-json:NAME}": JSON in the environment, for what is no text.
    unreadable,        ///< Another site's, which masks it or can no longer decrypt it.
    absent             ///< null: the key is not to be there.
};

/// "${env:NAME}" or "${env-json:NAME}", where a text is one as a whole.
class placeholder {
public:
    placeholder() = default;

    std::string name;
    bool is_json = false;

    [[nodiscard]] static std::optional<placeholder> parse(std::string_view text) {
        placeholder found;
        if (text.starts_with("${env-json:")) found.is_json = true;
        else if (!text.starts_with("${env:")) return std::nullopt;
        if (!text.ends_with('}')) return std::nullopt;
        text.remove_suffix(1);
        found.name = text.substr(text.find(':') + 1);
        if (!is_name(found.name)) return std::nullopt;
        return found;
    }

    [[nodiscard]] std::string to_string() const { return (is_json ? "${env-json:" : "${env:") + name + '}'; }

private:
    [[nodiscard]] static bool is_name(std::string_view name) noexcept {
        auto const fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
        return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), fits);
    }
};

/// One key of a document's settings.
class desired_setting {
public:
    desired_setting() = default;

    std::string key;
    setting_source source = setting_source::literal;
    std::string variable;                    ///< Of a placeholder.
    std::optional<ai::settings_value> value;  ///< Nothing for an absent key, an unreadable one, and a placeholder that is not resolved.
    place where;

    [[nodiscard]] bool is_placeholder() const noexcept {
        return source == setting_source::environment || source == setting_source::environment_json;
    }
    /// Whether a person may see the value.
    [[nodiscard]] bool is_public() const {
        return value && (source == setting_source::literal || source == setting_source::reference) && ai::holds_no_secret(key, value->json());
    }
};

/// One connection as a file wants it. What it does not name stays as it is.
class document {
public:
    document() = default;

    std::string alias;
    std::string name;
    std::string provider_id;
    std::optional<bool> is_active;
    std::optional<std::vector<desired_setting>> settings;
    bool any_alias = false;  ///< The alias is one that the back office would refuse.
    place where;
    place alias_place;

    [[nodiscard]] desired_setting const* find(std::string_view key) const {
        if (!settings) return nullptr;
        for (desired_setting const& each : *settings)
            if (same_ignoring_case(each.key, key)) return &each;
        return nullptr;
    }

    /// The connection to create from it. Each placeholder is resolved.
    [[nodiscard]] ai::connection_draft draft() const {
        ai::connection_draft made(alias, name, provider_id);
        made.any_alias = any_alias;
        made.is_active = is_active.value_or(true);
        if (!settings) return made;
        made.settings = {};
        for (desired_setting const& each : *settings)
            if (each.value) made.settings.set(each.key, *each.value);
        return made;
    }
};

/// Gives the value of an environment variable.
using environment = std::function<std::optional<std::string>(std::string const&)>;

namespace detail {

/// What no text of a document may be, in words, or nothing.
[[nodiscard]] inline char const* refusal_of_text(std::string_view text) noexcept {
    if (ai::looks_masked(text)) return "The value is masked; give a reference, or ${env:NAME}, or leave the key out.";
    if (ai::looks_encrypted(text)) return "A text that begins with ENC: is a secret that only its own connection can hold; give the secret anew as ${env:NAME}.";
    if (text.find("${") != std::string_view::npos)
        return "A placeholder is the whole value of a settings key, ${env:NAME} for a text or ${env-json:NAME} for other JSON.";
    if (text.starts_with('$') && !ai::looks_like_reference(text))
        return "A text that begins with $ is a reference into the server's configuration, and this is none: names parted by colons.";
    return nullptr;
}

class document_reader {
public:
    document_reader(std::string const& file, std::string_view text, std::vector<finding>& findings) : text_(text), places_(file, text), findings_(findings) {}

    [[nodiscard]] std::vector<document> run() {
        json_node root;
        json_fault fault;
        if (!read_located(text_, root, fault)) {
            add(fault.offset, {}, fault.text);
            return {};
        }
        std::vector<document> all;
        if (root.kind == ai::json_kind::array) {
            for (json_node const& each : root.items) {
                places_.mark(each.offset);
                read(each, all);
            }
            if (root.items.empty()) add(root.offset, {}, "The array holds no document.");
        } else {
            read(root, all);
        }
        return all;
    }

private:
    void add(std::size_t offset, std::string field, std::string text) {
        findings_.emplace_back(places_.at(offset), std::move(field), std::move(text));
    }

    void refuse_repeated(json_node const& node, std::string const& path) {
        for (json_node const& each : node.items) refuse_repeated(each, path);
        for (std::size_t i = 0; i < node.members.size(); ++i) {
            json_member const& member = node.members[i];
            std::string const here = path.empty() ? member.name : path + '.' + member.name;
            bool const is_repeated = std::any_of(node.members.begin(), node.members.begin() + static_cast<std::ptrdiff_t>(i), [&](json_member const& other) {
                return path == "settings" ? same_ignoring_case(other.name, member.name) : other.name == member.name;
            });
            if (is_repeated) add(member.offset, here, "The key stands twice; keep one.");
            refuse_repeated(member.value, here);
        }
    }

    void read(json_node const& node, std::vector<document>& all) {
        if (node.kind != ai::json_kind::object) return add(node.offset, {}, "A document is an object.");
        std::size_t const before = findings_.size();
        refuse_repeated(node, {});
        document made;
        made.where = places_.at(node.offset);
        made.alias_place = made.where;
        json_member const* const format = member_of(node, "format");
        if (format == nullptr) return add(node.offset, "format", "It is missing; a document begins with \"format\": \"" + std::string(document_format) + "\".");
        if (format->value.text != document_format)
            return add(format->value.offset, "format", "This is not \"" + std::string(document_format) + "\", the only format that this tool reads.");
        for (json_member const& member : node.members) read_member(member, made);
        for (char const* const name : {"alias", "name", "providerId"})
            if (member_of(node, name) == nullptr) add(node.offset, name, "It is missing.");
        if (findings_.size() == before) check(node, made);
        all.push_back(std::move(made));
    }

    [[nodiscard]] static json_member const* member_of(json_node const& node, std::string_view name) {
        for (json_member const& each : node.members)
            if (each.name == name) return &each;
        return nullptr;
    }

    void read_member(json_member const& member, document& made) {
        json_node const& value = member.value;
        if (member.name == "format") return;
        if (member.name == "alias") {
            made.alias_place = places_.at(value.offset);
            return read_text(member, made.alias);
        }
        if (member.name == "name") return read_text(member, made.name);
        if (member.name == "providerId") return read_text(member, made.provider_id);
        if (member.name == "isActive") {
            bool active = false;
            if (read_flag(member, active)) made.is_active = active;
            return;
        }
        if (member.name == "anyAlias") {
            read_flag(member, made.any_alias);
            return;
        }
        if (member.name == "settings") return read_settings(value, made);
        add(member.offset, member.name, "No document has this member; known are format, alias, name, providerId, isActive, settings and anyAlias.");
    }

    void read_text(json_member const& member, std::string& out) {
        if (member.value.kind != ai::json_kind::string) return add(member.value.offset, member.name, "A text is expected.");
        out = member.value.text;
    }

    bool read_flag(json_member const& member, bool& out) {
        if (member.value.kind == ai::json_kind::boolean) {
            out = member.value.bytes == "true";
            return true;
        }
        add(member.value.offset, member.name, "true or false is expected.");
        return false;
    }

    void read_settings(json_node const& node, document& made) {
        if (node.kind == ai::json_kind::null)
            return add(node.offset, "settings", "Null would wipe the stored credentials; leave the member out to keep them.");
        if (node.kind != ai::json_kind::object) return add(node.offset, "settings", "An object is expected.");
        made.settings.emplace();
        for (json_member const& member : node.members) read_setting(member, *made.settings);
    }

    void read_setting(json_member const& member, std::vector<desired_setting>& all) {
        desired_setting made;
        made.key = member.name;
        made.where = places_.at(member.value.offset);
        std::string const path = "settings." + member.name;
        json_node const& value = member.value;
        if (value.kind == ai::json_kind::null) {
            made.source = setting_source::absent;
        } else if (auto const found = value.kind == ai::json_kind::string ? placeholder::parse(value.text) : std::nullopt) {
            made.source = found->is_json ? setting_source::environment_json : setting_source::environment;
            made.variable = found->name;
        } else {
            if (!check_texts(value, path)) return;
            if (value.kind == ai::json_kind::string && value.text.starts_with('$')) made.source = setting_source::reference;
            made.value = ai::settings_value::from_json(value.bytes);
        }
        all.push_back(std::move(made));
    }

    /// Refuses texts that would be stored as something else than they say, at any depth.
    bool check_texts(json_node const& value, std::string const& path) {
        if (value.kind == ai::json_kind::string) {
            char const* const refusal = refusal_of_text(value.text);
            if (refusal != nullptr) add(value.offset, path, refusal);
            return refusal == nullptr;
        }
        bool good = true;
        for (std::size_t i = 0; i < value.items.size(); ++i) good = check_texts(value.items[i], path + '[' + std::to_string(i) + ']') && good;
        for (json_member const& member : value.members) good = check_texts(member.value, path + '.' + member.name) && good;
        return good;
    }

    /// The library's own rules for what is created.
    void check(json_node const& node, document const& made) {
        auto const checked = made.draft().check();
        if (checked) return;
        std::string const& field = checked.error().field;
        std::string const member = field.substr(0, field.find('.'));
        json_member const* const found = member_of(node, member);
        std::string text = checked.error().message;
        if (std::size_t const advice = text.find("; say any_alias"); advice != std::string::npos) text.replace(advice, std::string::npos, "; say \"anyAlias\": true where the site has such a one.");
        add(found == nullptr ? node.offset : found->value.offset, field, text);
    }

    std::string_view text_;
    place_finder places_;
    std::vector<finding>& findings_;
};

/// Why a value of the environment cannot be used, or nothing.
[[nodiscard]] inline std::optional<std::string> refusal_of_variable(std::string_view text, bool is_json) {
    if (text.empty()) return "It is set, but empty.";
    if (is_json) {
        json_node root;
        json_fault fault;
        if (!read_located(text, root, fault)) return "It is not one well-formed JSON value.";
        ai::settings probe;
        probe.set("value", ai::settings_value::from_json(text));
        auto const checked = probe.check();
        if (!checked) return checked.error().message;
        if (text.find("${") != std::string_view::npos) return refusal_of_text("${");
        return std::nullopt;
    }
    if (text.starts_with('$')) return "Its text begins with $, as a reference does; write a reference into the document itself.";
    if (char const* const refusal = refusal_of_text(text)) return refusal;
    ai::settings probe;
    probe.set("value", ai::secret(std::string(text)));
    auto const checked = probe.check();
    if (!checked) return checked.error().message;
    return std::nullopt;
}

}  // namespace detail

/// Reads the documents of one file: an object, or an array of them. What is wrong goes to `findings`; then the documents are
/// not to be used.
[[nodiscard]] inline std::vector<document> read_documents(std::string const& file, std::string_view text, std::vector<finding>& findings) {
    return detail::document_reader(file, text, findings).run();
}

/// Refuses two documents of one connection: aliases are unique ignoring case.
inline void refuse_repeated_aliases(std::vector<document> const& documents, std::vector<finding>& findings) {
    for (std::size_t i = 0; i < documents.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (documents[i].alias.empty() || !same_ignoring_case(documents[i].alias, documents[j].alias)) continue;
            findings.emplace_back(documents[i].alias_place, "alias", "Another document has this alias: " + documents[j].alias_place.to_string() + '.');
            break;
        }
    }
}

/// Puts the values of the environment in the place of placeholders.
inline void resolve(std::vector<document>& documents, environment const& variables, std::vector<finding>& findings) {
    for (document& each : documents) {
        if (!each.settings) continue;
        for (desired_setting& setting : *each.settings) {
            if (!setting.is_placeholder()) continue;
            auto const refuse = [&](std::string text) { findings.emplace_back(setting.where, "settings." + setting.key, std::move(text)); };
            auto found = variables(setting.variable);
            if (!found) {
                refuse("The environment variable " + setting.variable + " is not set.");
                continue;
            }
            bool const is_json = setting.source == setting_source::environment_json;
            ai::secret const text(std::move(*found));
            if (auto refusal = detail::refusal_of_variable(text.reveal(), is_json)) {
                refuse("The environment variable " + setting.variable + " cannot be used. " + *refusal);
                continue;
            }
            setting.value = is_json ? ai::settings_value::from_json(text.reveal()) : ai::settings_value(text);
        }
    }
}

}  // namespace cli::as_code

#endif

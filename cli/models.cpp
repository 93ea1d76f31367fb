// SPDX-License-Identifier: MIT
#include "models.hpp"

#include <umbraco_ai/model/shown_settings.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cli {
namespace {

template <class T>
ordered_json or_null(std::optional<T> const& value) {
    if (!value) return nullptr;
    return *value;
}

ordered_json or_null(std::optional<ai::timestamp> const& value) {
    if (!value) return nullptr;
    return value->text();
}

template <class Connection>
ordered_json members_of(Connection const& one) {
    ordered_json made;
    made["id"] = one.id.to_string();
    made["alias"] = one.alias;
    made["name"] = one.name;
    made["providerId"] = one.provider_id;
    made["isActive"] = one.is_active;
    made["dateCreated"] = or_null(one.date_created);
    made["dateModified"] = or_null(one.date_modified);
    made["version"] = or_null(one.version);
    return made;
}

/// JSON text as a value; what cannot be held, such as 1e400, as its text.
ordered_json value_of(std::string_view text) {
    auto parsed = ordered_json::parse(text.begin(), text.end(), nullptr, false);
    if (parsed.is_discarded()) return std::string(text);
    return parsed;
}

std::string text_of(ordered_json const& value) {
    return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

ordered_json to_json(ai::connection_item const& one) { return members_of(one); }

ordered_json to_json(ai::connection const& one, bool in_plain) {
    ordered_json made = members_of(one);
    made["settings"] = to_json(one.settings, in_plain);
    return made;
}

ordered_json to_json(ai::settings const& values, bool in_plain) {
    if (values.is_null()) return nullptr;
    ordered_json made = ordered_json::object();
    values.for_each([&](ai::json_key const& key, std::string_view bytes) { made[std::string(key.name)] = value_of(in_plain ? std::string(bytes) : ai::redacted_setting(key.name, bytes)); });
    return made;
}

ordered_json to_json(ai::model const& one) {
    ordered_json made;
    made["id"] = one.id;
    made["name"] = one.name;
    made["providerId"] = one.provider_id.empty() ? ordered_json() : ordered_json(one.provider_id);
    made["capabilities"] = ordered_json::array();
    for (ai::capability const& each : one.capabilities) made["capabilities"].push_back(each.name());
    return made;
}

void show(output& out, ai::connection const& one, bool in_plain) {
    auto const line = [&](std::string_view name, std::string_view value) {
        out.line(out.screen().painted(style::bold, fitted(name, 10)) + "  " + printable(value));
    };
    line("alias", one.alias);
    line("name", one.name);
    line("provider", one.provider_id);
    line("active", one.is_active ? "yes" : "no");
    line("id", one.id.to_string());
    if (one.version) line("version", std::to_string(*one.version));
    if (one.date_created) line("created", one.date_created->text());
    if (one.date_modified) line("modified", one.date_modified->text());
    if (one.settings.is_null()) {
        line("settings", "none");
        return;
    }
    out.line(out.screen().painted(style::bold, "settings"));
    ordered_json const settings = to_json(one.settings, in_plain);
    for (auto const& [key, value] : settings.items()) out.line("  " + printable(key) + " = " + printable(text_of(value)));
}

}  // namespace cli

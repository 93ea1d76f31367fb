// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_NLOHMANN_HPP
#define UMBRACO_AI_MODEL_NLOHMANN_HPP

#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// One value of a settings object as nlohmann JSON; the others are not parsed, so a number elsewhere that nlohmann cannot
/// hold does no harm.
/// Errors: a usage failure where the key is absent, or where nlohmann cannot hold the value.
/// Whoever calls this includes <nlohmann/json.hpp>, which the library itself does without.
template <class Json = nlohmann::json>
[[nodiscard]] result<Json> to_nlohmann(settings const& from, std::string_view key) {
    std::string const field_name = "settings." + std::string(key);
    std::string_view const bytes = from.find(key);
    if (bytes.empty()) return failure(errc::invalid_argument, "The settings have no such key.").at(field_name);
    auto parsed = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (parsed.is_discarded()) return failure(errc::invalid_argument, "nlohmann::json cannot hold this value; read its bytes with find.").at(field_name);
    return parsed;
}

/// Settings from a nlohmann object, ordered or not.
/// Errors: usage failures as `settings::parse`.
template <class Json>
    requires requires(Json const& value) { value.dump(-1, ' ', false, Json::error_handler_t::strict); value.is_discarded(); }
[[nodiscard]] result<settings> settings_from(Json const& value) {
    if (value.is_null()) return settings(nullptr);
    if (!value.is_object()) return failure(errc::invalid_argument, "Settings are an object; give keys and values.").at("settings");
    // nlohmann throws at bytes that are no UTF-8, with a text that quotes them. Two lenient forms differ just where there are any.
    std::string const text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text != value.dump(-1, ' ', false, Json::error_handler_t::ignore))
        return failure(errc::invalid_argument, "The text is not UTF-8; convert it first.").at("settings");
    return settings::parse(text);
}

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_SHOWN_SETTINGS_HPP
#define UMBRACO_AI_MODEL_SHOWN_SETTINGS_HPP

#include <umbraco_ai/json/canonical.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/version.hpp>

#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// Whether a value is known to hold no secret in any of its parts, so that it may be written down as it is. Masked values
/// and secrets that a server could not decrypt stand for secrets.
[[nodiscard]] inline bool holds_no_secret(std::string_view key, std::string_view value) {
    std::string text;
    json_reader reader(value);
    if (reader.peek() != json_kind::string) return detail::shown_setting(key, value) != "***";
    if (!reader.read_string(text) || !reader.finish() || looks_masked(text) || looks_encrypted(text)) return false;
    return detail::shown_setting(key, value) == text;
}

/// One value of a settings object as it may be shown, as JSON: itself where it is known to be no secret, a URL without the
/// parts that can hold one, or "***". Streaming settings shows the same.
///   value  its bytes, as `settings::for_each` gives them
[[nodiscard]] inline std::string redacted_setting(std::string_view key, std::string_view value) {
    std::string const shown = detail::shown_setting(key, value);
    if (shown == value) return shown;
    std::string json;
    detail::put_json_string(json, shown);
    return json;
}

/// Whether two values are one, however their strings are escaped and whatever blanks stand between. Servers keep the order
/// of members and the text of numbers, so these count.
[[nodiscard]] inline bool is_same_setting(std::string_view a, std::string_view b) { return detail::is_same_json(a, b); }

UMBRACO_AI_END_NAMESPACE

#endif

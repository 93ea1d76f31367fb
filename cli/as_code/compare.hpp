// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_COMPARE_HPP
#define UMBRACO_AI_CLI_AS_CODE_COMPARE_HPP

#include "document.hpp"

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

/// How a member of a connection stands to what its document says.
enum class member_state : std::uint8_t {
    same,
    added,              ///< The site has no such key.
    removed,            ///< The document wants the key gone.
    changed,            ///< Both values may be seen.
    reference_changed,  ///< Of what may be a secret: before or after it is a reference.
    literal_changed,    ///< Of what may be a secret: both are the secret itself, and differ.
    unreadable,         ///< The site can no longer decrypt its value.
    not_comparable      ///< The site masks its value, or the other one is not at hand.
};

[[nodiscard]] constexpr std::string_view to_string(member_state value) noexcept {
    switch (value) {
        case member_state::same: return "same";
        case member_state::added: return "added";
        case member_state::removed: return "removed";
        case member_state::changed: return "changed";
        case member_state::reference_changed: return "reference changed";
        case member_state::literal_changed: return "literal changed";
        case member_state::unreadable: return "unreadable";
        case member_state::not_comparable: return "not comparable";
    }
    return "?";
}

/// One member of a connection beside its document.
class member_change {
public:
    member_change() = default;

    std::string path;  ///< "name", "isActive", "settings.apiKey".
    member_state state = member_state::same;
    std::string before;  ///< As it may be shown: JSON, "***" for what may be a secret, empty where there is none.
    std::string after;
    bool is_written = false;  ///< Applying the document writes it.

    friend bool operator==(member_change const&, member_change const&) = default;
};

/// How documents are compared with a site, and applied to it.
class comparison_options {
public:
    comparison_options() = default;

    bool write_secrets = false;  ///< Also writes what cannot be compared, since the site masks it.
};

/// What a document would do to a connection.
class comparison {
public:
    comparison() = default;

    std::vector<member_change> members;  ///< Those that the document names.
    std::string obstacle;                ///< Why it cannot be applied; empty where it can.

    [[nodiscard]] bool writes() const noexcept {
        return std::any_of(members.begin(), members.end(), [](member_change const& each) { return each.is_written; });
    }
};

namespace detail {

[[nodiscard]] inline std::string json_text(std::string_view text) { return ai::settings_value(text).json(); }

/// A value as it may be shown: JSON, or *** without quotes, so that it is taken for no value.
[[nodiscard]] inline std::string shown(std::string_view key, std::string_view value) {
    if (value.empty()) return {};
    std::string const json = ai::redacted_setting(key, value);
    return json == "\"***\"" ? "***" : json;
}

[[nodiscard]] inline std::string text_of(std::string_view value) {
    std::string text;
    ai::json_reader reader(value);
    if (reader.peek() != ai::json_kind::string || !reader.read_string(text)) return {};
    return text;
}

/// The key of these settings that servers take for `wanted`, ignoring case, or `wanted` itself.
[[nodiscard]] inline std::string spelling_in(ai::settings const& present, std::string_view wanted) {
    std::string found(wanted);
    if (present.contains(wanted)) return found;
    present.for_each([&](ai::json_key const& key, std::string_view) {
        if (same_ignoring_case(key.name, wanted)) found = key.name;
    });
    return found;
}

[[nodiscard]] inline bool holds_masked(std::string_view value) {
    ai::settings probe;
    probe.set("value", ai::settings_value::from_json(value));
    return probe.masked().has_value();
}

[[nodiscard]] inline bool holds_unreadable(std::string_view value) {
    ai::settings probe;
    probe.set("value", ai::settings_value::from_json(value));
    return !probe.unreadable().empty();
}

[[nodiscard]] inline member_change compare_setting(desired_setting const& wanted, ai::settings const& present, comparison_options const& options) {
    member_change made;
    made.path = "settings." + wanted.key;
    std::string const key = spelling_in(present, wanted.key);
    std::string_view value = present.find(key);
    if (value == "null") value = {};
    made.before = shown(key, value);
    if (wanted.source == setting_source::absent) {
        made.state = value.empty() ? member_state::same : member_state::removed;
        made.is_written = !value.empty();
        return made;
    }
    bool const is_open = wanted.is_public();
    made.after = !wanted.value ? "***" : is_open ? shown(wanted.key, wanted.value->json()) : "***";
    if (!wanted.value) {
        made.state = member_state::not_comparable;
        return made;
    }
    std::string_view const after = wanted.value->json();
    if (value.empty()) made.state = member_state::added;
    else if (ai::is_same_setting(value, after)) made.state = member_state::same;
    // References are never masked.
    else if (holds_masked(value)) made.state = wanted.source == setting_source::reference ? member_state::reference_changed : member_state::not_comparable;
    else if (holds_unreadable(value)) made.state = member_state::unreadable;
    else if (is_open && wanted.source == setting_source::literal && ai::holds_no_secret(key, value) && !ai::looks_like_reference(text_of(value))) made.state = member_state::changed;
    else if (wanted.source == setting_source::reference || ai::looks_like_reference(text_of(value))) made.state = member_state::reference_changed;
    else made.state = member_state::literal_changed;
    made.is_written = made.state != member_state::same && (made.state != member_state::not_comparable || options.write_secrets);
    // The same value from the environment and on the site is still not one to show.
    if (!is_open && wanted.is_placeholder() && !ai::looks_like_reference(text_of(value)) && !made.before.empty()) made.before = "***";
    return made;
}

[[nodiscard]] inline member_change compare_text(std::string path, std::string const& present, std::string const& wanted) {
    member_change made;
    made.path = std::move(path);
    made.before = json_text(present);
    made.after = json_text(wanted);
    made.state = present == wanted ? member_state::same : member_state::changed;
    made.is_written = present != wanted;
    return made;
}

[[nodiscard]] inline member_change compare_flag(std::string path, std::optional<bool> present, bool wanted) {
    member_change made;
    made.path = std::move(path);
    if (present) made.before = *present ? "true" : "false";
    made.after = wanted ? "true" : "false";
    made.state = !present ? member_state::added : *present == wanted ? member_state::same : member_state::changed;
    made.is_written = made.state != member_state::same;
    return made;
}

/// A write of settings is whole, so what the site masks must be given anew with it.
inline void write_along(document const& wanted, ai::settings const& present, comparison& made) {
    bool const writes_settings = std::any_of(made.members.begin(), made.members.end(), [](member_change const& each) { return each.is_written && each.path.starts_with("settings."); });
    if (!writes_settings) return;
    present.for_each([&](ai::json_key const& key, std::string_view value) {
        if (!holds_masked(value)) return;
        desired_setting const* const given = wanted.find(key.name);
        if (given != nullptr && (given->value || given->source == setting_source::absent)) {
            for (member_change& each : made.members)
                if (each.path == "settings." + given->key) each.is_written = true;
        } else if (made.obstacle.empty()) {
            made.obstacle = "The site masks settings." + std::string(key.name) + ", so that other settings can be written only together with it; name it in the document.";
        }
    });
}

}  // namespace detail

/// Compares a document with the connection of its alias. Resolved placeholders are compared by their values.
[[nodiscard]] inline comparison compare(document const& wanted, ai::connection const& present, comparison_options const& options = {}) {
    comparison made;
    if (!same_ignoring_case(present.provider_id, wanted.provider_id)) {
        made.members.push_back(detail::compare_text("providerId", present.provider_id, wanted.provider_id));
        made.obstacle = "The connection has another provider, which cannot change; choose another alias, or delete the connection first.";
        return made;
    }
    made.members.push_back(detail::compare_text("name", present.name, wanted.name));
    if (wanted.is_active) made.members.push_back(detail::compare_flag("isActive", present.is_active, *wanted.is_active));
    if (!wanted.settings) return made;
    for (desired_setting const& each : *wanted.settings) made.members.push_back(detail::compare_setting(each, present.settings, options));
    detail::write_along(wanted, present.settings, made);
    return made;
}

/// What creating the connection of a document writes.
[[nodiscard]] inline comparison compare_with_nothing(document const& wanted) {
    comparison made;
    auto const add = [&](std::string path, std::string after) {
        member_change& member = made.members.emplace_back();
        member.path = std::move(path);
        member.after = std::move(after);
        member.state = member_state::added;
        member.is_written = true;
    };
    add("name", detail::json_text(wanted.name));
    add("providerId", detail::json_text(wanted.provider_id));
    add("isActive", wanted.is_active.value_or(true) ? "true" : "false");
    if (!wanted.settings) return made;
    for (desired_setting const& each : *wanted.settings) {
        if (each.source == setting_source::absent) continue;
        add("settings." + each.key, each.is_public() ? detail::shown(each.key, each.value->json()) : "***");
        if (each.value) continue;
        made.members.back().is_written = false;
        made.members.back().state = member_state::not_comparable;
        if (made.obstacle.empty())
            made.obstacle = "settings." + each.key + " cannot be read from the other site, and a new connection needs it" +
                            (each.variable.empty() ? std::string(".") : "; set the environment variable " + each.variable + '.');
    }
    return made;
}

/// Makes a connection what its document says, and leaves all that the document does not name.
///   plan  what `compare` gave for it
inline void apply_to(ai::connection& target, document const& wanted, comparison const& plan) {
    auto const is_written = [&](std::string const& path) {
        return std::any_of(plan.members.begin(), plan.members.end(), [&](member_change const& each) { return each.is_written && each.path == path; });
    };
    if (is_written("name")) target.name = wanted.name;
    if (is_written("isActive")) target.is_active = *wanted.is_active;
    if (!wanted.settings) return;
    for (desired_setting const& each : *wanted.settings) {
        if (!is_written("settings." + each.key)) continue;
        std::string const key = detail::spelling_in(target.settings, each.key);
        if (each.source == setting_source::absent) target.settings.erase(key);
        else target.settings.set(key, *each.value);
    }
}

}  // namespace cli::as_code

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_LINT_HPP
#define UMBRACO_AI_CLI_AS_CODE_LINT_HPP

#include "compare.hpp"
#include "document.hpp"

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace cli::as_code {

class lint_options {
public:
    lint_options() = default;

    /// What references may begin with, up to a colon. Empty: what servers allow by default, Umbraco:AI:Variables for every key
    /// and Umbraco:AI:Secrets for secret ones.
    std::vector<std::string> reference_prefixes;
};

class lint_result {
public:
    lint_result() = default;

    std::vector<finding> errors;
    std::vector<finding> warnings;
};

namespace detail {

[[nodiscard]] inline bool begins_with_section(std::string_view key, std::string_view section) {
    return key.size() > section.size() && same_ignoring_case(key.substr(0, section.size()), section) && key[section.size()] == ':';
}

[[nodiscard]] inline bool is_allowed_reference(std::string_view reference, bool may_be_secret, lint_options const& options) {
    std::string_view const key = reference.substr(1);
    if (!options.reference_prefixes.empty())
        return std::any_of(options.reference_prefixes.begin(), options.reference_prefixes.end(), [&](std::string const& each) {
            std::string_view const section = std::string_view(each).substr(each.starts_with('$') ? 1 : 0);
            return same_ignoring_case(key, section) || begins_with_section(key, section);
        });
    return begins_with_section(key, "Umbraco:AI:Variables") || (may_be_secret && begins_with_section(key, "Umbraco:AI:Secrets"));
}

[[nodiscard]] inline ai::provider_key const* known_key(std::string_view provider, std::string_view key) {
    auto const found = std::find_if(ai::known_provider_keys.begin(), ai::known_provider_keys.end(), [&](ai::provider_key const& each) {
        return same_ignoring_case(each.provider_id, provider) && same_ignoring_case(each.name, key);
    });
    return found == ai::known_provider_keys.end() ? nullptr : &*found;
}

inline void lint_setting(document const& owner, desired_setting const& setting, bool is_known_provider, lint_options const& options, lint_result& out) {
    std::string const path = "settings." + setting.key;
    ai::provider_key const* const known = known_key(owner.provider_id, setting.key);
    if (is_known_provider && known == nullptr)
        out.warnings.emplace_back(setting.where, path, "The provider " + owner.provider_id + " is not known to have this key; is it spelt as the provider spells it?");
    if (known != nullptr && known->name != setting.key)
        out.warnings.emplace_back(setting.where, path, "The provider spells this key " + std::string(known->name) + '.');
    bool const is_secret = known != nullptr && known->is_secret;
    if (setting.source == setting_source::absent && known != nullptr && known->is_required)
        out.errors.emplace_back(setting.where, path, "The provider requires this key, and null takes it away.");
    if (setting.source == setting_source::reference && !is_allowed_reference(text_of(setting.value->json()), known == nullptr || is_secret, options))
        out.errors.emplace_back(setting.where, path, "The reference is outside the prefixes that servers may resolve" + std::string(is_secret || known == nullptr ? "." : " for a key that is no secret."));
    if (setting.source == setting_source::literal && is_secret)
        out.errors.emplace_back(setting.where, path, "A secret stands in the document itself; use a reference, or ${env:NAME}.");
    else if (setting.source == setting_source::literal && !setting.is_public())
        out.warnings.emplace_back(setting.where, path, "The value may be a secret; if it is, use a reference, or ${env:NAME}.");
}

}  // namespace detail

/// Checks documents without a site, beyond what reading them checks.
[[nodiscard]] inline lint_result lint(std::vector<document> const& documents, lint_options const& options = {}) {
    lint_result out;
    for (document const& each : documents) {
        bool const is_known = std::any_of(ai::known_provider_keys.begin(), ai::known_provider_keys.end(),
                                          [&](ai::provider_key const& key) { return same_ignoring_case(key.provider_id, each.provider_id); });
        if (!is_known) out.warnings.emplace_back(each.where, "providerId", "The provider " + each.provider_id + " does not come with Umbraco.AI; nothing is known of its settings.");
        if (!each.settings) continue;
        for (ai::provider_key const& key : ai::known_provider_keys) {
            bool const is_missing = key.is_required && same_ignoring_case(key.provider_id, each.provider_id) && each.find(key.name) == nullptr;
            if (is_missing) out.errors.emplace_back(each.where, "settings." + std::string(key.name), "The provider requires this key, and it is missing.");
        }
        for (desired_setting const& setting : *each.settings) detail::lint_setting(each, setting, is_known, options, out);
    }
    return out;
}

}  // namespace cli::as_code

#endif

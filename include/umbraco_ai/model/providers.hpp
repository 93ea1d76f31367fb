// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_PROVIDERS_HPP
#define UMBRACO_AI_MODEL_PROVIDERS_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// One settings key of a known provider.
class provider_key {
public:
    constexpr provider_key(std::string_view provider, std::string_view key_name, bool secret_value, bool required_value) noexcept
        : provider_id(provider), name(key_name), is_secret(secret_value), is_required(required_value) {}

    std::string_view provider_id;
    std::string_view name;
    bool is_secret;
    bool is_required;
};

/// The keys of the providers that come with Umbraco.AI. Servers may know further providers and keys.
inline constexpr std::array known_provider_keys{
    provider_key("openai", "apiKey", true, true),
    provider_key("openai", "organizationId", false, false),
    provider_key("openai", "endpoint", false, false),
    provider_key("anthropic", "apiKey", true, true),
    provider_key("anthropic", "endpoint", false, false),
    provider_key("google", "apiKey", true, true),
    provider_key("amazon", "region", false, true),
    provider_key("amazon", "accessKeyId", true, true),
    provider_key("amazon", "secretAccessKey", true, true),
    provider_key("amazon", "endpoint", false, false),
    provider_key("microsoft-foundry", "endpoint", false, true),
    provider_key("microsoft-foundry", "projectName", false, false),
    provider_key("microsoft-foundry", "tenantId", false, false),
    provider_key("microsoft-foundry", "clientId", false, false),
    provider_key("microsoft-foundry", "clientSecret", true, false),
    provider_key("microsoft-foundry", "apiKey", true, false),
    provider_key("microsoft-foundry", "useResponsesApi", false, false),
};

/// The secret of a connection: itself, or a reference to where the server keeps it. Never plain text by accident.
class credential {
public:
    credential(secret value) : value_(value) {}
    credential(config_reference const& reference) : value_(reference) {}

    [[nodiscard]] settings_value const& value() const noexcept { return value_; }

private:
    settings_value value_;
};

namespace detail {

/// What the typed settings have in common: keys are set by name, and further keys may be added.
template <class Derived>
class provider_settings {
public:
    /// A key that this library has no name for.
    Derived& with(std::string_view key, settings_value const& value) {
        values_.set(key, value);
        return static_cast<Derived&>(*this);
    }

    operator settings() const { return values_; }

protected:
    provider_settings() = default;

private:
    settings values_;
};

}  // namespace detail

/// Settings of the provider "openai".
class openai_settings : public detail::provider_settings<openai_settings> {
public:
    explicit openai_settings(credential const& api_key) { with("apiKey", api_key.value()); }
    openai_settings& organization_id(std::string const& value) { return with("organizationId", value); }
    openai_settings& endpoint(std::string const& url) { return with("endpoint", url); }
};

/// Settings of the provider "anthropic".
class anthropic_settings : public detail::provider_settings<anthropic_settings> {
public:
    explicit anthropic_settings(credential const& api_key) { with("apiKey", api_key.value()); }
    anthropic_settings& endpoint(std::string const& url) { return with("endpoint", url); }
};

/// Settings of the provider "google".
class google_settings : public detail::provider_settings<google_settings> {
public:
    explicit google_settings(credential const& api_key) { with("apiKey", api_key.value()); }
};

/// Settings of the provider "amazon".
class amazon_settings : public detail::provider_settings<amazon_settings> {
public:
    amazon_settings(std::string const& region, credential const& access_key_id, credential const& secret_access_key) {
        with("region", region).with("accessKeyId", access_key_id.value()).with("secretAccessKey", secret_access_key.value());
    }
    amazon_settings& endpoint(std::string const& url) { return with("endpoint", url); }
};

/// Settings of the provider "microsoft-foundry", which signs in with an API key or as an application.
class microsoft_foundry_settings : public detail::provider_settings<microsoft_foundry_settings> {
public:
    explicit microsoft_foundry_settings(std::string const& endpoint) { with("endpoint", endpoint); }
    microsoft_foundry_settings& api_key(credential const& value) { return with("apiKey", value.value()); }
    microsoft_foundry_settings& application(std::string const& tenant_id, std::string const& client_id, credential const& client_secret) {
        return with("tenantId", tenant_id).with("clientId", client_id).with("clientSecret", client_secret.value());
    }
    microsoft_foundry_settings& project_name(std::string const& value) { return with("projectName", value); }
    microsoft_foundry_settings& use_responses_api(bool value) { return with("useResponsesApi", value); }
};

UMBRACO_AI_END_NAMESPACE

#endif

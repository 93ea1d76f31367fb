// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_PROVIDER_HPP
#define UMBRACO_AI_TESTING_PROVIDER_HPP

#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing {

enum class field_kind : std::uint8_t { text, flag, number };

/// One key of a provider's settings.
class settings_field {
public:
    settings_field() = default;
    explicit settings_field(std::string key, field_kind value_kind = field_kind::text)
        : name(std::move(key)), kind(value_kind) {}

    std::string name;
    field_kind kind = field_kind::text;
    bool is_secret = false;
    bool is_required = false;
    std::int64_t minimum = INT64_MIN;  ///< Of a number.
    std::int64_t maximum = INT64_MAX;

    [[nodiscard]] settings_field secret() && {
        is_secret = true;
        return std::move(*this);
    }
    [[nodiscard]] settings_field required() && {
        is_required = true;
        return std::move(*this);
    }
    [[nodiscard]] settings_field between(std::int64_t least, std::int64_t most) && {
        minimum = least;
        maximum = most;
        return std::move(*this);
    }
};

class provider_model {
public:
    provider_model() = default;
    provider_model(std::string model_id, std::string display_name) : id(std::move(model_id)), name(std::move(display_name)) {}

    std::string id;
    std::string name;
    std::vector<std::pair<std::string, std::string>> metadata;
};

/// The models that a provider has for one capability.
class provider_capability {
public:
    provider_capability() = default;
    provider_capability(std::string capability, std::vector<provider_model> listed)
        : name(std::move(capability)), models(std::move(listed)) {}

    std::string name;
    std::vector<provider_model> models;
};

/// An AI provider that is installed on the site.
class provider {
public:
    provider() = default;
    explicit provider(std::string provider_id) : id(std::move(provider_id)) {}

    std::string id;
    std::vector<settings_field> fields;
    std::vector<provider_capability> capabilities;
    bool has_settings = true;  ///< False: any settings are taken, and no connection of it can be tested or asked for models.
    std::string refusal;       ///< Not empty: every call to the provider fails with this text.

    [[nodiscard]] bool has_secrets() const {
        for (auto const& field : fields)
            if (field.is_secret) return true;
        return false;
    }
};

/// The providers that Umbraco.AI ships, with a few models each.
[[nodiscard]] inline std::vector<provider> standard_providers() {
    auto const key = [](char const* name) { return settings_field(name); };

    provider openai("openai");
    openai.fields = {key("apiKey").secret().required(), key("organizationId"), key("endpoint")};
    openai.capabilities = {{"Chat", {{"gpt-4o", "GPT 4o"}, {"gpt-4o-mini", "GPT 4o Mini"}}},
                           {"Embedding", {{"text-embedding-3-small", "Text Embedding 3 Small"}}}};

    provider anthropic("anthropic");
    anthropic.fields = {key("apiKey").secret().required(), key("endpoint")};
    anthropic.capabilities = {{"Chat", {{"claude-sonnet-4-5", "Claude Sonnet 4.5"}, {"claude-haiku-4-5", "Claude Haiku 4.5"}}}};

    provider google("google");
    google.fields = {key("apiKey").secret().required()};
    google.capabilities = {{"Chat", {{"gemini-2.5-flash", "Gemini 2.5 Flash"}, {"gemini-2.5-pro", "Gemini 2.5 Pro"}}}};

    provider amazon("amazon");
    amazon.fields = {key("region").required(), key("accessKeyId").secret().required(),
                     key("secretAccessKey").secret().required(), key("endpoint")};
    amazon.capabilities = {{"Chat", {{"amazon.nova-pro-v1:0", "Nova Pro"}}},
                           {"Embedding", {{"amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2"}}}};

    provider foundry("microsoft-foundry");
    foundry.fields = {key("endpoint").required(),
                      key("projectName"),
                      key("tenantId"),
                      key("clientId"),
                      key("clientSecret").secret(),
                      key("apiKey").secret(),
                      settings_field("useResponsesApi", field_kind::flag)};
    foundry.capabilities = {{"Chat", {{"gpt-4o", "GPT 4o"}}},
                            {"Embedding", {{"text-embedding-3-large", "Text Embedding 3 Large"}}}};

    return {openai, anthropic, google, amazon, foundry};
}

}  // namespace testing

UMBRACO_AI_END_NAMESPACE

#endif

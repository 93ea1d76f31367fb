// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_REQUEST_MODEL_HPP
#define UMBRACO_AI_TESTING_DETAIL_REQUEST_MODEL_HPP

#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/json_reader.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/version.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// Entries of the `errors` member of an ASP.NET validation answer.
using validation_errors = std::vector<std::pair<std::string, std::string>>;

/// The body of a create or an update. Members that were not sent have no value; `null` is a JSON null.
class request_model {
public:
    request_model() = default;

    std::optional<json_value> alias;
    std::optional<json_value> name;
    std::optional<json_value> provider_id;
    std::optional<json_value> is_active;
    std::optional<json_value> settings;

    [[nodiscard]] bool active_or(bool fallback) const { return is_active ? is_active->text == "true" : fallback; }
    [[nodiscard]] json_value settings_or_null() const { return settings.value_or(json_value()); }

    [[nodiscard]] std::optional<json_value>* member(std::string_view sent) {
        if (equals_ignoring_case(sent, "alias")) return &alias;
        if (equals_ignoring_case(sent, "name")) return &name;
        if (equals_ignoring_case(sent, "providerId")) return &provider_id;
        if (equals_ignoring_case(sent, "isActive")) return &is_active;
        if (equals_ignoring_case(sent, "settings")) return &settings;
        return nullptr;
    }
};

/// Reads a request as ASP.NET binds it: in the order of the text, to the first error.
class model_binder {
public:
    /// `clr_name` is "CreateConnectionRequestModel" or "UpdateConnectionRequestModel".
    model_binder(std::string_view clr_name, bool needs_provider)
        : clr_name_("Umbraco.AI.Web.Api.Management.Connection.Models." + std::string(clr_name)),
          needs_provider_(needs_provider) {}

    /// The errors are empty where `model` is usable.
    [[nodiscard]] validation_errors bind(std::string_view body, request_model& model) const {
        if (body.empty()) return absent();
        json_reader reader(body);
        if (reader.peek() == '{') {
            if (!read_members(reader, model)) return unreadable(reader);
            if (auto const missing = missing_members(model); !missing.empty())
                return {{"$", "JSON deserialization for type '" + clr_name_ +
                                  "' was missing required properties including: " + missing + '.'},
                        required()};
            if (!reader.read_end()) return unreadable(reader);
            return blank_members(model);
        }
        json_value other;
        if (reader.peek() == '[') {
            if (reader.enter(false)) reader.fail_conversion(clr_name_);
            return unreadable(reader);
        }
        if (!reader.read_value(other)) return unreadable(reader);
        if (!other.is_null()) {
            reader.fail_conversion(clr_name_);
            return unreadable(reader);
        }
        return reader.read_end() ? absent() : unreadable(reader);
    }

private:
    [[nodiscard]] static std::pair<std::string, std::string> required() {
        return {"requestModel", "The requestModel field is required."};
    }

    [[nodiscard]] static validation_errors absent() { return {{"", "A non-empty request body is required."}, required()}; }

    [[nodiscard]] static validation_errors unreadable(json_reader const& reader) {
        if (reader.path == "$") return {{reader.path, reader.error()}, required()};
        return {required(), {reader.path, reader.error()}};
    }

    [[nodiscard]] static std::string path_of(std::string const& name) {
        bool const is_plain = !name.empty() && name.find_first_of(" .'[]/\"\t\r\n\b\f\\") == std::string::npos;
        return is_plain ? "$." + name : "$['" + name + "']";
    }

    [[nodiscard]] static bool read_members(json_reader& reader, request_model& model) {
        if (!reader.enter(true)) return false;
        std::string name;
        bool has_more = true;
        for (bool is_first = true; reader.next_member(name, is_first, has_more) && has_more; is_first = false) {
            reader.path = path_of(name);
            json_value value;
            auto* const member = model.member(name);
            bool const is_free = member == nullptr || member == &model.settings;
            std::string_view const clr_type = member == &model.is_active ? "System.Boolean" : "System.String";
            if (char const next = reader.peek(); !is_free && (next == '{' || next == '['))
                return reader.enter(next == '{') && reader.fail_conversion(clr_type);
            if (!reader.read_value(value)) return false;
            bool const fits =
                member == &model.is_active ? value.kind == json_kind::boolean : value.is_null() || value.is_string();
            if (!is_free && (!fits || !value.is_text)) return reader.fail_conversion(clr_type);
            if (member == &model.settings && !value.is_all_text()) return reader.fail_conversion("System.String");
            if (member != nullptr) *member = std::move(value);
            reader.path = "$";
        }
        return reader.error().empty();
    }

    [[nodiscard]] std::string missing_members(request_model const& model) const {
        std::string missing;
        auto const note = [&](bool is_missing, std::string_view name) {
            if (is_missing) missing += (missing.empty() ? "'" : ", '") + std::string(name) + '\'';
        };
        note(!model.alias, "alias");
        note(!model.name, "name");
        note(needs_provider_ && !model.provider_id, "providerId");
        return missing;
    }

    [[nodiscard]] validation_errors blank_members(request_model const& model) const {
        validation_errors errors;
        auto const note = [&](std::optional<json_value> const& member, char const* key, char const* label) {
            if (member && trim(member->text).empty())
                errors.emplace_back(key, std::string("The ") + label + " field is required.");
        };
        note(model.alias, "alias", "Alias");
        note(model.name, "name", "Name");
        if (needs_provider_) note(model.provider_id, "providerId", "ProviderId");
        return errors;
    }

    std::string clr_name_;
    bool needs_provider_;
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

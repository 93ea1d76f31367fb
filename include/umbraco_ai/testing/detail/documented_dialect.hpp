// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_DOCUMENTED_DIALECT_HPP
#define UMBRACO_AI_TESTING_DETAIL_DOCUMENTED_DIALECT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/capability.hpp>
#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/json_reader.hpp>
#include <umbraco_ai/testing/detail/request_model.hpp>
#include <umbraco_ai/testing/detail/routing.hpp>
#include <umbraco_ai/testing/detail/site.hpp>
#include <umbraco_ai/testing/detail/token_endpoint.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// What the public documentation says a server answers.
class documented_dialect {
public:
    explicit documented_dialect(site& shared) : site_(shared) {}

    [[nodiscard]] http_response no_route(call const& asked) const {
        if (asked.target != endpoint::none || asked.allow.empty()) return problem(404, "No such endpoint");
        http_response made = problem(405, "Method not allowed");
        made.headers.add("Allow", asked.allow);
        return made;
    }

    [[nodiscard]] http_response challenge(token_error const& why) const {
        http_response made = why.status == 403 ? problem(403, "No access to the section") : problem(401, "Not signed in");
        made.headers.add("WWW-Authenticate", why.error.empty() ? "Bearer" : why.challenge("Bearer"));
        return made;
    }

    [[nodiscard]] http_response handle(call const& asked) {
        switch (asked.target) {
            case endpoint::list: return list(asked);
            case endpoint::create: return create(asked);
            case endpoint::all_capabilities: return all_capabilities();
            case endpoint::with_capability: return with_capability(asked);
            case endpoint::get: return get(asked);
            case endpoint::update: return update(asked);
            case endpoint::remove: return remove(asked);
            case endpoint::test: return test(asked);
            case endpoint::models: return models(asked);
            case endpoint::exists:
            case endpoint::capabilities:
            case endpoint::none: break;
        }
        return no_route(asked);
    }

private:
    /// The last part of the link and the title that belong to a status.
    struct problem_kind {
        int status;
        std::string_view type;
        std::string_view title;
    };

    [[nodiscard]] static http_response answer(int status, std::string body) {
        http_response made(status, std::move(body));
        if (!made.body.empty()) made.headers.add("Content-Type", "application/json; charset=utf-8");
        return made;
    }

    [[nodiscard]] static http_response problem(int status, std::string_view detail) {
        static constexpr std::array kinds{problem_kind{400, "rfc7231#section-6.5.1", "Bad Request"},
                                          problem_kind{401, "rfc7235#section-3.1", "Unauthorized"},
                                          problem_kind{403, "rfc7231#section-6.5.3", "Forbidden"},
                                          problem_kind{404, "rfc7231#section-6.5.4", "Not Found"},
                                          problem_kind{405, "rfc7231#section-6.5.5", "Method Not Allowed"},
                                          problem_kind{415, "rfc7231#section-6.5.13", "Unsupported Media Type"}};
        auto const kind =
            std::find_if(kinds.begin(), kinds.end(), [&](problem_kind const& each) { return each.status == status; });
        object_text body;
        body.text("type", "https://tools.ietf.org/html/" + std::string(kind->type)).text("title", kind->title);
        body.number("status", static_cast<std::uint64_t>(status)).text("detail", detail);
        return answer(status, body.str());
    }

    [[nodiscard]] static http_response not_found() { return problem(404, "Connection not found"); }

    [[nodiscard]] static std::string page(std::vector<std::string> const& items, std::size_t total) {
        return object_text().raw("items", array_text(items)).number("total", total).str();
    }

    [[nodiscard]] static object_text item(row const& each) {
        object_text out;
        out.text("id", each.state.id)
            .text("alias", each.state.alias)
            .text("name", each.state.name)
            .text("providerId", each.state.provider_id);
        return out.flag("isActive", each.state.is_active);
    }

    [[nodiscard]] std::string connection_text(row const& each) const {
        object_text out = item(each);
        out.text("dateCreated", date_text(each.state.created, false))
            .text("dateModified", date_text(each.state.modified, false));
        return out.raw("settings", to_json(masked(each))).str();
    }

    /// The settings with a mask in place of each secret. A reference is no secret.
    [[nodiscard]] json_value masked(row const& each) const {
        json_value shown = each.settings;
        provider const* const owner = site_.find_provider(each.state.provider_id);
        if (owner == nullptr) return shown;
        for (std::size_t i = 0; i < shown.names.size(); ++i) {
            bool const is_secret = std::any_of(owner->fields.begin(), owner->fields.end(), [&](settings_field const& field) {
                return field.is_secret && equals_ignoring_case(field.name, shown.names[i]);
            });
            if (is_secret && shown.items[i].is_string() && !shown.items[i].text.starts_with('$'))
                shown.items[i].text = "sk-***";
        }
        return shown;
    }

    [[nodiscard]] std::vector<row const*> by_name() const {
        std::vector<row const*> found;
        for (auto const& each : site_.rows) found.push_back(&each);
        std::stable_sort(found.begin(), found.end(), [](row const* a, row const* b) { return a->state.name < b->state.name; });
        return found;
    }

    [[nodiscard]] http_response list(call const& asked) const {
        auto const skip = number_of(asked, "skip", 0);
        auto const take = number_of(asked, "take", 100);
        if (!skip || !take) return problem(400, "skip and take are numbers that are not negative");
        std::string const filter = lower_unicode(asked.query.get("filter"));
        std::string const owner = asked.query.get("providerId");
        std::vector<std::string> items;
        std::size_t total = 0;
        for (row const* each : by_name()) {
            bool const has_name = lower_unicode(each->state.name).find(filter) != std::string::npos;
            if (!has_name || (!owner.empty() && each->state.provider_id != owner)) continue;
            if (total >= *skip && items.size() < *take) items.push_back(item(*each).str());
            ++total;
        }
        return answer(200, page(items, total));
    }

    [[nodiscard]] static std::optional<std::size_t> number_of(call const& asked, char const* name, std::size_t fallback) {
        auto const text = asked.query.find(name);
        if (!text) return fallback;
        auto const number = parse_int32(*text);
        if (!number || *number < 0) return std::nullopt;
        return static_cast<std::size_t>(*number);
    }

    [[nodiscard]] http_response with_capability(call const& asked) const {
        auto const capability = parse_capability(asked.key);
        std::vector<std::string> items;
        for (row const* each : by_name()) {
            bool const can =
                capability && has_capability(site_.find_provider(each->state.provider_id), capability_name(*capability));
            if (can) items.push_back(item(*each).str());
        }
        return answer(200, page(items, items.size()));
    }

    [[nodiscard]] http_response all_capabilities() const {
        std::vector<std::string> names;
        for (auto const name : capability_names) {
            bool const is_there = std::any_of(site_.rows.begin(), site_.rows.end(), [&](row const& each) {
                return has_capability(site_.find_provider(each.state.provider_id), name);
            });
            if (is_there) names.push_back(json_quoted(name));
        }
        return answer(200, object_text().raw("items", array_text(names)).str());
    }

    [[nodiscard]] http_response get(call const& asked) const {
        row const* const found = site_.by_id_or_alias(asked.key);
        return found == nullptr ? not_found() : answer(200, connection_text(*found));
    }

    /// Why the body of a request cannot be used, or nothing.
    [[nodiscard]] static std::optional<http_response> read(call const& asked, request_model& model) {
        auto const body = json_body(asked.request->headers, asked.request->body);
        if (!body) return problem(415, "The body is not JSON");
        json_value sent;
        if (!parse_json(*body, sent) || sent.kind != json_kind::object || !sent.is_all_text())
            return problem(400, "The body is not a JSON object");
        for (std::size_t i = 0; i < sent.names.size(); ++i)
            if (auto* const member = model.member(sent.names[i])) *member = sent.items[i];
        if (model.is_active && model.is_active->kind != json_kind::boolean) return problem(400, "IsActive is invalid");
        return std::nullopt;
    }

    [[nodiscard]] static bool is_blank(std::optional<json_value> const& member) {
        return !member || !member->is_string() || trim(member->text).empty();
    }

    /// Why these settings are refused, or nothing.
    [[nodiscard]] std::optional<http_response> judge(provider const& owner, json_value const& settings) {
        bool const is_poison = settings.has_repeated_key();
        if (is_poison) ++site_.careless.poisoned_rows;
        if (!is_poison && site_.accepts(owner, settings)) return std::nullopt;
        return problem(400, "Invalid settings for provider '" + owner.id + '\'');
    }

    [[nodiscard]] http_response create(call const& asked) {
        request_model model;
        if (auto failed = read(asked, model)) return *failed;
        if (is_blank(model.alias)) return problem(400, "Alias is required");
        if (is_blank(model.name)) return problem(400, "Name is required");
        if (is_blank(model.provider_id)) return problem(400, "ProviderId is required");
        if (site_.by_alias(model.alias->text) != nullptr) {
            ++site_.careless.refused_duplicate_aliases;
            return problem(400, "A connection with alias '" + model.alias->text + "' already exists");
        }
        provider const* const owner = site_.find_provider(model.provider_id->text);
        if (owner == nullptr) return problem(400, "Provider '" + model.provider_id->text + "' not found");
        json_value const settings = model.settings_or_null();
        if (auto failed = judge(*owner, settings)) return *failed;
        site_.look_at(settings, nullptr);
        stored_connection made(model.alias->text, model.name->text, model.provider_id->text,
                               to_json(settings, escaping::minimal));
        made.is_active = model.active_or(true);
        return answer(201, connection_text(site_.insert(std::move(made), settings)));
    }

    /// The row of a guid; an alias is none here.
    [[nodiscard]] row* by_guid(call const& asked) {
        auto const guid = parse_guid(asked.key);
        return guid ? site_.by_id(*guid) : nullptr;
    }

    [[nodiscard]] http_response update(call const& asked) {
        row* const found = by_guid(asked);
        if (found == nullptr) return not_found();
        request_model model;
        if (auto failed = read(asked, model)) return *failed;
        if (model.name && is_blank(model.name)) return problem(400, "Name is required");
        provider const* const owner = site_.find_provider(found->state.provider_id);
        if (owner == nullptr) return problem(400, "Provider '" + found->state.provider_id + "' not found");
        if (model.settings) {
            if (auto failed = judge(*owner, *model.settings)) return *failed;
            site_.look_at(*model.settings, &found->settings);
            if (model.settings->is_null() && !found->settings.is_null()) ++site_.careless.wiped_credentials;
            found->state.settings = to_json(*model.settings, escaping::minimal);
            found->settings = *model.settings;
        }
        if (model.name) found->state.name = model.name->text;
        found->state.is_active = model.active_or(found->state.is_active);
        site_.touch(*found);
        return answer(200, connection_text(*found));
    }

    [[nodiscard]] http_response remove(call const& asked) {
        row* const found = by_guid(asked);
        if (found == nullptr) return not_found();
        site_.erase(found);
        return answer(200, "");
    }

    [[nodiscard]] http_response test(call const& asked) const {
        row const* const found = site_.by_id_or_alias(asked.key);
        if (found == nullptr) return not_found();
        provider const* const owner = site_.find_provider(found->state.provider_id);
        std::string trouble = owner == nullptr ? "The provider is not installed" : owner->refusal;
        if (found->settings.is_null()) trouble = "The connection has no settings";
        else if (owner != nullptr && !site_.references_resolve(*owner, found->settings))
            trouble = "A configuration key was not found";
        object_text out;
        out.flag("success", trouble.empty()).raw("errorMessage", trouble.empty() ? "null" : json_quoted(trouble));
        return answer(200, out.str());
    }

    [[nodiscard]] http_response models(call const& asked) const {
        row const* const found = site_.by_id_or_alias(asked.key);
        if (found == nullptr) return not_found();
        provider const* const owner = site_.find_provider(found->state.provider_id);
        std::vector<std::string> items;
        if (owner != nullptr && owner->refusal.empty()) items = models_of(*owner);
        return answer(200, object_text().raw("items", array_text(items)).str());
    }

    /// Each model once, with all its capabilities.
    [[nodiscard]] static std::vector<std::string> models_of(provider const& owner) {
        std::vector<provider_model> known;
        std::vector<std::vector<std::string>> can;
        for (auto const& capability : owner.capabilities) {
            for (auto const& model : capability.models) {
                auto const found =
                    std::find_if(known.begin(), known.end(), [&](provider_model const& each) { return each.id == model.id; });
                auto const index = static_cast<std::size_t>(found - known.begin());
                if (found == known.end()) {
                    known.push_back(model);
                    can.emplace_back();
                }
                can[index].push_back(json_quoted(capability.name));
            }
        }
        std::vector<std::string> items;
        for (std::size_t i = 0; i < known.size(); ++i)
            items.push_back(object_text()
                                .text("id", known[i].id)
                                .text("name", known[i].name)
                                .raw("capabilities", array_text(can[i]))
                                .str());
        return items;
    }

    site& site_;
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_OBSERVED_DIALECT_HPP
#define UMBRACO_AI_TESTING_DETAIL_OBSERVED_DIALECT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/capability.hpp>
#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/observed_answers.hpp>
#include <umbraco_ai/testing/detail/request_model.hpp>
#include <umbraco_ai/testing/detail/routing.hpp>
#include <umbraco_ai/testing/detail/site.hpp>
#include <umbraco_ai/testing/detail/token_endpoint.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// What released servers answer.
class observed_dialect : observed_answers {
public:
    explicit observed_dialect(site& shared) : site_(shared) {}

    [[nodiscard]] http_response no_route(call const& asked) const {
        if (asked.target != endpoint::none) return http_response(site_.options().catch_all ? 400 : 404);
        if (asked.allow.empty() || site_.options().catch_all) return http_response(404);
        http_response made(405);
        made.headers.add("Allow", asked.allow);
        return made;
    }

    [[nodiscard]] http_response challenge(token_error const& why) const {
        http_response made(why.status);
        forbid_caching(made);
        made.headers.add("WWW-Authenticate", why.error.empty() ? "Bearer" : why.challenge("Bearer"));
        return made;
    }

    [[nodiscard]] http_response handle(call const& asked) {
        bool const has_key =
            asked.target != endpoint::list && asked.target != endpoint::create && asked.target != endpoint::all_capabilities;
        if (has_key && trim(asked.key).empty()) {
            std::string const parameter = asked.target == endpoint::exists ? "alias" : "connectionIdOrAlias";
            return invalid(asked, {{parameter, "The " + parameter + " field is required."}});
        }
        switch (asked.target) {
            case endpoint::list: return list(asked);
            case endpoint::create: return create(asked);
            case endpoint::all_capabilities: return all_capabilities();
            case endpoint::get: return get(asked);
            case endpoint::update: return update(asked);
            case endpoint::remove: return remove(asked);
            case endpoint::exists: return exists(asked);
            case endpoint::test: return test(asked);
            case endpoint::models: return models(asked);
            case endpoint::capabilities: return capabilities(asked);
            case endpoint::with_capability:
            case endpoint::none: break;
        }
        return http_response(404);
    }

private:
    [[nodiscard]] http_response invalid(call const& asked, validation_errors const& errors) {
        object_text entries;
        for (auto const& [key, text] : errors) entries.raw(key, array_text({json_quoted(text)}));
        object_text body;
        body.raw("errors", entries.str()).number("status", 400).text("title", "One or more validation errors occurred.");
        body.text("type", "https://tools.ietf.org/html/rfc9110#section-15.5.1")
            .text("traceId", trace_id(asked.request->headers));
        http_response made(400, body.str());
        set_problem_type(asked, made);
        add_page_headers(made);
        return made;
    }

    /// Continues the trace of the client where it sent one.
    [[nodiscard]] std::string trace_id(http_headers const& headers) {
        std::string const span = padded(site_.next_trace(), 16);
        auto const parent = headers.find("traceparent");
        bool const is_continued = parent && parent->size() == 55 && parent->starts_with("00-");
        if (is_continued) return std::string(parent->substr(0, 36)) + span + std::string(parent->substr(52));
        return "00-" + padded(0, 16) + span + '-' + span + "-00";
    }

    [[nodiscard]] std::string date(site_time time) const {
        std::string const text = date_text(time, true);
        return site_.options().localize_date ? site_.options().localize_date(text) : text;
    }

    [[nodiscard]] std::string connection_text(row const& each, bool has_settings) const {
        object_text out;
        out.text("alias", each.state.alias)
            .text("dateCreated", date(each.state.created))
            .text("dateModified", date(each.state.modified));
        out.text("id", each.state.id)
            .flag("isActive", each.state.is_active)
            .text("name", each.state.name)
            .text("providerId", each.state.provider_id);
        if (has_settings) out.raw("settings", to_json(each.settings));
        out.number("version", each.state.version);
        return out.str();
    }

    [[nodiscard]] http_response list(call const& asked) {
        std::int32_t skip = 0;
        std::int32_t take = 100;
        validation_errors errors;
        read_number(asked, "skip", skip, errors);
        read_number(asked, "take", take, errors);
        if (!errors.empty()) return invalid(asked, errors);

        auto const capability = parse_capability(asked.query.get("capability"));
        std::vector<row const*> found = select(asked, capability);
        if (!capability)
            std::stable_sort(found.begin(), found.end(),
                             [](row const* a, row const* b) { return a->state.name < b->state.name; });
        // With a capability the server reads every row before it pages; without one the database pages.
        if (capability && std::any_of(site_.rows.begin(), site_.rows.end(), [](row const& each) { return each.is_poisoned; }))
            return broken();
        std::size_t const first = (std::min)(static_cast<std::size_t>((std::max)(skip, std::int32_t{0})), found.size());
        std::size_t const wanted = take >= 0 ? static_cast<std::size_t>(take) : capability ? 0 : found.size();
        std::size_t const last = first + (std::min)(wanted, found.size() - first);

        std::vector<std::string> items;
        for (std::size_t i = first; i < last; ++i) {
            if (found[i]->is_poisoned) return broken();
            items.push_back(connection_text(*found[i], false));
        }
        return answer(200, object_text().raw("items", array_text(items)).number("total", found.size()).str());
    }

    static void read_number(call const& asked, char const* name, std::int32_t& out, validation_errors& errors) {
        auto const text = asked.query.find(name);
        if (!text) return;
        auto const number = parse_int32(*text);
        if (number) out = *number;
        else errors.emplace_back(name, "The value '" + std::string(*text) + (trim(*text).empty() ? "' is invalid." : "' is not valid."));
    }

    [[nodiscard]] std::vector<row const*> select(call const& asked, std::optional<std::int32_t> capability) const {
        std::string const filter = lower_unicode(asked.query.get("filter"));
        bool const is_filtered = !trim(filter).empty();
        std::string const owner = asked.query.get("providerId");
        std::vector<row const*> found;
        for (auto const& each : site_.rows) {
            bool const has_name = !is_filtered || lower_ascii(each.state.name).find(filter) != std::string::npos;
            bool const has_owner = trim(owner).empty() || each.state.provider_id == owner;
            bool const can =
                !capability || has_capability(site_.find_provider(each.state.provider_id), capability_name(*capability));
            if (has_name && has_owner && can) found.push_back(&each);
        }
        return found;
    }

    [[nodiscard]] http_response all_capabilities() const {
        std::vector<std::string> names;
        for (auto const& each : site_.rows) {
            if (each.is_poisoned) return broken();
            provider const* owner = site_.find_provider(each.state.provider_id);
            if (owner == nullptr) continue;
            for (auto const& capability : owner->capabilities)
                if (std::find(names.begin(), names.end(), capability.name) == names.end()) names.push_back(capability.name);
        }
        std::stable_sort(names.begin(), names.end(),
                         [](auto const& a, auto const& b) { return capability_index(a) < capability_index(b); });
        for (auto& name : names) name = json_quoted(name);
        return answer(200, array_text(names));
    }

    /// The row of the key in the path; null, and `failed` the answer, where there is none that can be read.
    [[nodiscard]] row* find(call const& asked, http_response& failed) {
        row* const found = site_.by_id_or_alias(asked.key);
        if (found == nullptr) failed = not_found(asked);
        else if (found->is_poisoned) failed = broken();
        return found == nullptr || found->is_poisoned ? nullptr : found;
    }

    [[nodiscard]] http_response get(call const& asked) {
        http_response failed;
        row const* const found = find(asked, failed);
        return found == nullptr ? failed : answer(200, connection_text(*found, true));
    }

    /// Reads the body; where it cannot be read `failed` is the answer.
    [[nodiscard]] bool read(call const& asked, model_binder const& binder, request_model& model, http_response& failed) {
        auto const body = json_body(asked.request->headers, asked.request->body);
        if (!body) {
            failed = http_response(415);
            add_page_headers(failed);
            return false;
        }
        auto const errors = binder.bind(*body, model);
        if (!errors.empty()) failed = invalid(asked, errors);
        return errors.empty();
    }

    [[nodiscard]] static std::string taken(std::string const& alias) {
        return "A connection with alias '" + alias + "' already exists.";
    }

    [[nodiscard]] http_response create(call const& asked) {
        request_model model;
        http_response failed;
        if (!read(asked, model_binder("CreateConnectionRequestModel", true), model, failed)) return failed;

        json_value const settings = model.settings_or_null();
        row const* const twin = site_.by_alias(model.alias->text);
        if (twin != nullptr && twin->is_poisoned) return broken();
        if (twin != nullptr) {
            ++site_.careless.refused_duplicate_aliases;
            return refused(asked, taken(model.alias->text));
        }
        provider const* const owner = site_.find_provider(model.provider_id->text);
        if (owner == nullptr) return refused(asked, "Provider '" + model.provider_id->text + "' not found.");
        if (settings.has_repeated_key()) ++site_.careless.poisoned_rows;
        if (!site_.accepts(*owner, settings)) return refused(asked, unfit(model.provider_id->text));
        if (settings.has_repeated_key() && owner->has_secrets()) return broken();
        // What the look-up by alias misses, for upper case beyond ASCII, the unique index of the database finds.
        if (std::any_of(site_.rows.begin(), site_.rows.end(),
                        [&](row const& each) { return each.state.alias == model.alias->text; })) {
            ++site_.careless.refused_duplicate_aliases;
            return broken();
        }
        site_.look_at(settings, nullptr);
        stored_connection made(model.alias->text, model.name->text, model.provider_id->text,
                               to_json(settings, escaping::minimal));
        made.is_active = model.active_or(true);
        std::string const id = site_.insert(std::move(made), settings).state.id;

        http_response created = answer(201, json_quoted(id));
        auto const host = asked.request->headers.find("Host");
        created.headers.add("Location", std::string(asked.is_tls ? "https://" : "http://") +
                                            std::string(host.value_or("localhost")) + std::string(collection_path) +
                                            asked.version + "/connections/" + id);
        return created;
    }

    [[nodiscard]] static std::string unfit(std::string const& provider_id) {
        return "Failed to validate settings for provider '" + provider_id + '\'';
    }

    [[nodiscard]] http_response update(call const& asked) {
        request_model model;
        http_response failed;
        if (!read(asked, model_binder("UpdateConnectionRequestModel", false), model, failed)) return failed;
        row* const found = find(asked, failed);
        if (found == nullptr) return failed;

        json_value const settings = model.settings_or_null();
        row const* const twin = site_.by_alias(model.alias->text);
        if (twin != nullptr && twin != found) return twin->is_poisoned ? broken() : refused(asked, taken(model.alias->text));
        provider const* const owner = site_.find_provider(found->state.provider_id);
        if (owner == nullptr) return refused(asked, "Provider '" + found->state.provider_id + "' not found.");
        if (settings.has_repeated_key()) ++site_.careless.poisoned_rows;
        if (!site_.accepts(*owner, settings)) return refused(asked, unfit(found->state.provider_id));
        if (settings.has_repeated_key() && owner->has_secrets()) return broken();

        site_.look_at(settings, &found->settings);
        if (settings.is_null() && !found->settings.is_null()) ++site_.careless.wiped_credentials;
        if (!model.is_active && found->state.is_active) ++site_.careless.deactivated_by_omission;
        found->state.alias = model.alias->text;
        found->state.name = model.name->text;
        found->state.is_active = model.active_or(false);
        found->state.settings = to_json(settings, escaping::minimal);
        found->settings = settings;
        site_.touch(*found);
        return answer(200, "");
    }

    [[nodiscard]] http_response remove(call const& asked) {
        row* const found = site_.by_id_or_alias(asked.key);
        if (found == nullptr) return not_found(asked);
        if (found->is_poisoned && !parse_guid(asked.key)) return broken();
        if (found->is_in_use)
            return problem(asked, 400, "Connection in use",
                           "The connection cannot be deleted because it is in use by one or more profiles.", "InUse");
        site_.erase(found);
        return answer(200, "");
    }

    [[nodiscard]] http_response exists(call const& asked) {
        std::string const excluded = asked.query.get("excludeId");
        auto const guid = parse_guid(excluded);
        if (!trim(excluded).empty() && !guid)
            return invalid(asked, {{"excludeId", "The value '" + excluded + "' is not valid."}});
        row const* const found = site_.by_alias(asked.key);
        if (found != nullptr && found->is_poisoned) return broken();
        return answer(200, found != nullptr && found->state.id != guid ? "true" : "false");
    }

    /// The provider of a row that can be put to work; null, and `failed` the answer, where it cannot.
    [[nodiscard]] provider const* working_provider(call const& asked, row const*& found, http_response& failed) {
        found = find(asked, failed);
        if (found == nullptr) return nullptr;
        provider const* const owner = site_.find_provider(found->state.provider_id);
        bool const is_ready = owner != nullptr && owner->has_settings && !found->settings.is_null();
        if (!is_ready) failed = not_found(asked);
        return is_ready ? owner : nullptr;
    }

    [[nodiscard]] http_response test(call const& asked) {
        http_response failed;
        row const* found = nullptr;
        provider const* const owner = working_provider(asked, found, failed);
        if (owner == nullptr) return failed;
        object_text out;
        if (!site_.references_resolve(*owner, found->settings))
            out.text("errorMessage", "Exception has been thrown by the target of an invocation.").flag("success", false);
        else if (!owner->refusal.empty()) out.text("errorMessage", "Connection test failed").flag("success", false);
        else out.raw("errorMessage", "null").flag("success", true);
        return answer(200, out.str());
    }

    [[nodiscard]] http_response capabilities(call const& asked) {
        http_response failed;
        row const* found = nullptr;
        provider const* const owner = working_provider(asked, found, failed);
        if (owner == nullptr) return failed;
        if (!site_.references_resolve(*owner, found->settings)) return broken();
        std::vector<std::string> names;
        for (auto const& capability : owner->capabilities) names.push_back(json_quoted(capability.name));
        return answer(200, array_text(names));
    }

    [[nodiscard]] http_response models(call const& asked) {
        http_response failed;
        row const* found = nullptr;
        provider const* const owner = working_provider(asked, found, failed);
        if (owner == nullptr) return failed;
        if (!site_.references_resolve(*owner, found->settings)) return broken();
        auto const wanted = parse_capability(asked.query.get("capability"));
        std::vector<std::string> items;
        std::vector<std::string> seen;
        for (auto const& capability : owner->capabilities) {
            if (!owner->refusal.empty() || (wanted && capability.name != capability_name(*wanted))) continue;
            for (auto const& model : capability.models) {
                if (std::find(seen.begin(), seen.end(), model.id) != seen.end()) continue;
                seen.push_back(model.id);
                items.push_back(model_text(*owner, model));
            }
        }
        return answer(200, array_text(items));
    }

    [[nodiscard]] static std::string model_text(provider const& owner, provider_model const& model) {
        object_text metadata;
        for (auto [key, value] : model.metadata) {
            if (!key.empty()) key[0] = umbraco_ai::detail::ascii_lower(key[0]);
            metadata.text(key, value);
        }
        object_text identity;
        identity.text("modelId", model.id).text("providerId", owner.id);
        return object_text().raw("metadata", metadata.str()).raw("model", identity.str()).text("name", model.name).str();
    }

    site& site_;
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_QUESTIONS_HPP
#define UMBRACO_AI_OPERATIONS_QUESTIONS_HPP

#include <umbraco_ai/endpoint.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// In the question whether an alias is taken: the connection that may have it.
class exclude_id {
public:
    static constexpr fixed_string parameter_name{"excludeId"};

    explicit exclude_id(guid const& id) : value(id) {}

    guid value;

    [[nodiscard]] static result<void> check(http_method) { return result<void>::ok(); }
    template <Sink S>
    void append_to(S& sink) const {
        detail::put(sink, value.to_string());
    }
};

namespace connections {

/// Not documented; servers of the observed contract have them, the first from 1.1.
using exists = endpoint<"GET /connections/{idOrAlias}/exists", path<id_or_alias>, query<exclude_id>, returns<bool>>;
using capabilities_of = endpoint<"GET /connections/{idOrAlias}/capabilities", path<id_or_alias>, returns<item_list<capability>>>;

}  // namespace connections

/// Whether an alias is taken, by another connection than `except`. Servers that have no route for the question are asked
/// for the connection itself.
template <class = void>
class basic_exists_operation : public detail::operation_steps<bool> {
public:
    static constexpr std::string_view name = "exists";

    basic_exists_operation(std::string alias, std::optional<guid> except) : alias_(std::move(alias)), except_(except) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (guid::parse(alias_)) return fail(failure(errc::invalid_argument, "It has the form of a guid, which no request reaches as an alias.").at("alias"));
        if (except_) return send(connections::exists(alias_, exclude_id(*except_)), base_path);
        return send(connections::exists(alias_), base_path);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (!answer) return fail(std::move(answer).error());
        if (!is_reading_ && answer->status == 404) {
            is_reading_ = true;
            return send(connections::get(alias_), base_path);
        }
        if (!is_reading_) {
            result_ = decode<connections::exists>(*answer);
            return std::nullopt;
        }
        auto read = decode<connections::get>(*answer);
        if (read) return succeed(read->id != except_ && detail::equals_ignoring_case(read->alias, alias_));
        if (read.error().status == 404 && !answer->body.empty()) return succeed(false);
        return fail(std::move(read).error());
    }

private:
    std::string alias_;
    std::optional<guid> except_;
    bool is_reading_ = false;
};
/// As programs name it.
using exists_operation = basic_exists_operation<>;

/// The capabilities of one connection: by the observed route, or else gathered from its models.
template <class = void>
class basic_capabilities_of_operation : public detail::operation_steps<std::vector<capability>> {
public:
    static constexpr std::string_view name = "capabilities_of";

    explicit basic_capabilities_of_operation(id_or_alias which) : which_(std::move(which)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) { return send(connections::capabilities_of(which_), base_path); }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (!answer) return fail(std::move(answer).error());
        if (is_listing_models_) {
            auto models = decode<connections::models>(*answer);
            if (!models) return fail(std::move(models).error());
            std::vector<capability> all;
            for (model const& each : models->items)
                for (capability const& can : each.capabilities)
                    if (std::find(all.begin(), all.end(), can) == all.end()) all.push_back(can);
            return succeed(std::move(all));
        }
        auto read = decode<connections::capabilities_of>(*answer);
        if (read) return succeed(std::move(read->items));
        // Only servers that have the route say operationStatus.
        if (read.error().status != 404 || !read.error().problem.operation_status.empty()) return fail(std::move(read).error());
        is_listing_models_ = true;
        return send(connections::models(which_), base_path);
    }

private:
    id_or_alias which_;
    bool is_listing_models_ = false;
};
/// As programs name it.
using capabilities_of_operation = basic_capabilities_of_operation<>;

/// Why a connection does not work.
enum class diagnosis_verdict : std::uint8_t {
    works,
    no_such_connection,
    no_settings,
    unreadable_secret,
    missing_provider,
    unresolved_reference,
    test_failed,
    no_models,
    inactive
};

/// What `diagnose` found.
class diagnosis {
public:
    diagnosis() = default;

    diagnosis_verdict verdict = diagnosis_verdict::works;
    std::string sentence;  ///< For a person: what is so, and what to do.

    friend bool operator==(diagnosis const&, diagnosis const&) = default;
};

template <class F>
void for_each_server_text(diagnosis& value, F&& f) {
    f(value.sentence);
}

/// Asks the few calls that tell apart why a connection does not work.
template <class = void>
class basic_diagnose_operation : public detail::operation_steps<diagnosis> {
public:
    static constexpr std::string_view name = "diagnose";
    static constexpr bool writes = true;

    explicit basic_diagnose_operation(id_or_alias which) : which_(std::move(which)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) { return send(connections::get(which_), base_path); }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (!answer) return fail(std::move(answer).error());
        switch (state_) {
            case state::reading: return on_read(*answer, base_path);
            case state::testing: return on_tested(*answer, base_path);
            case state::listing: break;
        }
        return on_models(*answer);
    }

private:
    enum class state : std::uint8_t { reading, testing, listing };

    next_request conclude(diagnosis_verdict verdict, std::string sentence) {
        diagnosis found;
        found.verdict = verdict;
        found.sentence = std::move(sentence);
        return succeed(std::move(found));
    }

    next_request on_read(http_response const& answer, std::string_view base_path) {
        auto read = decode<connections::get>(answer);
        if (!read) {
            if (read.error().status == 404 && !answer.body.empty())
                return conclude(diagnosis_verdict::no_such_connection, "There is no such connection; list them to see their aliases.");
            return fail(std::move(read).error());
        }
        is_active_ = read->is_active;
        if (read->settings.is_null()) return conclude(diagnosis_verdict::no_settings, "The connection has no settings; give it its provider's key.");
        if (auto const paths = read->settings.unreadable(); !paths.empty())
            return conclude(diagnosis_verdict::unreadable_secret, "The server can no longer decrypt " + paths.front() + "; give that secret anew.");
        has_reference_ = detail::has_reference(read->settings);
        state_ = state::testing;
        return send(connections::test(read->id), base_path);
    }

    next_request on_tested(http_response const& answer, std::string_view base_path) {
        auto tested = decode<connections::test>(answer);
        if (!tested) {
            if (tested.error().status == 404)
                return conclude(diagnosis_verdict::missing_provider, "The site no longer has the provider of the connection; install it again, or create another connection.");
            return fail(std::move(tested).error());
        }
        if (!tested->success) {
            std::string const said = detail::server_text(tested->error_message.value_or(""));
            if (has_reference_ && said.find("target of an invocation") != std::string::npos)
                return conclude(diagnosis_verdict::unresolved_reference, "A $ reference of the settings no longer resolves; put its key back into the server's configuration.");
            return conclude(diagnosis_verdict::test_failed, "The provider refused the connection" + (said.empty() ? std::string(".") : ": " + said) + " Check its key and its endpoint.");
        }
        state_ = state::listing;
        return send(connections::models(which_), base_path);
    }

    next_request on_models(http_response const& answer) {
        auto models = decode<connections::models>(answer);
        if (!models) {
            if (models.error().status >= 500 && has_reference_)
                return conclude(diagnosis_verdict::unresolved_reference, "A $ reference of the settings no longer resolves; put its key back into the server's configuration.");
            return fail(std::move(models).error());
        }
        if (models->empty()) return conclude(diagnosis_verdict::no_models, "The test succeeds but the provider lists no models, which can mean that it refuses the key.");
        if (!is_active_) return conclude(diagnosis_verdict::inactive, "The connection works, but is switched off.");
        return conclude(diagnosis_verdict::works, "The connection works.");
    }

    id_or_alias which_;
    state state_ = state::reading;
    bool is_active_ = false;
    bool has_reference_ = false;
};
/// As programs name it.
using diagnose_operation = basic_diagnose_operation<>;

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXCHANGE_HPP
#define UMBRACO_AI_EXCHANGE_HPP

#include <umbraco_ai/call_machine.hpp>
#include <umbraco_ai/client_context.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// What a client does, as a machine over bare requests and answers: which request comes next, and what the answers mean.
/// Origin, credentials, limits and deadline are the business of `call_machine`. Where these members are there, they are used:
///
///     bool start(http_request& empty, base_path);      // instead of the other `start`: writes the first request in place
///     static constexpr std::string_view name;          // what observers call it
///     static constexpr bool writes;                    // a client that is read_only refuses it
///     static constexpr bool is_single;                 // there is one request, so no later answer quotes what was read
///     void end_with(result<http_response>& answer);    // instead of `resume`, where nothing follows: the answer is there until `take`
///     void called_from(std::uint64_t origin_tag);      // before `start`: which site the client talks to
///     std::optional<guid> wants_lock(); locked(bool waited, base_path);   // writes to a connection one after the other
template <class O>
concept Operation = is_result<typename O::result_type> &&
                    requires(O operation, result<http_response> answer, std::string_view base_path) {
                        { operation.start(base_path) } -> std::same_as<std::optional<http_request>>;
                        { operation.resume(std::move(answer), base_path) } -> std::same_as<std::optional<http_request>>;
                        { operation.take() } -> std::same_as<typename O::result_type>;
                    };

/// A call of an operation, as a machine.
template <Operation O>
class exchange final : public call_machine {
public:
    using result_type = typename O::result_type;

    exchange(client_context& context, call_options options, O operation)
        : exchange(context, std::move(options), std::in_place, std::move(operation)) {}
    /// With an operation made of these, where it stands.
    template <class... Args>
    exchange(client_context& context, call_options&& options, std::in_place_t, Args&&... args)
        : call_machine(context, std::move(options), own_traits), operation_(std::forward<Args>(args)...) {}

    [[nodiscard]] result_type take() {
        result_type taken = own_failure() != nullptr ? result_type(std::move(*own_failure())) : operation_.take();
        if (!taken) {
            complete(taken.error());
        } else if constexpr (requires { for_each_server_text(*taken, [](std::string&) {}); }) {
            for_each_server_text(*taken, [&own = secrets()](std::string& text) { own.scrub(text); });
        }
        finish(taken ? nullptr : &taken.error());
        return taken;
    }

private:
    static constexpr bool locks = requires(O operation) { operation.locked(true, std::string_view()); };

    static constexpr traits own_traits = [] {
        traits made;
        if constexpr (requires { std::string_view(O::name); }) made.name = O::name;
        if constexpr (requires { O::writes; }) made.writes = O::writes;
        if constexpr (requires { O::is_single; }) made.is_single = O::is_single;
        made.locks = locks;
        return made;
    }();

    bool start_operation() override {
        if constexpr (requires { operation_.called_from(origin_tag()); }) operation_.called_from(origin_tag());
        if constexpr (requires { operation_.start(next_request(), base_path()); }) return operation_.start(next_request(), base_path());
        else return put(operation_.start(base_path()));
    }

    bool resume_operation(result<http_response>&& answer, [[maybe_unused]] bool stays) override {
        if constexpr (requires { operation_.end_with(answer); }) {
            if (stays) {
                operation_.end_with(answer);
                return false;
            }
        }
        return put(operation_.resume(std::move(answer), base_path()));
    }

    bool operation_locked(bool may_be_stale) override {
        if constexpr (locks) return put(operation_.locked(may_be_stale, base_path()));
        else return false;
    }

    [[nodiscard]] std::optional<guid> wanted_lock() override {
        if constexpr (locks) return operation_.wants_lock();
        else return std::nullopt;
    }

    bool put(std::optional<http_request> next) {
        if (next) next_request() = *std::move(next);
        return next.has_value();
    }

    O operation_;
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_WITH_CAPABILITY_HPP
#define UMBRACO_AI_OPERATIONS_WITH_CAPABILITY_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// The connections with a capability, on servers of either contract: the documented route; where a server has no such route
/// (a 404 with an empty body) and its list of capabilities comes as a bare array, the list query that such servers know. A
/// capability that is not in that list gives an empty page unasked, since servers ignore a value they do not know and would
/// answer every connection.
template <class = void>
class basic_with_capability_operation : public detail::operation_steps<page<connection_item>> {
public:
    static constexpr std::string_view name = "with_capability";

    explicit basic_with_capability_operation(capability wanted) : wanted_(std::move(wanted)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        return ask(connections::with_capability(wanted_), base_path, state::asked_route);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (!answer) return fail(std::move(answer).error());
        switch (state_) {
            case state::asked_route: {
                result_ = decode<connections::with_capability>(*answer);
                bool const no_such_route = answer->status == 404 && answer->body.empty();
                if (!no_such_route) return std::nullopt;
                return ask(connections::capabilities(), base_path, state::asked_capabilities);
            }
            case state::asked_capabilities: {
                auto known = decode<connections::capabilities>(*answer);
                if (!known) return fail(std::move(known).error());
                if (!known->is_bare_array) return std::nullopt;
                if (std::find(known->items.begin(), known->items.end(), wanted_) == known->items.end())
                    return succeed(page<connection_item>());
                return ask(connections::list_with_capability(wanted_, umbraco_ai::take(2147483647)), base_path, state::asked_list);
            }
            case state::asked_list: break;
        }
        result_ = decode<connections::list_with_capability>(*answer);
        return std::nullopt;
    }

private:
    enum class state : std::uint8_t { asked_route, asked_capabilities, asked_list };

    template <Descriptor D>
    next_request ask(D const& descriptor, std::string_view base_path, state next) {
        state_ = next;
        return send(descriptor, base_path);
    }

    capability wanted_;
    state state_ = state::asked_route;
};
/// As programs name it.
using with_capability_operation = basic_with_capability_operation<>;

UMBRACO_AI_END_NAMESPACE

#endif

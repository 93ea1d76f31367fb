// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_STEPS_HPP
#define UMBRACO_AI_OPERATIONS_STEPS_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <optional>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// What every operation over several requests has: its result, and the ways to go on.
///
/// Operations are templates, `template <class = void> class basic_x_operation` with the alias `x_operation`, so that what a
/// program does not use is not instantiated in it: a twentieth of what it takes to compile a client.
template <class T>
class operation_steps {
public:
    using result_type = result<T>;

    [[nodiscard]] result_type take() { return std::move(result_); }

    /// The connection to lock before the operation can go on; asked once where there is no next request.
    [[nodiscard]] std::optional<guid> wants_lock() { return std::exchange(wanted_lock_, std::nullopt); }

protected:
    using next_request = std::optional<http_request>;

    operation_steps() = default;

    /// The next request; a call that cannot be sent ends the operation instead.
    template <Descriptor D>
    next_request send(D const& descriptor, std::string_view base_path) {
        auto request = build_request(descriptor, base_path);
        if (!request) return fail(std::move(request).error());
        return *std::move(request);
    }

    next_request fail(failure reason) {
        result_ = std::move(reason);
        return std::nullopt;
    }

    template <class V>
    next_request succeed(V&& value) {
        result_ = T(std::forward<V>(value));
        return std::nullopt;
    }

    /// Asks for the sole right to write a connection; `locked(waited, base_path)` goes on.
    next_request lock(guid const& id) {
        wanted_lock_ = id;
        return std::nullopt;
    }

    result_type result_;

private:
    std::optional<guid> wanted_lock_;
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_CALL_HPP
#define UMBRACO_AI_OPERATIONS_CALL_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// One call of one endpoint, as an operation.
template <Descriptor D>
class call_operation {
public:
    using result_type = result<typename D::answer_type>;
    static constexpr std::string_view name = D::route_text;
    static constexpr bool is_single = true;
    static constexpr bool writes = D::method != http_method::get;

    explicit call_operation(D descriptor) : descriptor_(std::move(descriptor)) {}

    /// Tells where the client's requests go.
    void called_from(std::uint64_t origin_tag) noexcept { origin_tag_ = origin_tag; }

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        auto request = build_request(descriptor_, base_path);
        if constexpr (requires { descriptor_.check_origin(origin_tag_); }) {
            if (auto ok = descriptor_.check_origin(origin_tag_); request && !ok) request = ok.error();
        }
        if (request) return *std::move(request);
        result_ = request.error();
        return std::nullopt;
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view) {
        if (answer) result_ = decode<D>(*answer);
        else result_ = std::move(answer).error();
        return std::nullopt;
    }

    [[nodiscard]] result_type take() { return std::move(result_); }

private:
    D descriptor_;
    std::uint64_t origin_tag_ = 0;
    result_type result_;
};

UMBRACO_AI_END_NAMESPACE

#endif

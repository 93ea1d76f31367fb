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

    explicit call_operation(D&& descriptor) : descriptor_(std::move(descriptor)) {}
    explicit call_operation(D const& descriptor) : descriptor_(descriptor) {}

    /// Tells where the client's requests go.
    void called_from(std::uint64_t origin_tag) noexcept { origin_tag_ = origin_tag; }

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        std::optional<http_request> made(std::in_place);
        if (!start(*made, base_path)) made.reset();
        return made;
    }

    /// The same, into a request that is empty or was used before; false where there is none.
    [[nodiscard]] bool start(http_request& request, std::string_view base_path) {
        auto ok = build_request(descriptor_, base_path, request);
        if constexpr (requires { descriptor_.check_origin(origin_tag_); }) {
            if (ok) ok = descriptor_.check_origin(origin_tag_);
        }
        if (!ok) answer_ = std::move(ok).error();
        return ok.has_value();
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view) {
        answer_ = std::move(answer);
        return std::nullopt;
    }

    /// The same where the answer is there until `take`.
    void end_with(result<http_response>& answer) noexcept { place_ = &answer; }

    /// Reads the answer only now, since its value can be large.
    [[nodiscard]] result_type take() {
        result<http_response>& answer = place_ != nullptr ? *place_ : answer_;
        if (answer) return decode<D>(*answer);
        return std::move(answer).error();
    }

private:
    D descriptor_;
    std::uint64_t origin_tag_ = 0;
    result<http_response> answer_;
    result<http_response>* place_ = nullptr;  ///< Of an answer that is there until `take`.
};

UMBRACO_AI_END_NAMESPACE

#endif

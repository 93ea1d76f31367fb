// SPDX-License-Identifier: MIT
// expect: is_aggregate_v<.*evaluated to .?false
#include <umbraco_ai/endpoint.hpp>

#include <string_view>

namespace ai = umbraco_ai;

struct ping {
#ifndef UMBRACO_AI_NEGATIVE
    ping() = default;
#else
    // Without a constructor it is an aggregate, which g++ 12 destroys twice in an awaited expression.
#endif
    using answer_type = ai::nothing;
    static constexpr ai::http_method method = ai::http_method::get;
    static constexpr ai::repeat_class repeat = ai::repeat_class::safe;
    static constexpr bool has_body = false;
    static constexpr std::string_view route_text = "GET /ping";

    [[nodiscard]] ai::result<void> check() const { return ai::result<void>::ok(); }
    template <ai::Sink S>
    void write_target(S& sink, std::string_view base_path) const {
        sink.append(base_path.data(), base_path.size());
        sink.append("/ping", 5);
    }
    template <ai::Sink S>
    void write_body(S&) const {}
};

auto request() { return ai::build_request(ping()); }

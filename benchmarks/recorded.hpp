// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_RECORDED_HPP
#define UMBRACO_AI_BENCHMARKS_RECORDED_HPP

#include <string>
#include <string_view>

namespace bench {

/// The response of a recorded exchange as it came from the wire: "232-list-250-default.http".
[[nodiscard]] std::string recorded_response(std::string_view file);

/// Its body, after chunk decoding.
[[nodiscard]] std::string recorded_body(std::string_view file);

}  // namespace bench

#endif

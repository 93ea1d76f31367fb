// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_KEEP_ALIVE_HPP
#define UMBRACO_AI_HTTP1_KEEP_ALIVE_HPP

#include <umbraco_ai/http/headers.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// How long a connection may lie idle after this answer: `most`, or less where `Keep-Alive: timeout=` says so.
[[nodiscard]] inline std::chrono::seconds idle_limit(http_headers const& headers, std::chrono::seconds most = std::chrono::seconds(30)) {
    auto const value = headers.find("Keep-Alive");
    if (!value) return most;
    constexpr std::string_view name = "timeout=";
    for (std::string_view rest = *value; rest.size() > name.size(); rest.remove_prefix(1)) {
        if (!equals_ignoring_case(rest.substr(0, name.size()), name)) continue;
        unsigned seconds = 0;
        auto const parsed = std::from_chars(rest.data() + name.size(), rest.data() + rest.size(), seconds);
        return parsed.ec == std::errc() ? (std::min)(most, std::chrono::seconds(seconds)) : most;
    }
    return most;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

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
    auto const found =
        std::search(value->begin(), value->end(), name.begin(), name.end(), [](char a, char b) { return ascii_lower(a) == b; });
    if (found == value->end()) return most;
    auto const offset = static_cast<std::size_t>(found - value->begin()) + name.size();
    unsigned seconds = 0;
    auto const parsed = std::from_chars(value->data() + offset, value->data() + value->size(), seconds);
    if (parsed.ec != std::errc()) return most;
    return (std::min)(most, std::chrono::seconds(seconds));
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

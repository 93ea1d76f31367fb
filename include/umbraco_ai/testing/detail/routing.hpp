// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_ROUTING_HPP
#define UMBRACO_AI_TESTING_DETAIL_ROUTING_HPP

#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/testing/in_memory_types.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

enum class endpoint : std::uint8_t {
    none,
    list,
    create,
    all_capabilities,
    with_capability,
    get,
    update,
    remove,
    exists,
    test,
    models,
    capabilities
};

/// A method and a path below the collection; `*` stands for any segment.
struct route {
    std::string_view method;
    std::string_view path;
    endpoint target;
};

inline constexpr std::array observed_routes{
    route{"GET", "", endpoint::list},
    route{"POST", "", endpoint::create},
    route{"GET", "capabilities", endpoint::all_capabilities},
    route{"GET", "*", endpoint::get},
    route{"PUT", "*", endpoint::update},
    route{"DELETE", "*", endpoint::remove},
    route{"GET", "*/exists", endpoint::exists},
    route{"POST", "*/test", endpoint::test},
    route{"GET", "*/models", endpoint::models},
    route{"GET", "*/capabilities", endpoint::capabilities},
};

inline constexpr std::array documented_routes{
    route{"GET", "", endpoint::list},
    route{"POST", "", endpoint::create},
    route{"GET", "capabilities", endpoint::all_capabilities},
    route{"GET", "capabilities/*", endpoint::with_capability},
    route{"GET", "*", endpoint::get},
    route{"PUT", "*", endpoint::update},
    route{"DELETE", "*", endpoint::remove},
    route{"POST", "*/test", endpoint::test},
    route{"GET", "*/models", endpoint::models},
};

[[nodiscard]] inline std::span<route const> routes_of(dialect spoken) {
    if (spoken == dialect::documented) return documented_routes;
    return observed_routes;
}

inline constexpr std::string_view token_path = "/umbraco/management/api/v1/security/back-office/token";
inline constexpr std::string_view collection_path =
    "/umbraco/ai/management/api/v";  ///< Followed by the version and `/connections`.

/// A request taken apart.
class call {
public:
    call() = default;

    server_request const* request = nullptr;
    bool is_tls = false;
    std::string path;  ///< Decoded but for `%2F`, without dots.
    parameters query;
    std::string version;  ///< "1", "1.0": as sent, without its "v".
    std::string key;      ///< What stands for `*` in the route.
    endpoint target = endpoint::none;
    std::string allow;  ///< The methods of the path where `target` is none; empty where there is no such path.
};

/// False for a target that no server reads: blanks, control characters and bytes beyond ASCII belong percent-encoded.
[[nodiscard]] inline bool is_readable(std::string_view target) {
    bool const is_clean = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7F'; });
    return is_clean && !target.empty() && target.substr(0, target.find('?')).find("%00") == std::string_view::npos;
}

/// "1" or "1.0"; null where it is no version at all.
[[nodiscard]] inline std::optional<bool> is_served_version(std::string_view version) {
    bool const is_number = !version.empty() && version.find_first_not_of("0123456789.") == std::string_view::npos &&
                           version.front() != '.' && version.back() != '.';
    if (!is_number) return std::nullopt;
    return version == "1" || version == "1.0";
}

[[nodiscard]] inline bool matches(std::string_view path, std::vector<std::string> const& segments, std::string& key) {
    auto const wanted = path.empty() ? std::vector<std::string>() : split(path, '/');
    if (wanted.size() != segments.size()) return false;
    std::string found;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "*" && !segments[i].empty()) found = segments[i];
        else if (!equals_ignoring_case(wanted[i], segments[i])) return false;
    }
    key = found;
    return true;
}

/// Splits the target and finds its place in the table of routes.
[[nodiscard]] inline call take_apart(server_request const& request, bool is_tls, dialect spoken) {
    call made;
    made.request = &request;
    made.is_tls = is_tls;
    std::string_view target = request.target;
    if (std::size_t const scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
        std::size_t const slash = target.find('/', scheme + 3);
        target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
    std::size_t const question = target.find('?');
    if (question != std::string_view::npos) made.query = parameters(target.substr(question + 1));
    made.path = percent_decoded(target.substr(0, question), '/');
    if (!made.path.starts_with('/')) return made;
    made.path = without_dot_segments(made.path);

    if (!equals_ignoring_case(std::string_view(made.path).substr(0, collection_path.size()), collection_path)) return made;
    auto segments = split(std::string_view(made.path).substr(collection_path.size()), '/');
    if (segments.size() > 2 && segments.back().empty()) segments.pop_back();
    if (segments.size() < 2 || !equals_ignoring_case(segments[1], "connections")) return made;
    made.version = segments[0];
    if (!is_served_version(made.version)) return made;
    segments.erase(segments.begin(), segments.begin() + 2);

    std::set<std::string_view> methods;
    for (auto const& each : routes_of(spoken)) {
        if (!matches(each.path, segments, made.key)) continue;
        methods.insert(each.method);
        if (each.method != request.method) continue;
        made.target = each.target;
        return made;
    }
    for (auto const method : methods) made.allow += (made.allow.empty() ? "" : ", ") + std::string(method);
    return made;
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

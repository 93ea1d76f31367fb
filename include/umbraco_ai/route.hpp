// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ROUTE_HPP
#define UMBRACO_AI_ROUTE_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

enum class route_error : std::uint8_t { none, method, path, braces, segment, repeated, too_many };

/// A route such as "GET /connections/{idOrAlias}/models", taken apart while compiling.
class route {
public:
    static constexpr std::size_t most_placeholders = 4;

    constexpr route() = default;

    http_method method = http_method::get;
    std::string_view path;
    std::array<std::string_view, most_placeholders> placeholders{};  ///< Names, in order.
    std::array<std::size_t, most_placeholders> begins{};             ///< Where each `{` stands in `path`.
    std::size_t count = 0;
    route_error error = route_error::none;
};

/// g++ 12 cannot evaluate `string_view::find` of a character while compiling with -fsanitize=undefined.
[[nodiscard]] constexpr std::size_t position_of(char wanted, std::string_view text, std::size_t from = 0) noexcept {
    for (std::size_t i = from; i < text.size(); ++i)
        if (text[i] == wanted) return i;
    return std::string_view::npos;
}

/// "/connections/{idOrAlias}" of "GET /connections/{idOrAlias}".
[[nodiscard]] constexpr std::string_view path_of_route(std::string_view text) noexcept {
    std::size_t const blank = position_of(' ', text);
    return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

[[nodiscard]] consteval route parse_route(std::string_view text) {
    route made;
    std::size_t const blank = position_of(' ', text);
    std::string_view const method = text.substr(0, blank);
    bool known = false;
    for (http_method const candidate : {http_method::get, http_method::post, http_method::put, http_method::delete_}) {
        if (to_string(candidate) != method) continue;
        made.method = candidate;
        known = true;
    }
    if (!known) {
        made.error = route_error::method;
        return made;
    }
    made.path = blank == std::string_view::npos ? std::string_view() : path_of_route(text);
    if (made.path.empty() || made.path.front() != '/' || position_of(' ', made.path) != std::string_view::npos) {
        made.error = route_error::path;
        return made;
    }
    for (std::size_t i = 0; i < made.path.size(); ++i) {
        if (made.path[i] == '}') {
            made.error = route_error::braces;
            return made;
        }
        if (made.path[i] != '{') continue;
        std::size_t const close = position_of('}', made.path, i);
        if (close == std::string_view::npos || close == i + 1) {
            made.error = route_error::braces;
            return made;
        }
        if (made.path[i - 1] != '/' || (close + 1 != made.path.size() && made.path[close + 1] != '/')) {
            made.error = route_error::segment;
            return made;
        }
        if (made.count == route::most_placeholders) {
            made.error = route_error::too_many;
            return made;
        }
        std::string_view const name = made.path.substr(i + 1, close - i - 1);
        for (std::size_t k = 0; k < made.count; ++k)
            if (made.placeholders[k] == name) made.error = route_error::repeated;
        made.placeholders[made.count] = name;
        made.begins[made.count] = i;
        ++made.count;
        i = close;
    }
    return made;
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

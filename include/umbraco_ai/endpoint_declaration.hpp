// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ENDPOINT_DECLARATION_HPP
#define UMBRACO_AI_ENDPOINT_DECLARATION_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

/// Parts of an endpoint's declaration: the types of its path parameters, in the order of the placeholders.
template <class... Parameters>
struct path {};
/// The types of its query parameters; a call gives any subset in any order.
template <class... Parameters>
struct query {};
/// The type of its JSON body.
template <class Model>
struct body {};
/// What it answers.
template <class Answer>
struct returns {};

namespace detail {

struct absent {};

template <class... Parts>
struct endpoint_parts {
    using paths = path<>;
    using queries = query<>;
    using body_type = absent;
    using answer_type = absent;
    static constexpr int path_count = 0, query_count = 0, body_count = 0, answer_count = 0, unknown_count = 0;
};
template <class... Ts, class... Rest>
struct endpoint_parts<path<Ts...>, Rest...> : endpoint_parts<Rest...> {
    using paths = path<Ts...>;
    static constexpr int path_count = endpoint_parts<Rest...>::path_count + 1;
};
template <class... Ts, class... Rest>
struct endpoint_parts<query<Ts...>, Rest...> : endpoint_parts<Rest...> {
    using queries = query<Ts...>;
    static constexpr int query_count = endpoint_parts<Rest...>::query_count + 1;
};
template <class T, class... Rest>
struct endpoint_parts<body<T>, Rest...> : endpoint_parts<Rest...> {
    using body_type = T;
    static constexpr int body_count = endpoint_parts<Rest...>::body_count + 1;
};
template <class T, class... Rest>
struct endpoint_parts<returns<T>, Rest...> : endpoint_parts<Rest...> {
    using answer_type = T;
    static constexpr int answer_count = endpoint_parts<Rest...>::answer_count + 1;
};
template <class Other, class... Rest>
struct endpoint_parts<Other, Rest...> : endpoint_parts<Rest...> {
    static constexpr int unknown_count = endpoint_parts<Rest...>::unknown_count + 1;
};

template <class T, class... Ts>
inline constexpr int count_of = (0 + ... + (std::is_same_v<T, Ts> ? 1 : 0));

template <class... Ts>
[[nodiscard]] consteval bool are_names_unique() {
    if constexpr (sizeof...(Ts) > 1) {
        std::string_view const names[] = {parameter<Ts>::name.view()...};
        for (std::size_t i = 0; i < sizeof...(Ts); ++i)
            for (std::size_t k = i + 1; k < sizeof...(Ts); ++k)
                if (names[i] == names[k]) return false;
    }
    return true;
}

/// Every placeholder of the route has the path parameter of its name, in order.
template <class... Ts>
[[nodiscard]] consteval bool has_each_placeholder(route const& parsed, path<Ts...>) {
    std::size_t i = 0;
    bool all = sizeof...(Ts) >= parsed.count;
    ((all = all && (i >= parsed.count || parsed.placeholders[i] == parameter<Ts>::name.view()), ++i), ...);
    return all;
}

template <class... Ts>
[[nodiscard]] consteval bool has_only_placeholders(route const& parsed, path<Ts...>) {
    bool all = true;
    ((all = all && [&] {
         for (std::size_t i = 0; i < parsed.count; ++i)
             if (parsed.placeholders[i] == parameter<Ts>::name.view()) return true;
         return false;
     }()),
     ...);
    return all;
}

/// The checks of a declaration, each with a sentence of its own.
template <fixed_string Route, class... Parts>
struct endpoint_rules {
    static constexpr route parsed = parse_route(Route.view());
    using parts = endpoint_parts<Parts...>;

    static_assert(parsed.error != route_error::method, "umbraco_ai: a route begins with GET, POST, PUT or DELETE and one blank");
    static_assert(parsed.error != route_error::path, "umbraco_ai: the path of a route begins with a slash and holds no blank");
    static_assert(parsed.error != route_error::braces, "umbraco_ai: a brace of the route is unbalanced, or a placeholder has no name");
    static_assert(parsed.error != route_error::segment, "umbraco_ai: a placeholder fills a whole segment of the route");
    static_assert(parsed.error != route_error::repeated, "umbraco_ai: a placeholder stands twice in the route");
    static_assert(parsed.error != route_error::too_many, "umbraco_ai: a route has at most four placeholders");
    static_assert(parts::unknown_count == 0, "umbraco_ai: an endpoint is declared with path<…>, query<…>, body<…> and returns<…> only");
    static_assert(parts::path_count <= 1 && parts::query_count <= 1 && parts::body_count <= 1,
                  "umbraco_ai: path<…>, query<…> and body<…> stand at most once in a declaration");
    static_assert(parts::answer_count == 1, "umbraco_ai: an endpoint says what it answers, once: returns<…>, or returns<nothing>");
    static_assert(parts::body_count == 0 || parsed.method == http_method::post || parsed.method == http_method::put,
                  "umbraco_ai: only POST and PUT carry a body");

    template <class... Ps, class... Qs>
    static consteval bool check_parameters(path<Ps...>, query<Qs...>) {
        static_assert((Parameter<Ps> && ...), "umbraco_ai: a type in path<…> is no parameter: it needs parameter_name, check and append_to");
        static_assert((Parameter<Qs> && ...), "umbraco_ai: a type in query<…> is no parameter: it needs parameter_name, check and append_to");
        if constexpr ((Parameter<Ps> && ...) && (Parameter<Qs> && ...)) {
            static_assert(are_names_unique<Ps...>() && are_names_unique<Qs...>(), "umbraco_ai: a parameter is declared twice");
            static_assert(has_only_placeholders(parsed, path<Ps...>()), "umbraco_ai: a type in path<…> has no placeholder of its name in the route");
            static_assert(has_each_placeholder(parsed, path<Ps...>()),
                          "umbraco_ai: a placeholder of the route has no parameter of its name in path<…>, or they stand in another order");
        }
        return true;
    }
    static constexpr bool parameters_ok = check_parameters(typename parts::paths(), typename parts::queries());
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

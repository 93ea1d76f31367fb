// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ENDPOINT_HPP
#define UMBRACO_AI_ENDPOINT_HPP

#include <umbraco_ai/answer.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/version.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

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

/// Whether a call may be sent again when its fate is unknown.
enum class repeat_class : std::uint8_t {
    safe,     ///< GET: at any time.
    replace,  ///< PUT: only if no byte of it was written; a late replay would overwrite what someone changed meanwhile.
    remove,   ///< DELETE by id.
    once      ///< POST: never.
};

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

/// Each argument is a query parameter of the endpoint, and none is given twice.
template <class Query, class... Args>
inline constexpr bool is_query_subset = false;
template <class... Qs, class... Args>
inline constexpr bool is_query_subset<query<Qs...>, Args...> =
    ((detail::count_of<Args, Qs...> == 1) && ...) && ((detail::count_of<Args, Args...> == 1) && ...);

/// One endpoint of an API: a route and the types of what goes in and comes out. An object of it is one call, a value
/// without I/O: path parameters first, then the body, then any query parameters in any order, each at most once.
///
///     using get = endpoint<"GET /connections/{idOrAlias}", path<id_or_alias>, returns<connection>>;
///     auto request = build_request(get("openai-prod"));
///
/// A declaration that does not fit together does not compile, and says why in one sentence.
template <fixed_string Route, class... Parts>
class endpoint {
    using rules = detail::endpoint_rules<Route, Parts...>;
    using parts = typename rules::parts;
    static_assert(rules::parameters_ok);

    template <class Paths, class Queries>
    struct storage;
    template <class... Ps, class... Qs>
    struct storage<path<Ps...>, query<Qs...>> {
        using paths = std::tuple<Ps...>;
        using queries = std::tuple<std::optional<Qs>...>;
    };
    using stored = storage<typename parts::paths, typename parts::queries>;

    struct given {};
    static constexpr std::size_t path_count = std::tuple_size_v<typename stored::paths>;
    static constexpr std::size_t fixed_count = path_count + (parts::body_count != 0 ? 1 : 0);
    using fixed_indices = std::make_index_sequence<path_count>;

    template <class... Args>
    static consteval bool takes() {
        if constexpr (sizeof...(Args) < fixed_count) {
            return false;
        } else {
            using list = std::tuple<Args...>;
            bool const paths_fit = []<std::size_t... P>(std::index_sequence<P...>) {
                return (std::is_convertible_v<std::tuple_element_t<P, list>, std::tuple_element_t<P, typename stored::paths>> && ...);
            }(std::make_index_sequence<path_count>());
            bool const body_fits = [] {
                if constexpr (parts::body_count != 0)
                    return std::is_convertible_v<std::tuple_element_t<path_count, list>, typename parts::body_type>;
                else return true;
            }();
            bool const queries_fit = []<std::size_t... Q>(std::index_sequence<Q...>) {
                return is_query_subset<typename parts::queries, std::tuple_element_t<fixed_count + Q, list>...>;
            }(std::make_index_sequence<sizeof...(Args) - fixed_count>());
            return paths_fit && body_fits && queries_fit;
        }
    }

public:
    using answer_type = typename parts::answer_type;
    using body_type = typename parts::body_type;

    static constexpr http_method method = rules::parsed.method;
    static constexpr bool has_body = parts::body_count != 0;

    /// "GET /connections/{idOrAlias}": what logs and traces name the call by.
    static constexpr std::string_view route_text = Route.view();

    static constexpr repeat_class repeat = method == http_method::get    ? repeat_class::safe
                                           : method == http_method::put  ? repeat_class::replace
                                           : method == http_method::post ? repeat_class::once
                                                                         : repeat_class::remove;

    /// The arguments of the call.
    template <class... Args>
        requires(takes<Args...>())
    explicit(sizeof...(Args) == 1) endpoint(Args... args) : endpoint(given(), std::tuple<Args...>(std::move(args)...), fixed_indices()) {}

    /// Whether this call can be sent.
    /// Errors: usage failures that name the parameter or member.
    [[nodiscard]] result<void> check() const {
        auto ok = std::apply([](auto const&... values) { return check_each(values...); }, paths_);
        if (!ok) return ok;
        ok = std::apply([](auto const&... values) { return check_each(values...); }, queries_);
        if (!ok) return ok;
        return std::apply([this](auto const&... values) { return this->check_body(values...); }, paths_);
    }

    /// Writes path and query, percent-encoded, below a base path.
    template <Sink S>
    void write_target(S& sink, std::string_view base_path) const {
        detail::put(sink, base_path);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((put_piece<I>(sink), put_parameter(sink, std::get<I>(paths_))), ...);
        }(fixed_indices());
        put_piece<path_count>(sink);
        char separator = '?';
        std::apply([&](auto const&... values) { ((values ? write_query(sink, *values, separator) : void()), ...); }, queries_);
    }

    /// Whether this call can be sent to an origin, where its body has a rule for that.
    [[nodiscard]] result<void> check_origin([[maybe_unused]] std::uint64_t origin_tag) const {
        if constexpr (requires { body_.check_origin(origin_tag); }) return body_.check_origin(origin_tag);
        else return result<void>::ok();
    }

    /// Writes the JSON body; nothing where the endpoint has none.
    template <Sink S>
    void write_body(S& sink) const {
        if constexpr (has_body) json_codec<body_type>::write(sink, body_);
    }

private:
    template <class... Args, std::size_t... P>
    endpoint(given, std::tuple<Args...>&& args, std::index_sequence<P...>)
        : paths_(std::get<P>(std::move(args))...), body_(take_body(args)) {
        [&]<std::size_t... Q>(std::index_sequence<Q...>) {
            ((std::get<std::optional<std::tuple_element_t<fixed_count + Q, std::tuple<Args...>>>>(queries_) =
                  std::get<fixed_count + Q>(std::move(args))),
             ...);
        }(std::make_index_sequence<sizeof...(Args) - fixed_count>());
    }

    template <class Args>
    static body_type take_body([[maybe_unused]] Args& args) {
        if constexpr (has_body) return body_type(std::get<path_count>(std::move(args)));
        else return body_type();
    }

    /// A body whose rules depend on where it goes has `check` with the path parameters.
    template <class... Paths>
    result<void> check_body([[maybe_unused]] Paths const&... values) const {
        if constexpr (requires { body_.check(values...); }) return body_.check(values...);
        else if constexpr (requires { body_.check(); }) return body_.check();
        else return result<void>::ok();
    }

    static result<void> check_each() { return result<void>::ok(); }
    template <class First, class... Rest>
    static result<void> check_each(First const& first, Rest const&... rest) {
        if (auto ok = check_one(first); !ok) return ok;
        return check_each(rest...);
    }

    template <class T>
    static result<void> check_one(T const& value) {
        return parameter<T>::check(value, method);
    }
    template <class T>
    static result<void> check_one(std::optional<T> const& value) {
        return value ? parameter<T>::check(*value, method) : result<void>::ok();
    }

    template <Sink S, class T>
    static void put_parameter(S& sink, T const& value) {
        detail::percent_encoder<S> encoder(sink);
        if constexpr (requires { value.append_encoded_to(sink); }) {
            value.append_encoded_to(sink);
        } else if constexpr (requires { parameter<T>::append_to(encoder, value); }) {
            parameter<T>::append_to(encoder, value);
        } else {
            std::string text;
            parameter<T>::append_to(text, value);
            detail::put_percent_encoded(sink, text);
        }
    }

    /// The text of the route before a placeholder, or behind the last.
    static consteval std::string_view piece(std::size_t index) {
        constexpr auto const& parsed = rules::parsed;
        std::size_t const begin = index == 0 ? 0 : parsed.begins[index - 1] + parsed.placeholders[index - 1].size() + 2;
        std::size_t const end = index == parsed.count ? parsed.path.size() : parsed.begins[index];
        return parsed.path.substr(begin, end - begin);
    }

    template <std::size_t Index, Sink S>
    static void put_piece(S& sink) {
        constexpr std::string_view text = piece(Index);
        if constexpr (!text.empty()) detail::put(sink, text);
    }

    template <Sink S, class T>
    static void write_query(S& sink, T const& value, char& separator) {
        detail::put(sink, std::exchange(separator, '&'));
        detail::put(sink, parameter<T>::name.view());
        detail::put(sink, '=');
        put_parameter(sink, value);
    }

    typename stored::paths paths_;
    [[no_unique_address]] body_type body_;
    typename stored::queries queries_;
};

/// A call of an endpoint: what `build_request` and `decode` take. An `endpoint`, or a type of the user's with the same
/// members; never an aggregate, since g++ 12 destroys aggregate temporaries twice in an awaited expression.
template <class D>
concept Descriptor = !std::is_aggregate_v<D> && requires(D const& call, std::string& sink, std::string_view base_path) {
    typename D::answer_type;
    { D::method } -> std::convertible_to<http_method>;
    { D::repeat } -> std::convertible_to<repeat_class>;
    { D::has_body } -> std::convertible_to<bool>;
    { D::route_text } -> std::convertible_to<std::string_view>;
    { call.check() } -> std::same_as<result<void>>;
    call.write_target(sink, base_path);
    call.write_body(sink);
};

/// The request of a call: method, target, Accept, Content-Type and body. No origin and no credentials: a transport or a
/// client adds those.
///   base_path   the path before the route, without a slash at its end
/// Errors: the usage failures of `call.check()`.
template <Descriptor D>
[[nodiscard]] result<http_request> build_request(D const& call, std::string_view base_path = api_base_path) {
    if (auto ok = call.check(); !ok) return ok.error();
    http_request request;
    request.method = D::method;
    request.route = detail::path_of_route(D::route_text);
    call.write_target(request.target, base_path);
    request.headers.add("Accept", "application/json");
    if constexpr (D::has_body) {
        request.headers.add("Content-Type", "application/json");
        call.write_body(request.body);
    }
    return request;
}

/// Writes target and body of a call into sinks of the caller's, a reused string or a `fixed_buffer`, and nothing where it
/// cannot be sent.
/// Errors: the usage failures of `call.check()`; `errc::buffer_too_small` where a fixed buffer is.
template <Descriptor D, Sink S>
[[nodiscard]] result<void> build_request(D const& call, std::string_view base_path, S& target, S& body_sink) {
    if (auto ok = call.check(); !ok) return ok;
    call.write_target(target, base_path);
    call.write_body(body_sink);
    if constexpr (requires { target.overflowed(); }) {
        if (target.overflowed() || body_sink.overflowed())
            return failure(errc::buffer_too_small, "The request does not fit into the buffer; give a larger one.");
    }
    return result<void>::ok();
}

/// The value of an answer, or why there is none. Accepts what servers of either contract send.
/// Errors: authentication, server and decode failures; a decode failure names the JSON path and never quotes the body.
template <Descriptor D>
[[nodiscard]] result<typename D::answer_type> decode(http_response const& response) {
    if (auto refused = detail::refusal_of(response, D::method)) {
        if constexpr (requires { answer<typename D::answer_type>::explain(*refused); }) answer<typename D::answer_type>::explain(*refused);
        return std::move(*refused);
    }
    auto decoded = answer<typename D::answer_type>::decode(response);
    if (!decoded) {
        decoded.error().status = response.status;
        decoded.error().possibly_applied = D::method != http_method::get;
    }
    return decoded;
}

UMBRACO_AI_END_NAMESPACE

#endif

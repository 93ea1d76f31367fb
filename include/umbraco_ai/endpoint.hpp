// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ENDPOINT_HPP
#define UMBRACO_AI_ENDPOINT_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/endpoint_declaration.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

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

UMBRACO_AI_END_NAMESPACE

#endif

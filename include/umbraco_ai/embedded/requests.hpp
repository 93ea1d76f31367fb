// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_REQUESTS_HPP
#define UMBRACO_AI_EMBEDDED_REQUESTS_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// What to list. What is not set is left to the server, which answers up to 100 items from the first one on.
class list_query {
public:
    list_query() = default;

    std::optional<std::int32_t> skip;  ///< Items to leave out, from 0.
    std::optional<std::int32_t> take;  ///< Items to answer at most, from 1.
    std::string_view filter;           ///< What the name contains, ignoring ASCII case; empty: anything.
    std::string_view provider_id;      ///< In exact case; empty: any.
};

namespace detail {

using namespace umbraco_ai::detail;

[[nodiscard]] inline outcome fits(fixed_buffer const& out) noexcept {
    if (out.overflowed()) return outcome(errc::buffer_too_small, "The request does not fit into the buffer; give a larger one.");
    return outcome();
}

/// The request targets of an endpoint, whose route stands in its declaration.
template <class Endpoint>
class target_writer {
public:
    target_writer(fixed_buffer& out, std::string_view base_path) noexcept : out_(out) {
        put(out_, base_path);
        put(out_, {parsed.path.data(), parsed.count == 0 ? parsed.path.size() : parsed.begins[0]});
    }

    /// Fills the one placeholder.
    template <class T>
    void segment(T const& value) noexcept {
        static_assert(parsed.count == 1);
        if constexpr (requires { value.append_to(out_); }) value.append_to(out_);
        else put_percent_encoded(out_, value);
        constexpr std::size_t end = parsed.begins[0] + parsed.placeholders[0].size() + 2;
        put(out_, {parsed.path.data() + end, parsed.path.size() - end});
    }

    template <class Parameter>
    void query(std::string_view text) noexcept {
        put(out_, separator_);
        separator_ = '&';
        put(out_, parameter<Parameter>::name.view());
        put(out_, '=');
        put_percent_encoded(out_, text);
    }

    template <class Parameter>
    void query(std::int32_t number) noexcept {
        char digits[12];
        auto const [end, code] = std::to_chars(digits, digits + sizeof digits, number);
        static_cast<void>(code);
        query<Parameter>(std::string_view(digits, static_cast<std::size_t>(end - digits)));
    }

private:
    static constexpr route parsed = parse_route(Endpoint::route_text);

    fixed_buffer& out_;
    char separator_ = '?';
};

template <class Endpoint>
[[nodiscard]] outcome write_target(fixed_buffer& out, std::string_view id_or_alias_text, std::string_view base_path) noexcept {
    auto const id = guid::parse(id_or_alias_text);
    char const* const refusal = !id ? refusal_of_alias_in_path(id_or_alias_text, Endpoint::method) : id->is_nil() ? refusal_of_nil : nullptr;
    if (refusal != nullptr) return outcome(errc::invalid_argument, refusal).at(parameter<id_or_alias>::name.view());
    target_writer<Endpoint> target(out, base_path);
    if (id) target.segment(*id);
    else target.segment(id_or_alias_text);
    return fits(out);
}

}  // namespace detail

/// Writes the request target of a list: `GET`, no body. What to send besides it is up to the transport.
///   base_path  the path before the route, without a slash at its end
/// Errors: usage failures that name the parameter; `buffer_too_small`.
[[nodiscard]] inline outcome write_list_target(fixed_buffer& out, list_query const& wanted = {}, std::string_view base_path = api_base_path) noexcept {
    auto const refuse = [](char const* what, std::string_view name) { return outcome(errc::invalid_argument, what).at(name); };
    if (wanted.skip && *wanted.skip < 0) return refuse("It must not be negative.", parameter<umbraco_ai::skip>::name.view());
    if (wanted.take && *wanted.take < 1) return refuse("It must be 1 or more.", parameter<umbraco_ai::take>::name.view());
    if (!detail::is_utf8(wanted.filter)) return refuse("It is not UTF-8.", parameter<umbraco_ai::filter>::name.view());
    if (!detail::is_utf8(wanted.provider_id)) return refuse("It is not UTF-8.", parameter<umbraco_ai::provider_id>::name.view());
    detail::target_writer<connections::list> target(out, base_path);
    if (wanted.skip) target.query<umbraco_ai::skip>(*wanted.skip);
    if (wanted.take) target.query<umbraco_ai::take>(*wanted.take);
    if (!wanted.filter.empty()) target.query<umbraco_ai::filter>(wanted.filter);
    if (!wanted.provider_id.empty()) target.query<umbraco_ai::provider_id>(wanted.provider_id);
    return detail::fits(out);
}

/// Writes the request target of one connection: `GET`, no body.
/// Errors: usage failures for an alias that would reach another route or connection; `buffer_too_small`.
[[nodiscard]] inline outcome write_get_target(fixed_buffer& out, std::string_view id_or_alias, std::string_view base_path = api_base_path) noexcept {
    return detail::write_target<connections::get>(out, id_or_alias, base_path);
}

/// Writes the request target of a test: `POST`, no body, `Content-Length: 0`.
/// Errors: as `write_get_target`.
[[nodiscard]] inline outcome write_test_target(fixed_buffer& out, std::string_view id_or_alias, std::string_view base_path = api_base_path) noexcept {
    return detail::write_target<connections::test>(out, id_or_alias, base_path);
}

/// Writes the request target of an update: `PUT`, with the body that `write_update` gives.
/// Errors: a usage failure for the nil guid; `buffer_too_small`.
[[nodiscard]] inline outcome write_update_target(fixed_buffer& out, guid const& id, std::string_view base_path = api_base_path) noexcept {
    if (id.is_nil()) return outcome(errc::invalid_argument, detail::refusal_of_nil).at(parameter<guid>::name.view());
    detail::target_writer<connections::update> target(out, base_path);
    target.segment(id);
    return detail::fits(out);
}

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

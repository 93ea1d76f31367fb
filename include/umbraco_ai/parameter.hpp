// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_PARAMETER_HPP
#define UMBRACO_AI_PARAMETER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// How a type stands in a path or a query: its wire name, whether a value may be sent, and how it writes itself before
/// percent-encoding. A type may carry these as members, or specialise this template.
///
///     static constexpr auto name = fixed_string("…");
///     static result<void> check(T const&, http_method);
///     template <Sink S> static void append_to(S&, T const&);
template <class T>
struct parameter;

template <class T>
    requires requires(T const& value, std::string& sink) {
        T::parameter_name.view();
        value.check(http_method::get);
        value.append_to(sink);
    }
struct parameter<T> {
    static constexpr auto name = T::parameter_name;
    static result<void> check(T const& value, http_method method) { return value.check(method); }
    template <Sink S>
        requires requires(T const& value, S& sink) { value.append_to(sink); }
    static void append_to(S& sink, T const& value) {
        value.append_to(sink);
    }
};

template <>
struct parameter<guid> {
    static constexpr fixed_string name{"id"};
    static result<void> check(guid const& value, http_method) {
        if (value.is_nil()) return failure(errc::invalid_argument, "It is the nil guid, which no connection has; give the id of a connection that was read.").at("id");
        return result<void>::ok();
    }
    template <Sink S>
    static void append_to(S& sink, guid const& value) {
        value.append_to(sink);
    }
};

/// A type that can stand in a path or a query.
template <class T>
concept Parameter = requires(T const& value, std::string& sink) {
    parameter<T>::name.view();
    { parameter<T>::check(value, http_method::get) } -> std::same_as<result<void>>;
    parameter<T>::append_to(sink, value);
};

/// A whole number in a query, from `Least` to 2147483647.
template <fixed_string Name, std::int64_t Least>
class count_parameter {
public:
    static constexpr auto parameter_name = Name;

    explicit constexpr count_parameter(std::int64_t count) noexcept : value(count) {}

    std::int64_t value;

    [[nodiscard]] result<void> check(http_method) const {
        if (value >= Least && value <= 2147483647) return result<void>::ok();
        return failure(errc::invalid_argument, "It must lie between " + std::to_string(Least) + " and 2147483647.").at(std::string(Name.view()));
    }
    template <Sink S>
    void append_to(S& sink) const {
        json_codec<std::int64_t>::write(sink, value);
    }
};

/// Text in a query.
template <fixed_string Name>
class text_parameter {
public:
    static constexpr auto parameter_name = Name;

    explicit text_parameter(std::string text) : value(std::move(text)) {}

    std::string value;

    [[nodiscard]] result<void> check(http_method) const {
        if (detail::is_utf8(value)) return result<void>::ok();
        return failure(errc::invalid_argument, "It is not UTF-8.").at(std::string(Name.view()));
    }
    template <Sink S>
    void append_to(S& sink) const {
        detail::put(sink, value);
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

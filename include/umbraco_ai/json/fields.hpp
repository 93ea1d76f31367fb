// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_FIELDS_HPP
#define UMBRACO_AI_JSON_FIELDS_HPP

#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

/// Text as a template argument.
template <std::size_t N>
struct fixed_string {
    consteval fixed_string(char const (&literal)[N]) { std::copy_n(literal, N, text); }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
    constexpr bool operator==(fixed_string const&) const = default;

    char text[N]{};
};

/// Rules of a field, combined with `|`.
struct field_rules {
    bool is_required = false;
    bool is_read_only = false;
    bool is_secret = false;

    constexpr bool operator==(field_rules const&) const = default;
    friend constexpr field_rules operator|(field_rules a, field_rules b) noexcept {
        return {a.is_required || b.is_required, a.is_read_only || b.is_read_only, a.is_secret || b.is_secret};
    }
};

inline constexpr field_rules optional_field{};
inline constexpr field_rules required{true, false, false};       ///< Reading fails where it is absent.
inline constexpr field_rules read_only{false, true, false};      ///< Never written.
inline constexpr field_rules secret_field{false, false, true};   ///< Shown as `***`, save what is known to be no secret.

/// One row of a model's table: the wire name, the member, the rules. Two rows may name one member, for two spellings of
/// the same fact; a required member is satisfied by either.
template <fixed_string Name, auto Member, field_rules Rules = optional_field>
struct field {
    static constexpr std::string_view name = Name.view();
    static constexpr auto member = Member;
    static constexpr field_rules rules = Rules;
};

/// Rows whose wire names stand one object deeper, below `Name`, while the members stay those of the model.
template <fixed_string Name, class... Fields>
struct group {
    static constexpr std::string_view name = Name.view();
};

/// The table of a model: its rows in the order in which they are written.
template <class... Rows>
struct table {
    static constexpr std::size_t size = sizeof...(Rows);
};

/// The table of `Model`; specialise it, deriving from `table<field<…>…>`, to have the model read, written and shown.
template <class Model>
struct fields;

/// A type with a table of fields.
template <class T>
concept HasFields = requires { fields<T>::size; };

namespace detail {

template <class... Rows, class F>
constexpr void for_each_row(table<Rows...>, F&& f) {
    (f(Rows()), ...);
}

template <class Row>
inline constexpr bool is_group = false;
template <fixed_string Name, class... Fields>
inline constexpr bool is_group<group<Name, Fields...>> = true;

template <auto Member>
struct member_constant {};

template <auto A, auto B>
inline constexpr bool same_member = std::is_same_v<member_constant<A>, member_constant<B>>;

}  // namespace detail

/// Calls `f(row)` for each field of a model, those of groups included, where `row` has `name`, `member` and `rules`.
template <HasFields Model, class F>
constexpr void for_each_field(F&& f) {
    detail::for_each_row(fields<Model>(), [&f]<class Row>(Row row) {
        if constexpr (detail::is_group<Row>) {
            [&f]<fixed_string Name, class... Inner>(group<Name, Inner...>) { (f(Inner()), ...); }(row);
        } else {
            f(row);
        }
    });
}

/// Whether a wire name, compared ignoring case as servers do, belongs to a field or group at the top of a model's table.
template <HasFields Model>
[[nodiscard]] constexpr bool has_field(std::string_view name) noexcept {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    bool found = false;
    detail::for_each_row(fields<Model>(), [&]<class Row>(Row) {
        found = found || std::equal(name.begin(), name.end(), Row::name.begin(), Row::name.end(),
                                    [&](char a, char b) { return lower(a) == lower(b); });
    });
    return found;
}

UMBRACO_AI_END_NAMESPACE

#endif

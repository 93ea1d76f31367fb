// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_CODEC_HPP
#define UMBRACO_AI_JSON_CODEC_HPP

#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/json/member_reader.hpp>
#include <umbraco_ai/json/name_table.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/json/unknown_members.hpp>
#include <umbraco_ai/json/value_codec.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class Model>
concept KeepsUnknown = requires(Model& model) { { model.unknown } -> std::same_as<unknown_members&>; };

/// Whether a name is a field's of the model, or of the model whose answer it is made from (`read_as` in its table).
template <HasFields Model>
[[nodiscard]] constexpr bool is_known(std::string_view name) noexcept {
    if constexpr (requires { typename fields<Model>::read_as; }) return has_field<Model>(name) || has_field<typename fields<Model>::read_as>(name);
    else return has_field<Model>(name);
}

template <class Row>
inline constexpr std::size_t row_width = 1;
template <fixed_string Name, class... Inner>
inline constexpr std::size_t row_width<group<Name, Inner...>> = sizeof...(Inner);

template <class Model, class Row, std::size_t Index>
class row_reader;

/// The table of some rows of a model, those at its top or those of a group, whose first is the field of index `First`.
template <class Model, std::size_t First, bool IsTop, class... Rows>
class rows_reader {
    static_assert(First + (row_width<Rows> + ... + 0) <= most_names, "umbraco_ai: a model has at most 32 fields");

    static constexpr std::array<std::string_view, sizeof...(Rows)> names{Rows::name...};
    static constexpr name_storage<sizeof...(Rows)> storage{names};
    static constexpr std::array<std::uint8_t, sizeof...(Rows) + 1> order = alphabetic_order(names);

    static bool read_unknown(json_reader& reader, [[maybe_unused]] void* model, [[maybe_unused]] json_key const& key) {
        if constexpr (IsTop && KeepsUnknown<Model>) {
            std::string_view value;
            if (!reader.read_raw(value)) return false;
            static_cast<Model*>(model)->unknown.add(key, value);
            return true;
        } else {
            return reader.skip_value();
        }
    }

    template <std::size_t... I>
    static constexpr std::array<member_table::member_function, sizeof...(Rows)> functions_of(std::index_sequence<I...>) {
        constexpr std::array<std::size_t, sizeof...(Rows)> widths{row_width<Rows>...};
        constexpr auto first = [widths](std::size_t row) {
            std::size_t index = First;
            for (std::size_t i = 0; i < row; ++i) index += widths[i];
            return index;
        };
        return {&row_reader<Model, Rows, first(I)>::read...};
    }
    static constexpr std::array<member_table::member_function, sizeof...(Rows)> functions = functions_of(std::index_sequence_for<Rows...>());

public:
    static constexpr member_table members{name_table(storage), functions.data(), &read_unknown, order.data()};
};

template <class Model, fixed_string Name, auto Member, field_rules Rules, std::size_t Index>
class row_reader<Model, field<Name, Member, Rules>, Index> {
public:
    static bool read(json_reader& reader, void* model, std::uint32_t& seen) {
        auto& member = static_cast<Model*>(model)->*Member;
        if (!json_codec<std::remove_reference_t<decltype(member)>>::read(reader, member)) return false;
        seen |= std::uint32_t{1} << Index;
        return true;
    }
};

template <class Model, fixed_string Name, class... Inner, std::size_t Index>
class row_reader<Model, group<Name, Inner...>, Index> {
public:
    static bool read(json_reader& reader, void* model, std::uint32_t& seen) {
        return member_reader::read(reader, rows_reader<Model, Index, false, Inner...>::members, model, seen);
    }
};

/// `,"name":` of a field, made while compiling.
template <class Row>
class key_text {
public:
    consteval key_text() {
        fixed_buffer sink(bytes_, sizeof bytes_);
        put(sink, ',');
        put_json_string(sink, Row::name);
        put(sink, ':');
        size_ = sink.view().size();
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }

private:
    char bytes_[6 * Row::name.size() + 4]{};
    std::size_t size_ = 0;
};

template <class Row>
inline constexpr key_text<Row> written_key{};

/// Reads one object into a model by its table.
template <HasFields Model>
class model_reader {
public:
    model_reader(json_reader& reader, Model& out) noexcept : reader_(reader), out_(out) {}

    bool read() {
        if (!member_reader::read(reader_, members(fields<Model>()), &out_, seen_)) return false;
        return (seen_ & required_bits) == required_bits || check_required();
    }

private:
    template <class... Rows>
    static constexpr member_table const& members(table<Rows...>) noexcept {
        return rows_reader<Model, 0, true, Rows...>::members;
    }

    static constexpr std::uint32_t required_bits = [] {
        std::uint32_t bits = 0;
        std::size_t index = 0;
        for_each_field<Model>([&]<class Row>(Row) { bits |= std::uint32_t{Row::rules.is_required} << index++; });
        return bits;
    }();

    /// A required member may be missing under one of its names only.
    bool check_required() {
        bool ok = true;
        for_each_field<Model>([&]<class Row>(Row) {
            if constexpr (Row::rules.is_required) {
                if (ok && !is_satisfied<Row::member>()) {
                    json_reader::scope const at(reader_, Row::name);
                    ok = reader_.fail(errc::missing_member, "a member is missing");
                }
            }
        });
        return ok;
    }

    template <auto Member>
    bool is_satisfied() const {
        bool satisfied = false;
        std::size_t index = 0;
        for_each_field<Model>([&]<class Row>(Row) {
            if constexpr (same_member<Member, Row::member>) satisfied = satisfied || (seen_ >> index & 1U) != 0;
            ++index;
        });
        return satisfied;
    }

    json_reader& reader_;
    Model& out_;
    std::uint32_t seen_ = 0;
};

}  // namespace detail

template <HasFields Model>
struct json_codec<Model> {
    static bool read(json_reader& reader, Model& out) { return detail::model_reader<Model>(reader, out).read(); }

    /// Every field that is not read-only, then the unknown members; an unknown member whose name is a field's in other
    /// case is left out, since servers compare names ignoring case and the last one wins.
    template <Sink S>
    static void write(S& sink, Model const& value) {
        detail::put(sink, '{');
        bool first = true;
        for_each_field<Model>([&]<class Row>(Row) {
            if constexpr (!Row::rules.is_read_only) {
                if constexpr (requires { fields<Model>::leaves_out(value, Row::name); }) {
                    if (fields<Model>::leaves_out(value, Row::name)) return;
                }
                auto const& member = value.*Row::member;
                constexpr std::string_view key = detail::written_key<Row>.view();
                detail::put(sink, key.substr(std::exchange(first, false) ? 1 : 0));
                json_codec<std::remove_cvref_t<decltype(member)>>::write(sink, member);
            }
        });
        if constexpr (detail::KeepsUnknown<Model>) {
            value.unknown.for_each([&](json_key const& key, std::string_view bytes) {
                if (detail::is_known<Model>(key.name)) return;
                if (!std::exchange(first, false)) detail::put(sink, ',');
                detail::put(sink, '"');
                detail::put(sink, key.raw);
                detail::put(sink, "\":");
                detail::put(sink, bytes);
            });
        }
        detail::put(sink, '}');
    }
};

/// Reads a whole JSON text as a `T`.
/// Errors: decode failures with the JSON path in `field`.
template <class T>
[[nodiscard]] result<T> read_json(std::string_view text) {
    json_reader reader(text);
    result<T> made(std::in_place);
    if (!json_codec<T>::read(reader, *made) || !reader.finish()) made = reader.error();
    return made;
}

/// Writes a value as JSON, without blanks.
template <class T>
[[nodiscard]] std::string write_json(T const& value) {
    std::string text;
    json_codec<T>::write(text, value);
    return text;
}

namespace detail {

template <class Out, class T>
void show(Out& out, T const& value, bool is_secret) {
    if constexpr (std::is_same_v<T, bool>) {
        out << (value ? "true" : "false");
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (is_secret) out << "***";
        else out << value;
    } else if constexpr (is_optional<T>) {
        if (value) show(out, *value, is_secret);
        else out << '-';
    } else if constexpr (requires { value.begin()->first; }) {
        out << '{' << value.size() << " members}";
    } else if constexpr (requires { value.begin(); value.end(); }) {
        out << '[';
        char const* comma = "";
        for (auto const& item : value) {
            out << std::exchange(comma, ", ");
            show(out, item, is_secret);
        }
        out << ']';
    } else {
        out << value;
    }
}

}  // namespace detail

/// Shows a model by its table: `{id: …, alias: …, settings: {apiKey: ***}}`. Secrets are `***`, unknown members are not shown.
template <class Traits, HasFields Model>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, Model const& value) {
    char const* comma = "{";
    for_each_field<Model>([&]<class Row>(Row) {
        out << std::exchange(comma, ", ") << Row::name << ": ";
        detail::show(out, value.*Row::member, Row::rules.is_secret);
    });
    return out << '}';
}

UMBRACO_AI_END_NAMESPACE

#endif

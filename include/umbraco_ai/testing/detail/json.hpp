// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_JSON_HPP
#define UMBRACO_AI_TESTING_DETAIL_JSON_HPP

#include <umbraco_ai/testing/detail/unicode.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

enum class json_kind : std::uint8_t { null, boolean, number, string, array, object };

/// A JSON value that forgets nothing: numbers keep their text, objects their order and their repeated keys.
class json_value {
public:
    json_value() = default;

    json_kind kind = json_kind::null;
    std::string text;                ///< A string decoded to UTF-8; a number, `true` or `false` as written.
    std::vector<std::string> names;  ///< Of the members of an object; `items` has their values.
    std::vector<json_value> items;
    bool is_text = true;  ///< False for a string that is no text: a lone surrogate, or bytes that are not UTF-8.

    [[nodiscard]] bool is_null() const noexcept { return kind == json_kind::null; }
    [[nodiscard]] bool is_string() const noexcept { return kind == json_kind::string; }

    /// The last member of this name, or null.
    [[nodiscard]] json_value const* find(std::string_view name) const noexcept {
        for (std::size_t i = names.size(); i-- > 0;)
            if (names[i] == name) return &items[i];
        return nullptr;
    }

    /// `test(value)` holds for this value or one in it.
    template <class Test>
    [[nodiscard]] bool any(Test const& test) const {
        if (test(*this)) return true;
        return std::any_of(items.begin(), items.end(), [&](json_value const& item) { return item.any(test); });
    }

    [[nodiscard]] bool has_repeated_key() const {
        return any([](json_value const& value) {
            auto sorted = value.names;
            std::sort(sorted.begin(), sorted.end());
            return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
        });
    }

    [[nodiscard]] bool is_all_text() const {
        return !any([](json_value const& value) { return !value.is_text; });
    }
};

/// How strings are written.
enum class escaping : std::uint8_t {
    minimal,  ///< What RFC 8259 asks for.
    dotnet    ///< What System.Text.Json escapes unless told otherwise: all that is not ASCII, and what HTML cares about.
};

inline void append_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xF];
}

/// A JSON string with its quotes.
[[nodiscard]] inline std::string json_quoted(std::string_view text, escaping style = escaping::dotnet) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        if (std::size_t const plain = plain_length(text.substr(i)); plain > 0) {
            out.append(text.substr(i, plain));
            i += plain;
            continue;
        }
        code_point const next = decode_utf8(text.substr(i));
        std::uint32_t const point = next.point;
        bool const is_html =
            point == '"' || point == '&' || point == '\'' || point == '+' || point == '<' || point == '>' || point == '`';
        if (point == '\b') out += "\\b";
        else if (point == '\t') out += "\\t";
        else if (point == '\n') out += "\\n";
        else if (point == '\f') out += "\\f";
        else if (point == '\r') out += "\\r";
        else if (point == '\\') out += "\\\\";
        else if (point == '"' && style == escaping::minimal) out += "\\\"";
        else if (point < 0x20) append_unit(out, point);
        else if (style == escaping::minimal || (point < 0x7F && !is_html)) out.append(text.substr(i, next.length));
        else if (point < 0x10000) append_unit(out, point);
        else {
            append_unit(out, 0xD800 + ((point - 0x10000) >> 10));
            append_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
        }
        i += next.length;
    }
    return out + '"';
}

/// The text of a value, without blanks.
[[nodiscard]] inline std::string to_json(json_value const& value, escaping style = escaping::dotnet) {
    switch (value.kind) {
        case json_kind::null: return "null";
        case json_kind::boolean:
        case json_kind::number: return value.text;
        case json_kind::string: return json_quoted(value.text, style);
        case json_kind::array:
        case json_kind::object: break;
    }
    bool const is_object = value.kind == json_kind::object;
    std::string out(1, is_object ? '{' : '[');
    for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        if (is_object) out += json_quoted(value.names[i], style) + ':';
        out += to_json(value.items[i], style);
    }
    return out + (is_object ? '}' : ']');
}

/// Members of an object in the order in which they are added.
class object_text {
public:
    object_text() = default;

    object_text& raw(std::string_view name, std::string_view json) {
        if (!members_.empty()) members_ += ',';
        members_ += json_quoted(name);
        members_ += ':';
        members_ += json;
        return *this;
    }
    object_text& text(std::string_view name, std::string_view value) { return raw(name, json_quoted(value)); }
    object_text& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    object_text& number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }

    [[nodiscard]] std::string str() const { return '{' + members_ + '}'; }

private:
    std::string members_;
};

/// `[…]` of texts that are JSON already.
[[nodiscard]] inline std::string array_text(std::vector<std::string> const& items) {
    std::string out = "[";
    for (auto const& item : items) {
        if (out.size() > 1) out += ',';
        out += item;
    }
    return out + ']';
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_JSON_READER_HPP
#define UMBRACO_AI_TESTING_DETAIL_JSON_READER_HPP

#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/unicode.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// Reads JSON as strictly as System.Text.Json does, and complains in its words, with path, line and byte.
class json_reader {
public:
    static constexpr int max_depth = 32;

    explicit json_reader(std::string_view text) : text_(text) {}

    /// The key of an ASP.NET `errors` entry, "$" or "$.member".
    std::string path = "$";

    [[nodiscard]] std::string const& error() const noexcept { return error_; }

    /// The next character that is no blank, or 0 at the end.
    [[nodiscard]] char peek() {
        skip_blanks();
        return is_at_end() ? '\0' : text_[position_];
    }

    bool read_value(json_value& out) {
        char const next = peek();
        if (is_at_end()) return fail_at_end();
        switch (next) {
            case '{': return read_object(out);
            case '[': return read_array(out);
            case '"': out.kind = json_kind::string; return read_string(out.text, out.is_text);
            case 't': return read_literal("true", json_kind::boolean, out);
            case 'f': return read_literal("false", json_kind::boolean, out);
            case 'n': return read_literal("null", json_kind::null, out);
            default: break;
        }
        if (next == '-' || is_digit(next)) return read_number(out);
        return fail_here(" is an invalid start of a value.");
    }

    /// Only blanks are left.
    bool read_end() {
        skip_blanks();
        return is_at_end() || fail_here(" is invalid after a single JSON value. Expected end of data.");
    }

    bool enter(bool is_object) {
        ++position_;
        if (++depth_ <= max_depth) return true;
        return fail(std::string("The maximum configured depth of 32 has been exceeded. Cannot read next JSON ") +
                    (is_object ? "object." : "array."));
    }

    /// The name of the next member and its colon; `has_more` is false behind the brace that ends the object.
    bool next_member(std::string& name, bool is_first, bool& has_more) {
        if (!next_element('}', is_first, has_more) || !has_more) return !failed();
        if (peek() != '"')
            return is_at_end() ? fail_at_end() : fail_here(" is an invalid start of a property name. Expected a '\"'.");
        bool is_text = true;
        name.clear();
        if (!read_string(name, is_text)) return false;
        if (!is_text) return fail("Cannot transcode invalid UTF-8 JSON text to UTF-16 string.");
        if (peek() != ':') return is_at_end() ? fail_at_end() : fail_here(" is invalid after a property name. Expected a ':'.");
        ++position_;
        return true;
    }

    /// Says that the value just read is not of the type `clr_type`.
    bool fail_conversion(std::string_view clr_type) {
        return fail("The JSON value could not be converted to " + std::string(clr_type) + '.');
    }

private:
    [[nodiscard]] bool is_at_end() const noexcept { return position_ >= text_.size(); }
    [[nodiscard]] bool failed() const noexcept { return !error_.empty(); }
    [[nodiscard]] static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

    void skip_blanks() {
        while (!is_at_end() && std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos) {
            if (text_[position_] == '\n') {
                ++line_;
                line_start_ = position_ + 1;
            }
            ++position_;
        }
    }

    [[nodiscard]] static int hex_digit(char c) noexcept {
        if (is_digit(c)) return c - '0';
        char const lower = umbraco_ai::detail::ascii_lower(c);
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    bool fail(std::string const& text) {
        error_ = text + " Path: " + path + " | LineNumber: " + std::to_string(line_) +
                 " | BytePositionInLine: " + std::to_string(position_ - line_start_) + '.';
        return false;
    }

    bool fail_at_end() {
        if (depth_ > 0)
            return fail(
                "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should "
                "be closed.");
        return fail(
            "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when "
            "isFinalBlock is true.");
    }

    bool fail_here(std::string_view rest) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        auto const byte = static_cast<unsigned char>(text_[position_]);
        std::string shown(1, text_[position_]);
        if (byte < 0x20 || byte > 0x7E) {
            shown = "0x";
            shown += digits[byte >> 4];
            shown += digits[byte & 0xF];
        }
        return fail('\'' + shown + '\'' + std::string(rest));
    }

    /// Goes over the comma between two elements, or over the bracket that ends them.
    bool next_element(char end, bool is_first, bool& has_more) {
        char next = peek();
        if (is_at_end()) return fail_at_end();
        has_more = next != end;
        if (!has_more) {
            ++position_;
            --depth_;
            return true;
        }
        if (is_first) return true;
        if (next != ',') return fail_here(" is invalid after a value. Expected either ',', '}', or ']'.");
        ++position_;
        next = peek();
        if (is_at_end()) return fail_at_end();
        if (next != end) return true;
        return fail(std::string("The JSON ") + (end == '}' ? "object" : "array") +
                    " contains a trailing comma at the end which is not supported in this mode. Change the reader options.");
    }

    bool read_object(json_value& out) {
        out.kind = json_kind::object;
        if (!enter(true)) return false;
        std::string name;
        bool has_more = true;
        while (next_member(name, out.items.empty(), has_more) && has_more) {
            out.names.push_back(name);
            if (!read_value(out.items.emplace_back())) return false;
        }
        return !failed();
    }

    bool read_array(json_value& out) {
        out.kind = json_kind::array;
        if (!enter(false)) return false;
        bool has_more = true;
        while (next_element(']', out.items.empty(), has_more) && has_more)
            if (!read_value(out.items.emplace_back())) return false;
        return !failed();
    }

    bool read_literal(std::string_view literal, json_kind kind, json_value& out) {
        if (text_.substr(position_, literal.size()) != literal)
            return fail_here(" is an invalid JSON literal. Expected the literal '" + std::string(literal) + "'.");
        position_ += literal.size();
        out.kind = kind;
        if (kind == json_kind::boolean) out.text = literal;
        return true;
    }

    bool read_digits(std::string_view after) {
        if (is_at_end()) return fail("Expected a digit ('0'-'9'), but instead reached end of data.");
        if (!is_digit(text_[position_]))
            return fail_here(" is invalid within a number, immediately after " + std::string(after) +
                             ". Expected a digit ('0'-'9').");
        while (!is_at_end() && is_digit(text_[position_])) ++position_;
        return true;
    }

    bool read_number(json_value& out) {
        std::size_t const start = position_;
        if (text_[position_] == '-') ++position_;
        if (!is_at_end() && text_[position_] == '0') {
            ++position_;
            if (!is_at_end() && is_digit(text_[position_]))
                return fail("Invalid leading zero before '" + std::string(1, text_[position_]) + "'.");
        } else if (!read_digits("a sign character ('+' or '-')")) {
            return false;
        }
        if (!is_at_end() && text_[position_] == '.') {
            ++position_;
            if (!read_digits("a decimal point ('.')")) return false;
        }
        if (!is_at_end() && (text_[position_] == 'e' || text_[position_] == 'E')) {
            ++position_;
            if (!is_at_end() && (text_[position_] == '+' || text_[position_] == '-')) ++position_;
            if (!read_digits("an exponent character ('e' or 'E')")) return false;
        }
        if (!is_at_end() && std::string_view(",]} \t\r\n").find(text_[position_]) == std::string_view::npos)
            return fail_here(" is an invalid end of a number. Expected a delimiter.");
        out.kind = json_kind::number;
        out.text = text_.substr(start, position_ - start);
        return true;
    }

    bool read_string(std::string& out, bool& is_text) {
        ++position_;
        while (!is_at_end()) {
            std::size_t const plain = plain_length(text_.substr(position_));
            out.append(text_.substr(position_, plain));
            position_ += plain;
            if (is_at_end()) break;
            char const c = text_[position_];
            if (c == '"') {
                ++position_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20)
                return fail_here(" is invalid within a JSON string. The string should be correctly escaped.");
            if (c == '\\') {
                ++position_;
                if (!read_escape(out, is_text)) return false;
                continue;
            }
            code_point const next = decode_utf8(text_.substr(position_));
            if (!next.is_valid) is_text = false;
            out.append(text_.substr(position_, next.length));
            position_ += next.length;
        }
        return fail("Expected end of string, but instead reached end of data.");
    }

    bool read_escape(std::string& out, bool& is_text) {
        constexpr std::string_view escapes = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (is_at_end()) return fail("Expected end of string, but instead reached end of data.");
        if (text_[position_] == 'u') return read_unicode_escape(out, is_text);
        std::size_t const which = escapes.find(text_[position_]);
        if (which == std::string_view::npos)
            return fail_here(
                " is an invalid escapable character within a JSON string. The string should be correctly escaped.");
        out += meanings[which];
        ++position_;
        return true;
    }

    bool read_unit(std::uint32_t& unit) {
        ++position_;
        unit = 0;
        for (int i = 0; i < 4; ++i, ++position_) {
            if (is_at_end()) return fail("Expected end of string, but instead reached end of data.");
            int const digit = hex_digit(text_[position_]);
            if (digit < 0)
                return fail_here(
                    " is not a hex digit following '\\u' within a JSON string. The string should be correctly escaped.");
            unit = (unit << 4) | static_cast<std::uint32_t>(digit);
        }
        return true;
    }

    bool read_unicode_escape(std::string& out, bool& is_text) {
        std::uint32_t unit = 0;
        if (!read_unit(unit)) return false;
        if (unit < 0xD800 || unit > 0xDFFF) {
            append_utf8(out, unit);
            return true;
        }
        if (unit <= 0xDBFF && text_.substr(position_, 2) == "\\u") {
            ++position_;
            std::uint32_t low = 0;
            if (!read_unit(low)) return false;
            if (low >= 0xDC00 && low <= 0xDFFF) {
                append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
                return true;
            }
        }
        is_text = false;
        return true;
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t line_start_ = 0;
    std::size_t line_ = 0;
    int depth_ = 0;
    std::string error_;
};

/// The value that a text holds and nothing else; false where it holds none.
[[nodiscard]] inline bool parse_json(std::string_view text, json_value& out) {
    json_reader reader(text);
    return reader.read_value(out) && reader.read_end();
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

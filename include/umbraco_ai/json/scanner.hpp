// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_SCANNER_HPP
#define UMBRACO_AI_JSON_SCANNER_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>

UMBRACO_AI_BEGIN_NAMESPACE

/// Checks JSON (RFC 8259) byte by byte, as it arrives, in the memory of a few words: grammar, UTF-8, escapes, surrogates,
/// number grammar, depth. It keeps no text; whoever feeds it keeps what is wanted. A byte order mark is passed over.
class json_scanner {
public:
    static constexpr std::size_t max_depth = 64;

    /// Takes the next byte.
    /// Errors: `malformed_json`, `invalid_utf8`, `nested_too_deep`; the first one stays. `errc()` says that nothing is wrong.
    [[nodiscard]] errc put(char c) noexcept {
        if (error_ != errc()) return error_;
        ++offset_;
        error_ = step(c);
        return error_;
    }

    /// Says that the text ends here.
    /// Errors: `malformed_json` where a value is incomplete or none came.
    [[nodiscard]] errc finish() noexcept {
        if (error_ == errc() && !is_complete()) error_ = errc::malformed_json;
        return error_;
    }

    /// Bytes taken; after an error the last of them is the one that was refused.
    [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
    /// Arrays and objects that are open.
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    /// Whether a value was read that nothing but blanks may follow.
    [[nodiscard]] bool is_complete() const noexcept { return depth_ == 0 && (state_ == state::after_value || is_whole_number()); }
    /// Whether nothing but blanks and a byte order mark came yet.
    [[nodiscard]] bool is_before_value() const noexcept { return state_ == state::start || state_ == state::mark || (depth_ == 0 && state_ == state::value); }
    /// Whether the next byte that is no blank begins a value, or ends an empty array.
    [[nodiscard]] bool expects_value() const noexcept { return state_ == state::start || state_ == state::value || state_ == state::first_item; }
    /// Whether the innermost value has ended.
    [[nodiscard]] bool is_after_value() const noexcept { return state_ == state::after_value; }
    /// Whether the bytes are those of a member's name, after its opening quote.
    [[nodiscard]] bool is_in_name() const noexcept { return is_name_ && state_ >= state::text && state_ <= state::low_u; }

    [[nodiscard]] static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

private:
    enum class state : std::uint8_t {
        start, mark, value, first_item, first_name, name, colon, after_value,
        text, escape, hex, low_backslash, low_u,
        literal,
        minus, zero, integer, point, fraction, exponent, exponent_sign, exponent_digits
    };

    [[nodiscard]] static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

    [[nodiscard]] bool is_whole_number() const noexcept {
        return state_ == state::zero || state_ == state::integer || state_ == state::fraction || state_ == state::exponent_digits;
    }

    errc go(state next) noexcept {
        state_ = next;
        return errc();
    }

    errc step(char c) noexcept {
        switch (state_) {
            case state::text: return in_text(c);
            case state::escape: return in_escape(c);
            case state::hex: return in_hex(c);
            case state::low_backslash: return c == '\\' ? go(state::low_u) : errc::malformed_json;
            case state::low_u: return c == 'u' ? begin_hex() : errc::malformed_json;
            case state::literal: return in_literal(c);
            case state::mark: return in_mark(c);
            case state::minus:
            case state::zero:
            case state::integer:
            case state::point:
            case state::fraction:
            case state::exponent:
            case state::exponent_sign:
            case state::exponent_digits: return in_number(c);
            case state::start:
                if (c == '\xEF' && offset_ == 1) return go(state::mark);
                break;
            case state::value:
            case state::first_item:
            case state::first_name:
            case state::name:
            case state::colon:
            case state::after_value: break;
        }
        return is_blank(c) ? errc() : between(c);
    }

    errc between(char c) noexcept {
        switch (state_) {
            case state::first_item: return c == ']' ? close(false) : begin_value(c);
            case state::first_name: return c == '}' ? close(true) : begin_name(c);
            case state::name: return begin_name(c);
            case state::colon: return c == ':' ? go(state::value) : errc::malformed_json;
            case state::after_value: break;
            default: return begin_value(c);
        }
        if (depth_ == 0) return errc::malformed_json;
        if (c == ',') return go(is_in_object() ? state::name : state::value);
        return c == '}' ? close(true) : c == ']' ? close(false) : errc::malformed_json;
    }

    errc in_mark(char c) noexcept {
        if (c != (offset_ == 2 ? '\xBB' : '\xBF')) return errc::malformed_json;
        return offset_ == 2 ? errc() : go(state::value);
    }

    errc begin_value(char c) noexcept {
        switch (c) {
            case '{': return open(true);
            case '[': return open(false);
            case '"': return begin_text(false);
            case 't': return begin_literal("rue");
            case 'f': return begin_literal("alse");
            case 'n': return begin_literal("ull");
            case '-': return go(state::minus);
            case '0': return go(state::zero);
            default: return is_digit(c) ? go(state::integer) : errc::malformed_json;
        }
    }

    errc begin_name(char c) noexcept { return c == '"' ? begin_text(true) : errc::malformed_json; }

    errc begin_text(bool is_name) noexcept {
        is_name_ = is_name;
        rest_of_character_ = 0;
        return go(state::text);
    }

    errc begin_literal(char const* rest) noexcept {
        literal_ = rest;
        return go(state::literal);
    }

    errc in_literal(char c) noexcept {
        if (c != *literal_) return errc::malformed_json;
        return *++literal_ == '\0' ? go(state::after_value) : errc();
    }

    errc open(bool is_object) noexcept {
        if (depth_ == max_depth) return errc::nested_too_deep;
        std::uint64_t const bit = std::uint64_t{1} << depth_;
        objects_ = is_object ? objects_ | bit : objects_ & ~bit;
        ++depth_;
        return go(is_object ? state::first_name : state::first_item);
    }

    errc close(bool is_object) noexcept {
        if (is_in_object() != is_object) return errc::malformed_json;
        --depth_;
        return go(state::after_value);
    }

    [[nodiscard]] bool is_in_object() const noexcept { return (objects_ >> (depth_ - 1) & 1U) != 0; }

    errc in_text(char c) noexcept {
        auto const byte = static_cast<unsigned char>(c);
        if (rest_of_character_ != 0) {
            if (byte < least_ || byte > most_) return errc::invalid_utf8;
            --rest_of_character_;
            least_ = 0x80;
            most_ = 0xBF;
            return errc();
        }
        if (c == '"') return go(is_name_ ? state::colon : state::after_value);
        if (c == '\\') {
            is_low_ = false;
            return go(state::escape);
        }
        if (byte < 0x20) return errc::malformed_json;
        return byte < 0x80 ? errc() : begin_character(byte);
    }

    /// The second byte of some characters has a narrower range (RFC 3629): no overlong forms, no surrogates.
    errc begin_character(unsigned char byte) noexcept {
        if (byte < 0xC2 || byte > 0xF4) return errc::invalid_utf8;
        rest_of_character_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
        least_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
        most_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        return errc();
    }

    errc in_escape(char c) noexcept {
        switch (c) {
            case 'u': return begin_hex();
            case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return go(state::text);
            default: return errc::malformed_json;
        }
    }

    errc begin_hex() noexcept {
        unit_ = 0;
        digits_ = 0;
        return go(state::hex);
    }

    errc in_hex(char c) noexcept {
        int const digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return errc::malformed_json;
        unit_ = static_cast<std::uint16_t>(unit_ << 4 | digit);
        if (++digits_ < 4) return errc();
        bool const is_low_surrogate = unit_ >= 0xDC00 && unit_ <= 0xDFFF;
        if (is_low_surrogate != is_low_) return errc::malformed_json;
        is_low_ = unit_ >= 0xD800 && unit_ <= 0xDBFF;
        return go(is_low_ ? state::low_backslash : state::text);
    }

    errc in_number(char c) noexcept {
        switch (state_) {
            case state::minus: return c == '0' ? go(state::zero) : is_digit(c) ? go(state::integer) : errc::malformed_json;
            case state::integer:
                if (is_digit(c)) return errc();
                [[fallthrough]];
            case state::zero:
                if (c == '.') return go(state::point);
                [[fallthrough]];
            case state::fraction:
                if (state_ == state::fraction && is_digit(c)) return errc();
                return c == 'e' || c == 'E' ? go(state::exponent) : end_number(c);
            case state::point: return is_digit(c) ? go(state::fraction) : errc::malformed_json;
            case state::exponent:
                if (c == '+' || c == '-') return go(state::exponent_sign);
                [[fallthrough]];
            case state::exponent_sign: return is_digit(c) ? go(state::exponent_digits) : errc::malformed_json;
            default: return is_digit(c) ? errc() : end_number(c);
        }
    }

    /// A number ends at the first byte that is none of its own.
    errc end_number(char c) noexcept {
        state_ = state::after_value;
        return is_blank(c) ? errc() : between(c);
    }

    std::size_t offset_ = 0;
    std::size_t depth_ = 0;
    std::uint64_t objects_ = 0;  ///< A bit for each open level: set where it is an object.
    char const* literal_ = "";
    errc error_ = errc();
    std::uint16_t unit_ = 0;
    std::uint8_t digits_ = 0;
    std::uint8_t rest_of_character_ = 0;
    std::uint8_t least_ = 0x80;
    std::uint8_t most_ = 0xBF;
    state state_ = state::start;
    bool is_name_ = false;
    bool is_low_ = false;
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_READER_HPP
#define UMBRACO_AI_JSON_READER_HPP

#include <umbraco_ai/json/cursor.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

enum class json_kind : std::uint8_t { null, boolean, number, string, array, object, invalid };

/// A member name as it was read: `name` decoded, `raw` the bytes between the quotes. Both live as long as the call that
/// they were passed to.
class json_key {
public:
    json_key(std::string_view decoded, std::string_view bytes) noexcept : name(decoded), raw(bytes) {}

    std::string_view name;
    std::string_view raw;
};

class guid;
template <class T>
struct json_codec;

namespace detail {

class member_table;
class member_reader;

/// Which member came after which in the object that was read last.
class member_order {
public:
    static constexpr std::size_t most_members = 32;

    /// The member to expect after `last`, or first where `last` is the number of members.
    [[nodiscard]] std::size_t after(std::size_t last, member_table const& table) noexcept;
    void learn(std::size_t last, std::size_t next) noexcept { next_[last] = static_cast<std::uint8_t>(next); }

private:
    member_table const* of_ = nullptr;
    std::uint8_t next_[most_members + 1];
};

}  // namespace detail

/// Reads JSON (RFC 8259) in one pass, straight into values: no tree. Everything is validated, what is skipped too: UTF-8,
/// escapes, surrogates, number grammar, depth. Each `read_…` gives false after the first error, which `error()` holds with
/// the JSON path and the byte offset, never with text of the document. The text must outlive the reader.
class json_reader : public json_cursor {
public:
    static constexpr std::size_t default_depth = 64;

    explicit json_reader(std::string_view text, std::size_t max_depth = default_depth) noexcept : json_cursor(text), max_depth_(max_depth) {}

    /// The kind of the next value, by its first character.
    [[nodiscard, gnu::always_inline]] json_kind peek() noexcept {
        skip_blanks();
        if (position_ == end_) return json_kind::invalid;
        switch (*position_) {
            case 'n': return json_kind::null;
            case 't':
            case 'f': return json_kind::boolean;
            case '"': return json_kind::string;
            case '[': return json_kind::array;
            case '{': return json_kind::object;
            case '-':
            case '0': case '1': case '2': case '3': case '4':
            case '5': case '6': case '7': case '8': case '9': return json_kind::number;
            default: return json_kind::invalid;
        }
    }

    /// Takes a null, where one stands next.
    [[nodiscard]] bool take_null() noexcept {
        // Mostly something else stands here.
        if (position_ == end_ || (*position_ != 'n' && !is_at_blank())) return false;
        skip_blanks();
        if (remaining() < 4 || std::memcmp(position_, "null", 4) != 0) return false;
        position_ += 4;
        return true;
    }

    bool read_null() { return expect(json_kind::null) && literal("null"); }

    bool read_boolean(bool& out) {
        if (position_ == end_ || (*position_ != 't' && *position_ != 'f')) {
            if (!expect(json_kind::boolean)) return false;
        }
        out = *position_ == 't';
        return out ? literal("true") : literal("false");
    }

    /// A number without fraction and exponent that fits.
    bool read_integer(std::int64_t& out) {
        if (position_ == end_ || *position_ < '0' || *position_ > '9') {
            if (!expect(json_kind::number)) return false;
        }
        char const* p = position_;
        bool const negative = *p == '-';
        if (negative) ++p;
        char const* const digits = p;
        std::int64_t value = 0;
        // 18 digits always fit.
        while (p != end_ && p - digits < 18 && *p >= '0' && *p <= '9') value = value * 10 + (*p++ - '0');
        bool const leads_with_zero = p - digits > 1 && *digits == '0';
        if (p == digits || leads_with_zero || (p != end_ && continues_number(*p))) return read_long_integer(out);
        position_ = p;
        out = negative ? -value : value;
        return true;
    }

    [[gnu::flatten]] bool read_string(std::string& out) {
        // Compilers look at what a string's own functions cost at their worst, and would call each of them.
        return take_short_string(out) || read_any_string(out);
    }

    [[gnu::noinline]] bool read_any_string(std::string& out) {
        if (!expect(json_kind::string)) return false;
        std::string_view raw;
        std::size_t size = 0;
        if (!scan_string(raw, size)) return false;
        assign(raw, size, out);
        return true;
    }

    /// A string whose decoded text is only looked at: `out` views the document, or `scratch` where escapes had to be decoded.
    bool read_text(std::string_view& out, std::string& scratch) {
        if (!expect(json_kind::string)) return false;
        std::size_t size = 0;
        if (!scan_string(out, size)) return false;
        if (size != out.size()) {
            assign(out, size, scratch);
            out = scratch;
        }
        return true;
    }

    /// Any value; `raw` views its bytes.
    bool read_raw(std::string_view& raw) {
        skip_blanks();
        char const* const begin = position_;
        if (!skip_value()) return false;
        raw = view(begin, position_);
        return true;
    }

    bool skip_value() {
        switch (peek()) {
            case json_kind::null: return literal("null");
            case json_kind::boolean: return *position_ == 't' ? literal("true") : literal("false");
            case json_kind::number: return scan_number();
            case json_kind::string: {
                std::string_view raw;
                std::size_t size = 0;
                return scan_string(raw, size);
            }
            case json_kind::array: return read_array([this](std::size_t) { return skip_value(); });
            case json_kind::object: return skip_object();
            case json_kind::invalid: break;
        }
        return no_value();
    }

    /// Calls `member(json_key)` for each member; it reads the value and gives false to stop.
    template <class F>
    bool read_object(F&& member) {
        using called = std::remove_reference_t<F>*;
        called const f = std::addressof(member);
        return read_members(&f, [](void const* at, json_key& key) { return static_cast<bool>((**static_cast<called const*>(at))(key)); });
    }

    /// Calls `item(index)` for each element; it reads the value and gives false to stop.
    template <class F>
    bool read_array(F&& item) {
        using called = std::remove_reference_t<F>*;
        called const f = std::addressof(item);
        return read_items(&f, [](void const* at, std::size_t index) { return static_cast<bool>((**static_cast<called const*>(at))(index)); });
    }

    /// Nothing but blanks may be left.
    bool finish() {
        skip_blanks();
        return position_ == end_ || fail(errc::malformed_json, "text follows the JSON value");
    }

    /// Whether a value of this kind stands next; the error names what is there instead.
    [[gnu::always_inline]] bool expect(json_kind kind) {
        // Mostly it stands here.
        if (kind >= json_kind::string && kind <= json_kind::object && position_ != end_) {
            constexpr char first[] = {'"', '[', '{'};
            if (*position_ == first[static_cast<std::size_t>(kind) - static_cast<std::size_t>(json_kind::string)]) return true;
        }
        return expect_after_blanks(kind);
    }

    /// The first error; its path is whole once the scopes it occurred in are left.
    [[nodiscard, gnu::cold]] failure error() const {
        if (!failed()) return failure();
        return failure(code_, std::string("The answer is not what this API answers: ") + what_ + ", at byte " + std::to_string(offset_) + '.')
            .at('$' + path_);
    }

    /// While it lives, errors stand below this member or element.
    class scope {
    public:
        scope(json_reader& reader, std::string_view name) noexcept : reader_(reader), name_(name), had_failed_(reader.failed()) {}
        scope(json_reader& reader, std::size_t index) noexcept : reader_(reader), index_(index), had_failed_(reader.failed()) {}
        scope(scope const&) = delete;
        scope& operator=(scope const&) = delete;
        ~scope() {
            if (reader_.failed() && !had_failed_) reader_.below(name_, index_);
        }

    private:
        json_reader& reader_;
        std::string_view name_;
        std::size_t index_ = 0;
        bool had_failed_;
    };

private:
    friend class detail::member_reader;
    friend struct json_codec<guid>;

    /// Puts a member, or an element where the name is empty, before the path of the error. Gives false.
    [[gnu::cold, gnu::noinline]] bool below(std::string_view name, std::size_t index) {
        std::string path = name.empty() ? '[' + std::to_string(index) + ']' : std::string(1, '.').append(name);
        path_ = std::move(path += path_);
        return false;
    }

    // One loop for all that are called: each of its own would be as large as what it calls.
    [[gnu::noinline]] bool read_members(void const* f, bool (*member)(void const*, json_key&)) {
        if (!expect(json_kind::object) || !enter()) return false;
        skip_blanks();
        if (take('}')) return leave();
        std::string scratch;
        do {
            json_key key({}, {});
            if (!read_key(key, scratch) || !member(f, key)) return false;
        } while (has_more());
        return close('}', "a comma or the end of the object is expected");
    }

    [[gnu::noinline]] bool read_items(void const* f, bool (*item)(void const*, std::size_t)) {
        if (!expect(json_kind::array) || !enter()) return false;
        skip_blanks();
        if (take(']')) return leave();
        std::size_t index = 0;
        do {
            if (!item(f, index++)) return false;
        } while (has_more());
        return close(']', "a comma or the end of the array is expected");
    }

    [[gnu::noinline]] bool expect_after_blanks(json_kind kind) {
        json_kind const found = peek();
        return found == kind || refuse_kind(found, kind);
    }

    [[gnu::cold, gnu::noinline]] bool refuse_kind(json_kind found, json_kind wanted) {
        if (found == json_kind::invalid) return no_value();
        constexpr char const* expected[] = {"null is expected",     "true or false is expected", "a number is expected",
                                            "a string is expected", "an array is expected",      "an object is expected"};
        return fail(errc::wrong_type, expected[static_cast<std::size_t>(wanted)]);
    }

    bool enter() {
        if (depth_ == max_depth_) return fail(errc::nested_too_deep, "it is nested too deep");
        ++depth_;
        ++position_;
        return true;
    }

    bool leave() noexcept {
        --depth_;
        return true;
    }

    /// After a member or an element: takes the comma before the next.
    [[nodiscard, gnu::always_inline]] bool has_more() noexcept { return take(',') || has_more_after_blanks(); }

    [[nodiscard, gnu::noinline]] bool has_more_after_blanks() noexcept {
        skip_blanks();
        return take(',');
    }

    bool close(char bracket, char const* otherwise) {
        return take(bracket) ? leave() : fail(errc::malformed_json, otherwise);
    }

    /// A member name and the colon. `scratch` holds the name where it had escapes.
    bool read_key(json_key& key, std::string& scratch) {
        skip_blanks();
        if (!take_plain_string(key.raw)) return read_any_key(key, scratch);
        key.name = key.raw;
        return take(':') || read_colon();
    }

    [[gnu::noinline]] bool read_any_key(json_key& key, std::string& scratch) {
        std::size_t size = 0;
        if (!scan_key(key.raw, size)) return false;
        key.name = key.raw;
        if (size != key.raw.size()) {
            assign(key.raw, size, scratch);
            key.name = scratch;
        }
        return true;
    }

    bool scan_key(std::string_view& raw, std::size_t& size) {
        skip_blanks();
        if (position_ == end_ || *position_ != '"') return fail(errc::malformed_json, "a member name is expected");
        return scan_string(raw, size) && read_colon();
    }

    [[gnu::noinline]] bool read_colon() {
        skip_blanks();
        return take(':') || fail(errc::malformed_json, "a colon is expected");
    }

    bool skip_object() {
        if (!enter()) return false;
        skip_blanks();
        if (take('}')) return leave();
        do {
            std::string_view raw;
            std::size_t size = 0;
            if (!scan_key(raw, size) || !skip_value()) return false;
        } while (has_more());
        return close('}', "a comma or the end of the object is expected");
    }

    /// A number of more than 18 digits, or what is no whole number.
    [[gnu::noinline]] bool read_long_integer(std::int64_t& out) {
        char const* const begin = position_;
        if (!scan_number()) return false;
        auto const [end, code] = std::from_chars(begin, position_, out);
        if (code == std::errc::result_out_of_range) return fail(errc::invalid_value, "the number is out of range");
        if (end != position_) return fail(errc::wrong_type, "a whole number is expected");
        return true;
    }

    std::size_t depth_ = 0;
    std::size_t max_depth_;
    std::string path_;
    detail::member_order order_;
};

UMBRACO_AI_END_NAMESPACE

#endif

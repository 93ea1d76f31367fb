// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_READER_HPP
#define UMBRACO_AI_JSON_READER_HPP

#include <umbraco_ai/json/escape.hpp>
#include <umbraco_ai/json/scan.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
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
class json_reader {
public:
    static constexpr std::size_t default_depth = 64;

    explicit json_reader(std::string_view text, std::size_t max_depth = default_depth) noexcept
        : begin_(text.data()), position_(begin_), end_(begin_ + text.size()), max_depth_(max_depth) {
        if (text.starts_with("\xEF\xBB\xBF")) position_ += 3;
    }

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

    bool read_string(std::string& out) {
        if (!expect(json_kind::string)) return false;
        char const* const begin = position_ + 1;
        char const* p = detail::scan::skip_plain(begin, end_);
        std::size_t saved = 0;
        if (p == end_ || *p != '"') {
            p = scan_rest(p, saved);
            if (p == nullptr) return false;
        }
        position_ = p + 1;
        std::string_view const raw = view(begin, p);
        assign(raw, raw.size() - saved, out);
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

    /// Takes a string without escapes and beyond-ASCII, where one stands next without a blank before it; `out` views the document.
    [[nodiscard, gnu::always_inline]] bool take_plain_string(std::string_view& out) noexcept {
        if (position_ == end_ || *position_ != '"') return false;
        char const* const p = detail::scan::skip_plain(position_ + 1, end_);
        if (p == end_ || *p != '"') return false;
        out = view(position_ + 1, p);
        position_ = p + 1;
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
        if (!expect(json_kind::object) || !enter()) return false;
        skip_blanks();
        if (take('}')) return leave();
        std::string scratch;
        do {
            json_key key({}, {});
            if (!read_key(key, scratch) || !member(key)) return false;
        } while (has_more());
        return close('}', "a comma or the end of the object is expected");
    }

    /// Calls `item(index)` for each element; it reads the value and gives false to stop.
    template <class F>
    bool read_array(F&& item) {
        if (!expect(json_kind::array) || !enter()) return false;
        skip_blanks();
        if (take(']')) return leave();
        std::size_t index = 0;
        do {
            if (!item(index++)) return false;
        } while (has_more());
        return close(']', "a comma or the end of the array is expected");
    }

    /// Nothing but blanks may be left.
    bool finish() {
        skip_blanks();
        return position_ == end_ || fail(errc::malformed_json, "text follows the JSON value");
    }

    /// The number of bytes that are not read yet.
    [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - position_); }

    /// Whether a value of this kind stands next; the error names what is there instead.
    [[gnu::always_inline]] bool expect(json_kind kind) {
        // Mostly it stands here.
        if (kind >= json_kind::string && kind <= json_kind::object && position_ != end_) {
            constexpr char first[] = {'"', '[', '{'};
            if (*position_ == first[static_cast<std::size_t>(kind) - static_cast<std::size_t>(json_kind::string)]) return true;
        }
        return expect_after_blanks(kind);
    }

    /// Notes the first error, at the present offset. Gives false.
    [[gnu::cold, gnu::noinline]] bool fail(errc code, char const* what) {
        if (failed()) return false;
        code_ = code;
        what_ = what;
        offset_ = static_cast<std::size_t>(position_ - begin_);
        return false;
    }

    [[nodiscard]] bool failed() const noexcept { return what_ != nullptr; }

    /// How many bytes are behind it: after `peek` where the next value begins, after a failure where it stopped.
    [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(position_ - begin_); }

    /// The first error; its path is whole once the scopes it occurred in are left.
    [[nodiscard]] failure error() const {
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

    /// What is not read yet.
    [[nodiscard]] std::string_view rest() const noexcept { return view(position_, end_); }
    /// Takes bytes that were looked at in `rest()`.
    void skip(std::size_t count) noexcept { position_ += count; }

    [[nodiscard]] static std::string_view view(char const* begin, char const* end) noexcept { return {begin, static_cast<std::size_t>(end - begin)}; }

    /// Puts a member, or an element where the name is empty, before the path of the error. Gives false.
    [[gnu::cold, gnu::noinline]] bool below(std::string_view name, std::size_t index) {
        std::string path = name.empty() ? '[' + std::to_string(index) + ']' : std::string(1, '.').append(name);
        path_ = std::move(path += path_);
        return false;
    }

    [[gnu::cold, gnu::noinline]] bool no_value() {
        return position_ == end_ ? fail(errc::malformed_json, "the text ends early") : fail(errc::malformed_json, "no JSON value");
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

    [[nodiscard]] bool is_at_blank() const noexcept { return position_ != end_ && static_cast<unsigned char>(*position_) <= ' '; }

    void skip_blanks() noexcept {
        if (is_at_blank()) skip_some_blanks();
    }

    [[gnu::noinline]] void skip_some_blanks() noexcept {
        // One blank is common after a colon; more of them come in runs.
        if (detail::is_json_blank(*position_)) ++position_;
        if (is_at_blank()) position_ = detail::scan::skip_blanks(position_, end_);
    }

    [[nodiscard]] bool take(char c) noexcept {
        if (position_ == end_ || *position_ != c) return false;
        ++position_;
        return true;
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
    [[nodiscard]] bool has_more() noexcept {
        if (take(',')) return true;
        skip_blanks();
        return take(',');
    }

    bool close(char bracket, char const* otherwise) {
        return take(bracket) ? leave() : fail(errc::malformed_json, otherwise);
    }

    /// A member name and the colon. `scratch` holds the name where it had escapes.
    bool read_key(json_key& key, std::string& scratch) {
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
        if (!scan_string(raw, size)) return false;
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

    template <std::size_t Size>
    bool literal(char const (&word)[Size]) {
        if (remaining() < Size - 1 || std::memcmp(position_, word, Size - 1) != 0) return fail(errc::malformed_json, "no JSON value");
        position_ += Size - 1;
        return true;
    }

    [[nodiscard]] bool skip_digits() noexcept {
        char const* const begin = position_;
        while (position_ != end_ && *position_ >= '0' && *position_ <= '9') ++position_;
        return position_ != begin;
    }

    bool scan_number() {
        auto const refuse = [this] { return fail(errc::malformed_json, "a number is malformed"); };
        if (take('-') && position_ == end_) return refuse();
        if (!take('0') && !skip_digits()) return refuse();
        if (take('.') && !skip_digits()) return refuse();
        if (take('e') || take('E')) {
            if (!take('+')) static_cast<void>(take('-'));
            if (!skip_digits()) return refuse();
        }
        return true;
    }

    [[nodiscard]] static bool continues_number(char c) noexcept { return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E'; }

    /// A number of more than 18 digits, or what is no whole number.
    [[gnu::noinline]] bool read_long_integer(std::int64_t& out) {
        char const* const begin = position_;
        if (!scan_number()) return false;
        auto const [end, code] = std::from_chars(begin, position_, out);
        if (code == std::errc::result_out_of_range) return fail(errc::invalid_value, "the number is out of range");
        if (end != position_) return fail(errc::wrong_type, "a whole number is expected");
        return true;
    }

    /// A string from its opening quote on. `size` is that of its text once decoded; it equals that of `raw` only where there
    /// is no escape, since each escape is longer than what it stands for.
    bool scan_string(std::string_view& raw, std::size_t& size) {
        char const* const begin = position_ + 1;
        char const* p = detail::scan::skip_plain(begin, end_);
        std::size_t saved = 0;
        if (p == end_ || *p != '"') {
            p = scan_rest(p, saved);
            if (p == nullptr) return false;
        }
        position_ = p + 1;
        raw = view(begin, p);
        size = raw.size() - saved;
        return true;
    }

    /// From a byte that is not plain to the closing quote; null after an error. `saved` counts what decoding takes away.
    [[gnu::noinline]] char const* scan_rest(char const* p, std::size_t& saved) {
        while (p != end_) {
            if (*p == '"') return p;
            if (static_cast<unsigned char>(*p) >= 0x80) {
                do {
                    std::size_t const length = utf8_step(p);
                    if (length == 0) return stop(p, errc::invalid_utf8, "it is not UTF-8");
                    p += length;
                } while (p != end_ && static_cast<unsigned char>(*p) >= 0x80);
            } else if (*p == '\\') {
                do {
                    std::size_t const length = detail::escape_length(p, end_, saved);
                    if (length == 0) return stop(p, errc::malformed_json, end_ - p == 1 ? "the text ends early" : "an escape is malformed");
                    p += length;
                } while (p != end_ && *p == '\\');
            } else if (static_cast<unsigned char>(*p) < 0x20) {
                return stop(p, errc::malformed_json, "a control character stands in a string");
            }
            p = detail::scan::skip_plain(p, end_);
        }
        return stop(p, errc::malformed_json, "the text ends early");
    }

    /// The length of the UTF-8 sequence at `p`, or 0; the common ones first.
    [[nodiscard]] std::size_t utf8_step(char const* p) const noexcept {
        auto const byte = [p](std::size_t i) { return static_cast<unsigned char>(p[i]); };
        auto const continues = [p](std::size_t i) { return static_cast<signed char>(p[i]) < -0x40; };
        unsigned const first = byte(0);
        if (end_ - p >= 3) {
            if (first >= 0xC2 && first < 0xE0) return continues(1) ? 2 : 0;
            if (first > 0xE0 && first < 0xF0 && first != 0xED) return continues(1) && continues(2) ? 3 : 0;
        }
        return detail::utf8_length(view(p, end_));
    }

    char const* stop(char const* p, errc code, char const* what) {
        position_ = p;
        fail(code, what);
        return nullptr;
    }

    static void assign(std::string_view raw, std::size_t size, std::string& out) {
        if (size == raw.size()) {
            // Into an empty string, which most are, this takes fewer steps than to assign.
            out.clear();
            out.append(raw.data(), raw.size());
            return;
        }
        out.resize(size);
        detail::decode_string(raw, out.data());
    }

    char const* begin_;
    char const* position_;
    char const* end_;
    std::size_t depth_ = 0;
    std::size_t max_depth_;
    char const* what_ = nullptr;
    std::size_t offset_ = 0;
    errc code_{};
    std::string path_;
    detail::member_order order_;
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_READER_HPP
#define UMBRACO_AI_JSON_READER_HPP

#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
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

/// Reads JSON (RFC 8259) in one pass, straight into values: no tree. Everything is validated, what is skipped too: UTF-8,
/// escapes, surrogates, number grammar, depth. Each `read_…` gives false after the first error, which `error()` holds with
/// the JSON path and the byte offset, never with text of the document. The text must outlive the reader.
class json_reader {
public:
    static constexpr std::size_t default_depth = 64;

    explicit json_reader(std::string_view text, std::size_t max_depth = default_depth) noexcept
        : text_(text), max_depth_(max_depth) {
        if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    }

    /// The kind of the next value, by its first character.
    [[nodiscard]] json_kind peek() noexcept {
        skip_blanks();
        if (position_ == text_.size()) return json_kind::invalid;
        switch (text_[position_]) {
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

    bool read_null() { return expect(json_kind::null) && literal("null"); }

    bool read_boolean(bool& out) {
        if (!expect(json_kind::boolean)) return false;
        out = text_[position_] == 't';
        return literal(out ? "true" : "false");
    }

    /// A number without fraction and exponent that fits.
    bool read_integer(std::int64_t& out) {
        if (!expect(json_kind::number)) return false;
        std::size_t const begin = position_;
        if (!scan_number()) return false;
        auto const [end, code] = std::from_chars(text_.data() + begin, text_.data() + position_, out);
        if (code == std::errc::result_out_of_range) return fail(errc::invalid_value, "the number is out of range");
        if (end != text_.data() + position_) return fail(errc::wrong_type, "a whole number is expected");
        return true;
    }

    bool read_string(std::string& out) {
        if (!expect(json_kind::string)) return false;
        std::string_view raw;
        bool escaped = false;
        if (!scan_string(raw, escaped)) return false;
        if (!escaped) {
            out.assign(raw);
        } else {
            out.clear();
            decode(raw, out);
        }
        return true;
    }

    /// Any value; `raw` views its bytes.
    bool read_raw(std::string_view& raw) {
        skip_blanks();
        std::size_t const begin = position_;
        if (!skip_value()) return false;
        raw = text_.substr(begin, position_ - begin);
        return true;
    }

    bool skip_value() {
        switch (peek()) {
            case json_kind::null: return literal("null");
            case json_kind::boolean: return literal(text_[position_] == 't' ? "true" : "false");
            case json_kind::number: return scan_number();
            case json_kind::string: {
                std::string_view raw;
                bool escaped = false;
                return scan_string(raw, escaped);
            }
            case json_kind::array: return read_array([this](std::size_t) { return skip_value(); });
            case json_kind::object: return read_object([this](json_key const&) { return skip_value(); });
            case json_kind::invalid: break;
        }
        return position_ == text_.size() ? fail(errc::malformed_json, "the text ends early") : fail(errc::malformed_json, "no JSON value");
    }

    /// Calls `member(json_key)` for each member; it reads the value and gives false to stop.
    template <class F>
    bool read_object(F&& member) {
        if (!expect(json_kind::object) || !enter()) return false;
        skip_blanks();
        if (take('}')) return leave();
        std::string scratch;
        while (true) {
            skip_blanks();
            if (position_ == text_.size() || text_[position_] != '"') return fail(errc::malformed_json, "a member name is expected");
            std::string_view raw;
            bool escaped = false;
            if (!scan_string(raw, escaped)) return false;
            std::string_view name = raw;
            if (escaped) {
                scratch.clear();
                decode(raw, scratch);
                name = scratch;
            }
            skip_blanks();
            if (!take(':')) return fail(errc::malformed_json, "a colon is expected");
            if (!member(json_key(name, raw))) return false;
            skip_blanks();
            if (take(',')) continue;
            if (take('}')) return leave();
            return fail(errc::malformed_json, "a comma or the end of the object is expected");
        }
    }

    /// Calls `item(index)` for each element; it reads the value and gives false to stop.
    template <class F>
    bool read_array(F&& item) {
        if (!expect(json_kind::array) || !enter()) return false;
        skip_blanks();
        if (take(']')) return leave();
        for (std::size_t index = 0;; ++index) {
            if (!item(index)) return false;
            skip_blanks();
            if (take(',')) continue;
            if (take(']')) return leave();
            return fail(errc::malformed_json, "a comma or the end of the array is expected");
        }
    }

    /// Nothing but blanks may be left.
    bool finish() {
        skip_blanks();
        return position_ == text_.size() || fail(errc::malformed_json, "text follows the JSON value");
    }

    /// Whether a value of this kind stands next; the error names what is there instead.
    bool expect(json_kind kind) {
        json_kind const found = peek();
        if (found == kind) return true;
        if (found == json_kind::invalid) {
            return position_ == text_.size() ? fail(errc::malformed_json, "the text ends early") : fail(errc::malformed_json, "no JSON value");
        }
        constexpr std::array<char const*, 6> expected{"null is expected",     "true or false is expected", "a number is expected",
                                                      "a string is expected", "an array is expected",      "an object is expected"};
        return fail(errc::wrong_type, expected[static_cast<std::size_t>(kind)]);
    }

    /// Notes the first error, at the present path and offset. Gives false.
    bool fail(errc code, char const* what) {
        if (failed_) return false;
        failed_ = true;
        error_ = failure(code, std::string("The answer is not what this API answers: ") + what + ", at byte " +
                                   std::to_string(position_) + '.')
                     .at(path());
        return false;
    }

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// How many bytes are behind it: after `peek` where the next value begins, after a failure where it stopped.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    [[nodiscard]] failure error() const { return error_; }

    /// While it lives, errors stand below this member or element.
    class scope {
    public:
        scope(json_reader& reader, std::string_view name) noexcept : reader_(reader) { reader_.push({name, 0}); }
        scope(json_reader& reader, std::size_t index) noexcept : reader_(reader) { reader_.push({{}, index}); }
        scope(scope const&) = delete;
        scope& operator=(scope const&) = delete;
        ~scope() { --reader_.path_size_; }

    private:
        json_reader& reader_;
    };

private:
    struct segment {
        std::string_view name;
        std::size_t index;
    };

    void push(segment value) noexcept {
        if (path_size_ < path_.size()) path_[path_size_] = value;
        ++path_size_;
    }

    [[nodiscard]] std::string path() const {
        std::string text = "$";
        for (std::size_t i = 0; i < path_size_ && i < path_.size(); ++i) {
            if (path_[i].name.empty()) text += '[' + std::to_string(path_[i].index) + ']';
            else text.append(1, '.').append(path_[i].name);
        }
        return text;
    }

    void skip_blanks() noexcept {
        while (position_ < text_.size()) {
            char const c = text_[position_];
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
            ++position_;
        }
    }

    [[nodiscard]] bool take(char c) noexcept {
        if (position_ == text_.size() || text_[position_] != c) return false;
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

    bool literal(std::string_view word) {
        if (text_.substr(position_, word.size()) != word) return fail(errc::malformed_json, "no JSON value");
        position_ += word.size();
        return true;
    }

    [[nodiscard]] bool skip_digits() noexcept {
        std::size_t const begin = position_;
        while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') ++position_;
        return position_ != begin;
    }

    bool scan_number() {
        auto const refuse = [this] { return fail(errc::malformed_json, "a number is malformed"); };
        if (take('-') && position_ == text_.size()) return refuse();
        if (!take('0') && !skip_digits()) return refuse();
        if (take('.') && !skip_digits()) return refuse();
        if (take('e') || take('E')) {
            if (!take('+')) static_cast<void>(take('-'));
            if (!skip_digits()) return refuse();
        }
        return true;
    }

    [[nodiscard]] static int hex_digit(char c) noexcept {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    }

    /// The four hex digits at `at`, or -1.
    [[nodiscard]] static int hex4(std::string_view text, std::size_t at) noexcept {
        if (at + 4 > text.size()) return -1;
        int value = 0;
        for (std::size_t i = at; i < at + 4; ++i) {
            int const digit = hex_digit(text[i]);
            if (digit < 0) return -1;
            value = value * 16 + digit;
        }
        return value;
    }

    bool scan_string(std::string_view& raw, bool& escaped) {
        std::size_t const begin = ++position_;
        while (position_ < text_.size()) {
            auto const c = static_cast<unsigned char>(text_[position_]);
            if (c == '"') {
                raw = text_.substr(begin, position_ - begin);
                ++position_;
                return true;
            }
            if (c < 0x20) return fail(errc::malformed_json, "a control character stands in a string");
            if (c == '\\') {
                escaped = true;
                if (!scan_escape()) return false;
            } else if (c < 0x80) {
                ++position_;
            } else {
                std::size_t const length = detail::utf8_length(text_.substr(position_));
                if (length == 0) return fail(errc::invalid_utf8, "it is not UTF-8");
                position_ += length;
            }
        }
        return fail(errc::malformed_json, "the text ends early");
    }

    bool scan_escape() {
        auto const refuse = [this] { return fail(errc::malformed_json, "an escape is malformed"); };
        if (position_ + 1 == text_.size()) return fail(errc::malformed_json, "the text ends early");
        char const c = text_[position_ + 1];
        if (c != 'u') {
            if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return refuse();
            position_ += 2;
            return true;
        }
        int const unit = hex4(text_, position_ + 2);
        if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return refuse();
        if (unit >= 0xD800 && unit <= 0xDBFF) {
            int const low = text_.substr(position_ + 6, 2) == "\\u" ? hex4(text_, position_ + 8) : -1;
            if (low < 0xDC00 || low > 0xDFFF) return refuse();
            position_ += 6;
        }
        position_ += 6;
        return true;
    }

    /// `raw` was scanned before, so it is well-formed.
    static void decode(std::string_view raw, std::string& out) {
        for (std::size_t i = 0; i < raw.size();) {
            if (raw[i] != '\\') {
                out += raw[i++];
                continue;
            }
            char const c = raw[i + 1];
            i += 2;
            switch (c) {
                case 'b': out += '\b'; break;
                case 'f': out += '\f'; break;
                case 'n': out += '\n'; break;
                case 'r': out += '\r'; break;
                case 't': out += '\t'; break;
                case 'u': {
                    auto code_point = static_cast<std::uint32_t>(hex4(raw, i));
                    i += 4;
                    if (code_point >= 0xD800 && code_point <= 0xDBFF) {
                        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (static_cast<std::uint32_t>(hex4(raw, i + 2)) - 0xDC00);
                        i += 6;
                    }
                    detail::put_utf8(out, code_point);
                    break;
                }
                default: out += c;
            }
        }
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t depth_ = 0;
    std::size_t max_depth_;
    std::array<segment, 8> path_{};
    std::size_t path_size_ = 0;
    bool failed_ = false;
    failure error_;
};

UMBRACO_AI_END_NAMESPACE

#endif

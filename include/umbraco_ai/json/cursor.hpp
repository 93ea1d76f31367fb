// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_CURSOR_HPP
#define UMBRACO_AI_JSON_CURSOR_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/json/escape.hpp>
#include <umbraco_ai/json/scan.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// A place in a JSON text (RFC 8259), which goes over blanks, words, numbers and strings, validates them, and knows nothing of what
/// they make up. It stops at the first error and notes it. The text must outlive it.
class json_cursor {
public:
    /// The number of bytes that are not read yet.
    [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - position_); }

    /// How many bytes are behind it: after `peek` where the next value begins, after a failure where it stopped.
    [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(position_ - begin_); }

    /// Notes the first error, at the present offset. Gives false.
    [[gnu::cold, gnu::noinline]] bool fail(errc code, char const* what) {
        if (failed()) return false;
        code_ = code;
        what_ = what;
        offset_ = static_cast<std::size_t>(position_ - begin_);
        return false;
    }

    [[nodiscard]] bool failed() const noexcept { return what_ != nullptr; }

    /// Takes a string without escapes and beyond-ASCII, where one stands next without a blank before it; `out` views the document.
    [[nodiscard, gnu::always_inline]] bool take_plain_string(std::string_view& out) noexcept {
        if (position_ == end_ || *position_ != '"') return false;
        char const* const p = detail::scan::skip_plain(position_ + 1, end_);
        if (p == end_ || *p != '"') return false;
        out = view(position_ + 1, p);
        position_ = p + 1;
        return true;
    }

protected:
    explicit json_cursor(std::string_view text) noexcept : begin_(text.data()), position_(begin_), end_(begin_ + text.size()) {
        if (text.starts_with("\xEF\xBB\xBF")) position_ += 3;
    }

    /// What is not read yet.
    [[nodiscard]] std::string_view rest() const noexcept { return view(position_, end_); }
    /// Takes bytes that were looked at in `rest()`.
    void skip(std::size_t count) noexcept { position_ += count; }

    [[nodiscard]] static std::string_view view(char const* begin, char const* end) noexcept { return {begin, static_cast<std::size_t>(end - begin)}; }

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

    /// A string from its opening quote on, where it is one that needs no memory of its own, as most are.
    [[nodiscard, gnu::always_inline]] bool take_short_string([[maybe_unused]] std::string& out) {
#if UMBRACO_AI_DETAIL_HAS_VECTORS
        constexpr std::size_t most = 15;
        if (end_ - position_ <= detail::sixteen_bytes::size || *position_ != '"') return false;
        // The strings of some libraries hold fewer characters themselves. And one that has memory keeps it, to overwrite it some day.
        if (std::string().capacity() < most || out.capacity() != std::string().capacity()) return false;
        detail::sixteen_bytes text(position_ + 1);
        unsigned const size = detail::vector_scan::first_not_plain(text);
        if (size > most || position_[1 + size] != '"') return false;
        // What follows may be a secret, as may be the text itself: it has no other copy in memory.
        text.keep_first(size);
        // What is made of a size that is known, and then cut, needs no call.
        std::destroy_at(&out);
        std::construct_at(&out, most, ' ');
        text.copy_to(out.data());
        if (size < most) out.erase(size);
        position_ += size + 2;
        return true;
#else
        return false;
#endif
    }

    /// The text of a string, from what `scan_string` found.
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

    [[gnu::cold, gnu::noinline]] bool no_value() {
        return position_ == end_ ? fail(errc::malformed_json, "the text ends early") : fail(errc::malformed_json, "no JSON value");
    }

    char const* begin_;
    char const* position_;
    char const* end_;
    char const* what_ = nullptr;
    std::size_t offset_ = 0;
    errc code_{};

private:
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
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_VIEW_HPP
#define UMBRACO_AI_JSON_VIEW_HPP

#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/scanner.hpp>
#include <umbraco_ai/json/escape.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// The content of a JSON string as it stands between the quotes, escapes and all; what it means is told without memory. Only
/// for text that a `json_scanner` or a `json_reader` accepted, which must outlive it.
class json_string_view {
public:
    constexpr json_string_view() = default;
    explicit constexpr json_string_view(std::string_view between_quotes) noexcept : raw_(between_quotes) {}

    [[nodiscard]] constexpr std::string_view raw() const noexcept { return raw_; }
    [[nodiscard]] constexpr bool has_escapes() const noexcept { return raw_.find('\\') != std::string_view::npos; }

    /// Calls `f(code point)` for each character until one gives false. Gives whether all were taken.
    template <class F>
    constexpr bool for_each(F&& f) const {
        for (std::size_t at = 0; at < raw_.size();)
            if (!f(next(at))) return false;
        return true;
    }

    /// Appends the text that is meant, in UTF-8; it is never longer than what stands between the quotes.
    template <Sink S>
    void append_to(S& sink) const {
        for_each([&sink](std::uint32_t character) {
            detail::put_utf8(sink, character);
            return true;
        });
    }

    friend constexpr bool operator==(json_string_view const& a, json_string_view const& b) noexcept {
        if (!a.has_escapes() && !b.has_escapes()) return a.raw_ == b.raw_;
        std::size_t other = 0;
        return a.for_each([&](std::uint32_t character) { return other < b.raw_.size() && b.next(other) == character; }) && other == b.raw_.size();
    }

private:
    /// The byte at a place, or zero behind the end.
    [[nodiscard]] constexpr unsigned char byte(std::size_t at) const noexcept { return at < raw_.size() ? static_cast<unsigned char>(raw_[at]) : '\0'; }

    [[nodiscard]] constexpr std::uint32_t next(std::size_t& at) const noexcept {
        if (byte(at) == '\\') return next_escaped(at);
        std::size_t const length = (std::max)(std::size_t{1}, detail::utf8_length({raw_.data() + at, raw_.size() - at}));
        std::uint32_t character = length == 1 ? byte(at) : byte(at) & (0x7FU >> length);
        for (std::size_t i = 1; i < length; ++i) character = character << 6 | (byte(at + i) & 0x3FU);
        at += length;
        return character;
    }

    [[nodiscard]] constexpr std::uint32_t next_escaped(std::size_t& at) const noexcept {
        char const* p = raw_.data() + at;
        std::uint32_t const character = detail::decode_escape(p, raw_.data() + raw_.size());
        at = static_cast<std::size_t>(p - raw_.data());
        return character;
    }

    std::string_view raw_;
};

/// One member of an object: its name, and the bytes of its value.
class json_member {
public:
    json_member() = default;

    json_string_view name;
    std::string_view value;
};

namespace detail {

/// Walks over JSON text that was accepted before, without memory and without recursion. Text that was not ends the walk.
class json_walk {
public:
    explicit constexpr json_walk(std::string_view text, std::size_t at = 0) noexcept : text_(text), at_(at) {}

    [[nodiscard]] constexpr std::size_t position() const noexcept { return at_; }

    /// The next byte that is no blank, or zero at the end.
    [[nodiscard]] constexpr char peek() noexcept {
        while (at_ < text_.size() && json_scanner::is_blank(text_[at_])) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    [[nodiscard]] constexpr bool take(char wanted) noexcept {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }

    /// What stands between the quotes of the string that begins here.
    [[nodiscard]] constexpr json_string_view string() noexcept {
        std::size_t const begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
        std::size_t const end = at_ < text_.size() ? at_ : text_.size();
        at_ = end < text_.size() ? end + 1 : end;
        return begin < end ? json_string_view({text_.data() + begin, end - begin}) : json_string_view();
    }

    /// The bytes of the value that begins here.
    [[nodiscard]] constexpr std::string_view value() noexcept {
        char const first = peek();
        std::size_t const begin = at_;
        if (first == '"') static_cast<void>(string());
        else if (first == '{' || first == '[') skip_container();
        else skip_scalar();
        return {text_.data() + begin, at_ - begin};
    }

    /// Steps to the next member of the object whose `{` or last member was passed.
    [[nodiscard]] constexpr bool next_member(json_member& out) noexcept {
        static_cast<void>(take(','));
        if (peek() != '"') return false;
        out.name = string();
        if (!take(':')) return false;
        out.value = value();
        return !out.value.empty();
    }

private:
    constexpr void skip_scalar() noexcept {
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' && !json_scanner::is_blank(text_[at_])) ++at_;
    }

    constexpr void skip_container() noexcept {
        std::size_t open = 0;
        while (at_ < text_.size()) {
            char const c = text_[at_];
            if (c == '"') {
                static_cast<void>(string());
                continue;
            }
            ++at_;
            if (c == '{' || c == '[') ++open;
            if ((c == '}' || c == ']') && --open == 0) return;
        }
    }

    std::string_view text_;
    std::size_t at_;
};

}  // namespace detail

/// Calls `f(json_member)` for each member of an object, in order; nothing where it is none. The text was accepted by a
/// `json_scanner` or a `json_reader`.
template <class F>
constexpr void for_each_member(std::string_view object, F&& f) {
    detail::json_walk walk(object);
    if (!walk.take('{')) return;
    json_member member;
    while (walk.next_member(member)) f(static_cast<json_member const&>(member));
}

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_FLAWS_HPP
#define UMBRACO_AI_JSON_FLAWS_HPP

#include <umbraco_ai/json/secret_shapes.hpp>
#include <umbraco_ai/json/view.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Whether the text that is meant has a shape, without memory.
template <class Shape>
[[nodiscard]] constexpr bool has_shape(json_string_view text) noexcept {
    Shape shape;
    text.for_each([&shape](std::uint32_t character) { return shape.take(character); });
    return shape.fits();
}

[[nodiscard]] constexpr bool starts_with(json_string_view text, std::string_view ascii) noexcept {
    std::size_t at = 0;
    text.for_each([&](std::uint32_t character) {
        if (at == ascii.size() || character != static_cast<unsigned char>(ascii[at])) return false;
        ++at;
        return true;
    });
    return at == ascii.size();
}

/// What must not be sent, found in JSON text that was accepted before. No memory, no recursion. Each names the member it
/// stands in: the name nearest before it.
class json_flaws {
public:
    /// More members than this in one object are not compared with each other, which takes their square.
    static constexpr std::size_t most_members = 256;

    explicit json_flaws(std::string_view json) noexcept {
        std::size_t depth = 0;
        json_string_view key;
        for (json_walk walk(json); walk.peek() != '\0';) {
            char const c = walk.peek();
            if (c == '"') {
                json_string_view const text = walk.string();
                if (walk.peek() == ':') key = text;
                else look_at(text, key);
                continue;
            }
            if (c == '{') find_repeated(json, walk.position());
            if (c == '{' || c == '[') deepest = deepest < ++depth ? depth : deepest;
            if (c == '}' || c == ']') --depth;
            static_cast<void>(walk.take(c));
        }
    }

    std::optional<json_string_view> masked;
    std::optional<json_string_view> repeated;
    std::optional<json_string_view> encrypted;
    std::optional<json_string_view> malformed_reference;  ///< A text that begins with `$` and is no reference.
    std::size_t deepest = 0;
    bool has_too_many_members = false;

private:
    static void note(std::optional<json_string_view>& where, json_string_view key) noexcept {
        if (!where) where = key;
    }

    void look_at(json_string_view text, json_string_view key) noexcept {
        if (has_shape<mask_shape>(text)) note(masked, key);
        if (starts_with(text, "ENC:")) note(encrypted, key);
        if (starts_with(text, "$") && !has_shape<reference_shape>(text)) note(malformed_reference, key);
    }

    void find_repeated(std::string_view json, std::size_t begin) noexcept {
        json_walk each(json, begin);
        if (!each.take('{')) return;
        std::size_t count = 0;
        for (json_member member; each.next_member(member); ++count) {
            if (count == most_members) {
                has_too_many_members = true;
                return;
            }
            json_walk earlier(json, begin + 1);
            json_member other;
            for (std::size_t i = 0; i < count && earlier.next_member(other); ++i)
                if (other.name == member.name) note(repeated, member.name);
        }
    }
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

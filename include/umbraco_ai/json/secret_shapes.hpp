// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_SECRET_SHAPES_HPP
#define UMBRACO_AI_JSON_SECRET_SHAPES_HPP

#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Takes a text character by character and tells whether a server masked it.
class mask_shape {
public:
    mask_shape() = default;

    /// False: the verdict stands.
    constexpr bool take(std::uint32_t character) noexcept {
        bool const is_mask = character == '*' || character == 0x2022;
        run_ = is_mask ? run_ + 1 : 0;
        is_of_masks_ = (is_first_ || is_of_masks_) && is_mask;
        is_first_ = false;
        return run_ < 3;
    }
    [[nodiscard]] constexpr bool fits() const noexcept { return run_ >= 3 || is_of_masks_; }

private:
    std::size_t run_ = 0;
    bool is_first_ = true;
    bool is_of_masks_ = false;
};

/// Takes a text character by character and tells whether it is a reference into the server's configuration.
class reference_shape {
public:
    reference_shape() = default;

    /// False: the verdict stands.
    constexpr bool take(std::uint32_t c) noexcept {
        bool const is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        is_good_ = count_ == 0 ? c == '$' : is_good_ && (is_name || (c == ':' && count_ > 1));
        last_ = c;
        ++count_;
        return is_good_;
    }
    [[nodiscard]] constexpr bool fits() const noexcept { return is_good_ && count_ > 1 && last_ != ':'; }

private:
    std::size_t count_ = 0;
    std::uint32_t last_ = 0;
    bool is_good_ = false;
};

}  // namespace detail

/// Whether a text looks like a secret that a server masked: a run of three or more `*` or `•`, or nothing else than them.
/// Sent back, such a text would be stored as the key itself.
[[nodiscard]] constexpr bool looks_masked(std::string_view text) noexcept {
    constexpr std::string_view bullet = "\xE2\x80\xA2";
    detail::mask_shape shape;
    while (!text.empty()) {
        bool const is_bullet = text.starts_with(bullet);
        if (!shape.take(is_bullet ? 0x2022 : static_cast<unsigned char>(text.front()))) break;
        text.remove_prefix(is_bullet ? bullet.size() : 1);
    }
    return shape.fits();
}

/// Whether a text is a secret that the server could no longer decrypt, and answered as it is stored.
[[nodiscard]] constexpr bool looks_encrypted(std::string_view text) noexcept {
    return text.starts_with(std::string_view("ENC:"));
}

/// Whether a text reads as a reference into the server's configuration: `$` and names parted by colons.
[[nodiscard]] constexpr bool looks_like_reference(std::string_view text) noexcept {
    detail::reference_shape shape;
    for (char const c : text)
        if (!shape.take(static_cast<unsigned char>(c))) break;
    return shape.fits();
}

UMBRACO_AI_END_NAMESPACE

#endif

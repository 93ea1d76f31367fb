// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_WIPE_HPP
#define UMBRACO_AI_WIPE_HPP

#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Overwrites what a string holds, and what of its buffer it no longer shows, and leaves it empty.
inline void wipe(std::string& text) noexcept {
#if defined(__GNUC__)
    // Filling up to the capacity allocates nothing. A plain write before the end of a lifetime may be dropped, unless
    // someone may look at it.
    text.assign(text.capacity(), '\0');
    asm volatile("" : : "r"(text.data()) : "memory");
#else
    text.resize(text.capacity());
    char volatile* const bytes = text.data();
    for (std::size_t i = 0; i < text.size(); ++i) bytes[i] = 0;
#endif
    text.clear();
}

/// A string that is overwritten when it ends, is assigned to, or is moved from.
class wiping_string {
public:
    wiping_string() = default;
    explicit wiping_string(std::string text) noexcept : text_(static_cast<std::string&&>(text)) { wipe(text); }
    wiping_string(wiping_string const&) = default;
    wiping_string(wiping_string&& other) noexcept : text_(static_cast<std::string&&>(other.text_)) { wipe(other.text_); }
    wiping_string& operator=(wiping_string const& other) {
        if (this != &other) {
            wipe(text_);
            text_ = other.text_;
        }
        return *this;
    }
    wiping_string& operator=(wiping_string&& other) noexcept {
        if (this != &other) {
            wipe(text_);
            text_ = static_cast<std::string&&>(other.text_);
            wipe(other.text_);
        }
        return *this;
    }
    ~wiping_string() { wipe(text_); }

    [[nodiscard]] std::string& get() noexcept { return text_; }
    [[nodiscard]] std::string const& get() const noexcept { return text_; }

    friend bool operator==(wiping_string const&, wiping_string const&) = default;

private:
    std::string text_;
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

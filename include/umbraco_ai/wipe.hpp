// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_WIPE_HPP
#define UMBRACO_AI_WIPE_HPP

#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstring>
#include <string>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

inline void fill_with_zeros(char* bytes, std::size_t count) noexcept { std::memset(bytes, 0, count); }

/// Called through a pointer that may have changed, so that no compiler drops the write before the end of a lifetime.
inline void (*volatile const overwrite)(char*, std::size_t) noexcept = fill_with_zeros;

/// Overwrites what a string holds, and what of its buffer it no longer shows, and leaves it empty.
inline void wipe(std::string& text) noexcept {
    // Growing up to the capacity allocates nothing.
    text.resize(text.capacity());
    overwrite(text.data(), text.size());
    text.clear();
}

/// The same for what a message holds, of which only longer texts can be secrets: one that was moved away costs nothing.
inline void wipe_message(std::string& text) noexcept {
    if (!text.empty() || text.capacity() > std::string().capacity()) wipe(text);
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

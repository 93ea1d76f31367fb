// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_SINK_HPP
#define UMBRACO_AI_HTTP_SINK_HPP

#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Where requests are written: a `std::string`, a `fixed_buffer`, anything that appends bytes.
template <class S>
concept Sink = requires(S& sink, char const* data, std::size_t size) { sink.append(data, size); };

/// A sink over memory of the caller's, which must outlive it. Bytes beyond its end are dropped and remembered.
class fixed_buffer {
public:
    constexpr fixed_buffer(char* data, std::size_t capacity) noexcept : data_(data), capacity_(capacity) {}

    constexpr void append(char const* data, std::size_t size) noexcept {
        if (size > capacity_ - size_) {
            overflowed_ = true;
            return;
        }
        if (std::is_constant_evaluated()) {
            for (std::size_t i = 0; i < size; ++i) data_[size_ + i] = data[i];
        } else if (size != 0) {
            std::memcpy(data_ + size_, data, size);
        }
        size_ += size;
    }

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {data_, size_}; }
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    void clear() noexcept {
        size_ = 0;
        overflowed_ = false;
    }

private:
    char* data_;
    std::size_t capacity_;
    std::size_t size_ = 0;
    bool overflowed_ = false;
};

/// A sink over memory of its own, which is used again after `clear`: it grows to the largest text and then takes no more from
/// the heap. What it held is overwritten when it grows, is assigned to, and ends.
class reused_buffer {
public:
    reused_buffer() = default;
    reused_buffer(reused_buffer const& other) { append(other.bytes_.data(), other.size_); }
    reused_buffer(reused_buffer&& other) noexcept : size_(std::exchange(other.size_, 0)) { bytes_.swap(other.bytes_); }
    reused_buffer& operator=(reused_buffer other) noexcept {
        bytes_.swap(other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~reused_buffer() { detail::wipe(bytes_); }

    [[gnu::always_inline]] void append(char const* data, std::size_t size) {
        if (size > bytes_.size() - size_) grow(size);
        // Not null, even where it is empty.
        std::memcpy(bytes_.data() + size_, size == 0 ? "" : data, size);
        size_ += size;
    }

    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }
    void clear() noexcept { size_ = 0; }
    /// Clears it and overwrites what it held, before a `clear` too.
    void wipe() noexcept {
        if (!bytes_.empty()) detail::overwrite(bytes_.data(), bytes_.size());
        size_ = 0;
    }

private:
    [[gnu::noinline]] void grow(std::size_t size) {
        std::string larger;
        // Doubled, it would wrap where sizes have 32 bits.
        if (size > larger.max_size() / 4 || bytes_.size() > larger.max_size() / 4) larger.resize(larger.max_size() + 1);
        larger.resize((bytes_.size() + size) * 2 > 256 ? (bytes_.size() + size) * 2 : 256);
        if (size_ != 0) std::memcpy(larger.data(), bytes_.data(), size_);
        bytes_.swap(larger);
        detail::wipe(larger);
    }

    std::string bytes_;  ///< As long as there is room.
    std::size_t size_ = 0;
};

namespace detail {

// Inlined, the copy of a text whose size the compiler knows is no call.
template <Sink S>
[[gnu::always_inline]] constexpr void put(S& sink, std::string_view text) {
    sink.append(text.data(), text.size());
}

template <Sink S>
constexpr void put(S& sink, char c) {
    sink.append(&c, 1);
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

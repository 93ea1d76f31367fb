// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_SHORT_TEXT_HPP
#define UMBRACO_AI_MODEL_SHORT_TEXT_HPP

#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Text that takes no memory of its own up to 36 bytes, the longest form of a date; longer text is kept on the heap.
class short_text {
public:
    short_text() = default;
    explicit short_text(std::string_view text) { put(text); }
    short_text(short_text const& other) { put(other.view()); }
    short_text(short_text&& other) noexcept { take(other); }
    short_text& operator=(short_text const& other) {
        if (this != &other) assign(other.view());
        return *this;
    }
    short_text& operator=(short_text&& other) noexcept {
        if (this != &other) {
            free();
            take(other);
        }
        return *this;
    }
    ~short_text() { free(); }

    [[nodiscard]] std::string_view view() const noexcept { return {size_ > capacity ? heap() : bytes_, size_}; }

    /// Keeps a copy of a text that is not part of this one.
    void assign(std::string_view text) {
        free();
        put(text);
    }

    friend bool operator==(short_text const& a, short_text const& b) noexcept { return a.view() == b.view(); }

private:
    static constexpr std::size_t capacity = 36;

    [[nodiscard]] char* heap() const noexcept {
        char* address;
        std::memcpy(&address, bytes_, sizeof address);
        return address;
    }

    void put(std::string_view text) {
        char* to = bytes_;
        if (text.size() > capacity) {
            to = new char[text.size()];
            std::memcpy(bytes_, &to, sizeof to);
        }
        copy(text, to);
        size_ = text.size();
    }

    /// As `memcpy`, which is called for a size that is not known; most dates have 20 to 36 bytes.
    static void copy(std::string_view text, char* to) noexcept {
        constexpr std::size_t part = 16;
        if (text.size() >= part && text.size() <= 3 * part) {
            std::size_t const last = text.size() - part;
            std::memcpy(to, text.data(), part);
            std::memcpy(to + last / 2, text.data() + last / 2, part);
            std::memcpy(to + last, text.data() + last, part);
        } else if (!text.empty()) {
            std::memcpy(to, text.data(), text.size());
        }
    }

    void take(short_text& other) noexcept {
        std::memcpy(bytes_, other.bytes_, capacity);
        size_ = other.size_;
        other.size_ = 0;
    }

    void free() noexcept {
        if (size_ > capacity) delete[] heap();
        size_ = 0;
    }

    std::size_t size_ = 0;
    char bytes_[capacity + 4]{};
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_HEADERS_HPP
#define UMBRACO_AI_HTTP_HEADERS_HPP

#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Of the same size.
[[nodiscard]] constexpr bool are_equal_but_for_case(std::string_view a, std::string_view b) noexcept {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
    return true;
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    // Mostly the case is the same too.
    return a.size() == b.size() && (a == b || are_equal_but_for_case(a, b));
}

/// Bytes that are written one behind the other, and overwritten before their memory is given up.
class byte_block {
public:
    byte_block() = default;
    byte_block(byte_block const& other) {
        static_cast<void>(make_room(other.size_));
        if (other.size_ != 0) std::memcpy(grow(other.size_), other.data(), other.size_);
    }
    byte_block(byte_block&& other) noexcept
        : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
    byte_block& operator=(byte_block other) noexcept {
        swap(other);
        return *this;
    }
    ~byte_block() { wipe(); }

    [[nodiscard]] char const* data() const noexcept { return memory_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    [[nodiscard]] bool has_room(std::size_t count) const noexcept { return count <= capacity_ - size_; }

    /// Makes room for `count` bytes more. Gives what had to be left for it, so that views of it hold for as long as that is kept.
    [[nodiscard]] byte_block make_room(std::size_t count) {
        byte_block left;
        if (has_room(count)) return left;
        left.capacity_ = (std::max)(size_ + count, 2 * capacity_);
        left.memory_ = std::make_unique_for_overwrite<char[]>(left.capacity_);
        left.size_ = size_;
        if (size_ != 0) std::memcpy(left.memory_.get(), memory_.get(), size_);
        swap(left);
        return left;
    }

    /// `count` bytes more, for which there is room, to be written by the caller.
    [[nodiscard]] char* grow(std::size_t count) noexcept { return memory_.get() + std::exchange(size_, size_ + count); }

    void remove(std::size_t at, std::size_t count) noexcept {
        std::memmove(memory_.get() + at, memory_.get() + at + count, size_ - at - count);
        size_ -= count;
        overwrite(memory_.get() + size_, count);
    }

    /// Overwrites all bytes; the memory stays.
    void wipe() noexcept {
        if (size_ != 0) overwrite(memory_.get(), size_);
        size_ = 0;
    }

    friend bool operator==(byte_block const& a, byte_block const& b) noexcept {
        return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data(), b.data(), a.size_) == 0);
    }

private:
    void swap(byte_block& other) noexcept {
        memory_.swap(other.memory_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

    std::unique_ptr<char[]> memory_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace detail

/// One header field with texts of its own.
class http_header {
public:
    http_header() = default;
    http_header(std::string field_name, std::string field_value) : name(std::move(field_name)), value(std::move(field_value)) {}

    std::string name;
    std::string value;

    friend bool operator==(http_header const&, http_header const&) = default;
};

/// One header field that refers to the texts of its owner.
class header_view {
public:
    constexpr header_view() = default;
    constexpr header_view(std::string_view field_name, std::string_view field_value) noexcept : name(field_name), value(field_value) {}

    std::string_view name;
    std::string_view value;

    friend bool operator==(header_view const&, header_view const&) = default;
};

/// The value of a header field, or nothing. It is no pointer: as text, a null one would be read.
class header_value : public std::optional<std::string_view> {
public:
    using std::optional<std::string_view>::optional;
    friend bool operator==(header_value const&, std::nullptr_t) = delete;
};

/// Header fields in the order in which they stand; names are compared ignoring case. All of them share one piece of memory,
/// since an answer has many that nobody reads.
/// Lifetime: what `find` gives, and iterators, hold until the next `add` or `wipe`, or the end.
class http_headers {
    // Before the text of each field, which begins with the name and ends with the value.
    class sizes {
    public:
        sizes() = default;
        sizes(std::size_t of_name, std::size_t of_value, std::size_t of_text) noexcept : name(of_name), value(of_value), text(of_text) {}

        [[nodiscard]] static sizes before(char const* at) noexcept {
            sizes read;
            std::memcpy(&read, at, sizeof read);
            return read;
        }

        std::size_t name = 0;
        std::size_t value = 0;
        std::size_t text = 0;
    };

public:
    class iterator {
    public:
        using value_type = header_view;
        using reference = header_view;
        using pointer = void;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        iterator() = default;

        [[nodiscard]] header_view operator*() const noexcept { return field_; }
        [[nodiscard]] header_view const* operator->() const noexcept { return &field_; }
        iterator& operator++() noexcept {
            at_ = end_of_field();
            load();
            return *this;
        }
        iterator operator++(int) noexcept {
            iterator const before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.at_ == b.at_; }

    private:
        friend class http_headers;
        iterator(char const* at, char const* end) noexcept : at_(at), end_(end) { load(); }

        void load() noexcept {
            if (at_ != end_) field_ = field_at(at_);
        }
        [[nodiscard]] char const* end_of_field() const noexcept { return field_.value.data() + field_.value.size(); }

        char const* at_ = nullptr;
        char const* end_ = nullptr;
        header_view field_;
    };
    using const_iterator = iterator;
    using value_type = header_view;

    http_headers() = default;

    /// Adds a field; its value is `value` and `rest` together. The texts may be those of other fields here.
    void add(std::string_view name, std::string_view value, std::string_view rest = {}) {
        std::size_t const of_value = value.size() + rest.size();
        std::size_t const text = name.size() + of_value;
        detail::byte_block left;
        if (!bytes_.has_room(sizeof(sizes) + text)) left = bytes_.make_room(sizeof(sizes) + text);
        char* to = put(sizes(name.size(), of_value, text));
        to += name.copy(to, name.size());
        to += value.copy(to, value.size());
        // g++ 12 warns of the null of an empty one.
        if (!rest.empty()) rest.copy(to, rest.size());
    }

    /// The same where name and value are parts of one text, in this order, which is copied in one go.
    void add_line(std::string_view name, std::string_view value) {
        auto const text = static_cast<std::size_t>(value.data() + value.size() - name.data());
        if (!bytes_.has_room(sizeof(sizes) + text)) return add(name, value);
        std::memcpy(put(sizes(name.size(), value.size(), text)), name.data(), text);
    }

    /// Makes room for fields of so many characters, names and values together.
    void reserve(std::size_t count, std::size_t characters) {
        static_cast<void>(bytes_.make_room(count * sizeof(sizes) + characters));
    }

    /// How many bytes of memory the fields take, and may take before they need more.
    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }

    /// The value of the first field of this name.
    [[nodiscard, gnu::flatten]] header_value find(std::string_view name) const noexcept {
        if ((name_sizes_ & size_bit(name.size())) == 0) return std::nullopt;
        char const* const end = bytes_.data() + bytes_.size();
        for (char const* at = bytes_.data(); at != end;) {
            sizes const read = sizes::before(at);
            if (read.name == name.size() && detail::equals_ignoring_case(std::string_view(at + sizeof read, read.name), name)) return field_at(at).value;
            at += sizeof read + read.text;
        }
        return std::nullopt;
    }

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(std::distance(begin(), end())); }
    [[nodiscard]] bool empty() const noexcept { return bytes_.size() == 0; }
    [[nodiscard]] iterator begin() const noexcept { return {bytes_.data(), bytes_.data() + bytes_.size()}; }
    [[nodiscard]] iterator end() const noexcept { return {bytes_.data() + bytes_.size(), bytes_.data() + bytes_.size()}; }

    /// Removes all fields of this name, which may be the text of one of them.
    void remove(std::string_view name) {
        std::string const removed(name);
        for (std::size_t at = 0; at < bytes_.size();) {
            std::size_t const size = sizeof(sizes) + sizes::before(bytes_.data() + at).text;
            if (detail::equals_ignoring_case(field_at(bytes_.data() + at).name, removed)) bytes_.remove(at, size);
            else at += size;
        }
    }

    /// Overwrites and removes all fields.
    void wipe() noexcept {
        bytes_.wipe();
        name_sizes_ = 0;
    }

    friend bool operator==(http_headers const& a, http_headers const& b) noexcept { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

private:
    [[nodiscard]] static header_view field_at(char const* at) noexcept {
        sizes const read = sizes::before(at);
        char const* const text = at + sizeof read;
        return {std::string_view(text, read.name), std::string_view(text + read.text - read.value, read.value)};
    }

    [[nodiscard]] static constexpr std::uint64_t size_bit(std::size_t size) noexcept { return std::uint64_t{1} << (size % 64); }

    // Gives where the text goes, for which there is room.
    [[nodiscard]] char* put(sizes const& written) noexcept {
        name_sizes_ |= size_bit(written.name);
        char* const to = bytes_.grow(sizeof written + written.text);
        std::memcpy(to, &written, sizeof written);
        return to + sizeof written;
    }

    detail::byte_block bytes_;
    std::uint64_t name_sizes_ = 0;  ///< A bit for the size of each name that is there, or was: most that are looked for are not.
};

UMBRACO_AI_END_NAMESPACE

#endif

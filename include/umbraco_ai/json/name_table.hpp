// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_NAME_TABLE_HPP
#define UMBRACO_AI_JSON_NAME_TABLE_HPP

#include <umbraco_ai/json/scan.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// `Size` bytes as one number, the first lowest.
template <std::size_t Size>
[[nodiscard]] constexpr std::uint64_t load_bytes(char const* p) noexcept {
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
        std::conditional_t<Size == 8, std::uint64_t, std::uint32_t> word;
        static_assert(sizeof word == Size);
        std::memcpy(&word, p, Size);
        return word;
    }
    std::uint64_t made = 0;
    for (std::size_t i = 0; i < Size; ++i) made |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    return made;
}

/// Two numbers that tell apart all names of one length up to 16, and most longer ones.
class name_print {
public:
    constexpr name_print() = default;
    constexpr name_print(char const* text, std::size_t size) noexcept {
        if (size >= 8) {
            head = load_bytes<8>(text);
            tail = load_bytes<8>(text + size - 8);
        } else if (size >= 4) {
            head = load_bytes<4>(text);
            tail = load_bytes<4>(text + size - 4);
        } else if (size != 0) {
            auto const byte = [text](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(text[i])}; };
            head = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
        }
    }

    /// The slot of a name in a table of 2^(64 - shift).
    [[nodiscard]] constexpr std::size_t slot(std::size_t size, std::uint64_t multiplier, unsigned shift) const noexcept {
        return static_cast<std::size_t>((head + std::rotl(tail, 23) + size * 0x9E3779B97F4A7C15U) * multiplier >> shift);
    }

    friend constexpr bool operator==(name_print const&, name_print const&) = default;

    std::uint64_t head = 0;
    std::uint64_t tail = 0;
};

/// One name of a table.
class name_entry {
public:
    constexpr name_entry() = default;
    constexpr explicit name_entry(std::string_view name) noexcept : text(name.data()), size(name.size()), print(text, size) {
        if (size + 3 > sizeof key) return;
        for (char const c : name)
            if (!is_plain_char(c)) return;
        key[0] = '"';
        for (std::size_t i = 0; i < size; ++i) key[1 + i] = name[i];
        key[1 + size] = '"';
        key[2 + size] = ':';
        for (std::size_t i = 0; i < size + 3; ++i) mask[i] = '\xFF';
        key_size = size + 3;
    }

    [[nodiscard]] constexpr bool is(std::string_view other, name_print const& other_print) const noexcept {
        return size == other.size() && print == other_print && (size <= 16 || std::string_view(text, size) == other);
    }

    /// The length of the name at `p` with its quotes and colon, where it is this one, short, and stands there without
    /// blanks; 0 otherwise.
    [[nodiscard]] std::size_t match(char const* p, char const* end) const noexcept {
        if (end - p < 16) return 0;
        std::uint64_t const first = (load_bytes<8>(p) ^ load_bytes<8>(key)) & load_bytes<8>(mask);
        std::uint64_t const second = (load_bytes<8>(p + 8) ^ load_bytes<8>(key + 8)) & load_bytes<8>(mask + 8);
        return (first | second) == 0 ? key_size : 0;
    }

    char key[16]{};
    char mask[16]{};
    std::size_t key_size = 0;  ///< 0 where the name is longer than `key` holds, or is not written in one way only.
    char const* text = nullptr;
    std::size_t size = 0;
    name_print print;
};

/// As many as the marks of a `member_reader`.
inline constexpr std::size_t most_names = 32;

/// The number of places in which few multipliers have to be tried until no two names share one.
[[nodiscard]] consteval std::size_t slots_for(std::size_t names) {
    std::size_t const wanted = names * names / 4 > names * 4 ? names * names / 4 : names * 4;
    return std::bit_ceil(wanted < 2 ? std::size_t{2} : wanted);
}

/// Finds the index of a name by a perfect hash that is made while compiling. The storage behind a `name_table`.
template <std::size_t Names>
class name_storage {
public:
    static constexpr std::size_t slot_count = slots_for(Names);
    static constexpr unsigned shift = 64 - static_cast<unsigned>(std::countr_zero(slot_count));

    consteval explicit name_storage(std::array<std::string_view, Names> const& names) {
        for (std::size_t i = 0; i < Names; ++i) entries[i] = name_entry(names[i]);
        std::uint64_t candidate = 0x9E3779B97F4A7C15U;
        for (int tries = 0; tries < 256; ++tries) {
            if (fill(candidate | 1)) {
                multiplier = candidate | 1;
                return;
            }
            candidate = candidate * 6364136223846793005U + 1442695040888963407U;
        }
    }

    std::array<name_entry, Names == 0 ? 1 : Names> entries{};
    std::array<std::uint8_t, slot_count> places{};  ///< The index of a name, or most_names.
    std::uint64_t multiplier = 0;                  ///< 0 where no perfect hash was found, as with a name that stands twice.

private:
    consteval bool fill(std::uint64_t factor) {
        for (auto& slot : places) slot = most_names;
        for (std::size_t i = 0; i < Names; ++i) {
            auto& slot = places[entries[i].print.slot(entries[i].size, factor, shift)];
            if (slot != most_names) return false;
            slot = static_cast<std::uint8_t>(i);
        }
        return true;
    }
};

/// A view of names, of one type whatever their number.
class name_table {
public:
    template <std::size_t Names>
    constexpr explicit name_table(name_storage<Names> const& storage) noexcept
        : entries_(storage.entries.data()), slots_(storage.places.data()), count_(Names), multiplier_(storage.multiplier), shift_(storage.shift) {}

    [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }
    [[nodiscard]] constexpr name_entry const& operator[](std::size_t index) const noexcept { return entries_[index]; }

    /// The index of a name, or `size()`.
    [[nodiscard]] constexpr std::size_t find(std::string_view name) const noexcept {
        if (multiplier_ == 0) return find_in_turn(name);
        name_print const print(name.data(), name.size());
        std::size_t const index = slots_[print.slot(name.size(), multiplier_, shift_)];
        return index < count_ && entries_[index].is(name, print) ? index : count_;
    }

private:
    [[nodiscard]] constexpr std::size_t find_in_turn(std::string_view name) const noexcept {
        std::size_t index = 0;
        while (index < count_ && std::string_view(entries_[index].text, entries_[index].size) != name) ++index;
        return index;
    }

    name_entry const* entries_;
    std::uint8_t const* slots_;
    std::size_t count_;
    std::uint64_t multiplier_;
    unsigned shift_;
};

/// For each name the one that comes next in the order of the alphabet, which servers write in; the last entry is the first name.
template <std::size_t Names>
[[nodiscard]] consteval std::array<std::uint8_t, Names + 1> alphabetic_order(std::array<std::string_view, Names> const& names) {
    std::array<std::uint8_t, Names + 1> next{};
    for (std::size_t i = 0; i <= Names; ++i) {
        std::size_t best = Names;
        for (std::size_t k = 0; k < Names; ++k) {
            bool const follows = i == Names || names[i] < names[k];
            if (follows && (best == Names || names[k] < names[best])) best = k;
        }
        next[i] = static_cast<std::uint8_t>(best == Names ? 0 : best);
    }
    return next;
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

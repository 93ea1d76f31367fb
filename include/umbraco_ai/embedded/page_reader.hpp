// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_PAGE_READER_HPP
#define UMBRACO_AI_EMBEDDED_PAGE_READER_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/embedded/views.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/json/scanner.hpp>
#include <umbraco_ai/json/view.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/lists.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// Reads a page of connections item by item, from pieces of any size, in the memory of one item, however long the list:
///
///     page.push(piece, [](connection_item_view const& item) { … });
///
/// Both forms of a list are read: `{"items":[…],"total":n}` and a bare array. Each item is given when its last byte has come,
/// so a failure may follow items that were given already; only `finish` says that the list was whole.
///
/// The memory, which is the caller's and outlives the reader, holds one item as it came, and behind it the texts that came
/// with escapes, decoded; twice the size of the longest item is always enough.
class page_reader {
public:
    explicit page_reader(std::span<char> memory) noexcept : memory_(memory) {}

    /// Takes the next piece of the body.
    ///   on_item  `void` or `bool (connection_item_view const&)`; false ends the reading as `cancelled`
    /// Errors: decode failures with the offset, and with the member that is absent or wrong; `buffer_too_small`. The first one
    /// stays, and no item follows it.
    template <class F>
    outcome push(std::string_view piece, F&& on_item) {
        for (char const c : piece) {
            if (!ok_) break;
            if (take(c)) give(on_item);
        }
        return ok_;
    }

    /// Says that the body is whole.
    /// Errors: as `push`; `empty_body`; `missing_member` where an object has no items or no total.
    [[nodiscard]] outcome finish() noexcept {
        if (ok_ && scanner_.is_before_value()) fail(errc::empty_body);
        if (ok_ && scanner_.finish() != errc()) fail(errc::malformed_json);
        if (ok_ && !has_items_) ok_ = outcome(errc::missing_member).at(items_name);
        if (ok_ && !is_bare_array_ && !total_) ok_ = outcome(errc::missing_member).at(total_name);
        return ok_;
    }

    /// Items given so far.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Of the whole list, before paging; nothing where the answer was a bare array.
    [[nodiscard]] std::optional<std::int64_t> total() const noexcept { return total_; }
    [[nodiscard]] bool is_bare_array() const noexcept { return is_bare_array_; }

    /// Begins anew, with the same memory.
    void clear() noexcept { *this = page_reader(memory_); }

private:
    using model = umbraco_ai::page<connection_item>;
    static constexpr std::string_view items_name = detail::wire_name<model, &model::items>();
    static constexpr std::string_view total_name = detail::wire_name<model, &model::total>();

    enum class member : std::uint8_t { other, items, total };

    void fail(errc code) noexcept { ok_ = outcome(code).at_byte(scanner_.offset()); }

    /// Takes a byte. Gives whether it is the last one of an item.
    [[nodiscard]] bool take(char c) noexcept {
        bool const begins_value = scanner_.expects_value() && !json_scanner::is_blank(c) && c != ']';
        bool const was_in_name = scanner_.is_in_name();
        std::size_t const depth = scanner_.depth();
        if (errc const wrong = scanner_.put(c); wrong != errc()) {
            fail(wrong);
            return false;
        }
        if (begins_value && !scanner_.is_before_value()) begin_value(c, depth);
        if (depth == 1 && is_object_) in_page_object(c, was_in_name);
        if (!ok_ || !is_in_item_) return false;
        if (size_ == memory_.size()) {
            ok_ = outcome(errc::buffer_too_small, "An item does not fit into the buffer; give a larger one.").at_byte(scanner_.offset());
            return false;
        }
        memory_[size_++] = c;
        return c == '}' && scanner_.depth() == item_depth() && scanner_.is_after_value();
    }

    [[nodiscard]] std::size_t item_depth() const noexcept { return is_bare_array_ ? 1 : 2; }

    void begin_value(char c, std::size_t depth) noexcept {
        if (depth == 0) {
            is_object_ = c == '{';
            is_bare_array_ = has_items_ = c == '[';
            if (!is_object_ && !is_bare_array_) fail(errc::wrong_type);
        } else if (depth == 1 && is_object_) {
            begin_member(c);
        } else if (depth == item_depth() && (is_bare_array_ || member_ == member::items)) {
            is_in_item_ = c == '{';
            if (!is_in_item_) fail(errc::wrong_type);
        }
    }

    void begin_member(char c) noexcept {
        std::string_view const name(name_, name_size_);
        member_ = is_name(name, items_name) ? member::items : is_name(name, total_name) ? member::total : member::other;
        if (member_ == member::items) {
            // A second list would be given as if it belonged to the first.
            if (has_items_) ok_ = outcome(errc::invalid_value, "The member stands twice.").at(items_name);
            else if (c != '[') ok_ = outcome(errc::wrong_type).at(items_name);
            has_items_ = true;
        } else if (member_ == member::total) {
            total_.reset();
            digits_size_ = 0;
        }
    }

    [[nodiscard]] static bool is_name(std::string_view raw, std::string_view name) noexcept { return json_string_view(raw) == json_string_view(name); }

    /// Keeps the member's name, which stands in the object that holds the page, and the digits of the total.
    void in_page_object(char c, bool was_in_name) noexcept {
        if (scanner_.is_in_name()) {
            if (!was_in_name) name_size_ = 0;
            else if (name_size_ < sizeof name_) name_[name_size_++] = c;
            return;
        }
        if (was_in_name) return;
        if (member_ == member::total && !total_) in_total(c);
    }

    void in_total(char c) noexcept {
        bool const is_after = scanner_.is_after_value() || c == ',' || scanner_.depth() != 1;
        if (!is_after) {
            if (json_scanner::is_blank(c)) return;
            if (digits_size_ < sizeof digits_) digits_[digits_size_++] = c;
            else ok_ = outcome(errc::invalid_value).at(total_name);
            return;
        }
        std::int64_t number = 0;
        auto const [end, code] = std::from_chars(digits_, digits_ + digits_size_, number);
        if (code == std::errc::result_out_of_range) ok_ = outcome(errc::invalid_value).at(total_name);
        else if (code != std::errc() || end != digits_ + digits_size_) ok_ = outcome(errc::wrong_type).at(total_name);
        else total_ = number;
    }

    template <class F>
    void give(F& on_item) {
        connection_item_view item;
        ok_ = detail::read_view({memory_.data(), size_}, memory_.subspan(size_), item);
        size_ = 0;
        is_in_item_ = false;
        if (!ok_) {
            ok_ = ok_.at_byte(scanner_.offset());
            return;
        }
        ++count_;
        if constexpr (std::is_void_v<std::invoke_result_t<F&, connection_item_view const&>>) on_item(static_cast<connection_item_view const&>(item));
        else if (!on_item(static_cast<connection_item_view const&>(item))) fail(errc::cancelled);
    }

    std::span<char> memory_;
    std::size_t size_ = 0;
    json_scanner scanner_;
    outcome ok_;
    std::size_t count_ = 0;
    std::optional<std::int64_t> total_;
    char name_[6 * 5 + 1] = {};  ///< The longest name looked for, with each letter escaped; of longer ones a part, which equals none.
    char digits_[20] = {};
    std::uint8_t name_size_ = 0;
    std::uint8_t digits_size_ = 0;
    member member_ = member::other;
    bool is_object_ = false;
    bool is_bare_array_ = false;
    bool is_in_item_ = false;
    bool has_items_ = false;
};

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

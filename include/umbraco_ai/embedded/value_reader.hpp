// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_VALUE_READER_HPP
#define UMBRACO_AI_EMBEDDED_VALUE_READER_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/embedded/views.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/json/scanner.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <span>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// Reads an answer that is one JSON object (a connection, the result of a test) from pieces of any size into memory of the
/// caller's, which outlives it and the views that it gives. All of the text is validated, depth and UTF-8 too.
///
/// The memory holds the object as it came, and behind it the texts that came with escapes, decoded; twice the size of the
/// object is always enough, and without escapes its size.
class value_reader {
public:
    explicit value_reader(std::span<char> memory) noexcept : memory_(memory) {}

    /// Takes the next piece of the body.
    /// Errors: decode failures with the offset; `buffer_too_small`. The first one stays.
    outcome push(std::string_view piece) noexcept {
        for (char const c : piece) {
            if (!ok_) break;
            errc const wrong = scanner_.put(c);
            if (wrong != errc()) ok_ = outcome(wrong).at_byte(scanner_.offset());
            else if (!scanner_.is_before_value() && !(scanner_.is_complete() && json_scanner::is_blank(c))) keep(c);
        }
        return ok_;
    }

    /// Says that the body is whole, and gives what was read.
    ///   out  a `connection_view`, `connection_item_view` or `test_result_view`, whose texts lie in the memory
    /// Errors: as `push`; `empty_body`; decode failures that name the member: absent, of another type, no guid.
    template <class View>
    [[nodiscard]] outcome finish(View& out) noexcept {
        if (ok_ && scanner_.is_before_value()) ok_ = outcome(errc::empty_body);
        if (ok_ && scanner_.finish() != errc()) ok_ = outcome(errc::malformed_json, "The text ends early.").at_byte(scanner_.offset());
        if (!ok_) return ok_;
        return detail::read_view({memory_.data(), size_}, memory_.subspan(size_), out);
    }

    /// The bytes kept so far.
    [[nodiscard]] std::string_view text() const noexcept { return {memory_.data(), size_}; }

    /// Begins anew, with the same memory.
    void clear() noexcept {
        scanner_ = json_scanner();
        ok_ = outcome();
        size_ = 0;
    }

    /// Overwrites all of the memory, since settings can hold credentials, and begins anew.
    void wipe() noexcept {
        char volatile* const bytes = memory_.data();
        for (std::size_t i = 0; i < memory_.size(); ++i) bytes[i] = 0;
        clear();
    }

private:
    void keep(char c) noexcept {
        if (size_ == memory_.size()) ok_ = outcome(errc::buffer_too_small, "The answer does not fit into the buffer; give a larger one.").at_byte(scanner_.offset());
        else memory_[size_++] = c;
    }

    std::span<char> memory_;
    std::size_t size_ = 0;
    json_scanner scanner_;
    outcome ok_;
};

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

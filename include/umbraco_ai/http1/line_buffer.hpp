// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_LINE_BUFFER_HPP
#define UMBRACO_AI_HTTP1_LINE_BUFFER_HPP

#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// What became of a line.
enum class line_progress : std::uint8_t {
    whole,
    part,        ///< All bytes were taken; it goes on behind them.
    too_long,    ///< For the memory; nothing was taken.
    over_limit,  ///< Of the section.
    bad_end      ///< It has no CR before its LF.
};

/// Puts lines together from pieces of any size, in memory of the caller's, within the limit of their section.
class line_buffer {
public:
    /// `memory` bounds a line with its CR, and outlives this; `room` bounds the first section.
    line_buffer(std::span<char> memory, std::uint64_t room) noexcept : memory_(memory), room_(room) {}

    /// Of a line that has begun.
    [[nodiscard]] std::size_t kept() const noexcept { return kept_; }
    [[nodiscard]] std::size_t longest() const noexcept { return memory_.size(); }

    /// Of the section.
    [[nodiscard]] std::uint64_t room() const noexcept { return room_; }
    void set_room(std::uint64_t bytes) noexcept { room_ = bytes; }
    [[nodiscard]] bool count(std::size_t bytes) noexcept {
        if (bytes > room_) return false;
        room_ -= bytes;
        return true;
    }

    /// Takes a line off the front, or its next piece. What `line` is given, without CR LF, is valid until the next call, and as long
    /// as the bytes.
    [[nodiscard]] line_progress take(std::string_view& bytes, std::string_view& line) noexcept {
        char const* const begin = bytes.data();
        char const* const end = begin + bytes.size();
        char const* const found = detail::find_line_end(begin, end);
        bool const is_whole = found != end;
        auto const size = static_cast<std::size_t>(found - begin);
        if (size > memory_.size() - kept_) return line_progress::too_long;
        if (!count(size + (is_whole ? 1 : 0))) return line_progress::over_limit;
        line = detail::prefix(bytes, size);
        bytes.remove_prefix(size + (is_whole ? 1 : 0));
        if (!is_whole || kept_ != 0) keep(line);
        if (!is_whole) return line_progress::part;
        if (kept_ != 0) line = std::string_view(memory_.data(), kept_);
        kept_ = 0;
        if (!line.ends_with('\r')) return line_progress::bad_end;
        line.remove_suffix(1);
        return line_progress::whole;
    }

    /// Fills the memory with the begin of a line that is too long, gives it, and forgets it; false over the limit.
    [[nodiscard]] bool take_begin(std::string_view& bytes, std::string_view& begin) noexcept {
        std::size_t const size = memory_.size() - kept_;
        if (!count(size)) return false;
        keep(detail::prefix(bytes, size));
        bytes.remove_prefix(size);
        begin = std::string_view(memory_.data(), kept_);
        kept_ = 0;
        return true;
    }

private:
    void keep(std::string_view piece) noexcept {
        if (!piece.empty()) std::memcpy(memory_.data() + kept_, piece.data(), piece.size());
        kept_ += piece.size();
    }

    std::span<char> memory_;
    std::uint64_t room_;
    std::size_t kept_ = 0;
};

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

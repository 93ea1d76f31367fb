// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_TURN_MEMORY_HPP
#define UMBRACO_AI_BEAST_DETAIL_TURN_MEMORY_HPP

#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Where the calls that one turn of the loop wakes read, one after the other: it stays in the caches of the processor, as the
/// buffers of their connections do not. What was read is overwritten when the turn ends, which is after the handlers of its calls.
class turn_memory {
public:
    /// What one read takes at most, here and into the buffer of a connection.
    static constexpr std::size_t most_per_read = 32 * 1024;

    // Not `= default`, with which `turn_memory()` would fill it.
    turn_memory() noexcept {}
    turn_memory(turn_memory const&) = delete;
    turn_memory& operator=(turn_memory const&) = delete;
    ~turn_memory() { overwrite(bytes_.data(), filled_); }

    [[nodiscard]] boost::asio::mutable_buffer bytes() noexcept { return boost::asio::buffer(bytes_); }
    /// So many of them, from the first, hold what was read.
    void note(std::size_t count) noexcept {
        filled_ = (std::max)(filled_, count);
        read_ += count;
    }
    /// By all calls together.
    [[nodiscard]] std::size_t bytes_read() const noexcept { return read_; }

private:
    std::array<char, most_per_read> bytes_;
    std::size_t filled_ = 0;
    std::size_t read_ = 0;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_LOOP_TURN_HPP
#define UMBRACO_AI_BEAST_DETAIL_LOOP_TURN_HPP

#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/turn_memory.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The calls of a strand that go on in one turn of the loop, a few at a time, and these step by step: all of them read, then the
/// callers of those that are over go on, then the requests are written that these have begun. The caches of a processor hold the code
/// of one such step, with what of the system it runs, but not of all three; so it is fetched once for several calls.
class loop_turn {
public:
    /// on  the strand
    explicit loop_turn(boost::asio::any_io_executor on) : strand(std::move(on)) {}

    boost::asio::any_io_executor const strand;

    /// Before the turn has come.
    void join(call_state& who) {
        // The first is mostly alone on a strand of its own, or in the company of many.
        if (calls_.size() == 1) calls_.reserve(usual_company);
        calls_.push_back(who.weak_from_this());
    }

    /// More calls take what has arrived, until a few are over; false where there are none.
    [[nodiscard]] bool read(turn_memory& memory) {
        if (next_ == calls_.size()) return false;
        thread_ = std::this_thread::get_id();
        told_ = over_ = 0;
        std::size_t const enough = memory.bytes_read() + most_bytes;
        while (next_ != calls_.size() && over_ != few && memory.bytes_read() < enough) {
            auto one = std::exchange(calls_[next_++], {}).lock();
            if (!one) continue;
            one->advance_with(memory);
            if (one->is_over()) few_[over_++] = std::move(one);
        }
        return true;
    }

    /// The callers of those that are over go on.
    void tell() {
        // The memory of a call that ends within this is the next one's.
        while (told_ != over_) std::exchange(few_[told_++], nullptr)->tell();
    }

    /// During `tell`, on any thread: whether the call begins within it. An executor of several threads, which is no strand, is equal too.
    [[nodiscard]] bool is_around(call_state const& who) const noexcept { return thread_ == std::this_thread::get_id() && strand == who.strand; }
    [[nodiscard]] bool has_room() const noexcept { return held_back_ != few; }
    /// `write` is to wake the call. Only where there is room.
    void hold_back(call_state& who) noexcept { begun_[held_back_++] = who.weak_from_this(); }

    /// What was held back goes on.
    void write() {
        for (std::size_t i = 0; i != held_back_; ++i)
            if (auto const held = std::exchange(begun_[i], {}).lock()) held->wake();
        held_back_ = 0;
    }

    /// Another of those that have not gone on, or null, where an exception has ended a step.
    [[nodiscard]] std::shared_ptr<call_state> take_left() noexcept {
        if (told_ != over_) return std::exchange(few_[told_++], nullptr);
        while (next_ != calls_.size())
            if (auto one = std::exchange(calls_[next_++], {}).lock()) return one;
        return nullptr;
    }

private:
    static constexpr std::size_t usual_company = 64;
    static constexpr std::size_t few = 8;
    // Of more, the answers are not in the first cache any more when their callers read them.
    static constexpr std::size_t most_bytes = 8 * 1024;

    std::vector<std::weak_ptr<call_state>> calls_;
    std::size_t next_ = 0;  ///< The first that has not gone on.
    std::array<std::shared_ptr<call_state>, few> few_;
    std::size_t over_ = 0;  ///< So many are in `few_`,
    std::size_t told_ = 0;  ///< and the callers of so many have gone on.
    std::thread::id thread_;
    std::array<std::weak_ptr<call_state>, few> begun_;
    std::size_t held_back_ = 0;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

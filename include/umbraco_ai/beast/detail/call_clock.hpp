// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_CLOCK_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_CLOCK_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Something with an alarm.
class alarmed {
public:
    alarmed() = default;
    alarmed(alarmed const&) = delete;
    alarmed& operator=(alarmed const&) = delete;

    /// The time has come, which it notices where it runs. With the clock's lock held, for which `shut_down` waits, so the context is
    /// alive. False where it cannot be told, for want of memory.
    [[nodiscard]] virtual bool ring() noexcept = 0;
    /// Keeps it alive; it is, since it takes itself off the clock before its destruction begins.
    [[nodiscard]] virtual std::shared_ptr<alarmed> hold() noexcept = 0;
    /// The execution context goes down: lets go of what waits.
    virtual void abandon() noexcept = 0;

protected:
    virtual ~alarmed() = default;

private:
    friend class call_clock;
    alarmed* previous_ = nullptr;
    alarmed* next_ = nullptr;
    std::chrono::steady_clock::time_point due_;
    bool is_listed_ = false;
};

/// The alarms of all calls of a transport, with one timer for all. It goes off after 20 ms, and less often the longer calls come
/// and go, so that these cost no timer of the system; the last call leaves it to run out, which keeps a context at work for
/// 20 ms after a few calls, and for no more than 160 ms after many. Safe to use from several threads.
class call_clock : public std::enable_shared_from_this<call_clock> {
public:
    using clock = std::chrono::steady_clock;
    using hold = std::lock_guard<std::mutex>;

    explicit call_clock(boost::asio::any_io_executor const& io) { timer_.emplace(io); }
    call_clock(call_clock const&) = delete;
    call_clock& operator=(call_clock const&) = delete;

    /// What is asked for within this is one step, also with what else the calls share. No call may end within it.
    [[nodiscard]] hold lock() { return hold(mutex_); }

    /// Sets the alarm; it holds until it has gone off, is set anew or is removed.
    void set(hold const&, alarmed& one, clock::time_point due) {
        if (!timer_) return;
        if (!one.is_listed_) link(one);
        one.due_ = due;
        is_busy_ = true;
        if (!is_armed_) arm((std::min)(due, clock::now() + grain_));
        else if (due < armed_) arm(due);
    }

    void remove(hold const&, alarmed& one) noexcept {
        if (!one.is_listed_) return;
        unlink(one);
        if (first_ != nullptr || !is_armed_ || !is_far_) return;
        is_armed_ = false;
        try {
            timer_->cancel();
        } catch (std::exception const&) {
            // It goes off in vain then.
        }
    }

    /// The execution context goes down: nothing goes off from here on, and who waits is let go.
    void shut_down() {
        std::vector<std::shared_ptr<alarmed>> left;
        {
            std::lock_guard const guard(mutex_);
            timer_.reset();
            while (first_ != nullptr) {
                if (auto alive = first_->hold()) left.push_back(std::move(alive));
                unlink(*first_);
            }
        }
        for (auto const& one : left) one->abandon();
    }

private:
    static constexpr std::chrono::milliseconds least_grain{20};
    static constexpr std::chrono::milliseconds most_grain{160};

    void arm(clock::time_point at) {
        is_armed_ = false;
        timer_->expires_at(at);
        timer_->async_wait([weak = weak_from_this()](boost::system::error_code error) {
            auto const self = weak.lock();
            if (self && !error) self->tick();
        });
        is_armed_ = true;
        armed_ = at;
        is_far_ = at > clock::now() + most_grain;
    }

    void tick() {
        std::lock_guard const guard(mutex_);
        is_armed_ = false;
        grain_ = is_busy_ ? (std::min)(2 * grain_, most_grain) : least_grain;
        if (!timer_ || first_ == nullptr) {
            is_busy_ = false;
            return;
        }
        auto const now = clock::now();
        auto next = (clock::time_point::max)();
        for (alarmed* one = first_; one != nullptr; one = one->next_) {
            if (one->due_ <= now) one->due_ = one->ring() ? (clock::time_point::max)() : now + grain_;
            next = (std::min)(next, one->due_);
        }
        // Where all calls are older than this, they are slow ones, and the next to be due decides.
        if (std::exchange(is_busy_, false)) next = (std::min)(next, now + grain_);
        if (next != (clock::time_point::max)()) arm(next);
    }

    void link(alarmed& one) noexcept {
        one.is_listed_ = true;
        one.previous_ = nullptr;
        one.next_ = first_;
        if (first_ != nullptr) first_->previous_ = &one;
        first_ = &one;
    }

    void unlink(alarmed& one) noexcept {
        one.is_listed_ = false;
        (one.previous_ != nullptr ? one.previous_->next_ : first_) = one.next_;
        if (one.next_ != nullptr) one.next_->previous_ = one.previous_;
    }

    std::mutex mutex_;
    std::optional<boost::asio::steady_timer> timer_;
    std::chrono::milliseconds grain_ = least_grain;
    alarmed* first_ = nullptr;
    clock::time_point armed_;
    bool is_armed_ = false;
    bool is_far_ = false;
    bool is_busy_ = false;  ///< An alarm was set since the timer last went off.
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

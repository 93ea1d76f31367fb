// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

enum class stop_reason : std::uint8_t { none, deadline, cancelled };

/// What a call shares with its timer: the socket it waits on, and whether it has to stop. Used on one strand only. The
/// timer's handlers hold it weakly, so that dropping the call drops everything.
class call_state : public std::enable_shared_from_this<call_state> {
public:
    using clock = std::chrono::steady_clock;

    /// `io` is for the socket; handlers run on `strand`.
    call_state(boost::asio::any_io_executor const& io, boost::asio::any_io_executor strand, http_limits const& limits)
        : socket(io),
          wake(io, (clock::time_point::max)()),
          timer_(io),
          strand_(std::move(strand)),
          limits_(limits),
          deadline_(clock::now() + (std::min<std::chrono::nanoseconds>)(limits.time, std::chrono::hours(24 * 365))) {}

    boost::asio::ip::tcp::socket socket;
    boost::asio::steady_timer wake;  ///< Never expires: cancelled to wake a call that waits without a socket.

    /// Starts the clock.
    void start() { arm(); }

    /// Until further notice the pending operation is interrupted at `end` already.
    void limit_attempt(clock::time_point end) {
        attempt_end_ = end;
        arm();
    }
    void end_attempt() { attempt_end_ = (clock::time_point::max)(); }

    [[nodiscard]] clock::duration time_left() const { return deadline_ - clock::now(); }

    /// Whether to give up, asked after every operation and before the next.
    [[nodiscard]] stop_reason should_stop(boost::asio::cancellation_state const& state) {
        if (state.cancelled() != boost::asio::cancellation_type::none || is_cancelled_ || limits_.is_cancelled())
            return stop_reason::cancelled;
        return clock::now() >= deadline_ ? stop_reason::deadline : stop_reason::none;
    }

    /// Interrupts a pending write as soon as the peer says something: an answer may come before the body is out.
    void watch_for_answer() {
        if (is_watching_) return;
        is_watching_ = true;
        socket.async_wait(boost::asio::socket_base::wait_read,
                          boost::asio::bind_executor(strand_, [weak = weak_from_this()](boost::system::error_code error) {
                              auto const self = weak.lock();
                              if (!self || error || !self->is_watching_) return;
                              self->is_watching_ = false;
                              self->answer_is_waiting_ = true;
                              self->interrupt();
                          }));
    }

    /// Ends the watch and says whether something has come.
    [[nodiscard]] bool end_watch() {
        if (is_watching_) interrupt();
        is_watching_ = false;
        return std::exchange(answer_is_waiting_, false);
    }
    [[nodiscard]] bool answer_is_waiting() const noexcept { return answer_is_waiting_; }

private:
    static constexpr std::chrono::milliseconds poll_interval{50};

    void arm() {
        clock::time_point next = (std::min)(deadline_, attempt_end_);
        if (limits_.cancelled != nullptr) next = (std::min)(next, clock::now() + poll_interval);
        timer_.expires_at(next);
        timer_.async_wait(boost::asio::bind_executor(strand_, [weak = weak_from_this()](boost::system::error_code error) {
            auto const self = weak.lock();
            if (self && !error) self->on_timer();
        }));
    }

    void on_timer() {
        is_cancelled_ = is_cancelled_ || limits_.is_cancelled();
        auto const now = clock::now();
        if (is_cancelled_ || now >= deadline_) {
            interrupt();
            return;
        }
        if (now >= attempt_end_) {
            end_attempt();
            interrupt();
        }
        arm();
    }

    void interrupt() {
        boost::system::error_code ignored;
        socket.cancel(ignored);
        wake.cancel();
    }

    boost::asio::steady_timer timer_;
    boost::asio::any_io_executor strand_;
    http_limits limits_;
    clock::time_point deadline_;
    clock::time_point attempt_end_ = (clock::time_point::max)();
    bool is_cancelled_ = false;
    bool is_watching_ = false;
    bool answer_is_waiting_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

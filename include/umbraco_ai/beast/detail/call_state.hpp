// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP

#include <umbraco_ai/beast/detail/request_head.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

enum class stop_reason : std::uint8_t { none, deadline, cancelled };

/// What a call shares with the operations that it waits for: its request, and the timer `wake` on which alone its coroutine
/// sleeps. Whatever happens wakes it, and it looks for itself what did. So a deadline or a cancellation ends the call within
/// a turn of the loop, however long an operation of the socket or of TLS takes to end after it. Used on one strand only. The
/// timers' handlers hold it weakly, so that dropping the call drops everything.
class call_state : public std::enable_shared_from_this<call_state> {
public:
    using clock = std::chrono::steady_clock;

    /// Handlers run on `strand`; the timers belong to `io`.
    call_state(boost::asio::any_io_executor const& io, boost::asio::any_io_executor call_strand, http_request to_send)
        : request(std::move(to_send)),
          head(request_head(request)),
          strand(std::move(call_strand)),
          wake(io, (clock::time_point::max)()),
          timer_(io),
          deadline_(clock::now() + (std::min<std::chrono::nanoseconds>)(request.limits.time, std::chrono::hours(24 * 365))) {}
    call_state(call_state const&) = delete;
    call_state& operator=(call_state const&) = delete;
    /// The head holds the token.
    ~call_state() { wipe(head); }

    http_request const request;
    std::string head;
    boost::asio::any_io_executor const strand;
    boost::asio::steady_timer wake;  ///< Never expires: cancelled to wake the call.

    /// Starts the clock.
    void start() { arm(); }

    /// Wakes the call at `time` too, once.
    void set_alarm(clock::time_point time) {
        alarm_ = time;
        arm();
    }

    /// Whether to give up, asked after every wait and before the next operation.
    [[nodiscard]] stop_reason should_stop(boost::asio::cancellation_state const& state) {
        if (state.cancelled() != boost::asio::cancellation_type::none || is_cancelled_ || request.limits.is_cancelled())
            return stop_reason::cancelled;
        return clock::now() >= deadline_ ? stop_reason::deadline : stop_reason::none;
    }

private:
    static constexpr std::chrono::milliseconds poll_interval{50};

    void arm() {
        clock::time_point next = (std::min)(deadline_, alarm_);
        if (request.limits.cancelled != nullptr) next = (std::min)(next, clock::now() + poll_interval);
        timer_.expires_at(next);
        timer_.async_wait(boost::asio::bind_executor(strand, [weak = weak_from_this()](boost::system::error_code error) {
            auto const self = weak.lock();
            if (self && !error) self->on_timer();
        }));
    }

    void on_timer() {
        is_cancelled_ = is_cancelled_ || request.limits.is_cancelled();
        auto const now = clock::now();
        if (is_cancelled_ || now >= deadline_) {
            wake.cancel();
            return;
        }
        if (now >= alarm_) {
            alarm_ = (clock::time_point::max)();
            wake.cancel();
        }
        arm();
    }

    boost::asio::steady_timer timer_;
    clock::time_point deadline_;
    clock::time_point alarm_ = (clock::time_point::max)();
    bool is_cancelled_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

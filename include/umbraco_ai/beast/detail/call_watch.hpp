// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_WATCH_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_WATCH_HPP

#include <umbraco_ai/beast/detail/call_clock.hpp>
#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/http1/failures.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The waiting of one call, and why it ended without an answer. A coroutine that waits has switched `throw_if_cancelled` off.
class call_watch : public call_state {
public:
    /// state  of who carries the call out
    call_watch(call_clock& alarms, boost::asio::any_io_executor&& executor, boost::asio::cancellation_state&& state, http_request const& to_send)
        : call_state(alarms, std::move(executor), to_send), cancellation_(std::move(state)), trace_(to_send.trace) {
        if (trace_ != nullptr) noted_ = clock::now();
    }

    /// Of a call that has failed.
    [[nodiscard]] result<http_response>& outcome() const noexcept { return *outcome_; }

    /// What the call is at, for the text of a failure and for the trace.
    void enter(transfer_phase phase) noexcept {
        note_time();
        phase_ = phase;
    }

    /// The call is over; nothing is noted from here on.
    void end_trace() noexcept {
        note_time();
        trace_ = nullptr;
    }

    [[nodiscard]] transfer_trace* trace() const noexcept { return trace_; }

    /// From here until `end_limit` the call fails after `time` too.
    void limit(std::chrono::nanoseconds time) {
        limit_ = time;
        limit_end_ = clock::now() + std::chrono::duration_cast<clock::duration>(time);
        set_alarm(*limit_end_);
    }
    void end_limit() noexcept { limit_end_.reset(); }

    /// Sets an alarm without giving up the limit.
    void set_alarm(clock::time_point time) { call_state::set_alarm(limit_end_ ? (std::min)(time, *limit_end_) : time); }

    [[nodiscard]] bool is_cancelled() const noexcept { return call_state::is_cancelled(cancellation_); }

    /// After each `sleep`, and before the next operation: false where the call has to stop, with the reason in `outcome`.
    [[nodiscard]] bool check() {
        stop_reason const why = should_stop(cancellation_);
        if (why != stop_reason::none) return fail(stopped(why));
        if (limit_end_ && clock::now() >= *limit_end_)
            return fail(errc::connect_failed, "No connection to " + peer() + " within the " +
                                                  std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit_).count()) +
                                                  " ms of transport_options::connect_time, while " + doing() + '.');
        return true;
    }

    /// Always false, to be returned.
    [[nodiscard]] bool fail(errc code, std::string text) {
        return fail(failure(code, std::move(text)));
    }
    [[nodiscard]] bool fail(failure reason) {
        outcome_ = std::make_unique<result<http_response>>(std::move(reason));
        return false;
    }

    [[nodiscard]] failure stopped(stop_reason why) const {
        return why == stop_reason::cancelled ? cancelled_failure(doing()) : deadline_failure(request, doing());
    }

    /// "cms.example.com:443".
    [[nodiscard]] std::string peer() const { return peer_name(request.origin); }

private:
    [[nodiscard]] char const* doing() const noexcept { return step_of(phase_); }

    void note_time() noexcept {
        if (trace_ == nullptr) return;
        auto const now = clock::now();
        trace_->add(phase_, std::chrono::duration_cast<std::chrono::nanoseconds>(now - noted_));
        noted_ = now;
    }

    boost::asio::cancellation_state cancellation_;
    transfer_trace* trace_;
    clock::time_point noted_;
    std::unique_ptr<result<http_response>> outcome_;
    std::chrono::nanoseconds limit_{0};
    std::optional<clock::time_point> limit_end_;
    transfer_phase phase_ = transfer_phase::queue;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

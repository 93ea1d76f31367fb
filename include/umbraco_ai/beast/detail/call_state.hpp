// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_STATE_HPP

#include <umbraco_ai/asio/post_step.hpp>
#include <umbraco_ai/asio/sleeper.hpp>
#include <umbraco_ai/asio/wakeable.hpp>
#include <umbraco_ai/beast/detail/call_clock.hpp>
#include <umbraco_ai/beast/detail/turn_memory.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

enum class stop_reason : std::uint8_t { none, deadline, cancelled };

/// What a call shares with the operations that it waits for: its limits, and where alone it is woken. Whatever
/// happens wakes it, and it looks for itself what did, and takes its steps. So a deadline or a cancellation ends the call within a
/// turn of the loop, however long an operation of the socket or of TLS takes to end after it. Used on one strand only. All handlers know
/// it weakly; who carries the call out, which it owns in its sleep, holds it strongly, until the context's shutdown lets go of both.
class call_state : public alarmed, public wakeable, public std::enable_shared_from_this<call_state> {
public:
    using clock = call_clock::clock;

    /// Handlers run on `call_strand`. The request outlives `let_go_of_request`, and the clock the call's `end`, which comes before
    /// its destruction.
    call_state(call_clock& alarms, boost::asio::any_io_executor&& call_strand, http_request const& to_send)
        : strand(std::move(call_strand)), request(to_send), alarms_(alarms) {}
    call_state(call_state const&) = delete;
    call_state& operator=(call_state const&) = delete;

    boost::asio::any_io_executor const strand;
    http_request const& request;
    bool has_place = false;    ///< Guarded by the pool: it may use a connection.
    bool has_company = false;  ///< Others had one to the same origin when it came.

    /// Takes the steps that can be taken, and tells who carries the call out where it is over.
    void wake() override {
        advance();
        tell();
    }

    /// Takes the steps that can be taken; what it reads meanwhile may be in `memory`.
    void advance_with(turn_memory& memory) noexcept {
        lent_ = &memory;
        advance();
        lent_ = nullptr;
    }

    /// Goes on with who carries the call out, where it is over.
    void tell() {
        if (is_over_) sleeper_.wake();
    }
    [[nodiscard]] turn_memory* lent() const noexcept { return lent_; }

    /// From here on its time runs.
    void set_out() noexcept {
        looked_ = clock::now();
        deadline_ = looked_ + time_limit();
    }
    /// How long it was under way when it looked.
    [[nodiscard]] clock::duration age() const noexcept { return looked_ - (deadline_ - time_limit()); }

    /// Starts the clock.
    void start(call_clock::hold const& held) { arm(held); }

    /// The request is looked at no more: an alarm that goes off from here on means nothing.
    void let_go_of_request() noexcept { heeds_request_ = false; }

    /// Nothing goes off from here on.
    void end(call_clock::hold const& held) noexcept {
        let_go_of_request();
        alarms_.remove(held, *this);
    }
    void end() noexcept { end(alarms_.lock()); }

    /// Wakes the call at `time` too, once.
    void set_alarm(clock::time_point time) {
        alarm_ = time;
        arm(alarms_.lock());
    }

    /// When the call set out, or looked what had happened.
    [[nodiscard]] clock::time_point looked() const noexcept { return looked_; }

    [[nodiscard]] bool is_over() const noexcept { return is_over_; }

    /// To be awaited by who carries the call out, where it is not over.
    [[nodiscard]] auto until_over() {
        return sleeper_.sleep([known = weak_from_this()] {
            // Whoever cancels is in the middle of it.
            if (auto const held = known.lock()) held->wake_later();
        });
    }

    /// Wakes the call in a later turn of the loop, or, where this is false, at its deadline.
    bool wake_later() noexcept { return post_step<&call_state::wake_alone>(strand, weak_from_this()); }

    [[nodiscard]] bool is_cancelled(boost::asio::cancellation_state const& state) const noexcept {
        return state.cancelled() != boost::asio::cancellation_type::none || is_cancelled_ || is_given_up();
    }

    /// Whether to give up, asked after every wait and before the next operation.
    [[nodiscard]] stop_reason should_stop(boost::asio::cancellation_state const& state) {
        if (is_cancelled(state)) return stop_reason::cancelled;
        looked_ = clock::now();
        return looked_ >= deadline_ ? stop_reason::deadline : stop_reason::none;
    }

protected:
    ~call_state() override = default;

    void set_over() noexcept { is_over_ = true; }

private:
    static constexpr std::chrono::milliseconds poll_interval{50};

    /// Takes the steps that can be taken without waiting.
    virtual void advance() noexcept = 0;

    [[nodiscard]] std::chrono::nanoseconds time_limit() const noexcept {
        return (std::min<std::chrono::nanoseconds>)(request.limits.time, std::chrono::hours(24 * 365));
    }

    void arm(call_clock::hold const& held) {
        clock::time_point next = (std::min)(deadline_, alarm_);
        if (request.limits.cancelled != nullptr) next = (std::min)(next, clock::now() + poll_interval);
        alarms_.set(held, *this, next);
    }

    // A check that throws ends the call too, since between two steps nobody but the loop could catch it.
    [[nodiscard]] bool is_given_up() const noexcept {
        try {
            return request.limits.is_cancelled();
        } catch (...) {
            return true;
        }
    }

    void wake_alone() {
        turn_memory memory;
        advance_with(memory);
        tell();
    }

    [[nodiscard]] bool ring() noexcept override { return post_step<&call_state::on_alarm>(strand, weak_from_this()); }

    void on_alarm() {
        // It was on its way when the call ended.
        if (!heeds_request_) return;
        is_cancelled_ = is_cancelled_ || is_given_up();
        auto const now = clock::now();
        bool const has_to_stop = is_cancelled_ || now >= deadline_;
        bool const is_time = now >= alarm_;
        if (is_time) alarm_ = (clock::time_point::max)();
        if (!has_to_stop) arm(alarms_.lock());
        if (has_to_stop || is_time) wake();
    }

    [[nodiscard]] std::shared_ptr<alarmed> hold() noexcept override { return weak_from_this().lock(); }
    void abandon() noexcept override { sleeper_.drop(); }

    call_clock& alarms_;
    sleeper sleeper_;
    turn_memory* lent_ = nullptr;
    clock::time_point looked_;
    clock::time_point deadline_ = (clock::time_point::max)();
    clock::time_point alarm_ = (clock::time_point::max)();
    bool is_cancelled_ = false;
    bool heeds_request_ = true;
    bool is_over_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

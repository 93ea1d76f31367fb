// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CALL_REPORT_HPP
#define UMBRACO_AI_CALL_REPORT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/observer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What one call tells its observer; without one it keeps and does nothing.
class call_report {
public:
    call_report() = default;

    /// Not before this is anything told. The observer outlives the report; null: nobody observes.
    void begin(observer* listener, std::uint64_t& calls, std::string_view operation, std::chrono::nanoseconds now) {
        if (listener == nullptr) return;
        kept_ = std::make_unique<memory>(*listener);
        kept_->begun = kept_->now = now;
        kept_->event.call = ++calls;
        kept_->event.operation = operation;
    }

    /// `attempt` counts the requests of the call, `resend_count` how often this one was sent before.
    void on_attempt(http_request& request, unsigned attempt, unsigned resend_count, bool is_sign_in, std::chrono::nanoseconds now) {
        if (!kept_) return;
        kept_->attempt_begun = now;
        kept_->trace = transfer_trace();
        request.trace = &kept_->trace;
        answer_event& event = kept_->event;
        event.method = request.method;
        event.route = request.route;
        event.attempt = attempt;
        event.resend_count = resend_count;
        event.is_sign_in = is_sign_in;
        kept_->listener.on_attempt(event);
    }

    void on_answer(result<http_response> const& answer, std::chrono::nanoseconds now) {
        if (!kept_) return;
        kept_->now = now;
        answer_event& event = kept_->event;
        event.status = answer ? answer->status : 0;
        event.error = answer ? std::error_code() : answer.error().code;
        event.duration = now - kept_->attempt_begun;
        event.transfer = kept_->trace;
        if (!event.is_sign_in) kept_->status = event.status;
        kept_->listener.on_answer(event);
    }

    /// Of the attempt that was answered last.
    void on_retry(std::chrono::nanoseconds pause) {
        if (!kept_) return;
        retry_event event;
        static_cast<answer_event&>(event) = kept_->event;
        event.pause = pause;
        kept_->listener.on_retry(event);
    }

    void on_token(std::optional<std::int64_t> lifetime_seconds, failure const* reason) {
        if (!kept_) return;
        token_event event;
        event.call = kept_->event.call;
        if (lifetime_seconds) event.lifetime = std::chrono::seconds(*lifetime_seconds);
        if (reason != nullptr) {
            event.error = reason->code;
            event.status = reason->status;
        }
        kept_->listener.on_token(event);
    }

    /// Time that passed without a request.
    void at(std::chrono::nanoseconds now) noexcept {
        if (kept_) kept_->now = now;
    }

    /// The end; nothing is told after it.
    void on_done(unsigned attempts, failure const* reason) {
        if (!kept_) return;
        call_event event;
        event.call = kept_->event.call;
        event.operation = kept_->event.operation;
        event.attempts = attempts;
        event.status = reason == nullptr ? kept_->status : reason->status;
        if (reason != nullptr) {
            event.error = reason->code;
            event.possibly_applied = reason->possibly_applied;
        }
        event.duration = kept_->now - kept_->begun;
        kept_->listener.on_done(event);
        kept_.reset();
    }

private:
    /// At one address, since a transport writes into it.
    class memory {
    public:
        explicit memory(observer& who) noexcept : listener(who) {}

        observer& listener;
        answer_event event;
        transfer_trace trace;
        std::chrono::nanoseconds begun{0};
        std::chrono::nanoseconds attempt_begun{0};
        std::chrono::nanoseconds now{0};
        int status = 0;
    };

    std::unique_ptr<memory> kept_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

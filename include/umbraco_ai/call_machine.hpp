// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CALL_MACHINE_HPP
#define UMBRACO_AI_CALL_MACHINE_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/call_report.hpp>
#include <umbraco_ai/client_context.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/sent_secrets.hpp>
#include <umbraco_ai/sign_in.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// One call from the client's side, whatever its operation: gives each request its origin, credentials, limits and share of
/// the deadline, signs in, sends again what may be sent again, and tells each failure its number of attempts. `now` may stand
/// still, on transports without a clock; each request then has the whole time. What depends on the operation is in
/// `exchange`, the only class that derives from this one, so that all this is compiled once for all operations of a program.
class call_machine {
public:
    call_machine(call_machine const&) = delete;
    call_machine& operator=(call_machine const&) = delete;

    [[nodiscard]] action start(std::chrono::nanoseconds now) { return with_request(begin(now)); }
    /// Goes on after a request: with its answer, or why there is none.
    [[nodiscard]] action resume(result<http_response> answer, std::chrono::nanoseconds now) { return with_request(on_answer(std::move(answer), now, false)); }
    /// Goes on after a pause, or after an unlock.
    [[nodiscard]] action resume(std::chrono::nanoseconds now) { return with_request(next(now)); }
    /// Goes on after a lock: with whether it had to be waited for, or why it was not had.
    [[nodiscard]] action resume(result<bool> waited, std::chrono::nanoseconds now) { return with_request(next(std::move(waited), now)); }
    /// Goes on after a token: with it, or why there is none.
    [[nodiscard]] action resume(result<bearer_token> token, std::chrono::nanoseconds now) { return with_request(next(std::move(token), now)); }

    /// The same where the request stays here, and the answer where it is; see `MachineInPlace`.
    [[nodiscard]] http_request& request() noexcept { return token_request_ ? *token_request_ : *pending_; }

    [[nodiscard]] step begin(std::chrono::nanoseconds now) {
        deadline_ = now > std::chrono::nanoseconds(0) && timeout_ > (std::chrono::nanoseconds::max)() - now
                        ? (std::chrono::nanoseconds::max)()
                        : now + timeout_;
        report_.begin(context_->options.observer.get(), context_->calls, traits_->name, now);
        if (auto refused = context_->refusal()) return end(*std::move(refused));
        if (!headers_.empty()) {
            if (auto ok = call_options::check(headers_); !ok) return end(std::move(ok).error());
            for (header_view const extra : headers_) secrets_.add(extra.value);
        }
        if (attempt_time_ <= attempt_time_.zero())
            return end(failure(errc::invalid_argument, "It must be more than nothing; leave it out where an attempt may use the whole time.").at("attempt_timeout"));
        if (traits_->writes && context_->options.read_only) return end(refuse_write());
        return go_on(start_operation(), now);
    }

    [[nodiscard]] step next(result<http_response>& answer, std::chrono::nanoseconds now) { return on_answer(std::move(answer), now, true); }

    [[nodiscard]] step next(std::chrono::nanoseconds now) {
        report_.at(now);
        if (ended_) return step::done();
        return dispatch(now);
    }

    [[nodiscard]] step next(result<bool> waited, std::chrono::nanoseconds now) {
        report_.at(now);
        if (!waited) return end(std::move(waited).error());
        if (state_ == state::locking_sign_in) return fetch_token(now);
        // Another call may have written between a read by alias and this, even if nobody held the lock just now.
        return go_on(operation_locked(true), now);
    }

    [[nodiscard]] step next(result<bearer_token> token, std::chrono::nanoseconds now) {
        report_.at(now);
        return on_user_token(std::move(token), now);
    }

protected:
    /// What the operation says of itself; see `Operation`.
    class traits {
    public:
        std::string_view name;
        bool writes = false;
        bool is_single = false;
        bool locks = false;
    };

    /// own  lives as long as the program
    call_machine(client_context& context, call_options&& options, traits const& own)
        : context_(&context),
          headers_(std::move(options.headers)),
          timeout_(options.timeout.value_or(context.options.timeout)),
          attempt_time_(options.attempt_timeout.value_or(context.options.attempt_timeout.value_or((std::chrono::nanoseconds::max)()))),
          traits_(&own) {}
    call_machine(call_machine&&) = default;
    call_machine& operator=(call_machine&&) = default;
    ~call_machine() = default;

    [[nodiscard]] std::string_view base_path() const noexcept { return context_->base->path; }
    [[nodiscard]] std::uint64_t origin_tag() const noexcept { return context_->origin_tag; }

    /// The request to be sent next, for an operation to fill.
    [[nodiscard]] http_request& next_request() {
        if (!pending_) pending_ = context_->spare_request();
        return *pending_;
    }

    /// Why the call ended before its operation did, or nothing.
    [[nodiscard]] failure* own_failure() noexcept { return ended_ ? &ended_->get() : nullptr; }

    /// Tells a failure of the call what it does not know.
    void complete(failure& reason) {
        reason.attempts = attempts_;
        // A later try that reached nobody, or was refused, says nothing of an earlier one.
        if (pending_ && pending_->method == http_method::delete_ && may_be_applied_) reason.possibly_applied = true;
        if (reason.status == 401 && used_token_ && state_ == state::calling)
            reason.message = "The server does not accept the token: it has expired, was revoked, or is another server's. Get a new one.";
        secrets().scrub(reason);
    }

    /// With those of the client.
    [[nodiscard]] detail::sent_secrets const& secrets() {
        if (used_token_) secrets_.add(used_token_->reveal());
        if (auto const* api_user = context_->auth.as_client_credentials()) secrets_.add(api_user->client_secret().reveal());
        return secrets_;
    }

    /// reason  why the call failed, if it did
    void finish(failure const* reason) {
        report_.on_done(attempts_, reason);
        context_->keep_memory_of(std::move(pending_));
    }

private:
    // The operation's part; each gives whether `next_request()` is to be sent.
    virtual bool start_operation() = 0;
    virtual bool resume_operation(result<http_response>&& answer, bool stays) = 0;
    virtual bool operation_locked(bool may_be_stale) = 0;
    [[nodiscard]] virtual std::optional<guid> wanted_lock() = 0;

    enum class state : std::uint8_t { calling, locking_sign_in, fetching_token };

    [[nodiscard]] step end(failure reason) {
        reason.possibly_applied = reason.possibly_applied || may_be_applied_;
        ended_.emplace(std::move(reason));
        return step::done();
    }

    /// stays  whether the answer is there until the call ends or sends again
    [[nodiscard]] step on_answer(result<http_response>&& answer, std::chrono::nanoseconds now, bool stays) {
        report_.on_answer(answer, now);
        take_request_back();
        if (state_ == state::fetching_token) return on_token(std::move(answer), now);
        bool const is_attempt_over = !answer && answer.error().code == make_error_code(errc::deadline_exceeded) && is_attempt_limited_ && now < deadline_;
        if (is_attempt_over) answer.error().message += " It was the limit of one attempt (attempt_timeout), not of the call.";
        if (!answer && !context_->transport_tracks_writes && pending_->method != http_method::get && may_have_been_sent(answer.error()))
            answer.error().possibly_applied = true;
        if (pending_->method != http_method::get && (answer ? answer->status < 300 || answer->status >= 500 : answer.error().possibly_applied))
            may_be_applied_ = true;
        if (answer && answer->status == 401 && can_sign_in_again()) {
            // A 401 precedes the reading of the body, so any method may be sent once more.
            is_signed_in_again_ = true;
            context_->tokens.refuse(token_generation_);
            report_.on_retry(std::chrono::nanoseconds(0));
            return dispatch(now);
        }
        if (answer) {
            answer->origin_tag = context_->origin_tag;
            scrub_server_texts(*answer);
        }
        if (auto const pause = context_->retries.pause_before_next(context_->options.retry, pending_->method, answer, tries_, is_attempt_over, deadline_ - now, now)) {
            report_.on_retry(*pause);
            return step::wait(*pause);
        }
        if (answer) context_->retries.note(*answer);
        // What was read can be quoted by a later answer of the call.
        if (!traits_->is_single && answer && answer->status == 200) secrets_.add_settings_of(answer->body);
        // The connection is gone, as it was to be; an earlier try did it, or someone else.
        if (answer && answer->status == 404 && may_be_applied_ && pending_->method == http_method::delete_ && !answer->body.empty()) answer = http_response(200);
        return go_on(resume_operation(std::move(answer), stays), now);
    }

    /// Errors, and the answer of a test, are words of the server's that can quote what it was sent.
    void scrub_server_texts(http_response& answer) {
        bool const is_test = pending_->method == http_method::post && pending_->body.empty();
        if ((answer.status < 400 && !is_test) || answer.body.empty()) return;
        if (!secrets().empty()) secrets_.scrub_json(answer.body);
    }

    [[nodiscard]] step go_on(bool has_request, std::chrono::nanoseconds now) {
        while (!has_request && traits_->locks) {
            auto const id = wanted_lock();
            if (!id) break;
            if (context_->queues_writes) return step::lock(*id, deadline_ - now);
            has_request = operation_locked(false);
        }
        return has_request ? begin_pending(now) : step::done();
    }

    /// A request that was not sent yet.
    [[nodiscard]] step begin_pending(std::chrono::nanoseconds now) {
        if (context_->options.read_only && pending_->method != http_method::get) return end(refuse_write());
        for (header_view const extra : headers_) pending_->headers.add(extra.name, extra.value);
        secrets_.add_settings_of(pending_->body);
        tries_ = 0;
        return dispatch(now);
    }

    /// Sends the pending request, or what must come before it.
    [[nodiscard]] step dispatch(std::chrono::nanoseconds now) {
        state_ = state::calling;
        if (now >= deadline_) {
            failure late(errc::deadline_exceeded, "The deadline passed between two requests of the call; allow more time.");
            if (attempts_ == 0) return end(std::move(late));
            // The operation knows what was carried out before.
            return go_on(resume_operation(std::move(late), false), now);
        }
        if (auto const* fixed = context_->auth.as_bearer_token()) {
            used_token_ = std::shared_ptr<secret const>(std::shared_ptr<void>(), &fixed->token());
        } else if (!context_->auth.empty()) {
            // One that was fetched for this call serves it, however short its life.
            bool const is_for_this_call = std::exchange(has_just_signed_in_, false) && context_->tokens.token() != nullptr;
            if (!is_for_this_call && !context_->tokens.is_fresh(now)) {
                if (!context_->queues_writes) return fetch_token(now);
                state_ = state::locking_sign_in;
                return step::lock(guid(), deadline_ - now);
            }
            used_token_ = context_->tokens.token();
            token_generation_ = context_->tokens.generation();
        }
        ++tries_;
        if (used_token_) pending_->headers.add("Authorization", "Bearer ", used_token_->reveal());
        prepare(*pending_, now);
        return step::send();
    }

    [[nodiscard]] action with_request(step next) {
        action made(std::move(next));
        if (made.what == action_kind::send) made.request = request();
        return made;
    }

    void take_request_back() {
        token_request_.reset();
        if (used_token_) pending_->headers.remove("Authorization");
        pending_->trace = nullptr;
    }

    /// What each request gets, the one for a token too.
    void prepare(http_request& request, std::chrono::nanoseconds now) {
        request.origin = context_->base->origin;
        request.limits.time = (std::min)(deadline_ - now, attempt_time_);
        is_attempt_limited_ = attempt_time_ < deadline_ - now;
        request.limits.header_bytes = context_->options.header_bytes;
        request.limits.body_bytes = context_->options.body_bytes;
        ++attempts_;
        bool const is_sign_in = state_ == state::fetching_token;
        report_.on_attempt(request, attempts_, is_sign_in ? 0 : tries_ - 1, is_sign_in, now);
    }

    /// With the sign-in locked, where calls overlap: another call may have fetched the token meanwhile, or failed to.
    [[nodiscard]] step fetch_token(std::chrono::nanoseconds now) {
        if (context_->tokens.is_fresh(now)) return leave_sign_in(now);
        if (auto recent = context_->tokens.recent_failure(now)) return end(*std::move(recent));
        if (auto const* source = context_->auth.as_token_source()) {
            if (source->takes_receiver()) return step::token(*source, deadline_ - now);
            return on_user_token((*source)(), now);
        }
        state_ = state::fetching_token;
        token_request_ = std::make_unique<http_request>(detail::token_request(*context_->auth.as_client_credentials(), context_->base->path));
        prepare(*token_request_, now);
        return step::send();
    }

    [[nodiscard]] step on_user_token(result<bearer_token> token, std::chrono::nanoseconds now) {
        if (token) {
            if (auto ok = token->check(); !ok) token = ok.error();
        }
        if (!token) return fail_sign_in(std::move(token).error(), now);
        context_->tokens.store(token->token(), most_token_life, now);
        report_.on_token(std::nullopt, nullptr);
        return leave_sign_in(now);
    }

    [[nodiscard]] step on_token(result<http_response> answer, std::chrono::nanoseconds now) {
        if (!answer) {
            answer.error().possibly_applied = false;
            return fail_sign_in(std::move(answer).error(), now);
        }
        auto issued = detail::read_token(*answer, *context_->auth.as_client_credentials());
        if (!issued) return fail_sign_in(std::move(issued).error(), now);
        context_->tokens.store(issued->token.token(), issued->lifetime_seconds, now);
        report_.on_token(issued->lifetime_seconds, nullptr);
        return leave_sign_in(now);
    }

    [[nodiscard, gnu::cold]] step fail_sign_in(failure reason, std::chrono::nanoseconds now) {
        report_.on_token(std::nullopt, &reason);
        if (reason.who != fault::cancelled && context_->tokens.is_alive(now)) {
            context_->tokens.postpone(now);
            return leave_sign_in(now);
        }
        // Who gave up does not speak for the others who wait.
        if (reason.who != fault::cancelled && reason.who != fault::timeout) context_->tokens.fail(reason, now);
        return end(std::move(reason));
    }

    [[nodiscard]] step leave_sign_in(std::chrono::nanoseconds now) {
        has_just_signed_in_ = true;
        if (context_->queues_writes) {
            state_ = state::calling;
            return step::unlock(guid());
        }
        return dispatch(now);
    }

    [[nodiscard]] bool can_sign_in_again() const noexcept {
        return !is_signed_in_again_ && !context_->auth.empty() && context_->auth.as_bearer_token() == nullptr;
    }

    [[nodiscard]] static failure refuse_write() {
        return failure(errc::read_only_client, "This client was told to read only; nothing was sent.");
    }

    [[nodiscard]] static bool may_have_been_sent(failure const& reason) {
        return reason.who != fault::usage && reason.code != make_error_code(errc::resolve_failed) &&
               reason.code != make_error_code(errc::connect_failed);
    }

    /// A source of the user's knows itself when to give another; the server's refusal asks for it too.
    static constexpr std::int64_t most_token_life = 60;

    client_context* context_;
    http_headers headers_;
    std::chrono::nanoseconds timeout_;
    std::chrono::nanoseconds attempt_time_;
    traits const* traits_;
    std::unique_ptr<http_request> pending_;
    std::unique_ptr<http_request> token_request_;
    std::optional<detail::boxed_failure> ended_;
    detail::sent_secrets secrets_;
    std::shared_ptr<secret const> used_token_;  ///< The client's own, where it never changes.
    std::uint64_t token_generation_ = 0;
    detail::call_report report_;
    std::chrono::nanoseconds deadline_{0};
    unsigned attempts_ = 0;
    unsigned tries_ = 0;
    state state_ = state::calling;
    bool is_signed_in_again_ = false;
    bool has_just_signed_in_ = false;
    bool is_attempt_limited_ = false;
    bool may_be_applied_ = false;  ///< A write of this call was sent, and not refused for certain.
};

UMBRACO_AI_END_NAMESPACE

#endif

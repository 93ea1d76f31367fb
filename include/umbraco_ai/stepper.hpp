// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_STEPPER_HPP
#define UMBRACO_AI_STEPPER_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/client_context.hpp>
#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/exchange.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/operations/call.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

enum class call_step_kind : std::uint8_t {
    send,    ///< Take `request()` and send it.
    answer,  ///< The request was taken; `resume` with its answer, at `until` the latest.
    wait,    ///< Ask again at `until`, or once another call of the client went on.
    done     ///< `take()` has the result.
};

[[nodiscard]] constexpr std::string_view to_string(call_step_kind value) noexcept {
    switch (value) {
        case call_step_kind::send: return "send";
        case call_step_kind::answer: return "answer";
        case call_step_kind::wait: return "wait";
        case call_step_kind::done: return "done";
    }
    return "?";
}

/// What a stepped call needs next.
class call_step {
public:
    call_step() = default;
    call_step(call_step_kind kind, std::chrono::nanoseconds time) : what(kind), until(time) {}

    call_step_kind what = call_step_kind::done;
    std::chrono::nanoseconds until{0};  ///< On the clock of `now`; of `answer` and `wait`.

    friend bool operator==(call_step const&, call_step const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, call_step const& value) {
        out << to_string(value.what);
        if (value.what == call_step_kind::answer || value.what == call_step_kind::wait) out << " until " << value.until.count() << " ns";
        return out;
    }
};

namespace detail {

/// What the calls of one stepped client share besides their context: who may write which connection, first come, first
/// served, and whether one of them is in the middle of a step.
class step_turns {
public:
    step_turns() = default;
    step_turns(step_turns const&) = delete;
    step_turns& operator=(step_turns const&) = delete;

    bool is_in_step = false;

private:
    friend class step_turn;
    std::map<guid, std::vector<std::uint64_t>> lines_;
    std::uint64_t last_ = 0;
};

/// A place in the line for one connection; whose place is the first has the right to write it. Left when this ends.
class step_turn {
public:
    step_turn(step_turns& all, guid const& id) : all_(&all), id_(id), number_(++all.last_) { all.lines_[id].push_back(number_); }
    step_turn(step_turn&& other) noexcept : all_(std::exchange(other.all_, nullptr)), id_(other.id_), number_(other.number_) {}
    step_turn& operator=(step_turn&& other) noexcept {
        std::swap(all_, other.all_);
        std::swap(id_, other.id_);
        std::swap(number_, other.number_);
        return *this;
    }
    ~step_turn() {
        if (all_ == nullptr) return;
        auto const line = all_->lines_.find(id_);
        std::erase(line->second, number_);
        if (line->second.empty()) all_->lines_.erase(line);
    }

    [[nodiscard]] bool has_come() const { return all_->lines_.find(id_)->second.front() == number_; }
    [[nodiscard]] guid const& id() const noexcept { return id_; }

private:
    step_turns* all_;
    guid id_;
    std::uint64_t number_;
};

/// Where a token source puts its token, on any thread, and the call that waits finds it.
class step_token {
public:
    step_token() = default;

    void put(result<bearer_token> token) {
        if (is_claimed_.exchange(true)) return;
        token_ = std::move(token);
        is_there_.store(true, std::memory_order_release);
    }
    [[nodiscard]] bool is_there() const noexcept { return is_there_.load(std::memory_order_acquire); }
    [[nodiscard]] result<bearer_token> take() { return std::move(token_); }

private:
    result<bearer_token> token_;
    std::atomic<bool> is_claimed_ = false;
    std::atomic<bool> is_there_ = false;
};

}  // namespace detail

/// A call that somebody's event loop carries out: it says what it needs next, and is told what came of it. No thread, no
/// clock and no I/O of its own.
///
///     switch (call.next(now).what) {
///         case call_step_kind::send: … call.request() …            // send it, without blocking
///         case call_step_kind::answer: …                           // call.resume(answer, now) once it is there
///         case call_step_kind::wait: …                             // look again at `until`
///         case call_step_kind::done: …                             // call.take()
///     }
///
/// `now` is a steady clock that moves on. Calls of one client run side by side: they sign in once, and writes to one
/// connection queue up in the order in which they came to it. A call that waits is asked again by `next` whenever another
/// call of its client went on, and once a token source that takes a receiver has given its token. To cancel, give `resume` a
/// failure of `errc::cancelled` in place of the answer, or drop the call; what it held goes to the next one. An exception of a
/// `change` passes through `next` or `resume`, and ends the call.
/// Lifetime: the client outlives its calls. Threading: all calls of a client on one thread, or under one lock.
class stepper {
public:
    stepper(stepper const&) = delete;
    stepper& operator=(stepper const&) = delete;
    stepper& operator=(stepper&&) = delete;

    /// What the call needs now. Begins the call, and goes on after a pause that is over; sends nothing itself.
    [[nodiscard]] call_step next(std::chrono::nanoseconds now) {
        end_if_thrown();
        if (!begun_ || is_due(now)) go_on(now);
        switch (next_.what) {
            case action_kind::send: return is_taken_ ? call_step(call_step_kind::answer, until_) : call_step(call_step_kind::send, {});
            case action_kind::done: return call_step(call_step_kind::done, {});
            default: return call_step(call_step_kind::wait, until_);
        }
    }

    /// The request to send, once, where `next` gives `send`. Its limits say how long the answer may take.
    [[nodiscard]] http_request request() {
        is_taken_ = true;
        return std::move(next_.request);
    }

    /// Goes on with the answer to the request that was taken, or with why there is none. Asked for nothing, it does nothing.
    void resume(result<http_response> answer, std::chrono::nanoseconds now) {
        if (next_.what != action_kind::send || !is_taken_) return;
        in_step const mark(*turns_);
        if (mark.is_nested()) return refuse();
        is_taken_ = false;
        is_midway_ = true;
        accept(machine_resume(std::move(answer), now), now);
    }

    [[nodiscard]] bool is_done() const noexcept { return begun_ && (next_.what == action_kind::done || has_thrown()); }

protected:
    explicit stepper(detail::step_turns& turns) noexcept : turns_(&turns) {}
    stepper(stepper&&) noexcept = default;
    virtual ~stepper() = default;

    /// A step within a step, as where a `change` steps another call, would write what the outer one then overwrites.
    class in_step {
    public:
        explicit in_step(detail::step_turns& turns) noexcept : turns_(turns), was_in_step_(std::exchange(turns.is_in_step, true)) {}
        in_step(in_step const&) = delete;
        in_step& operator=(in_step const&) = delete;
        ~in_step() { turns_.is_in_step = was_in_step_; }

        [[nodiscard]] bool is_nested() const noexcept { return was_in_step_; }

    private:
        detail::step_turns& turns_;
        bool was_in_step_;
    };

    /// A step that was left by an exception cannot be gone on with.
    void end_if_thrown() {
        if (!has_thrown()) return;
        end(failure(errc::invalid_argument, "A function of the caller's, such as a change, threw an exception, which ended the call."));
        is_midway_ = false;
    }

    detail::step_turns* turns_;
    std::optional<failure> ended_;  ///< Why the call ended without its machine, or nothing.

private:
    virtual action machine_start(std::chrono::nanoseconds now) = 0;
    virtual action machine_resume(result<http_response> answer, std::chrono::nanoseconds now) = 0;
    virtual action machine_resume(result<bool> waited, std::chrono::nanoseconds now) = 0;
    virtual action machine_resume(result<bearer_token> token, std::chrono::nanoseconds now) = 0;
    virtual action machine_resume(std::chrono::nanoseconds now) = 0;

    [[nodiscard]] bool has_thrown() const noexcept { return is_midway_ && !turns_->is_in_step; }

    [[nodiscard]] bool is_due(std::chrono::nanoseconds now) const {
        if (next_.what == action_kind::lock) return queued_->has_come() || now >= until_;
        if (next_.what == action_kind::token) return token_->is_there() || now >= until_;
        return next_.what == action_kind::wait && now >= until_;
    }

    void go_on(std::chrono::nanoseconds now) {
        in_step const mark(*turns_);
        if (mark.is_nested()) return refuse();
        is_midway_ = true;
        if (!std::exchange(begun_, true)) return accept(machine_start(now), now);
        if (next_.what == action_kind::wait) return accept(machine_resume(now), now);
        if (next_.what == action_kind::token) {
            auto const slot = std::exchange(token_, nullptr);
            return accept(machine_resume(slot->is_there() ? slot->take() : result<bearer_token>(no_token()), now), now);
        }
        if (queued_->has_come()) {
            hold();
            return accept(machine_resume(result<bool>(true), now), now);
        }
        queued_.reset();
        accept(machine_resume(result<bool>(too_late()), now), now);
    }

    /// Carries out what needs neither time nor I/O.
    void accept(action wanted, std::chrono::nanoseconds now) {
        while (wanted.what == action_kind::lock || wanted.what == action_kind::unlock || wanted.what == action_kind::token) {
            if (wanted.what == action_kind::token) {
                token_ = std::make_shared<detail::step_token>();
                wanted.source([slot = token_](result<bearer_token> token) { slot->put(std::move(token)); });
                if (!token_->is_there()) break;
                wanted = machine_resume(std::exchange(token_, nullptr)->take(), now);
                continue;
            }
            if (wanted.what == action_kind::unlock) {
                std::erase_if(held_, [&](detail::step_turn const& turn) { return turn.id() == wanted.subject; });
                wanted = machine_resume(now);
                continue;
            }
            queued_.emplace(*turns_, wanted.subject);
            if (!queued_->has_come()) break;
            hold();
            wanted = machine_resume(result<bool>(false), now);
        }
        next_ = std::move(wanted);
        std::chrono::nanoseconds const time = next_.what == action_kind::send ? next_.request.limits.time : next_.delay;
        until_ = time > (std::chrono::nanoseconds::max)() - now ? (std::chrono::nanoseconds::max)() : now + time;
        if (next_.what == action_kind::done) held_.clear();
        is_midway_ = false;
    }

    void hold() {
        held_.push_back(*std::move(queued_));
        queued_.reset();
    }

    [[nodiscard]] static failure no_token() {
        return failure(errc::deadline_exceeded, "The token source gave no token before the deadline; allow more time.");
    }

    [[nodiscard]] failure too_late() const {
        return next_.subject == guid() ? failure(errc::deadline_exceeded, "Another call was signing in until the deadline passed; nothing was sent.")
                                       : failure(errc::deadline_exceeded, "Another call was writing the connection until the deadline passed; nothing was written.");
    }

    void refuse() { end(failure(errc::client_busy, "This client is in a step of another call, such as a change; go on with this call after it.")); }

    void end(failure reason) {
        reason.possibly_applied = is_taken_;
        begun_ = true;
        ended_ = std::move(reason);
        next_ = action::done();
        queued_.reset();
        held_.clear();
    }

    std::vector<detail::step_turn> held_;
    std::optional<detail::step_turn> queued_;
    std::shared_ptr<detail::step_token> token_;
    action next_;
    std::chrono::nanoseconds until_{0};
    bool begun_ = false;
    bool is_taken_ = false;   ///< The request of `next_` is on its way.
    bool is_midway_ = false;  ///< In a step, or thrown out of one.
};

/// One call of a `stepped_client`. Movable, also while it is under way.
template <Operation O>
class stepped_call final : public stepper {
public:
    using result_type = typename O::result_type;

    stepped_call(detail::step_turns& turns, exchange<O> machine) : stepper(turns), machine_(std::move(machine)) {}
    stepped_call(stepped_call&&) noexcept = default;

    /// The result, once, where `next` gives `done`.
    [[nodiscard]] result_type take() {
        end_if_thrown();
        in_step const mark(*turns_);
        return ended_ ? result_type(*std::move(ended_)) : machine_.take();
    }

private:
    action machine_start(std::chrono::nanoseconds now) override { return machine_.start(now); }
    action machine_resume(result<http_response> answer, std::chrono::nanoseconds now) override { return machine_.resume(std::move(answer), now); }
    action machine_resume(result<bool> waited, std::chrono::nanoseconds now) override { return machine_.resume(std::move(waited), now); }
    action machine_resume(result<bearer_token> token, std::chrono::nanoseconds now) override { return machine_.resume(std::move(token), now); }
    action machine_resume(std::chrono::nanoseconds now) override { return machine_.resume(now); }

    exchange<O> machine_;
};

/// The client for event loops of one's own: each call gives a `stepped_call`, which the loop carries out.
///
///     stepped_client cms("https://cms.example.com", bearer_token(token));
///     auto renamed = cms.connections().rename("openai-prod", "OpenAI, Europe");
///     auto models  = cms.connections().models("anthropic-prod");                 // both at once
///
/// Neither copied nor moved. Lifetime: it outlives its calls.
class stepped_client {
public:
    /// base_url_text  an origin (https://cms.example.com), an origin with /umbraco, or the whole base path
    explicit stepped_client(std::string_view base_url_text, credentials auth = {}, client_options options = {})
        : context_(base_url::parse(base_url_text), std::move(auth), std::move(options)) {
        context_.queues_writes = true;
        context_.retries.can_wait = true;
    }
    stepped_client(stepped_client const&) = delete;
    stepped_client& operator=(stepped_client const&) = delete;

    /// Says that the failures given to `resume` set `possibly_applied` themselves, exactly. Otherwise each failed write counts
    /// as possibly applied, save where host or connection were not found.
    void trust_possibly_applied() noexcept { context_.transport_tracks_writes = true; }

    /// Calls one endpoint, of this library or of the user's.
    template <Descriptor D>
    [[nodiscard]] stepped_call<call_operation<D>> call(D descriptor, call_options options = {}) & {
        return run(call_operation<D>(std::move(descriptor)), std::move(options));
    }

    /// Carries out an operation: a machine over bare requests and answers.
    template <Operation O>
    [[nodiscard]] stepped_call<O> run(O operation, call_options options = {}) & {
        return stepped_call<O>(turns_, exchange<O>(context_, std::move(options), std::move(operation)));
    }

    /// The connection endpoints; `options` hold for each call made through what this gives.
    [[nodiscard]] connections_api<stepped_client> connections(call_options options = {}) & {
        return connections_api<stepped_client>(*this, std::move(options));
    }

private:
    client_context context_;
    detail::step_turns turns_;
};

UMBRACO_AI_END_NAMESPACE

#endif

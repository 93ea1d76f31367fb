// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MACHINE_HPP
#define UMBRACO_AI_MACHINE_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

enum class action_kind : std::uint8_t {
    send,  ///< Send `request`, then `resume(answer, now)`.
    wait,  ///< Let `delay` pass, then `resume(now)`.
    lock,  ///< Queue for the sole right to write `subject`, for at most `delay`; then `resume(waited, now)`.
    token,  ///< Ask `source` for a token, for at most `delay`; then `resume(token, now)`.
    unlock,  ///< Give the right to write `subject` back, then `resume(now)`.
    done     ///< `take()` has the result.
};

[[nodiscard]] constexpr std::string_view to_string(action_kind value) noexcept {
    switch (value) {
        case action_kind::send: return "send";
        case action_kind::wait: return "wait";
        case action_kind::lock: return "lock";
        case action_kind::token: return "token";
        case action_kind::unlock: return "unlock";
        case action_kind::done: return "done";
    }
    return "?";
}

/// What a machine needs next, save for the request.
class step {
public:
    step() = default;
    explicit step(action_kind next) noexcept : what(next) {}

    [[nodiscard]] static step send() { return step(action_kind::send); }
    [[nodiscard]] static step wait(std::chrono::nanoseconds duration) {
        step made(action_kind::wait);
        made.delay = duration;
        return made;
    }
    [[nodiscard]] static step lock(guid const& id, std::chrono::nanoseconds at_most) {
        step made(action_kind::lock);
        made.subject = id;
        made.delay = at_most;
        return made;
    }
    [[nodiscard]] static step token(token_source user_source, std::chrono::nanoseconds at_most) {
        step made(action_kind::token);
        made.source = std::move(user_source);
        made.delay = at_most;
        return made;
    }
    [[nodiscard]] static step unlock(guid const& id) {
        step made(action_kind::unlock);
        made.subject = id;
        return made;
    }
    [[nodiscard]] static step done() { return {}; }

    action_kind what = action_kind::done;
    guid subject;
    std::chrono::nanoseconds delay{0};
    token_source source;
};

/// The same with the request. A value: it prints and compares, so that a test can be a script of actions.
class action : public step {
public:
    action() = default;
    action(step next) : step(std::move(next)) {}

    [[nodiscard]] static action send(http_request request_to_send) {
        action made(step::send());
        made.request = std::move(request_to_send);
        return made;
    }
    [[nodiscard]] static action wait(std::chrono::nanoseconds duration) { return step::wait(duration); }
    [[nodiscard]] static action lock(guid const& id, std::chrono::nanoseconds at_most) { return step::lock(id, at_most); }
    [[nodiscard]] static action token(token_source user_source, std::chrono::nanoseconds at_most) { return step::token(std::move(user_source), at_most); }
    [[nodiscard]] static action unlock(guid const& id) { return step::unlock(id); }
    [[nodiscard]] static action done() { return {}; }

    http_request request;

    /// Two sources are not told apart.
    friend bool operator==(action const& a, action const& b) {
        return a.what == b.what && a.request == b.request && a.delay == b.delay && a.subject == b.subject;
    }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, action const& value) {
        out << to_string(value.what);
        if (value.what == action_kind::send) out << ' ' << value.request;
        if (value.what == action_kind::wait) out << ' ' << value.delay.count() << " ns";
        if (value.what == action_kind::lock || value.what == action_kind::unlock) out << ' ' << value.subject;
        return out;
    }
};

/// A call as a state machine without I/O. `now` is any steady clock, or zero for ever. Who carries a machine out holds what
/// it locked until it is unlocked or the machine is done. The nil guid stands for the sign-in of the client.
template <class M>
concept Machine = is_result<typename M::result_type> &&
                  requires(M machine, result<http_response> answer, result<bool> waited, result<bearer_token> token, std::chrono::nanoseconds now) {
                      { machine.start(now) } -> std::same_as<action>;
                      { machine.resume(std::move(answer), now) } -> std::same_as<action>;
                      { machine.resume(now) } -> std::same_as<action>;
                      { machine.resume(std::move(waited), now) } -> std::same_as<action>;
                      { machine.resume(std::move(token), now) } -> std::same_as<action>;
                      { machine.take() } -> std::same_as<typename M::result_type>;
                  };

/// A machine that can also be carried out where its requests stay in it, so that none is copied: `begin` and `next` do what
/// `start` and `resume` do, and what is to be sent is `request()`, which has to be there and as it was when its answer is given. An
/// answer that is the last stays where it is until `take`.
template <class M>
concept MachineInPlace = Machine<M> && requires(M machine, result<http_response> answer, result<bool> waited, result<bearer_token> token, std::chrono::nanoseconds now) {
    { machine.begin(now) } -> std::same_as<step>;
    { machine.next(answer, now) } -> std::same_as<step>;
    { machine.next(now) } -> std::same_as<step>;
    { machine.next(std::move(waited), now) } -> std::same_as<step>;
    { machine.next(std::move(token), now) } -> std::same_as<step>;
    { machine.request() } -> std::same_as<http_request&>;
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_AWAITABLE_HPP
#define UMBRACO_AI_ASIO_AWAITABLE_HPP

#include <umbraco_ai/asio/token_source.hpp>
#include <umbraco_ai/asio/write_queue.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/call_machine.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// A transport whose `send` can be carried out by the call that wants it, with a request that stays there: a coroutine
/// of its own for each request would cost as much as all the rest. What `sending` gives is used as `http_exchange` describes, and
/// does not refer to the transport.
template <class T, class Executor>
concept SendsInPlace = requires(T& transport, http_request& request, Executor executor, boost::asio::cancellation_state state) {
    transport.sending(request, executor, state);
};

/// Whether neither the request nor the answer of a machine moves.
template <class Transport, class Machine, class Executor>
inline constexpr bool goes_in_place = SendsInPlace<Transport, Executor> && MachineInPlace<Machine>;

/// Where a call keeps what `sending` of its transport gives.
template <class Transport, class Executor, bool is_in_place>
class sending_slot {};
template <class Transport, class Executor>
class sending_slot<Transport, Executor, true>
    : public std::optional<decltype(std::declval<Transport&>().sending(std::declval<http_request&>(), std::declval<Executor>(), boost::asio::cancellation_state()))> {};

/// Lets a turn of the loop pass where the coroutine is cancelled, which it does not throw for: one that was spawned, is cancelled and
/// has never waited is ended by Asio with an exception out of the loop, and its handler is not called.
template <class Executor>
[[nodiscard, gnu::noinline]] boost::asio::awaitable<void, Executor> wait_if_cancelled() {
    boost::asio::cancellation_state const state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_await boost::asio::post(boost::asio::use_awaitable_t<Executor>());
}

/// What of a machine takes its steps: of the calls of a client all that does not depend on their operation.
template <class Machine>
using steps_of = std::conditional_t<std::is_base_of_v<call_machine, Machine>, call_machine, Machine>;

[[nodiscard]] inline failure nested_call() {
    return failure(errc::client_busy, "This client is in a step of another call, such as a change; begin this call after it.");
}

/// Takes the steps of a machine, each guarded against the other calls of its client, which share a token and a budget with it.
/// What most calls do not need is a coroutine of its own, so that their frame is small enough to be used again by Asio. It is kept out of
/// line, as every coroutine that begins within another one: Asio allocates its frame from the running thread, and Clang may keep the
/// address of a thread's own data in the outer frame, which another thread then resumes.
template <class Transport, class Steps, bool is_in_place, class Executor>
class asio_driver {
    using clock = io_traits<result<http_response>>;

public:
    asio_driver(Transport& transport, Steps& machine, asio_write_queue& queue) : transport_(transport), machine_(machine), queue_(queue) {}

    [[nodiscard]] bool is_within_step() const noexcept { return queue_.is_within_step(); }
    [[nodiscard]] auto get_executor() const { return transport_.get_executor(); }

    void start() {
        next = queue_.guarded([this] {
            if constexpr (is_in_place) return machine_.begin(now());
            else return machine_.start(now());
        });
    }
    template <class... Outcome>
    void resume(Outcome&&... outcome) {
        next = queue_.guarded([&] {
            if constexpr (is_in_place) return machine_.next(std::move(outcome)..., now());
            else return machine_.resume(std::move(outcome)..., now());
        });
    }

    /// The same with an answer that is there until the next request is sent, or `take`.
    void resume_in_place(result<http_response>& answer) {
        next = queue_.guarded([&] { return machine_.next(answer, now()); });
    }

    /// Begins to send in place.
    [[nodiscard]] auto send(Executor&& executor, boost::asio::cancellation_state&& state) {
        return transport_.sending(machine_.request(), std::move(executor), std::move(state));
    }

    /// What the call came to, of the machine as a whole.
    template <class Machine>
    [[nodiscard]] typename Machine::result_type take(Machine& machine) {
        return queue_.guarded([&machine] { return machine.take(); });
    }

    /// Carries out any action but a `send` in place. The coroutine does not throw when it is cancelled.
    [[nodiscard, gnu::noinline]] boost::asio::awaitable<void, Executor> carry_out() {
        boost::asio::any_io_executor const executor = co_await boost::asio::this_coro::executor;
        boost::asio::cancellation_state const state = co_await boost::asio::this_coro::cancellation_state;
        auto const is_cancelled = [&state] { return state.cancelled() != boost::asio::cancellation_type::none; };
        boost::system::error_code ended;
        switch (next.what) {
            case action_kind::wait:
                if constexpr (CanWait<Transport>) co_await transport_.wait(next.delay);
                resume();
                break;
            case action_kind::lock: {
                result<bool> waited = false;
                if (is_cancelled()) {
                    waited = failure(errc::cancelled, "Cancelled before its turn to write the connection, or to sign in, came; nothing was written.");
                } else {
                    // One that is refused leaves the line before the machine goes on.
                    asio_write_queue::place mine = queue_.enter(next.subject, executor);
                    bool const has_to_wait = !mine.is_granted();
                    if (has_to_wait) {
                        mine.timer().expires_after(next.delay);
                        co_await mine.timer().async_wait(boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>(), ended));
                    }
                    if (mine.is_granted()) {
                        waited = has_to_wait;
                        held_.push_back(std::move(mine));
                    } else if (ended) {
                        waited = failure(errc::cancelled, "Cancelled while another call was writing the connection; nothing was written.");
                    } else {
                        waited = failure(errc::deadline_exceeded, "Another call was writing the connection until the deadline passed; nothing was written.");
                    }
                }
                resume(std::move(waited));
                break;
            }
            case action_kind::token: {
                if (is_cancelled()) {
                    resume(result<bearer_token>(failure(errc::cancelled, "The call was cancelled before its token source was asked.")));
                    break;
                }
                token_wait waiting(executor);
                waiting.timer.expires_after(next.delay);
                waiting.ask(next.source);
                auto token = waiting.take();
                // A source may cancel the call that asks it.
                if (!token && !is_cancelled()) {
                    co_await waiting.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>(), ended));
                    token = waiting.take();
                }
                if (token) resume(*std::move(token));
                else if (ended || is_cancelled()) resume(result<bearer_token>(failure(errc::cancelled, "The call was cancelled while its token source was getting a token.")));
                else resume(result<bearer_token>(failure(errc::deadline_exceeded, "The token source gave no token before the deadline; allow more time.")));
                break;
            }
            case action_kind::unlock:
                held_.remove_if([this](asio_write_queue::place const& one) { return one.subject() == next.subject; });
                resume();
                break;
            case action_kind::send:
                if constexpr (!is_in_place) resume(co_await send_over(transport_, std::move(next.request)));
                break;
            case action_kind::done: break;
        }
    }

    std::conditional_t<is_in_place, step, action> next;

private:
    [[nodiscard]] std::chrono::nanoseconds now() const { return clock::now_of(transport_); }

    Transport& transport_;
    Steps& machine_;
    asio_write_queue& queue_;
    std::list<asio_write_queue::place> held_;
};

}  // namespace detail

/// A transport whose `send` is a coroutine of Boost.Asio.
/// Lifetime: the transport outlives what `run` gives.
/// Cancellation: while a call runs, cancelling the awaiting coroutine does not throw; the transport answers with a
/// failure, and what the coroutine had set for `throw_if_cancelled` holds again afterwards.
template <class Executor>
struct io_traits<boost::asio::awaitable<result<http_response>, Executor>> {
    static constexpr bool is_awaited = true;

    using write_queue = asio_write_queue;

    // g++ 12 sees that Asio's operator new of a coroutine takes aligned_alloc's memory, and not that its operator delete knows.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
    template <class Transport, class Machine>
    [[gnu::noinline]] static boost::asio::awaitable<typename Machine::result_type, Executor> run(Transport& transport, Machine machine, write_queue& queue) {
        constexpr bool is_in_place = detail::goes_in_place<Transport, Machine, Executor>;
        detail::asio_driver<Transport, detail::steps_of<Machine>, is_in_place, Executor> work(transport, machine, queue);
        if (work.is_within_step()) co_return typename Machine::result_type(detail::nested_call());
        bool const throws_if_cancelled = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        std::exception_ptr thrown;
        try {
            for (work.start(); work.next.what != action_kind::done;) {
                if constexpr (is_in_place) {
                    if (work.next.what == action_kind::send) {
                        Executor executor = co_await boost::asio::this_coro::executor;
                        boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
                        auto sending = work.send(std::move(executor), std::move(state));
                        if (!sending->is_over()) co_await sending->until_over();
                        else co_await detail::wait_if_cancelled<Executor>();
                        work.resume_in_place(sending->take());
                        if (work.next.what != action_kind::done) continue;
                        // The machine reads the answer where it is.
                        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
                        co_return work.take(machine);
                    }
                }
                co_await work.carry_out();
            }
        } catch (...) {
            thrown = std::current_exception();
        }
        co_await detail::wait_if_cancelled<Executor>();
        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
        if (thrown) std::rethrow_exception(thrown);
        co_return work.take(machine);
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
};

UMBRACO_AI_END_NAMESPACE

#endif

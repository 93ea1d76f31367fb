// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_AWAITABLE_HPP
#define UMBRACO_AI_ASIO_AWAITABLE_HPP

#include <umbraco_ai/asio/token_source.hpp>
#include <umbraco_ai/asio/write_queue.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <map>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// A transport whose `send` is a coroutine of Boost.Asio.
/// Lifetime: the transport outlives what `run` gives.
/// Cancellation: while a call runs, cancelling the awaiting coroutine does not throw; the transport answers with a
/// failure, and what the coroutine had set for `throw_if_cancelled` holds again afterwards.
template <class Executor>
struct io_traits<boost::asio::awaitable<result<http_response>, Executor>> {
    static constexpr bool is_awaited = true;

    using write_queue = asio_write_queue;

    template <class Transport, class Machine>
    [[gnu::noinline]] static boost::asio::awaitable<typename Machine::result_type, Executor> run(Transport& transport, Machine machine, write_queue& queue) {
        using clock = io_traits<result<http_response>>;
        if (queue.is_within_step())
            co_return typename Machine::result_type(failure(errc::client_busy, "This client is in a step of another call, such as a change; begin this call after it."));
        bool const throws_if_cancelled = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto const now = [&transport] { return clock::now_of(transport); };
        // The calls of a client share its token and its budget.
        auto const guarded = [&queue](auto&& step) { return queue.guarded(step); };
        std::exception_ptr thrown;
        std::map<guid, asio_write_queue::ticket> held;
        try {
            action next = guarded([&] { return machine.start(now()); });
            while (next.what != action_kind::done) {
                if (next.what == action_kind::wait) {
                    if constexpr (requires { transport.wait(next.delay); }) co_await transport.wait(next.delay);
                    next = guarded([&] { return machine.resume(now()); });
                } else if (next.what == action_kind::lock) {
                    auto ticket = co_await queue.template acquire<Executor>(next.subject, next.delay);
                    result<bool> waited = false;
                    if (ticket) waited = ticket->waited();
                    else waited = std::move(ticket).error();
                    if (ticket) held[next.subject] = *std::move(ticket);
                    next = guarded([&] { return machine.resume(std::move(waited), now()); });
                } else if (next.what == action_kind::token) {
                    result<bearer_token> token = co_await detail::receive_token<Executor>(std::move(next.source), next.delay);
                    next = guarded([&] { return machine.resume(std::move(token), now()); });
                } else if (next.what == action_kind::unlock) {
                    held.erase(next.subject);
                    next = guarded([&] { return machine.resume(now()); });
                } else {
                    result<http_response> answer = co_await send_over(transport, std::move(next.request));
                    next = guarded([&] { return machine.resume(std::move(answer), now()); });
                }
            }
        } catch (...) {
            thrown = std::current_exception();
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
        if (thrown) std::rethrow_exception(thrown);
        co_return guarded([&] { return machine.take(); });
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

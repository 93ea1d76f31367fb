// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_AWAITABLES_FUTURE_HPP
#define UMBRACO_AI_EXAMPLES_AWAITABLES_FUTURE_HPP

#include <umbraco_ai/client.hpp>

#include <future>
#include <mutex>
#include <utility>

/// A transport whose `send` gives `std::future<result<http_response>>` makes clients whose calls give `std::future<result<…>>`.
/// Each call has a thread, and the calls of one client take turns, so every lock is free; a `change` must not call its client.
template <>
struct umbraco_ai::io_traits<std::future<umbraco_ai::result<umbraco_ai::http_response>>> {
    static constexpr bool is_awaited = true;
    using write_queue = std::mutex;

    template <class Transport, class Machine>
    static std::future<typename Machine::result_type> run(Transport& transport, Machine call, write_queue& turns) {
        return std::async(std::launch::async, [&transport, &turns, machine = std::move(call)]() mutable {
            std::lock_guard const my_turn(turns);
            auto const now = [&transport] { return io_traits<result<http_response>>::now_of(transport); };
            action next = machine.start(now());
            while (next.what != action_kind::done) {
                if (next.what == action_kind::send) next = machine.resume(send_over(transport, std::move(next.request)).get(), now());
                else if (next.what == action_kind::lock) next = machine.resume(result<bool>(false), now());
                else if (next.what == action_kind::token) next = machine.resume(io_traits<result<http_response>>::token_of(next.source), now());
                else next = machine.resume(now());
            }
            return machine.take();
        });
    }
};

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_AWAITABLES_CALLBACK_HPP
#define UMBRACO_AI_EXAMPLES_AWAITABLES_CALLBACK_HPP

#include <umbraco_ai/client.hpp>

#include <functional>
#include <memory>
#include <utility>

/// Work that begins when it is given a callback, which gets the value: what a library of callbacks has in place of a coroutine.
template <class T>
class later {
public:
    explicit later(std::function<void(std::function<void(T)>)> begin) : begin_(std::move(begin)) {}
    void then(std::function<void(T)> use) const { begin_(std::move(use)); }

private:
    std::function<void(std::function<void(T)>)> begin_;
};

/// A transport whose `send` gives `later<result<http_response>>` makes clients whose calls give `later<result<…>>`. It has no
/// `wait`, so no machine asks for a pause, and no write queue, so none asks for a lock: every step is a request, or asks for a
/// token of the user's source.
template <>
struct umbraco_ai::io_traits<later<umbraco_ai::result<umbraco_ai::http_response>>> {
    static constexpr bool is_awaited = true;

    template <class Transport, class Machine>
    static later<typename Machine::result_type> run(Transport& transport, Machine machine) {
        auto const kept = std::make_shared<Machine>(std::move(machine));
        return later<typename Machine::result_type>([&transport, kept](auto use) { go_on(transport, kept, kept->start(now_of(transport)), std::move(use)); });
    }

private:
    template <class Transport, class Machine, class Use>
    static void go_on(Transport& transport, std::shared_ptr<Machine> machine, action next, Use use) {
        while (next.what == action_kind::token) next = machine->resume(io_traits<result<http_response>>::token_of(next.source), now_of(transport));
        if (next.what == action_kind::done) return use(machine->take());
        send_over(transport, std::move(next.request)).then([&transport, machine, use](result<http_response> answer) {
            go_on(transport, machine, machine->resume(std::move(answer), now_of(transport)), use);
        });
    }

    template <class Transport>
    static auto now_of(Transport& transport) {
        return io_traits<result<http_response>>::now_of(transport);
    }
};

#endif

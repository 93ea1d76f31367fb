// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_AWAITABLES_TASK_HPP
#define UMBRACO_AI_EXAMPLES_AWAITABLES_TASK_HPP

#include <umbraco_ai/client.hpp>

#include <coroutine>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

/// What a user's own coroutine library may look like: a task that begins when it is awaited, and an event loop for what waits.
template <class T>
class task {
public:
    class promise_type {
    public:
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct back_to_caller {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept { return self.promise().caller; }
                void await_resume() noexcept {}
            };
            return back_to_caller();
        }
        void return_value(T given) { value = std::move(given); }
        void unhandled_exception() { std::terminate(); }

        std::optional<T> value;
        std::coroutine_handle<> caller = std::noop_coroutine();
    };

    task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    ~task() {
        if (coroutine_) coroutine_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        coroutine_.promise().caller = caller;
        return coroutine_;
    }
    T await_resume() { return *std::move(coroutine_.promise().value); }

    /// For who is no coroutine: begins, and afterwards has the value.
    void begin() { coroutine_.resume(); }
    [[nodiscard]] std::optional<T> const& value() const { return coroutine_.promise().value; }

private:
    explicit task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

class event_loop {
public:
    /// Awaited, it lets all others go first.
    auto turn() {
        struct back_of_the_line {
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiting) { loop->waiting_.push_back(waiting); }
            void await_resume() noexcept {}
            event_loop* loop;
        };
        return back_of_the_line{this};
    }
    void run() {
        while (!waiting_.empty()) {
            auto const next = waiting_.front();
            waiting_.pop_front();
            next.resume();
        }
    }

private:
    std::deque<std::coroutine_handle<>> waiting_;
};

/// A transport whose `send` gives `task<result<http_response>>` makes clients whose calls give `task<result<…>>`. It has no
/// `wait`, so no machine asks for a pause, and no write queue, so none asks for a lock: every step is a request, or asks for a
/// token of the user's source.
template <>
struct umbraco_ai::io_traits<task<umbraco_ai::result<umbraco_ai::http_response>>> {
    static constexpr bool is_awaited = true;

    template <class Transport, class Machine>
    static task<typename Machine::result_type> run(Transport& transport, Machine machine) {
        auto const now = [&transport] { return io_traits<result<http_response>>::now_of(transport); };
        action next = machine.start(now());
        while (next.what != action_kind::done) {
            if (next.what == action_kind::token) {
                next = machine.resume(io_traits<result<http_response>>::token_of(next.source), now());
                continue;
            }
            result<http_response> answer = co_await send_over(transport, std::move(next.request));
            next = machine.resume(std::move(answer), now());
        }
        co_return machine.take();
    }
};

#endif

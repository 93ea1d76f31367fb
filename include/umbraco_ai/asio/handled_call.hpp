// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_HANDLED_CALL_HPP
#define UMBRACO_AI_ASIO_HANDLED_CALL_HPP

#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/asio/call_stop.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// A call that completes by a handler, carried out without a coroutine: that of a call which is awaited has the same steps in
/// its frame. What few calls do, such as to wait for a turn or for a token, is a coroutine for as long as it takes.
/// Whatever the call waits for owns it, and is owned by the context.
template <class Transport, class Steps, bool is_in_place>
class handled_call {
    using executor = boost::asio::any_io_executor;

public:
    handled_call(handled_call const&) = delete;
    handled_call& operator=(handled_call const&) = delete;

    /// Begins in a later turn of the loop.
    static void start(std::shared_ptr<handled_call> self) {
        executor const strand = self->strand_;
        boost::asio::post(strand, [kept = std::move(self)]() mutable {
            if (kept->work_.is_within_step()) complete(std::move(kept), outcome::busy);
            else go_on(std::move(kept), true);
        });
    }

protected:
    enum class outcome : std::uint8_t { done, busy, threw };

    /// strand  counts as work of its context; all steps are taken on it
    /// stop    null: nobody cancels
    handled_call(Transport& transport, Steps& machine, asio_write_queue& queue, executor&& strand, std::shared_ptr<call_stop> stop)
        : strand_(std::move(strand)), stop_(std::move(stop)), work_(transport, machine, queue) {}
    ~handled_call() = default;

    using driver = asio_driver<Transport, Steps, is_in_place, executor>;
    [[nodiscard]] driver& work() noexcept { return work_; }

private:
    /// The handler of what the call waits for.
    class waking {
    public:
        using cancellation_slot_type = boost::asio::cancellation_slot;

        explicit waking(std::shared_ptr<handled_call> sleeping) noexcept : call_(std::move(sleeping)) {}
        [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return call_->cancellation().slot(); }

        void operator()() { go_on(std::move(call_)); }
        void operator()(std::exception_ptr thrown) {
            if (thrown) complete(std::move(call_), outcome::threw);
            else go_on(std::move(call_));
        }

    private:
        std::shared_ptr<handled_call> call_;
    };

    static void go_on(std::shared_ptr<handled_call> self, bool is_first = false) {
        try {
            if (is_first) self->work_.start();
            if (goes_on(self)) complete(std::move(self), outcome::done);
        } catch (...) {
            // What the call was given to has not taken it, for want of memory.
            if (!self) throw;
            complete(std::move(self), outcome::threw);
        }
    }

    /// Whether the call is done; otherwise it waits.
    [[nodiscard]] static bool goes_on(std::shared_ptr<handled_call>& self) {
        driver& work = self->work_;
        while (work.next.what != action_kind::done) {
            if constexpr (is_in_place) {
                if (work.next.what == action_kind::send) {
                    auto& sending = self->sending_;
                    if (!sending) sending.emplace(work.send(executor(self->strand_), self->cancellation()));
                    if (!(*sending)->is_over()) {
                        (*sending)->until_over()(waking(self));
                        return false;
                    }
                    work.resume_in_place((*sending)->take());
                    // The machine reads the last answer where it is.
                    if (work.next.what != action_kind::done) sending.reset();
                    continue;
                }
            }
            apart(std::move(self), work.carry_out());
            return false;
        }
        return true;
    }

    /// The call may be over when this returns.
    static void apart(std::shared_ptr<handled_call> self, boost::asio::awaitable<void, executor> piece) {
        std::shared_ptr<call_stop> const stop = self->stop_;
        executor const strand = self->strand_;
        boost::asio::cancellation_slot const slot = self->cancellation().slot();
        boost::asio::co_spawn(strand, unthrown(std::move(piece), stop), boost::asio::bind_cancellation_slot(slot, waking(std::move(self))));
        // It may have been cancelled from within, before it waited.
        if (stop) stop->repeat();
    }

    [[nodiscard, gnu::noinline]] static boost::asio::awaitable<void, executor> unthrown(boost::asio::awaitable<void, executor> piece,
                                                                                          std::shared_ptr<call_stop> stop) {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        // A piece of a call that is over begins as cancelled, so that it sends nothing.
        if (stop) stop->repeat();
        co_await std::move(piece);
    }

    static void complete(std::shared_ptr<handled_call> self, outcome how) {
        auto& call = *self;
        call.complete_with(std::move(self), how);
    }

    /// Lets go of the call before its handler is called.
    virtual void complete_with(std::shared_ptr<handled_call>&& self, outcome how) = 0;

    [[nodiscard]] boost::asio::cancellation_state cancellation() const noexcept { return stop_ ? stop_->state() : boost::asio::cancellation_state(); }

    executor strand_;
    std::shared_ptr<call_stop> stop_;
    driver work_;
    [[no_unique_address]] sending_slot<Transport, executor, is_in_place> sending_;
};

template <class Machine>
class machine_holder {
protected:
    template <class... Args>
    explicit machine_holder(Args&&... args) : machine(std::forward<Args>(args)...) {}

    Machine machine;
};

template <class Transport, class Machine>
using handled_call_base = handled_call<Transport, steps_of<Machine>, goes_in_place<Transport, Machine, boost::asio::any_io_executor>>;

/// Keeps the context of a handler's executor at work; one without an executor runs where the call does.
template <class Handler>
class handler_work {
    using io_executor = boost::asio::any_io_executor;
    using executor_type = boost::asio::associated_executor_t<Handler, io_executor>;
    class nothing {
    public:
        nothing(Handler const&, io_executor const&) noexcept {}
    };
    class guard {
    public:
        guard(Handler const& handler, io_executor const& io) : held(boost::asio::get_associated_executor(handler, io)) {}
        boost::asio::executor_work_guard<executor_type> held;
    };
    // What is associated by default is what one asks for.
    static constexpr bool is_default = std::is_same_v<executor_type, io_executor> &&
                                       std::is_same_v<boost::asio::associated_executor_t<Handler, boost::asio::system_executor>, boost::asio::system_executor>;

public:
    handler_work(Handler const& handler, io_executor const& io) : guard_(handler, io) {}

    [[nodiscard]] executor_type executor([[maybe_unused]] io_executor const& io) const {
        if constexpr (is_default) return io;
        else return guard_.held.get_executor();
    }

private:
    [[no_unique_address]] std::conditional_t<is_default, nothing, guard> guard_;
};

/// With its machine and its handler, in memory from the handler's allocator.
template <class Transport, class Machine, class Handler>
class handled_call_of final : private machine_holder<Machine>, public handled_call_base<Transport, Machine> {
    using base = handled_call_base<Transport, Machine>;
    using typename base::outcome;
    using result_type = typename Machine::result_type;

public:
    template <class... Args>
    handled_call_of(Transport& transport, asio_write_queue& queue, boost::asio::any_io_executor&& strand, std::shared_ptr<call_stop> stop,
                    boost::asio::any_io_executor const& io, Handler&& handler, bool is_write, Args&&... args)
        : machine_holder<Machine>(std::forward<Args>(args)...),
          base(transport, machine_holder<Machine>::machine, queue, std::move(strand), std::move(stop)),
          guard_(handler, io),
          handler_(std::move(handler)),
          is_write_(is_write) {}

private:
    void complete_with(std::shared_ptr<base>&& self, outcome how) override {
        auto const memory = boost::asio::get_associated_allocator(handler_);
        auto const to = guard_.executor(this->work().get_executor());
        auto run = [guard = std::move(guard_), handler = std::move(handler_), answer = outcome_of(how)]() mutable {
            static_cast<void>(guard);
            if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
            std::move(handler)(std::move(answer));
        };
        self.reset();
        boost::asio::dispatch(to, boost::asio::bind_allocator(memory, std::move(run)));
    }

    [[nodiscard]] result_type outcome_of(outcome how) {
        if (how == outcome::busy) return nested_call();
        if (how == outcome::done) {
            try {
                return this->work().take(machine_holder<Machine>::machine);
            } catch (...) {
            }
        }
        failure reason(errc::invalid_argument, "A function of the caller's, such as a change, threw an exception, which ended the call.");
        reason.possibly_applied = is_write_;
        return reason;
    }

    [[no_unique_address]] handler_work<Handler> guard_;
    Handler handler_;
    bool is_write_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

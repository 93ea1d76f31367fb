// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_BLOCKING_HPP
#define UMBRACO_AI_BEAST_BLOCKING_HPP

#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/beast/transport.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// `beast_transport` for code that waits: the coroutine runs to its end on a private io_context, on the calling thread.
/// Errors, limits and resending: as for `beast_transport`. Another thread cancels a call by the check in `http_limits`,
/// which is asked every 50 ms.
/// Threading: one call at a time; a second one, from another thread or from within the cancel check, gets
/// `errc::client_busy` at once.
/// Lifetime: movable while no call runs. A moved-from transport may only be assigned to or destroyed.
class blocking_transport {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool tracks_writes = true;

    explicit blocking_transport(transport_options options = {}) : state_(std::make_unique<state>(std::move(options))) {}

    [[nodiscard]] result<http_response> send(http_request request) {
        busy_mark const mark(state_->is_busy);
        if (!mark.is_mine())
            return failure(errc::client_busy,
                           "This transport is in the middle of another call; wait for it, or use one transport per thread.");
        auto const end = std::make_shared<outcome>();
        state_->context.restart();
        boost::asio::co_spawn(state_->context, state_->transport.send(std::move(request)),
                              [end](std::exception_ptr error, result<http_response> given) {
                                  end->thrown = std::move(error);
                                  end->answer = std::move(given);
                                  end->is_over = true;
                              });
        // Not until there is nothing left to do: what was given up may end later, within the next call.
        while (!end->is_over && state_->context.run_one() != 0) continue;
        if (end->thrown) std::rethrow_exception(end->thrown);
        return std::move(end->answer);
    }

    /// The steady clock, since its epoch.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return state_->transport.now(); }

    /// Lets time pass on the calling thread.
    void wait(std::chrono::nanoseconds duration) {
        boost::system::error_code ignored;
        boost::asio::steady_timer timer(state_->context, duration);
        timer.wait(ignored);
    }

private:
    class outcome {
    public:
        outcome() = default;

        result<http_response> answer;
        std::exception_ptr thrown;
        bool is_over = false;
    };

    class state {
    public:
        explicit state(transport_options options) : transport(context, std::move(options)) {}

        boost::asio::io_context context;
        beast_transport transport;
        std::atomic<bool> is_busy = false;
    };

    class busy_mark {
    public:
        explicit busy_mark(std::atomic<bool>& flag) noexcept : flag_(flag), is_mine_(!flag.exchange(true)) {}
        busy_mark(busy_mark const&) = delete;
        busy_mark& operator=(busy_mark const&) = delete;
        ~busy_mark() {
            if (is_mine_) flag_ = false;
        }

        [[nodiscard]] bool is_mine() const noexcept { return is_mine_; }

    private:
        std::atomic<bool>& flag_;
        bool is_mine_;
    };

    std::unique_ptr<state> state_;
};

static_assert(Transport<blocking_transport>);

UMBRACO_AI_END_NAMESPACE

#endif

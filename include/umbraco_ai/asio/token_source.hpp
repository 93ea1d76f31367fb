// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_TOKEN_SOURCE_HPP
#define UMBRACO_AI_ASIO_TOKEN_SOURCE_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Where a source puts its token, from any thread, and the call that waits finds it.
class token_slot {
public:
    explicit token_slot(boost::asio::any_io_executor executor) : timer(std::move(executor)) {}

    void put(result<bearer_token> token) {
        std::lock_guard const locked(guard_);
        if (!token_) token_ = std::move(token);
    }
    [[nodiscard]] std::optional<result<bearer_token>> take() {
        std::lock_guard const locked(guard_);
        return std::exchange(token_, std::nullopt);
    }

    boost::asio::steady_timer timer;  ///< Touched on its own executor only.

private:
    std::mutex guard_;
    std::optional<result<bearer_token>> token_;
};

/// Waits for the token of a source, for at most `at_most`. For coroutines that do not throw when cancelled.
/// Errors: those of the source; `deadline_exceeded`; `cancelled`.
template <class Executor>
[[nodiscard, gnu::noinline]] boost::asio::awaitable<result<bearer_token>, Executor> receive_token(token_source source, std::chrono::nanoseconds at_most) {
    auto const state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none)
        co_return failure(errc::cancelled, "The call was cancelled before its token source was asked.");
    auto const slot = std::make_shared<token_slot>(boost::asio::any_io_executor(co_await boost::asio::this_coro::executor));
    slot->timer.expires_after(at_most);
    // The receiver may outlive the call and its context, whose timer the slot holds.
    source([weak = std::weak_ptr<token_slot>(slot)](result<bearer_token> token) {
        auto const awaited = weak.lock();
        if (!awaited) return;
        awaited->put(std::move(token));
        boost::asio::post(awaited->timer.get_executor(), [weak] {
            if (auto const awake = weak.lock()) awake->timer.cancel();
        });
    });
    if (auto token = slot->take()) co_return *std::move(token);
    boost::system::error_code ended;
    co_await slot->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>(), ended));
    if (auto token = slot->take()) co_return *std::move(token);
    if (ended) co_return failure(errc::cancelled, "The call was cancelled while its token source was getting a token.");
    co_return failure(errc::deadline_exceeded, "The token source gave no token before the deadline; allow more time.");
}

}  // namespace detail

/// A token source from a coroutine: `get_token` gives an `awaitable<result<bearer_token>>`. It runs on `executor`, to its end
/// even where the call that asked has given up; an exception of it becomes a failure.
template <class F>
[[nodiscard]] token_source awaitable_token_source(boost::asio::any_io_executor executor, F get_token) {
    return token_source([executor = std::move(executor), get_token = std::move(get_token)](token_source::receiver done) {
        boost::asio::co_spawn(executor, get_token, [done = std::move(done)](std::exception_ptr error, result<bearer_token> token) {
            if (error) token = failure(errc::not_signed_in, "The token source ended with an exception.");
            done(std::move(token));
        });
    });
}

UMBRACO_AI_END_NAMESPACE

#endif

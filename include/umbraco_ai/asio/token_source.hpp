// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_TOKEN_SOURCE_HPP
#define UMBRACO_AI_ASIO_TOKEN_SOURCE_HPP

#include <umbraco_ai/asio/post_step.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Where a source puts its token, from any thread, and the call that waits finds it; the call's timer is cancelled then.
class token_slot : public std::enable_shared_from_this<token_slot> {
public:
    /// Both are the call's, and out of reach once it has closed the slot.
    token_slot(boost::asio::any_io_executor executor, boost::asio::steady_timer& timer) : executor_(std::move(executor)), timer_(&timer) {}

    /// The receiver may outlive the call and its context.
    void ask(token_source const& source) {
        source([weak = weak_from_this()](result<bearer_token> token) {
            if (auto const slot = weak.lock()) slot->put(std::move(token));
        });
    }

    [[nodiscard]] std::optional<result<bearer_token>> take() {
        std::lock_guard const locked(guard_);
        return std::exchange(token_, std::nullopt);
    }

    /// On the call's executor.
    void close() noexcept {
        std::lock_guard const locked(guard_);
        executor_ = boost::asio::any_io_executor();
        timer_ = nullptr;
    }

private:
    // Called from any thread: `close` waits for the lock, so the context is alive while this posts to it.
    void put(result<bearer_token> token) {
        std::lock_guard const locked(guard_);
        if (timer_ == nullptr) return;
        if (!token_) token_ = std::move(token);
        post_step<&token_slot::wake>(executor_, weak_from_this());
    }

    // On the call's executor, where alone the pointer changes.
    void wake() {
        if (timer_ != nullptr) timer_->cancel();
    }

    std::mutex guard_;
    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer* timer_;
    std::optional<result<bearer_token>> token_;
};

/// A call's wait for a token, on the call's executor. Once it has ended, no receiver reaches that executor.
class token_wait {
public:
    explicit token_wait(boost::asio::any_io_executor const& executor) : timer(executor), slot_(std::make_shared<token_slot>(executor, timer)) {}
    token_wait(token_wait const&) = delete;
    token_wait& operator=(token_wait const&) = delete;
    ~token_wait() { slot_->close(); }

    void ask(token_source const& source) { slot_->ask(source); }
    [[nodiscard]] std::optional<result<bearer_token>> take() { return slot_->take(); }

    boost::asio::steady_timer timer;

private:
    std::shared_ptr<token_slot> slot_;
};

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

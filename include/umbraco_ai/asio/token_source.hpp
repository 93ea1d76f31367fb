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

/// Where a source puts its token, from any thread, and the call that waits finds it; its timer is cancelled then.
class token_slot : public std::enable_shared_from_this<token_slot> {
public:
    explicit token_slot(boost::asio::any_io_executor executor) : timer(std::move(executor)) {}

    /// The receiver may outlive the call and its context, whose timer the slot holds.
    void ask(token_source const& source) {
        source([weak = weak_from_this()](result<bearer_token> token) {
            auto const awaited = weak.lock();
            if (!awaited) return;
            awaited->put(std::move(token));
            post_step<&token_slot::wake>(awaited->timer.get_executor(), weak);
        });
    }

    [[nodiscard]] std::optional<result<bearer_token>> take() {
        std::lock_guard const locked(guard_);
        return std::exchange(token_, std::nullopt);
    }

    boost::asio::steady_timer timer;  ///< Touched on its own executor only.

private:
    void wake() { timer.cancel(); }
    void put(result<bearer_token> token) {
        std::lock_guard const locked(guard_);
        if (!token_) token_ = std::move(token);
    }

    std::mutex guard_;
    std::optional<result<bearer_token>> token_;
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

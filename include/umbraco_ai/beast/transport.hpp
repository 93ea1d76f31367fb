// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_TRANSPORT_HPP
#define UMBRACO_AI_BEAST_TRANSPORT_HPP

#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/beast/detail/connection_pool.hpp>
#include <umbraco_ai/beast/detail/http_exchange.hpp>
#include <umbraco_ai/beast/detail/sending.hpp>
#include <umbraco_ai/beast/detail/transport_shared.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// HTTP/1.1 over TCP and TLS as coroutines of Boost.Asio, with buffers of Boost.Beast and OpenSSL. Answers are read by the
/// codec in `http1/`, which a test compares with Beast's parser.
///
/// Trust: TLS 1.2 or newer; the certificate is verified, always; see `tls_options`.
/// Connections: kept and used again, the most recent first; at most `transport_options::most_connections` to one origin in
/// use at once, and calls beyond wait their turn. An idle one that was closed, or has something to say, is not used; a GET
/// that begins within 100 µs of the answer before, of which nothing was left over, does not look once more. A host with several
/// addresses is tried at all of them, IPv6 and IPv4 by turns, and the first that answers is taken.
/// Answers: any status is a response; interim responses are skipped. Redirects are not followed.
/// Errors: usage (`invalid_argument`, of the request or of `tls_options`), `resolve_failed`, `connect_failed`, `tls_failed`,
/// `certificate_rejected`, `connection_closed`, `malformed_response`, `header_too_large`, `body_too_large`,
/// `too_many_interim_responses`, `protocol_switched`, `transport_failed`, `deadline_exceeded`, `cancelled`. Where a PUT, POST
/// or DELETE fails after a byte of it may have left, `failure::possibly_applied` is set.
/// Resending: only when a kept connection turns out closed before a byte of the answer, once, on a new connection, and
/// only a GET or a request of which nothing was written. All other policy belongs above.
/// Limits: all of `http_limits` are honoured. `time` covers everything from the wait for a connection to the last byte; the
/// cancel check is asked between steps and every 50 ms.
/// Cancellation: any cancellation type that the awaiting coroutine lets through ends the call with `errc::cancelled`, within
/// a turn of the loop; `send` does not throw for it. As always in Asio, the coroutine stays cancelled until it resets its state.
/// Threading: a call runs on the executor of the coroutine that awaits it, which must be a strand where several threads run
/// the context. Calls on different strands, and several at once on one, are fine.
/// Loop: all calls share one timer, so a context has nothing more to do some 20 ms after the last call, or up to 160 ms after
/// many of them, not at once. Calls that have written in one turn of the loop go on in one of the next, eight at a time: all of these
/// read, then their handlers run, and then each GET is written that the handlers have begun, so a handler that takes its time
/// holds up what others of the eight have begun before it. A handler may run the loop itself until a call that it begins is over, not until
/// another of the same turn is. Where several of their handlers throw on the executor of an `io_context`, `run` throws
/// `multiple_exceptions`, and `stop` comes after them.
/// Such a turn takes 32 KB of the stack of the thread that runs the context.
/// Lifetime: calls in flight keep what they need, so the transport may be moved or destroyed under them; so may the context
/// be destroyed. A moved-from transport may only be assigned to or destroyed. One that was given a strand, in place of a context
/// or its executor, ends before the context.
class beast_transport {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool concurrent = true;
    static constexpr bool tracks_writes = true;

    /// Sockets and timers belong to this executor's context.
    explicit beast_transport(boost::asio::any_io_executor executor, transport_options options = {})
        : executor_(std::move(executor)), shared_(share(executor_, std::move(options))) {}
    explicit beast_transport(boost::asio::io_context& context, transport_options options = {})
        : beast_transport(boost::asio::any_io_executor(context.get_executor()), std::move(options)) {}

    beast_transport(beast_transport&&) noexcept = default;
    beast_transport& operator=(beast_transport&&) noexcept = default;
    beast_transport(beast_transport const&) = delete;
    beast_transport& operator=(beast_transport const&) = delete;
    ~beast_transport() = default;

    /// Sends one request and gives its one answer. See the class for errors, cancellation and lifetime.
    [[nodiscard]] boost::asio::awaitable<result<http_response>> send(http_request request) { return exchange(shared_, std::move(request)); }

    /// The same for who carries it out as `http_exchange` describes; the request stays there. It has its body back when the answer is
    /// there, and meanwhile it is neither changed nor looked at.
    [[nodiscard]] detail::sending sending(http_request& request, boost::asio::any_io_executor executor, boost::asio::cancellation_state state) {
        return detail::sending(std::make_shared<detail::http_exchange>(shared_, std::move(executor), std::move(state), request));
    }

    /// The steady clock, since its epoch.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
    }

    /// Lets time pass; ends early, without an exception, when the coroutine is cancelled.
    [[nodiscard]] boost::asio::awaitable<void> wait(std::chrono::nanoseconds duration) { return sleep(executor_, duration); }

    [[nodiscard]] boost::asio::any_io_executor const& get_executor() const noexcept { return executor_; }

private:
    [[nodiscard]] static boost::asio::execution_context& context_of(boost::asio::any_io_executor const& executor) {
        return boost::asio::query(executor, boost::asio::execution::context);
    }

    [[nodiscard]] static std::shared_ptr<detail::transport_shared const> share(boost::asio::any_io_executor const& executor,
                                                                               transport_options options) {
        auto& service = boost::asio::use_service<detail::pool_service>(context_of(executor));
        auto pool = service.make_pool(executor, options.most_connections, options.idle_time);
        return std::make_shared<detail::transport_shared const>(executor, std::move(pool), std::move(options));
    }

    [[nodiscard, gnu::noinline]] static boost::asio::awaitable<result<http_response>> exchange(
        std::shared_ptr<detail::transport_shared const> shared, http_request request) {
        bool const throws_if_cancelled = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        result<http_response> answer;
        std::exception_ptr thrown;
        try {
            boost::asio::any_io_executor strand = co_await boost::asio::this_coro::executor;
            boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
            detail::sending work(std::make_shared<detail::http_exchange>(shared, std::move(strand), std::move(state), request));
            if (!work->is_over()) co_await work->until_over();
            else co_await detail::wait_if_cancelled<boost::asio::any_io_executor>();
            answer = std::move(work->take());
        } catch (...) {
            thrown = std::current_exception();
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
        if (thrown) std::rethrow_exception(thrown);
        co_return answer;
    }

    [[nodiscard, gnu::noinline]] static boost::asio::awaitable<void> sleep(boost::asio::any_io_executor io,
                                                                           std::chrono::nanoseconds duration) {
        if (duration <= duration.zero()) co_return;
        bool const throws_if_cancelled = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        auto const state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() == boost::asio::cancellation_type::none) {
            boost::system::error_code ignored;
            boost::asio::steady_timer timer(io, duration);
            co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<detail::transport_shared const> shared_;
};

static_assert(Transport<beast_transport>);

UMBRACO_AI_END_NAMESPACE

#endif

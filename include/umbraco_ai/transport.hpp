// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TRANSPORT_HPP
#define UMBRACO_AI_TRANSPORT_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Teaches the library a kind of result that a transport's `send` may give: how to go on after it. A specialisation has
///   static constexpr bool is_awaited    whether the work goes on after `run` returned
///   template <class Transport, class Machine> static … run(Transport&, Machine)
/// where `run` carries the actions of the machine out on the transport and gives `Machine::result_type`, in whatever the
/// kind of result wraps it (asio::awaitable, std::future, a task type of the user's). Where several calls of one client can
/// be under way at once, it also has
///   using write_queue = …              default-constructed once for each client
/// and `run` takes a reference to it as a third argument and carries out `action_kind::lock` with it; without it no machine
/// asks for a lock.
template <class T>
struct io_traits {};

/// A transport can let time pass, so that a request may be sent again after a pause.
template <class T>
concept CanWait = requires(T& transport, std::chrono::nanoseconds duration) { transport.wait(duration); };

/// A transport that gives its answer as a plain value: a lambda, libcurl's easy interface, a mock.
template <>
struct io_traits<result<http_response>> {
    static constexpr bool is_awaited = false;

    template <class Transport, class Machine>
    static typename Machine::result_type run(Transport& transport, Machine machine) {
        action next = machine.start(now_of(transport));
        while (next.what != action_kind::done) {
            if (next.what == action_kind::wait) {
                if constexpr (CanWait<Transport>) transport.wait(next.delay);
                next = machine.resume(now_of(transport));
            } else if (next.what == action_kind::token) {
                next = machine.resume(token_of(next.source), now_of(transport));
            } else {
                result<http_response> answer = transport.send(std::move(next.request));
                next = machine.resume(std::move(answer), now_of(transport));
            }
        }
        return machine.take();
    }

    /// Of a source that gives its token at once.
    static result<bearer_token> token_of(token_source const& source) {
        class slot {
        public:
            slot() = default;
            std::optional<result<bearer_token>> token;
        };
        auto const given = std::make_shared<slot>();
        source([given](result<bearer_token> token) { given->token = std::move(token); });
        if (given->token) return *std::move(given->token);
        return failure(errc::invalid_argument, "It gave no token before it returned, and this transport cannot wait for one.").at("token source");
    }

    /// The transport's clock, or zero for ever where it has none.
    template <class Transport>
    static std::chrono::nanoseconds now_of(Transport& transport) {
        if constexpr (requires { { transport.now() } -> std::convertible_to<std::chrono::nanoseconds>; }) return transport.now();
        else return std::chrono::nanoseconds(0);
    }
};

/// What `send` of a transport gives: `result<http_response>` itself or something that is awaited for it.
template <class T>
using send_result_t = decltype(std::declval<std::remove_reference_t<T>&>().send(std::declval<http_request>()));

/// A type has `send(http_request)`.
template <class T>
concept HasSend = requires { typename send_result_t<T>; };

/// `io_traits` knows what `send` gives.
template <class T>
concept SendIsKnown = HasSend<T> && requires { io_traits<send_result_t<T>>::is_awaited; };

/// Anything that carries one request to its origin and brings back one answer:
///
///     result<http_response> send(http_request);          // or something awaited that gives one
///     std::chrono::nanoseconds now();                    // optional: a steady clock, for one deadline over several requests
///     void wait(std::chrono::nanoseconds);               // optional, awaited where send is: for back-off
///     static constexpr bool tracks_writes = true;        // optional: sets failure::possibly_applied itself, exactly
///
/// One request gives one response or one failure. A status is a response. Redirects are not followed, nothing is sent
/// twice, no header is invented beyond Host, Content-Length and Connection, the limits in the request are honoured, and
/// a failure leaves the transport usable. Where a transport does not track writes, each failed write counts as possibly
/// applied, save where host or connection were not found.
template <class T>
concept Transport = SendIsKnown<T> && !std::is_aggregate_v<http_request>;

/// Whether a call on this transport goes on after it returned, so that the client must outlive it.
template <Transport T>
inline constexpr bool is_awaited = io_traits<send_result_t<T>>::is_awaited;

UMBRACO_AI_END_NAMESPACE

#endif

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

namespace detail {

template <class T>
concept HasSendMember = requires(T& transport, http_request request) { transport.send(std::move(request)); };

template <class T>
concept HasCallOperator = requires(T& transport, http_request request) { transport(std::move(request)); };

}  // namespace detail

/// A type takes an `http_request`: by a member `send`, or by being called.
template <class T>
concept HasSend = detail::HasSendMember<std::remove_reference_t<T>> || detail::HasCallOperator<std::remove_reference_t<T>>;

/// Sends by the member `send`, or where there is none by a call. What a specialisation of `io_traits` sends with.
template <HasSend T>
decltype(auto) send_over(T& transport, http_request&& request) {
    if constexpr (detail::HasSendMember<T>) return transport.send(std::move(request));
    else return transport(std::move(request));
}

/// What sending gives: `result<http_response>` itself or something that is awaited for it.
template <HasSend T>
using send_result_t = decltype(send_over(std::declval<std::remove_reference_t<T>&>(), std::declval<http_request>()));

/// Teaches the library a kind of result that a transport's `send` may give: how to go on after it. A specialisation has
///   static constexpr bool is_awaited    whether the work goes on after `run` returned
///   template <class Transport, class Machine> static … run(Transport&, Machine)
/// where `run` carries the actions of the machine out on the transport, by `send_over`, and gives `Machine::result_type`, in
/// whatever the kind of result wraps it (asio::awaitable, std::future, a task type of the user's). Where several calls of one
/// client can be under way at once, it also has
///   using write_queue = …              default-constructed once for each client
/// and `run` takes a reference to it as a third argument and carries out `action_kind::lock` with it; without it no machine
/// asks for a lock.
template <class T>
struct io_traits {};

/// A transport can let time pass, so that a request may be sent again after a pause.
template <class T>
concept CanWait = requires(T& transport, std::chrono::nanoseconds duration) { transport.wait(duration); };

/// A transport has a steady clock.
template <class T>
concept HasClock = requires(T& transport) {
    { transport.now() } -> std::convertible_to<std::chrono::nanoseconds>;
};

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
                result<http_response> answer = send_over(transport, std::move(next.request));
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
        if constexpr (HasClock<Transport>) return transport.now();
        else return std::chrono::nanoseconds(0);
    }
};

/// `io_traits` knows what sending gives.
template <class T>
concept SendIsKnown = HasSend<T> && requires { io_traits<send_result_t<T>>::is_awaited; };

namespace detail {

// A public member of an optional name that does not fit would be passed over in silence, so it is an error.
template <class T>
concept WaitFits = !requires { &T::wait; } || CanWait<T>;
template <class T>
concept NowFits = !requires { &T::now; } || HasClock<T>;
template <class T>
concept DeclarationsFit = (!requires { T::tracks_writes; } || requires { std::bool_constant<T::tracks_writes>(); }) &&
                          (!requires { T::timed; } || requires { std::bool_constant<T::timed>(); }) &&
                          (!requires { T::cancellable; } || requires { std::bool_constant<T::cancellable>(); }) &&
                          (!requires { T::concurrent; } || requires { std::bool_constant<T::concurrent>(); });

}  // namespace detail

/// Anything that carries one request to its origin and brings back one answer: a function, a lambda, or an object with
///
///     result<http_response> send(http_request);          // or something awaited that gives one
///     std::chrono::nanoseconds now();                    // optional: a steady clock, for one deadline over several requests
///     void wait(std::chrono::nanoseconds);               // optional, awaited where send is: for back-off
///
/// One request gives one response or one failure. A status is a response. Redirects are not followed, nothing is sent
/// twice, no header is invented beyond Host, Content-Length and Connection, the limits in the request are honoured, and
/// a failure leaves the transport usable. A GET may be sent again, once, where a kept connection closes without a byte of
/// the answer. What else it can do it declares, each optional and false where it is not there:
///
///     static constexpr bool timed = true;          // ends within limits.time
///     static constexpr bool cancellable = true;    // asks limits.cancelled while it waits
///     static constexpr bool concurrent = true;     // carries several calls at once
///     static constexpr bool tracks_writes = true;  // sets failure::possibly_applied itself, exactly
///
/// Where a transport does not track writes, each failed write counts as possibly applied, save where host or connection
/// were not found. `testing/conformance.hpp` tells of a transport whether all this is so.
template <class T>
concept Transport = SendIsKnown<T> && detail::WaitFits<std::remove_reference_t<T>> && detail::NowFits<std::remove_reference_t<T>> &&
                    detail::DeclarationsFit<std::remove_reference_t<T>>;

/// Whether a call on this transport goes on after it returned, so that the client must outlive it.
template <Transport T>
inline constexpr bool is_awaited = io_traits<send_result_t<T>>::is_awaited;

/// What a transport declares; false where it says nothing.
template <class T>
inline constexpr bool tracks_writes = false;
template <class T>
    requires requires { std::bool_constant<T::tracks_writes>(); }
inline constexpr bool tracks_writes<T> = T::tracks_writes;

template <class T>
inline constexpr bool is_timed = false;
template <class T>
    requires requires { std::bool_constant<T::timed>(); }
inline constexpr bool is_timed<T> = T::timed;

template <class T>
inline constexpr bool is_cancellable = false;
template <class T>
    requires requires { std::bool_constant<T::cancellable>(); }
inline constexpr bool is_cancellable<T> = T::cancellable;

template <class T>
inline constexpr bool is_concurrent = false;
template <class T>
    requires requires { std::bool_constant<T::concurrent>(); }
inline constexpr bool is_concurrent<T> = T::concurrent;

namespace detail {

struct has_a_send {
    int send;
};
template <class T>
struct with_a_send : T, has_a_send {};

/// A member of the name is there, whatever it is and whoever may use it: two of them are ambiguous.
template <class T>
concept NamesSend = std::is_class_v<T> && !std::is_final_v<T> && !requires { &with_a_send<std::remove_const_t<T>>::send; };

template <class T>
concept SendTakesLvalue = requires(T& transport, http_request& request) { transport.send(request); } ||
                          requires(T& transport, http_request& request) { transport(request); };

template <class T>
struct type_of_send {
    using type = void;
};
template <HasSend T>
struct type_of_send<T> {
    using type = send_result_t<T>;
};

/// Says in one sentence why a type is no transport.
template <class T>
struct transport_explained {
    using type = T;

    static constexpr bool sends = HasSend<T>;
    static constexpr bool is_const = !sends && HasSend<std::remove_const_t<T>>;
    static constexpr bool takes_lvalue = !sends && !is_const && SendTakesLvalue<T>;
    static constexpr bool is_named = !sends && !is_const && !takes_lvalue && NamesSend<T>;
    static constexpr bool is_usable = is_named && requires { &T::send; };
    using sent = typename type_of_send<T>::type;
    static constexpr bool is_bare = sends && std::is_same_v<std::remove_cvref_t<sent>, http_response>;
    static constexpr bool is_nothing = sends && std::is_void_v<sent>;
    static constexpr bool is_reference = sends && std::is_reference_v<sent> && !is_bare;

    static_assert(sends || is_const || takes_lvalue || is_named,
                  "umbraco_ai: no transport: it has no member send, and cannot be called with an http_request");
    static_assert(!is_const, "umbraco_ai: no transport: it is const here, and its send is not; give one that is not const, or make send const");
    static_assert(!takes_lvalue, "umbraco_ai: no transport: it takes http_request&; take http_request by value");
    static_assert(!is_named || is_usable, "umbraco_ai: no transport: its send is private, or no overload of it takes an http_request");
    static_assert(!is_usable, "umbraco_ai: no transport: its send does not take one http_request");
    static_assert(!is_nothing, "umbraco_ai: no transport: its send returns nothing; return result<http_response>");
    static_assert(!is_bare, "umbraco_ai: no transport: its send returns http_response, which cannot fail; return result<http_response>");
    static_assert(!is_reference, "umbraco_ai: no transport: its send returns a reference; return by value");
    static_assert(!sends || is_bare || is_nothing || is_reference || SendIsKnown<T>,
                  "umbraco_ai: no transport: its send returns neither result<http_response> nor anything that io_traits knows; for "
                  "asio::awaitable include umbraco_ai/asio/awaitable.hpp");
    static_assert(WaitFits<T>, "umbraco_ai: no transport: its wait does not take std::chrono::nanoseconds");
    static_assert(NowFits<T>, "umbraco_ai: no transport: its now() does not give std::chrono::nanoseconds");
    static_assert(DeclarationsFit<T>,
                  "umbraco_ai: no transport: timed, cancellable, concurrent and tracks_writes are declared as static constexpr bool");
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

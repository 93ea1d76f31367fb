// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_ASYNC_CALL_HPP
#define UMBRACO_AI_ASIO_ASYNC_CALL_HPP

#include <umbraco_ai/asio/call_stop.hpp>
#include <umbraco_ai/asio/handled_call.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/exchange.hpp>
#include <umbraco_ai/operations/call.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// A strand over an executor that counts as work of it, without a layer of type erasure over that of an `io_context`. A template,
/// since what it makes of Asio's takes long to compile, and a program that awaits all calls has no use for it.
template <std::same_as<boost::asio::any_io_executor> Executor>
[[nodiscard]] Executor strand_over(Executor const& io) {
    constexpr auto as_work = boost::asio::execution::outstanding_work.tracked;
    if (auto const* const context = io.template target<boost::asio::io_context::executor_type>())
        return boost::asio::make_strand(boost::asio::require(*context, as_work));
    return boost::asio::make_strand(boost::asio::prefer(io, as_work));
}

/// Whether an operation writes, or `unsaid` where it does not say so.
template <Operation O>
[[nodiscard]] constexpr bool writes_or(bool unsaid) noexcept {
    if constexpr (requires { O::writes; }) return O::writes;
    else return unsaid;
}

/// Which cancellations end a call: a read by any of the three; a write by all but `total`, which would promise that nothing
/// was written.
template <Operation O>
[[nodiscard]] constexpr boost::asio::cancellation_type ending() noexcept {
    using kind = boost::asio::cancellation_type;
    return writes_or<O>(false) ? kind::terminal | kind::partial : kind::all;
}

template <class Client, Operation O>
class initiate_call {
public:
    using executor_type = boost::asio::any_io_executor;
    using transport_type = std::remove_reference_t<decltype(std::declval<Client&>().transport())>;

    explicit initiate_call(Client& client) noexcept : client_(&client) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return client_->transport().get_executor(); }

    template <class Handler>
    void operator()(Handler&& given, O operation, call_options options) const {
        using handler_type = std::decay_t<Handler>;
        using call = handled_call_of<transport_type, exchange<O>, handler_type>;
        executor_type const io = get_executor();
        executor_type strand = strand_over(io);
        auto stop = call_stop::behind(boost::asio::get_associated_cancellation_slot(given), ending<O>(), strand);
        handler_type handler(std::forward<Handler>(given));
        auto const memory = boost::asio::get_associated_allocator(handler);
        call::start(std::allocate_shared<call>(memory, client_->transport(), client_parts::queue(*client_), std::move(strand), std::move(stop), io,
                                               std::move(handler), writes_or<O>(true), client_parts::context(*client_), std::move(options), std::in_place, std::move(operation)));
    }

private:
    Client* client_;
};

}  // namespace detail

/// Carries out an operation and completes with its result, `void(result<T>)`, by any completion token: a callback,
/// `use_future`, `deferred`, `use_awaitable`, each also within `as_tuple` and the `bind_` adapters. The handler may be
/// move-only. It runs once, on its associated executor, never from within this function, and its associated allocator holds
/// it meanwhile. Where the context is destroyed first, the handler is destroyed and not called, as everywhere in Asio.
/// Errors: as from the call itself; an exception of a function of the caller's, such as a `change`, becomes a usage failure.
/// Cancellation: by the handler's slot, with `terminal` and `partial`; a call that only reads also with `total`. It completes
/// with `errc::cancelled`, and `possibly_applied` says whether a write may have been carried out.
/// Lifetime: the client outlives the call. Threading: as for `beast_client`; the call has a strand of its own.
template <class T, Operation O, class CompletionToken>
auto async_run(client<T>& cms, O operation, call_options options, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(typename O::result_type)>(
        detail::initiate_call<client<T>, O>(cms), token, std::move(operation), std::move(options));
}

/// Calls one endpoint, of this library or of the user's; see `async_run`.
template <class T, Descriptor D, class CompletionToken>
auto async_call(client<T>& cms, D descriptor, call_options options, CompletionToken&& token) {
    return async_run(cms, call_operation<D>(std::move(descriptor)), std::move(options), std::forward<CompletionToken>(token));
}

namespace detail {

/// A client whose calls complete by a token.
template <class T, class Token>
class token_caller {
public:
    token_caller(client<T>& cms, Token token) : client_(&cms), token_(std::move(token)) {}
    token_caller(token_caller const&) = delete;
    token_caller& operator=(token_caller const&) = delete;

    template <Descriptor D>
    auto call(D descriptor, call_options options) {
        return run(call_operation<D>(std::move(descriptor)), std::move(options));
    }
    template <Operation O>
    auto run(O operation, call_options options) {
        if constexpr (std::copy_constructible<Token>) return async_run(*client_, std::move(operation), std::move(options), Token(token_));
        else return async_run(*client_, std::move(operation), std::move(options), std::move(token_));
    }

private:
    client<T>* client_;
    Token token_;
};

}  // namespace detail

/// The connection endpoints, each call of which completes by a token; see `async_run`. It need not outlive its calls. A token
/// that cannot be copied serves one call.
template <class T, class Token>
class async_connections_api : private detail::token_caller<T, Token>, public connections_api<detail::token_caller<T, Token>> {
    using caller = detail::token_caller<T, Token>;

public:
    async_connections_api(client<T>& cms, Token token, call_options options)
        : caller(cms, std::move(token)), connections_api<caller>(static_cast<caller&>(*this), std::move(options)) {}

    /// A cursor would outlive this object; `all` reads the whole list.
    void pages() = delete;
};

UMBRACO_AI_END_NAMESPACE

#endif

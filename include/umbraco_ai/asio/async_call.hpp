// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_ASYNC_CALL_HPP
#define UMBRACO_AI_ASIO_ASYNC_CALL_HPP

#include <umbraco_ai/asio/awaitable.hpp>
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
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

using own_strand = boost::asio::strand<boost::asio::any_io_executor>;

/// What cancels a call, on the strand of the call.
class call_stop {
public:
    explicit call_stop(own_strand strand) : strand_(std::move(strand)) {}

    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    static void request(std::shared_ptr<call_stop> self) {
        own_strand const strand = self->strand_;
        boost::asio::dispatch(strand, [kept = std::move(self)] { kept->signal_.emit(boost::asio::cancellation_type::terminal); });
    }

private:
    own_strand strand_;
    boost::asio::cancellation_signal signal_;
};

/// Which cancellations end a call: a read by any of the three; a write by all but `total`, which would promise that nothing
/// was written.
template <Operation O>
[[nodiscard]] constexpr bool ends_call(boost::asio::cancellation_type type) noexcept {
    using kind = boost::asio::cancellation_type;
    bool writes = false;
    if constexpr (requires { O::writes; }) writes = O::writes;
    return (type & (writes ? kind::terminal | kind::partial : kind::all)) != kind::none;
}

/// A handler that waits for its call, whatever its type, so that the coroutine of a call is compiled once for each result.
template <class Result>
class kept_handler {
public:
    kept_handler(kept_handler const&) = delete;
    kept_handler& operator=(kept_handler const&) = delete;

    /// Brings the result to the handler's executor, gives all memory back, and calls the handler. Ends this object.
    virtual void complete(Result answer) = 0;
    /// Ends this object without calling the handler.
    virtual void drop() noexcept = 0;

protected:
    kept_handler() = default;
    ~kept_handler() = default;
};

template <class Result, class Handler>
class kept_handler_of final : public kept_handler<Result> {
    using executor_type = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
    using allocator = typename std::allocator_traits<boost::asio::associated_allocator_t<Handler>>::template rebind_alloc<kept_handler_of>;
    using traits = std::allocator_traits<allocator>;

public:
    [[nodiscard]] static kept_handler_of* make(Handler&& handler, boost::asio::any_io_executor const& io) {
        allocator from(boost::asio::get_associated_allocator(handler));
        kept_handler_of* const place = traits::allocate(from, 1);
        return ::new (static_cast<void*>(place)) kept_handler_of(std::move(handler), io);
    }

    void complete(Result answer) override {
        allocator const from(boost::asio::get_associated_allocator(handler_));
        auto const executor = work_.get_executor();
        auto run = [work = std::move(work_), handler = std::move(handler_), result = std::move(answer)]() mutable {
            if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
            std::move(handler)(std::move(result));
        };
        give_back(from);
        boost::asio::dispatch(executor, boost::asio::bind_allocator(from, std::move(run)));
    }

    void drop() noexcept override { give_back(allocator(boost::asio::get_associated_allocator(handler_))); }

private:
    kept_handler_of(Handler&& handler, boost::asio::any_io_executor const& io)
        : work_(boost::asio::get_associated_executor(handler, io)), handler_(std::move(handler)) {}
    ~kept_handler_of() = default;

    void give_back(allocator from) noexcept {
        this->~kept_handler_of();
        traits::deallocate(from, this, 1);
    }

    boost::asio::executor_work_guard<executor_type> work_;
    Handler handler_;
};

/// The end of the coroutine of a call.
template <class Result>
class call_completion {
public:
    call_completion(kept_handler<Result>* kept, bool is_write) noexcept : kept_(kept), is_write_(is_write) {}

    void operator()(std::exception_ptr thrown, Result answer) {
        if (thrown) answer = stopped_by_exception();
        kept_.release()->complete(std::move(answer));
    }

private:
    class dropping {
    public:
        void operator()(kept_handler<Result>* kept) const noexcept { kept->drop(); }
    };

    [[nodiscard]] failure stopped_by_exception() const {
        failure reason(errc::invalid_argument, "A function of the caller's, such as a change, threw an exception, which ended the call.");
        reason.possibly_applied = is_write_;
        return reason;
    }

    std::unique_ptr<kept_handler<Result>, dropping> kept_;
    bool is_write_;
};

template <class Client, Operation O>
class initiate_call {
public:
    using executor_type = boost::asio::any_io_executor;

    explicit initiate_call(Client& client) noexcept : client_(&client) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return client_->transport().get_executor(); }

    template <class Handler>
    void operator()(Handler&& given, O operation, call_options options) const {
        using handler_type = std::decay_t<Handler>;
        using result_type = typename O::result_type;
        bool is_write = true;
        if constexpr (requires { O::writes; }) is_write = O::writes;
        executor_type const io = get_executor();
        own_strand strand(io);
        boost::asio::cancellation_slot stop_slot;
        if (auto slot = boost::asio::get_associated_cancellation_slot(given); slot.is_connected()) {
            auto stop = std::make_shared<call_stop>(strand);
            stop_slot = stop->slot();
            slot.assign([stop](boost::asio::cancellation_type type) {
                if (ends_call<O>(type)) call_stop::request(stop);
            });
        }
        boost::asio::co_spawn(
            boost::asio::any_io_executor(strand), client_->run(std::move(operation), std::move(options)),
            boost::asio::bind_cancellation_slot(
                stop_slot, call_completion<result_type>(kept_handler_of<result_type, handler_type>::make(handler_type(std::forward<Handler>(given)), io), is_write)));
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

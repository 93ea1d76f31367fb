// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_CLIENT_HPP
#define UMBRACO_AI_BEAST_CLIENT_HPP

#include <umbraco_ai/asio/async_call.hpp>
#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/beast/transport.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/endpoint.hpp>
#include <umbraco_ai/exchange.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// The client for coroutines: each call gives an `asio::awaitable<result<…>>`.
///
///     boost::asio::io_context io;
///     beast_client cms(io, "https://cms.example.com", bearer_token(token));
///     auto answer = co_await cms.connections().get("openai-prod");
///
/// A server with a certificate of its own: `beast_client cms(io, url, auth, {}, tls_options().trust_ca_file("ca.pem"))`.
/// Lifetime: it outlives its calls. Threading: calls may run on several threads, each on an executor that is a strand or
/// that one thread runs.
class beast_client : public client<beast_transport> {
public:
    beast_client(boost::asio::any_io_executor executor, std::string_view base_url_text, credentials auth = {}, client_options options = {},
                 transport_options network = {})
        : client(beast_transport(std::move(executor), std::move(network)), base_url_text, std::move(auth), options) {}

    beast_client(boost::asio::io_context& io, std::string_view base_url_text, credentials auth = {}, client_options options = {},
                 transport_options network = {})
        : beast_client(boost::asio::any_io_executor(io.get_executor()), base_url_text, std::move(auth), options, std::move(network)) {}

    /// Calls one endpoint and completes with `void(result<T>)` by any completion token; see `umbraco_ai::async_run`.
    ///
    ///     cms.async_call(connections::get("openai-prod"), [](result<connection> answer) { … });
    template <Descriptor D, class CompletionToken>
    auto async_call(D descriptor, CompletionToken&& token) & {
        return async_call(std::move(descriptor), call_options(), std::forward<CompletionToken>(token));
    }
    template <Descriptor D, class CompletionToken>
    auto async_call(D descriptor, call_options options, CompletionToken&& token) & {
        return umbraco_ai::async_call(base(), std::move(descriptor), std::move(options), std::forward<CompletionToken>(token));
    }

    /// The same for an operation over several requests.
    template <Operation O, class CompletionToken>
    auto async_run(O operation, CompletionToken&& token) & {
        return async_run(std::move(operation), call_options(), std::forward<CompletionToken>(token));
    }
    template <Operation O, class CompletionToken>
    auto async_run(O operation, call_options options, CompletionToken&& token) & {
        return umbraco_ai::async_run(base(), std::move(operation), std::move(options), std::forward<CompletionToken>(token));
    }

    /// The same for all that `connections()` has:
    ///
    ///     auto answer = cms.async_connections(boost::asio::use_future).rename("openai-prod", "OpenAI, Europe");
    template <class CompletionToken>
    [[nodiscard]] auto async_connections(CompletionToken&& token, call_options options = {}) & {
        return async_connections_api<beast_transport, std::decay_t<CompletionToken>>(base(), std::forward<CompletionToken>(token), std::move(options));
    }

private:
    [[nodiscard]] client<beast_transport>& base() noexcept { return *this; }
};

/// The client for plain code: each call returns when it is done. It runs the coroutine transport on an io_context of its own.
///
///     blocking_client cms("https://cms.example.com", bearer_token(token));
///     for (auto const& c : cms.connections().list().value().items) std::cout << c.alias << '\n';
///
/// Threading: one call at a time; a second one at the same time fails with `errc::client_busy`.
class blocking_client : public client<blocking_transport> {
public:
    explicit blocking_client(std::string_view base_url_text, credentials auth = {}, client_options options = {}, transport_options network = {})
        : client(blocking_transport(std::move(network)), base_url_text, std::move(auth), options) {}
};

UMBRACO_AI_END_NAMESPACE

#endif

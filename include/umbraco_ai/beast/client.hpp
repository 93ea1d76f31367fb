// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_CLIENT_HPP
#define UMBRACO_AI_BEAST_CLIENT_HPP

#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/beast/transport.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <string_view>
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

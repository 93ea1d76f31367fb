// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_UMBRACO_AI_HPP
#define UMBRACO_AI_UMBRACO_AI_HPP

/// The whole library: the core, and the transports that need Boost.
#include <umbraco_ai/asio/async_call.hpp>
#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/asio/token_source.hpp>
#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/beast/transport.hpp>
#include <umbraco_ai/core.hpp>

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_OPTIONS_HPP
#define UMBRACO_AI_BEAST_OPTIONS_HPP

#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// How a transport connects.
class transport_options {
public:
    transport_options() = default;
    transport_options(tls_options trust) : tls(std::move(trust)) {}

    tls_options tls;

    /// Most connections to one origin in use at once, from 1; calls beyond it wait their turn, first come, first served.
    std::size_t most_connections = 8;

    /// The longest that a connection is kept without use; less where the server's `Keep-Alive: timeout` says so.
    std::chrono::seconds idle_time = std::chrono::seconds(30);

    /// For the look-up of the name, the connection and the TLS handshake together; nothing: whatever the call has left.
    std::optional<std::chrono::nanoseconds> connect_time;

    /// Between the attempts to connect to the addresses of one host, where an earlier one neither fails nor succeeds.
    std::chrono::milliseconds stagger = std::chrono::milliseconds(250);
};

UMBRACO_AI_END_NAMESPACE

#endif

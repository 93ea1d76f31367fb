// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_TRACE_HPP
#define UMBRACO_AI_HTTP_TRACE_HPP

#include <umbraco_ai/version.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// What a transport spends the time of one request on, in the order in which it comes.
enum class transfer_phase : std::uint8_t {
    queue,       ///< Waiting for a free connection.
    resolve,     ///< Resolving the host name.
    connect,     ///< Connecting to one of its addresses.
    tls,         ///< The TLS handshake.
    send,        ///< Writing the request.
    first_byte,  ///< Waiting for the first byte of the answer: mostly the server's work.
    header,      ///< Reading the header of the answer.
    body         ///< Reading its body.
};

inline constexpr std::array<transfer_phase, 8> transfer_phases{
    transfer_phase::queue, transfer_phase::resolve,    transfer_phase::connect, transfer_phase::tls,
    transfer_phase::send,  transfer_phase::first_byte, transfer_phase::header,  transfer_phase::body};

[[nodiscard]] constexpr std::string_view to_string(transfer_phase value) noexcept {
    switch (value) {
        case transfer_phase::queue: return "queue";
        case transfer_phase::resolve: return "resolve";
        case transfer_phase::connect: return "connect";
        case transfer_phase::tls: return "tls";
        case transfer_phase::send: return "send";
        case transfer_phase::first_byte: return "first_byte";
        case transfer_phase::header: return "header";
        case transfer_phase::body: return "body";
    }
    return "?";
}

/// What a transport notes about one request where `http_request::trace` asks for it. A transport notes what it knows and
/// leaves the rest at zero.
class transfer_trace {
public:
    transfer_trace() = default;

    std::array<std::chrono::nanoseconds, transfer_phases.size()> durations{};
    std::uint64_t bytes_sent = 0;      ///< Of the request, its head included.
    std::uint64_t bytes_received = 0;  ///< Of the answer, its head, chunk framing and interim responses included.
    bool connection_reused = false;    ///< It went over a connection that had been used before.

    [[nodiscard]] std::chrono::nanoseconds duration_of(transfer_phase phase) const noexcept { return durations[static_cast<std::size_t>(phase)]; }
    void add(transfer_phase phase, std::chrono::nanoseconds time) noexcept { durations[static_cast<std::size_t>(phase)] += time; }
};

UMBRACO_AI_END_NAMESPACE

#endif

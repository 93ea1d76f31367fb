// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_WIRE_HPP
#define UMBRACO_AI_CLI_WIRE_HPP

#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>

#include <chrono>
#include <memory>

namespace cli {

namespace ai = umbraco_ai;

/// The network, behind a wall: whoever makes calls compiles nothing of Boost. It gives up a call when the user does.
class wire {
public:
    static constexpr bool tracks_writes = true;

    explicit wire(ai::tls_options trust);
    wire(wire&&) noexcept;
    wire& operator=(wire&&) noexcept;
    ~wire();

    [[nodiscard]] ai::result<ai::http_response> send(ai::http_request request);
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;
    /// Ends early when the user gives up.
    void wait(std::chrono::nanoseconds duration);

private:
    class implementation;
    std::unique_ptr<implementation> own_;
};

}  // namespace cli

#endif

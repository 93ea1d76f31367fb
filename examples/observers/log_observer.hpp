// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_LOG_OBSERVER_HPP
#define UMBRACO_AI_EXAMPLES_LOG_OBSERVER_HPP

#include <umbraco_ai/core.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

/// Turns what a client does into lines such as
///
///     call 7 GET /connections/{idOrAlias} attempt 1: 503 in 12 ms (connect 1 ms, first_byte 11 ms), 310 B out, 188 B in
///     call 7 GET /connections/{idOrAlias} is sent again in 84 ms
///     call 7 modify done after 4 attempts in 152 ms
class log_observer : public umbraco_ai::observer {
public:
    /// `write_line` takes one line without its end, and does not throw.
    explicit log_observer(std::function<void(std::string_view)> write_line) : write_(std::move(write_line)) {}

    void on_answer(umbraco_ai::answer_event const& event) noexcept override {
        std::string line = beginning_of(event) + " attempt " + std::to_string(event.attempt) + ": ";
        line += event.status != 0 ? std::to_string(event.status) : event.error.message();
        line += " in " + milliseconds(event.duration) + phases_of(event.transfer);
        line += ", " + std::to_string(event.transfer.bytes_sent) + " B out, " + std::to_string(event.transfer.bytes_received) + " B in";
        write_(line);
    }

    void on_retry(umbraco_ai::retry_event const& event) noexcept override {
        write_(beginning_of(event) + " is sent again in " + milliseconds(event.pause));
    }

    void on_token(umbraco_ai::token_event const& event) noexcept override {
        std::string line = "call " + std::to_string(event.call);
        if (event.error) line += " got no token: " + event.error.message();
        else line += event.lifetime ? " got a token for " + std::to_string(event.lifetime->count()) + " s" : std::string(" got a token");
        write_(line);
    }

    void on_done(umbraco_ai::call_event const& event) noexcept override {
        std::string line = "call " + std::to_string(event.call) + ' ' + std::string(event.operation);
        line += event.error ? " failed (" + event.error.message() + ")" : std::string(" done");
        line += " after " + std::to_string(event.attempts) + (event.attempts == 1 ? " attempt in " : " attempts in ") + milliseconds(event.duration);
        if (event.possibly_applied) line += "; the server may have carried it out";
        write_(line);
    }

private:
    static std::string beginning_of(umbraco_ai::attempt_event const& event) {
        std::string text = "call " + std::to_string(event.call) + ' ';
        text += to_string(event.method);
        return (text += ' ') += event.route;
    }

    static std::string milliseconds(std::chrono::nanoseconds time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
    }

    static std::string phases_of(umbraco_ai::transfer_trace const& transfer) {
        std::string text;
        for (umbraco_ai::transfer_phase const phase : umbraco_ai::transfer_phases) {
            if (transfer.duration_of(phase) < std::chrono::milliseconds(1)) continue;
            text += text.empty() ? " (" : ", ";
            text += std::string(to_string(phase)) + ' ' + milliseconds(transfer.duration_of(phase));
        }
        if (transfer.connection_reused) text += text.empty() ? " (connection reused" : ", connection reused";
        return text.empty() ? text : text + ')';
    }

    std::function<void(std::string_view)> write_;
};

#endif

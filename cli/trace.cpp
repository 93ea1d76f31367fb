// SPDX-License-Identifier: MIT
#include "trace.hpp"

#include <chrono>
#include <string>

namespace cli {
namespace {

std::string in_milliseconds(std::chrono::nanoseconds time) {
    auto const tenths = time.count() / 100'000;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
}

std::string request_of(ai::attempt_event const& event) {
    if (event.is_sign_in) return "sign-in";
    return std::string(to_string(event.method)) + ' ' + std::string(event.route);
}

std::string phases_of(ai::answer_event const& event) {
    std::string text = event.transfer.connection_reused ? "    kept connection" : "    new connection";
    for (ai::transfer_phase const phase : ai::transfer_phases) {
        auto const time = event.transfer.duration_of(phase);
        if (time.count() > 0) text += ", " + std::string(to_string(phase)) + ' ' + in_milliseconds(time);
    }
    return text + ", " + std::to_string(event.transfer.bytes_sent) + " bytes out, " + std::to_string(event.transfer.bytes_received) + " in";
}

}  // namespace

void trace::on_answer(ai::answer_event const& event) noexcept {
    try {
        std::string text = request_of(event) + ": " + (event.status != 0 ? std::to_string(event.status) : event.error.message()) + ", " + in_milliseconds(event.duration);
        if (event.resend_count != 0) text += ", repetition " + std::to_string(event.resend_count);
        out_.note(text);
        if (verbosity_ > 1) out_.note(phases_of(event));
    } catch (...) {
        // A trace that cannot be written is no reason to give up a call.
    }
}

void trace::on_retry(ai::retry_event const& event) noexcept {
    try {
        out_.note(request_of(event) + ": again in " + in_milliseconds(event.pause));
    } catch (...) {
        // As above.
    }
}

void trace::on_token(ai::token_event const& event) noexcept {
    try {
        if (event.error) out_.note("sign-in: " + event.error.message());
        else out_.note("signed in" + (event.lifetime ? ", for " + std::to_string(event.lifetime->count()) + " s" : std::string()));
    } catch (...) {
        // As above.
    }
}

}  // namespace cli

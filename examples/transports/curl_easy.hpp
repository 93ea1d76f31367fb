// SPDX-License-Identifier: MIT
#ifndef CURL_EASY_HPP
#define CURL_EASY_HPP

#include "curl_call.hpp"

#include <umbraco_ai/transport.hpp>

#include <chrono>
#include <thread>
#include <utility>

/// A transport over libcurl that waits for its answer.
///
///     curl_easy_transport wire;
///     umbraco_ai::client cms(wire, "https://cms.example.com");
///
/// Connections are kept and used again, by reads only. A cancel check is asked about once a second.
/// Threading: one call at a time.
class curl_easy_transport {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool tracks_writes = true;

    explicit curl_easy_transport(curl_options options = {}) : options_(std::move(options)) {}

    umbraco_ai::result<umbraco_ai::http_response> send(umbraco_ai::http_request request) {
        curl_call call(handle_.get(), std::move(request), options_);
        if (auto refused = call.begin()) return *std::move(refused);
        return call.finish(curl_easy_perform(handle_.get()));
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }
    void wait(std::chrono::nanoseconds duration) { std::this_thread::sleep_for(duration); }

private:
    curl_options options_;
    curl_handle handle_ = make_curl_handle();
};

static_assert(umbraco_ai::Transport<curl_easy_transport>);

#endif

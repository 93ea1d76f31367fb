// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_OPEN_TELEMETRY_OBSERVER_HPP
#define UMBRACO_AI_EXAMPLES_OPEN_TELEMETRY_OBSERVER_HPP

#include <umbraco_ai/core.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using span_attribute = std::pair<std::string_view, std::variant<std::string, std::int64_t, bool>>;

/// One client span, as OpenTelemetry's conventions for HTTP describe it: one for each request that is sent.
class http_client_span {
public:
    http_client_span() = default;

    std::string name;  ///< "GET /connections/{idOrAlias}"
    bool is_error = false;
    std::chrono::nanoseconds duration{0};  ///< What the metric http.client.request.duration takes, in seconds.
    std::vector<span_attribute> attributes;
};

/// Gives the requests of a client to an exporter, with the attributes' names of OpenTelemetry. What has no name there stands
/// below `umbraco_ai`.
class open_telemetry_observer : public umbraco_ai::observer {
public:
    /// `end_span` does not throw.
    open_telemetry_observer(std::string server_address, std::int64_t server_port, std::function<void(http_client_span)> end_span)
        : address_(std::move(server_address)), port_(server_port), end_span_(std::move(end_span)) {}

    void on_answer(umbraco_ai::answer_event const& event) noexcept override {
        http_client_span span;
        span.name = std::string(to_string(event.method)) + ' ' + std::string(event.route);
        span.duration = event.duration;
        span.is_error = event.status == 0 || event.status >= 400;
        span.attributes.emplace_back("http.request.method", std::string(to_string(event.method)));
        span.attributes.emplace_back("url.template", std::string(event.route));
        span.attributes.emplace_back("server.address", address_);
        span.attributes.emplace_back("server.port", port_);
        if (event.status != 0) span.attributes.emplace_back("http.response.status_code", std::int64_t{event.status});
        if (event.status == 0) span.attributes.emplace_back("error.type", event.error.message());
        else if (event.status >= 400) span.attributes.emplace_back("error.type", std::to_string(event.status));
        if (event.resend_count != 0) span.attributes.emplace_back("http.request.resend_count", std::int64_t{event.resend_count});
        span.attributes.emplace_back("http.request.size", static_cast<std::int64_t>(event.transfer.bytes_sent));
        span.attributes.emplace_back("http.response.size", static_cast<std::int64_t>(event.transfer.bytes_received));
        span.attributes.emplace_back("umbraco_ai.operation", std::string(event.operation));
        span.attributes.emplace_back("umbraco_ai.connection_reused", event.transfer.connection_reused);
        end_span_(std::move(span));
    }

private:
    std::string address_;
    std::int64_t port_;
    std::function<void(http_client_span)> end_span_;
};

#endif

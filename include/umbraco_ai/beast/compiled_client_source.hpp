// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_COMPILED_CLIENT_SOURCE_HPP
#define UMBRACO_AI_BEAST_COMPILED_CLIENT_SOURCE_HPP

// What `compiled_client.hpp` declares. To be included by one source file of a program, since nothing here is inline.

#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/beast/compiled_client.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

class compiled_transport::implementation {
public:
    explicit implementation(transport_options options) : transport(std::move(options)) {}

    blocking_transport transport;
};

compiled_transport::compiled_transport(transport_options options) : implementation_(std::make_unique<implementation>(std::move(options))) {}
compiled_transport::compiled_transport(compiled_transport&&) noexcept = default;
compiled_transport& compiled_transport::operator=(compiled_transport&&) noexcept = default;
compiled_transport::~compiled_transport() = default;

result<http_response> compiled_transport::send(http_request request) { return implementation_->transport.send(std::move(request)); }
std::chrono::nanoseconds compiled_transport::now() const noexcept { return implementation_->transport.now(); }
void compiled_transport::wait(std::chrono::nanoseconds duration) { implementation_->transport.wait(duration); }

UMBRACO_AI_END_NAMESPACE

#endif

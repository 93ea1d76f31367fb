// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_COMPILED_CLIENT_HPP
#define UMBRACO_AI_BEAST_COMPILED_CLIENT_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// `blocking_transport`, compiled once: this header needs neither Boost nor OpenSSL, and one source file of the program, and no
/// other, has
///
///     #include <umbraco_ai/beast/compiled_client_source.hpp>
///
/// Errors, limits, threading and lifetime: as for `blocking_transport`. Where the source file is missing, the linker names
/// `compiled_transport`.
class compiled_transport {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool tracks_writes = true;

    explicit compiled_transport(transport_options options = {});
    compiled_transport(compiled_transport&&) noexcept;
    compiled_transport& operator=(compiled_transport&&) noexcept;
    compiled_transport(compiled_transport const&) = delete;
    compiled_transport& operator=(compiled_transport const&) = delete;
    ~compiled_transport();

    [[nodiscard]] result<http_response> send(http_request request);

    /// The steady clock, since its epoch.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;

    /// Lets time pass on the calling thread.
    void wait(std::chrono::nanoseconds duration);

private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

static_assert(Transport<compiled_transport>);

/// `blocking_client` over it.
class compiled_client : public client<compiled_transport> {
public:
    explicit compiled_client(std::string_view base_url_text, credentials auth = {}, client_options options = {}, transport_options network = {})
        : client(compiled_transport(std::move(network)), base_url_text, std::move(auth), std::move(options)) {}
};

UMBRACO_AI_END_NAMESPACE

#endif

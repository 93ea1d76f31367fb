// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPTIONS_HPP
#define UMBRACO_AI_OPTIONS_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/observer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/retry.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// What holds for every call of a client.
class client_options {
public:
    client_options() = default;

    std::chrono::nanoseconds timeout = std::chrono::seconds(30);  ///< For a whole call, all its requests together.

    /// For one attempt, from the wait for a connection on; nothing: whatever the call has left. A GET or DELETE that it ends
    /// is sent again as after a lost answer.
    std::optional<std::chrono::nanoseconds> attempt_timeout;

    std::size_t header_bytes = 32 * 1024;                         ///< Most bytes of a response header.
    std::size_t body_bytes = 8 * 1024 * 1024;                     ///< Most bytes of a response body.
    retry_policy retry;                                           ///< When a request is sent again.
    bool read_only = false;                                       ///< Refuses every method but GET before any I/O.
    bool allow_credentials_over_plain_http = false;               ///< To hosts that are not loopback. Anyone on the way can read them.
    std::shared_ptr<umbraco_ai::observer> observer;               ///< Is told what the calls do; null: nobody is.
};

/// What holds for one call, in place of the client's.
class call_options {
public:
    call_options() = default;
    explicit call_options(std::chrono::nanoseconds time) : timeout(time) {}

    std::optional<std::chrono::nanoseconds> timeout;
    std::optional<std::chrono::nanoseconds> attempt_timeout;  ///< See `client_options`.
    http_headers headers;  ///< Added to each request of the call; none that the library or a transport writes itself.

    /// Errors: a usage failure that names the header, never its value.
    [[nodiscard]] result<void> check() const { return check(headers); }
    [[nodiscard, gnu::cold]] static result<void> check(http_headers const& given) {
        for (header_view const header : given) {
            auto const refuse = [&](char const* what) { return failure(errc::invalid_argument, what).at("header"); };
            if (!is_token(header.name)) return refuse("The name of a header is empty or holds a character that no name has.");
            for (std::string_view const own : {"Accept", "Authorization", "Connection", "Content-Length", "Content-Type", "Host", "Transfer-Encoding"})
                if (detail::equals_ignoring_case(header.name, own))
                    return failure(errc::invalid_argument, "The library writes this header itself; credentials are given to the client.").at(std::string(own));
            for (char const c : header.value)
                if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F)
                    return failure(errc::invalid_argument, "The value holds a control character.").at(std::string(header.name));
        }
        return result<void>::ok();
    }

private:
    [[nodiscard]] static bool is_token(std::string_view name) noexcept {
        for (char const c : name)
            if (c <= ' ' || c > '~' || std::string_view("\"(),/:;<=>?@[\\]{}").find(c) != std::string_view::npos) return false;
        return !name.empty();
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

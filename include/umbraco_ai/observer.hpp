// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OBSERVER_HPP
#define UMBRACO_AI_OBSERVER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE

/// One request that is sent for a call. Texts live as long as the program.
class attempt_event {
public:
    attempt_event() = default;

    std::uint64_t call = 0;       ///< Number of the call within its client, from 1.
    std::string_view operation;   ///< What the call is: "modify", or the route of a single endpoint.
    http_method method = http_method::get;
    std::string_view route;       ///< Template of the path, without base path: "/connections/{idOrAlias}".
    unsigned attempt = 0;         ///< Number of the request within its call, from 1; sign-in requests count.
    unsigned resend_count = 0;    ///< How often the same request was sent before in this call.
    bool is_sign_in = false;      ///< It asks the token endpoint for a token.
};

/// How a request ended: with an answer of any status, or with none.
class answer_event : public attempt_event {
public:
    answer_event() = default;

    int status = 0;                          ///< 0: there is no answer.
    std::error_code error;                   ///< Why there is none.
    std::chrono::nanoseconds duration{0};    ///< Of the whole attempt; 0 on a transport without a clock.
    transfer_trace transfer;                 ///< What the transport noted; all zero where it notes nothing.
};

/// The same request will be sent again.
class retry_event : public answer_event {
public:
    retry_event() = default;

    std::chrono::nanoseconds pause{0};  ///< Before that.
};

/// A sign-in ended.
class token_event {
public:
    token_event() = default;

    std::uint64_t call = 0;                          ///< The call that needed the token.
    std::optional<std::chrono::seconds> lifetime;    ///< As the server states it.
    std::error_code error;                           ///< Why there is no token.
    int status = 0;                                  ///< Of a refusal; 0 elsewhere.
};

/// A call ended.
class call_event {
public:
    call_event() = default;

    std::uint64_t call = 0;
    std::string_view operation;
    unsigned attempts = 0;
    int status = 0;                        ///< Of the last answer that counts, 0: there was none.
    std::error_code error;                 ///< None: the call has its value.
    bool possibly_applied = false;         ///< It failed, and the server may have carried it out.
    std::chrono::nanoseconds duration{0};  ///< 0 on a transport without a clock.
};

/// Is told what the calls of a client do: for logs, metrics and traces. It sees methods, route templates, statuses, sizes
/// and times; never a body, a query, a header, an id, an alias or a secret. See `client_options::observer`.
///
/// Threading: the clients of this library call it for one event at a time, on the threads that their calls run on. It
/// returns soon, and begins no call of the same client: such a call fails with `errc::client_busy`.
/// Lifetime: the client shares it.
class observer {
public:
    observer() = default;
    observer(observer const&) = delete;
    observer& operator=(observer const&) = delete;
    virtual ~observer() = default;

    virtual void on_attempt(attempt_event const&) noexcept {}  ///< A request is about to be sent.
    virtual void on_answer(answer_event const&) noexcept {}    ///< It has ended.
    virtual void on_retry(retry_event const&) noexcept {}      ///< It will be sent again.
    virtual void on_token(token_event const&) noexcept {}      ///< A sign-in has ended.
    virtual void on_done(call_event const&) noexcept {}        ///< A call has ended; once for each call that began.
};

UMBRACO_AI_END_NAMESPACE

#endif

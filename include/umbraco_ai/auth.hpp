// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_AUTH_HPP
#define UMBRACO_AI_AUTH_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// An OAuth 2 bearer token (RFC 6750) that was obtained elsewhere.
class bearer_token {
public:
    explicit bearer_token(std::string token) : token_(std::move(token)) {}
    explicit bearer_token(secret token) : token_(std::move(token)) {}

    [[nodiscard]] secret const& token() const noexcept { return token_; }

private:
    secret token_;
};

/// What a client signs its requests with. They go to the client's own origin and nowhere else.
class credentials {
public:
    credentials() = default;  ///< None: the server must not ask.
    credentials(bearer_token token) : token_(std::move(token)), present_(true) {}

    [[nodiscard]] bool empty() const noexcept { return !present_; }

    /// Errors: a usage failure where the token is empty or holds what no header may.
    [[nodiscard]] result<void> check() const {
        if (!present_) return result<void>::ok();
        std::string_view const text = token_.token().reveal();
        if (text.empty()) return failure(errc::invalid_argument, "It is empty; is the variable it comes from set?").at("bearer token");
        for (char const c : text)
            if (c <= ' ' || c > '~')
                return failure(errc::invalid_argument, "It holds a blank, a line end or a character beyond ASCII; pass the token alone, trimmed.").at("bearer token");
        return result<void>::ok();
    }

    /// The value of the Authorization header.
    [[nodiscard]] std::string authorization() const { return "Bearer " + std::string(token_.token().reveal()); }

    /// The token, for taking it out of texts.
    [[nodiscard]] std::string_view reveal() const noexcept { return token_.token().reveal(); }

private:
    bearer_token token_{secret()};
    bool present_ = false;
};

UMBRACO_AI_END_NAMESPACE

#endif

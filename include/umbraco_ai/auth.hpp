// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_AUTH_HPP
#define UMBRACO_AI_AUTH_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

UMBRACO_AI_BEGIN_NAMESPACE

/// An OAuth 2 bearer token (RFC 6750) that was obtained elsewhere.
class bearer_token {
public:
    explicit bearer_token(std::string token) : token_(std::move(token)) {}
    explicit bearer_token(secret token) : token_(std::move(token)) {}

    [[nodiscard]] secret const& token() const noexcept { return token_; }

    /// Errors: a usage failure where the token is empty or holds what no header may.
    [[nodiscard]] result<void> check() const {
        std::string_view const text = token_.reveal();
        if (text.empty()) return failure(errc::invalid_argument, "It is empty; is the variable it comes from set?").at("bearer token");
        for (char const c : text)
            if (c <= ' ' || c > '~')
                return failure(errc::invalid_argument, "It holds a blank, a line end or a character beyond ASCII; pass the token alone, trimmed.").at("bearer token");
        return result<void>::ok();
    }

private:
    secret token_;
};

/// An API user of the CMS (OAuth 2 client credentials, Umbraco 15 and newer). Tokens are fetched when they are needed, used
/// until they near their end, and fetched anew when the server refuses one.
class client_credentials {
public:
    /// client_id      as the CMS shows it, with its prefix `umbraco-back-office-`; its case counts
    /// client_secret  as it is, not encoded
    client_credentials(std::string client_id, secret client_secret) : id_(std::move(client_id)), secret_(std::move(client_secret)) {}

    [[nodiscard]] std::string const& client_id() const noexcept { return id_; }
    [[nodiscard]] secret const& client_secret() const noexcept { return secret_; }

    /// Errors: a usage failure where one of the two is empty.
    [[nodiscard]] result<void> check() const {
        if (id_.empty()) return failure(errc::invalid_argument, "It is empty; is the variable it comes from set?").at("client id");
        if (secret_.empty()) return failure(errc::invalid_argument, "It is empty; is the variable it comes from set?").at("client secret");
        return result<void>::ok();
    }

private:
    std::string id_;
    secret secret_;
};

/// A user's own way to a token: called for each new one, and again after the server refused one. Either gives the token, or
/// takes a receiver and calls it once, now or later, on any thread; `awaitable_token_source` makes one of a coroutine. For
/// one that gives it later, the transport must be one that waits, as those of Asio do.
/// Lifetime: a receiver may be called after its call has ended, and after the client has; nothing comes of it then.
class token_source {
public:
    using receiver = std::function<void(result<bearer_token>)>;

    token_source() = default;
    explicit token_source(std::function<result<bearer_token>()> get_token)
        : way_(std::make_shared<way const>(std::move(get_token))) {}
    explicit token_source(std::function<void(receiver)> begin) : way_(std::make_shared<way const>(std::move(begin))) {}

    /// Whether the token comes through a receiver.
    [[nodiscard]] bool takes_receiver() const noexcept { return way_ != nullptr && way_->index() == 1; }

    [[nodiscard]] result<bearer_token> operator()() const { return std::get<0>(*way_)(); }
    void operator()(receiver done) const { std::get<1>(*way_)(std::move(done)); }

private:
    using way = std::variant<std::function<result<bearer_token>()>, std::function<void(receiver)>>;

    // Copies share it, as in each action that asks for a token.
    std::shared_ptr<way const> way_;
};

/// What a client signs its requests with. They go to the client's own origin and nowhere else.
class credentials {
public:
    credentials() = default;  ///< None: the server must not ask.
    credentials(bearer_token token) : kind_(std::move(token)) {}
    credentials(client_credentials api_user) : kind_(std::move(api_user)) {}
    credentials(token_source source) : kind_(std::move(source)) {}

    [[nodiscard]] bool empty() const noexcept { return kind_.index() == 0; }

    [[nodiscard]] bearer_token const* as_bearer_token() const noexcept { return std::get_if<bearer_token>(&kind_); }
    [[nodiscard]] client_credentials const* as_client_credentials() const noexcept { return std::get_if<client_credentials>(&kind_); }
    [[nodiscard]] token_source const* as_token_source() const noexcept { return std::get_if<token_source>(&kind_); }

    /// Errors: a usage failure where a part is empty or holds what no header may.
    [[nodiscard]] result<void> check() const {
        if (auto const* token = as_bearer_token()) return token->check();
        if (auto const* api_user = as_client_credentials()) return api_user->check();
        return result<void>::ok();
    }

private:
    std::variant<std::monostate, bearer_token, client_credentials, token_source> kind_;
};

UMBRACO_AI_END_NAMESPACE

#endif

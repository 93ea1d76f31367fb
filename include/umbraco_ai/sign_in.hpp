// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_SIGN_IN_HPP
#define UMBRACO_AI_SIGN_IN_HPP

#include <umbraco_ai/answer.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// The `expires_in` of a token, which nothing may fail for.
class token_lifetime {
public:
    token_lifetime() = default;
    std::optional<std::int64_t> seconds;
};

/// The answer of the token endpoint (RFC 6749, section 5.1).
class token_answer {
public:
    token_answer() = default;
    std::string access_token;
    token_lifetime expires_in;
};

}  // namespace detail

template <>
struct json_codec<detail::token_lifetime> {
    static bool read(json_reader& reader, detail::token_lifetime& out) {
        std::string_view raw;
        if (!reader.read_raw(raw)) return false;
        json_reader number(raw);
        std::int64_t seconds = 0;
        if (number.peek() == json_kind::number && number.read_integer(seconds)) out.seconds = seconds;
        return true;
    }
};

template <>
struct fields<detail::token_answer>
    : table<field<"access_token", &detail::token_answer::access_token, required | secret_field>, field<"expires_in", &detail::token_answer::expires_in>> {};

namespace detail {

/// The error answer of the token endpoint (RFC 6749, section 5.2).
class token_error_answer {
public:
    token_error_answer() = default;
    std::string error;
    std::optional<std::string> error_description;
};

}  // namespace detail

template <>
struct fields<detail::token_error_answer> : table<field<"error", &detail::token_error_answer::error, required>,
                                                  field<"error_description", &detail::token_error_answer::error_description>> {};

namespace detail {

inline constexpr std::string_view token_route = "/umbraco/management/api/v1/security/back-office/token";

/// The token request of an API user. The path of the endpoint must be lower case.
[[nodiscard]] inline http_request token_request(client_credentials const& api_user, std::string_view api_path) {
    http_request request;
    request.method = http_method::post;
    request.target = std::string(api_path.substr(0, api_path.size() - api_base_path.size()));
    request.target += token_route;
    request.route = token_route;
    request.headers.add("Accept", "application/json");
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=client_credentials&client_id=";
    put_percent_encoded(request.body, api_user.client_id());
    request.body += "&client_secret=";
    put_percent_encoded(request.body, api_user.client_secret().reveal());
    return request;
}

[[nodiscard]] inline bool has_outer_blank(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    return !text.empty() && (blanks.find(text.front()) != std::string_view::npos || blanks.find(text.back()) != std::string_view::npos);
}

/// At least one %41 in it.
[[nodiscard]] inline bool is_percent_encoded(std::string_view text) noexcept {
    constexpr std::string_view digits = "0123456789ABCDEFabcdef";
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
        if (text.size() - at > 2 && digits.find(text[at + 1]) != std::string_view::npos && digits.find(text[at + 2]) != std::string_view::npos) return true;
    return false;
}

[[nodiscard, gnu::cold]] inline failure token_refusal(http_response const& response, client_credentials const& api_user) {
    auto const refuse = [&](std::string text) {
        failure made = failure(errc::not_signed_in, std::move(text)).with_status(response.status);
        if (auto read = read_json<token_error_answer>(response.body)) {
            made.problem.title = server_text(read->error);
            made.problem.detail = server_text(read->error_description.value_or(""));
        }
        return made;
    };
    if (is_html(response)) return not_signed_in("The token endpoint answered an HTML page.").with_status(response.status);
    if (response.status >= 300 && response.status < 400) return not_signed_in("The token endpoint answered a redirect.").with_status(response.status);
    if (response.status == 404) return refuse("There is no token endpoint: API users need Umbraco 15 or newer; check the base URL.");
    if (response.status == 429 || response.status >= 500)
        return failure(errc::server_error, "The token endpoint failed; its log tells why.").with_status(response.status);
    auto const answer = read_json<token_error_answer>(response.body);
    std::string_view const error = answer ? std::string_view(answer->error) : std::string_view();
    std::string_view const description = answer && answer->error_description ? std::string_view(*answer->error_description) : std::string_view();
    if (error == "invalid_client") {
        if (!api_user.client_id().starts_with("umbraco-back-office-"))
            return refuse("The server knows no such API user: the client id is given without its prefix umbraco-back-office-.");
        std::string_view const given = api_user.client_secret().reveal();
        if (has_outer_blank(api_user.client_id()) || has_outer_blank(given))
            return refuse("The server knows no such API user, or the secret is another: the id or the secret begins or ends with a blank or a line end; trim it.");
        if (is_percent_encoded(given))
            return refuse("The server knows no such API user, or the secret is another: the one given looks percent-encoded; give it as it is, this library encodes it.");
        return refuse("The server knows no such API user, or the secret is another; both count in exact case.");
    }
    if (description.find("HTTPS") != std::string_view::npos) return refuse("The server gives tokens over https only; use an https base URL.");
    if (error == "unsupported_grant_type") return refuse("The server gives no tokens to API users; they need Umbraco 15 or newer.");
    if (description.find("Authorization failed") != std::string_view::npos) return refuse("The API user is disabled or locked; enable it in the back office.");
    return refuse("The token endpoint refused the API user.");
}

/// What the token endpoint gave.
class issued_token {
public:
    issued_token(bearer_token given, std::optional<std::int64_t> seconds) : token(std::move(given)), lifetime_seconds(seconds) {}

    bearer_token token;
    std::optional<std::int64_t> lifetime_seconds;
};

/// The token in an answer of the token endpoint, or why there is none that could be used.
[[nodiscard]] inline result<issued_token> read_token(http_response const& response, client_credentials const& api_user) {
    if (response.status != 200 || is_html(response)) return token_refusal(response, api_user);
    auto read = read_json<token_answer>(response.body);
    if (!read) return std::move(read).error().with_status(response.status);
    issued_token issued(bearer_token(std::move(read->access_token)), read->expires_in.seconds);
    if (auto ok = issued.token.check(); !ok)
        return failure(errc::invalid_value, "The token endpoint answered no token that a header can carry.").at("$.access_token").with_status(response.status);
    return issued;
}

/// The token of a client, shared by its calls.
class token_cache {
public:
    token_cache() = default;

    /// A failed sign-in is not tried again for this long, so that many waiting calls ask once.
    static constexpr std::chrono::nanoseconds failure_pause = std::chrono::seconds(1);

    [[nodiscard]] bool is_fresh(std::chrono::nanoseconds now) const noexcept { return token_ && !token_->empty() && now < refresh_at_; }
    /// It is near its end, and still good.
    [[nodiscard]] bool is_alive(std::chrono::nanoseconds now) const noexcept { return token_ && !token_->empty() && now < ends_at_; }
    /// Calls share it, since most are signed with the same.
    [[nodiscard]] std::shared_ptr<secret const> const& token() const noexcept { return token_; }

    /// Changes with each token, so that a refusal of an old one leaves a newer one alone.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

    [[nodiscard]] std::optional<failure> recent_failure(std::chrono::nanoseconds now) const {
        if (!failure_ || now >= failed_at_ + failure_pause || failed_at_ == std::chrono::nanoseconds(0)) return std::nullopt;
        return failure_;
    }

    /// Used until four fifths of its life are over. `now` that stands still never ends it; a refusal does.
    void store(secret token, std::optional<std::int64_t> lifetime_seconds, std::chrono::nanoseconds now) {
        constexpr std::int64_t unknown = 60, most = 86400;
        std::int64_t const seconds = (std::clamp)(lifetime_seconds.value_or(unknown), std::int64_t{0}, most);
        token_ = std::make_shared<secret const>(std::move(token));
        refresh_at_ = now + std::chrono::milliseconds(seconds * 800);
        ends_at_ = now + std::chrono::seconds(seconds);
        // A life of nothing still serves the call that fetched it.
        if (seconds == 0) refresh_at_ = now + std::chrono::nanoseconds(1);
        failure_.reset();
        ++generation_;
    }

    /// A renewal failed: the token is used on, and after the pause another renewal is tried.
    void postpone(std::chrono::nanoseconds now) noexcept { refresh_at_ = (std::min)(ends_at_, now + failure_pause); }

    void fail(failure reason, std::chrono::nanoseconds now) {
        failure_ = std::move(reason);
        failed_at_ = now;
    }

    void refuse(std::uint64_t generation) noexcept {
        if (generation == generation_) token_.reset();
    }

private:
    std::shared_ptr<secret const> token_;
    std::chrono::nanoseconds refresh_at_{0};
    std::chrono::nanoseconds ends_at_{0};
    std::uint64_t generation_ = 0;
    std::optional<failure> failure_;
    std::chrono::nanoseconds failed_at_{0};
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

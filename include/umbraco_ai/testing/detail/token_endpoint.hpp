// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_TOKEN_ENDPOINT_HPP
#define UMBRACO_AI_TESTING_DETAIL_TOKEN_ENDPOINT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/routing.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/testing/in_memory_types.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

inline void forbid_caching(http_response& answer) {
    answer.headers.add("Cache-Control", "no-store");
    answer.headers.add("Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
    answer.headers.add("Pragma", "no-cache");
}

/// An error of OpenIddict: the parameters of a challenge, or the body of a token answer.
class token_error {
public:
    token_error() = default;
    token_error(int status_code, std::string error_code, std::string text, int number)
        : status(status_code),
          error(std::move(error_code)),
          description(std::move(text)),
          uri("https://documentation.openiddict.com/errors/ID" + std::to_string(number)) {}

    int status = 0;
    std::string error;
    std::string description;
    std::string uri;

    [[nodiscard]] std::string challenge(std::string_view scheme) const {
        return std::string(scheme) + " error=\"" + error + "\", error_description=\"" + description + "\", error_uri=\"" + uri +
               '"';
    }

    [[nodiscard]] http_response answer() const {
        http_response made(status, "{\n  \"error\": \"" + error + "\",\n  \"error_description\": \"" + description +
                                       "\",\n  \"error_uri\": \"" + uri + "\"\n}");
        made.headers.add("Content-Type", "application/json;charset=UTF-8");
        forbid_caching(made);
        if (status == 401) made.headers.add("WWW-Authenticate", challenge("Basic"));
        return made;
    }
};

/// Issues tokens and judges them.
class token_service {
public:
    explicit token_service(in_memory_options const& options) : options_(options) {
        if (!options_.token.empty()) expiry_[options_.token] = (std::chrono::nanoseconds::max)();
    }

    std::chrono::nanoseconds now{0};

    void revoke(std::string const& token) { expiry_[token] = (std::chrono::nanoseconds::min)(); }

    [[nodiscard]] static bool owns(std::string_view path) {
        if (path.ends_with('/')) path.remove_suffix(1);
        return equals_ignoring_case(path, token_path);
    }

    [[nodiscard]] http_response handle(call const& asked) {
        server_request const& request = *asked.request;
        // OpenIddict compares the path by case, MVC does not: a path in upper case gets past the one and not past the other.
        if (!asked.path.starts_with(token_path)) return misrouted();
        auto const type = request.headers.find("Content-Type");
        if (!type)
            return token_error(400, "invalid_request", "The mandatory 'Content-Type' header is missing.", 2081).answer();
        if (media_type(*type).type != "application/x-www-form-urlencoded")
            return token_error(400, "invalid_request", "The specified 'Content-Type' header is invalid.", 2082).answer();
        if (options_.token_requires_https && !asked.is_tls)
            return token_error(400, "invalid_request", "This server only accepts HTTPS requests.", 2083).answer();
        return grant(parameters(request.body), credentials(request.headers, "Basic").value_or(""));
    }

    /// What is wrong with the token of a request: nothing where `status` is 0, no token where `error` is empty.
    [[nodiscard]] token_error judge(call const& asked) const {
        if (options_.token.empty() && options_.client_id.empty()) return {};
        std::string const token = credentials(asked.request->headers, "Bearer").value_or(asked.query.get("access_token"));
        if (token.empty()) return missing();
        auto const known = expiry_.find(token);
        if (known == expiry_.end()) {
            if (token.starts_with("eyJ"))
                return {401, "invalid_token", "The signature associated to the specified token is not valid.", 2091};
            return {401, "invalid_token", "The specified token is invalid.", 2004};
        }
        if (known->second <= now) return {401, "invalid_token", "The specified token is no longer valid.", 2019};
        if (options_.forbidden_section)
            return {403, "insufficient_access",
                    "The user represented by the token is not allowed to perform the requested action.", 2095};
        return {};
    }

private:
    [[nodiscard]] static token_error missing() {
        token_error made;
        made.status = 401;
        return made;
    }

    [[nodiscard]] static http_response misrouted() {
        http_response made(
            400, R"({"error":"No context found","error_description":"Unable to obtain context from the current request."})");
        made.headers.add("Content-Type", "application/json; charset=utf-8");
        made.headers.add("Cache-Control", "no-store, must-revalidate, no-cache, max-age=0");
        made.headers.add("Expires", "Mon, 01 Jan 1990 00:00:00 GMT");
        made.headers.add("Pragma", "no-cache");
        made.headers.add("api-supported-versions", "1.0");
        return made;
    }

    [[nodiscard]] static http_response lacks(std::string const& parameter) {
        return token_error(400, "invalid_request", "The mandatory '" + parameter + "' parameter is missing.", 2029).answer();
    }

    [[nodiscard]] http_response grant(parameters const& form, std::string const& basic) {
        std::string const type = form.get("grant_type");
        if (type.empty()) return lacks("grant_type");
        if (type != "client_credentials" && type != "refresh_token")
            return token_error(400, "unsupported_grant_type", "The specified 'grant_type' is not supported.", 2032).answer();

        std::string id = form.get("client_id");
        std::string secret = form.get("client_secret");
        if (!basic.empty()) {
            std::string const pair = base64_decoded(basic);
            std::size_t const colon = pair.find(':');
            id = form_decoded(pair.substr(0, colon));
            secret = colon == std::string::npos ? "" : pair.substr(colon + 1);
            if (secret != options_.client_secret) secret = form_decoded(secret);
        }
        if (id.empty()) return lacks("client_id");
        if (secret.empty())
            return token_error(400, "invalid_request",
                               "The 'client_secret' or 'client_assertion' parameter must be specified when using the client "
                               "credentials grant.",
                               2057)
                .answer();
        if (options_.client_id.empty() || id != options_.client_id)
            return token_error(401, "invalid_client", "The specified 'client_id' is invalid.", 2052).answer();
        if (secret != options_.client_secret)
            return token_error(401, "invalid_client", "The specified client credentials are invalid.", 2055).answer();
        if (type == "refresh_token") return token_error(400, "invalid_grant", "The specified token is invalid.", 2004).answer();
        std::string const scope = form.get("scope");
        if (scope == "offline_access")
            return token_error(400, "invalid_request",
                               "The client application is not allowed to use the 'offline_access' scope.", 2065)
                .answer();
        if (!scope.empty()) return token_error(400, "invalid_scope", "The specified 'scope' is invalid.", 2052).answer();
        return issue();
    }

    [[nodiscard]] http_response issue() {
        bool const is_first = issued_++ == 0 && !options_.token.empty() && expiry_[options_.token] > now;
        std::string const token = is_first ? options_.token : "issued-token-" + std::to_string(issued_);
        expiry_[token] = now + options_.token_lifetime;
        http_response made(200, "{\n  \"access_token\": \"" + token + "\",\n  \"token_type\": \"Bearer\",\n  \"expires_in\": " +
                                    std::to_string(options_.token_lifetime.count()) + "\n}");
        made.headers.add("Content-Type", "application/json;charset=UTF-8");
        forbid_caching(made);
        made.headers.add("api-supported-versions", "1.0");
        return made;
    }

    in_memory_options options_;
    std::map<std::string, std::chrono::nanoseconds> expiry_;
    std::size_t issued_ = 0;
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ANSWER_HPP
#define UMBRACO_AI_ANSWER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// An answer that says nothing beyond its status.
class nothing {
public:
    nothing() = default;
    friend bool operator==(nothing const&, nothing const&) = default;
};

namespace detail {

/// What servers say of almost every answer.
inline constexpr std::string_view usual_type = "application/json; charset=utf-8";

[[nodiscard]] inline bool is_html(http_response const& response) noexcept {
    if (auto const type = response.headers.find("Content-Type"))
        return *type != usual_type && (equals_ignoring_case(type->substr(0, 9), "text/html") ||
               equals_ignoring_case(type->substr(0, 21), "application/xhtml+xml"));
    std::size_t const first = response.body.find_first_not_of(" \t\r\n");
    return first != std::string::npos && response.body[first] == '<';
}

/// application/json, text/json, anything/…+json, or nothing said.
[[nodiscard]] inline bool is_json(http_response const& response) noexcept {
    auto const type = response.headers.find("Content-Type");
    if (!type) return true;
    std::string_view name(*type);
    if (name == usual_type) return true;
    name = name.substr(0, name.find(';'));
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    return equals_ignoring_case(name, "application/json") || equals_ignoring_case(name, "text/json") ||
           ends_with_ignoring_case(name, "+json");
}

[[nodiscard]] inline failure not_signed_in(std::string what) {
    return failure(errc::not_signed_in, std::move(what) + " That is not signed in, or not this API: check the base URL and the credentials.");
}

[[nodiscard]] inline failure unauthorized(http_response const& response) {
    auto const challenge = response.headers.find("WWW-Authenticate");
    if (challenge && challenge->find("invalid_token") != std::string::npos)
        return failure(errc::not_signed_in, "The server does not accept the token: it has expired, was revoked, or is another server's. Get a new one.");
    return failure(errc::not_signed_in, "The server asks to sign in; give the client a bearer token.");
}

[[nodiscard, gnu::cold]] inline failure failure_of_status(http_response const& response) {
    switch (int const status = response.status) {
        case 400: return failure(errc::bad_request, "The server refused the request; its words say which member to mend.");
        case 401: return unauthorized(response);
        case 403:
            return failure(errc::forbidden,
                           "The user is signed in but has no right to the section; grant the AI section (Settings in Umbraco.AI 1.0 and 1.1), then get a new token.");
        case 404:
            return response.body.empty()
                       ? failure(errc::not_found, "The server has no such route; check the base URL, and that Umbraco.AI is installed.")
                       : failure(errc::not_found, "The server knows no such connection.");
        case 409: return failure(errc::conflict, "The server reports a conflict; read the connection and decide again.");
        case 413: return failure(errc::bad_request, "The request is larger than the server accepts.");
        case 415: return failure(errc::bad_request, "The server did not take the request's media type; something between changed the headers.");
        default:
            if (status >= 300 && status < 400) return not_signed_in("The server answered a redirect, which is not followed.");
            if (status >= 500) return failure(errc::server_error, "The server failed; its log tells why.");
            if (status >= 400) return failure(errc::unexpected_status, "The server refused the request.");
            return failure(errc::unexpected_status, "The status is none that this endpoint answers.");
    }
}

/// Why a response is no answer to a call of this method, or nothing where it may be one.
[[nodiscard]] inline std::optional<failure> refusal_of(http_response const& response, http_method method) {
    bool const success = response.status == 200 || (response.status == 201 && method == http_method::post) ||
                         (response.status == 204 && (method == http_method::put || method == http_method::delete_));
    if (success) {
        if (!is_html(response)) return std::nullopt;
        return not_signed_in("The server answered an HTML page.").with_status(response.status);
    }
    failure refused = failure_of_status(response).with_status(response.status);
    if (response.status >= 400 && is_json(response)) {
        refused.problem = problem_reader::read(response.body);
        if (refused.problem.operation_status == "InUse") refused.code = make_error_code(errc::conflict);
    }
    refused.possibly_applied = method != http_method::get && (response.status >= 500 || (response.status >= 200 && response.status < 300));
    return refused;
}

/// Checks that a body is there and says that it is JSON.
[[nodiscard]] inline result<void> expect_json(http_response const& response) {
    if (response.body.empty()) return failure(errc::empty_body, "The answer is empty where JSON is expected.");
    if (!is_json(response)) return failure(errc::not_json, "The answer is not JSON by its Content-Type.");
    return result<void>::ok();
}

}  // namespace detail

/// How an answer of this type is read from a response that succeeded. The general form is a JSON body; specialise it for
/// an answer that is more or less than that.
template <class T>
struct answer {
    static result<T> decode(http_response const& response) {
        if (auto ok = detail::expect_json(response); !ok) return ok.error();
        return read_json<T>(response.body);
    }
};

template <>
struct answer<nothing> {
    static result<nothing> decode(http_response const&) { return nothing(); }
};

UMBRACO_AI_END_NAMESPACE

#endif

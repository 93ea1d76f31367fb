// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_OUTCOME_HPP
#define UMBRACO_AI_EMBEDDED_OUTCOME_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// How a step went: well, or why not. It takes no memory of its own and holds no text of an answer, so it can be made where
/// none is left.
class [[nodiscard]] outcome {
public:
    /// It went well.
    constexpr outcome() = default;

    /// It did not.
    ///   why   the code, which decides who erred
    ///   text  one sentence that says what to do next, or what happened; it outlives this, as a literal does
    constexpr explicit outcome(errc why, char const* text = nullptr) noexcept : code(why), text_(text) {}

    /// Whether it went well.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return code == errc(); }

    /// Who erred.
    [[nodiscard]] constexpr fault who() const noexcept { return code == errc() ? fault::none : fault_of(code); }

    /// Whether the server may have carried out a write that ended so: then only a read tells, and nothing is sent again before.
    [[nodiscard]] constexpr bool possibly_applied(http_method method) const noexcept {
        if (method == http_method::get || who() == fault::none || who() == fault::usage) return false;
        return status == 0 || status >= 500 || (status >= 200 && status < 300);
    }

    /// One sentence for a person, or the words of the code.
    [[nodiscard]] constexpr std::string_view message() const noexcept {
        return text_ != nullptr ? text_ : code == errc() ? "" : detail::describe(code);
    }

    [[nodiscard]] constexpr outcome at(std::string_view member, std::string_view key = {}) const noexcept {
        outcome made = *this;
        made.field = member;
        made.setting = key;
        return made;
    }
    [[nodiscard]] constexpr outcome at_byte(std::size_t position) const noexcept {
        outcome made = *this;
        made.offset = position;
        return made;
    }
    [[nodiscard]] constexpr outcome with_status(int value) const noexcept {
        outcome made = *this;
        made.status = value;
        return made;
    }

    errc code = errc();
    int status = 0;              ///< The HTTP status, where a status is the reason.
    std::string_view field;      ///< The parameter or member, a literal.
    std::string_view setting;    ///< The key below it, as JSON text in the caller's buffer; it lives as long as that.
    std::size_t offset = 0;      ///< For a decode failure the bytes of JSON taken up to it.

private:
    char const* text_ = nullptr;
};

/// What a status means for a call of this method: an answer that may be read, or why there is none.
/// Errors: as `decode` gives them: authentication for 401, 403 and redirects, server for the others.
[[nodiscard]] constexpr outcome outcome_of_status(int status, http_method method) noexcept {
    bool const writes = method != http_method::get;
    if (status == 200 || (status == 201 && method == http_method::post) || (status == 204 && writes && method != http_method::post)) return outcome();
    auto const refuse = [status](errc code, char const* text) { return outcome(code, text).with_status(status); };
    switch (status) {
        case 400: return refuse(errc::bad_request, "The server refused the request.");
        case 401: return refuse(errc::not_signed_in, "The server asks to sign in, or does not accept the token.");
        case 403: return refuse(errc::forbidden, "The user is signed in but has no right to the section.");
        case 404: return refuse(errc::not_found, "The server knows no such connection, or no such route.");
        case 409: return refuse(errc::conflict, "The server reports a conflict; read the connection and decide again.");
        default: break;
    }
    if (status >= 500) return refuse(errc::server_error, "The server failed; after a write only a read tells what it did.");
    if (status >= 300 && status < 400) return refuse(errc::not_signed_in, "The server answered a redirect, which is not followed.");
    return refuse(errc::unexpected_status, "The status is none that this call answers.");
}

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

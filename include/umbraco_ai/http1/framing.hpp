// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_FRAMING_HPP
#define UMBRACO_AI_HTTP1_FRAMING_HPP

#include <umbraco_ai/http/headers.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// What the fields of one message say about the end of its body, and about its connection (RFC 9112, 6 and 9.3). Strict: codings
/// other than chunked, and lengths that contradict each other or a coding, are errors.
class framing {
public:
    framing() = default;

    /// Whether a field of this name is one that `obey` heeds.
    [[nodiscard]] static bool heeds(std::string_view name) noexcept {
        for (std::string_view const one : {"Connection", "Content-Length", "Transfer-Encoding"})
            if (detail::equals_ignoring_case(name, one)) return true;
        return false;
    }

    /// Of each field, those of a trailer too: a length there contradicts the chunks. Gives what is wrong with it.
    [[nodiscard]] parse_error obey(std::string_view name, std::string_view value) noexcept {
        // Most fields are none of these, as their length tells.
        auto const is = [name](std::string_view wanted) { return name.size() == wanted.size() && detail::equals_ignoring_case(name, wanted); };
        if (is("Connection")) {
            says_close_ = says_close_ || detail::lists_token(value, "close");
            says_keep_alive_ = says_keep_alive_ || detail::lists_token(value, "keep-alive");
            if (!detail::is_token_list(value)) return parse_error::bad_connection;
        }
        if (is("Content-Length")) return read_length(value);
        if (is("Transfer-Encoding")) {
            if (is_chunked_ || has_length_ || !detail::equals_ignoring_case(value, "chunked")) return parse_error::bad_transfer_encoding;
            is_chunked_ = true;
        }
        return parse_error::none;
    }

    [[nodiscard]] bool is_chunked() const noexcept { return is_chunked_; }
    [[nodiscard]] bool has_length() const noexcept { return has_length_; }
    /// The Content-Length, or 0.
    [[nodiscard]] std::uint64_t length() const noexcept { return length_; }

    /// Whether the connection can carry another message.
    [[nodiscard]] bool keep_alive(bool is_http_1_1) const noexcept {
        // A server of HTTP/1.0 that chunks does not know what it says (RFC 9112, 6.1).
        return !says_close_ && (is_http_1_1 || (says_keep_alive_ && !is_chunked_));
    }

private:
    // The same number several times is one number (RFC 9112, 6.3).
    [[nodiscard]] parse_error read_length(std::string_view value) noexcept {
        if (is_chunked_) return parse_error::bad_transfer_encoding;
        while (true) {
            std::size_t const comma = value.find(',');
            std::uint64_t length = 0;
            if (!detail::read_decimal(detail::without_blanks(detail::prefix(value, comma)), length) || (has_length_ && length != length_))
                return parse_error::bad_content_length;
            has_length_ = true;
            length_ = length;
            if (comma == std::string_view::npos) return parse_error::none;
            value.remove_prefix(comma + 1);
        }
    }

    std::uint64_t length_ = 0;
    bool has_length_ = false;
    bool is_chunked_ = false;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
};

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

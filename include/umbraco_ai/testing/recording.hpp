// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_RECORDING_HPP
#define UMBRACO_AI_TESTING_RECORDING_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// One request and its answer.
class recorded_exchange {
public:
    recorded_exchange() = default;
    recorded_exchange(server_request sent, http_response answered) : request(std::move(sent)), response(std::move(answered)) {}

    server_request request;
    http_response response;

    friend bool operator==(recorded_exchange const&, recorded_exchange const&) = default;
};

namespace detail {

[[nodiscard]] constexpr std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 302: return "Found";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Unnamed";
    }
}

[[nodiscard]] inline bool is_chunked(http_headers const& headers) {
    auto const coding = headers.find("Transfer-Encoding");
    return coding && umbraco_ai::detail::equals_ignoring_case(*coding, "chunked");
}

[[nodiscard]] constexpr bool has_no_body(int status, std::string_view method) noexcept {
    return status == 204 || status == 304 || method == "HEAD";
}

/// Takes messages from the front of a text; the first thing that is wrong is kept.
class recording_reader {
public:
    explicit recording_reader(std::string_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] char const* wrong() const noexcept { return wrong_; }

    [[nodiscard]] bool skip(std::string_view expected) noexcept {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    bool read_request(server_request& out) {
        std::string_view text;
        if (!line(text)) return false;
        std::size_t const first = text.find(' ');
        std::size_t const last = text.rfind(' ');
        if (first == std::string_view::npos || first == last || !text.substr(last).starts_with(" HTTP/1.")) return fail("a request line is none");
        out = server_request(std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)));
        if (!read_headers(out.headers)) return false;
        if (is_chunked(out.headers)) return read_chunks(out.body);
        auto const length = out.headers.find("Content-Length");
        return !length || read_body(*length, out.body);
    }

    bool read_response(http_response& out, std::string_view method) {
        std::string_view text;
        std::size_t status = 0;
        if (!line(text)) return false;
        if (text.size() < 12 || !text.starts_with("HTTP/1.") || !read_size(text.substr(9, 3), 10, status)) return fail("a status line is none");
        out = http_response(static_cast<int>(status));
        if (!read_headers(out.headers)) return false;
        if (has_no_body(out.status, method)) return true;
        if (is_chunked(out.headers)) return read_chunks(out.body);
        if (auto const length = out.headers.find("Content-Length")) return read_body(*length, out.body);
        // It ends with its connection.
        out.body = std::exchange(rest_, {});
        return true;
    }

private:
    bool fail(char const* what) noexcept {
        if (wrong_ == nullptr) wrong_ = what;
        return false;
    }

    static bool read_size(std::string_view text, int base, std::size_t& out) {
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
        return error == std::errc() && end == text.data() + text.size() && !text.empty();
    }

    bool line(std::string_view& out) {
        std::size_t const end = rest_.find('\n');
        if (end == std::string_view::npos) return fail("a line does not end");
        out = rest_.substr(0, end);
        if (out.ends_with('\r')) out.remove_suffix(1);
        rest_.remove_prefix(end + 1);
        return true;
    }

    bool read_headers(http_headers& out) {
        for (std::string_view text; line(text);) {
            if (text.empty()) return true;
            std::size_t const colon = text.find(':');
            if (colon == std::string_view::npos) return fail("a header field has no colon");
            std::string_view value = text.substr(colon + 1);
            if (value.starts_with(' ')) value.remove_prefix(1);
            out.add(std::string(text.substr(0, colon)), std::string(value));
        }
        return false;
    }

    bool read_bytes(std::size_t count, std::string& out) {
        if (count > rest_.size()) return fail("a body is cut off");
        out += rest_.substr(0, count);
        rest_.remove_prefix(count);
        return true;
    }

    bool read_body(std::string_view length, std::string& out) {
        std::size_t size = 0;
        return read_size(length, 10, size) ? read_bytes(size, out) : fail("a Content-Length is no number");
    }

    bool read_chunks(std::string& out) {
        for (std::string_view text; line(text);) {
            std::size_t size = 0;
            if (!read_size(text.substr(0, text.find(';')), 16, size)) return fail("a chunk has no size");
            if (size == 0) {
                while (line(text))
                    if (text.empty()) return true;
                return false;
            }
            if (!read_bytes(size, out)) return false;
            if (!skip("\r\n")) return fail("a chunk has another size than it says");
        }
        return false;
    }

    std::string_view rest_;
    char const* wrong_ = nullptr;
};

}  // namespace detail

/// Exchanges with a server, in the order in which the answers came. As bytes: the requests as HTTP/1.1, a line feed, the line
/// `=== response ===`, a line feed, the answers.
class recording {
public:
    recording() = default;

    std::vector<recorded_exchange> exchanges;
    std::string name;  ///< The file it was read from, for failures.

    /// Lengths are those of the bodies; an answer that says no length is given one.
    [[nodiscard]] std::string to_bytes() const {
        std::string bytes;
        for (recorded_exchange const& one : exchanges) {
            bytes.append(one.request.method).append(1, ' ').append(one.request.target).append(" HTTP/1.1\r\n");
            put_rest(bytes, one.request.headers, one.request.body, !one.request.body.empty());
        }
        bytes += divider;
        for (recorded_exchange const& one : exchanges) {
            bytes.append("HTTP/1.1 ").append(std::to_string(one.response.status)).append(1, ' ').append(detail::reason_phrase(one.response.status)).append("\r\n");
            put_rest(bytes, one.response.headers, one.response.body, !detail::has_no_body(one.response.status, one.request.method));
        }
        return bytes;
    }

    /// Errors: `malformed_response`, which says at which exchange, and never quotes the text.
    [[nodiscard]] static result<recording> parse(std::string_view bytes) {
        recording made;
        detail::recording_reader reader(bytes);
        while (!reader.skip(divider)) {
            if (reader.empty()) return malformed("no answers follow the requests", made.exchanges.size());
            recorded_exchange& next = made.exchanges.emplace_back();
            if (!reader.read_request(next.request)) return malformed(reader.wrong(), made.exchanges.size());
        }
        for (std::size_t i = 0; i < made.exchanges.size(); ++i) {
            recorded_exchange& next = made.exchanges[i];
            if (!reader.read_response(next.response, next.request.method)) return malformed(reader.wrong(), i + 1);
        }
        if (!reader.empty()) return malformed("more follows the last answer", made.exchanges.size());
        return made;
    }

    friend bool operator==(recording const& a, recording const& b) { return a.exchanges == b.exchanges; }

private:
    static constexpr std::string_view divider = "\n=== response ===\n";

    [[nodiscard]] static failure malformed(std::string const& what, std::size_t number) {
        return failure(errc::malformed_response, "The recording is malformed at exchange " + std::to_string(number) + ": " + what + ".");
    }

    static void put_rest(std::string& bytes, http_headers const& headers, std::string_view body, bool needs_length) {
        bool const chunked = detail::is_chunked(headers);
        std::string const length = std::to_string(body.size());
        for (header_view const field : headers) {
            bool const is_length = !chunked && umbraco_ai::detail::equals_ignoring_case(field.name, "Content-Length");
            bytes.append(field.name).append(": ").append(is_length && needs_length ? length : field.value).append("\r\n");
        }
        if (needs_length && !chunked && !headers.contains("Content-Length")) bytes.append("Content-Length: ").append(length).append("\r\n");
        bytes += "\r\n";
        if (!chunked) {
            bytes += body;
            return;
        }
        if (!body.empty()) {
            char digits[2 * sizeof(std::size_t)];
            auto const [end, code] = std::to_chars(digits, digits + sizeof digits, body.size(), 16);
            static_cast<void>(code);
            bytes.append(digits, end).append("\r\n").append(body).append("\r\n");
        }
        bytes += "0\r\n\r\n";
    }
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

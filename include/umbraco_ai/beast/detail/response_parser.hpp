// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_RESPONSE_PARSER_HPP
#define UMBRACO_AI_BEAST_DETAIL_RESPONSE_PARSER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/optional/optional.hpp>
#include <boost/system/error_code.hpp>
#include <boost/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Beast's parser, filling an `http_response` directly. Trailer fields are dropped: they must not pass for header fields.
class response_parser final : public boost::beast::http::basic_parser<false> {
    using error_code = boost::system::error_code;
    using string_view = boost::beast::string_view;

public:
    explicit response_parser(http_limits const& limits) : most_header_bytes_(limits.header_bytes) {
        header_limit(static_cast<std::uint32_t>(
            (std::min<std::uint64_t>)(limits.header_bytes, (std::numeric_limits<std::uint32_t>::max)())));
        body_limit(boost::optional<std::uint64_t>(limits.body_bytes));
    }

    [[nodiscard]] http_response& response() noexcept { return response_; }
    [[nodiscard]] bool is_interim() const noexcept { return response_.status / 100 == 1; }

    /// Takes what it can use off the front of what has arrived. No error where more is needed.
    [[nodiscard]] error_code take(boost::beast::flat_buffer& buffer) {
        using http_error = boost::beast::http::error;
        error_code error;
        arrived_ = buffer.size();
        if (header_bytes_ == 0 && !begins_like_http(buffer)) error = http_error::bad_version;
        while (!error && buffer.size() != 0 && !is_done()) {
            bool const in_header = !is_header_done();
            // No chunked body ends with less, and Beast asserts that no piece of its last chunk is shorter.
            if (!in_header && chunked() && buffer.size() < std::string_view("0\r\n\r\n").size()) break;
            std::size_t const used = put(buffer.cdata(), error);
            buffer.consume(used);
            if (in_header) {
                header_bytes_ += used;
                std::size_t const pending = is_header_done() ? 0 : buffer.size();
                if (header_bytes_ + pending > most_header_bytes_) error = http_error::header_limit;
            }
            if (!error && used == 0) break;
        }
        if (error != http_error::need_more) return error;
        // Beyond the header only the line of a chunk, or the trailer, is kept back until it is whole.
        if (!is_header_done() || buffer.size() <= most_header_bytes_) return {};
        return http_error::header_limit;
    }

private:
    // Noticed at the first byte, so that a server that speaks TLS or SSH here is not waited for.
    [[nodiscard]] static bool begins_like_http(boost::beast::flat_buffer const& buffer) {
        constexpr std::string_view start = "HTTP/1.";
        auto const bytes = buffer.cdata();
        std::string_view const seen(static_cast<char const*>(bytes.data()), (std::min)(bytes.size(), start.size()));
        return start.starts_with(seen);
    }

    // Beast bounds the bytes of a header only, and each field takes memory.
    static constexpr std::size_t most_fields = 256;

    // Of all chunk extensions of one answer. Nobody uses them, and Beast sets them no bound.
    static constexpr std::size_t most_extension_bytes = 4096;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}

    void on_response_impl(int status, string_view, int, error_code& error) override {
        constexpr std::size_t usual_fields = 12;
        response_.status = status;
        response_.headers.reserve(usual_fields);
        // There is none below 100, and 0 stands for no answer.
        if (status < 100) error = boost::beast::http::error::bad_status;
    }

    void on_field_impl(boost::beast::http::field field, string_view name, string_view value, error_code& error) override {
        if (has_header_) return;
        // Beast ignores what stands around chunked, and the body would still be in that coding.
        bool const is_coding = field == boost::beast::http::field::transfer_encoding;
        if (is_coding && !boost::beast::iequals(value, "chunked")) error = boost::beast::http::error::bad_transfer_encoding;
        if (response_.headers.size() == most_fields) error = boost::beast::http::error::header_limit;
        if (error) return;
        response_.headers.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }

#if BOOST_VERSION >= 109000
    void on_trailer_field_impl(boost::beast::http::field, string_view, string_view, error_code&) override {}
#endif

    void on_header_impl(error_code& error) override {
        has_header_ = true;
        if (chunked() && response_.headers.contains("Content-Length")) error = boost::beast::http::error::bad_transfer_encoding;
    }

    void on_body_init_impl(boost::optional<std::uint64_t> const& size, error_code&) override {
        constexpr std::uint64_t most_believed = 64 * 1024;
        if (size) response_.body.reserve(static_cast<std::size_t>((std::min)(*size, most_believed)));
    }

    std::size_t on_body_impl(string_view piece, error_code&) override {
        response_.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& error) override {
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > most_extension_bytes) error = boost::beast::http::error::bad_chunk_extension;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
        // Room at once for all that has arrived, since the other chunks are mostly among it.
        if (response_.body.empty()) response_.body.reserve((std::max)(arrived_, piece.size()));
        response_.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_finish_impl(error_code&) override {}

    http_response response_;
    std::size_t most_header_bytes_;
    std::size_t header_bytes_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t arrived_ = 0;
    bool has_header_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

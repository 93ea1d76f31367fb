// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_RESPONSE_READER_HPP
#define UMBRACO_AI_BEAST_DETAIL_RESPONSE_READER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/response_parser.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Fills an `http_response` from the bytes of a connection.
class response_reader {
public:
    /// `lines` holds a line that comes in pieces. Both it and `into`, which is empty, outlive the reader.
    response_reader(http_limits const& limits, std::span<char> lines, http_response& into) noexcept
        : parser_(lines, limits_of(limits)), response_(into) {}

    /// How much memory for lines a reader with these limits needs.
    [[nodiscard]] static std::size_t line_memory(http_limits const& limits) noexcept {
        constexpr std::size_t most = 256 * 1024;
        return (std::min)(limits.header_bytes, most);
    }

    /// Takes what it can use off the front of what has arrived; gives how much that is.
    [[nodiscard, gnu::flatten]] std::size_t take(std::string_view arrived) {
        std::string_view rest = arrived;
        filling into(*this, rest);
        static_cast<void>(parser_.read(rest, into));
        return arrived.size() - rest.size();
    }

    /// The connection has ended; whether that completes the answer.
    [[nodiscard]] bool end() noexcept { return parser_.end().what == http1::event_kind::complete; }

    [[nodiscard]] http1::parse_error error() const noexcept { return parser_.error(); }
    [[nodiscard]] bool is_complete() const noexcept { return parser_.is_complete(); }
    [[nodiscard]] bool has_begun() const noexcept { return parser_.has_begun(); }
    [[nodiscard]] bool awaits_answer() const noexcept { return parser_.awaits_answer(); }
    [[nodiscard]] bool is_header_done() const noexcept { return parser_.is_header_done(); }
    [[nodiscard]] bool keep_alive() const noexcept { return parser_.keep_alive(); }

private:
    class filling {
    public:
        filling(response_reader& reader, std::string_view const& left) noexcept : reader_(reader), left_(left) {}

        bool on_status(int status) {
            reader_.response_.status = status;
            reader_.response_.headers.reserve(usual_fields, usual_characters);
            return true;
        }
        bool on_field(std::string_view name, std::string_view value) {
            reader_.response_.headers.add_line(name, value);
            return true;
        }
        bool on_header_end() {
            reader_.make_room(left_.size());
            return true;
        }
        bool on_body(std::string_view piece) {
            reader_.response_.body.append(piece);
            return true;
        }

    private:
        response_reader& reader_;
        std::string_view const& left_;
    };

    [[nodiscard]] static http1::response_limits limits_of(http_limits const& limits) noexcept {
        http1::response_limits made;
        made.header_bytes = limits.header_bytes;
        made.body_bytes = limits.body_bytes;
        return made;
    }

    // Room at once for what is announced, or for all that has arrived, since the other chunks are mostly among it.
    void make_room(std::size_t arrived) {
        constexpr std::uint64_t most_believed = 64 * 1024;
        auto const announced = static_cast<std::size_t>((std::min)(parser_.announced_size(), most_believed));
        response_.body.reserve((std::max)(announced, arrived));
    }

    static constexpr std::size_t usual_fields = 16;
    static constexpr std::size_t usual_characters = 512;

    http1::response_parser parser_;
    http_response& response_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTS_SUPPORT_PARSED_ANSWER_HPP
#define UMBRACO_AI_TESTS_SUPPORT_PARSED_ANSWER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/response_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace umbraco_ai::tests {

/// All that the codec says about some bytes after which the connection ended.
struct parsed_answer {
    http1::parse_error error = http1::parse_error::none;
    http_response response;  ///< Empty where there is an error.
    bool keep_alive = false;
    std::size_t left = 0;  ///< Bytes behind the answer.

    friend bool operator==(parsed_answer const&, parsed_answer const&) = default;
    friend std::ostream& operator<<(std::ostream& out, parsed_answer const& value) {
        out << to_string(value.error) << ", " << value.response << ", keep alive " << value.keep_alive << ", left " << value.left;
        for (auto const& field : value.response.headers) out << '\n' << field.name << ": " << field.value;
        return out;
    }
};

struct parse_options {
    http1::response_limits limits;
    std::size_t scratch = 32 * 1024;
    bool is_head = false;
};

/// Feeds pieces of the sizes given, the last of them for ever; none means all at once.
inline parsed_answer parse_in_pieces(std::string_view bytes, std::vector<std::size_t> const& sizes = {}, parse_options const& options = {}) {
    // From the heap and of exact size, so that a sanitizer sees each byte beyond.
    std::vector<char> scratch(options.scratch);
    http1::response_parser parser(scratch, options.limits);
    if (options.is_head) parser.expect_no_body();

    parsed_answer made;
    bool has_status = false;
    bool has_header = false;
    std::vector<char> piece;
    std::string_view rest;
    std::size_t next_size = 0;
    bool has_ended = false;
    while (true) {
        http1::event found = parser.next(rest);
        if (found.what == http1::event_kind::need_more) {
            if (!rest.empty()) throw std::logic_error("bytes were left over, and more was asked for");
            if (bytes.empty()) {
                found = parser.end();
                has_ended = true;
            } else {
                std::size_t const size = sizes.empty() ? bytes.size() : sizes[(std::min)(next_size++, sizes.size() - 1)];
                std::string_view const taken = bytes.substr(0, size);
                piece.assign(taken.begin(), taken.end());
                bytes.remove_prefix(taken.size());
                rest = std::string_view(piece.data(), piece.size());
                continue;
            }
        }
        switch (found.what) {
            case http1::event_kind::need_more: throw std::logic_error("more is needed after the end");
            case http1::event_kind::status:
                if (has_status) throw std::logic_error("two status lines");
                has_status = true;
                made.response.status = found.status;
                break;
            case http1::event_kind::field:
                if (!has_status || has_header) throw std::logic_error("a field out of place");
                made.response.headers.add(std::string(found.name), std::string(found.value));
                break;
            case http1::event_kind::header_end:
                if (!has_status || has_header) throw std::logic_error("an end of the header out of place");
                has_header = true;
                break;
            case http1::event_kind::body:
                if (!has_header || found.value.empty()) throw std::logic_error("a piece of the body out of place");
                made.response.body += found.value;
                break;
            case http1::event_kind::complete:
                if (!has_header || !parser.is_complete()) throw std::logic_error("an end out of place");
                made.keep_alive = parser.keep_alive();
                made.left = rest.size() + bytes.size();
                return made;
            case http1::event_kind::failed:
                if (found.error == http1::parse_error::none || parser.error() != found.error) throw std::logic_error("a failure without error");
                if (!has_ended && parser.next(rest).error != found.error) throw std::logic_error("a failure that does not last");
                made = parsed_answer();
                made.error = found.error;
                return made;
        }
    }
}

}  // namespace umbraco_ai::tests

#endif

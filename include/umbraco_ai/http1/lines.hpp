// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_LINES_HPP
#define UMBRACO_AI_HTTP1_LINES_HPP

#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// HTTP-version SP 3DIGIT SP reason-phrase
[[nodiscard]] inline parse_error read_status_line(std::string_view line, bool& is_http_1_1, int& status) noexcept {
    if (line.size() < 9 || (line[7] != '0' && line[7] != '1') || line[8] != ' ') return parse_error::not_http;
    bool const has_digits = line.size() >= 13 && line[9] >= '1' && line[9] <= '9' && detail::is_digit(line[10]) && detail::is_digit(line[11]);
    if (!has_digits || line[12] != ' ' || !detail::is_field_value(detail::without_prefix(line, 13))) return parse_error::bad_status;
    is_http_1_1 = line[7] == '1';
    status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return parse_error::none;
}

/// field-name ":" OWS field-value OWS
[[nodiscard]] inline parse_error split_field(std::string_view line, std::string_view& name, std::string_view& value) noexcept {
    if (line.empty()) return parse_error::bad_field;
    if (detail::is_blank(line.front())) return parse_error::folded_field;
    std::size_t colon = 0;
    while (colon < line.size() && detail::is_token_char(line[colon])) ++colon;
    if (colon == 0 || colon == line.size() || line[colon] != ':') return parse_error::bad_field;
    name = detail::prefix(line, colon);
    value = detail::without_blanks(detail::without_prefix(line, colon + 1));
    return detail::is_field_value(value) ? parse_error::none : parse_error::bad_field;
}

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

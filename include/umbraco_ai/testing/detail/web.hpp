// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_WEB_HPP
#define UMBRACO_AI_TESTING_DETAIL_WEB_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/unicode.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

using umbraco_ai::detail::equals_ignoring_case;

[[nodiscard]] inline std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.emplace_back(text);
    return parts;
}

[[nodiscard]] inline std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    std::size_t const first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

[[nodiscard]] inline int hex_value(char c) noexcept {
    std::size_t const digit = std::string_view("0123456789abcdef").find(umbraco_ai::detail::ascii_lower(c));
    return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

/// The byte that `%XX` at this place stands for, or -1.
[[nodiscard]] inline int percent_byte(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size() || text[at] != '%') return -1;
    int const high = hex_value(text[at + 1]);
    int const low = hex_value(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Decodes `%XX` where it makes UTF-8 and leaves it alone where it does not. `keep` is one character that stays encoded.
[[nodiscard]] inline std::string percent_decoded(std::string_view text, char keep = '\0') {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        std::string bytes;
        for (std::size_t at = i; bytes.size() < 4; at += 3) {
            int const byte = percent_byte(text, at);
            if (byte < 0) break;
            bytes += static_cast<char>(static_cast<unsigned char>(byte));
        }
        code_point const first = bytes.empty() ? code_point() : decode_utf8(bytes);
        if (first.is_valid && (keep == '\0' || bytes[0] != keep)) {
            out.append(bytes, 0, first.length);
            i += 3 * first.length;
        } else {
            std::size_t const taken = bytes.empty() ? 1 : 3;
            out.append(text.substr(i, taken));
            i += taken;
        }
    }
    return out;
}

[[nodiscard]] inline std::string form_decoded(std::string_view text) {
    std::string blanks(text);
    for (char& c : blanks)
        if (c == '+') c = ' ';
    return percent_decoded(blanks);
}

/// Names and values of a query or a form; of a repeated name the first counts, and case does not.
class parameters {
public:
    parameters() = default;
    explicit parameters(std::string_view text) {
        for (auto const& part : split(text, '&')) {
            if (part.empty()) continue;
            std::size_t const equals = part.find('=');
            std::string const value = equals == std::string::npos ? std::string() : part.substr(equals + 1);
            fields_.add(form_decoded(part.substr(0, equals)), form_decoded(value));
        }
    }

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept { return fields_.find(name); }
    [[nodiscard]] std::string get(std::string_view name) const {
        return std::string(find(name).value_or(std::string_view()));
    }

private:
    http_headers fields_;
};

/// Drops "." and ".." segments; a path begins with a slash.
[[nodiscard]] inline std::string without_dot_segments(std::string_view path) {
    std::vector<std::string> kept;
    auto const parts = split(path.substr(1), '/');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        bool const is_dots = parts[i] == "." || parts[i] == "..";
        if (parts[i] == ".." && !kept.empty()) kept.pop_back();
        if (!is_dots) kept.push_back(parts[i]);
        else if (i + 1 == parts.size()) kept.emplace_back();
    }
    std::string out;
    for (auto const& part : kept) out += '/' + part;
    return out.empty() ? "/" : out;
}

/// The lower-case 8-4-4-4-12 form of a guid written in any form that .NET reads: 32 digits, with hyphens, in {} or ().
[[nodiscard]] inline std::optional<std::string> parse_guid(std::string_view text) {
    text = trim(text);
    bool const is_wrapped =
        text.size() == 38 && ((text.front() == '{' && text.back() == '}') || (text.front() == '(' && text.back() == ')'));
    if (is_wrapped) text = text.substr(1, 36);
    std::string digits = lower_ascii(text);
    if (digits.size() == 36) {
        for (std::size_t hyphen : {23U, 18U, 13U, 8U}) {
            if (digits[hyphen] != '-') return std::nullopt;
            digits.erase(hyphen, 1);
        }
    } else if (is_wrapped) {
        return std::nullopt;
    }
    if (digits.size() != 32 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    for (std::size_t hyphen : {8U, 13U, 18U, 23U}) digits.insert(hyphen, 1, '-');
    return digits;
}

[[nodiscard]] inline std::string base64_decoded(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (char const c : text) {
        std::size_t const digit = alphabet.find(c);
        if (digit == std::string_view::npos) break;
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(static_cast<unsigned char>(bits >> count & 0xFFU));
    }
    return out;
}

/// What follows `scheme` in an Authorization header, or null where the scheme is another.
[[nodiscard]] inline std::optional<std::string> credentials(http_headers const& headers, std::string_view scheme) {
    auto const value = headers.find("Authorization");
    if (!value || value->size() <= scheme.size() || (*value)[scheme.size()] != ' ') return std::nullopt;
    if (!equals_ignoring_case(value->substr(0, scheme.size()), scheme)) return std::nullopt;
    return std::string(trim(value->substr(scheme.size())));
}

/// A media type with its charset, in lower case.
class media_type {
public:
    media_type() = default;
    explicit media_type(std::string_view text) {
        auto const parts = split(text, ';');
        type = lower_ascii(trim(parts[0]));
        for (std::size_t i = 1; i < parts.size(); ++i) {
            std::string const parameter = lower_ascii(trim(parts[i]));
            if (parameter.starts_with("charset=")) charset = parameter.substr(8);
            if (parameter.starts_with("q=")) quality = parameter.substr(2);
        }
    }

    [[nodiscard]] bool is_json() const {
        return type == "application/json" || type == "text/json" ||
               (type.starts_with("application/") && type.ends_with("+json"));
    }

    std::string type;
    std::string charset;
    std::string quality = "1";  ///< As text: it sorts as the number does.
};

/// Accept names application/problem+json before application/json.
[[nodiscard]] inline bool prefers_problem_json(http_headers const& headers) {
    auto const accept = headers.find("Accept");
    if (!accept || accept->find("*/*") != std::string::npos) return false;
    media_type best;
    best.quality = "0";
    for (auto const& part : split(*accept, ',')) {
        media_type const offered(part);
        bool const is_ours =
            offered.type == "application/problem+json" || offered.type == "application/json" || offered.type == "text/json";
        if (is_ours && offered.quality > best.quality) best = offered;
    }
    return best.type == "application/problem+json";
}

/// The body of a request with a JSON media type as UTF-8, or null where the media type or its charset is not read.
[[nodiscard]] inline std::optional<std::string> json_body(http_headers const& headers, std::string const& body) {
    auto const header = headers.find("Content-Type");
    media_type const type(!header ? std::string_view() : std::string_view(*header));
    if (!type.is_json()) return std::nullopt;
    if (type.charset == "utf-16") return utf16_to_utf8(body);
    if (!type.charset.empty() && type.charset != "utf-8" && type.charset != "\"utf-8\"") return std::nullopt;
    return body.starts_with("\xEF\xBB\xBF") ? body.substr(3) : body;
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

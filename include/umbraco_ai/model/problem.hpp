// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_PROBLEM_HPP
#define UMBRACO_AI_MODEL_PROBLEM_HPP

#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

inline constexpr std::size_t most_problem_text = 1024;
inline constexpr std::size_t most_field_errors = 32;

/// Text of a server's that may quote what was sent: runs that look like keys or tokens become `***`. A run is 16 or more
/// characters of base64url, `+`, `/` or `=` that hold both a letter and a digit, or anything of the form sk-…; guids stay.
[[nodiscard]] inline std::string without_tokens(std::string_view text) {
    auto const belongs = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '+' || c == '/' || c == '='; };
    std::string kept;
    kept.reserve(text.size());
    while (!text.empty()) {
        std::size_t length = 0;
        bool letter = false;
        bool digit = false;
        while (length < text.size() && belongs(text[length])) {
            letter = letter || is_alpha(text[length]);
            digit = digit || is_digit(text[length]);
            ++length;
        }
        std::string_view const run = text.substr(0, length);
        bool const token = (length >= 16 && letter && digit && !guid::parse(run)) || (length > 3 && run.starts_with("sk-"));
        if (length == 0) {
            kept += text.front();
            length = 1;
        } else if (token) {
            kept += "***";
        } else {
            kept += run;
        }
        text.remove_prefix(length);
    }
    return kept;
}

/// At most `most_problem_text` bytes, cut between characters, without control characters.
[[nodiscard]] inline std::string bounded(std::string_view text) {
    std::size_t end = (std::min)(text.size(), most_problem_text);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    std::string kept(text.substr(0, end));
    for (char& c : kept)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return kept;
}

[[nodiscard]] inline std::string server_text(std::string_view text) { return without_tokens(bounded(text)); }

/// Reads problem details from the body of an error. Members of unexpected types are passed over; nothing is an answer too.
class problem_reader {
public:
    [[nodiscard, gnu::cold]] static problem_details read(std::string_view body) {
        problem_details out;
        json_reader reader(body);
        if (reader.peek() != json_kind::object) return out;
        bool const ok = reader.read_object([&](json_key const& key) {
            if (key.name == "type") return uri(reader, out.type);
            if (key.name == "title") return text(reader, out.title);
            if (key.name == "detail") return text(reader, out.detail);
            if (key.name == "operationStatus") return text(reader, out.operation_status);
            if (key.name == "traceId") return trace(reader, out.trace_id);
            if (key.name == "errors" && reader.peek() == json_kind::object) return errors(reader, out);
            return reader.skip_value();
        });
        return ok && reader.finish() ? out : problem_details();
    }

private:
    static bool text(json_reader& reader, std::string& out) {
        if (reader.peek() != json_kind::string) return reader.skip_value();
        std::string read;
        if (!reader.read_string(read)) return false;
        out = server_text(read);
        return true;
    }

    /// A URI of a specification has long runs of its own; what was sent is taken out of it by the call.
    static bool uri(json_reader& reader, std::string& out) {
        if (reader.peek() != json_kind::string) return reader.skip_value();
        std::string read;
        if (!reader.read_string(read)) return false;
        bool const is_reference = read.starts_with("https://tools.ietf.org/") || read.starts_with("https://datatracker.ietf.org/") || read == "about:blank";
        out = is_reference ? bounded(read) : server_text(read);
        return true;
    }

    /// A W3C trace id is random and long like a token, so its form is checked instead.
    static bool trace(json_reader& reader, std::string& out) {
        if (reader.peek() != json_kind::string) return reader.skip_value();
        std::string read;
        if (!reader.read_string(read)) return false;
        bool const well_formed = read.size() == 55 && read.find_first_not_of("0123456789abcdef-") == std::string::npos;
        out = well_formed ? std::move(read) : server_text(read);
        return true;
    }

    static bool errors(json_reader& reader, problem_details& out) {
        return reader.read_object([&](json_key const& key) {
            std::string const name = server_text(key.name);
            if (reader.peek() != json_kind::array) return reader.skip_value();
            return reader.read_array([&](std::size_t) {
                std::string message;
                if (reader.peek() != json_kind::string) return reader.skip_value();
                if (!reader.read_string(message)) return false;
                if (out.errors.size() < most_field_errors) out.errors.emplace_back(name, server_text(message));
                return true;
            });
        });
    }
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

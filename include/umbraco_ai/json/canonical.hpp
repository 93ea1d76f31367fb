// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_CANONICAL_HPP
#define UMBRACO_AI_JSON_CANONICAL_HPP

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// Writes a value without blanks and with one spelling for each string, so that two texts of the same value are the same
/// bytes. Member order and number text stay, since servers keep both. `mend(std::string&)` sees each name and string first.
template <class F>
bool put_canonical(json_reader& reader, std::string& out, F const& mend) {
    switch (reader.peek()) {
        case json_kind::object: {
            out += '{';
            bool first = true;
            bool const ok = reader.read_object([&](json_key const& key) {
                if (!std::exchange(first, false)) out += ',';
                std::string name(key.name);
                mend(name);
                put_json_string(out, name);
                out += ':';
                return put_canonical(reader, out, mend);
            });
            out += '}';
            return ok;
        }
        case json_kind::array: {
            out += '[';
            bool const ok = reader.read_array([&](std::size_t index) {
                if (index != 0) out += ',';
                return put_canonical(reader, out, mend);
            });
            out += ']';
            return ok;
        }
        case json_kind::string: {
            std::string text;
            if (!reader.read_string(text)) return false;
            mend(text);
            put_json_string(out, text);
            return true;
        }
        default: {
            std::string_view raw;
            if (!reader.read_raw(raw)) return false;
            out += raw;
            return true;
        }
    }
}

/// Whether two JSON texts are one value, however their strings are escaped. Malformed text equals only itself.
[[nodiscard]] inline bool is_same_json(std::string_view a, std::string_view b) {
    if (a == b) return true;
    std::string canonical_a;
    std::string canonical_b;
    json_reader reader_a(a, 1024);
    json_reader reader_b(b, 1024);
    auto const as_it_is = [](std::string&) {};
    return put_canonical(reader_a, canonical_a, as_it_is) && put_canonical(reader_b, canonical_b, as_it_is) && canonical_a == canonical_b;
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_VALUE_CODEC_HPP
#define UMBRACO_AI_JSON_VALUE_CODEC_HPP

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// How a type is read from JSON and written to it. A model with a table of fields needs none; specialise it for a type
/// with a form of its own:
///
///     static bool read(json_reader&, T&)                      false after an error, as the reader's own functions
///     template <Sink S> static void write(S&, T const&)
template <class T>
struct json_codec;

template <>
struct json_codec<bool> {
    static bool read(json_reader& reader, bool& out) { return reader.read_boolean(out); }
    template <Sink S>
    static void write(S& sink, bool value) {
        detail::put(sink, value ? "true" : "false");
    }
};

template <class T>
    requires(std::is_integral_v<T> && std::is_signed_v<T> && !std::is_same_v<T, char>)
struct json_codec<T> {
    static bool read(json_reader& reader, T& out) {
        std::int64_t value = 0;
        if (!reader.read_integer(value)) return false;
        if (value < (std::numeric_limits<T>::min)() || value > (std::numeric_limits<T>::max)())
            return reader.fail(errc::invalid_value, "the number is out of range");
        out = static_cast<T>(value);
        return true;
    }
    template <Sink S>
    static void write(S& sink, T value) {
        char digits[24];
        auto const [end, code] = std::to_chars(digits, digits + sizeof digits, value);
        static_cast<void>(code);
        sink.append(digits, static_cast<std::size_t>(end - digits));
    }
};

template <>
struct json_codec<std::string> {
    static bool read(json_reader& reader, std::string& out) { return reader.read_string(out); }
    template <Sink S>
    static void write(S& sink, std::string_view value) {
        detail::put_json_string(sink, value);
    }
};

template <class T>
struct json_codec<std::optional<T>> {
    static bool read(json_reader& reader, std::optional<T>& out) {
        if (reader.take_null()) {
            out.reset();
            return true;
        }
        return json_codec<T>::read(reader, out.emplace());
    }
    template <Sink S>
    static void write(S& sink, std::optional<T> const& value) {
        if (value) json_codec<T>::write(sink, *value);
        else detail::put(sink, "null");
    }
};

template <class T>
struct json_codec<std::vector<T>> {
    static bool read(json_reader& reader, std::vector<T>& out) {
        out.clear();
        std::size_t before = 0;
        return reader.read_array([&](std::size_t index) {
            json_reader::scope const at(reader, index);
            if (index == 0) {
                before = reader.remaining();
            } else if (index == 1) {
                reserve(out, before - reader.remaining(), reader.remaining());
            }
            if constexpr (std::is_same_v<T, bool>) {
                bool item = false;
                if (!json_codec<T>::read(reader, item)) return false;
                out.push_back(item);
                return true;
            } else {
                if (json_codec<T>::read(reader, out.emplace_back())) return true;
                out.pop_back();
                return false;
            }
        });
    }
    template <Sink S>
    static void write(S& sink, std::vector<T> const& values) {
        detail::put(sink, '[');
        bool first = true;
        for (auto const& value : values) {
            if (!std::exchange(first, false)) detail::put(sink, ',');
            json_codec<T>::write(sink, value);
        }
        detail::put(sink, ']');
    }

private:
    /// Makes room for as many elements as the rest of the text holds if all are about as long as the first was. What a
    /// hostile text can make this take is bounded by its own length.
    static void reserve(std::vector<T>& out, std::size_t first_bytes, std::size_t rest_bytes) {
        std::size_t const expected = rest_bytes / first_bytes;
        std::size_t const affordable = rest_bytes / (sizeof(T) / 4 + 1);
        out.reserve(1 + (std::min)(expected + expected / 8 + 1, affordable));
    }
};

template <class T>
struct json_codec<std::map<std::string, T>> {
    static bool read(json_reader& reader, std::map<std::string, T>& out) {
        out.clear();
        return reader.read_object([&](json_key const& key) { return json_codec<T>::read(reader, out[std::string(key.name)]); });
    }
    template <Sink S>
    static void write(S& sink, std::map<std::string, T> const& values) {
        detail::put(sink, '{');
        bool first = true;
        for (auto const& [name, value] : values) {
            if (!std::exchange(first, false)) detail::put(sink, ',');
            detail::put_json_string(sink, name);
            detail::put(sink, ':');
            json_codec<T>::write(sink, value);
        }
        detail::put(sink, '}');
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_INSPECT_HPP
#define UMBRACO_AI_JSON_INSPECT_HPP

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// Whether a text looks like a secret that a server masked: a run of three or more `*` or `•`, or nothing else than them.
/// Sent back, such a text would be stored as the key itself.
[[nodiscard]] constexpr bool looks_masked(std::string_view text) noexcept {
    constexpr std::string_view bullet = "\xE2\x80\xA2";
    std::size_t run = 0;
    bool only_masks = !text.empty();
    while (!text.empty()) {
        std::size_t const length = text.front() == '*' ? 1 : text.starts_with(bullet) ? bullet.size() : 0;
        if (length == 0) {
            only_masks = false;
            run = 0;
            text.remove_prefix(1);
            continue;
        }
        if (++run == 3) return true;
        text.remove_prefix(length);
    }
    return only_masks;
}

/// Whether a text is a secret that the server could no longer decrypt, and answered as it is stored.
[[nodiscard]] constexpr bool looks_encrypted(std::string_view text) noexcept { return text.starts_with("ENC:"); }

/// Whether a text reads as a reference into the server's configuration: `$` and names parted by colons.
[[nodiscard]] constexpr bool looks_like_reference(std::string_view text) noexcept {
    if (text.size() < 2 || text.front() != '$' || text[1] == ':' || text.back() == ':') return false;
    for (char const c : text.substr(1)) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != ':' && c != '_' && c != '-' && c != '.') return false;
    }
    return true;
}

namespace detail {

/// What a pass over a JSON value found, beyond its being well-formed. Paths begin with the name given to `inspect_json`.
class json_findings {
public:
    json_findings() = default;

    std::optional<failure> malformed;
    std::size_t depth = 0;  ///< 0 for a scalar, 1 for an object of scalars.
    std::optional<std::string> repeated_key;
    std::optional<std::string> masked_value;
    std::vector<std::string> encrypted_values;      ///< Paths of `ENC:` texts.
    std::optional<std::string> malformed_reference;  ///< A text that begins with `$` and is no reference.
};

class json_inspector {
public:
    explicit json_inspector(std::string_view text, std::string root) : reader_(text, 1024), path_(std::move(root)) {}

    [[nodiscard]] json_findings run() {
        if (!visit(0) || !reader_.finish()) findings_.malformed = reader_.error();
        return std::move(findings_);
    }

    /// Called with each string value, decoded.
    template <class F>
    bool each_string(F&& visitor) {
        strings_ = [](void* f, std::string_view text) { (*static_cast<std::remove_reference_t<F>*>(f))(text); };
        context_ = &visitor;
        return visit(0) && reader_.finish();
    }

private:
    bool visit(std::size_t depth) {
        findings_.depth = (std::max)(findings_.depth, depth);
        switch (reader_.peek()) {
            case json_kind::object: return visit_object(depth);
            case json_kind::array:
                return reader_.read_array([&](std::size_t index) {
                    return below('[' + std::to_string(index) + ']', [&] { return visit(depth + 1); });
                }) && note_depth(depth + 1);
            case json_kind::string: {
                std::string text;
                if (!reader_.read_string(text)) return false;
                if (!findings_.masked_value && looks_masked(text)) findings_.masked_value = path_;
                if (looks_encrypted(text)) findings_.encrypted_values.push_back(path_);
                if (!findings_.malformed_reference && text.starts_with('$') && !looks_like_reference(text)) findings_.malformed_reference = path_;
                if (strings_ != nullptr) strings_(context_, text);
                return true;
            }
            default: return reader_.skip_value();
        }
    }

    bool visit_object(std::size_t depth) {
        std::vector<std::string> names;
        bool const read = reader_.read_object([&](json_key const& key) {
            names.emplace_back(key.name);
            return below('.' + std::string(key.name), [&] { return visit(depth + 1); });
        });
        if (!read) return false;
        std::sort(names.begin(), names.end());
        auto const repeated = std::adjacent_find(names.begin(), names.end());
        if (repeated != names.end() && !findings_.repeated_key) findings_.repeated_key = path_ + '.' + *repeated;
        return note_depth(depth + 1);
    }

    bool note_depth(std::size_t depth) {
        findings_.depth = (std::max)(findings_.depth, depth);
        return true;
    }

    template <class F>
    bool below(std::string const& segment, F&& visit_value) {
        std::size_t const length = path_.size();
        path_ += segment;
        bool const ok = visit_value();
        path_.resize(length);
        return ok;
    }

    json_reader reader_;
    std::string path_;
    json_findings findings_;
    void (*strings_)(void*, std::string_view) = nullptr;
    void* context_ = nullptr;
};

[[nodiscard]] inline json_findings inspect_json(std::string_view text, std::string root) {
    return json_inspector(text, std::move(root)).run();
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_INSPECT_HPP
#define UMBRACO_AI_JSON_INSPECT_HPP

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/secret_shapes.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

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
    /// The root is the name that paths begin with; it must outlive the inspector.
    explicit json_inspector(std::string_view text, std::string_view root, json_findings& findings)
        : reader_(text, 1024), root_(root), findings_(findings), may_hold_mask_(may_hold_mask(text)) {}

    void run() {
        if (!visit(0, nullptr) || !reader_.finish()) findings_.malformed = reader_.error();
    }

    /// Called with each string value, decoded.
    template <class F>
    bool each_string(F&& visitor) {
        strings_ = [](void* f, std::string_view text) { (*static_cast<std::remove_reference_t<F>*>(f))(text); };
        context_ = &visitor;
        return visit(0, nullptr) && reader_.finish();
    }

private:
    [[nodiscard]] static bool may_hold_mask(std::string_view text) noexcept {
        for (char const c : {'*', '\xE2'})
            if (!text.empty() && std::memchr(text.data(), c, text.size()) != nullptr) return true;
        return false;
    }

    /// Where a value stands: a member, or an element where the name is null. Paths become text only where there is a finding.
    struct place {
        place const* above;
        char const* name;
        std::size_t number;  ///< The size of the name, or the index.
    };

    bool visit(std::size_t depth, place const* at) {
        static_cast<void>(note_depth(depth));
        switch (reader_.peek()) {
            case json_kind::object: return visit_object(depth, at);
            case json_kind::array:
                return reader_.read_array([&](std::size_t index) {
                    place const element{at, nullptr, index};
                    return visit(depth + 1, &element);
                }) && note_depth(depth + 1);
            case json_kind::string: {
                std::string scratch;
                std::string_view text;
                if (!reader_.read_text(text, scratch)) return false;
                if ((may_hold_mask_ || text.data() == scratch.data()) && !findings_.masked_value && looks_masked(text)) findings_.masked_value = path(at);
                if (looks_encrypted(text)) findings_.encrypted_values.push_back(path(at));
                if (!findings_.malformed_reference && text.starts_with('$') && !looks_like_reference(text)) findings_.malformed_reference = path(at);
                if (strings_ != nullptr) strings_(context_, text);
                return true;
            }
            default: return reader_.skip_value();
        }
    }

    bool visit_object(std::size_t depth, place const* at) {
        key_names names;
        bool const read = reader_.read_object([&](json_key const& key) {
            names.add(key);
            place const member{at, key.name.data(), key.name.size()};
            return visit(depth + 1, &member);
        });
        if (!read) return false;
        if (!findings_.repeated_key) {
            if (auto const repeated = names.repeated()) findings_.repeated_key = path(at) + '.' + std::string(*repeated);
        }
        return note_depth(depth + 1);
    }

    /// The names of one object. A few of them take no memory.
    class key_names {
    public:
        key_names() = default;

        void add(json_key const& key) {
            // A name that was decoded does not live longer than its member.
            if (key.name.data() != key.raw.data() || few_count_ == std::size(few_)) many_.push_back(std::string(key.name));
            else few_[few_count_++] = key.name;
        }

        /// The first in the order of bytes of those that stand twice.
        [[nodiscard]] std::optional<std::string_view> repeated() const {
            std::optional<std::string_view> first;
            if (many_.empty()) {
                for (std::size_t i = 1; i < few_count_; ++i)
                    for (std::size_t k = 0; k < i; ++k)
                        if (few_[i] == few_[k] && (!first || few_[i] < *first)) first = few_[i];
                return first;
            }
            std::list<std::string_view> all(few_, few_ + few_count_);
            for (std::string const& name : many_) all.push_back(name);
            all.sort();
            for (auto next = all.begin(), one = next++; next != all.end() && !first; one = next++)
                if (*one == *next) first = *one;
            return first;
        }

    private:
        std::string_view few_[16];
        std::size_t few_count_ = 0;
        std::vector<std::string> many_;
    };

    bool note_depth(std::size_t depth) noexcept {
        findings_.depth = (std::max)(findings_.depth, depth);
        return true;
    }

    [[nodiscard]] std::string path(place const* at) const {
        if (at == nullptr) return std::string(root_);
        std::string text = path(at->above);
        if (at->name == nullptr) return text.append(1, '[').append(std::to_string(at->number)).append(1, ']');
        return text.append(1, '.').append(at->name, at->number);
    }

    json_reader reader_;
    std::string_view root_;
    json_findings& findings_;
    bool may_hold_mask_;  ///< A mask is of stars or bullets, which most texts hold nowhere. One that is escaped is seen when it is decoded.
    void (*strings_)(void*, std::string_view) = nullptr;
    void* context_ = nullptr;
};

[[nodiscard]] inline json_findings inspect_json(std::string_view text, std::string_view root) {
    json_findings found;
    json_inspector(text, root, found).run();
    return found;
}

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

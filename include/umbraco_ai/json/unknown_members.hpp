// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_UNKNOWN_MEMBERS_HPP
#define UMBRACO_AI_JSON_UNKNOWN_MEMBERS_HPP

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// Members of an answer that this version of the library does not know, as the bytes that came. They survive a
/// read-modify-write and are never shown, since any of them may hold a secret.
class unknown_members {
public:
    unknown_members() = default;

    [[nodiscard]] bool empty() const noexcept { return object_.size() == 2; }

    /// `{"name":value,"name":value}`.
    [[nodiscard]] std::string const& json() const noexcept { return object_; }

    /// `"name":value,"name":value`, without braces.
    [[nodiscard]] std::string_view text() const noexcept { return std::string_view(object_).substr(1, object_.size() - 2); }

    /// The bytes of one value, or an empty view. `name` is the decoded name. Valid until a member is added.
    [[nodiscard]] std::string_view find(std::string_view name) const {
        std::string_view found;
        for_each([&](json_key const& key, std::string_view value) {
            if (key.name == name) found = value;
        });
        return found;
    }

    /// Calls `f(key, value bytes)` for each member, in the order in which they came.
    template <class F>
    void for_each(F&& f) const {
        if (empty()) return;
        json_reader reader(object_, 1024);
        static_cast<void>(reader.read_object([&](json_key const& key) {
            std::string_view value;
            if (!reader.read_raw(value)) return false;
            f(key, value);
            return true;
        }));
    }

    /// Adds a member from bytes that a reader accepted. Of two with one name both stay, and the later wins, as with servers.
    void add(json_key const& key, std::string_view value) {
        object_.pop_back();
        if (object_.size() > 1) object_ += ',';
        object_.append(1, '"').append(key.raw).append("\":").append(value).append(1, '}');
    }

    friend bool operator==(unknown_members const&, unknown_members const&) = default;

private:
    std::string object_ = "{}";
};

UMBRACO_AI_END_NAMESPACE

#endif

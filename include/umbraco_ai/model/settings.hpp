// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_SETTINGS_HPP
#define UMBRACO_AI_MODEL_SETTINGS_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

class connection;
class settings;
template <class T>
struct answer;

namespace detail {

/// The settings keys of the known providers that hold no secret. An allow-list: what is not in it is not shown.
[[nodiscard]] inline bool is_public_setting(std::string_view key) noexcept {
    for (std::string_view const known : {"organizationId", "endpoint", "region", "projectName", "tenantId", "clientId", "useResponsesApi"})
        if (equals_ignoring_case(key, known)) return true;
    return false;
}

/// A URL without what can hold a secret: user name and password, query, fragment. What cannot be told apart for certain, as
/// where a password holds a slash that nobody encoded, is not shown at all. Other text stays.
[[nodiscard]] inline std::string without_url_secrets(std::string text) {
    std::size_t const scheme = text.find("://");
    if (scheme == std::string::npos) return text.find_first_of("@:?#") == std::string::npos ? text : "***";
    if (text.find_first_of("?#@/\\:") < scheme) return "***";
    std::size_t const begin = scheme + 3;
    std::size_t const end = (std::min)(text.size(), text.find_first_of("/?#\\", begin));
    std::size_t const at = text.find('@', begin);
    bool const has_user = at < end;
    if (text.find('@', has_user ? at + 1 : begin) != std::string::npos) return "***";
    text.resize((std::min)(text.size(), text.find_first_of("?#")));
    if (has_user) text.erase(begin, at + 1 - begin);
    return text;
}

/// How one value of a settings object is shown.
[[nodiscard]] inline std::string shown_setting(std::string_view key, std::string_view bytes) {
    if (bytes == "true" || bytes == "false" || bytes == "null") return std::string(bytes);
    json_reader reader(bytes);
    std::string text;
    if (reader.peek() != json_kind::string || !reader.read_string(text)) return "***";
    if (looks_like_reference(text)) return text;
    return is_public_setting(key) ? without_url_secrets(std::move(text)) : "***";
}

}  // namespace detail

/// One value of a settings object, as JSON. Made from text, numbers, booleans, null, a `secret`, a `config_reference`, or
/// settings nested in settings. Text that begins with `$` or `ENC:` means something else to servers than its letters, so it
/// is refused when it is sent; a reference is given as `config_reference`.
class settings_value {
public:
    settings_value(std::nullptr_t) : json_("null") {}
    settings_value(settings_value const&) = default;
    settings_value(settings_value&&) noexcept = default;
    settings_value& operator=(settings_value const&) = default;
    settings_value& operator=(settings_value&&) noexcept = default;
    ~settings_value() { detail::wipe(json_); }
    settings_value(bool value) : json_(value ? "true" : "false") {}
    settings_value(char const* text) : settings_value(text == nullptr ? std::string_view() : std::string_view(text)) {
        if (text == nullptr) refusal_ = "It is a null pointer; is the variable it comes from set?";
    }
    settings_value(std::string const& text) : settings_value(std::string_view(text)) {}
    settings_value(std::string_view text) : refusal_(refusal_of(text)) { detail::put_json_string(json_, text); }
    settings_value(secret const& value) : settings_value(value.reveal()) {}
    settings_value(config_reference const& value) {
        if (!looks_like_reference(value.to_string())) refusal_ = "A reference is names parted by colons, such as Umbraco:AI:Secrets:OpenAI.";
        detail::put_json_string(json_, value.to_string());
    }
    settings_value(settings const& nested);

    template <class Number>
        requires((std::integral<Number> || std::floating_point<Number>) && !std::same_as<Number, bool> && !std::same_as<Number, char>)
    settings_value(Number value) {
        char digits[64];
        auto const [end, code] = std::to_chars(digits, digits + sizeof digits, value);
        static_cast<void>(code);
        json_.assign(digits, end);
    }

    /// JSON text as it is, for what the other forms cannot say (arrays, numbers of many digits). It is checked with the
    /// settings it becomes part of.
    [[nodiscard]] static settings_value from_json(std::string_view text) {
        settings_value made(nullptr);
        made.json_ = text;
        auto const found = detail::inspect_json(text, {});
        if (found.malformed && found.malformed->code != make_error_code(errc::nested_too_deep)) made.refusal_ = "It is not one well-formed JSON value.";
        else if (!found.encrypted_values.empty()) made.refusal_ = refusal_of("ENC:");
        else if (found.malformed_reference) made.refusal_ = refusal_of("$");
        return made;
    }

    [[nodiscard]] std::string const& json() const noexcept { return json_; }

private:
    friend class settings;

    [[nodiscard]] static char const* refusal_of(std::string_view text) noexcept {
        if (text.starts_with('$')) return "A text that begins with $ is a reference into the server's configuration; say config_reference if that is meant.";
        if (looks_encrypted(text)) return "A text that begins with ENC: is taken for a secret the server encrypted; give the secret itself.";
        return nullptr;
    }

    std::string json_;
    char const* refusal_ = nullptr;
};

/// A key and its value, as in `settings{{"endpoint", "https://…"}}`.
class settings_entry {
public:
    settings_entry(std::string_view name, settings_value content) : key(name), value(std::move(content)) {}

    std::string key;
    settings_value value;
};

/// The provider-specific object of a connection, kept as the bytes that came: key order, number text and unknown keys
/// survive a round trip untouched, and changing one member leaves the bytes of the others alone. Either an object or null;
/// a default-constructed one is the empty object. Any value may be a secret, so streaming shows `***` for each but
/// booleans, null, `$` references, and keys that are known to hold no secret; URLs lose user name, password and query.
class settings {
public:
    /// How deep settings may nest: one less than the 32 that servers accept of a whole request.
    static constexpr std::size_t max_depth = 31;

    settings() = default;

    /// JSON null. Written over existing settings, it wipes the stored credentials.
    explicit settings(std::nullptr_t) : storage_("null") {}

    settings(std::initializer_list<settings_entry> entries) { assign(entries); }

    settings& operator=(std::initializer_list<settings_entry> entries) {
        storage_.get() = "{}";
        from_server_ = false;
        read_from_.reset();
        refused_.clear();
        assign(entries);
        return *this;
    }

    /// Takes JSON text of the user's.
    /// Errors: usage failures as `check` gives them, and for texts that begin with `ENC:`, or with `$` and are no reference.
    [[nodiscard]] static result<settings> parse(std::string_view json) {
        settings made;
        made.storage_.get() = json;
        if (auto checked = made.check(); !checked) return checked.error();
        auto const found = detail::inspect_json(json, "settings");
        if (!found.encrypted_values.empty())
            return failure(errc::unreadable_secret, "A text that begins with ENC: is taken for a secret the server encrypted; give the secret itself.")
                .at(found.encrypted_values.front());
        if (found.malformed_reference)
            return failure(errc::invalid_argument, "A text that begins with $ is a reference into the server's configuration, and this is none.")
                .at(*found.malformed_reference);
        return made;
    }

    [[nodiscard]] bool is_null() const noexcept { return storage_.get() == "null"; }

    /// Paths of the secrets that the server could no longer decrypt (`ENC:…`). The connection does not work until each is
    /// given anew.
    [[nodiscard]] std::vector<std::string> unreadable() const { return detail::inspect_json(storage_.get(), "settings").encrypted_values; }

    /// The path of the first masked value, where there is one.
    [[nodiscard]] std::optional<std::string> masked() const { return detail::inspect_json(storage_.get(), "settings").masked_value; }

    /// The connection that these were read from, changed since or not.
    [[nodiscard]] std::optional<guid> const& read_from() const noexcept { return read_from_; }

    /// The `http_response::origin_tag` of the answer that these were read from.
    [[nodiscard]] std::uint64_t origin_tag() const noexcept { return origin_tag_; }

    /// Whether these are the bytes of an answer, unchanged since.
    [[nodiscard]] bool is_as_answered() const noexcept { return from_server_; }

    /// The bytes, as JSON. They can hold secrets.
    [[nodiscard]] std::string const& json() const noexcept { return storage_.get(); }

    [[nodiscard]] bool contains(std::string_view key) const { return !find(key).empty(); }

    /// The bytes of one value, or an empty view. Valid until the settings change.
    [[nodiscard]] std::string_view find(std::string_view key) const {
        std::string_view found;
        for_each([&](json_key const& candidate, std::string_view value) {
            if (candidate.name == key) found = value;
        });
        return found;
    }

    /// The text of one value.
    /// Errors: a usage failure where the key is absent or its value is no string.
    [[nodiscard]] result<std::string> text(std::string_view key) const {
        std::string_view const value = find(key);
        std::string out;
        json_reader reader(value);
        if (value.empty()) return failure(errc::invalid_argument, "The settings have no such key.").at("settings." + std::string(key));
        if (!reader.read_string(out)) return failure(errc::invalid_argument, "The value is no string.").at("settings." + std::string(key));
        return out;
    }

    /// Adds a member or replaces the value of one, wherever it stands; all other bytes stay.
    settings& set(std::string_view key, settings_value const& value) {
        from_server_ = false;
        if (is_null()) storage_.get() = "{}";
        forget_refusal(key);
        note_refusal(key, value);
        if (std::string_view const old = find(key); !old.empty()) {
            storage_.get().replace(static_cast<std::size_t>(old.data() - storage_.get().data()), old.size(), value.json());
            return *this;
        }
        append(key, value);
        return *this;
    }

    /// Takes a member away; nothing where there is none.
    settings& erase(std::string_view key) {
        if (!contains(key)) return *this;
        from_server_ = false;
        forget_refusal(key);
        std::string kept = "{";
        for_each([&](json_key const& candidate, std::string_view value) {
            if (candidate.name == key) return;
            if (kept.size() > 1) kept += ',';
            kept.append(1, '"').append(candidate.raw).append("\":").append(value);
        });
        storage_.get() = std::move(kept += '}');
        return *this;
    }

    /// Calls `f(key, value bytes)` for each member in order.
    template <class F>
    void for_each(F&& f) const {
        json_reader reader(storage_.get(), 1024);
        if (reader.peek() != json_kind::object) return;
        static_cast<void>(reader.read_object([&](json_key const& key) {
            std::string_view value;
            if (!reader.read_raw(value)) return false;
            f(key, value);
            return true;
        }));
    }

    /// Whether these settings may be sent.
    /// Errors: usage failures that name the JSON path, never a value: no object, malformed, not UTF-8, a repeated key (which
    /// would make every list of the site fail), nested deeper than `max_depth`, a masked value (which would be stored as
    /// the key itself), a literal that begins with `$` or `ENC:`. What a server answered may be put back unchanged, unless it is masked.
    [[nodiscard]] result<void> check() const {
        if (is_null()) return result<void>::ok();
        auto const found = detail::inspect_json(storage_.get(), "settings");
        if (found.masked_value)
            return failure(errc::masked_value,
                           "The value is masked, and would be stored as the key itself; give the real value or a config_reference, or leave the key out.")
                .at(*found.masked_value);
        if (found.repeated_key)
            return failure(errc::invalid_argument, "The key stands twice; keep one, since a repeated key breaks the connection list of the whole site.")
                .at(*found.repeated_key);
        if (from_server_) return result<void>::ok();
        if (!refused_.empty()) return failure(errc::invalid_argument, refused_.front().second).at(refused_.front().first);
        bool const too_deep =
            found.depth > max_depth || (found.malformed && found.malformed->code == make_error_code(errc::nested_too_deep));
        if (found.malformed && !too_deep) {
            bool const utf8 = found.malformed->code == make_error_code(errc::invalid_utf8);
            return failure(errc::invalid_argument, utf8 ? "The text is not UTF-8; convert it first." : "The text is not well-formed JSON.")
                .at("settings");
        }
        if (storage_.get().find_first_not_of(" \t\r\n") == std::string::npos || storage_.get()[storage_.get().find_first_not_of(" \t\r\n")] != '{')
            return failure(errc::invalid_argument, "Settings are an object; give keys and values.").at("settings");
        if (too_deep)
            return failure(errc::invalid_argument, "Nested deeper than 31 levels, which servers refuse; flatten it.").at("settings");
        return result<void>::ok();
    }

    /// The same bytes. Order and number text count.
    friend bool operator==(settings const& a, settings const& b) noexcept { return a.storage_.get() == b.storage_.get(); }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, settings const& value) {
        if (value.is_null()) return out << "null";
        char const* comma = "{";
        bool any = false;
        value.for_each([&](json_key const& key, std::string_view bytes) {
            out << std::exchange(comma, ", ") << key.name << ": " << detail::shown_setting(key.name, bytes);
            any = true;
        });
        return out << (any ? "}" : "{}");
    }

private:
    friend struct json_codec<settings>;
    friend struct json_codec<connection>;
    template <class T>
    friend struct answer;

    void assign(std::initializer_list<settings_entry> entries) {
        for (auto const& entry : entries) {
            note_refusal(entry.key, entry.value);
            append(entry.key, entry.value);
        }
    }

    void note_refusal(std::string_view key, settings_value const& value) {
        if (value.refusal_ != nullptr) refused_.emplace_back("settings." + std::string(key), value.refusal_);
    }

    void forget_refusal(std::string_view key) {
        std::erase_if(refused_, [path = "settings." + std::string(key)](auto const& refused) { return refused.first == path; });
    }

    void append(std::string_view key, settings_value const& value) {
        std::size_t const end = storage_.get().rfind('}');
        if (end == std::string::npos) return;
        std::size_t const last = storage_.get().find_last_not_of(" \t\r\n", end - 1);
        std::string member = storage_.get()[last] == '{' ? "" : ",";
        detail::put_json_string(member, key);
        member.append(1, ':').append(value.json());
        storage_.get().insert(last + 1, member);
    }

    friend class settings_value;

    detail::wiping_string storage_{"{}"};
    bool from_server_ = false;
    std::optional<guid> read_from_;
    std::uint64_t origin_tag_ = 0;
    std::vector<std::pair<std::string, char const*>> refused_;  ///< Literals that mean something else to servers, by path.
};

inline settings_value::settings_value(settings const& nested)
    : json_(nested.json()),
      refusal_(!nested.refused_.empty() ? nested.refused_.front().second : nested.unreadable().empty() ? nullptr : refusal_of("ENC:")) {}

namespace detail {

/// Whether settings hold a `$` reference.
[[nodiscard]] inline bool has_reference(settings const& value) { return value.json().find("\"$") != std::string::npos; }

}  // namespace detail

template <>
struct json_codec<settings> {
    static bool read(json_reader& reader, settings& out) {
        std::string_view raw;
        if (!reader.read_raw(raw)) return false;
        out.storage_.get() = raw;
        out.from_server_ = true;
        return true;
    }
    template <Sink S>
    static void write(S& sink, settings const& value) {
        detail::put(sink, value.json());
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_CONNECTION_HPP
#define UMBRACO_AI_MODEL_CONNECTION_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/unknown_members.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/model/timestamp.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// The number of code points of UTF-8 text.
[[nodiscard]] inline std::size_t length_of(std::string_view text) noexcept {
    std::size_t count = 0;
    for (char const c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return count;
}

/// Why a text cannot stand where some text is needed, or null; its length is judged elsewhere.
[[nodiscard]] inline char const* refusal_of_text(std::string_view text) noexcept {
    if (is_blank(text)) return "It is empty; give a text.";
    return is_utf8(text) ? nullptr : "It is not UTF-8.";
}

[[nodiscard]] inline result<void> check_text(std::string_view text, std::size_t most, char const* field_name) {
    if (char const* const refusal = refusal_of_text(text)) return failure(errc::invalid_argument, refusal).at(field_name);
    if (text.size() > most && length_of(text) > most)
        return failure(errc::invalid_argument, "It is longer than the " + std::to_string(most) + " characters that the site keeps.").at(field_name);
    return result<void>::ok();
}

/// Why a connection cannot be given this alias, or null.
[[nodiscard]] inline char const* refusal_of_alias(std::string_view alias, bool any_alias) noexcept {
    if (guid::parse(alias)) return "It has the form of a guid, so that no request could ever reach it; choose another.";
    if (equals_ignoring_case(alias, "capabilities")) return "GET on this alias would reach the list of capabilities; choose another.";
    if (any_alias) return refusal_of_text(alias);
    bool good = !alias.empty() && alias.size() <= 100;
    for (char const c : alias) good = good && ((c >= 'a' && c <= 'z') || is_digit(c) || c == '-');
    return good ? nullptr : "An alias is 1 to 100 lower-case letters, digits and hyphens; say any_alias to give another.";
}

[[nodiscard]] inline result<void> check_alias(std::string_view alias, bool any_alias) {
    if (char const* const refusal = refusal_of_alias(alias, any_alias)) return failure(errc::invalid_argument, refusal).at("alias");
    return result<void>::ok();
}

[[nodiscard]] inline result<void> check_unreadable(settings const& value) {
    auto const paths = value.unreadable();
    if (paths.empty()) return result<void>::ok();
    return failure(errc::unreadable_secret,
                   "The server could no longer decrypt this secret, and only the connection it was read from keeps it; give the secret anew.")
        .at(paths.front());
}

/// Alias and name as a server answered them, kept only where they break the rules for what a user may give, so that they
/// can be put back unchanged.
class irregular_texts {
public:
    irregular_texts() = default;
    irregular_texts(std::string const& alias, std::string const& name) {
        if (!check_alias(alias, false)) alias_ = alias;
        if (!check_text(name, 255, "name")) name_ = name;
    }

    [[nodiscard]] bool permits_alias(std::string const& alias) const noexcept { return alias_ && *alias_ == alias; }
    [[nodiscard]] bool permits_name(std::string const& name) const noexcept { return name_ && *name_ == name; }

    friend bool operator==(irregular_texts const&, irregular_texts const&) = default;

private:
    std::optional<std::string> alias_;
    std::optional<std::string> name_;
};

}  // namespace detail

/// A connection as a server answers it: a provider's settings under a name.
class connection {
public:
    connection() = default;

    guid id;
    std::string alias;        ///< Unique on a site, ignoring ASCII case.
    std::string name;
    std::string provider_id;  ///< "openai", "anthropic" …
    bool is_active = false;
    std::optional<timestamp> date_created;
    std::optional<timestamp> date_modified;
    std::optional<std::int64_t> version;  ///< 1 at creation, one more with each update; documented-only servers send none.
    umbraco_ai::settings settings{nullptr};
    unknown_members unknown;

    friend bool operator==(connection const&, connection const&) = default;

private:
    friend struct json_codec<connection>;
    friend class connection_update;
    detail::irregular_texts as_read_;
};

template <>
struct fields<connection> : table<field<"id", &connection::id, required>,
                                  field<"alias", &connection::alias, required>,
                                  field<"name", &connection::name, required>,
                                  field<"providerId", &connection::provider_id, required>,
                                  field<"isActive", &connection::is_active, required>,
                                  field<"dateCreated", &connection::date_created>,
                                  field<"dateModified", &connection::date_modified>,
                                  field<"version", &connection::version>,
                                  field<"settings", &connection::settings, required | secret_field>> {};

template <>
struct json_codec<connection> {
    static bool read(json_reader& reader, connection& out) {
        if (!detail::model_reader<connection>(reader, out).read()) return false;
        out.as_read_ = detail::irregular_texts(out.alias, out.name);
        out.settings.read_from_ = out.id;
        return true;
    }
};

/// One row of a list of connections: without settings.
class connection_item {
public:
    // Not defaulted, or a list would fill the memory of each row with zeros before it makes the row.
    connection_item() noexcept {}

    guid id;
    std::string alias;
    std::string name;
    std::string provider_id;
    bool is_active = false;
    std::optional<timestamp> date_created;
    std::optional<timestamp> date_modified;
    std::optional<std::int64_t> version;

    friend bool operator==(connection_item const&, connection_item const&) = default;
};

template <>
struct fields<connection_item> : table<field<"id", &connection_item::id, required>,
                                       field<"alias", &connection_item::alias, required>,
                                       field<"name", &connection_item::name, required>,
                                       field<"providerId", &connection_item::provider_id, required>,
                                       field<"isActive", &connection_item::is_active, required>,
                                       field<"dateCreated", &connection_item::date_created>,
                                       field<"dateModified", &connection_item::date_modified>,
                                       field<"version", &connection_item::version>> {};

/// What a new connection is made from.
class connection_draft {
public:
    /// alias        1 to 100 characters of a-z, 0-9 and hyphen, unless `any_alias` is said
    /// name         up to 255 characters
    /// provider_id  up to 100 characters: "openai", "anthropic", "google", "amazon", "microsoft-foundry" …
    connection_draft(std::string alias_text, std::string name_text, std::string provider)
        : alias(std::move(alias_text)), name(std::move(name_text)), provider_id(std::move(provider)) {}

    std::string alias;
    std::string name;
    std::string provider_id;
    bool is_active = true;
    umbraco_ai::settings settings{nullptr};  ///< Null until it is given; most providers then cannot be tested or used.
    bool any_alias = false;                  ///< Lets an alias through that the back office would refuse.

    /// Errors: usage failures that name the member.
    [[nodiscard]] result<void> check() const {
        if (auto ok = detail::check_alias(alias, any_alias); !ok) return ok;
        if (auto ok = detail::check_text(name, 255, "name"); !ok) return ok;
        if (auto ok = detail::check_text(provider_id, 100, "providerId"); !ok) return ok;
        if (auto ok = settings.check(); !ok) return ok;
        return detail::check_unreadable(settings);
    }
};

template <>
struct fields<connection_draft> : table<field<"alias", &connection_draft::alias>,
                                        field<"name", &connection_draft::name>,
                                        field<"providerId", &connection_draft::provider_id>,
                                        field<"isActive", &connection_draft::is_active>,
                                        field<"settings", &connection_draft::settings, secret_field>> {};

/// Says that an update is meant to wipe the stored credentials.
class wipe_settings_t {
public:
    explicit constexpr wipe_settings_t() = default;
};
inline constexpr wipe_settings_t wipe_settings{};

/// The whole new state of a connection. Servers replace everything, so everything is named: made from a connection that
/// was read, or from all of its parts. Nothing can be left out by accident.
class connection_update {
public:
    /// What was read, with the changes made to it since: alias, name, whether it is active, settings, and the members that
    /// the library does not know. Never id, provider, version or dates.
    explicit connection_update(connection read)
        : alias(std::move(read.alias)), name(std::move(read.name)), is_active(read.is_active),
          settings(std::move(read.settings)), unknown(std::move(read.unknown)), as_read_(std::move(read.as_read_)) {}

    connection_update(std::string alias_text, std::string name_text, bool active, umbraco_ai::settings new_settings)
        : alias(std::move(alias_text)), name(std::move(name_text)), is_active(active), settings(std::move(new_settings)) {}

    connection_update(std::string alias_text, std::string name_text, bool active, wipe_settings_t)
        : alias(std::move(alias_text)), name(std::move(name_text)), is_active(active), wipes_settings_(true) {}

    std::string alias;
    std::string name;
    bool is_active;
    umbraco_ai::settings settings{nullptr};
    unknown_members unknown;
    bool any_alias = false;

    /// Leaves the settings, and what the library does not know, out of what is written, so that a server of the documented contract keeps its own. A server of
    /// the observed contract would wipe them: only for a server that is proved to be of the former.
    void leave_settings_out() noexcept {
        leaves_settings_out_ = true;
        unknown = {};
    }
    [[nodiscard]] bool leaves_settings_out() const noexcept { return leaves_settings_out_; }

    /// Whether this may be written to the connection of this id.
    /// Errors: usage failures that name the member. Settings that a server masked must be given anew first; a secret that
    /// the server cannot decrypt (`ENC:…`) goes back to the connection it was read from and nowhere else.
    [[nodiscard]] result<void> check(guid const& id) const {
        if (auto ok = check(); !ok) return ok;
        if (leaves_settings_out_ || settings.read_from() == id) return result<void>::ok();
        if (settings.is_null() && !wipes_settings_) return refuse_wiping();
        return detail::check_unreadable(settings);
    }

    /// Whether this may be written to an origin: what the server cannot decrypt, and null settings, go back only to where
    /// they were read.
    [[nodiscard]] result<void> check_origin(std::uint64_t origin_tag) const {
        if (leaves_settings_out_ || wipes_settings_ || !settings.read_from() || settings.origin_tag() == origin_tag) return result<void>::ok();
        if (settings.is_null()) return refuse_wiping();
        return detail::check_unreadable(settings);
    }

    /// Errors: as `check(id)`, as far as they can be told without it.
    [[nodiscard]] result<void> check() const {
        if (!as_read_.permits_alias(alias))
            if (auto ok = detail::check_alias(alias, any_alias); !ok) return ok;
        if (!as_read_.permits_name(name))
            if (auto ok = detail::check_text(name, 255, "name"); !ok) return ok;
        if (leaves_settings_out_) return result<void>::ok();
        if (settings.is_null() && !wipes_settings_ && !(settings.is_as_answered() && settings.read_from())) return refuse_wiping();
        if (!unknown.empty()) {
            if (auto const masked = detail::inspect_json(unknown.json(), "$").masked_value)
                return failure(errc::masked_value, "The value is masked, and would be stored as it stands; take the member out, or give the real value.").at(*masked);
        }
        return settings.check();
    }

private:
    static failure refuse_wiping() {
        return failure(errc::invalid_argument, "Null settings wipe the stored credentials; say wipe_settings if that is meant.").at("settings");
    }

    detail::irregular_texts as_read_;
    bool wipes_settings_ = false;
    bool leaves_settings_out_ = false;
};

template <>
struct fields<connection_update> : table<field<"alias", &connection_update::alias>,
                                         field<"name", &connection_update::name>,
                                         field<"isActive", &connection_update::is_active>,
                                         field<"settings", &connection_update::settings, secret_field>> {
    /// An unknown member of the answer is never put back under a name that a connection has, in whatever case.
    using read_as = connection;

    /// Rows that a value leaves out of what is written.
    [[nodiscard]] static bool leaves_out(connection_update const& value, std::string_view name) noexcept {
        return value.leaves_settings_out() && name == "settings";
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_UPDATE_HPP
#define UMBRACO_AI_EMBEDDED_UPDATE_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/embedded/requests.hpp>
#include <umbraco_ai/embedded/views.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/json/flaws.hpp>
#include <umbraco_ai/json/scanner.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/json/view.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/version.hpp>

#include <optional>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// What to change of a connection that was read. What is not set stays as it was.
class connection_change {
public:
    connection_change() = default;

    std::optional<std::string_view> alias;  ///< Servers before 1.3 keep the old one.
    std::optional<std::string_view> name;
    std::optional<bool> is_active;

    /// New settings, whole, as JSON: needed where the server masked those that were read.
    std::optional<std::string_view> settings;
};

namespace detail {

[[nodiscard]] inline outcome refuse(errc code, char const* what, std::string_view field, json_string_view key) noexcept {
    return outcome(code, what).at(field, key.raw());
}

[[nodiscard]] inline outcome check_settings_read(std::string_view json, std::string_view field) noexcept {
    json_flaws const found(json);
    if (found.masked)
        return refuse(errc::masked_value, "The value is masked, and would be stored as the key itself; give the settings anew.", field, *found.masked);
    if (found.repeated)
        return refuse(errc::invalid_argument, "The key stands twice, which breaks the connection list of the whole site.", field, *found.repeated);
    if (found.has_too_many_members) return outcome(errc::invalid_argument, "An object has more than 256 members.").at(field);
    return outcome();
}

[[nodiscard]] inline outcome check_settings_given(std::string_view json, std::string_view field) noexcept {
    json_scanner scanner;
    for (char const c : json)
        if (scanner.put(c) != errc()) break;
    if (scanner.finish() != errc()) return outcome(errc::invalid_argument, "The text is not well-formed JSON.").at(field).at_byte(scanner.offset());
    if (json_walk(json).peek() != '{') return outcome(errc::invalid_argument, "Settings are an object; give keys and values.").at(field);
    if (auto ok = check_settings_read(json, field); !ok) return ok;
    json_flaws const found(json);
    if (found.deepest > umbraco_ai::settings::max_depth) return outcome(errc::invalid_argument, "Nested deeper than 31 levels, which servers refuse; flatten it.").at(field);
    if (found.encrypted)
        return refuse(errc::unreadable_secret, "A text that begins with ENC: is taken for a secret the server encrypted; give the secret itself.", field, *found.encrypted);
    if (found.malformed_reference)
        return refuse(errc::invalid_argument, "A text that begins with $ is a reference into the server's configuration, and this is none.", field, *found.malformed_reference);
    return outcome();
}

/// Whether a member of an answer is one that the library has no name for, in any case of its letters: servers ignore it.
[[nodiscard]] inline bool is_unknown(json_string_view name) noexcept {
    char decoded[32];
    fixed_buffer text(decoded, sizeof decoded);
    name.append_to(text);
    return text.overflowed() || !is_known<connection_update>(text.view());
}

template <class F>
void for_each_unknown(connection_view const& read, F&& f) {
    for_each_member(read.text, [&f](json_member const& member) {
        if (is_unknown(member.name)) f(member);
    });
}

[[nodiscard]] inline outcome check_unknown(connection_view const& read) noexcept {
    outcome ok;
    for_each_unknown(read, [&ok](json_member const& member) {
        if (ok && json_flaws(member.value).masked)
            ok = refuse(errc::masked_value, "The value is masked, and would be stored as it stands.", {}, member.name);
    });
    return ok;
}

[[nodiscard]] inline outcome check_change(connection_view const& read, connection_change const& change) noexcept {
    constexpr auto alias_name = wire_name<connection_update, &connection_update::alias>();
    constexpr auto name_name = wire_name<connection_update, &connection_update::name>();
    constexpr auto settings_name = wire_name<connection_update, &connection_update::settings>();
    auto const refuse_text = [](char const* what, std::string_view field) { return outcome(errc::invalid_argument, what).at(field); };
    // What a server answered may be put back, whatever the rules for new texts say.
    if (change.alias && *change.alias != read.alias) {
        if (char const* const refusal = refusal_of_alias(*change.alias, false)) return refuse_text(refusal, alias_name);
    }
    if (change.name && *change.name != read.name) {
        if (char const* const refusal = refusal_of_text(*change.name)) return refuse_text(refusal, name_name);
        if (length_of(*change.name) > 255) return refuse_text("It is longer than the 255 characters that the site keeps.", name_name);
    }
    if (auto ok = check_unknown(read); !ok) return ok;
    return change.settings ? check_settings_given(*change.settings, settings_name) : check_settings_read(read.settings, settings_name);
}

}  // namespace detail

/// Writes the body of an update: the whole new state of a connection, made from what was read and what is to change. The
/// settings go back as the bytes that came, and so do the members that the library does not know; never id, provider, version
/// or dates. Send it to the connection it was read from, on the server it was read from, and to no other: settings with a
/// secret that the server could not decrypt, or null settings, are right only there.
/// Errors: usage failures that name the member, before a byte is written: masked values, a repeated settings key, a new
/// alias, name or settings that cannot be meant; `buffer_too_small`.
[[nodiscard]] inline outcome write_update(fixed_buffer& out, connection_view const& read, connection_change const& change = {}) noexcept {
    if (auto ok = detail::check_change(read, change); !ok) return ok;
    auto const begin_member = [&out](std::string_view before, std::string_view name) {
        detail::put(out, before);
        detail::put_json_string(out, name);
        detail::put(out, ':');
    };
    begin_member("{", detail::wire_name<connection_update, &connection_update::alias>());
    detail::put_json_string(out, change.alias.value_or(read.alias));
    begin_member(",", detail::wire_name<connection_update, &connection_update::name>());
    detail::put_json_string(out, change.name.value_or(read.name));
    begin_member(",", detail::wire_name<connection_update, &connection_update::is_active>());
    detail::put(out, change.is_active.value_or(read.is_active) ? "true" : "false");
    begin_member(",", detail::wire_name<connection_update, &connection_update::settings>());
    detail::put(out, change.settings.value_or(read.settings));
    detail::for_each_unknown(read, [&out](json_member const& member) {
        detail::put(out, ",\"");
        detail::put(out, member.name.raw());
        detail::put(out, "\":");
        detail::put(out, member.value);
    });
    detail::put(out, '}');
    return detail::fits(out);
}

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_SITE_HPP
#define UMBRACO_AI_TESTING_DETAIL_SITE_HPP

#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/json_reader.hpp>
#include <umbraco_ai/testing/detail/unicode.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/testing/in_memory_types.hpp>
#include <umbraco_ai/testing/provider.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

class row {
public:
    row() = default;

    stored_connection state;
    json_value settings;
    bool is_poisoned = false;  ///< A repeated key is in the settings: reading the row breaks the server.
    bool is_in_use = false;
};

inline std::string padded(std::uint64_t number, std::size_t width) {
    std::string digits = std::to_string(number);
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

/// "2024-01-15T10:30:00.000Z"; with `has_fraction` false without the milliseconds.
[[nodiscard]] inline std::string date_text(site_time time, bool has_fraction) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const clock(time - day);
    auto const part = [](auto value, std::size_t width) { return padded(static_cast<std::uint64_t>(value), width); };
    std::string out = part(static_cast<int>(date.year()), 4) + '-' + part(static_cast<unsigned>(date.month()), 2) + '-' +
                      part(static_cast<unsigned>(date.day()), 2) + 'T' + part(clock.hours().count(), 2) + ':' +
                      part(clock.minutes().count(), 2) + ':' + part(clock.seconds().count(), 2);
    if (has_fraction) out += '.' + part(clock.subseconds().count(), 3);
    return out + 'Z';
}

/// Three or more `*` or `•` in a row.
[[nodiscard]] inline bool looks_masked(std::string_view text) {
    return text.find("***") != std::string_view::npos ||
           text.find("\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2") != std::string_view::npos;
}

/// What both dialects share: connections, providers, configuration, and what there is to say about a write.
class site {
public:
    explicit site(in_memory_options const& options) : options_(options), time_(options.start) {}

    std::vector<row> rows;  ///< In the order of their creation.
    std::vector<provider> providers = standard_providers();
    std::set<std::string> configuration;
    careless_writes careless;

    [[nodiscard]] in_memory_options const& options() const noexcept { return options_; }

    /// The row with this id.
    [[nodiscard]] row* by_id(std::string_view guid) {
        auto const found = std::find_if(rows.begin(), rows.end(), [&](row const& each) { return each.state.id == guid; });
        return found == rows.end() ? nullptr : &*found;
    }

    /// The row with this alias. The database lowers what it has as ASCII, the server what it looks for as Unicode.
    [[nodiscard]] row* by_alias(std::string_view alias) {
        std::string const wanted = lower_unicode(alias);
        auto const found =
            std::find_if(rows.begin(), rows.end(), [&](row const& each) { return lower_ascii(each.state.alias) == wanted; });
        return found == rows.end() ? nullptr : &*found;
    }

    [[nodiscard]] row* by_id_or_alias(std::string_view key) {
        auto const guid = parse_guid(key);
        return guid ? by_id(*guid) : by_alias(key);
    }

    void erase(row const* which) { rows.erase(rows.begin() + (which - rows.data())); }

    row& insert(stored_connection connection, json_value settings) {
        row made;
        if (connection.id.empty()) connection.id = next_id();
        if (connection.created == site_time{}) connection.created = connection.modified = tick();
        if (connection.modified == site_time{}) connection.modified = connection.created;
        made.is_poisoned = settings.has_repeated_key();
        made.state = std::move(connection);
        made.settings = std::move(settings);
        return rows.emplace_back(std::move(made));
    }

    /// The provider of this id, ignoring case, or null.
    [[nodiscard]] provider const* find_provider(std::string_view id) const {
        auto const found = std::find_if(providers.begin(), providers.end(),
                                        [&](provider const& each) { return equals_ignoring_case(each.id, id); });
        return found == providers.end() ? nullptr : &*found;
    }

    /// The setting of this key, ignoring case, or null.
    [[nodiscard]] static json_value const* find_setting(json_value const& settings, std::string_view key) {
        for (std::size_t i = settings.names.size(); i-- > 0;)
            if (equals_ignoring_case(settings.names[i], key)) return &settings.items[i];
        return nullptr;
    }

    /// Null, or an object that has what the provider requires, of the right types, with references that resolve.
    [[nodiscard]] bool accepts(provider const& owner, json_value const& settings) const {
        if (settings.is_null() || !owner.has_settings) return true;
        if (settings.kind != json_kind::object) return false;
        return std::all_of(owner.fields.begin(), owner.fields.end(),
                           [&](settings_field const& field) { return accepts(field, find_setting(settings, field.name)); }) &&
               references_resolve(owner, settings);
    }

    /// Every value that begins with `$` names a configuration key.
    [[nodiscard]] bool references_resolve(provider const& owner, json_value const& settings) const {
        return std::all_of(owner.fields.begin(), owner.fields.end(), [&](settings_field const& field) {
            json_value const* value = find_setting(settings, field.name);
            bool const is_reference = value != nullptr && value->is_string() && value->text.starts_with('$');
            return !is_reference || configuration.contains(value->text.substr(1));
        });
    }

    /// Counts what in settings about to be stored was hardly meant. `before` is null for a new connection.
    void look_at(json_value const& settings, json_value const* before) {
        if (settings.any([](json_value const& value) { return value.is_string() && looks_masked(value.text); }))
            ++careless.stored_masks;
        for (std::size_t i = 0; i < settings.names.size(); ++i) {
            json_value const& value = settings.items[i];
            if (!value.is_string() || !value.text.starts_with("ENC:")) continue;
            json_value const* known = before == nullptr ? nullptr : before->find(settings.names[i]);
            if (known == nullptr || known->text != value.text) ++careless.stored_foreign_ciphertexts;
        }
    }

    /// Names and values of a PUT are in the row: a new version at a new time.
    void touch(row& changed) {
        ++changed.state.version;
        changed.state.modified = tick();
        changed.is_poisoned = changed.settings.has_repeated_key();
    }

    [[nodiscard]] std::string next_id() {
        if (options_.new_id) return options_.new_id();
        return "00000000-0000-4000-8000-" + padded(++last_id_, 12);
    }

    [[nodiscard]] std::uint64_t next_trace() { return ++last_trace_; }

private:
    [[nodiscard]] static bool accepts(settings_field const& field, json_value const* value) {
        if (value == nullptr || value->is_null()) return !field.is_required;
        switch (field.kind) {
            case field_kind::text: return value->is_string() && (!field.is_required || !trim(value->text).empty());
            case field_kind::flag: return value->kind == json_kind::boolean;
            case field_kind::number: break;
        }
        std::int64_t number = 0;
        auto const [end, error] = std::from_chars(value->text.data(), value->text.data() + value->text.size(), number);
        bool const is_whole =
            value->kind == json_kind::number && error == std::errc() && end == value->text.data() + value->text.size();
        return is_whole && number >= field.minimum && number <= field.maximum;
    }

    [[nodiscard]] site_time tick() {
        site_time const now = time_;
        time_ += std::chrono::seconds(1);
        return now;
    }

    in_memory_options options_;
    site_time time_;
    std::uint64_t last_id_ = 0;
    std::uint64_t last_trace_ = 0;
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_ENSURE_HPP
#define UMBRACO_AI_OPERATIONS_ENSURE_HPP

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/canonical.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/modify.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

enum class ensure_outcome : std::uint8_t { created, changed, unchanged };

[[nodiscard]] constexpr std::string_view to_string(ensure_outcome value) noexcept {
    switch (value) {
        case ensure_outcome::created: return "created";
        case ensure_outcome::changed: return "changed";
        case ensure_outcome::unchanged: return "unchanged";
    }
    return "?";
}

/// How `ensure` treats the settings that are there.
class ensure_options {
public:
    ensure_options() = default;

    bool replace_settings = false;  ///< The draft's settings become all there is; otherwise they are merged by top-level key.
    bool write_secrets = false;     ///< Also writes values whose present state is masked, and so cannot be compared.
};

/// What `ensure` did.
class ensured {
public:
    ensured() = default;

    ensure_outcome outcome = ensure_outcome::unchanged;
    guid id;
    bool is_verified = false;  ///< The answer, or a read after the write, showed it.
    std::optional<connection> before;             ///< As it was, where it was there.
    std::vector<std::string> not_comparable;      ///< Settings keys that were left as they are, since the server masks them.

    friend bool operator==(ensured const&, ensured const&) = default;
};

namespace detail {

/// Makes a connection what a draft says, as the change of a modification.
class draft_application {
public:
    draft_application(connection_draft draft, ensure_options options) : draft_(std::move(draft)), options_(options) {}

    result<void> operator()(connection& target) const {
        if (!equals_ignoring_case(target.provider_id, draft_.provider_id))
            return failure(errc::invalid_argument, "A connection of this alias has another provider; choose another alias, or delete it first.").at("providerId");
        target.name = draft_.name;
        target.is_active = draft_.is_active;
        if (draft_.settings.is_null()) return result<void>::ok();
        if (options_.replace_settings) drop_other_keys(target.settings);
        draft_.settings.for_each([&](json_key const& key, std::string_view value) {
            std::string const name = spelling_in(target.settings, key.name);
            std::string_view const present = target.settings.find(name);
            if (is_same_json(present, value) || (!options_.write_secrets && is_masked(present))) return;
            target.settings.set(name, settings_value::from_json(value));
        });
        return result<void>::ok();
    }

    /// The keys of the draft that `before` holds masked, and that therefore stay as they are.
    [[nodiscard]] std::vector<std::string> not_comparable(connection const& before) const {
        std::vector<std::string> keys;
        if (options_.write_secrets) return keys;
        draft_.settings.for_each([&](json_key const& key, std::string_view) {
            if (is_masked(before.settings.find(spelling_in(before.settings, key.name)))) keys.emplace_back(key.name);
        });
        return keys;
    }

private:
    /// Servers bind keys to a provider's settings ignoring case, so a second spelling would be a second value of one key.
    [[nodiscard]] static std::string spelling_in(settings const& target, std::string_view wanted) {
        std::string found(wanted);
        if (target.contains(wanted)) return found;
        target.for_each([&](json_key const& key, std::string_view) {
            if (equals_ignoring_case(key.name, wanted)) found = key.name;
        });
        return found;
    }

    [[nodiscard]] static bool is_masked(std::string_view value) { return !value.empty() && inspect_json(value, {}).masked_value.has_value(); }

    void drop_other_keys(settings& target) const {
        std::vector<std::string> others;
        target.for_each([&](json_key const& key, std::string_view) {
            if (!draft_.settings.contains(spelling_in(draft_.settings, key.name))) others.emplace_back(key.name);
        });
        for (std::string const& key : others) target.erase(key);
    }

    connection_draft draft_;
    ensure_options options_;
};

}  // namespace detail

/// Creates a connection, or makes the one of its alias what the draft says. The server's spelling of the alias stays, and
/// null settings in the draft leave those of the server alone. Safe when two run at once: a create that is refused for the
/// alias, fails or is lost is followed by a read, never by a second create.
template <class = void>
class basic_ensure_operation : public detail::operation_steps<ensured> {
    using modification = modify_operation<detail::draft_application>;

public:
    static constexpr std::string_view name = "ensure";
    static constexpr bool writes = true;

    explicit basic_ensure_operation(connection_draft draft, ensure_options options = {}) : draft_(std::move(draft)), options_(options) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (auto ok = draft_.check(); !ok) return fail(ok.error());
        return look(base_path);
    }

    [[nodiscard]] std::optional<http_request> locked(bool may_be_stale, std::string_view base_path) {
        return pass_on(modification_->locked(may_be_stale, base_path));
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (modification_) return pass_on(modification_->resume(std::move(answer), base_path));
        if (is_creating_) return on_created(std::move(answer), base_path);
        return on_looked(std::move(answer), base_path);
    }

private:
    next_request look(std::string_view base_path) {
        is_creating_ = false;
        return send(connections::get(draft_.alias), base_path);
    }

    next_request on_looked(result<http_response> answer, std::string_view base_path) {
        auto found = answer ? decode<connections::get>(*answer) : result<connection>(std::move(answer).error());
        if (!found) {
            bool const is_absent = found.error().status == 404 && answer && !answer->body.empty();
            if (create_failure_) return fail(is_absent ? *std::move(create_failure_) : still_unknown(*std::move(create_failure_)));
            if (!is_absent) return fail(std::move(found).error());
            is_creating_ = true;
            return send(connections::create(draft_), base_path);
        }
        if (!detail::equals_ignoring_case(found->alias, draft_.alias))
            return fail(failure(errc::invalid_value, "The server answered another connection than the one asked for; nothing was written.").at("$.alias"));
        id_ = found->id;
        // A create whose answer was lost may be the very one that is found; then there is nothing to change.
        was_created_ = create_failure_ && create_failure_->possibly_applied && found->version.value_or(1) == 1;
        modification_.emplace(id_or_alias(id_), detail::draft_application(draft_, options_));
        return pass_on(modification_->start_from(*std::move(found)));
    }

    next_request on_created(result<http_response> answer, std::string_view base_path) {
        auto made = answer ? decode<connections::create>(*answer) : result<created_connection>(std::move(answer).error());
        if (made) {
            ensured done;
            done.outcome = ensure_outcome::created;
            done.id = made->id;
            done.is_verified = true;
            return succeed(std::move(done));
        }
        bool const may_exist = made.error().possibly_applied || made.error().status == 400 || made.error().status == 409 || made.error().status >= 500;
        if (!may_exist) return fail(std::move(made).error());
        create_failure_ = std::move(made).error();
        return look(base_path);
    }

    /// The read after a create that failed tells nothing, so the write stays open.
    static failure still_unknown(failure reason) {
        reason.possibly_applied = reason.possibly_applied || reason.status >= 500;
        return reason;
    }

    next_request pass_on(next_request next) {
        if (next) return next;
        if (auto const id = modification_->wants_lock()) return lock(*id);
        auto done = modification_->take();
        if (!done) return fail(std::move(done).error());
        ensured all;
        all.outcome = done->changed ? ensure_outcome::changed : was_created_ ? ensure_outcome::created : ensure_outcome::unchanged;
        all.id = id_;
        all.is_verified = done->is_verified;
        all.not_comparable = detail::draft_application(draft_, options_).not_comparable(done->before);
        all.before = std::move(done->before);
        return succeed(std::move(all));
    }

    connection_draft draft_;
    ensure_options options_;
    std::optional<modification> modification_;
    std::optional<failure> create_failure_;
    guid id_;
    bool is_creating_ = false;
    bool was_created_ = false;
};
/// As programs name it.
using ensure_operation = basic_ensure_operation<>;

UMBRACO_AI_END_NAMESPACE

#endif

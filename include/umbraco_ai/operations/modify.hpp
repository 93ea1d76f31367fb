// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_MODIFY_HPP
#define UMBRACO_AI_OPERATIONS_MODIFY_HPP

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/canonical.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// What a modification found and left, so that a caller can undo it: `before` put back is the undo.
class modified {
public:
    modified() = default;

    connection before;
    connection after;          ///< As read after the write; as sent, where that read failed.
    bool changed = false;      ///< Whether anything was sent.
    bool is_verified = false;  ///< The read after the write shows what was sent; masked settings are taken on trust.

    friend bool operator==(modified const&, modified const&) = default;
};

namespace detail {

/// Says of a refused write what the server does not.
inline void explain_refused_reference(failure& reason, settings const& sent) {
    if (reason.status == 400 && has_reference(sent))
        reason.message += " Settings with a $ reference are also refused while its key is missing from the server's configuration.";
}

/// What a modification does whatever its change, so that it is compiled once for all changes of a program.
template <class = void>
class basic_modification : public operation_steps<modified> {
public:
    static constexpr std::string_view name = "modify";
    static constexpr bool writes = true;
    static constexpr int most_writes = 3;

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (which_.id()) return lock(*which_.id());
        return read(state::reading, base_path);
    }

    /// Goes on as if this were the answer to its own read; for operations that have read already.
    [[nodiscard]] std::optional<http_request> start_from(connection read_before) {
        before_ = std::move(read_before);
        return lock(before_->id);
    }

    [[nodiscard]] std::optional<http_request> locked(bool may_be_stale, std::string_view base_path) {
        is_locked_ = true;
        // Whoever held the lock may have changed what was read.
        if (!before_ || may_be_stale) return read(state::reading, base_path);
        return apply(base_path);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        switch (state_) {
            case state::reading: return on_read(std::move(answer), base_path);
            case state::asking_contract: return on_capabilities(std::move(answer), base_path);
            case state::writing: return on_written(std::move(answer), base_path);
            case state::verifying: return on_verified(std::move(answer));
            case state::deciding: break;
        }
        return on_decided(std::move(answer), base_path);
    }

protected:
    explicit basic_modification(id_or_alias which) : which_(std::move(which)) {}
    basic_modification(basic_modification const&) = default;
    basic_modification(basic_modification&&) = default;
    basic_modification& operator=(basic_modification const&) = default;
    basic_modification& operator=(basic_modification&&) = default;
    ~basic_modification() = default;

private:
    virtual result<void> apply_change(connection& target) = 0;

    enum class state : std::uint8_t { reading, asking_contract, writing, verifying, deciding };

    next_request read(state next, std::string_view base_path) {
        state_ = next;
        return send(connections::get(before_ ? id_or_alias(before_->id) : which_), base_path);
    }

    next_request on_read(result<http_response> answer, std::string_view base_path) {
        if (!answer) return fail(std::move(answer).error());
        auto read_now = decode<connections::get>(*answer);
        if (!read_now) return fail(std::move(read_now).error());
        bool const is_other = which_.id() ? read_now->id != *which_.id() : !equals_ignoring_case(read_now->alias, which_.alias());
        if (before_ ? read_now->id != before_->id : is_other)
            return fail(failure(errc::invalid_value, "The server answered another connection than the one asked for; nothing was written. Use the id.").at("$.alias"));
        before_ = *std::move(read_now);
        if (!is_locked_) return lock(before_->id);
        return apply(base_path);
    }

    next_request apply(std::string_view base_path) {
        wanted_ = *before_;
        if (result<void> changed = apply_change(*wanted_); !changed) return fail(std::move(changed).error());
        if (wanted_->id != before_->id) return fail(failure(errc::invalid_argument, "The id of a connection cannot change.").at("id"));
        if (wanted_->provider_id != before_->provider_id)
            return fail(failure(errc::invalid_argument, "The provider of a connection cannot change; create another connection.").at("providerId"));
        if (*wanted_ == *before_) {
            modified same;
            same.before = *before_;
            same.after = *std::move(wanted_);
            same.is_verified = true;
            return succeed(std::move(same));
        }
        leaves_settings_out_ = wanted_->settings == before_->settings && before_->settings.is_as_answered() && before_->settings.masked().has_value();
        if (!leaves_settings_out_) return write(base_path);
        state_ = state::asking_contract;
        return send(connections::capabilities(), base_path);
    }

    next_request on_capabilities(result<http_response> answer, std::string_view base_path) {
        auto const known = answer ? decode<connections::capabilities>(*answer) : result<item_list<capability>>(std::move(answer).error());
        if (!known || known->is_bare_array)
            return fail(failure(errc::masked_value,
                                "The server masked the value and is not known to keep settings that are left out; give the settings anew.")
                            .at(wanted_->settings.masked().value_or("settings")));
        return write(base_path);
    }

    next_request write(std::string_view base_path) {
        state_ = state::writing;
        ++writes_;
        connection_update update(*wanted_);
        if (leaves_settings_out_) update.leave_settings_out();
        if (auto ok = update.check_origin(before_->settings.origin_tag()); !ok) return fail(std::move(ok).error());
        return send(connections::update(before_->id, std::move(update)), base_path);
    }

    next_request on_written(result<http_response> answer, std::string_view base_path) {
        if (!answer) {
            if (!answer.error().possibly_applied) return fail(std::move(answer).error());
            return decide(std::move(answer).error(), true, base_path);
        }
        auto written = decode<connections::update>(*answer);
        if (!written) {
            failure reason = std::move(written).error();
            // Another 5xx is a proxy's: the PUT may still be under way behind it.
            if (reason.status >= 500) return decide(std::move(reason), reason.status != 500, base_path);
            explain_refused_reference(reason, wanted_->settings);
            return fail(std::move(reason));
        }
        if (written->connection) wanted_->date_modified = written->connection->date_modified;
        return read(state::verifying, base_path);
    }

    next_request on_verified(result<http_response> answer) {
        auto now = answer ? decode<connections::get>(*answer) : result<connection>(std::move(answer).error());
        if (!now || now->id != before_->id) return finish(*wanted_, false);
        if (leaves_settings_out_ ? has_lost_keys(*now) : (now->settings.is_null() && !wanted_->settings.is_null())) {
            return fail_applied(failure(errc::settings_wiped, "The settings were wiped by the write: give the credentials anew. The site's version history has the state before.")
                                    .at("settings"));
        }
        if (before_->version && now->version && *now->version > *before_->version + 1)
            return fail_applied(failure(errc::lost_update, "Someone else wrote the connection between the read and the write, and their state was overwritten; the site's version history has it.")
                                    .at("version"));
        if (now->alias != wanted_->alias && wanted_->alias != before_->alias)
            return fail_applied(failure(errc::not_applied, "The server kept the old alias, as servers before 1.3 do; the rest of the change is applied.").at("alias"));
        bool const trusts_settings = leaves_settings_out_ || now->settings.masked();
        bool const is_as_sent = now->name == wanted_->name && now->is_active == wanted_->is_active &&
                                (trusts_settings || is_same_json(now->settings.json(), wanted_->settings.json()));
        return finish(*std::move(now), is_as_sent);
    }

    /// A failure after the write was carried out.
    next_request fail_applied(failure reason) {
        reason.possibly_applied = true;
        return fail(std::move(reason));
    }

    next_request decide(failure reason, bool lost, std::string_view base_path) {
        reason.possibly_applied = true;
        reason_ = std::move(reason);
        is_lost_ = lost;
        return read(state::deciding, base_path);
    }

    next_request on_decided(result<http_response> answer, std::string_view base_path) {
        auto now = answer ? decode<connections::get>(*answer) : result<connection>(std::move(answer).error());
        if (!now || now->id != before_->id || !now->version || !before_->version || leaves_settings_out_ || now->settings.masked()) return fail(std::move(reason_));
        if (*now->version == *before_->version + 1 && is_same_content(*now)) return finish(*std::move(now), true);
        if (*now->version != *before_->version || is_lost_) return fail(std::move(reason_));
        if (writes_ >= most_writes) {
            reason_.possibly_applied = false;
            reason_.message += " Reading showed each time that nothing was written.";
            return fail(std::move(reason_));
        }
        before_ = *std::move(now);
        return apply(base_path);
    }

    next_request finish(connection after, bool verified) {
        modified done;
        done.before = *std::move(before_);
        done.after = std::move(after);
        done.changed = true;
        done.is_verified = verified;
        return succeed(std::move(done));
    }

    [[nodiscard]] bool is_same_content(connection const& now) const {
        return now.name == wanted_->name && now.alias == wanted_->alias && now.is_active == wanted_->is_active &&
               is_same_json(now.settings.json(), wanted_->settings.json());
    }

    /// Whether a key that had a value before the write, masked or not, is gone.
    [[nodiscard]] bool has_lost_keys(connection const& now) const {
        bool lost = false;
        before_->settings.for_each([&](json_key const& key, std::string_view value) {
            std::string_view const found = now.settings.find(key.name);
            lost = lost || (value != "null" && (found.empty() || found == "null"));
        });
        return lost;
    }

    id_or_alias which_;
    state state_ = state::reading;
    std::optional<connection> before_;
    std::optional<connection> wanted_;
    failure reason_;
    int writes_ = 0;
    bool is_locked_ = false;
    bool is_lost_ = false;
    bool leaves_settings_out_ = false;
};

}  // namespace detail

/// Reads a connection, lets `change` change it, and puts it back whole, by id:
///
///     result<void> change(connection&)      or      void change(connection&)
///
/// Nothing is sent where nothing changed, or where `change` fails. After a 500 a read decides whether the write was carried
/// out; only where it surely was not, everything is done again from the read on, three times at most, so `change` must be
/// repeatable. After a lost answer nothing is written again. Settings that the server masked, and that were not replaced,
/// are left out of the write, on servers proved to take that as "unchanged"; a read afterwards proves it.
template <class Change>
class modify_operation final : public detail::basic_modification<> {
public:
    modify_operation(id_or_alias which, Change change) : basic_modification(std::move(which)), change_(std::move(change)) {}

private:
    result<void> apply_change(connection& target) override {
        if constexpr (std::is_void_v<std::invoke_result_t<Change&, connection&>>) {
            change_(target);
            return result<void>::ok();
        } else {
            return change_(target);
        }
    }

    Change change_;
};

UMBRACO_AI_END_NAMESPACE

#endif

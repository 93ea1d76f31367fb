// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "models.hpp"
#include "session.hpp"
#include "settings_flags.hpp"

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/model/connection.hpp>

#include <string>
#include <utility>

namespace cli {
namespace {

[[noreturn]] void refuse(std::string text) { throw stop(exit_code::usage, std::move(text)); }

/// A write whose outcome is not known is followed by the command that tells it.
template <class T>
T must_write(ai::result<T> done, std::string const& which) {
    if (done) return *std::move(done);
    stop why(std::move(done).error());
    if (why.reason->possibly_applied) why.hint = "To see what is there now: umbraco-ai connections get " + which;
    throw why;
}

/// What a write did, in each form.
void tell(output& out, char const* outcome, std::string const& which, ai::guid const& id, ordered_json const& more = ordered_json::object()) {
    if (out.is_json()) {
        ordered_json members = {{"outcome", outcome}, {"id", id.to_string()}};
        members.update(more);
        out.document(members);
    } else if (out.is_table()) {
        out.line(out.screen().painted(style::green, outcome) + ' ' + printable(which) + " (" + id.to_string() + ')');
    } else {
        out.id(id.to_string());
    }
}

}  // namespace

exit_code create_connection(session& on, create_arguments const& given) {
    ai::connection_draft draft(given.alias, given.name.value_or(given.alias), given.provider);
    draft.is_active = !given.is_inactive;
    draft.any_alias = given.any_alias;
    auto const changes = changes_of(given.settings, on);
    if (!changes.empty()) draft.settings = {};
    make_changes(changes, draft.settings);
    must(draft.check());
    auto const made = must_write(on.here().connections().create(std::move(draft)), given.alias);
    tell(on.out(), "created", given.alias, made.id);
    return exit_code::done;
}

exit_code update_connection(session& on, update_arguments const& given) {
    if (!given.name && !given.alias && !given.is_active && given.settings.empty()) refuse("Say what to change: --name, --alias, --active, --inactive, --set …, --unset.");
    auto const changes = changes_of(given.settings, on);
    auto const done = must_write(on.here().connections().modify(given.which,
                                                                [&](ai::connection& read) {
                                                                    if (given.name) read.name = *given.name;
                                                                    if (given.alias) read.alias = *given.alias;
                                                                    if (given.is_active) read.is_active = *given.is_active;
                                                                    make_changes(changes, read.settings);
                                                                }),
                                 given.which);
    tell(on.out(), done.changed ? "updated" : "unchanged", given.which, done.before.id, {{"connection", to_json(done.after)}, {"verified", done.is_verified || !done.changed}});
    return exit_code::done;
}

exit_code delete_connection(session& on, delete_arguments const& given) {
    // What is asked about is what is deleted, whatever its alias means in between.
    ai::connection const found = must(on.here().connections().get(given.which));
    if (!given.is_sure) {
        std::string const question = "Delete " + found.alias + " (" + found.name + ", " + found.provider_id + (found.is_active ? ", active" : ", switched off") + ")? What uses it stops working.";
        if (!on.out().confirm(question, "--yes")) {
            on.out().note("Nothing was deleted.");
            return exit_code::done;
        }
    }
    must_write(on.here().connections().remove(found.id), found.id.to_string());
    tell(on.out(), "deleted", found.alias, found.id, {{"alias", found.alias}});
    return exit_code::done;
}

}  // namespace cli

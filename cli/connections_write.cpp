// SPDX-License-Identifier: MIT
#include "as_code/load.hpp"
#include "commands.hpp"
#include "models.hpp"
#include "session.hpp"
#include "settings_flags.hpp"

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/model/connection.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

[[noreturn]] void refuse(std::string text) { throw stop(exit_code::usage, std::move(text)); }

/// The one document of a file, with the values of its placeholders.
as_code::document document_of(session& on, std::string const& file) {
    std::vector<as_code::finding> findings;
    std::vector<as_code::document> documents = as_code::load_unless_interrupted({file}, findings);
    if (findings.empty()) as_code::resolve(documents, [&on](std::string const& name) { return on.variable(name); }, findings);
    for (as_code::finding const& each : findings) on.out().note(each.to_string());
    if (!findings.empty()) refuse("The document is at fault; nothing was written.");
    if (documents.size() != 1) refuse(file + ": one document is wanted here, and there are " + std::to_string(documents.size()) + "; apply takes several.");
    return std::move(documents.front());
}

ai::connection_draft draft_of(session& on, create_arguments const& given) {
    std::optional<ai::connection_draft> from_file;
    if (given.file) from_file = document_of(on, *given.file).draft();
    if (!from_file && (!given.alias || !given.provider)) refuse("Say ALIAS and --provider, or --file.");
    ai::connection_draft draft = from_file ? *from_file : ai::connection_draft(*given.alias, given.name.value_or(*given.alias), *given.provider);
    draft.alias = given.alias.value_or(draft.alias);
    draft.name = given.name.value_or(draft.name);
    draft.provider_id = given.provider.value_or(draft.provider_id);
    draft.is_active = draft.is_active && !given.is_inactive;
    draft.any_alias = draft.any_alias || given.any_alias;
    auto const changes = changes_of(given.settings, on);
    if (!changes.empty() && draft.settings.is_null()) draft.settings = {};
    make_changes(changes, draft.settings);
    return draft;
}

/// What a document names; its alias does not change, and its provider cannot.
ai::result<void> make_changes(as_code::document const& wanted, ai::connection& target) {
    if (!as_code::same_ignoring_case(wanted.alias, target.alias))
        return ai::failure(ai::errc::invalid_argument, "The document is of another connection, " + wanted.alias + "; nothing was written.").at("alias");
    if (!as_code::same_ignoring_case(wanted.provider_id, target.provider_id))
        return ai::failure(ai::errc::invalid_argument, "The document is of another provider, and the provider of a connection cannot change.").at("providerId");
    target.name = wanted.name;
    target.is_active = wanted.is_active.value_or(target.is_active);
    if (!wanted.settings) return ai::result<void>::ok();
    for (as_code::desired_setting const& each : *wanted.settings) {
        std::string const key = spelling_in(target.settings, each.key);
        if (each.value) target.settings.set(key, *each.value);
        else if (each.source == as_code::setting_source::absent) target.settings.erase(key);
    }
    return ai::result<void>::ok();
}

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
    ai::connection_draft draft = draft_of(on, given);
    must(draft.check());
    on.out().keep_going();
    std::string const alias = draft.alias;
    auto const made = must_write(on.here().connections().create(std::move(draft)), alias);
    tell(on.out(), "created", alias, made.id, {{"alias", alias}});
    return exit_code::done;
}

exit_code update_connection(session& on, update_arguments const& given) {
    if (!given.file && !given.name && !given.alias && !given.is_active && given.settings.empty())
        refuse("Say what to change: --name, --alias, --active, --inactive, --set …, --unset, or --file.");
    auto const changes = changes_of(given.settings, on);
    std::optional<as_code::document> wanted;
    if (given.file) wanted = document_of(on, *given.file);
    on.out().keep_going();
    auto const done = must_write(on.here().connections().modify(given.which,
                                                                [&](ai::connection& read) {
                                                                    if (wanted)
                                                                        if (auto ok = make_changes(*wanted, read); !ok) return ok;
                                                                    if (given.name) read.name = *given.name;
                                                                    if (given.alias) read.alias = *given.alias;
                                                                    if (given.is_active) read.is_active = *given.is_active;
                                                                    make_changes(changes, read.settings);
                                                                    return ai::result<void>::ok();
                                                                }),
                                 given.which);
    tell(on.out(), done.changed ? "updated" : "unchanged", given.which, done.before.id, {{"connection", to_json(done.after)}, {"verified", done.is_verified || !done.changed}});
    return exit_code::done;
}

exit_code delete_connection(session& on, delete_arguments const& given) {
    on.out().keep_going();
    // What is asked about is what is deleted, whatever its alias means in between.
    ai::connection const found = must(on.here().connections().get(given.which));
    if (!given.is_sure) {
        std::string const question = "Delete " + found.alias + " (" + found.name + ", " + found.provider_id + (found.is_active ? ", active" : ", switched off") +
                                     ")? The API does not tell beforehand whether profiles use it: Umbraco.AI 1.3 and later keep it then, earlier ones let them break.";
        if (!on.out().confirm(question, "--yes")) {
            on.out().note("Nothing was deleted.");
            if (on.out().is_json()) on.out().document({{"outcome", "declined"}, {"id", found.id.to_string()}, {"alias", found.alias}});
            return exit_code::refused;
        }
    }
    auto removed = on.here().connections().remove(found.id);
    if (!removed && removed.error().problem.operation_status == "InUse") {
        ai::failure reason = std::move(removed).error();
        reason.message = "Profiles use the connection, so it is kept.";
        throw stop(std::move(reason), "To switch it off instead: umbraco-ai connections update " + found.alias + " --inactive");
    }
    must_write(std::move(removed), found.id.to_string());
    tell(on.out(), "deleted", found.alias, found.id, {{"alias", found.alias}});
    return exit_code::done;
}

}  // namespace cli

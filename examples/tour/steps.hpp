// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_STEPS_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_STEPS_HPP

#include "stage.hpp"
#include "words.hpp"

#include <umbraco_ai/client.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/model/lists.hpp>
#include <umbraco_ai/model/settings.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tour {

/// The connection that the tour makes.
class plan {
public:
    plan() = default;

    std::string alias;
    std::string name;
    std::string provider;
    ai::settings settings{nullptr};
    std::string capability;  ///< One that the connection is sure to have; empty where nothing is sure.
};

/// The connection that the tour made, as long as it may exist.
class leftover {
public:
    leftover() = default;

    bool may_exist = false;
    std::string alias;
    std::optional<ai::guid> id;
};

/// Which of the capabilities to ask on with: the one wanted, or the first.
[[nodiscard]] inline std::optional<ai::capability> pick(ai::item_list<ai::capability> const& known, std::string const& wanted) {
    if (known.empty()) return std::nullopt;
    auto const found = std::find(known.items.begin(), known.items.end(), ai::capability(wanted));
    return found == known.items.end() ? known.items.front() : *found;
}

/// All nine endpoints, on a connection of the tour's own.
template <class Client>
void play_all(stage& on, Client& cms, plan const& wanted, leftover& made) {
    auto const api = cms.connections();
    ai::guid id;

    bool const is_created = on.step("create", [&] {
        ai::connection_draft draft(wanted.alias, wanted.name, wanted.provider);
        draft.settings = wanted.settings;
        auto const created = api.create(draft).value();
        id = created.id;
        made.may_exist = true;
        made.id = id;
        return (created.connection ? "the connection " : "the id ") + short_id(id);
    });
    if (!is_created) {
        made.may_exist = on.last_failure().possibly_applied;
        on.stop();
    }

    on.step("get by id", [&] {
        auto const found = api.get(id).value();
        expect(found.id == id && found.alias == wanted.alias, "The server answered another connection than the one asked for.");
        return settings_in_words(found.settings);
    });

    on.step("get by alias", [&] {
        auto const found = api.get(wanted.alias).value();
        expect(found.id == id && found.alias == wanted.alias, "The server answered another connection than the one asked for.");
        return in_quotes(found.name) + activity(found.is_active);
    });

    on.step("list", [&] {
        auto const listed = api.list(ai::take(100), ai::filter(wanted.name)).value();
        auto const is_ours = [&](ai::connection_item const& item) { return item.id == id && item.alias == wanted.alias; };
        expect(std::any_of(listed.items.begin(), listed.items.end(), is_ours),
               "The list leaves out the connection just created.");
        return counted(listed.size(), "connection") + " of that name";
    });

    on.step("update", [&] {
        auto connection = api.get(id).value();
        connection.name = wanted.name + " renamed";
        // A server that masks its secrets needs them anew; from any other, what was read is put back as it is.
        if (connection.settings.masked()) connection.settings = wanted.settings;
        static_cast<void>(api.update(connection).value());
        auto const now = api.get(id).value();
        expect(now.name == connection.name, "The name is the old one still, though the server took the new one.");
        expect(now.is_active, "The update switched the connection off.");
        return "now " + in_quotes(now.name);
    });

    if (wanted.settings.is_null()) {
        on.skip("test", "skipped: no settings");
    } else {
        on.step("test", [&] {
            auto const tested = api.test(id).value();
            expect(tested.success, "The provider says: " + tested.error_message.value_or("nothing, but the test failed."),
                   "Check the values in --settings with the provider.");
            return std::string("success");
        });
    }

    std::optional<ai::capability> capability;
    on.step("capabilities", [&] {
        auto const known = api.capabilities().value();
        capability = pick(known, wanted.capability.empty() ? "Chat" : wanted.capability);
        return known.empty() ? std::string("none yet") : listed_names(known.items, &ai::capability::name);
    });

    if (!capability) {
        on.skip("with_capability", "skipped: none known");
    } else {
        on.step("with_capability", [&] {
            auto const able = api.with_capability(*capability).value();
            auto const is_ours = [&](ai::connection_item const& item) { return item.id == id; };
            bool const has_ours = std::any_of(able.items.begin(), able.items.end(), is_ours);
            expect(has_ours || wanted.capability.empty(), "The connection is not among those with " + wanted.capability + '.');
            return counted(able.size(), "connection") + " with " + capability->name();
        });
    }

    if (wanted.settings.is_null()) {
        on.skip("models", "skipped: no settings");
    } else {
        on.step("models", [&] {
            auto const offered = api.models(id).value();
            expect(!offered.empty(), "No models are listed, which can mean that the provider refused the key.",
                   "Check the values in --settings with the provider.");
            return listed_names(offered.items, &ai::model::id);
        });
    }

    bool const is_removed = on.step("remove", [&] {
        static_cast<void>(api.remove(id).value());
        made.may_exist = false;
        return std::string("deleted");
    });
    if (!is_removed) on.stop();

    on.step("get, gone", [&] {
        auto const answer = api.get(id);
        expect(!answer, "The connection is still there after its delete.");
        if (answer.error().code != ai::errc::not_found) static_cast<void>(answer.value());
        return std::string("not found, as it should be");
    });
}

/// The endpoints that only read, on whatever the site has.
template <class Client>
void play_read_only(stage& on, Client& cms) {
    auto const api = cms.connections();

    std::optional<ai::connection_item> first;
    on.step("list", [&] {
        auto const listed = api.list(ai::take(100)).value();
        if (!listed.empty()) first = listed.items.front();
        return counted(static_cast<std::size_t>(listed.total), "connection") + (first ? ", first " + first->alias : "");
    });

    bool lacks_settings = false;
    if (!first) {
        on.skip("get by id", "skipped: none known");
    } else {
        on.step("get by id", [&] {
            auto const found = api.get(first->id).value();
            expect(found.id == first->id, "The server answered another connection than the one asked for.");
            lacks_settings = found.settings.is_null();
            return settings_in_words(found.settings);
        });
    }

    ai::id_or_alias const by_alias(first ? first->alias : std::string());
    if (!first) {
        on.skip("get by alias", "skipped: none known");
    } else if (by_alias.id() || !by_alias.check(ai::http_method::get)) {
        on.skip("get by alias", "skipped: no path can hold this alias");
    } else {
        on.step("get by alias", [&] {
            auto const found = api.get(by_alias).value();
            expect(found.alias == first->alias, "The server answered another connection than the one asked for.");
            return in_quotes(found.name) + activity(found.is_active);
        });
    }

    std::optional<ai::capability> capability;
    on.step("capabilities", [&] {
        auto const known = api.capabilities().value();
        if (!known.empty()) capability = known.items.front();
        return known.empty() ? std::string("none yet") : listed_names(known.items, &ai::capability::name);
    });

    if (!capability) {
        on.skip("with_capability", "skipped: none known");
    } else {
        on.step("with_capability", [&] {
            auto const able = api.with_capability(*capability).value();
            return counted(able.size(), "connection") + " with " + capability->name();
        });
    }

    if (!first) {
        on.skip("models", "skipped: none known");
    } else if (lacks_settings) {
        on.skip("models", "skipped: no settings");
    } else {
        on.step("models", [&] {
            auto const offered = api.models(first->id).value();
            return offered.empty() ? std::string("none: refused key?") : listed_names(offered.items, &ai::model::id);
        });
    }
}

/// Deletes what the tour left behind, whatever ended it.
template <class Client>
void clean_up(stage& on, Client& cms, leftover& made) {
    if (!made.may_exist) return;
    auto const api = cms.connections();

    bool const is_clean = on.closing_step("clean up", [&]() -> std::string {
        if (!made.id) {
            auto const found = api.get(made.alias);
            if (!found && found.error().code == ai::errc::not_found) return "nothing was created";
            expect(found.value().alias == made.alias, "The server answered another connection than the one asked for.");
            made.id = found->id;
        }
        auto const removed = api.remove(*made.id);
        if (!removed && removed.error().code != ai::errc::not_found) static_cast<void>(removed.value());
        return "deleted " + made.alias;
    });
    std::string const what = "'" + made.alias + "'" + (made.id ? " (id " + made.id->to_string() + ")" : "");
    if (!is_clean) on.ending("LEFT BEHIND: delete the connection " + what + " by hand.");
    else if (made.id) on.ending("The connection " + what + " was deleted all the same.");
    else on.ending("There is no connection " + what + ": the create was not carried out.");
    made.may_exist = !is_clean;
}

}  // namespace tour

#endif

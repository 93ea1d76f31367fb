// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "models.hpp"
#include "session.hpp"

#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>

#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

std::string_view word_of(ai::diagnosis_verdict verdict) {
    switch (verdict) {
        case ai::diagnosis_verdict::works: return "works";
        case ai::diagnosis_verdict::no_such_connection: return "noSuchConnection";
        case ai::diagnosis_verdict::no_settings: return "noSettings";
        case ai::diagnosis_verdict::unreadable_secret: return "unreadableSecret";
        case ai::diagnosis_verdict::missing_provider: return "missingProvider";
        case ai::diagnosis_verdict::unresolved_reference: return "unresolvedReference";
        case ai::diagnosis_verdict::test_failed: return "testFailed";
        case ai::diagnosis_verdict::no_models: return "noModels";
        case ai::diagnosis_verdict::inactive: return "inactive";
    }
    return "unknown";
}

std::string listed(std::vector<ai::capability> const& all) {
    std::string text;
    for (ai::capability const& each : all) text += (text.empty() ? "" : ", ") + each.name();
    return text;
}

exit_code diagnose_list(session& on) {
    output& out = on.out();
    auto const found = must(on.here().connections().find_poisoned());
    std::string const sentence = found ? found->sentence : "Lists work.";
    if (out.is_json()) {
        ordered_json members = {{"verdict", found ? "poisonedList" : "works"}, {"sentence", sentence}};
        members["position"] = found ? ordered_json(found->position) : ordered_json();
        out.document(members);
    } else {
        out.line(printable(sentence));
    }
    return found ? exit_code::refused : exit_code::done;
}

}  // namespace

exit_code list_models(session& on, models_arguments const& given) {
    output& out = on.out();
    auto const found = must(on.here().connections().models(given.which));
    if (out.is_json()) {
        ordered_json all = ordered_json::array();
        for (ai::model const& each : found.items) all.push_back(to_json(each));
        out.document({{"items", std::move(all)}, {"count", found.size()}});
    } else if (out.is_table()) {
        table rows(out, {column("MODEL", 12), column("NAME", 8), column("CAPABILITIES", 8, false)});
        for (ai::model const& each : found.items) rows.add({each.id, each.name, listed(each.capabilities)});
        rows.flush();
    } else {
        for (ai::model const& each : found.items) out.id(each.id);
    }
    if (found.empty()) out.note("No models; that can mean that the provider refuses the key: umbraco-ai connections diagnose " + given.which);
    return exit_code::done;
}

exit_code list_capabilities(session& on, capabilities_arguments const& given) {
    output& out = on.out();
    auto const found = given.which ? must(on.here().connections().capabilities_of(*given.which)) : must(on.here().connections().capabilities()).items;
    if (out.is_json()) {
        ordered_json all = ordered_json::array();
        for (ai::capability const& each : found) all.push_back(each.name());
        out.document({{"items", std::move(all)}, {"count", found.size()}});
    } else {
        for (ai::capability const& each : found) out.id(each.name());
    }
    return exit_code::done;
}

exit_code tell_whether_exists(session& on, exists_arguments const& given) {
    std::optional<ai::guid> except;
    if (given.except) {
        except = ai::guid::parse(*given.except);
        if (!except) throw stop(exit_code::usage, "--except: this is no id.");
    }
    bool const is_there = must(on.here().connections().exists(given.alias, except));
    if (on.out().is_json()) on.out().document({{"alias", given.alias}, {"exists", is_there}});
    else on.out().line(is_there ? "true" : "false");
    return is_there ? exit_code::done : exit_code::refused;
}

exit_code diagnose(session& on, diagnose_arguments const& given) {
    if (!given.which) return diagnose_list(on);
    output& out = on.out();
    ai::diagnosis const found = must(on.here().connections().diagnose(*given.which));
    bool const is_well = found.verdict == ai::diagnosis_verdict::works;
    if (out.is_json()) out.document({{"connection", *given.which}, {"verdict", word_of(found.verdict)}, {"sentence", found.sentence}});
    else out.line(out.screen().painted(is_well ? style::green : found.verdict == ai::diagnosis_verdict::inactive ? style::yellow : style::red, printable(found.sentence)));
    return is_well ? exit_code::done : exit_code::refused;
}

}  // namespace cli

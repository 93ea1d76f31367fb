// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "models.hpp"
#include "session.hpp"

#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/pages.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

constexpr std::int64_t page_size = 500;

/// Shows connections as they come, in each form of output.
class item_list {
public:
    explicit item_list(output& out)
        : out_(out), table_(out, {column("ALIAS", 12), column("NAME", 8), column("PROVIDER", 8, false), column("ACTIVE"), column("ID", 0, false)}) {
        if (out.is_json()) out.begin_items();
    }

    void show(ai::connection_item const& one) {
        ++count_;
        if (out_.is_json()) out_.item(to_json(one));
        else if (!out_.is_table()) out_.id(one.id.to_string());
        else table_.add({one.alias, one.name, one.provider_id, one.is_active ? cell("yes") : cell("no", style::yellow), cell(one.id.to_string(), style::dim)});
    }

    /// At the end of a page.
    void flush() {
        if (out_.is_table()) table_.flush();
    }

    void end(bool is_complete) {
        flush();
        if (out_.is_json()) out_.end_items({{"count", count_}, {"complete", is_complete}});
    }

private:
    output& out_;
    table table_;
    std::size_t count_ = 0;
};

bool contains_ignoring_case(std::string const& text, std::string const& part) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

void list_with_capability(site& on, list_arguments const& given, item_list& shown) {
    auto const found = must(on.connections().with_capability(ai::capability(*given.capability)));
    std::int64_t left = given.limit.value_or((std::numeric_limits<std::int64_t>::max)());
    for (ai::connection_item const& one : found.items) {
        if (left == 0) break;
        if (given.provider && one.provider_id != *given.provider) continue;
        if (given.filter && !contains_ignoring_case(one.name, *given.filter)) continue;
        --left;
        shown.show(one);
    }
    shown.end(true);
}

}  // namespace

exit_code list_connections(session& on, list_arguments const& given) {
    site& cms = on.here();
    item_list shown(on.out());
    if (given.capability) {
        list_with_capability(cms, given, shown);
        return exit_code::done;
    }
    ai::all_query wanted;
    wanted.name_contains = given.filter;
    wanted.provider_id = given.provider;
    wanted.most = given.limit.value_or(2147483647);
    wanted.page_size = (std::clamp)(wanted.most, std::int64_t{2}, page_size);
    auto cursor = cms.connections().pages(std::move(wanted));
    while (!cursor.is_done()) {
        for (ai::connection_item const& one : must(cursor.next())) shown.show(one);
        shown.flush();
    }
    // A list that was cut where the user said so is what they asked for.
    bool const is_unsure = cursor.is_incomplete() && !given.limit;
    shown.end(!is_unsure);
    if (is_unsure) on.out().warn("the list changed while it was read; some connections may be missing. Read it again.");
    return exit_code::done;
}

exit_code get_connection(session& on, get_arguments const& given) {
    output& out = on.out();
    // Whoever declines sees what there is to see without.
    bool const in_plain = given.shows_secrets && (given.is_sure || out.confirm("Show every setting of " + given.which + " in plain, secrets too?", "--yes"));
    ai::connection const found = must(on.here().connections().get(given.which));
    if (out.is_json()) out.document({{"connection", to_json(found, in_plain)}});
    else if (out.is_table()) show(out, found, in_plain);
    else out.id(found.id.to_string());
    return exit_code::done;
}

}  // namespace cli

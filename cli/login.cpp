// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "session.hpp"

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/uri.hpp>

#include <string>

namespace cli {
namespace {

/// What to do about a failed sign-in; nothing where the failure's own sentence says it.
std::string remedy_of(ai::failure const& reason, site_options const& about) {
    auto const is = [&](ai::errc code) { return reason.code == ai::make_error_code(code); };
    if (about.auth.empty()) return "No credentials were given: set UMBRACO_TOKEN, or UMBRACO_CLIENT_ID and UMBRACO_CLIENT_SECRET, or use a profile.";
    if (is(ai::errc::forbidden))
        return "Give the user's group the section AI (Settings on Umbraco.AI 1.0 and 1.1), in the back office under Users, and get a new token: rights are frozen in a token.";
    if (is(ai::errc::not_signed_in) && about.client_id.empty()) return "Tokens live some minutes: get a new one, or sign in as an API user with UMBRACO_CLIENT_ID and UMBRACO_CLIENT_SECRET.";
    if (is(ai::errc::not_signed_in) && !about.client_id.starts_with("umbraco-back-office-")) return "The client id lacks its prefix: the back office shows it as umbraco-back-office-" + about.client_id + '.';
    if (is(ai::errc::not_signed_in)) return "Compare client id and secret with the API user in the back office, under Users; case counts, and the user must not be disabled.";
    if (is(ai::errc::certificate_rejected)) return "A development certificate is trusted with --ca-file FILE (dotnet dev-certs https --export-path FILE --format PEM) or --pin SHA256.";
    if (is(ai::errc::resolve_failed) || is(ai::errc::connect_failed)) return "Is the base URL right, and the site up? It is " + about.base_url + ", from " + about.base_url_source + '.';
    return "";
}

std::string whose(site_options const& about) {
    if (!about.client_id.empty()) return about.client_id;
    return about.auth.empty() ? "nobody" : "whoever the token was made for";
}

}  // namespace

exit_code check_login(session& on) {
    site& cms = on.here();
    site_options const& about = cms.about();
    output& out = on.out();
    auto const listed = cms.connections().list(ai::skip(0), ai::take(1));
    bool const is_well = listed.has_value();
    std::string const remedy = is_well ? "" : remedy_of(listed.error(), about);
    // Whoever lacks the right was let in all the same, and so was who sees the list fail for another reason.
    bool const is_forbidden = !is_well && !about.auth.empty() && listed.error().code == ai::make_error_code(ai::errc::forbidden);
    bool const is_let_in = is_well || is_forbidden || (listed.error().status != 0 && listed.error().who != ai::fault::authentication && listed.error().who != ai::fault::decode);
    if (out.is_json()) {
        ordered_json members;
        members["baseUrl"] = about.base_url;
        members["baseUrlFrom"] = about.base_url_source;
        members["credentialsFrom"] = about.auth_source.empty() ? ordered_json() : ordered_json(about.auth_source);
        members["clientId"] = about.client_id.empty() ? ordered_json() : ordered_json(about.client_id);
        members["signedIn"] = is_let_in;
        members["section"] = is_well || is_forbidden ? ordered_json(is_well) : ordered_json();
        members["connections"] = is_well ? ordered_json(listed->total) : ordered_json();
        members["remedy"] = remedy.empty() ? ordered_json() : ordered_json(remedy);
        if (!is_well) members["error"] = to_json(listed.error());
        out.document(members);
    } else {
        auto const line = [&](char const* name, std::string const& value) { out.line(out.screen().painted(style::bold, fitted(name, 12)) + "  " + printable(value)); };
        line("site", about.base_url + " (" + about.base_url_source + ')');
        line("credentials", about.auth.empty() ? "none" : whose(about) + " (" + about.auth_source + ')');
        if (is_well) {
            line("signed in", about.auth.empty() ? "not needed here" : "yes");
            line("section", "connections may be read: AI, or Settings on Umbraco.AI 1.0 and 1.1");
            line("connections", std::to_string(listed->total));
        } else {
            line("signed in", is_let_in ? "yes" : "no");
            if (is_forbidden) line("section", "missing: AI, or Settings on Umbraco.AI 1.0 and 1.1");
        }
    }
    if (is_well) return exit_code::done;
    stop why(listed.error(), remedy);
    out.error(why);
    return why.code;
}

}  // namespace cli

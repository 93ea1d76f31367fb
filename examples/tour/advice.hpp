// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_ADVICE_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_ADVICE_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>

#include <system_error>

namespace tour {

/// What somebody at the command line can do about a failure.
[[nodiscard]] inline char const* advice_on(umbraco_ai::failure const& why) {
    using umbraco_ai::errc;
    using umbraco_ai::fault;
    auto const is = [&](errc code) { return why.code == make_error_code(code); };

    if (is(errc::tls_unavailable) || is(errc::insecure_origin))
        return "Give a --base-url of this machine (http://localhost:port): the server's own port, or a tunnel to it.";
    if (is(errc::resolve_failed) || is(errc::connect_failed))
        return "Check --base-url, and that the server is running and can be reached from here.";
    if (is(errc::not_signed_in)) return "Put a token that is good now into UMBRACO_TOKEN; they live for about five minutes.";
    if (is(errc::forbidden)) return "Grant the API user the section, then put a new token into UMBRACO_TOKEN.";
    if (is(errc::bad_request)) return "Check --provider and --settings against what is installed and configured on the site.";
    if (is(errc::not_found)) return "Check --base-url, and whether somebody else works on the site at the same time.";
    if (is(errc::conflict)) return "See in the back office what uses the connection.";
    if (is(errc::server_error)) return "Read the server's log of this minute, then run the tour again.";
    switch (why.who) {
        case fault::timeout: return "Allow more with --timeout, or see what keeps the server busy.";
        case fault::cancelled: return "Run the tour again when there is time.";
        case fault::transport: return "See what stands between here and the server, then run the tour again.";
        case fault::decode:
            return "See whether --base-url leads to Umbraco.AI itself; if so, this is worth an issue with the text above.";
        default: return "Mend what the text names, then run the tour again.";
    }
}

}  // namespace tour

#endif

// SPDX-License-Identifier: MIT
//
// The nine connection endpoints, played against servers of its own or against yours: see `tour --help`. The calls themselves
// are in tour/steps.hpp.

#include "tour/arguments.hpp"
#include "tour/interruption.hpp"
#include "tour/json_report.hpp"
#include "tour/recording_transport.hpp"
#include "tour/redactor.hpp"
#include "tour/report.hpp"
#include "tour/stage.hpp"
#include "tour/steps.hpp"
#include "tour/table_report.hpp"
#include "tour/terminal.hpp"

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>

#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace tour {
namespace {

std::string random_hex(std::size_t digits) {
    std::random_device source;
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[source() % 16];
    return text;
}

plan plan_of(std::string provider, ai::settings settings) {
    plan made;
    std::string const tag = random_hex(8);
    made.alias = "tour-" + tag;
    made.name = "Tour " + tag;
    made.provider = std::move(provider);
    made.settings = std::move(settings);
    return made;
}

std::string whole_base_url(std::string const& text) {
    auto const url = ai::base_url::parse(text).value();
    return url.origin.to_string() + url.path;
}

/// Plays on one server. `afterwards` may look at it before the chapter ends.
template <class Afterwards>
chapter play(report& out, chapter about, ai::credentials const& auth, ai::client_options options, plan const& wanted,
             redactor const& hide, Afterwards afterwards) {
    recording_transport wire;
    ai::client cms(wire, about.server, auth, options);

    out.begin(about);
    stage on(out, wire, hide, about);
    if (options.read_only) {
        play_read_only(on, cms);
    } else {
        leftover made;
        made.alias = wanted.alias;
        play_all(on, cms, wanted, made);
        clean_up(on, cms, made);
    }
    afterwards(on);
    out.end(about);
    return about;
}

chapter play_embedded(report& out, ai::client_options options, std::string contract, ai::testing::dialect spoken) {
    ai::secret const token(random_hex(32));
    ai::secret const key("sk-tour-" + random_hex(24));

    ai::testing::in_memory_options site_options;
    site_options.token = token.reveal();
    ai::testing::in_memory_api site(spoken, site_options);
    site.add_configuration("Umbraco:AI:Variables:Organization");
    ai::testing::loopback_server server(site);

    plan wanted =
        plan_of("openai", {{"apiKey", key}, {"organizationId", ai::config_reference("Umbraco:AI:Variables:Organization")}});
    wanted.capability = "Chat";
    redactor hide;
    hide.hide(token.reveal());
    hide.hide(wanted.settings);

    chapter about;
    about.contract = std::move(contract);
    about.server = whole_base_url(server.base_url());
    return play(out, std::move(about), ai::bearer_token(token), options, wanted, hide, [&](stage& on) {
        auto const held = server.lock();
        on.demand(site.size() == 0, "afterwards", "The server still has a connection.");
        on.demand(site.careless().total() == 0, "afterwards", "The server counted a write that can hardly have been meant.");
    });
}

chapter play_on_server(report& out, ai::client_options options, arguments const& given) {
    plan const wanted = plan_of(given.provider, given.settings);
    redactor hide;
    hide.hide(wanted.settings);
    ai::credentials auth;
    if (given.token) {
        hide.hide(given.token->reveal());
        auth = ai::bearer_token(*given.token);
    }

    chapter about;
    about.contract = "server";
    about.server = whole_base_url(*given.base_url);
    if (given.is_read_only) about.notes.push_back("Read-only: nothing but GET is sent.");
    else
        about.notes.push_back("Creates the connection '" + wanted.alias + "' (provider " + wanted.provider +
                              ") and deletes it at the end.");
    if (!given.is_read_only && wanted.settings.is_null())
        about.notes.push_back("No --settings: it has none, so test and models are skipped; a server would answer 404 to both.");
    if (!given.token) about.notes.push_back("UMBRACO_TOKEN is not set: requests go without a token.");
    return play(out, std::move(about), auth, options, wanted, hide, [](stage&) {});
}

int run(arguments const& given) {
    interruption::watch();
    terminal const screen(STDOUT_FILENO);
    std::unique_ptr<report> out = std::make_unique<table_report>(screen);
    if (given.wants_json) out = std::make_unique<json_report>(screen);

    ai::client_options options;
    options.timeout = given.timeout;
    options.read_only = given.is_read_only;

    std::vector<chapter> all;
    if (given.base_url) {
        all.push_back(play_on_server(*out, options, given));
    } else {
        all.push_back(play_embedded(*out, options, "documented", ai::testing::dialect::documented));
        if (interruption::count() == 0) all.push_back(play_embedded(*out, options, "observed", ai::testing::dialect::observed));
    }
    out->conclude(all);

    if (interruption::count() > 0) return 128 + interruption::signal();
    for (auto const& about : all)
        if (!about.failed.empty()) return 1;
    if (!std::cout.good()) {
        std::cerr << "tour: all went well, but the output could not be written.\n";
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace tour

int main(int argc, char** argv) {
    try {
        tour::arguments const given(argc, argv);
        if (given.wants_help) {
            std::cout << tour::usage_text;
            return 0;
        }
        return tour::run(given);
    } catch (tour::usage_error const& refused) {
        std::cerr << "tour: " << refused.what() << '\n';
        return 64;
    } catch (std::exception const& failed) {
        std::cerr << "tour: " << failed.what() << '\n';
        return 1;
    }
}

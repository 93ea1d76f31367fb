// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "interruption.hpp"
#include "session.hpp"

#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cli {
namespace {

namespace kit = ai::testing;

[[noreturn]] void refuse(std::string text) { throw stop(exit_code::usage, std::move(text)); }

std::string random_hex(std::size_t digits) {
    std::random_device source;
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[source() % 16];
    return text;
}

/// Something to look at where no seed was given: one that works, one that is switched off, one whose reference is gone.
void add_samples(kit::in_memory_api& site) {
    site.add_configuration("Umbraco:AI:Secrets:OpenAI");
    site.add(kit::stored_connection("openai-prod", "OpenAI Production", "openai", R"({"apiKey":"$Umbraco:AI:Secrets:OpenAI","endpoint":"https://eu.api.openai.com/v1"})"));
    kit::stored_connection idle("anthropic-dev", "Anthropic, for trying", "anthropic", R"({"apiKey":"sk-sample-of-the-playground"})");
    idle.is_active = false;
    site.add(std::move(idle));
    site.add(kit::stored_connection("google-old", "Google, before the move", "google", R"({"apiKey":"$Umbraco:AI:Secrets:Google"})"));
    site.use_in_profile("openai-prod");
}

class seed {
public:
    seed(kit::in_memory_api& site, std::string const& path) : site_(site), path_(path) {
        std::ifstream file(path, std::ios::binary);
        if (!file) refuse(path + " cannot be read.");
        std::string const text{std::istreambuf_iterator<char>(file), {}};
        whole_ = ordered_json::parse(text, nullptr, false);
        if (whole_.is_discarded() || !whole_.is_object()) refuse(path + ": this is no JSON object.");
    }

    void sow() {
        for (auto const& [name, value] : whole_.items()) {
            if (!value.is_array()) refuse(path_ + ": " + name + ": this is no array.");
            for (ordered_json const& each : value) {
                if (name == "configuration") site_.add_configuration(text_of(each, name));
                else if (name == "connections") add_connection(each);
                else if (name == "providers") add_provider(each);
                else refuse(path_ + ": " + name + ": no such member; there are configuration, connections and providers.");
            }
        }
    }

private:
    [[nodiscard]] std::string text_of(ordered_json const& value, std::string const& name) const {
        if (!value.is_string()) refuse(path_ + ": " + name + ": this is no text.");
        return value.get<std::string>();
    }
    [[nodiscard]] std::string member(ordered_json const& of, char const* name) const {
        if (!of.is_object() || !of.contains(name)) refuse(path_ + ": " + name + " is missing.");
        return text_of(of[name], name);
    }

    void add_connection(ordered_json const& one) {
        std::string const alias = member(one, "alias");
        kit::stored_connection made(alias, one.contains("name") ? member(one, "name") : alias, member(one, "providerId"), one.contains("settings") ? one["settings"].dump() : "null");
        if (one.contains("id")) made.id = member(one, "id");
        if (one.contains("isActive")) made.is_active = one["isActive"] == ordered_json(true);
        site_.add(std::move(made));
        if (one.contains("isInUse") && one["isInUse"] == ordered_json(true)) site_.use_in_profile(alias);
    }

    /// A provider of this id that refuses every call with a text.
    void add_provider(ordered_json const& one) {
        std::string const id = member(one, "id");
        for (kit::provider known : kit::standard_providers()) {
            if (known.id != id) continue;
            known.refusal = member(one, "refusal");
            site_.add_provider(std::move(known));
            return;
        }
        refuse(path_ + ": providers: there is no provider " + id + '.');
    }

    kit::in_memory_api& site_;
    std::string path_;
    ordered_json whole_;
};

void add_many(kit::in_memory_api& site, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        std::string number = std::to_string(i);
        number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
        site.add(kit::stored_connection("generated-" + number, "Generated " + number, "openai", R"({"apiKey":"sk-generated"})"));
    }
}

kit::in_memory_options options_of(serve_arguments const& given) {
    kit::in_memory_options made;
    made.client_id = given.client_id.value_or("");
    made.client_secret = given.client_secret.value_or("");
    if (made.client_id.empty() != made.client_secret.empty()) refuse("--client-id and --client-secret go together.");
    if (given.token) made.token = *given.token;
    else if (made.client_id.empty()) made.token = "playground-" + random_hex(16);
    return made;
}

/// What to type to reach the server, in the words of a shell.
std::vector<std::string> commands_to_try(kit::loopback_server const& server, kit::in_memory_options const& site, std::string const& pin) {
    std::string variables = "export UMBRACO_BASE_URL=" + server.base_url();
    if (!site.token.empty()) variables += " UMBRACO_TOKEN=" + site.token;
    else variables += " UMBRACO_CLIENT_ID=" + site.client_id + " UMBRACO_CLIENT_SECRET=" + site.client_secret;
    std::string const trust = pin.empty() ? "" : "--pin " + pin + ' ';
    return {variables, "umbraco-ai " + trust + "login check", "umbraco-ai " + trust + "connections list", "umbraco-ai " + trust + "connections test --all"};
}

void tell(output& out, kit::loopback_server const& server, kit::in_memory_options const& site, std::string const& pin) {
    auto const commands = commands_to_try(server, site, pin);
    if (out.is_json()) {
        out.document({{"baseUrl", server.base_url()},
                      {"token", site.token.empty() ? ordered_json() : ordered_json(site.token)},
                      {"clientId", site.client_id.empty() ? ordered_json() : ordered_json(site.client_id)},
                      {"pin", pin.empty() ? ordered_json() : ordered_json(pin)},
                      {"commands", commands}});
    } else if (out.is_table()) {
        out.line(server.base_url());
        out.line("");
        for (std::string const& each : commands) out.line("  " + printable(each));
    } else {
        out.id(server.base_url());
    }
    out.flush();
}

void wait_for_the_end(std::optional<double> seconds) {
    using clock = std::chrono::steady_clock;
    auto const begin = clock::now();
    auto const is_over = [&] { return seconds && clock::now() - begin >= std::chrono::duration<double>(*seconds); };
    while (interruption::signal() == 0 && !is_over()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace

exit_code serve(session& on, serve_arguments const& given) {
    kit::in_memory_options const site_options = options_of(given);
    kit::in_memory_api site(given.is_documented ? kit::dialect::documented : kit::dialect::observed, site_options);
    if (given.seed_file) seed(site, *given.seed_file).sow();
    else if (given.generated == 0) add_samples(site);
    add_many(site, given.generated);

    kit::loopback_options server_options;
    server_options.with_port(given.port).with_delay(std::chrono::milliseconds(given.delay_ms)).with_time_limit(std::chrono::hours(24 * 365));
    std::string pin;
    if (given.uses_tls) {
        kit::test_certificate const own = kit::test_certificate::self_signed();
        pin = "sha256:" + own.sha256();
        server_options.with_tls(own);
    }
    std::unique_ptr<kit::loopback_server> server;
    try {
        server = std::make_unique<kit::loopback_server>(
            [&](kit::server_request const& request) {
                ai::http_response answer = site.handle(request);
                if (on.where().verbosity > 0) on.out().note(request.method + ' ' + request.target + ' ' + std::to_string(answer.status));
                return answer;
            },
            server_options);
    } catch (std::exception const&) {
        throw stop(exit_code::refused, "Port " + std::to_string(given.port) + " of 127.0.0.1 cannot be had; choose another, or leave --port out.");
    }
    tell(on.out(), *server, site_options, pin);
    wait_for_the_end(given.seconds);
    return exit_code::done;
}

}  // namespace cli

// SPDX-License-Identifier: MIT
// The examples of docs/, as they stand there.
#include "../examples/observers/log_observer.hpp"
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <string_view>
#include <vector>

namespace ai = umbraco_ai;

class site_profile {
public:
    site_profile() = default;

    std::string id;
    std::string name;
    std::optional<std::string> description;
    ai::unknown_members unknown;
};

template <>
struct umbraco_ai::fields<site_profile> : ai::table<
    ai::field<"id",          &site_profile::id,          ai::required>,
    ai::field<"name",        &site_profile::name,        ai::required>,
    ai::field<"description", &site_profile::description>> {};

using get_profile = ai::endpoint<"GET /profiles/{idOrAlias}", ai::path<ai::id_or_alias>, ai::returns<site_profile>>;

class recording_transport {
public:
    static constexpr bool tracks_writes = true;

    ai::result<ai::http_response> send(ai::http_request request) {
        seen.push_back(request.target);
        return ai::http_response(404);
    }

    std::chrono::nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }
    void wait(std::chrono::nanoseconds duration) { std::this_thread::sleep_for(duration); }

    std::vector<std::string> seen;
};

class my_wire {
public:
    ai::result<ai::http_response> exchange(ai::http_request const&) { return ai::http_response(404); }
};

TEST_CASE("docs: an endpoint of one's own is called like the library's", "[docs]") {
    ai::testing::scripted_transport script;
    script.expect("GET /profiles/summaries").answers(200, R"({"id":"1","name":"Summaries","more":[1]})");
    ai::client cms(script, "https://cms.example.com");
    ai::result<site_profile> profile = cms.call(get_profile("summaries"));
    REQUIRE(profile);
    CHECK(profile->name == "Summaries");
    CHECK(ai::write_json(*profile) == R"({"id":"1","name":"Summaries","description":null,"more":[1]})");
    CHECK(script.report() == "");
}

TEST_CASE("docs: a lambda is a transport", "[docs]") {
    bool is_cut = false;
    std::string asked_for;
    {
        ai::client cms([&](ai::http_request request) -> ai::result<ai::http_response> {
            if (is_cut) return ai::failure(ai::errc::connect_failed, "The wire is cut.");
            asked_for = request.target;                              // in truth: the request goes over your wire,
            return ai::http_response(200, "[\"Chat\"]");             // and this is what came back
        }, "https://cms.example.com");
        auto capabilities = cms.connections().capabilities();
        CHECK(capabilities.value().items.size() == 1);
        CHECK(asked_for == "/umbraco/ai/management/api/v1/connections/capabilities");
        is_cut = true;
        CHECK(cms.connections().capabilities().error().code == ai::errc::connect_failed);
    }
    my_wire wire;
    ai::client cms([&](ai::http_request request) -> ai::result<ai::http_response> { return wire.exchange(request); }, "https://cms.example.com");
    auto r = cms.call(ai::connections::get("openai-prod"));
    CHECK(r.error().status == 404);
}

TEST_CASE("docs: a transport is any type with send", "[docs]") {
    recording_transport wire;
    ai::client cms(wire, "https://cms.example.com");
    auto answer = cms.connections().get("openai-prod");
    CHECK(answer.error().status == 404);
    CHECK(wire.seen == std::vector<std::string>{"/umbraco/ai/management/api/v1/connections/openai-prod"});
}

TEST_CASE("docs: a call can be stepped by hand", "[docs]") {
    ai::client_context context(ai::base_url::parse("https://cms.example.com"), ai::credentials(), ai::client_options());
    ai::exchange machine(context, ai::call_options(), ai::call_operation(ai::connections::capabilities()));

    ai::action next = machine.start(std::chrono::nanoseconds(0));
    while (next.what == ai::action_kind::send) {
        ai::http_response answer(200, "[\"Chat\"]");                 // in truth: what came over the wire for next.request
        next = machine.resume(ai::result<ai::http_response>(answer), std::chrono::nanoseconds(0));
    }
    auto capabilities = machine.take();
    REQUIRE(capabilities);
    CHECK(capabilities->items == std::vector<ai::capability>{ai::capability::chat()});
}

TEST_CASE("docs: a failure is asked for its code", "[docs]") {
    ai::testing::in_memory_api site(ai::testing::dialect::documented);
    ai::client cms(site, "https://cms.example.com");
    bool created = false;
    auto const create_it = [&] { return created = true; };
    auto const run = [&]() -> bool {
        auto answer = cms.connections().get("openai-prod");
        if (!answer) {
            if (answer.error().code == ai::errc::not_found) return create_it();
            std::cerr << answer.error() << '\n';
            return false;
        }
        return true;
    };
    CHECK(run());
    CHECK(created);
}

TEST_CASE("docs: a script tells what did not go by it", "[docs]") {
    ai::testing::scripted_transport script;
    script.expect("GET /connections/openai-prod").answers(404, R"({"title":"Connection not found","status":404})");
    ai::client cms(script, "https://cms.example.com");

    CHECK_FALSE(cms.connections().get("openai-prod"));
    CHECK(script.report() == "");
}

TEST_CASE("docs: the API in memory is a transport", "[docs]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    ai::client cms(site, "https://cms.example.com");
    CHECK(cms.connections().list().value().total == 0);
}

TEST_CASE("docs: settings of a known provider are made by name", "[docs]") {
    ai::connection_draft draft("openai-prod", "OpenAI Production", "openai");
    draft.settings = ai::openai_settings(ai::config_reference("Umbraco:AI:Secrets:OpenAI")).endpoint("https://eu.api.openai.com/v1");
    CHECK(draft.check());
    CHECK(draft.settings.json() == R"({"apiKey":"$Umbraco:AI:Secrets:OpenAI","endpoint":"https://eu.api.openai.com/v1"})");
}

TEST_CASE("docs/observing.md") {
    recording_transport wire;
ai::client_options options;
options.observer = std::make_shared<log_observer>([](std::string_view line) { std::cerr << line << '\n'; });
ai::client cms(wire, "https://cms.example.com", ai::bearer_token("token"), options);
    CHECK_FALSE(cms.connections().list());
    CHECK(wire.seen.size() == 1);
}

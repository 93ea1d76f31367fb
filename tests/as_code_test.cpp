// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include "../cli/as_code/apply.hpp"
#include "../cli/as_code/document.hpp"
#include "../cli/as_code/export.hpp"
#include "../cli/as_code/files.hpp"
#include "../cli/as_code/lint.hpp"
#include "../cli/as_code/plan.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace cli::as_code;
using testing::dialect;
using tests::both_dialects;
using tests::has;
using tests::mishap;
using tests::name_of;

namespace {

using test_site = tests::site;

/// The environment of a test.
environment variables_of(std::map<std::string, std::string> values) {
    return [all = std::move(values)](std::string const& name) -> std::optional<std::string> {
        auto const found = all.find(name);
        if (found == all.end()) return std::nullopt;
        return found->second;
    };
}

/// A server without the API.
class empty_server {
public:
    empty_server() = default;
    static result<http_response> send(http_request const&) { return http_response(404); }
};

std::string in_format(std::string_view members) { return R"({"format":"umbraco-ai.connection/1",)" + std::string(members) + '}'; }

std::string openai(std::string_view alias, std::string_view settings_json) {
    return in_format(R"("alias":")" + std::string(alias) + R"(","name":"Name of )" + std::string(alias) + R"(","providerId":"openai","settings":)" + std::string(settings_json));
}

/// All findings of one text, a line each.
std::string findings_of(std::string_view text, environment const& variables = variables_of({})) {
    std::vector<finding> findings;
    std::vector<document> documents = read_documents("f.json", text, findings);
    refuse_repeated_aliases(documents, findings);
    if (findings.empty()) resolve(documents, variables, findings);
    std::string all;
    for (finding const& each : findings) all += each.to_string() + '\n';
    return all;
}

std::vector<document> documents_of(std::string_view text, environment const& variables = variables_of({})) {
    std::vector<finding> findings;
    std::vector<document> documents = read_documents("f.json", text, findings);
    refuse_repeated_aliases(documents, findings);
    resolve(documents, variables, findings);
    for (finding const& each : findings) FAIL(each.to_string());
    return documents;
}

/// What a site keeps of each connection, but for ids, dates and versions.
std::map<std::string, std::string> state_of(testing::in_memory_api& api, std::vector<std::string> const& aliases) {
    std::map<std::string, std::string> all;
    for (std::string const& alias : aliases) {
        auto const found = api.find(alias);
        if (found) all[alias] = found->alias + '|' + found->name + '|' + found->provider_id + '|' + (found->is_active ? "active|" : "inactive|") + found->settings;
    }
    return all;
}

member_state state_of(comparison const& compared, std::string_view path) {
    for (member_change const& each : compared.members)
        if (each.path == path) return each.state;
    FAIL("no member " << path);
    return member_state::same;
}

/// Everything that is told of a plan and of what came of it.
std::string told(plan const& planned, apply_report const& report) {
    std::string all;
    for (planned_step const& each : planned.steps) {
        all += each.alias + ' ' + std::string(to_string(each.kind)) + ' ' + each.compared.obstacle + '\n';
        for (member_change const& member : each.compared.members) all += member.path + ' ' + member.before + ' ' + member.after + '\n';
        if (each.reason) all += each.reason->to_string();
    }
    for (step_result const& each : report.steps) all += each.alias + ' ' + std::string(to_string(each.became)) + ' ' + each.why + (each.reason ? each.reason->to_string() : std::string()) + '\n';
    return all;
}

}  // namespace

TEST_CASE("A document is refused with file, line and column, and every fault is told") {
    CHECK(findings_of("{\n  \"format\": \"umbraco-ai.connection/1\",\n  \"alias\": \"a\" \"b\"\n}") == "f.json:3:16: This is not well-formed JSON.\n");
    CHECK(findings_of("") == "f.json:1:1: The text ends early.\n");
    CHECK(findings_of("[]") == "f.json:1:1: The array holds no document.\n");
    CHECK(findings_of("7") == "f.json:1:1: A document is an object.\n");
    CHECK(has(findings_of(R"({"alias":"a"})"), "f.json:1:1: format: It is missing"));
    CHECK(has(findings_of(R"({"format":"umbraco-ai.connection/2"})"), "f.json:1:11: format: This is not"));
    CHECK(findings_of("{\"format\":\"umbraco-ai.connection/1\",\n\"alias\":\"A b\",\"name\":\"N\",\n\"providerId\":\"openai\"}") ==
          "f.json:2:9: alias: An alias is 1 to 100 lower-case letters, digits and hyphens; say \"anyAlias\": true where the site has such a one.\n");
    CHECK(findings_of(in_format("\n\"alias\":\"a\",\"name\":\"N\",\"providerID\":\"openai\"")) ==
          "f.json:2:24: providerID: No document has this member; known are format, alias, name, providerId, isActive, settings and anyAlias.\n"
          "f.json:1:1: providerId: It is missing.\n");
    CHECK(has(findings_of(in_format(R"("alias":"a","name":"N","providerId":"openai","isActive":"yes")")), "isActive: true or false is expected."));
    CHECK(has(findings_of(in_format(R"("alias":"a","name":7,"providerId":"openai")")), "name: A text is expected."));
    CHECK(has(findings_of(in_format(R"("alias":"3fa85f64-5717-4562-b3fc-2c963f66afa6","name":"N","providerId":"openai")")), "alias: It has the form of a guid"));
}

TEST_CASE("Columns count characters, and a byte order mark is none") {
    auto const at = [](std::string_view text, std::size_t offset) { return place_finder("f", text).at(offset).to_string(); };
    CHECK(at("{}", 0) == "f:1:1");
    CHECK(at("\xEF\xBB\xBF{}", 3) == "f:1:1");
    CHECK(at("\xEF\xBB\xBF\"a\" x", 7) == "f:1:5");
    CHECK(at("\"\xC3\xA4\xC3\xB6\" x", 7) == "f:1:6");
    CHECK(at("a\nb\n\nc", 5) == "f:4:1");
    place_finder places("f", "a\nb\n\nc d");
    places.mark(2);
    CHECK(places.at(7).to_string() == "f:4:3");
    CHECK(places.at(2).to_string() == "f:2:1");
    CHECK(places.at(99).to_string() == "f:4:4");
}

TEST_CASE("Ten thousand documents in one line are read in one pass") {
    std::string text = "[";
    for (int i = 0; i < 10'000; ++i) text += (i == 0 ? "" : ",") + openai("a-" + std::to_string(i), R"({"apiKey":"$A:B","endpoint":"https://a.example"})");
    std::vector<finding> findings;
    auto const documents = read_documents("f.json", text + ']', findings);
    REQUIRE(documents.size() == 10'000);
    CHECK(findings.empty());
    CHECK(documents.back().where.column == text.rfind("{\"format") + 1);
}

TEST_CASE("Two documents of one alias, and a key that stands twice, are refused") {
    std::string const two = "[" + openai("main", "{}") + ",\n" + openai("main", "{}") + "]";
    CHECK(has(findings_of(two), "f.json:2:45: alias: Another document has this alias: f.json:1:46."));
    CHECK(has(findings_of(openai("main", R"({"apiKey":"$A:B","apiKey":"$A:C"})")), "settings.apiKey: The key stands twice"));
    CHECK(has(findings_of(openai("main", R"({"apiKey":"$A:B","APIKEY":"$A:C"})")), "settings.APIKEY: The key stands twice"));
    CHECK(has(findings_of(openai("main", R"({"x":{"a":1,"a":2}})")), "settings.x.a: The key stands twice"));
    CHECK(has(findings_of(in_format(R"("alias":"a","alias":"b","name":"N","providerId":"openai")")), "alias: The key stands twice"));
}

TEST_CASE("What would be stored as something else than it says is refused, wherever it stands") {
    auto const refused = [](std::string_view settings_json) { return findings_of(openai("main", settings_json)); };
    CHECK(has(refused(R"({"apiKey":"sk-***"})"), "settings.apiKey: The value is masked"));
    CHECK(has(refused(R"({"apiKey":"ENC:abc"})"), "settings.apiKey: A text that begins with ENC:"));
    CHECK(has(refused(R"({"apiKey":"$5 a day"})"), "settings.apiKey: A text that begins with $ is a reference"));
    CHECK(has(refused(R"({"x":["a",{"y":"ENC:abc"}]})"), "settings.x[1].y: A text that begins with ENC:"));
    CHECK(has(refused(R"({"endpoint":"https://${env:HOST}/v1"})"), "settings.endpoint: A placeholder is the whole value"));
    CHECK(has(refused(R"({"apiKey":"${env:1X}"})"), "settings.apiKey: A placeholder is the whole value"));
    CHECK(has(refused(R"({"x":["${env:A}"]})"), "settings.x[0]: A placeholder is the whole value"));
    CHECK(has(refused("null"), "settings: Null would wipe the stored credentials"));
    CHECK(has(refused("[]"), "settings: An object is expected."));
    CHECK(refused(R"({"apiKey":"$Umbraco:AI:Secrets:OpenAI","endpoint":null,"x":{"y":[1,true]}})").empty());
}

TEST_CASE("A secret that is missing in the environment, or is none, is refused with its place") {
    std::string const text = openai("main", "{\n  \"apiKey\": \"${env:KEY}\"}");
    CHECK(findings_of(text) == "f.json:2:13: settings.apiKey: The environment variable KEY is not set.\n");
    auto const with = [&](std::string value) { return findings_of(text, variables_of({{"KEY", std::move(value)}})); };
    CHECK(with("sk-1").empty());
    CHECK(has(with(""), "It is set, but empty."));
    CHECK(has(with("sk-***"), "KEY cannot be used. The value is masked"));
    CHECK(has(with("ENC:abc"), "KEY cannot be used. A text that begins with ENC:"));
    CHECK(has(with("$A:B"), "KEY cannot be used. Its text begins with $"));
    CHECK(has(with("\xFF"), "KEY cannot be used. The text is not UTF-8"));
    CHECK_FALSE(has(with("ENC:abc"), "ENC:abc"));
    std::string const json = openai("main", R"({"x":"${env-json:KEY}"})");
    CHECK(findings_of(json, variables_of({{"KEY", "[1,{\"a\":\"b\"}]"}})).empty());
    CHECK(has(findings_of(json, variables_of({{"KEY", "[1,"}})), "It is not one well-formed JSON value."));
    CHECK(has(findings_of(json, variables_of({{"KEY", "{\"a\":1,\"a\":2}"}})), "The key stands twice"));
    CHECK(has(findings_of(json, variables_of({{"KEY", "{\"a\":\"***\"}"}})), "The value is masked"));
}

TEST_CASE("A document with any fault is found before anything is sent") {
    for (std::string_view const settings_json : {R"({"apiKey":"ENC:x"})", R"({"apiKey":"${env:NONE}"})", R"({"a":1,"a":2})"})
        CHECK_FALSE(findings_of(openai("main", settings_json)).empty());
}

TEST_CASE("An export keeps references and what is known to be no secret, and nothing else") {
    test_site here(dialect::observed);
    here.api.add_configuration("Umbraco:AI:Secrets:A");
    here.add("openai-prod", "openai", R"({"apiKey":"sk-secret-1","organizationId":"org-1","endpoint":"https://user:secret-2@eu.example/v1","note":"secret-3","pin":1234,"flag":true,"gone":null,"list":["secret-4"]})");
    here.add("by-reference", "openai", R"({"apiKey":"$Umbraco:AI:Secrets:A","endpoint":"https://eu.example/v1"})");
    here.add("broken", "openai", R"({"apiKey":"ENC:secret-5","organizationId":"sk-***"})");
    here.add("without", "openai", "null");
    client_calls calls(here.cms);
    auto const result = export_documents(calls);
    REQUIRE(result);
    REQUIRE(result->documents.size() == 4);
    CHECK(result->left_out.empty());
    CHECK(result->documents[0].text == R"({
  "format": "umbraco-ai.connection/1",
  "alias": "broken",
  "name": "Name of broken",
  "providerId": "openai",
  "isActive": true,
  "settings": {
    "apiKey": "${env:BROKEN_API_KEY}",
    "organizationId": "${env:BROKEN_ORGANIZATION_ID}"
  }
})");
    CHECK(result->documents[0].replaced[0].is_unreadable);
    CHECK(result->documents[0].replaced[1].is_masked);
    CHECK(has(result->documents[1].text, R"("apiKey": "$Umbraco:AI:Secrets:A")"));
    CHECK(has(result->documents[1].text, R"("endpoint": "https://eu.example/v1")"));
    CHECK(result->documents[1].replaced.empty());
    CHECK(has(result->documents[2].text, R"(  "settings": {
    "apiKey": "${env:OPENAI_PROD_API_KEY}",
    "organizationId": "org-1",
    "endpoint": "${env:OPENAI_PROD_ENDPOINT}",
    "note": "${env:OPENAI_PROD_NOTE}",
    "pin": "${env-json:OPENAI_PROD_PIN}",
    "flag": true,
    "list": "${env-json:OPENAI_PROD_LIST}"
  })"));
    CHECK_FALSE(has(result->documents[3].text, "settings"));
    for (exported const& each : result->documents) CHECK_FALSE(has(each.text, "secret-"));
}

TEST_CASE("An export is the same in each run, whatever the order of the list") {
    std::string first;
    for (bool const is_reversed : {false, true}) {
        test_site here(dialect::observed);
        std::vector<std::string> aliases{"a", "a-b", "c"};
        if (is_reversed) aliases = {"c", "a-b", "a"};
        for (std::string const& alias : aliases) here.add(alias, "plain", R"({"bC":"x","c":"y"})");
        client_calls calls(here.cms);
        std::string const text = as_array(export_documents(calls).value().documents);
        CHECK(has(text, "${env:A_B_C}"));
        CHECK(has(text, "${env:A_B_C_2}"));
        if (first.empty()) first = text;
        CHECK(text == first);
    }
}

TEST_CASE("A connection that no document can hold is named, and left out") {
    test_site here(dialect::observed);
    here.add("with/slash", "plain");
    here.add("Odd One", "plain");
    here.add("twice", "plain", R"({"a":1,"A":2})");
    here.add("good", "plain");
    client_calls calls(here.cms);
    auto const result = export_documents(calls).value();
    REQUIRE(result.documents.size() == 2);
    CHECK(has(result.documents[0].text, R"("anyAlias": true)"));
    CHECK(result.documents[1].alias == "good");
    REQUIRE(result.left_out.size() == 2);
    CHECK(result.left_out[0].alias == "twice");
    CHECK(has(result.left_out[0].why, "settings.A: The key stands twice"));
    CHECK(has(result.left_out[1].why, "slash"));
}

TEST_CASE("Export, delete all, apply: the same connections are back, in both dialects, and a second apply changes nothing") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        test_site here(spoken);
        here.api.add_configuration("Umbraco:AI:Secrets:A");
        here.add("openai-prod", "openai", R"({"apiKey":"sk-1","organizationId":"org-1","endpoint":"https://eu.example/v1"})");
        here.add("by-reference", "openai", R"({"apiKey":"$Umbraco:AI:Secrets:A"})");
        here.add("cloud", "amazon", R"({"region":"eu-west-1","accessKeyId":"AKIA","secretAccessKey":"sk-2"})");
        here.add("foundry", "microsoft-foundry", R"({"endpoint":"https://f.example","apiKey":"sk-3","useResponsesApi":true,"more":[1,{"x":1.50}],"n":1e400})");
        here.add("plain", "plain", R"({})");
        here.add("nothing", "openai", "null");
        here.add("Odd One", "plain", R"({"a":"ä \"quoted\" \\ \n"})");
        auto off = testing::stored_connection("off", "Off", "openai", R"({"apiKey":"sk-4"})");
        off.is_active = false;
        here.api.add(off);
        std::vector<std::string> const aliases{"openai-prod", "by-reference", "cloud", "foundry", "plain", "nothing", "Odd One", "off"};
        auto const before = state_of(here.api, aliases);
        REQUIRE(before.size() == aliases.size());

        client_calls calls(here.cms);
        std::string const text = as_array(export_documents(calls).value().documents);
        here.api.clear();
        environment const secrets = variables_of({{"OPENAI_PROD_API_KEY", "sk-1"},
                                    {"CLOUD_ACCESS_KEY_ID", "AKIA"},
                                    {"CLOUD_SECRET_ACCESS_KEY", "sk-2"},
                                    {"FOUNDRY_API_KEY", "sk-3"},
                                    {"FOUNDRY_MORE", R"([1,{"x":1.50}])"},
                                    {"FOUNDRY_N", "1e400"},
                                    {"ODD_ONE_A", "ä \"quoted\" \\ \n"},
                                    {"OFF_API_KEY", "sk-4"}});
        auto const documents = documents_of(text, secrets);
        plan const first = make_plan(calls, documents).value();
        CHECK(first.count(planned_action::create) == aliases.size());
        CHECK(apply(calls, first).is_complete());
        CHECK(state_of(here.api, aliases) == before);
        CHECK(here.api.size() == aliases.size());

        plan const second = make_plan(calls, documents).value();
        CHECK_FALSE(second.has_differences());
        std::size_t const writes = here.transport.writes();
        CHECK(apply(calls, second).count(outcome::unchanged) == aliases.size());
        CHECK(here.transport.writes() == writes);
        CHECK(as_array(export_documents(calls).value().documents) == text);
        CHECK(here.api.careless().total() == 0);
    }
}

TEST_CASE("Of what may be a secret only its state is told") {
    test_site here(dialect::observed);
    for (char const* const key : {"Umbraco:AI:Secrets:A", "Umbraco:AI:Secrets:B"}) here.api.add_configuration(key);
    here.add("main", "openai",
             R"({"same":"secret-1","literal":"secret-2","reference":"$Umbraco:AI:Secrets:A","toReference":"secret-3","toLiteral":"$Umbraco:AI:Secrets:A","broken":"ENC:secret-4","endpoint":"https://a.example","gone":"secret-5"})");
    client_calls calls(here.cms);
    auto const documents = documents_of(
        openai("main",
               R"({"same":"${env:SAME}","literal":"${env:LITERAL}","reference":"$Umbraco:AI:Secrets:B","toReference":"$Umbraco:AI:Secrets:B","toLiteral":"secret-6","broken":"${env:LITERAL}","endpoint":"https://b.example","gone":null,"new":"secret-7","never":null})"),
        variables_of({{"SAME", "secret-1"}, {"LITERAL", "secret-8"}}));
    plan const planned = make_plan(calls, documents).value();
    comparison const& compared = planned.steps[0].compared;
    CHECK(state_of(compared, "settings.same") == member_state::same);
    CHECK(state_of(compared, "settings.literal") == member_state::literal_changed);
    CHECK(state_of(compared, "settings.reference") == member_state::reference_changed);
    CHECK(state_of(compared, "settings.toReference") == member_state::reference_changed);
    CHECK(state_of(compared, "settings.toLiteral") == member_state::reference_changed);
    CHECK(state_of(compared, "settings.broken") == member_state::unreadable);
    CHECK(state_of(compared, "settings.endpoint") == member_state::changed);
    CHECK(state_of(compared, "settings.gone") == member_state::removed);
    CHECK(state_of(compared, "settings.new") == member_state::added);
    CHECK(state_of(compared, "settings.never") == member_state::same);
    CHECK_FALSE(has(told(planned, {}), "secret-"));
    CHECK(has(told(planned, {}), "$Umbraco:AI:Secrets:A $Umbraco:AI:Secrets:B") == false);
    CHECK(has(told(planned, {}), R"("$Umbraco:AI:Secrets:A" "$Umbraco:AI:Secrets:B")"));
}

TEST_CASE("A masked secret cannot be compared: it stays, unless it is to be written or other settings are") {
    test_site here(dialect::documented);
    here.add("main", "openai", R"({"apiKey":"sk-1","endpoint":"https://a.example"})");
    client_calls calls(here.cms);
    environment const key = variables_of({{"KEY", "sk-2"}});
    auto const stored = [&] { return here.stored("main").settings; };

    auto const unchanged = documents_of(openai("main", R"({"apiKey":"${env:KEY}"})"), key);
    plan const nothing = make_plan(calls, unchanged).value();
    CHECK(state_of(nothing.steps[0].compared, "settings.apiKey") == member_state::not_comparable);
    CHECK_FALSE(nothing.has_differences());

    auto const alone = documents_of(openai("main", R"({"endpoint":"https://b.example"})"), key);
    plan const blocked = make_plan(calls, alone).value();
    CHECK(has(blocked.steps[0].compared.obstacle, "The site masks settings.apiKey"));
    std::size_t const writes = here.transport.writes();
    CHECK(apply(calls, blocked).count(outcome::failed) == 1);
    CHECK(here.transport.writes() == writes);

    plan_options how;
    how.compared.write_secrets = true;
    CHECK(apply(calls, make_plan(calls, unchanged, how).value()).is_complete());
    CHECK(stored() == R"({"apiKey":"sk-2","endpoint":"https://a.example"})");

    auto const both = documents_of(openai("main", R"({"apiKey":"${env:KEY}","endpoint":"https://b.example"})"), variables_of({{"KEY", "sk-3"}}));
    CHECK(apply(calls, make_plan(calls, both).value()).is_complete());
    CHECK(stored() == R"({"apiKey":"sk-3","endpoint":"https://b.example"})");

    auto const renamed = documents_of(in_format(R"("alias":"main","name":"New","providerId":"openai","isActive":false)"));
    CHECK(apply(calls, make_plan(calls, renamed).value()).is_complete());
    CHECK(here.stored("main").name == "New");
    CHECK(stored() == R"({"apiKey":"sk-3","endpoint":"https://b.example"})");
    CHECK(here.api.careless().total() == 0);
}

TEST_CASE("An update changes what the document names, and nothing else") {
    test_site here(dialect::observed);
    auto row = testing::stored_connection("Main", "Old", "openai", R"({"apiKey":"sk-1","Endpoint":"https://a.example","other":{"n":1.0},"empty":null})");
    row.is_active = false;
    here.api.add(row);
    client_calls calls(here.cms);
    auto const documents = documents_of(in_format(R"("alias":"main","name":"New","providerId":"openai","settings":{"endpoint":"https://b.example"})"));
    CHECK(apply(calls, make_plan(calls, documents).value()).is_complete());
    auto const stored = here.stored("main");
    CHECK(stored.alias == "Main");
    CHECK(stored.name == "New");
    CHECK_FALSE(stored.is_active);
    CHECK(stored.settings == R"({"apiKey":"sk-1","Endpoint":"https://b.example","other":{"n":1.0},"empty":null})");
}

TEST_CASE("A connection of another provider is an obstacle, and stops all that was planned unless errors do not") {
    test_site here(dialect::observed);
    here.add("a", "plain", "{}");
    client_calls calls(here.cms);
    auto const documents = documents_of('[' + openai("a", R"({"apiKey":"x"})") + ',' + openai("b", R"({"apiKey":"x"})") + ']');
    plan const planned = make_plan(calls, documents).value();
    CHECK(planned.has_obstacles());
    apply_report const stopped = apply(calls, planned);
    CHECK(stopped.count(outcome::failed) == 1);
    CHECK(stopped.count(outcome::not_tried) == 1);
    CHECK(here.transport.writes() == 0);
    apply_options on;
    on.goes_on_after_errors = true;
    apply_report const went_on = apply(calls, planned, on);
    CHECK(went_on.count(outcome::failed) == 1);
    CHECK(went_on.count(outcome::done) == 1);
    CHECK(here.api.find("b"));
}

TEST_CASE("The first error ends the work, unless it is to go on") {
    for (bool const goes_on : {false, true}) {
        test_site here(dialect::observed);
        here.api.add_configuration("A:B");
        client_calls calls(here.cms);
        auto const documents = documents_of('[' + openai("a", R"({"apiKey":"$A:B"})") + ',' + openai("b", R"({"apiKey":"$Not:There"})") + ',' + openai("c", R"({"apiKey":"$A:B"})") + ']');
        apply_options how;
        how.goes_on_after_errors = goes_on;
        apply_report const report = apply(calls, make_plan(calls, documents).value(), how);
        CHECK(report.steps[0].became == outcome::done);
        CHECK(report.steps[1].became == outcome::failed);
        CHECK(report.steps[2].became == (goes_on ? outcome::done : outcome::not_tried));
        CHECK(here.api.size() == (goes_on ? 2U : 1U));
        CHECK(exit_code_of(report) == cli::exit_code::partly_done);
    }
}

TEST_CASE("What was changed between plan and act is not overwritten") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        test_site here(spoken);
        here.api.add_configuration("A:B");
        here.add("updated", "openai", R"({"apiKey":"$A:B"})");
        here.add("pruned", "openai", R"({"apiKey":"$A:B"})");
        here.add("off", "openai", R"({"apiKey":"$A:B"})");
        client_calls calls(here.cms);
        auto const documents = documents_of(in_format(R"("alias":"updated","name":"New","providerId":"openai")"));
        plan_options how;
        how.prune_scope = "*";
        plan planned = make_plan(calls, documents, how).value();
        REQUIRE(planned.steps.size() == 3);
        planned.steps[1].kind = planned_action::deactivate;
        for (char const* const alias : {"updated", "pruned", "off"}) here.foreign_rename(alias, "Foreign");
        apply_options on;
        on.goes_on_after_errors = true;
        apply_report const report = apply(calls, planned, on);
        CHECK(report.count(outcome::failed) == 3);
        for (step_result const& each : report.steps) CHECK(has(each.why, "was changed after the plan was made"));
        for (char const* const alias : {"updated", "pruned", "off"}) {
            CHECK(here.stored(alias).name == "Foreign");
            CHECK(here.stored(alias).is_active);
        }
    }
}

TEST_CASE("Settings that were changed between plan and act are not overwritten, on servers without versions either") {
    test_site here(dialect::documented);
    here.api.add_configuration("A:B");
    here.add("main", "openai", R"({"apiKey":"$A:B","endpoint":"https://a.example"})");
    client_calls calls(here.cms);
    auto const documents = documents_of(openai("main", R"({"endpoint":"https://ours.example"})"));
    plan const planned = make_plan(calls, documents).value();
    testing::server_request request("PUT", std::string(api_base_path) + "/connections/" + here.stored("main").id);
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"settings":{"apiKey":"$A:B","endpoint":"https://theirs.example"}})";
    REQUIRE(here.api.handle(request).status == 200);
    apply_report const report = apply(calls, planned);
    CHECK(report.count(outcome::failed) == 1);
    CHECK(has(here.stored("main").settings, "theirs.example"));
}

TEST_CASE("A connection that someone else created after the plan is not overwritten") {
    for (dialect const spoken : both_dialects) {
        test_site here(spoken);
        client_calls calls(here.cms);
        auto const documents = documents_of(openai("main", R"({"apiKey":"sk-ours"})"));
        plan const planned = make_plan(calls, documents).value();
        here.foreign_create("main", "openai", R"({"apiKey":"sk-theirs"})");
        apply_report const report = apply(calls, planned);
        CHECK(report.count(outcome::failed) == 1);
        CHECK(here.stored("main").settings == R"({"apiKey":"sk-theirs"})");
    }
}

TEST_CASE("Pruning deletes what fits the scope and has no document, and nothing else") {
    test_site here(dialect::observed);
    for (char const* const alias : {"team-a", "team-b", "team-kept", "other", "team-used", "team-doc"}) here.add(alias, "plain", "{}");
    here.api.use_in_profile("team-used");
    client_calls calls(here.cms);
    auto const documents = documents_of(in_format(R"("alias":"team-doc","name":"Name of team-doc","providerId":"plain")"));
    plan_options how;
    how.prune_scope = "TEAM-*";
    how.prune_except = {"*-kept"};
    plan const planned = make_plan(calls, documents, how).value();
    CHECK(planned.count(planned_action::remove) == 3);
    apply_options on;
    on.goes_on_after_errors = true;
    apply_report const report = apply(calls, planned, on);
    CHECK(report.count(outcome::done) == 2);
    CHECK(report.count(outcome::failed) == 1);
    CHECK(has(told(planned, report), "Profiles use the connection, so it is kept"));
    CHECK(here.api.size() == 4);
    CHECK_FALSE(here.api.find("team-a"));
    CHECK(here.api.find("team-used"));

    how.deactivates = true;
    CHECK(apply(calls, make_plan(calls, documents, how).value()).is_complete());
    CHECK_FALSE(here.stored("team-used").is_active);
    CHECK(here.stored("other").is_active);
    CHECK_FALSE(make_plan(calls, documents, how).value().has_differences());
    CHECK_FALSE(make_plan(calls, documents).value().has_differences());
}

TEST_CASE("Where the list or a read fails, the plan says so") {
    test_site here(dialect::observed, [] { client_options once; once.retry = retry_policy::none(); return once; }());
    here.add("main");
    client_calls calls(here.cms);
    auto const documents = documents_of('[' + openai("main", "{}") + ',' + openai("b", R"({"apiKey":"x"})") + ']');
    here.transport.fate = [](http_request const& request) { return has(request.target, "main") ? mishap::lost_before : mishap::none; };
    plan const planned = make_plan(calls, documents).value();
    REQUIRE(planned.read_failure() != nullptr);
    CHECK(planned.read_failure()->who == fault::transport);
    apply_report const report = apply(calls, planned);
    CHECK(report.count(outcome::failed) == 1);
    CHECK(report.count(outcome::not_tried) == 1);
    CHECK(here.transport.writes() == 0);
    plan_options how;
    how.prune_scope = "*";
    here.transport.fate = [](http_request const& request) { return has(request.target, "?") ? mishap::lost_before : mishap::none; };
    CHECK_FALSE(make_plan(calls, documents, how));
}

TEST_CASE("A route that is missing is not a connection that is missing") {
    client cms(empty_server(), "https://cms.example.com");
    client_calls calls(cms);
    auto const documents = documents_of(openai("main", R"({"apiKey":"x"})"));
    plan const planned = make_plan(calls, documents).value();
    CHECK(planned.read_failure() != nullptr);
    CHECK(planned.count(planned_action::create) == 0);
}

namespace {

/// What the next test applies, to which site, and what must be there in the end.
class scenario {
public:
    explicit scenario(dialect spoken, bool repeats) : here(spoken, options(repeats)), calls(here.cms) {
        here.api.add_configuration("Umbraco:AI:Secrets:A");
        here.add("changed", "openai", R"({"apiKey":"sk-old-1","endpoint":"https://a.example"})");
        here.add("renamed", "openai", R"({"apiKey":"sk-kept-1"})");
        here.add("rotated", "openai", R"({"apiKey":"$Umbraco:AI:Secrets:A"})");
        here.add("same", "openai", R"({"apiKey":"sk-kept-2"})");
        here.add("pruned", "openai", R"({"apiKey":"sk-gone-1"})");
        here.add("outside", "openai", R"({"apiKey":"sk-kept-3"})");
        documents = documents_of('[' + openai("new", R"({"apiKey":"${env:NEW}"})") + ',' + openai("changed", R"({"apiKey":"${env:CHANGED}","endpoint":"https://b.example"})") + ',' +
                                     in_format(R"("alias":"renamed","name":"New name","providerId":"openai","isActive":false)") + ',' +
                                     openai("rotated", R"({"apiKey":"${env:ROTATED}"})") + ',' + openai("same", R"({"apiKey":"${env:SAME}"})") + ',' +
                                     in_format(R"("alias":"bare","name":"Bare","providerId":"openai")") + ']',
                                 variables_of({{"NEW", "sk-new-1"}, {"CHANGED", "sk-new-2"}, {"ROTATED", "sk-new-3"}, {"SAME", "sk-kept-2"}}));
        how.prune_scope = "p*";
    }

    [[nodiscard]] std::map<std::string, std::string> state() { return state_of(here.api, {"new", "changed", "renamed", "rotated", "same", "bare", "pruned", "outside"}); }

    /// One run of the tool. Gives all that it says.
    std::string run(bool goes_on) {
        report = {};
        auto planned = make_plan(calls, documents, how);
        if (!planned) return planned.error().to_string();
        apply_options on;
        on.goes_on_after_errors = goes_on;
        report = apply(calls, *planned, on);
        return told(*planned, report);
    }

    test_site here;
    client_calls<client<tests::faulty_transport&>> calls;
    std::vector<document> documents;
    plan_options how;
    apply_report report;

private:
    static client_options options(bool repeats) {
        client_options made;
        if (!repeats) made.retry = retry_policy::none();
        return made;
    }
};

/// What a step says is true: done is done, what failed or was not tried is as it was.
void check_honest(scenario& after, std::map<std::string, std::string> const& before, std::map<std::string, std::string> const& wanted) {
    auto const now = after.state();
    auto const at = [](std::map<std::string, std::string> const& all, std::string const& alias) { return all.contains(alias) ? all.at(alias) : std::string("none"); };
    for (step_result const& each : after.report.steps) {
        CAPTURE(each.alias, to_string(each.became), each.why);
        if (each.became == outcome::done || each.became == outcome::unchanged) CHECK(at(now, each.alias) == at(wanted, each.alias));
        if (each.became == outcome::failed || each.became == outcome::not_tried) CHECK(at(now, each.alias) == at(before, each.alias));
    }
}

}  // namespace

TEST_CASE("Apply with each request failing and each answer lost in turn: running it again finishes the job") {
    std::size_t runs = 0;
    for (dialect const spoken : both_dialects) {
        std::map<std::string, std::string> wanted;
        std::map<std::string, std::string> before;
        std::size_t requests = 0;
        {
            scenario clean(spoken, false);
            before = clean.state();
            static_cast<void>(clean.run(false));
            REQUIRE(clean.report.is_complete());
            wanted = clean.state();
            requests = clean.here.transport.requests.size();
            CHECK(wanted.size() == 7);
            CHECK(has(wanted["changed"], "sk-new-2"));
        }
        REQUIRE(requests > 15);
        for (std::size_t at = 0; at < requests; ++at) {
            for (mishap const happens : {mishap::lost_before, mishap::lost_after, mishap::error_applied, mishap::error_not_applied}) {
                for (unsigned const variant : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U}) {
                    bool const repeats = (variant & 1U) != 0;
                    bool const goes_on = (variant & 2U) != 0;
                    bool const stays = (variant & 4U) != 0;  // From this request on everything goes wrong.
                    CAPTURE(name_of(spoken), at, static_cast<int>(happens), repeats, goes_on, stays);
                    scenario tried(spoken, repeats);
                    std::size_t number = 0;
                    tried.here.transport.fate = [&](http_request const&) {
                        bool const is_hit = stays ? number >= at : number == at;
                        ++number;
                        return is_hit ? happens : mishap::none;
                    };
                    std::string const said = tried.run(goes_on);
                    check_honest(tried, before, wanted);
                    tried.here.transport.fate = nullptr;
                    std::string const said_again = tried.run(goes_on);
                    CAPTURE(said, said_again);
                    CHECK(tried.report.is_complete());
                    CHECK(tried.state() == wanted);
                    CHECK(tried.here.api.size() == wanted.size());
                    CHECK(tried.here.api.careless().total() == 0);
                    std::size_t const writes = tried.here.transport.writes();
                    CHECK(has(tried.run(goes_on), "sk-") == false);
                    CHECK(tried.here.transport.writes() == writes);
                    CHECK_FALSE(has(said + said_again, "sk-"));
                    ++runs;
                }
            }
        }
    }
    CHECK(runs > 1000);
}

TEST_CASE("From one site to another: what is masked or unreadable stays behind") {
    test_site from(dialect::documented);
    test_site to(dialect::observed);
    for (test_site* const each : {&from, &to}) each->api.add_configuration("Umbraco:AI:Secrets:A");
    from.add("by-reference", "openai", R"({"apiKey":"$Umbraco:AI:Secrets:A","endpoint":"https://a.example"})");
    from.add("masked", "openai", R"({"apiKey":"sk-staging","endpoint":"https://a.example"})");
    from.add("masked-new", "openai", R"({"apiKey":"sk-staging"})");
    from.add("from-environment", "openai", R"({"apiKey":"sk-staging"})");
    to.add("masked", "openai", R"({"apiKey":"sk-production","endpoint":"https://b.example"})");
    client_calls source(from.cms);
    client_calls target(to.cms);
    std::vector<not_exported> left_out;
    std::vector<finding> findings;
    auto const documents = take_documents(source, {}, variables_of({{"FROM_ENVIRONMENT_API_KEY", "sk-given"}}), "staging", left_out, findings).value();
    CHECK(left_out.empty());
    CHECK(findings.empty());
    plan const planned = make_plan(target, documents).value();
    REQUIRE(planned.steps.size() == 4);
    CHECK(planned.steps[3].alias == "masked-new");
    CHECK(has(planned.steps[3].compared.obstacle, "set the environment variable MASKED_NEW_API_KEY"));
    apply_options on;
    on.goes_on_after_errors = true;
    apply_report const report = apply(target, planned, on);
    CHECK(report.count(outcome::done) == 3);
    CHECK(to.stored("by-reference").settings == R"({"apiKey":"$Umbraco:AI:Secrets:A","endpoint":"https://a.example"})");
    CHECK(to.stored("masked").settings == R"({"apiKey":"sk-production","endpoint":"https://a.example"})");
    CHECK(to.stored("from-environment").settings == R"({"apiKey":"sk-given"})");
    CHECK_FALSE(to.api.find("masked-new"));
    CHECK(to.api.careless().total() == 0);
    CHECK_FALSE(has(told(planned, report), "sk-"));
}

TEST_CASE("From one site to another: what the source gives in plain travels unseen, and ENC: does not") {
    test_site from(dialect::observed);
    test_site to(dialect::observed);
    from.add("main", "openai", R"({"apiKey":"sk-1","note":null,"n":5})");
    from.add("broken", "openai", R"({"apiKey":"ENC:x"})");
    client_calls source(from.cms);
    client_calls target(to.cms);
    std::vector<not_exported> left_out;
    std::vector<finding> findings;
    auto const documents = take_documents(source, {}, variables_of({}), "staging", left_out, findings).value();
    plan const planned = make_plan(target, documents).value();
    CHECK(has(planned.steps[0].compared.obstacle, "BROKEN_API_KEY"));
    apply_options on;
    on.goes_on_after_errors = true;
    apply_report const report = apply(target, planned, on);
    CHECK(to.stored("main").settings == R"({"apiKey":"sk-1","n":5})");
    CHECK(to.api.size() == 1);
    CHECK_FALSE(has(told(planned, report), "sk-1"));
    CHECK(to.api.careless().total() == 0);
    CHECK(make_plan(target, documents).value().steps[1].kind == planned_action::keep);
}

TEST_CASE("Lint tells of missing keys, references outside what is allowed, and secrets in documents") {
    auto const errors = [](std::string_view settings_json, lint_options const& options = {}) {
        std::string all;
        std::vector<finding> findings;
        for (finding const& each : lint(read_documents("f.json", openai("main", settings_json), findings), options).errors) all += each.to_string() + '\n';
        CHECK(findings.empty());
        return all;
    };
    CHECK(errors(R"({"apiKey":"${env:KEY}"})").empty());
    CHECK(errors(R"({"apiKey":"$Umbraco:AI:Secrets:A","endpoint":"$Umbraco:AI:Variables:E"})").empty());
    CHECK(errors(R"({"apiKey":"$umbraco:ai:variables:A"})").empty());
    CHECK(has(errors("{}"), "f.json:1:1: settings.apiKey: The provider requires this key, and it is missing."));
    CHECK(has(errors(R"({"apiKey":null})"), "null takes it away"));
    CHECK(has(errors(R"({"apiKey":"sk-1"})"), "A secret stands in the document itself"));
    CHECK_FALSE(has(errors(R"({"apiKey":"sk-1"})"), "sk-1"));
    CHECK(has(errors(R"({"apiKey":"$OpenAI:ApiKey"})"), "The reference is outside the prefixes"));
    CHECK(has(errors(R"({"apiKey":"$Umbraco:AI:SecretsX:A"})"), "The reference is outside the prefixes"));
    CHECK(has(errors(R"({"apiKey":"${env:KEY}","endpoint":"$Umbraco:AI:Secrets:E"})"), "for a key that is no secret."));
    lint_options own;
    own.reference_prefixes = {"OpenAI"};
    CHECK(errors(R"({"apiKey":"$OpenAI:ApiKey"})", own).empty());
    CHECK(has(errors(R"({"apiKey":"$Umbraco:AI:Secrets:A"})", own), "The reference is outside the prefixes"));
    std::vector<finding> findings;
    auto const warned = lint(read_documents("f.json", openai("main", R"({"apikey":"${env:KEY}","other":"x"})"), findings)).warnings;
    REQUIRE(warned.size() == 3);
    CHECK(has(warned[0].text, "The provider spells this key apiKey."));
}

TEST_CASE("A file is written as a whole, and another one is never replaced unasked") {
    std::string name = "/tmp/as_code_test_XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    std::filesystem::path const folder(name);
    CHECK_FALSE(write_file(folder / "a.json", "one", false));
    CHECK(write_file(folder / "a.json", "two", false));
    std::string text;
    CHECK_FALSE(read_file((folder / "a.json").string(), text));
    CHECK(text == "one");
    CHECK_FALSE(write_file(folder / "a.json", "two", true));
    text.clear();
    CHECK_FALSE(read_file((folder / "a.json").string(), text));
    CHECK(text == "two");
    CHECK(write_file(folder / "none" / "a.json", "two", true));
    CHECK(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()) == 1);

    exported one;
    one.alias = "a";
    one.text = "two";
    auto files = plan_files(folder, {one});
    CHECK(files[0].is_there);
    CHECK_FALSE(files[0].is_same);
    CHECK_FALSE(write_file(folder / "a.json", "two\n", true));
    CHECK(plan_files(folder, {one})[0].is_same);
    CHECK_FALSE(write_file(folder / "b.json", "{", true));
    CHECK(other_files(folder, files) == std::vector<std::string>{(folder / "b.json").string()});
    std::vector<finding> findings;
    CHECK(load({folder.string(), (folder / "none.json").string()}, findings).empty());
    REQUIRE(findings.size() == 3);
    CHECK(findings[1].where.line == 1);
    CHECK(has(findings[2].to_string(), "none.json: No such file or directory"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("The name of a file is safe whatever the alias is") {
    CHECK(file_name_of("openai-prod") == "openai-prod.json");
    CHECK(file_name_of("../x") == "%2e.%2fx.json");
    CHECK(file_name_of("Odd One\n") == "Odd%20One%0a.json");
}

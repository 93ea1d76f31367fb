// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/model/nlohmann.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::scripted_transport;
using tests::dice;
using tests::has;
using tests::site;
using tests::streamed;

namespace {

constexpr std::string_view id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// A secret such as people have: words, keys, line ends, quotes, other scripts.
std::string any_secret(dice& random) {
    static constexpr std::array<std::string_view, 40> letters{
        "a", "k", "Q", "z", "7", "0", "3", "e", "R", "-", "_", "+", "/", "=", ".", ":", "!", "\"", "\\", "'", "<", ">", "&", "%", "{", "}",
        " ", "\n", "\t", "\x01", "\x7f", "\xC3\xA9", "\xC3\x9F", "\xE2\x82\xAC", "\xE6\xBC\xA2", "\xF0\x9F\x94\x91", "\xE2\x80\xA8", "p", "W", "9"};
    std::string made;
    std::size_t const kind = random.roll(4);
    std::size_t const length = 12 + random.roll(30);
    while (made.size() < length) made += letters[kind == 0 ? random.roll(9) : kind == 1 ? random.roll(14) : random.roll(letters.size())];
    if (kind == 3) made = "sk-" + made;
    return made;
}

/// Whether a text holds a secret or a part of it that helps: eight bytes in a row.
bool leaks(std::string_view text, std::string_view secret_text) {
    constexpr std::size_t part = 8;
    for (std::size_t i = 0; i + part <= secret_text.size(); ++i)
        if (has(text, secret_text.substr(i, part))) return true;
    return false;
}

/// All that a failure can show.
std::string all_of(failure const& why) {
    std::string text = streamed(why) + '|' + why.to_string() + '|' + why.field + '|' + why.message + '|' + why.problem.type + '|' + why.problem.title + '|' +
                       why.problem.detail + '|' + why.problem.operation_status + '|' + why.problem.trace_id;
    for (auto const& each : why.problem.errors) text += '|' + each.field + '|' + each.text;
    return text + '|' + bad_result_access(why).what() + '|' + why.code.message();
}

template <class T>
std::string all_of(result<T> const& answered) {
    std::string text;
    if (!answered) {
        text = all_of(answered.error());
        try {
            static_cast<void>(answered.value());
        } catch (std::exception const& thrown) {
            text += '|' + std::string(thrown.what());
        }
    } else if constexpr (requires(std::ostream& out) { out << *answered; }) {
        text = streamed(*answered);
    }
    return text;
}

/// Settings of any shape that hold the secret somewhere.
settings any_settings(dice& random, std::string const& planted) {
    static constexpr std::array<std::string_view, 10> keys{"apiKey", "ApiKey", "APIKEY", "secretAccessKey", "token", "x", "clientSecret", "endpointKey", "region2", "\xC3\xA4"};
    settings made{{"organizationId", "org"}, {"useResponsesApi", true}};
    settings inner{{std::string(random.pick(keys)), secret(planted)}};
    switch (random.roll(5)) {
        case 0: return made.set(random.pick(keys), secret(planted));
        case 1: return made.set("deep", inner);
        case 2: return made.set("endpoint", inner);
        case 3: return made.set("list", settings_value::from_json("[null,[" + site::quoted(planted) + "]]"));
        default: return made.set(random.pick(keys), settings_value::from_json(site::quoted(planted)));
    }
}

http_response problem(int status, std::string body, char const* type = "application/problem+json") {
    http_response made(status, std::move(body));
    made.headers.add("Content-Type", type);
    return made;
}

/// Answers in which a server quotes what it was sent.
http_response any_answer(dice& random, std::string const& planted) {
    std::string const before = random.chance(30) ? std::string(random.roll(1200), 'x') + ' ' : random.chance(20) ? "key=" : "Incorrect key: ";
    std::string const text = site::quoted(before + planted + (random.chance(50) ? " is wrong" : ""));
    int const status = random.chance(50) ? 400 : 500;
    switch (random.roll(12)) {
        case 0: return problem(status, R"({"title":"Bad","detail":)" + text + '}');
        case 1: return problem(status, R"({"title":)" + text + '}');
        case 2: return problem(status, R"({"title":"Bad","errors":{"$.settings":[)" + text + "]}}");
        case 3: return problem(status, R"({"title":"Bad","errors":{)" + text + R"(:["is wrong"]}})");
        case 4: return problem(status, R"({"operationStatus":)" + text + R"(,"type":)" + text + R"(,"traceId":)" + text + R"(,"instance":)" + text + '}');
        case 5: return problem(status, R"({"title":"Bad","detail":)" + text);
        case 6: return problem(status, "<html>" + planted + "</html>", "text/html");
        case 7: return problem(status, "System.Exception: " + planted + "\n at X", "text/plain");
        case 8: return problem(200, R"({"id":"x","settings":)" + text + '}');
        case 9: return problem(200, planted, "application/json");
        case 10: return problem(200, "<html>" + planted + "</html>", "text/html");
        default: {
            http_response made = problem(401, "");
            made.headers.add("WWW-Authenticate", "Bearer error=\"" + planted + "\"");
            made.headers.add("Location", "https://x/" + planted);
            return made;
        }
    }
}

std::string connection_json(std::string const& settings_json, std::string const& more = {}) {
    return R"({"id":")" + std::string(id_text) + R"(","alias":"main","name":"Main","providerId":"openai","isActive":true,"version":1,)" + more + R"("settings":)" +
           settings_json + '}';
}

connection_draft draft_with(settings given) {
    connection_draft made("new", "New", "openai");
    made.settings = std::move(given);
    return made;
}

}  // namespace

TEST_CASE("None of a thousand planted secrets is shown by a model or a message") {
    std::uint64_t const seed = tests::random_seed(1729);
    std::cout << "  redaction, seed " << seed << '\n';
    dice random(seed);
    for (int i = 0; i < 1000; ++i) {
        std::string const planted = any_secret(random);
        CAPTURE(seed, i, planted);
        settings const given = any_settings(random, planted);
        REQUIRE(has(given.json(), "organizationId"));
        CHECK_FALSE(leaks(streamed(given), planted));
        CHECK_FALSE(leaks(streamed(secret(planted)), planted));
        CHECK_FALSE(leaks(streamed(draft_with(given)), planted));
        CHECK_FALSE(leaks(streamed(connection_update("main", "Main", true, given)), planted));

        auto const read = read_json<connection>(connection_json(given.json(), R"("future":)" + site::quoted(planted) + ','));
        REQUIRE(read.has_value());
        CHECK_FALSE(leaks(streamed(*read), planted));
        CHECK_FALSE(leaks(streamed(connection_update(*read)), planted));
        created_connection made;
        made.connection = *read;

        auto request = build_request(connections::create(draft_with(given)));
        REQUIRE(request.has_value());
        request->headers.add("Authorization", "Bearer " + planted);
        CHECK_FALSE(leaks(streamed(*request), planted));
        CHECK_FALSE(leaks(streamed(action::send(*request)), planted));
        http_response answer(200, connection_json(given.json()));
        answer.headers.add("Set-Cookie", planted);
        CHECK_FALSE(leaks(streamed(answer), planted));

        // refusals that look at the settings
        auto const refused = [&](settings bad) { return all_of(build_request(connections::create(draft_with(std::move(bad))))); };
        CHECK_FALSE(leaks(refused(settings(given).set("mask", "***")), planted));
        CHECK_FALSE(leaks(refused(settings(given).set("literal", "$" + planted)), planted));
        CHECK_FALSE(leaks(refused(settings(given).set("literal", settings_value::from_json(site::quoted("ENC:" + planted)))), planted));
        CHECK_FALSE(leaks(refused(settings(given).set("bad", settings_value::from_json(planted + "\""))), planted));
        CHECK_FALSE(leaks(refused(settings{{"a", secret(planted)}, {"a", secret(planted)}}), planted));
        CHECK_FALSE(leaks(all_of(settings::parse(planted)), planted));
        CHECK_FALSE(leaks(all_of(settings::parse(R"({"a":)" + site::quoted(planted) + R"(,"b":"***"})")), planted));
        CHECK_FALSE(leaks(all_of(settings::parse(R"({"a":")" + planted + "\xff\"}")), planted));
        CHECK_FALSE(leaks(all_of(settings_from(nlohmann::json{{"a", planted + "\xff"}})), planted));
        CHECK_FALSE(leaks(all_of(settings_from(nlohmann::json(planted))), planted));
    }
}

TEST_CASE("None of a thousand secrets that a server quotes comes back in a failure or an answer") {
    std::uint64_t const seed = tests::random_seed(65537);
    std::cout << "  quoted secrets, seed " << seed << '\n';
    dice random(seed);
    for (int i = 0; i < 1000; ++i) {
        std::string const planted = any_secret(random);
        CAPTURE(seed, i, planted);
        settings const given = any_settings(random, planted);
        http_response const answer = any_answer(random, planted);
        http_response const absent = problem(404, R"({"title":"Connection not found","operationStatus":"NotFound"})");
        auto const check = [&](auto const& answered) {
            std::string const shown = all_of(answered);
            if (leaks(shown, planted)) UNSCOPED_INFO(shown.substr(0, 3000));
            CHECK_FALSE(leaks(shown, planted));
        };
        auto const with = [&](std::vector<http_response> answers, auto call) {
            std::size_t next = 0;
            auto const transport = [&](http_request const&) -> result<http_response> { return next < answers.size() ? answers[next++] : http_response(404); };
            class replies {
            public:
                explicit replies(std::function<result<http_response>(http_request const&)> f) : f_(std::move(f)) {}
                result<http_response> send(http_request request) { return f_(request); }

            private:
                std::function<result<http_response>(http_request const&)> f_;
            };
            replies on_script(transport);
            client cms(on_script, "https://cms.example.com", credentials());
            check(call(cms.connections()));
        };
        http_response const read(problem(200, connection_json(given.json()), "application/json"));

        // sent
        with({answer}, [&](auto api) { return api.create(draft_with(given)); });
        with({absent, answer, absent}, [&](auto api) { return api.ensure(draft_with(given)); });
        with({answer}, [&](auto api) { return api.update(*guid::parse(id_text), connection_update("main", "Main", true, given)); });
        // read, then sent or only read
        with({read, answer, answer}, [&](auto api) { return api.rename("main", "New"); });
        with({read, answer}, [&](auto api) { return api.diagnose("main"); });
        if (answer.status == 500) {
            with({answer, read}, [&](auto api) { return api.models("main"); });
            with({answer, read}, [&](auto api) { return api.test("main"); });
        }
        with({read, problem(200, R"({"success":false,"errorMessage":)" + site::quoted("Incorrect key " + planted) + '}', "application/json")},
             [&](auto api) { return api.diagnose("main").and_then([](diagnosis const& found) { return result<std::string>(found.sentence); }); });
        with({problem(200, R"({"success":false,"errorMessage":)" + site::quoted("target of an invocation " + planted) + '}', "application/json"), read},
             [&](auto api) { return api.test("main").and_then([](test_result const& found) { return result<std::string>(found.error_message.value_or("") + found.explanation); }); });
        // never known to the client: only what is no problem JSON is sure to hide it
        if (answer.status < 300 || !has(answer.body, "{")) with({answer}, [&](auto api) { return api.get("main"); });
    }
}

TEST_CASE("What a client signs with and what a caller adds as headers does not come back") {
    dice random(tests::random_seed(257));
    for (int i = 0; i < 200; ++i) {
        std::string planted;
        while (planted.size() < 20) planted += "abcXYZ789-._~!#%&'*^`|"[random.roll(22)];
        if (has(planted, "***")) continue;
        CAPTURE(i, planted);
        std::string const quoted = site::quoted("You sent " + planted + " to us");
        std::vector<http_response> const answers{problem(400, R"({"title":"Bad","detail":)" + quoted + '}'), problem(500, R"({"title":)" + quoted + '}'),
                                                 problem(400, R"({"errors":{)" + quoted + ":[" + quoted + "]}}")};
        for (auto const& answer : answers) {
            scripted_transport script;
            for (int line = 0; line < 2; ++line) script.expect("GET /connections/main").answers(answer);
            client signed_in(script, "https://cms.example.com", bearer_token(planted));
            CHECK_FALSE(leaks(all_of(signed_in.connections().get("main")), planted));
            client plain(script, "https://cms.example.com", credentials());
            call_options options;
            options.headers.add("X-Api-Key", planted);
            CHECK_FALSE(leaks(all_of(plain.connections(options).get("main")), planted));
            CHECK(script.report() == "");
        }
        scripted_transport script;
        script.expect("POST /connections/main/test").answers(200, R"({"success":false,"errorMessage":)" + quoted + '}');
        client signed_in(script, "https://cms.example.com", bearer_token(planted));
        auto const tested = signed_in.connections().test("main");
        REQUIRE(tested.has_value());
        CHECK_FALSE(leaks(tested->error_message.value_or(""), planted));
        CHECK_FALSE(leaks(all_of(tested), planted));
        bearer_token const bad(planted + '\n');
        scripted_transport none;
        client refused(none, "https://cms.example.com", bad);
        CHECK_FALSE(leaks(all_of(refused.connections().get("main")), planted));
    }
}

TEST_CASE("The report of a script quotes no header and no body") {
    dice random(tests::random_seed(17));
    for (int i = 0; i < 100; ++i) {
        std::string const planted = any_secret(random);
        CAPTURE(planted);
        scripted_transport script;
        script.expect("POST /connections").with_body("{\"" + planted + "\":1}").answers(200);
        script.expect("POST /connections").with_header("Authorization", "Bearer " + planted).answers(200);
        script.expect("GET /never");
        client cms(script, "https://cms.example.com", bearer_token("another-token"));
        std::string shown = all_of(cms.connections().create(draft_with(any_settings(random, planted))));
        shown += all_of(cms.connections().create(draft_with(any_settings(random, planted))));
        shown += all_of(cms.connections().create(draft_with(any_settings(random, planted))));
        shown += script.report();
        CHECK_FALSE(script.report().empty());
        CHECK_FALSE(leaks(shown, planted));
    }
}

TEST_CASE("URLs are shown without user name, password, query and fragment") {
    dice random(tests::random_seed(31));
    for (int i = 0; i < 500; ++i) {
        std::string planted;
        while (planted.size() < 14) planted += "abcXYZ789-._~!$&'()*+,;=:@/#? %"[random.roll(31)];
        CAPTURE(i, planted);
        for (std::string const& url : {"https://user:" + planted + "@host/path", "https://" + planted + "@host/path", "HTTPS://user:" + planted + "@host",
                                       "user:" + planted + "@host/path", "//user:" + planted + "@host", "https:/user:" + planted + "@host",
                                       "https:\\\\user:" + planted + "@host", "https://host/path?key=" + planted, "https://host/path#" + planted,
                                       "https://host/a@b?key=" + planted, "https://user:" + planted + "@host/path?key=" + planted + "#" + planted}) {
            for (std::string_view const key : {"endpoint", "Endpoint", "ENDPOINT"}) {
                CAPTURE(url);
                std::string const shown = streamed(settings{{std::string(key), url}});
                CAPTURE(shown);
                CHECK_FALSE(leaks(shown, planted));
            }
        }
    }
    CHECK(streamed(settings{{"endpoint", "https://host/path"}}) == "{endpoint: https://host/path}");
    CHECK(streamed(settings{{"endpoint", "https://user:pw@host/path?q#f"}}) == "{endpoint: https://host/path}");
    CHECK(streamed(settings{{"endpoint", "user:#a://b@host"}}) == "{endpoint: ***}");
    CHECK(streamed(settings{{"apiKey", config_reference("A:B")}, {"useResponsesApi", true}, {"region", "eu"}, {"n", 5}, {"x", nullptr}}) ==
          "{apiKey: $A:B, useResponsesApi: true, region: eu, n: ***, x: null}");
}

TEST_CASE("A base URL with a password is refused without being quoted") {
    for (std::string const url : {"https://user:hunter2hunter2@cms.example.com", "https://user:hunter2hunter2@", "hunter2hunter2", "https://cms.example.com/?key=hunter2hunter2",
                                  "https://cms.example.com/#hunter2hunter2", "https://cms.example.com:hunter2hunter2"}) {
        CAPTURE(url);
        scripted_transport script;
        client cms(script, url, credentials());
        auto const answered = cms.connections().get("main");
        REQUIRE_FALSE(answered.has_value());
        CHECK_FALSE(leaks(all_of(answered), "hunter2hunter2"));
        CHECK(script.requests().empty());
    }
}

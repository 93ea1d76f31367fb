// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;
using testing::patient_scripted_transport;

namespace {

constexpr char const* site = "https://cms.example.com";
constexpr char const* token_line = "POST /umbraco/management/api/v1/security/back-office/token";
constexpr char const* api_line = "GET /connections/capabilities";
constexpr char const* client_id = "umbraco-back-office-tests";

credentials api_user(std::string plain_secret = "p&ss w+rd%/=") { return client_credentials(client_id, secret(std::move(plain_secret))); }

std::string token_body(std::string const& token, std::string const& life) {
    return R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" + life + "}";
}

template <class Client>
auto ask(Client& cms) {
    return cms.connections().capabilities();
}

/// A script whose clock does not stand at zero, which is a transport's without one.
patient_scripted_transport script_with_clock() {
    patient_scripted_transport made;
    made.advance(1h);
    return made;
}

}  // namespace

TEST_CASE("id and secret are encoded as a form, whatever is in them") {
    auto script = script_with_clock();
    script.expect(token_line)
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body("grant_type=client_credentials&client_id=umbraco-back-office-tests&client_secret=p%26ss%20w%2Brd%25%2F%3D")
        .answers(200, token_body("given", "300"));
    script.expect(api_line).with_header("Authorization", "Bearer given").answers(200, "[]");
    client cms(script, site, api_user());
    CHECK(ask(cms));
    CHECK(script.report() == "");
    CHECK(!script.requests().front().headers.contains("Authorization"));
}

TEST_CASE("a refused sign-in says what to mend") {
    struct row {
        std::string id;
        std::string given_secret;
        http_response answer;
        std::vector<std::string> words;
        std::error_code code = make_error_code(errc::not_signed_in);
    };
    auto const json = [](int status, std::string const& error, std::string const& description = {}) {
        http_response made(status, R"({"error":")" + error + R"(","error_description":")" + description + R"(","error_uri":"https://x/ID2055"})");
        made.headers.add("Content-Type", "application/json;charset=UTF-8");
        return made;
    };
    auto const html = [](int status) {
        http_response made(status, "<html>planted</html>");
        made.headers.add("Content-Type", "text/html");
        return made;
    };
    http_response redirect(302);
    redirect.headers.add("Location", "/umbraco/login");
    std::string const key = "kept-by-nobody-else";
    std::vector<row> const rows = {
        {client_id, key, json(401, "invalid_client", "The specified client credentials are invalid."), {"secret is another"}},
        {"tests", key, json(401, "invalid_client"), {"without its prefix umbraco-back-office-"}},
        {"Umbraco-Back-Office-tests", key, json(401, "invalid_client"), {"prefix", "umbraco-back-office-"}},
        {client_id, "p%26ss%2Bword", json(401, "invalid_client"), {"percent-encoded", "as it is"}},
        {client_id, "p%26ss+w", json(401, "invalid_client"), {"percent-encoded"}},
        {client_id, "100%", json(401, "invalid_client"), {"secret is another"}},
        {client_id, " " + key, json(401, "invalid_client"), {"blank"}},
        {client_id, key + "\n", json(401, "invalid_client"), {"blank", "line end"}},
        {client_id, key, json(400, "invalid_request", "This server only accepts HTTPS requests."), {"over https only", "https base URL"}},
        {client_id, key, json(400, "unsupported_grant_type"), {"Umbraco 15"}},
        {client_id, key, json(400, "invalid_grant", "Authorization failed"), {"disabled"}},
        {client_id, key, json(400, "invalid_scope"), {"refused the API user"}},
        {client_id, key, json(400, "invalid_request", "The mandatory 'client_id' parameter is missing."), {"refused the API user"}},
        {client_id, key, json(403, "access_denied"), {"refused the API user"}},
        {client_id, key, http_response(400), {"refused the API user"}},
        {client_id, key, http_response(401), {"refused the API user"}},
        {client_id, key, http_response(400, "{\"error\":4}"), {"refused the API user"}},
        {client_id, key, http_response(404), {"no token endpoint"}},
        {client_id, key, redirect, {"redirect", "not signed in"}},
        {client_id, key, html(200), {"HTML page", "not signed in"}},
        {client_id, key, html(400), {"HTML page"}},
        {client_id, key, http_response(429), {"token endpoint failed"}, make_error_code(errc::server_error)},
        {client_id, key, http_response(503), {"token endpoint failed"}, make_error_code(errc::server_error)},
        {client_id, key, http_response(200, "rubbish"), {}, make_error_code(errc::malformed_json)},
        {client_id, key, http_response(200, ""), {}, make_error_code(errc::malformed_json)},
        {client_id, key, http_response(200, "{}"), {}, make_error_code(errc::missing_member)},
        {client_id, key, http_response(200, R"({"access_token":null,"expires_in":1})"), {}, make_error_code(errc::wrong_type)},
        {client_id, key, http_response(200, R"({"access_token":"","expires_in":1})"), {"no token"}, make_error_code(errc::invalid_value)},
        {client_id, key, http_response(200, R"({"access_token":"a\r\nX: y","expires_in":1})"), {"no token"}, make_error_code(errc::invalid_value)},
        {client_id, key, http_response(200, std::string(100'000, '[')), {}, make_error_code(errc::wrong_type)},
    };
    for (row const& expected : rows) {
        CAPTURE(expected.id, expected.answer.status, expected.answer.body.substr(0, 200));
        auto script = script_with_clock();
        script.expect(token_line).answers(expected.answer);
        client cms(script, site, client_credentials(expected.id, secret(expected.given_secret)));
        auto const answer = ask(cms);
        REQUIRE_FALSE(answer);
        failure const& reason = answer.error();
        CAPTURE(reason.to_string());
        CHECK(reason.code == expected.code);
        CHECK(reason.status == expected.answer.status);
        CHECK(reason.attempts == 1);
        CHECK_FALSE(reason.possibly_applied);
        for (std::string const& part : expected.words) {
            CAPTURE(part);
            CHECK(reason.message.find(part) != std::string::npos);
        }
        CHECK(reason.to_string().find("planted") == std::string::npos);
        CHECK(reason.to_string().find(key) == std::string::npos);
        CHECK(reason.to_string().find("p%26ss") == std::string::npos);
        // It is not kept for long, and the same client goes on.
        script.advance(2s);
        script.expect(token_line).answers(200, token_body("given", "300"));
        script.expect(api_line).answers(200, "[]");
        CHECK(ask(cms));
        CHECK(script.report() == "");
    }
}

TEST_CASE("the words of a token endpoint are shown without the secret that they quote") {
    auto script = script_with_clock();
    script.expect(token_line).answers(400, R"({"error":"invalid_request","error_description":"No such secret: p&ss w+rd%/= of mine"})");
    client cms(script, site, api_user());
    auto const answer = ask(cms);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().problem.detail == "No such secret: *** of mine");
}

TEST_CASE("whatever expires_in says, the token serves its call, and no longer than four fifths of its life") {
    struct row {
        char const* life;
        std::chrono::nanoseconds used_for;
    };
    for (row const& expected : {row{"300", 240s}, row{"299", 239200ms}, row{"1", 800ms}, row{"0", 1ns}, row{"-5", 1ns}, row{"-9223372036854775808", 1ns},
                                row{"86400", 69120s}, row{"9223372036854775807", 69120s}, row{"18446744073709551615", 48s}, row{"1e300", 48s}, row{"299.5", 48s},
                                row{"\"300\"", 48s}, row{"\"soon\"", 48s}, row{"null", 48s}, row{"true", 48s}, row{"[300]", 48s}, row{"{\"a\":1}", 48s}}) {
        CAPTURE(expected.life);
        auto script = script_with_clock();
        script.expect(token_line).answers(200, token_body("first", expected.life));
        script.expect(api_line).with_header("Authorization", "Bearer first").answers(200, "[]");
        client cms(script, site, api_user());
        CHECK(ask(cms));
        if (expected.used_for > 1ns) {
            script.advance(expected.used_for - 1ns);
            script.expect(api_line).with_header("Authorization", "Bearer first").answers(200, "[]");
            CHECK(ask(cms));
        }
        script.advance(1ns);
        script.expect(token_line).answers(200, token_body("second", expected.life));
        script.expect(api_line).with_header("Authorization", "Bearer second").answers(200, "[]");
        CHECK(ask(cms));
        CHECK(script.report() == "");
    }
}

TEST_CASE("a failed sign-in is told to other calls for a second, and then tried again") {
    auto script = script_with_clock();
    script.expect(token_line).answers(503);
    client cms(script, site, api_user());
    CHECK_FALSE(ask(cms));
    script.advance(999ms);
    auto const told = ask(cms);
    REQUIRE_FALSE(told);
    CHECK(told.error().code == make_error_code(errc::server_error));
    CHECK(told.error().attempts == 0);
    script.advance(1ms);
    script.expect(token_line).answers(200, token_body("given", "300"));
    script.expect(api_line).answers(200, "[]");
    CHECK(ask(cms));
    CHECK(script.report() == "");
}

TEST_CASE("while a token still lives, a failed renewal fails no call") {
    auto const renewal = GENERATE(0, 1, 2);
    auto script = script_with_clock();
    client cms(script, site, api_user());
    script.expect(token_line).answers(200, token_body("first", "300"));
    script.expect(api_line).with_header("Authorization", "Bearer first").answers(200, "[]");
    CHECK(ask(cms));
    script.advance(240s);
    auto& line = script.expect(token_line);
    if (renewal == 0) line.answers(503);
    if (renewal == 1) line.answers(401, R"({"error":"invalid_client"})");
    if (renewal == 2) line.fails(failure(errc::connection_closed, "."));
    script.expect(api_line).with_header("Authorization", "Bearer first").answers(200, "[]");
    CHECK(ask(cms));
    // For a second nobody asks again.
    script.advance(999ms);
    script.expect(api_line).with_header("Authorization", "Bearer first").answers(200, "[]");
    CHECK(ask(cms));
    script.advance(1ms);
    script.expect(token_line).answers(200, token_body("second", "300"));
    script.expect(api_line).with_header("Authorization", "Bearer second").answers(200, "[]");
    CHECK(ask(cms));
    // After its end, or once it was refused, it serves no more.
    script.advance(300s);
    script.expect(token_line).answers(503);
    CHECK_FALSE(ask(cms));
    script.advance(1s);
    script.expect(token_line).answers(200, token_body("third", "300"));
    script.expect(api_line).answers(401);
    script.expect(token_line).answers(503);
    CHECK_FALSE(ask(cms));
    CHECK(script.report() == "");
}

TEST_CASE("a sign-in that was cancelled or ran out of time is nobody else's failure") {
    for (errc const code : {errc::cancelled, errc::deadline_exceeded}) {
        auto script = script_with_clock();
        script.expect(token_line).fails(failure(code, "."));
        client cms(script, site, api_user());
        auto const given_up = ask(cms);
        REQUIRE_FALSE(given_up);
        CHECK(given_up.error().code == make_error_code(code));
        CHECK_FALSE(given_up.error().possibly_applied);
        script.expect(token_line).answers(200, token_body("given", "300"));
        script.expect(api_line).answers(200, "[]");
        CHECK(ask(cms));
        CHECK(script.report() == "");
    }
}

TEST_CASE("a 401 sends any call once more with a fresh token, and a second one is the answer") {
    constexpr char const* by_id = "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6";
    guid const id = *guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6");
    for (http_method const method : {http_method::get, http_method::put, http_method::delete_, http_method::post}) {
        for (bool const is_refused_again : {false, true}) {
            std::string const line = std::string(to_string(method)) + ' ' + (method == http_method::post ? "/connections" : by_id);
            CAPTURE(line, is_refused_again);
            auto script = script_with_clock();
            client cms(script, site, api_user());
            auto const call = [&]() -> std::optional<failure> {
                auto const reason_of = [](auto answer) { return answer ? std::nullopt : std::optional(answer.error()); };
                if (method == http_method::get) return reason_of(cms.connections().get(id));
                if (method == http_method::put) return reason_of(cms.connections().update(id, connection_update("a", "A", true, settings{{"apiKey", secret("sk-key")}})));
                if (method == http_method::delete_) return reason_of(cms.connections().remove(id));
                return reason_of(cms.connections().create(connection_draft("a", "A", "openai")));
            };
            std::string const good = R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true,"settings":null})";
            int const success = method == http_method::post ? 201 : 200;
            // With a token that was just fetched: the first one too.
            script.expect(token_line).answers(200, token_body("first", "300"));
            script.expect(line).with_header("Authorization", "Bearer first").answers(401);
            script.expect(token_line).answers(200, token_body("second", "300"));
            auto& last = script.expect(line).with_header("Authorization", "Bearer second");
            if (is_refused_again) last.answers(401);
            else last.answers(success, good);
            auto const reason = call();
            CHECK(script.report() == "");
            CHECK(reason.has_value() == is_refused_again);
            CHECK(script.requests()[1].body == script.requests()[3].body);
            if (reason) {
                CHECK(reason->code == make_error_code(errc::not_signed_in));
                CHECK(reason->status == 401);
                CHECK(reason->attempts == 4);
                CHECK_FALSE(reason->possibly_applied);
                CHECK(reason->message.find("does not accept the token") != std::string::npos);
            }
            script.expect(line).with_header("Authorization", "Bearer second").answers(success, good);
            CHECK_FALSE(call().has_value());
            CHECK(script.report() == "");
        }
    }
}

TEST_CASE("a token that the user gave is not fetched anew, and a refusal says so") {
    auto script = script_with_clock();
    script.expect(api_line).answers(401);
    client cms(script, site, bearer_token("given-by-hand"));
    auto const answer = ask(cms);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == make_error_code(errc::not_signed_in));
    CHECK(answer.error().attempts == 1);
    CHECK(answer.error().message.find("does not accept the token") != std::string::npos);
    CHECK(answer.error().to_string().find("given-by-hand") == std::string::npos);
    CHECK(script.report() == "");
}

TEST_CASE("a 401 spoils only the token that was refused") {
    client_context context(base_url::parse(site), api_user(), {});
    context.queues_writes = true;
    using machine = exchange<call_operation<connections::capabilities>>;
    auto const begin = [&] { return machine(context, {}, call_operation<connections::capabilities>(connections::capabilities())); };
    auto const token_of = [](action const& next) { return std::string(next.request.headers.find("Authorization").value_or(std::string_view())); };
    machine slow = begin();
    machine quick = begin();

    CHECK(slow.start(1s).what == action_kind::lock);
    CHECK(slow.resume(result<bool>(false), 1s).what == action_kind::send);
    CHECK(slow.resume(http_response(200, token_body("old", "300")), 1s).what == action_kind::unlock);
    CHECK(token_of(slow.resume(1s)) == "Bearer old");
    CHECK(token_of(quick.start(1s)) == "Bearer old");

    CHECK(quick.resume(http_response(401), 2s).what == action_kind::lock);
    CHECK(quick.resume(result<bool>(false), 2s).what == action_kind::send);
    CHECK(quick.resume(http_response(200, token_body("new", "300")), 2s).what == action_kind::unlock);
    CHECK(token_of(quick.resume(2s)) == "Bearer new");
    // Refused for the old one, the other call asks for none and takes the new.
    CHECK(token_of(slow.resume(http_response(401), 3s)) == "Bearer new");
    CHECK(slow.resume(http_response(200, "[]"), 3s) == action::done());
    CHECK(slow.take());
}

TEST_CASE("a redirect is never followed, and no credentials leave their origin") {
    for (int const status : {301, 302, 303, 307, 308}) {
        auto script = script_with_clock();
        http_response elsewhere(status);
        elsewhere.headers.add("Location", "https://elsewhere.example/umbraco/login");
        script.expect(token_line).answers(200, token_body("given", "300"));
        script.expect(api_line).answers(elsewhere);
        client cms(script, site, api_user());
        auto const answer = ask(cms);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == make_error_code(errc::not_signed_in));
        CHECK(answer.error().status == status);
        CHECK(script.report() == "");
        for (http_request const& sent : script.requests()) CHECK(sent.origin == http_origin(true, "cms.example.com", 443));
    }
}

TEST_CASE("a 403 names the section that is missing, in servers of any age") {
    auto script = script_with_clock();
    script.expect(api_line).answers(403);
    client cms(script, site, bearer_token("t"));
    auto const answer = ask(cms);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == make_error_code(errc::forbidden));
    for (std::string_view const part : {"AI section", "Settings in Umbraco.AI 1.0 and 1.1", "new token"}) CHECK(answer.error().message.find(part) != std::string::npos);
}

// SPDX-License-Identifier: MIT
#include "../examples/observers/log_observer.hpp"
#include "../examples/observers/open_telemetry_observer.hpp"
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;

namespace {

constexpr char const* site = "https://cms.example.com";
constexpr char const* secret_alias = "planted-alias";
constexpr char const* connection_body =
    R"({"alias":"planted-alias","dateCreated":"2026-11-22T14:44:20.123Z","dateModified":"2026-11-22T14:44:21.5Z",)"
    R"("id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"planted-name","providerId":"openai",)"
    R"("settings":{"apiKey":"planted-key"},"version":3})";

/// Writes each event as one line.
class transcript : public observer {
public:
    void on_attempt(attempt_event const& event) noexcept override { add("> ", event); }
    void on_answer(answer_event const& event) noexcept override {
        add("< ", event);
        lines.back() += " -> " + std::to_string(event.status) + (event.error ? " " + event.error.message() : "") + " " + std::to_string(event.duration / 1ms) + " ms";
    }
    void on_retry(retry_event const& event) noexcept override {
        add("~ ", event);
        lines.back() += event.pause > 0ns ? " after a pause" : " at once";
    }
    void on_token(token_event const& event) noexcept override {
        lines.push_back("token for " + (event.lifetime ? std::to_string(event.lifetime->count()) : std::string("?")) + (event.error ? " " + event.error.message() : ""));
    }
    void on_done(call_event const& event) noexcept override {
        lines.push_back("= " + std::to_string(event.call) + " " + std::string(event.operation) + " attempts " + std::to_string(event.attempts) + " status " +
                        std::to_string(event.status) + (event.error ? " " + event.error.message() : "") + (event.possibly_applied ? " possibly applied" : "") + " " +
                        std::to_string(event.duration / 1ms) + " ms");
    }

    [[nodiscard]] std::string text() const {
        std::string all;
        for (std::string const& line : lines) all += line + '\n';
        return all;
    }

    std::vector<std::string> lines;

private:
    void add(char const* mark, attempt_event const& event) {
        std::string line = mark + std::to_string(event.call) + "." + std::to_string(event.attempt);
        if (event.resend_count != 0) line += " again " + std::to_string(event.resend_count);
        line += event.is_sign_in ? " sign-in " : " ";
        line += to_string(event.method);
        lines.push_back((line += ' ') += event.route);
    }
};

client_options observed_by(std::shared_ptr<observer> listener) {
    client_options made;
    made.observer = std::move(listener);
    return made;
}

}  // namespace

TEST_CASE("an observer is told each attempt, answer, retry and end, and nothing that is secret") {
    testing::patient_scripted_transport script;
    script.expect(std::string("GET /connections/") + secret_alias).after(5ms).answers(503);
    script.expect(std::string("GET /connections/") + secret_alias).after(7ms).answers(200, connection_body);
    auto const seen = std::make_shared<transcript>();
    client cms(script, site, bearer_token("planted-token"), observed_by(seen));
    REQUIRE(cms.connections().get(secret_alias));
    CHECK(seen->lines.size() == 6);
    std::string text = seen->text();
    auto const total = script.now() / 1ms;
    CHECK(text == "> 1.1 GET /connections/{idOrAlias}\n"
                  "< 1.1 GET /connections/{idOrAlias} -> 503 5 ms\n"
                  "~ 1.1 GET /connections/{idOrAlias} after a pause\n"
                  "> 1.2 again 1 GET /connections/{idOrAlias}\n"
                  "< 1.2 again 1 GET /connections/{idOrAlias} -> 200 7 ms\n"
                  "= 1 GET /connections/{idOrAlias} attempts 2 status 200 " + std::to_string(total) + " ms\n");
    CHECK(text.find("planted") == std::string::npos);
}

TEST_CASE("a compound call is one call with several attempts") {
    testing::scripted_transport script;
    script.expect(std::string("GET /connections/") + secret_alias).answers(200, connection_body);
    script.expect("PUT /connections/3fa85f64-5717-4562-b3fc-2c963f66afa6").fails(failure(errc::connection_closed, "Gone."));
    script.expect("GET /connections/3fa85f64-5717-4562-b3fc-2c963f66afa6").fails(failure(errc::connect_failed, "Gone."));
    auto const seen = std::make_shared<transcript>();
    client cms(script, site, {}, observed_by(seen));
    REQUIRE_FALSE(cms.connections().rename(secret_alias, "another"));
    CHECK(script.report() == "");
    REQUIRE(seen->lines.size() == 7);
    CHECK(seen->lines[2] == "> 1.2 PUT /connections/{id}");
    CHECK(seen->lines[3].starts_with("< 1.2 PUT /connections/{id} -> 0 "));
    CHECK(seen->lines[6].starts_with("= 1 modify attempts 3 status 0 "));
    CHECK(seen->lines[6].find("possibly applied") != std::string::npos);
}

TEST_CASE("a sign-in, a refused token and the call after it are told") {
    testing::scripted_transport script;
    constexpr char const* token_request = "POST /umbraco/management/api/v1/security/back-office/token";
    script.expect(token_request).answers(200, R"({"access_token":"planted-one","expires_in":300,"token_type":"Bearer"})");
    script.expect("GET /connections").answers(401);
    script.expect(token_request).answers(200, R"({"access_token":"planted-two","token_type":"Bearer"})");
    script.expect("GET /connections").answers(200, R"({"items":[],"total":0})");
    script.expect("GET /connections").answers(200, R"({"items":[],"total":0})");
    auto const seen = std::make_shared<transcript>();
    client cms(script, site, client_credentials("umbraco-back-office-x", secret("planted-secret")), observed_by(seen));
    REQUIRE(cms.connections().list());
    REQUIRE(cms.connections().list());
    CHECK(seen->text() == "> 1.1 sign-in POST /umbraco/management/api/v1/security/back-office/token\n"
                          "< 1.1 sign-in POST /umbraco/management/api/v1/security/back-office/token -> 200 0 ms\n"
                          "token for 300\n"
                          "> 1.2 GET /connections\n"
                          "< 1.2 GET /connections -> 401 0 ms\n"
                          "~ 1.2 GET /connections at once\n"
                          "> 1.3 sign-in POST /umbraco/management/api/v1/security/back-office/token\n"
                          "< 1.3 sign-in POST /umbraco/management/api/v1/security/back-office/token -> 200 0 ms\n"
                          "token for ?\n"
                          "> 1.4 again 1 GET /connections\n"
                          "< 1.4 again 1 GET /connections -> 200 0 ms\n"
                          "= 1 GET /connections attempts 4 status 200 0 ms\n"
                          "> 2.1 GET /connections\n"
                          "< 2.1 GET /connections -> 200 0 ms\n"
                          "= 2 GET /connections attempts 1 status 200 0 ms\n");
}

TEST_CASE("a call that is refused before any request is told as done") {
    testing::scripted_transport script;
    auto const seen = std::make_shared<transcript>();
    client cms(script, "ftp://cms.example.com", {}, observed_by(seen));
    REQUIRE_FALSE(cms.connections().list());
    REQUIRE(seen->lines.size() == 1);
    CHECK(seen->lines[0].starts_with("= 1 GET /connections attempts 0 status 0 "));
}

TEST_CASE("log lines say what happened") {
    testing::patient_scripted_transport script;
    script.expect(std::string("GET /connections/") + secret_alias).after(12ms).answers(503);
    script.expect(std::string("GET /connections/") + secret_alias).after(3ms).answers(200, connection_body);
    std::vector<std::string> lines;
    client cms(script, site, {}, observed_by(std::make_shared<log_observer>([&](std::string_view line) { lines.emplace_back(line); })));
    REQUIRE(cms.connections().get(secret_alias));
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "call 1 GET /connections/{idOrAlias} attempt 1: 503 in 12 ms, 0 B out, 0 B in");
    CHECK(lines[1].starts_with("call 1 GET /connections/{idOrAlias} is sent again in "));
    CHECK(lines[2] == "call 1 GET /connections/{idOrAlias} attempt 2: 200 in 3 ms, 0 B out, 0 B in");
    CHECK(lines[3].starts_with("call 1 GET /connections/{idOrAlias} done after 2 attempts in "));
}

TEST_CASE("spans have OpenTelemetry's attributes") {
    testing::patient_scripted_transport script;
    script.expect(std::string("GET /connections/") + secret_alias).fails(failure(errc::connect_failed, "No."));
    script.expect(std::string("GET /connections/") + secret_alias).after(3ms).answers(404);
    std::vector<http_client_span> spans;
    client cms(script, site, {},
               observed_by(std::make_shared<open_telemetry_observer>("cms.example.com", 443, [&](http_client_span span) { spans.push_back(std::move(span)); })));
    REQUIRE_FALSE(cms.connections().get(secret_alias));
    REQUIRE(spans.size() == 2);
    auto const attribute = [](http_client_span const& span, std::string_view name) -> std::string {
        for (auto const& [key, value] : span.attributes) {
            if (key != name) continue;
            if (auto const* text = std::get_if<std::string>(&value)) return *text;
            if (auto const* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
            return std::get<bool>(value) ? "true" : "false";
        }
        return "absent";
    };
    CHECK(spans[0].name == "GET /connections/{idOrAlias}");
    CHECK(spans[0].is_error);
    CHECK(attribute(spans[0], "http.response.status_code") == "absent");
    CHECK(attribute(spans[0], "error.type") == make_error_code(errc::connect_failed).message());
    CHECK(attribute(spans[0], "http.request.resend_count") == "absent");
    CHECK(attribute(spans[1], "http.response.status_code") == "404");
    CHECK(attribute(spans[1], "error.type") == "404");
    CHECK(attribute(spans[1], "http.request.resend_count") == "1");
    CHECK(attribute(spans[1], "url.template") == "/connections/{idOrAlias}");
    CHECK(attribute(spans[1], "server.address") == "cms.example.com");
    CHECK(spans[1].duration == 3ms);
}

TEST_CASE("an attempt has a limit of its own, after which a GET is sent again") {
    testing::patient_scripted_transport script;
    script.expect("GET /connections").after(2s).fails(failure(errc::deadline_exceeded, "The time ran out."));
    script.expect("GET /connections").answers(200, R"({"items":[],"total":0})");
    client_options options;
    options.attempt_timeout = 2s;
    client cms(script, site, {}, options);
    REQUIRE(cms.connections().list());
    CHECK(script.requests().at(0).limits.time == 2s);
    CHECK(script.report() == "");
}

TEST_CASE("an attempt has no more time than its call, and a write is not sent again") {
    testing::patient_scripted_transport script;
    script.expect("POST /connections").after(2s).fails(failure(errc::deadline_exceeded, "The time ran out."));
    script.expect("GET /connections").after(3s).fails(failure(errc::deadline_exceeded, "The time ran out."));
    client cms(script, site);
    call_options options(3s);
    options.attempt_timeout = 2s;
    auto const made = cms.connections(options).create(connection_draft("a", "A", "openai"));
    REQUIRE_FALSE(made);
    CHECK(made.error().possibly_applied);
    CHECK(made.error().message.find("attempt_timeout") != std::string::npos);
    options.attempt_timeout = 10s;
    auto const listed = cms.connections(options).list();
    CHECK(script.requests().at(1).limits.time == 3s);
    CHECK(listed.error().message.find("attempt_timeout") == std::string::npos);
    options.attempt_timeout = 0s;
    CHECK(cms.connections(options).list().error().code == make_error_code(errc::invalid_argument));
    CHECK(script.report() == "");
}

TEST_CASE("a token source may hand its token to a receiver") {
    testing::scripted_transport script;
    script.expect("GET /connections").with_header("Authorization", "Bearer given").answers(200, R"({"items":[],"total":0})");
    client cms(script, site, token_source([](token_source::receiver done) { done(bearer_token("given")); }));
    REQUIRE(cms.connections().list());
    CHECK(script.report() == "");
}

TEST_CASE("a transport that cannot wait says so of a token that comes later") {
    testing::scripted_transport script;
    token_source::receiver kept;
    client cms(script, site, token_source([&kept](token_source::receiver done) { kept = std::move(done); }));
    auto const listed = cms.connections().list();
    REQUIRE_FALSE(listed);
    CHECK(listed.error().code == make_error_code(errc::invalid_argument));
    CHECK(listed.error().to_string().find("token source") != std::string::npos);
    kept(bearer_token("too-late"));
    CHECK(script.requests().empty());
}

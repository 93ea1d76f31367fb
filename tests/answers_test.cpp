// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;

namespace {

constexpr char const* json_type = "application/json; charset=utf-8";

http_response json(int status, std::string body_bytes) {
    http_response made(status, std::move(body_bytes));
    made.headers.add("Content-Type", json_type);
    return made;
}

http_response empty(int status) {
    http_response made(status);
    made.headers.add("Content-Length", "0");
    return made;
}

guid id_of(std::string_view text) { return *guid::parse(text); }

constexpr std::string_view id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

constexpr std::string_view documented_connection =
    R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"OpenAI Production","providerId":"openai",)"
    R"("isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:31:00Z","settings":{"apiKey":"sk-***"}})";

constexpr std::string_view observed_connection =
    R"({"alias":"openai-prod","dateCreated":"2026-11-22T14:44:20.123Z","dateModified":"2026-11-22T14:44:21.5Z",)"
    R"("id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"\u00D6penAI \u003CP\u003E \uD83D\uDE00\u0000","providerId":"openai",)"
    R"("settings":{"apiKey":"plain-key","endpoint":null},"version":3})";

constexpr std::string_view documented_page =
    R"({"items":[{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true},)"
    R"({"id":"00000000-0000-0000-0000-0000000000b2","alias":"b","name":"B","providerId":"anthropic","isActive":false}],"total":2})";

constexpr std::string_view observed_page =
    R"({"items":[{"alias":"a","dateCreated":"2026-11-22T14:44:20.123Z","dateModified":"2026-11-22T14:44:20.123Z",)"
    R"("id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"A","providerId":"openai","version":1}],"total":9007199254740993})";

constexpr std::string_view documented_models = R"({"items":[{"id":"gpt-4o","name":"GPT-4o","capabilities":["Chat","Vision"]}]})";
constexpr std::string_view observed_models =
    R"([{"metadata":{"contextWindow":"128000","owner Name":"\u00C6"},"model":{"modelId":"gpt-4o","providerId":"openai"},"name":"GPT-4o"},)"
    R"({"metadata":null,"model":{"modelId":"o1","providerId":"openai"},"name":"o1"}])";

constexpr std::string_view documented_problem =
    R"({"type":"https://tools.ietf.org/html/rfc7231#section-6.5.4","title":"Not Found","status":404,"detail":"Connection not found"})";
constexpr std::string_view observed_problem =
    R"({"detail":"The specified connection could not be found.","status":404,"title":"Connection not found","type":"Error","operationStatus":"NotFound"})";
constexpr std::string_view validation_problem =
    R"({"errors":{"Alias":["The Alias field is required."],"$.isActive":["first","second"],"":["no name"]},"status":400,)"
    R"("title":"One or more validation errors occurred.","type":"https://tools.ietf.org/html/rfc9110#section-15.5.1",)"
    R"("traceId":"00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"})";

template <Descriptor D>
typename D::answer_type value_of(http_response const& response) {
    auto decoded = decode<D>(response);
    INFO((decoded ? std::string() : decoded.error().to_string()));
    REQUIRE(decoded.has_value());
    return *std::move(decoded);
}

template <Descriptor D>
failure failure_of(http_response const& response) {
    auto decoded = decode<D>(response);
    REQUIRE_FALSE(decoded.has_value());
    failure reason = std::move(decoded).error();
    CHECK_FALSE(reason.message.empty());
    CHECK(reason.status == response.status);
    CHECK(reason.code);
    return reason;
}

template <Descriptor D>
void check_decode_failure(std::string body_bytes, errc code, std::string_view path = "$") {
    failure const reason = failure_of<D>(json(200, std::move(body_bytes)));
    CAPTURE(reason.to_string());
    CHECK(reason.who == fault::decode);
    CHECK(reason.code == make_error_code(code));
    CHECK(reason.field == path);
    CHECK(reason.possibly_applied == (D::method != http_method::get));
}

/// Every text that a failure carries.
std::string texts_of(failure const& reason) {
    std::string text = reason.to_string() + reason.message + reason.field + reason.problem.type + reason.problem.title + reason.problem.detail +
                       reason.problem.operation_status + reason.problem.trace_id;
    for (auto const& error : reason.problem.errors) text += error.field + error.text;
    return text;
}

template <class T>
std::string streamed(T const& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string made(text);
    std::size_t const at = made.find(from);
    REQUIRE(at != std::string::npos);
    return made.replace(at, from.size(), to);
}

}  // namespace

// --- the nine answers ---

TEST_CASE("a list is read as documented") {
    auto const read = value_of<connections::list>(json(200, std::string(documented_page)));
    REQUIRE(read.size() == 2);
    CHECK(read.total == 2);
    CHECK_FALSE(read.empty());
    CHECK(read.items[0].id == id_of(id_text));
    CHECK(read.items[0].alias == "a");
    CHECK(read.items[0].name == "A");
    CHECK(read.items[0].provider_id == "openai");
    CHECK(read.items[0].is_active);
    CHECK_FALSE(read.items[0].version.has_value());
    CHECK_FALSE(read.items[0].date_created.has_value());
    CHECK(read.items[1].provider_id == "anthropic");
    CHECK_FALSE(read.items[1].is_active);
}

TEST_CASE("a list item may hold dates and a version and the total may need 64 bits (observed)") {
    auto const read = value_of<connections::list>(json(200, std::string(observed_page)));
    REQUIRE(read.size() == 1);
    CHECK(read.total == 9007199254740993);
    CHECK(read.items[0].version == 1);
    REQUIRE(read.items[0].date_created.has_value());
    CHECK(read.items[0].date_created->text() == "2026-11-22T14:44:20.123Z");
    CHECK(value_of<connections::list>(json(200, R"({"items":[],"total":0})")).empty());
}

TEST_CASE("a connection is read as documented") {
    auto const read = value_of<connections::get>(json(200, std::string(documented_connection)));
    CHECK(read.id == id_of(id_text));
    CHECK(read.alias == "openai-prod");
    CHECK(read.name == "OpenAI Production");
    CHECK(read.provider_id == "openai");
    CHECK(read.is_active);
    REQUIRE(read.date_created.has_value());
    CHECK(read.date_created->text() == "2024-01-15T10:30:00Z");
    REQUIRE(read.date_modified.has_value());
    CHECK(read.date_modified->text() == "2024-01-15T10:31:00Z");
    CHECK_FALSE(read.version.has_value());
    CHECK(read.settings.text("apiKey").value() == "sk-***");
    CHECK(read.unknown.empty());
}

TEST_CASE("a connection is read with its version and escapes and its key in plain (observed)") {
    auto const read = value_of<connections::get>(json(200, std::string(observed_connection)));
    CHECK(read.version == 3);
    CHECK(read.name == std::string("\xC3\x96penAI <P> \xF0\x9F\x98\x80\0", 17));
    CHECK(read.settings.text("apiKey").value() == "plain-key");
    CHECK(read.settings.find("endpoint") == "null");
    CHECK(read.settings.is_as_answered());
}

TEST_CASE("create answers the connection (documented)") {
    auto const made = value_of<connections::create>(json(201, std::string(documented_connection)));
    CHECK(made.id == id_of(id_text));
    REQUIRE(made.connection.has_value());
    CHECK(made.connection->alias == "openai-prod");
    CHECK(value_of<connections::create>(json(201, " \r\n\t" + std::string(documented_connection))).connection.has_value());
    CHECK(value_of<connections::create>(json(200, std::string(documented_connection))).connection.has_value());
}

TEST_CASE("create answers the id as a JSON string and its place (observed)") {
    http_response response = json(201, R"("3fa85f64-5717-4562-b3fc-2c963f66afa6")");
    response.headers.add("Location", "http://other.example/umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6");
    auto const made = value_of<connections::create>(response);
    CHECK(made.id == id_of(id_text));
    CHECK_FALSE(made.connection.has_value());
    CHECK(value_of<connections::create>(json(201, "\n\"3FA85F6457174562B3FC2C963F66AFA6\" ")).id == id_of(id_text));
}

TEST_CASE("create answers its place alone") {
    for (char const* location : {"https://x/umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6",
                                 "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6", "3fa85f64-5717-4562-b3fc-2c963f66afa6"}) {
        CAPTURE(location);
        http_response response = empty(201);
        response.headers.add("location", location);
        CHECK(value_of<connections::create>(response).id == id_of(id_text));
    }
    for (char const* location : {"", "/", "https://x/connections/openai-prod", "https://x/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6/test"}) {
        CAPTURE(location);
        http_response response = empty(201);
        response.headers.add("Location", location);
        failure const reason = failure_of<connections::create>(response);
        CHECK(reason.code == make_error_code(errc::empty_body));
        CHECK(reason.possibly_applied);
    }
    CHECK(failure_of<connections::create>(empty(201)).code == make_error_code(errc::empty_body));
}

TEST_CASE("update answers the connection (documented)") {
    auto const made = value_of<connections::update>(json(200, std::string(documented_connection)));
    REQUIRE(made.connection.has_value());
    CHECK(made.connection->id == id_of(id_text));
}

TEST_CASE("update answers nothing (observed)") {
    CHECK_FALSE(value_of<connections::update>(empty(200)).connection.has_value());
    CHECK_FALSE(value_of<connections::update>(empty(204)).connection.has_value());
}

TEST_CASE("remove answers nothing whatever stands in the body") {
    CHECK(value_of<connections::remove>(empty(200)) == nothing());
    CHECK(value_of<connections::remove>(empty(204)) == nothing());
    CHECK(value_of<connections::remove>(json(200, "true")) == nothing());
}

TEST_CASE("a test that fails is an answer") {
    auto const good = value_of<connections::test>(json(200, R"({"success":true,"errorMessage":null})"));
    CHECK(good.success);
    CHECK_FALSE(good.error_message.has_value());
    auto const bad = value_of<connections::test>(json(200, R"({"success":false,"errorMessage":"Invalid API key"})"));
    CHECK_FALSE(bad.success);
    CHECK(bad.error_message == "Invalid API key");
    auto const observed = value_of<connections::test>(json(200, R"({"errorMessage":"Connection test failed","success":false})"));
    CHECK(observed.error_message == "Connection test failed");
    CHECK_FALSE(value_of<connections::test>(json(200, R"({"success":true})")).error_message.has_value());
}

TEST_CASE("capabilities come in items (documented) or as a bare array (observed) and are an open set") {
    auto const documented = value_of<connections::capabilities>(json(200, R"({"items":["Chat","Embedding"]})"));
    REQUIRE(documented.size() == 2);
    CHECK_FALSE(documented.is_bare_array);
    CHECK(documented.items[0] == capability::chat());
    CHECK(documented.items[1] == capability::embedding());
    auto const observed = value_of<connections::capabilities>(json(200, R"(["Chat","SpeechToText","Media","Moderation","Telepathy"])"));
    REQUIRE(observed.size() == 5);
    CHECK(observed.is_bare_array);
    CHECK(observed.items[1] == capability::speech_to_text());
    CHECK(observed.items[4].name() == "Telepathy");
    CHECK(value_of<connections::capabilities>(json(200, "[]")).empty());
    CHECK(value_of<connections::capabilities>(json(200, R"({"items":[],"total":0})")).empty());
}

TEST_CASE("connections with a capability come as a page (documented)") {
    auto const read = value_of<connections::with_capability>(json(200, std::string(documented_page)));
    CHECK(read.size() == 2);
    CHECK(read == value_of<connections::list>(json(200, std::string(documented_page))));
}

TEST_CASE("a server without the route answers 404 and nothing (observed)") {
    failure const reason = failure_of<connections::with_capability>(empty(404));
    CHECK(reason.who == fault::server);
    CHECK(reason.code == make_error_code(errc::not_found));
    CHECK(reason.problem.empty());
}

TEST_CASE("models tell their capabilities (documented)") {
    auto const read = value_of<connections::models>(json(200, std::string(documented_models)));
    REQUIRE(read.size() == 1);
    CHECK_FALSE(read.is_bare_array);
    CHECK(read.items[0].id == "gpt-4o");
    CHECK(read.items[0].name == "GPT-4o");
    REQUIRE(read.items[0].capabilities.size() == 2);
    CHECK(read.items[0].capabilities[1].name() == "Vision");
    CHECK(read.items[0].provider_id.empty());
    CHECK_FALSE(read.items[0].metadata.has_value());
}

TEST_CASE("models tell their provider and metadata (observed)") {
    auto const read = value_of<connections::models>(json(200, std::string(observed_models)));
    REQUIRE(read.size() == 2);
    CHECK(read.is_bare_array);
    CHECK(read.items[0].id == "gpt-4o");
    CHECK(read.items[0].provider_id == "openai");
    REQUIRE(read.items[0].metadata.has_value());
    CHECK(read.items[0].metadata->at("contextWindow") == "128000");
    CHECK(read.items[0].metadata->at("owner Name") == "\xC3\x86");
    CHECK(read.items[0].capabilities.empty());
    CHECK_FALSE(read.items[1].metadata.has_value());
    CHECK(value_of<connections::models>(json(200, "[]")).empty());
}

TEST_CASE("the documented and the observed form may be mixed") {
    CHECK(value_of<connections::models>(json(200, "{\"items\":" + std::string(observed_models) + "}")).items[0].id == "gpt-4o");
    CHECK(value_of<connections::models>(json(200, R"([{"id":"x","name":"X","capabilities":[]}])")).items[0].id == "x");
    CHECK(value_of<connections::capabilities>(json(200, R"({"total":1,"items":["Chat"],"more":{}})")).size() == 1);
}

// --- statuses ---

TEST_CASE("not found is told by problem details of either contract") {
    failure const documented = failure_of<connections::get>(json(404, std::string(documented_problem)));
    CHECK(documented.who == fault::server);
    CHECK(documented.code == make_error_code(errc::not_found));
    CHECK(documented.problem.type == "https://tools.ietf.org/html/rfc7231#section-6.5.4");
    CHECK(documented.problem.title == "Not Found");
    CHECK(documented.problem.detail == "Connection not found");
    CHECK(documented.problem.operation_status.empty());
    CHECK_FALSE(documented.possibly_applied);

    failure const observed = failure_of<connections::get>(json(404, std::string(observed_problem)));
    CHECK(observed.code == make_error_code(errc::not_found));
    CHECK(observed.problem.type == "Error");
    CHECK(observed.problem.title == "Connection not found");
    CHECK(observed.problem.detail == "The specified connection could not be found.");
    CHECK(observed.problem.operation_status == "NotFound");
    CHECK(observed.to_string().find("The specified connection could not be found.") != std::string::npos);
}

TEST_CASE("a bad request tells its words in either contract") {
    for (char const* detail : {"Alias is required", "A connection with alias 'x' already exists", "Provider 'x' not found", "Invalid settings for provider 'openai'",
                               "A connection with alias 'x' already exists.", "Provider 'x' not found.", "Failed to validate settings for provider 'x'"}) {
        CAPTURE(detail);
        failure const reason =
            failure_of<connections::create>(json(400, R"({"type":"Error","title":"Invalid settings","status":400,"operationStatus":"InvalidSettings","detail":")" + std::string(detail) + "\"}"));
        CHECK(reason.who == fault::server);
        CHECK(reason.code == make_error_code(errc::bad_request));
        CHECK(reason.problem.detail == detail);
        CHECK(reason.problem.operation_status == "InvalidSettings");
        CHECK_FALSE(reason.possibly_applied);
    }
}

TEST_CASE("validation errors are told field by field") {
    failure const reason = failure_of<connections::create>(json(400, std::string(validation_problem)));
    CHECK(reason.code == make_error_code(errc::bad_request));
    CHECK(reason.problem.title == "One or more validation errors occurred.");
    CHECK(reason.problem.trace_id == "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00");
    std::vector<field_error> const expected{{"Alias", "The Alias field is required."}, {"$.isActive", "first"}, {"$.isActive", "second"}, {"", "no name"}};
    CHECK(reason.problem.errors == expected);
    CHECK(reason.to_string().find("Alias: The Alias field is required.") != std::string::npos);
}

TEST_CASE("a connection in use is a conflict") {
    failure const reason = failure_of<connections::remove>(json(
        400, R"({"detail":"The connection cannot be deleted because it is in use by one or more profiles.","status":400,"title":"Connection in use","type":"Error","operationStatus":"InUse"})"));
    CHECK(reason.who == fault::server);
    CHECK(reason.code == make_error_code(errc::conflict));
    CHECK(reason.problem.title == "Connection in use");
    CHECK(failure_of<connections::remove>(json(409, std::string(documented_problem))).code == make_error_code(errc::conflict));
}

TEST_CASE("error answers without a body are told by their status") {
    struct row {
        int status;
        fault who;
        errc code;
    };
    for (row const& expected : std::initializer_list<row>{{400, fault::server, errc::bad_request},
                                                          {401, fault::authentication, errc::not_signed_in},
                                                          {403, fault::authentication, errc::forbidden},
                                                          {404, fault::server, errc::not_found},
                                                          {405, fault::server, errc::unexpected_status},
                                                          {408, fault::server, errc::unexpected_status},
                                                          {409, fault::server, errc::conflict},
                                                          {413, fault::server, errc::bad_request},
                                                          {414, fault::server, errc::unexpected_status},
                                                          {415, fault::server, errc::bad_request},
                                                          {429, fault::server, errc::unexpected_status},
                                                          {431, fault::server, errc::unexpected_status},
                                                          {500, fault::server, errc::server_error},
                                                          {502, fault::server, errc::server_error},
                                                          {503, fault::server, errc::server_error},
                                                          {599, fault::server, errc::server_error},
                                                          {301, fault::authentication, errc::not_signed_in},
                                                          {302, fault::authentication, errc::not_signed_in},
                                                          {307, fault::authentication, errc::not_signed_in},
                                                          {202, fault::server, errc::unexpected_status},
                                                          {206, fault::server, errc::unexpected_status},
                                                          {0, fault::server, errc::unexpected_status},
                                                          {199, fault::server, errc::unexpected_status}}) {
        CAPTURE(expected.status);
        failure const read = failure_of<connections::get>(empty(expected.status));
        CHECK(read.who == expected.who);
        CHECK(read.code == make_error_code(expected.code));
        CHECK(read.problem.empty());
        CHECK_FALSE(read.possibly_applied);
        failure const written = failure_of<connections::update>(empty(expected.status));
        CHECK(written.code == make_error_code(expected.code));
        CHECK(written.possibly_applied == (expected.status >= 500 || expected.status == 202 || expected.status == 206));
    }
}

TEST_CASE("a success that the method does not have is not taken for one") {
    CHECK(failure_of<connections::get>(json(201, std::string(documented_connection))).code == make_error_code(errc::unexpected_status));
    CHECK(failure_of<connections::get>(empty(204)).code == make_error_code(errc::unexpected_status));
    CHECK(failure_of<connections::create>(empty(204)).code == make_error_code(errc::unexpected_status));
    CHECK(failure_of<connections::create>(empty(204)).possibly_applied);
    CHECK(failure_of<connections::update>(json(201, std::string(documented_connection))).code == make_error_code(errc::unexpected_status));
}

TEST_CASE("401 and 403 are JSON (documented)") {
    failure const reason = failure_of<connections::get>(json(401, R"({"title":"Unauthorized","status":401})"));
    CHECK(reason.who == fault::authentication);
    CHECK(reason.code == make_error_code(errc::not_signed_in));
    CHECK(reason.problem.title == "Unauthorized");
    CHECK(failure_of<connections::get>(json(403, R"({"title":"Forbidden"})")).problem.title == "Forbidden");
}

TEST_CASE("the challenge tells a missing token from one that is not accepted (observed)") {
    http_response missing = empty(401);
    missing.headers.add("WWW-Authenticate", "Bearer");
    http_response refused = empty(401);
    refused.headers.add("WWW-Authenticate", R"(Bearer error="invalid_token", error_description="The specified token is invalid.", error_uri="https://x/ID2004")");
    failure const first = failure_of<connections::list>(missing);
    failure const second = failure_of<connections::list>(refused);
    CHECK(first.code == make_error_code(errc::not_signed_in));
    CHECK(second.code == make_error_code(errc::not_signed_in));
    CHECK(first.message != second.message);
    CHECK(second.message.find("token") != std::string::npos);
    CHECK(second.message.find("ID2004") == std::string::npos);

    http_response no_right = empty(403);
    no_right.headers.add("WWW-Authenticate", R"(Bearer error="insufficient_access")");
    failure const third = failure_of<connections::list>(no_right);
    CHECK(third.code == make_error_code(errc::forbidden));
    CHECK(third.message.find("section") != std::string::npos);
}

TEST_CASE("a page of HTML in place of an answer is not signed in") {
    http_response page_of_html(200, "<!DOCTYPE html><html><title>Sign in</title></html>");
    page_of_html.headers.add("Content-Type", "text/html; charset=utf-8");
    CHECK(failure_of<connections::list>(page_of_html).code == make_error_code(errc::not_signed_in));
    CHECK(failure_of<connections::remove>(page_of_html).code == make_error_code(errc::not_signed_in));
    CHECK(failure_of<connections::update>(page_of_html).code == make_error_code(errc::not_signed_in));
    CHECK(failure_of<connections::create>(page_of_html).who == fault::authentication);
    CHECK(texts_of(failure_of<connections::list>(page_of_html)).find("Sign in") == std::string::npos);
    http_response unlabelled(200, "\r\n <html>");
    CHECK(failure_of<connections::list>(unlabelled).code == make_error_code(errc::not_signed_in));
    http_response xhtml(200, "<html/>");
    xhtml.headers.add("content-type", "Application/XHTML+xml");
    CHECK(failure_of<connections::list>(xhtml).code == make_error_code(errc::not_signed_in));
}

TEST_CASE("an answer of another media type is not read") {
    for (char const* type : {"text/plain", "application/xml", "application/jsonp", "text/html2", "", "image/png"}) {
        CAPTURE(type);
        http_response response(200, std::string(documented_page));
        response.headers.add("Content-Type", type);
        failure const reason = failure_of<connections::list>(response);
        if (std::string_view(type) != "text/html2") CHECK(reason.code == make_error_code(errc::not_json));
    }
    for (char const* type : {"application/json", "APPLICATION/JSON", "application/json ; charset=utf-8", "text/json", "application/problem+json", "application/vnd.x+json;v=1"}) {
        CAPTURE(type);
        http_response response(200, std::string(documented_page));
        response.headers.add("Content-Type", type);
        CHECK(decode<connections::list>(response).has_value());
    }
    CHECK(decode<connections::list>(http_response(200, std::string(documented_page))).has_value());
}

TEST_CASE("problem details are taken only from what says that it is JSON") {
    http_response stack_trace(500, "System.Exception: apiKey planted-key at …");
    stack_trace.headers.add("Content-Type", "text/plain; charset=utf-8");
    failure const reason = failure_of<connections::models>(stack_trace);
    CHECK(reason.code == make_error_code(errc::server_error));
    CHECK(texts_of(reason).find("planted") == std::string::npos);
    http_response html(404, "<html>planted</html>");
    html.headers.add("Content-Type", "text/html");
    CHECK(texts_of(failure_of<connections::get>(html)).find("planted") == std::string::npos);
    http_response problem(404, std::string(observed_problem));
    problem.headers.add("Content-Type", "application/problem+json; charset=utf-8");
    CHECK(failure_of<connections::get>(problem).problem.operation_status == "NotFound");
}

TEST_CASE("problem details that are no such thing are passed over") {
    for (std::string const& body_bytes : {std::string(), std::string("null"), std::string("[]"), std::string("\"planted\""), std::string("{"), std::string("{\"title\":\"planted\""),
                                          std::string("{\"title\":\"planted\"} x"), std::string("{\"title\":\"planted\xFF\"}"), std::string(100000, '['),
                                          std::string("{\"title\":\"planted\",\"errors\":") + std::string(100000, '{')}) {
        CAPTURE(body_bytes.substr(0, 40));
        failure const reason = failure_of<connections::get>(json(400, body_bytes));
        CHECK(reason.code == make_error_code(errc::bad_request));
        CHECK(reason.problem.empty());
        CHECK(texts_of(reason).find("planted") == std::string::npos);
    }
    failure const odd = failure_of<connections::get>(
        json(400, R"({"title":5,"detail":null,"type":[],"status":"x","traceId":{},"operationStatus":true,"errors":{"a":"text","b":[1,"kept",null],"c":{}}})"));
    CHECK(odd.problem.title.empty());
    CHECK(odd.problem.errors == std::vector<field_error>{{"b", "kept"}});
    CHECK(failure_of<connections::get>(json(400, R"({"title":"kept","errors":[1,2]})")).problem.title == "kept");
}

TEST_CASE("problem details cut at every byte never fail the failure") {
    for (std::string_view const whole : {documented_problem, observed_problem, validation_problem})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            failure const reason = failure_of<connections::get>(json(400, std::string(whole.substr(0, size))));
            CHECK(reason.problem.empty());
        }
}

TEST_CASE("server texts are bounded and hold neither tokens nor control characters") {
    std::string const many(5000, 'x');
    failure const reason = failure_of<connections::get>(json(400, R"({"title":")" + many + R"(","detail":"key sk-abc and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0\r\nInjected: 1"})"));
    CHECK(reason.problem.title.size() <= 1024);
    CHECK(reason.problem.detail.find("sk-abc") == std::string::npos);
    CHECK(reason.problem.detail.find("eyJ") == std::string::npos);
    CHECK(reason.to_string().find_first_of("\r\n") == std::string::npos);

    std::string umlauts;
    for (int i = 0; i < 700; ++i) umlauts += "\xC3\xA4";
    std::string const cut = failure_of<connections::get>(json(400, "{\"title\":\"x" + umlauts + "\"}")).problem.title;
    CHECK(cut.size() == 1023);
    CHECK(detail::is_utf8(cut));

    std::string errors = R"({"errors":{"a":[)";
    for (int i = 0; i < 1000; ++i) errors += "\"e\",";
    errors += "\"e\"]}}";
    CHECK(failure_of<connections::get>(json(400, errors)).problem.errors.size() == 32);
    CHECK(failure_of<connections::get>(json(404, R"({"detail":"No connection 3fa85f64-5717-4562-b3fc-2c963f66afa6."})")).problem.detail ==
          "No connection 3fa85f64-5717-4562-b3fc-2c963f66afa6.");
}

// --- dates ---

TEST_CASE("a date gives an instant only where it is certain") {
    using namespace std::chrono;
    auto const at = [](int y, unsigned mo, unsigned d, int h, int mi, int s, nanoseconds fraction) {
        return timestamp::time_point(sys_days(year(y) / month(mo) / day(d))) + hours(h) + minutes(mi) + seconds(s) + fraction;
    };
    CHECK(timestamp("2024-01-15T10:30:00Z").instant() == at(2024, 1, 15, 10, 30, 0, nanoseconds(0)));
    CHECK(timestamp("2026-11-22T14:51:42.338Z").instant() == at(2026, 11, 22, 14, 51, 42, milliseconds(338)));
    CHECK(timestamp("2026-11-22T14:51:42.1234567Z").instant() == at(2026, 11, 22, 14, 51, 42, nanoseconds(123456700)));
    CHECK(timestamp("2026-11-22T14:51:42.1234567890123Z").instant() == at(2026, 11, 22, 14, 51, 42, nanoseconds(123456789)));
    CHECK(timestamp("2026-11-22T14.51.42.338Z").instant() == at(2026, 11, 22, 14, 51, 42, milliseconds(338)));
    CHECK(timestamp("2026-11-22T14:51:42+02:00").instant() == at(2026, 11, 22, 12, 51, 42, nanoseconds(0)));
    CHECK(timestamp("2026-11-22T14:51:42.5-01:30").instant() == at(2026, 11, 22, 16, 21, 42, milliseconds(500)));
    CHECK(timestamp("2024-02-29T00:00:00Z").instant().has_value());
    for (char const* text : {"", "2026-11-22T14:51:42.338", "1448-06-12T14:51:42.338Z", "2569-11-22T14:51:42.338Z", "0001-01-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
                             "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx", "2024-01-01", "2024-01-01 00:00:00Z",
                             "2024-01-01T00:00:00+2", "-024-01-01T00:00:00Z", "null", "1705314600"}) {
        CAPTURE(text);
        CHECK_FALSE(timestamp(text).instant().has_value());
        CHECK(timestamp(text).text() == text);
    }
    CHECK(timestamp("1448-06-12T14:51:42.338Z").is_not_gregorian());
    CHECK(timestamp("2569-11-22T14:51:42.338Z").is_not_gregorian());
    CHECK_FALSE(timestamp("2026-11-22T14:51:42.338").is_not_gregorian());
    CHECK_FALSE(timestamp("no date").is_not_gregorian());
    CHECK(streamed(timestamp("2026-11-22T14.51.42.338Z")) == "2026-11-22T14.51.42.338Z");
}

TEST_CASE("a date never fails the answer it stands in") {
    struct row {
        char const* json_text;
        std::optional<std::string> text;
    };
    for (row const& expected : std::initializer_list<row>{{"\"2026-11-22T14.51.42.338Z\"", "2026-11-22T14.51.42.338Z"},
                                                          {"\"1448-06-12T14:51:42.338Z\"", "1448-06-12T14:51:42.338Z"},
                                                          {"\"\"", ""},
                                                          {"\"soon\"", "soon"},
                                                          {"null", std::nullopt},
                                                          {"1705314600", "1705314600"},
                                                          {"1e400", "1e400"},
                                                          {"{\"ticks\":1}", "{\"ticks\":1}"},
                                                          {"[]", "[]"},
                                                          {"true", "true"}}) {
        CAPTURE(expected.json_text);
        auto const read = value_of<connections::get>(json(200, replaced(documented_connection, "\"2024-01-15T10:30:00Z\"", expected.json_text)));
        CHECK(read.date_created.has_value() == expected.text.has_value());
        if (read.date_created) CHECK(read.date_created->text() == *expected.text);
    }
}

// --- read, change, write ---

namespace {

std::string body_of(connection read) {
    guid const id = read.id;
    auto const request = build_request(connections::update(id, connection_update(std::move(read))), "");
    INFO((request ? std::string() : request.error().to_string()));
    REQUIRE(request.has_value());
    return request->body;
}

connection with_members(std::string_view more, std::string_view settings_json = "{}") {
    std::string text = R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"n","providerId":"openai","isActive":true,)";
    text.append(R"("dateCreated":"d1","dateModified":"d2","version":7,"settings":)").append(settings_json).append(more).append("}");
    return value_of<connections::get>(json(200, text));
}

}  // namespace

TEST_CASE("an update holds alias and name and state and settings and nothing else that a connection has") {
    CHECK(body_of(with_members("")) == R"({"alias":"a","name":"n","isActive":true,"settings":{}})");
    connection changed = with_members("");
    changed.name = "New";
    changed.is_active = false;
    changed.provider_id = "anthropic";
    changed.version = 99;
    CHECK(body_of(changed) == R"({"alias":"a","name":"New","isActive":false,"settings":{}})");
}

TEST_CASE("unknown members survive a read and a write byte for byte") {
    std::string const unknown = R"("profile":{"b":1.10,"a":[1E+2, null ]},"tags":["\u00E9",""],"x\u0041":-0,"":123456789012345678901234567890)";
    connection const read = with_members("," + unknown);
    CHECK(read.unknown.text() == unknown);
    CHECK(read.unknown.find("tags") == R"(["\u00E9",""])");
    CHECK(read.unknown.find("xA") == "-0");
    CHECK(read.unknown.find("absent").empty());
    CHECK(body_of(read) == R"({"alias":"a","name":"n","isActive":true,"settings":{},)" + unknown + "}");
}

TEST_CASE("unknown members are not written under a name that a connection has in other case") {
    connection const read = with_members(R"(,"ALIAS":"b","Settings":null,"iD":"x","VERSION":1,"ProviderId":"p","datecreated":1,"isactive":false,"ok":1,"N\u0061me":"evil")");
    CHECK(body_of(read) == R"({"alias":"a","name":"n","isActive":true,"settings":{},"ok":1})");
}

TEST_CASE("the later of two unknown members wins") {
    connection const read = with_members(R"(,"x":1,"y":2,"x":3)");
    CHECK(read.unknown.find("x") == "3");
    CHECK(read.unknown.find("y") == "2");
}

TEST_CASE("the later of two known members wins") {
    auto const read = value_of<connections::get>(json(200, replaced(documented_connection, R"("alias":"openai-prod")", R"("alias":"first","alias":"second")")));
    CHECK(read.alias == "second");
    CHECK(value_of<connections::capabilities>(json(200, R"({"items":["Chat"],"items":["Embedding"]})")).items.size() == 1);
}

TEST_CASE("an answer of many unknown members is read in reasonable time") {
    std::string more;
    for (int i = 0; i < 20000; ++i) more += ",\"m" + std::to_string(i) + "\":" + std::to_string(i);
    connection const read = with_members(more);
    CHECK(read.unknown.find("m19999") == "19999");
}

TEST_CASE("settings survive a read and a write byte for byte") {
    for (char const* text : {R"({"n":123456789012345678901234567890})", R"({"n":1.0,"m":1.10,"o":1E+2,"p":1e400,"q":-0,"r":-0.0e-0})", R"({"z":1,"a":2,"M":3,"m":4})",
                             R"({"k":"\u00e9\u00E9\/\"\\\b\u0000\uD83D\uDE00"})", R"({ "a" : [ 1 , { } ] })", "{\n\t\"a\": null\r\n}", R"({"":"","\u0061":1})", R"({"a":{"b":{"c":[[[]]]}}})",
                             R"({"apiKey":"ENC:abc"})", R"({"apiKey":"$OpenAI:ApiKey"})", "null", "{}"}) {
        CAPTURE(text);
        connection const read = with_members("", text);
        CHECK(read.settings.json() == text);
        CHECK(body_of(read) == R"({"alias":"a","name":"n","isActive":true,"settings":)" + std::string(text) + "}");
    }
}

TEST_CASE("changing one setting leaves the bytes of the others alone") {
    std::string const text = R"({ "a" : 1.10, "key":"old" ,"z":{"key":1E+2} })";
    connection read = with_members("", text);
    read.settings.set("key", "new\n\"");
    CHECK(read.settings.json() == R"({ "a" : 1.10, "key":"new\n\"" ,"z":{"key":1E+2} })");
    CHECK_FALSE(read.settings.is_as_answered());
    read.settings.set("more", true);
    CHECK(read.settings.json() == R"({ "a" : 1.10, "key":"new\n\"" ,"z":{"key":1E+2},"more":true })");
    read.settings.erase("a");
    CHECK(read.settings.json() == R"({"key":"new\n\"","z":{"key":1E+2},"more":true})");
    read.settings.erase("absent");
    read.settings.erase("more").erase("key").erase("z");
    CHECK(read.settings.json() == "{}");
    read.settings.set("first", nullptr).set("second", 2).set("third", 1.5).set("fourth", settings{{"x", -1}}).set("\"", secret("s"));
    CHECK(read.settings.json() == R"({"first":null,"second":2,"third":1.5,"fourth":{"x":-1},"\"":"s"})");
}

TEST_CASE("a setting is found by its decoded name") {
    connection read = with_members("", R"({"\u0061pi":"v","b":"\u00E4"})");
    CHECK(read.settings.contains("api"));
    CHECK(read.settings.text("api").value() == "v");
    CHECK(read.settings.text("b").value() == "\xC3\xA4");
    CHECK_FALSE(read.settings.contains("b\xC3"));
    CHECK(read.settings.text("none").error().field == "settings.none");
    read.settings.set("api", "w");
    CHECK(read.settings.json() == R"({"\u0061pi":"w","b":"\u00E4"})");
    read.settings.erase("api");
    CHECK(read.settings.json() == R"({"b":"\u00E4"})");
}

TEST_CASE("settings that were null become an object with the first member") {
    connection read = with_members("", "null");
    CHECK(read.settings.is_null());
    read.settings.set("apiKey", config_reference("$OpenAI:Key"));
    CHECK(read.settings.json() == R"({"apiKey":"$OpenAI:Key"})");
}

TEST_CASE("streaming a connection shows neither settings nor unknown members") {
    connection const read = with_members(R"(,"planted":"planted-1")", R"({"apiKey":"planted-2","n":123987,"deep":{"k":"planted-3"},"on":true,"ref":"$Ref:Key","none":null})");
    std::string const text = streamed(read);
    CHECK(text.find("planted") == std::string::npos);
    CHECK(text.find("123987") == std::string::npos);
    CHECK(text.find("apiKey: ***") != std::string::npos);
    CHECK(text.find("on: true") != std::string::npos);
    CHECK(text.find("$Ref:Key") != std::string::npos);
    CHECK(text.find("alias: a") != std::string::npos);
}

// --- bad answers ---

namespace {

/// Every beginning of a good answer is a failure; the whole is a value.
template <Descriptor D>
void check_every_cut(int status, std::string_view whole, std::size_t shortest = 0) {
    REQUIRE(decode<D>(json(status, std::string(whole))).has_value());
    for (std::size_t size = shortest; size < whole.size(); ++size) {
        auto const decoded = decode<D>(json(status, std::string(whole.substr(0, size))));
        CAPTURE(whole.substr(0, size));
        REQUIRE_FALSE(decoded.has_value());
        bool const is_decode = decoded.error().who == fault::decode;
        CHECK(is_decode);
    }
}

}  // namespace

TEST_CASE("an answer cut at any byte is never a value") {
    check_every_cut<connections::list>(200, documented_page);
    check_every_cut<connections::list>(200, observed_page);
    check_every_cut<connections::with_capability>(200, documented_page);
    check_every_cut<connections::get>(200, documented_connection);
    check_every_cut<connections::get>(200, observed_connection);
    check_every_cut<connections::create>(201, documented_connection);
    check_every_cut<connections::create>(201, R"("3fa85f64-5717-4562-b3fc-2c963f66afa6")");
    // Without a byte it is the observed answer to an update.
    check_every_cut<connections::update>(200, documented_connection, 1);
    check_every_cut<connections::test>(200, R"({"success":false,"errorMessage":"Invalid API key"})");
    check_every_cut<connections::capabilities>(200, R"({"items":["Chat","Embedding"]})");
    check_every_cut<connections::capabilities>(200, R"(["Chat","Embedding"])");
    check_every_cut<connections::models>(200, documented_models);
    check_every_cut<connections::models>(200, observed_models);
}

namespace {

struct member_row {
    char const* name;
    char const* good;
    bool is_required;
    std::vector<char const*> wrong;  ///< Values of a wrong type.
};

std::string object_of(std::vector<member_row> const& rows, char const* changed, char const* value) {
    std::string text = "{";
    for (auto const& row : rows) {
        bool const is_changed = std::string_view(row.name) == changed;
        if (is_changed && value == nullptr) continue;
        if (text.size() > 1) text += ',';
        text.append(1, '"').append(row.name).append("\":").append(is_changed ? value : row.good);
    }
    return text + '}';
}

/// Each member with each wrong value, and left out: the failure names its path.
template <Descriptor D>
void check_members(std::vector<member_row> const& rows, std::string const& before, std::string const& after, std::string const& path) {
    REQUIRE(decode<D>(json(200, before + object_of(rows, "", nullptr) + after)).has_value());
    for (auto const& row : rows) {
        CAPTURE(row.name);
        std::string const here = path + '.' + row.name;
        for (char const* value : row.wrong) {
            CAPTURE(value);
            check_decode_failure<D>(before + object_of(rows, row.name, value) + after, errc::wrong_type, here);
        }
        if (row.is_required) check_decode_failure<D>(before + object_of(rows, row.name, nullptr) + after, errc::missing_member, here);
        else CHECK(decode<D>(json(200, before + object_of(rows, row.name, nullptr) + after)).has_value());
    }
}

std::vector<char const*> const no_text{"null", "true", "1", "[]", "{}"};
std::vector<char const*> const no_boolean{"null", "\"true\"", "1", "0", "[]", "{}"};

std::vector<member_row> connection_rows(bool has_settings) {
    std::vector<member_row> rows{{"id", R"("3fa85f64-5717-4562-b3fc-2c963f66afa6")", true, no_text},
                                 {"alias", "\"a\"", true, no_text},
                                 {"name", "\"n\"", true, no_text},
                                 {"providerId", "\"openai\"", true, no_text},
                                 {"isActive", "true", true, no_boolean},
                                 {"dateCreated", "\"d\"", false, {}},
                                 {"dateModified", "\"d\"", false, {}},
                                 {"version", "1", false, {"\"1\"", "1.5", "1e0", "true", "[]", "{}"}}};
    if (has_settings) rows.push_back({"settings", "{}", true, {}});
    return rows;
}

}  // namespace

TEST_CASE("a member of a wrong type or none is named by its path") {
    check_members<connections::get>(connection_rows(true), "", "", "$");
    check_members<connections::create>(connection_rows(true), "", "", "$");
    check_members<connections::update>(connection_rows(true), "", "", "$");
    check_members<connections::list>(connection_rows(false), R"({"total":2,"items":[)" + object_of(connection_rows(false), "", nullptr) + ",", "]}", "$.items[1]");
    check_members<connections::with_capability>(connection_rows(false), R"({"items":[)", R"(],"total":1})", "$.items[0]");
    check_members<connections::list>({{"items", "[]", true, {"null", "{}", "\"\"", "1", "true"}}, {"total", "0", true, {"null", "\"0\"", "0.0", "[]"}}}, "", "", "$");
    check_members<connections::test>({{"success", "true", true, no_boolean}, {"errorMessage", "null", false, {"true", "1", "[]", "{}"}}}, "", "", "$");
    check_members<connections::capabilities>({{"items", "[]", true, {"null", "{}", "\"Chat\"", "1"}}}, "", "", "$");
    check_members<connections::models>({{"id", "\"m\"", true, no_text}, {"name", "\"M\"", true, no_text}, {"capabilities", "[]", false, {"\"Chat\"", "1", "{}"}}}, R"({"items":[)", "]}",
                                       "$.items[0]");
    check_members<connections::models>({{"modelId", "\"m\"", false, no_text}, {"providerId", "\"p\"", false, no_text}}, R"([{"id":"m","name":"M","metadata":{"a":"b"},"model":)", "}]", "$[0].model");
    // Either spelling of the id will do; the documented one is named.
    check_decode_failure<connections::models>(R"([{"name":"M","metadata":{"a":"b"},"model":{"providerId":"p"}}])", errc::missing_member, "$[0].id");
    CHECK(decode<connections::models>(json(200, R"([{"name":"M","model":{"modelId":"m"}}])")).has_value());
}

TEST_CASE("an element of a wrong type is named by its index") {
    check_decode_failure<connections::capabilities>(R"(["Chat",5])", errc::wrong_type, "$[1]");
    check_decode_failure<connections::capabilities>(R"({"items":["Chat",null]})", errc::wrong_type, "$.items[1]");
    check_decode_failure<connections::models>(R"([{"id":"a","name":"b"},[]])", errc::wrong_type, "$[1]");
    check_decode_failure<connections::models>(R"([{"id":"a","name":"b","capabilities":["x",{}]}])", errc::wrong_type, "$[0].capabilities[1]");
    check_decode_failure<connections::list>(R"({"items":[null],"total":1})", errc::wrong_type, "$.items[0]");
}

TEST_CASE("a value that is no guid or out of range is invalid") {
    for (char const* text : {"", "x", "3fa85f64-5717-4562-b3fc-2c963f66afa", "3fa85f64-5717-4562-b3fc-2c963f66afa6 "}) {
        CAPTURE(text);
        check_decode_failure<connections::get>(replaced(documented_connection, id_text, text), errc::invalid_value, "$.id");
        check_decode_failure<connections::create>('"' + std::string(text) + '"', errc::invalid_value, "$");
    }
    check_decode_failure<connections::list>(R"({"items":[],"total":9223372036854775808})", errc::invalid_value, "$.total");
    CHECK(value_of<connections::list>(json(200, R"({"items":[],"total":9223372036854775807})")).total == 9223372036854775807);
    CHECK(value_of<connections::list>(json(200, R"({"items":[],"total":-0})")).total == 0);
}

TEST_CASE("a JSON value of another kind than the answer is refused") {
    for (char const* text : {"null", "true", "1", "\"x\""}) {
        CAPTURE(text);
        check_decode_failure<connections::list>(text, errc::wrong_type);
        check_decode_failure<connections::get>(text, errc::wrong_type);
        check_decode_failure<connections::test>(text, errc::wrong_type);
        check_decode_failure<connections::capabilities>(text, errc::wrong_type);
        check_decode_failure<connections::models>(text, errc::wrong_type);
        check_decode_failure<connections::update>(text, errc::wrong_type);
    }
    check_decode_failure<connections::list>("[]", errc::wrong_type);
    check_decode_failure<connections::get>("[]", errc::wrong_type);
    for (char const* text : {"null", "true", "1", "[]"}) check_decode_failure<connections::create>(text, errc::wrong_type);
}

TEST_CASE("an empty answer is refused where JSON is expected") {
    CHECK(failure_of<connections::list>(empty(200)).code == make_error_code(errc::empty_body));
    CHECK(failure_of<connections::get>(empty(200)).code == make_error_code(errc::empty_body));
    CHECK(failure_of<connections::test>(empty(200)).code == make_error_code(errc::empty_body));
    CHECK(failure_of<connections::capabilities>(empty(200)).code == make_error_code(errc::empty_body));
    CHECK(failure_of<connections::with_capability>(empty(200)).code == make_error_code(errc::empty_body));
    CHECK(failure_of<connections::models>(empty(200)).code == make_error_code(errc::empty_body));
    check_decode_failure<connections::list>(" \n", errc::malformed_json);
}

TEST_CASE("nesting of 100000 levels is refused wherever it stands") {
    std::string const arrays(100000, '[');
    std::string objects;
    for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
    for (std::string const& deep : {arrays, objects}) {
        check_decode_failure<connections::list>("{\"x\":" + deep, errc::nested_too_deep);
        check_decode_failure<connections::get>("{\"x\":" + deep, errc::nested_too_deep);
        check_decode_failure<connections::get>("{\"settings\":" + deep, errc::nested_too_deep, "$.settings");
        check_decode_failure<connections::get>("{\"dateCreated\":" + deep, errc::nested_too_deep, "$.dateCreated");
        check_decode_failure<connections::models>("[{\"model\":{\"x\":" + deep, errc::nested_too_deep, "$[0].model");
        check_decode_failure<connections::list>("{\"items\":[{\"x\":" + deep, errc::nested_too_deep, "$.items[0]");
    }
    check_decode_failure<connections::capabilities>(arrays, errc::wrong_type, "$[0]");
}

TEST_CASE("settings of an answer may nest deeper than settings that are given") {
    std::string const deep = std::string(40, '[') + std::string(40, ']');
    CHECK(with_members("", "{\"a\":" + deep + "}").settings.find("a") == deep);
}

TEST_CASE("a body of 100 MB is refused without trouble") {
    http_response huge = json(200, std::string(std::size_t{100} << 20, '\xFF'));
    CHECK(failure_of<connections::list>(huge).code == make_error_code(errc::malformed_json));
    huge.body[0] = '"';
    CHECK(failure_of<connections::create>(huge).code == make_error_code(errc::invalid_utf8));
    huge.status = 400;
    CHECK(failure_of<connections::list>(huge).problem.empty());
}

TEST_CASE("long runs of blanks and text are read to their end") {
    constexpr std::size_t size = std::size_t{8} << 20;
    check_decode_failure<connections::list>(std::string(size, ' '), errc::malformed_json);
    check_decode_failure<connections::get>("{\"alias\":\"" + std::string(size, 'x'), errc::malformed_json, "$.alias");
    CHECK(with_members(",\"x\":\"" + std::string(size, 'x') + "\"").unknown.find("x").size() == size + 2);
}

TEST_CASE("bytes that are not UTF-8 are refused wherever they stand") {
    for (char const* bytes : {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82", "\xF8\x88\x80\x80\x80"}) {
        check_decode_failure<connections::get>(replaced(documented_connection, "openai-prod", bytes), errc::invalid_utf8, "$.alias");
        check_decode_failure<connections::get>(replaced(documented_connection, "sk-***", bytes), errc::invalid_utf8, "$.settings");
        check_decode_failure<connections::get>("{\"" + std::string(bytes) + "\":1}", errc::invalid_utf8);
        check_decode_failure<connections::list>("{\"x\":{\"y\":[\"" + std::string(bytes) + "\"]}}", errc::invalid_utf8);
        check_decode_failure<connections::get>(replaced(documented_connection, "2024-01-15T10:30:00Z", bytes), errc::invalid_utf8, "$.dateCreated");
    }
    check_decode_failure<connections::list>("\xFF\xFE{\0}", errc::malformed_json);
}

TEST_CASE("text that is no JSON is refused") {
    for (std::string const& text : {std::string("hello"), std::string("{"), std::string("}"), std::string("{]"), std::string("{\"a\"}"), std::string("{\"a\":}"), std::string("{\"a\":1,}"),
                                    std::string("{,}"), std::string("{a:1}"), std::string("{'a':1}"), std::string("{\"a\":01}"), std::string("{\"a\":1.}"), std::string("{\"a\":.5}"),
                                    std::string("{\"a\":+1}"), std::string("{\"a\":1e}"), std::string("{\"a\":-}"), std::string("{\"a\":NaN}"), std::string("{\"a\":True}"),
                                    std::string("{\"a\":nul}"), std::string("{\"a\":\"\\x\"}"), std::string("{\"a\":\"\\u12\"}"), std::string("{\"a\":\"\\ud800\"}"),
                                    std::string("{\"a\":\"\\udc00\"}"), std::string("{\"a\":\"\\ud800\\ud800\"}"), std::string("{\"a\":\"\\ud800x\"}"), std::string("{\"a\":\"\n\"}"),
                                    std::string("{\"a\":\"\t\"}"), std::string("{\"a\":\"\0\"}", 9), std::string("{\"a\":1}x"), std::string("{\"a\":1}{}"), std::string("{\"a\":1 2}"),
                                    std::string("{/**/}"), std::string("\0", 1)}) {
        CAPTURE(text);
        failure const reason = failure_of<connections::list>(json(200, text));
        CHECK(reason.who == fault::decode);
        bool const known = reason.code == make_error_code(errc::malformed_json) || reason.code == make_error_code(errc::missing_member);
        CHECK(known);
    }
    check_decode_failure<connections::list>(std::string(documented_page) + "x", errc::malformed_json);
    check_decode_failure<connections::list>(std::string(documented_page) + std::string(1, '\0'), errc::malformed_json);
    check_decode_failure<connections::get>(std::string(documented_connection) + std::string(documented_connection), errc::malformed_json);
    check_decode_failure<connections::create>(std::string("\"") + std::string(id_text) + "\"]", errc::malformed_json);
    check_decode_failure<connections::get>(replaced(documented_connection, "openai-prod", "\\uD800"), errc::malformed_json, "$.alias");
    check_decode_failure<connections::get>(replaced(documented_connection, "openai-prod", "\x01"), errc::malformed_json, "$.alias");
    CHECK(decode<connections::list>(json(200, "\n" + std::string(documented_page) + " \r\n\t")).has_value());
}

TEST_CASE("a byte order mark before an answer is passed over") {
    std::string const mark = "\xEF\xBB\xBF";
    CHECK(decode<connections::list>(json(200, mark + std::string(documented_page))).has_value());
    CHECK(decode<connections::get>(json(200, mark + std::string(observed_connection))).has_value());
    CHECK(decode<connections::create>(json(201, mark + std::string(documented_connection))).has_value());
    CHECK(decode<connections::create>(json(201, mark + R"("3fa85f64-5717-4562-b3fc-2c963f66afa6")")).has_value());
    CHECK(decode<connections::update>(json(200, mark + std::string(documented_connection))).has_value());
    CHECK(decode<connections::test>(json(200, mark + R"({"success":true})")).has_value());
    CHECK(decode<connections::capabilities>(json(200, mark + "[]")).has_value());
    CHECK(decode<connections::with_capability>(json(200, mark + std::string(observed_page))).has_value());
    CHECK(decode<connections::models>(json(200, mark + std::string(observed_models))).has_value());
    CHECK(failure_of<connections::get>(json(404, mark + std::string(observed_problem))).problem.operation_status == "NotFound");
    CHECK_FALSE(decode<connections::list>(json(200, mark + mark + std::string(documented_page))).has_value());
    CHECK_FALSE(decode<connections::capabilities>(json(200, " " + mark + "[]")).has_value());
}

TEST_CASE("a decode failure never holds text of the answer") {
    std::string const planted = "planted-Ab3xYz9";
    std::vector<std::string> const bodies{
        planted,
        '"' + planted + '"',
        "[\"" + planted + "\",",
        "{\"" + planted + "\":1",
        "{\"" + planted + "\":1}",
        "{\"alias\":\"" + planted + "\"}",
        "{\"alias\":\"" + planted + "\xFF\"}",
        "{\"id\":\"" + planted + "\"}",
        "{\"settings\":{\"apiKey\":\"" + planted + "\"}}",
        "{\"settings\":{\"" + planted + "\":[}}",
        "{\"isActive\":\"" + planted + "\"}",
        "{\"version\":\"" + planted + "\",\"total\":\"" + planted + "\",\"items\":\"" + planted + "\"}",
        "{\"items\":[{\"alias\":\"" + planted + "\"}]}",
        "[{\"name\":\"" + planted + "\",\"metadata\":{\"" + planted + "\":1}}]",
        "{\"success\":\"" + planted + "\"}",
        std::string(documented_connection) + planted,
    };
    auto const check = [&](auto const& decoded) {
        REQUIRE_FALSE(decoded.has_value());
        CHECK(texts_of(decoded.error()).find("planted") == std::string::npos);
    };
    for (std::string const& body_bytes : bodies) {
        CAPTURE(body_bytes);
        check(decode<connections::list>(json(200, body_bytes)));
        check(decode<connections::get>(json(200, body_bytes)));
        check(decode<connections::create>(json(201, body_bytes)));
        check(decode<connections::update>(json(200, body_bytes)));
        check(decode<connections::test>(json(200, body_bytes)));
        if (body_bytes.front() == '{' || body_bytes.back() != ']') check(decode<connections::models>(json(200, body_bytes)));
    }
}

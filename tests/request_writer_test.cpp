// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>

#include <string>
#include <string_view>
#include <utility>

using namespace umbraco_ai;

namespace {

request_writer writer_to(std::string_view url) { return request_writer(base_url::parse(url).value()); }

connection some_connection() {
    return read_json<connection>(R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"B\u00fcro","providerId":"openai","isActive":true,"settings":{"apiKey":"$A:B"},"more":[1.0]})").value();
}

}  // namespace

TEST_CASE("a GET is written as the bytes of its request") {
    request_writer writer = writer_to("https://cms.example.com");
    REQUIRE(writer.write(connections::get("openai-prod")));
    CHECK(writer.head() == "GET /umbraco/ai/management/api/v1/connections/openai-prod HTTP/1.1\r\nHost: cms.example.com\r\nAccept: application/json\r\n\r\n");
    CHECK(writer.body().empty());
    REQUIRE(writer.write(connections::list(take(50), filter("a b&c"))));
    CHECK(writer.head().starts_with("GET /umbraco/ai/management/api/v1/connections?take=50&filter=a%20b%26c HTTP/1.1\r\n"));
}

TEST_CASE("the fields of a body stand where there is one, and its length where a server expects it") {
    request_writer writer = writer_to("http://[::1]:8080/site/umbraco");
    connection const read = some_connection();
    REQUIRE(writer.write(connections::update(read.id, connection_update(read))));
    CHECK(writer.body() == "{\"alias\":\"openai-prod\",\"name\":\"B\xC3\xBCro\",\"isActive\":true,\"settings\":{\"apiKey\":\"$A:B\"},\"more\":[1.0]}");
    CHECK(writer.head() == "PUT /site/umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6 HTTP/1.1\r\nHost: [::1]:8080\r\n"
                           "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: " +
                               std::to_string(writer.body().size()) + "\r\n\r\n");
    REQUIRE(writer.write(connections::test("a")));
    CHECK(writer.head().ends_with("Accept: application/json\r\nContent-Length: 0\r\n\r\n"));
    REQUIRE(writer.write(connections::remove(read.id)));
    CHECK(writer.head().starts_with("DELETE /site/"));
    CHECK(writer.head().ends_with("Accept: application/json\r\n\r\n"));
}

TEST_CASE("what the writer writes is what build_request makes") {
    request_writer writer = writer_to("https://cms.example.com");
    auto const compare = [&](auto const& call) {
        auto const request = build_request(call);
        REQUIRE(request.has_value());
        REQUIRE(writer.write(call));
        std::string line(to_string(request->method));
        line += ' ' + request->target + " HTTP/1.1\r\n";
        CHECK(writer.head().starts_with(line));
        CHECK(writer.body() == request->body);
        for (auto const& field : request->headers) CHECK(writer.head().find(std::string(field.name).append(": ").append(field.value).append("\r\n")) != std::string_view::npos);
    };
    guid const id = *guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6");
    compare(connections::list());
    compare(connections::list(provider_id("x/y"), skip(3)));
    compare(connections::get("\xC3\xBC\xC3\xA4 longer than fifteen bytes"));
    compare(connections::get(id));
    compare(connections::create(connection_draft("a", "b", "openai")));
    compare(connections::update(id, connection_update("a", "b", true, wipe_settings)));
    compare(connections::remove(id));
    compare(connections::test(id));
    compare(connections::capabilities());
    compare(connections::with_capability(capability::chat()));
    compare(connections::models("a"));
}

TEST_CASE("a token goes with each request, and only where it may go") {
    request_writer writer = writer_to("https://cms.example.com");
    REQUIRE(writer.authorize(bearer_token("first")));
    REQUIRE(writer.authorize(bearer_token("second-token")));
    for (int i = 0; i < 2; ++i) {
        REQUIRE(writer.write(connections::get("a")));
        CHECK(writer.head().ends_with("\r\nAccept: application/json\r\nAuthorization: Bearer second-token\r\n\r\n"));
    }
    CHECK(writer.authorize(bearer_token("with\r\nline")).error().who == fault::usage);
    CHECK(writer_to("http://cms.example.com").authorize(bearer_token("x")).error().code == make_error_code(errc::insecure_origin));
    CHECK(writer_to("http://localhost:5080").authorize(bearer_token("x")));
}

TEST_CASE("nothing is written of a call that cannot be sent") {
    request_writer writer = writer_to("https://cms.example.com");
    REQUIRE(writer.write(connections::get("a")));
    auto const refused = writer.write(connections::get("a/b"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == build_request(connections::get("a/b")).error());
    CHECK(writer.head().empty());
    CHECK(writer.body().empty());
}

TEST_CASE("memory is used again") {
    request_writer writer = writer_to("https://cms.example.com");
    connection const read = some_connection();
    connections::update const put(read.id, connection_update(read));
    REQUIRE(writer.write(put));
    char const* const head = writer.head().data();
    char const* const body = writer.body().data();
    for (int i = 0; i < 3; ++i) {
        REQUIRE(writer.write(connections::get("a")));
        CHECK(writer.head().data() == head);
        REQUIRE(writer.write(put));
        CHECK(writer.head().data() == head);
        CHECK(writer.body().data() == body);
    }
}

TEST_CASE("a request is written into fixed memory, or not at all") {
    request_writer const writer = writer_to("https://cms.example.com");
    char head_bytes[160];
    char body_bytes[96];
    fixed_buffer head(head_bytes, sizeof head_bytes);
    fixed_buffer body(body_bytes, sizeof body_bytes);
    REQUIRE(writer.write(connections::get("a"), head, body));
    CHECK(head.view().starts_with("GET "));
    CHECK(head.view().ends_with("\r\n\r\n"));
    head.clear();
    std::string const long_name(200, 'n');
    auto const refused = writer.write(connections::create(connection_draft("a", long_name, "openai")), head, body);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == make_error_code(errc::buffer_too_small));
}

namespace {

/// A parameter of a user's that can be appended to a string only.
class colour {
public:
    static constexpr fixed_string parameter_name{"colour"};
    explicit colour(std::string text) : value(std::move(text)) {}
    std::string value;
    [[nodiscard]] result<void> check(http_method) const { return result<void>::ok(); }
    void append_to(std::string& text) const { text += value; }
};

}  // namespace

TEST_CASE("a parameter that knows strings only is percent-encoded too") {
    using paint = endpoint<"GET /paint/{colour}", path<colour>, returns<bool>>;
    CHECK(build_request(paint(colour("light blue")), "").value().target == "/paint/light%20blue");
}

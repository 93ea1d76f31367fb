// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::scripted_transport;

namespace {

constexpr std::string_view id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

guid some_id() { return *guid::parse(id_text); }

/// A request as one text, so that a golden answer is one literal.
std::string shown(http_request const& request) {
    std::string text(to_string(request.method));
    text += ' ' + request.target + '\n';
    for (auto const& header : request.headers) text.append(header.name).append(": ").append(header.value) += '\n';
    return text + '\n' + request.body;
}

template <Descriptor D>
std::string bytes_of(D const& call, std::string_view base_path = "") {
    auto const request = build_request(call, base_path);
    INFO((request ? std::string() : request.error().to_string()));
    REQUIRE(request.has_value());
    return shown(*request);
}

template <Descriptor D>
std::string target_of(D const& call) {
    auto const request = build_request(call, "");
    INFO((request ? std::string() : request.error().to_string()));
    REQUIRE(request.has_value());
    return request->target;
}

/// What a call that cannot be sent says, after making sure that no byte of it goes anywhere.
template <Descriptor D>
failure refusal(D const& call) {
    auto const request = build_request(call);
    REQUIRE_FALSE(request.has_value());

    std::string target;
    std::string body_bytes;
    auto const written = build_request(call, api_base_path, target, body_bytes);
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error() == request.error());
    CHECK(target.empty());
    CHECK(body_bytes.empty());

    scripted_transport script;
    client cms(script, "https://cms.example.com");
    auto const answered = cms.call(call);
    REQUIRE_FALSE(answered.has_value());
    CHECK(answered.error() == request.error());
    CHECK(script.requests().empty());

    failure const& reason = request.error();
    CHECK(reason.who == fault::usage);
    CHECK_FALSE(reason.message.empty());
    CHECK(reason.message.back() == '.');
    CHECK(reason.status == 0);
    CHECK(reason.attempts == 0);
    CHECK_FALSE(reason.possibly_applied);
    return reason;
}

template <Descriptor D>
void check_refused(D const& call, std::string_view field_name, errc code = errc::invalid_argument) {
    failure const reason = refusal(call);
    CAPTURE(reason.to_string());
    CHECK(reason.field == field_name);
    CHECK(reason.code == make_error_code(code));
}

connection_draft draft() { return connection_draft("openai-prod", "OpenAI", "openai"); }

connection_draft draft_with(std::string_view settings_json) {
    connection_draft made = draft();
    made.settings.set("x", settings_value::from_json(settings_json));
    return made;
}

std::string nested(std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += R"({"a":)";
    text += '1';
    return text.append(levels, '}');
}

connection read_connection(std::string_view alias_json, std::string_view name_json, std::string_view settings_json) {
    std::string text = R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":)";
    text.append(alias_json).append(R"(,"name":)").append(name_json);
    text.append(R"(,"providerId":"openai","isActive":true,"settings":)").append(settings_json).append("}");
    auto read = read_json<connection>(text);
    REQUIRE(read.has_value());
    return *std::move(read);
}

connections::update put_back(connection read) {
    guid const id = read.id;
    return connections::update(id, connection_update(std::move(read)));
}

}  // namespace

// --- the nine requests, byte for byte ---

TEST_CASE("list is a GET without query where nothing is asked") {
    CHECK(bytes_of(connections::list(), api_base_path) == "GET /umbraco/ai/management/api/v1/connections\nAccept: application/json\n\n");
}

TEST_CASE("list writes its query in the order of the documentation") {
    CHECK(bytes_of(connections::list(provider_id("openai"), filter("prod"), take(50), skip(100))) ==
          "GET /connections?skip=100&take=50&filter=prod&providerId=openai\nAccept: application/json\n\n");
}

TEST_CASE("get names a connection by alias or id") {
    CHECK(bytes_of(connections::get("openai-prod"), api_base_path) ==
          "GET /umbraco/ai/management/api/v1/connections/openai-prod\nAccept: application/json\n\n");
    CHECK(bytes_of(connections::get(some_id())) == "GET /connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\nAccept: application/json\n\n");
}

TEST_CASE("create posts the whole draft") {
    connection_draft made = draft();
    CHECK(bytes_of(connections::create(made), api_base_path) ==
          "POST /umbraco/ai/management/api/v1/connections\nAccept: application/json\nContent-Type: application/json\n\n"
          R"({"alias":"openai-prod","name":"OpenAI","providerId":"openai","isActive":true,"settings":null})");
    made.is_active = false;
    made.settings = {{"apiKey", secret("sk-1")}, {"organizationId", "org"}};
    CHECK(bytes_of(connections::create(made)) ==
          "POST /connections\nAccept: application/json\nContent-Type: application/json\n\n"
          R"({"alias":"openai-prod","name":"OpenAI","providerId":"openai","isActive":false,"settings":{"apiKey":"sk-1","organizationId":"org"}})");
}

TEST_CASE("update puts alias and name and state and settings") {
    connection_update const state("renamed", "New name", false, settings{{"apiKey", config_reference("OpenAI:ApiKey")}});
    CHECK(bytes_of(connections::update(some_id(), state), api_base_path) ==
          "PUT /umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\n"
          "Accept: application/json\nContent-Type: application/json\n\n"
          R"({"alias":"renamed","name":"New name","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}})");
}

TEST_CASE("update wipes the settings where that is said") {
    CHECK(bytes_of(connections::update(some_id(), connection_update("a", "n", true, wipe_settings))) ==
          "PUT /connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\nAccept: application/json\nContent-Type: application/json\n\n"
          R"({"alias":"a","name":"n","isActive":true,"settings":null})");
}

TEST_CASE("remove is a DELETE by id without a body") {
    CHECK(bytes_of(connections::remove(some_id()), api_base_path) ==
          "DELETE /umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\nAccept: application/json\n\n");
}

TEST_CASE("test is a POST without body and content type") {
    CHECK(bytes_of(connections::test("openai-prod"), api_base_path) ==
          "POST /umbraco/ai/management/api/v1/connections/openai-prod/test\nAccept: application/json\n\n");
}

TEST_CASE("capabilities have a route of their own") {
    CHECK(bytes_of(connections::capabilities(), api_base_path) ==
          "GET /umbraco/ai/management/api/v1/connections/capabilities\nAccept: application/json\n\n");
}

TEST_CASE("with_capability asks the documented route") {
    CHECK(bytes_of(connections::with_capability(capability::chat()), api_base_path) ==
          "GET /umbraco/ai/management/api/v1/connections/capabilities/Chat\nAccept: application/json\n\n");
    CHECK(target_of(connections::with_capability(capability::speech_to_text())) == "/connections/capabilities/SpeechToText");
}

TEST_CASE("models are asked of one connection") {
    CHECK(bytes_of(connections::models("openai-prod"), api_base_path) ==
          "GET /umbraco/ai/management/api/v1/connections/openai-prod/models\nAccept: application/json\n\n");
}

TEST_CASE("the list by capability is the undocumented query") {
    CHECK(target_of(connections::list_with_capability(capability::embedding(), take(7))) == "/connections?capability=Embedding&take=7");
}

TEST_CASE("a descriptor knows its method and route and whether it may be repeated") {
    static_assert(connections::list::method == http_method::get && !connections::list::has_body);
    static_assert(connections::create::method == http_method::post && connections::create::has_body);
    static_assert(connections::update::method == http_method::put && connections::update::has_body);
    static_assert(connections::remove::method == http_method::delete_ && !connections::remove::has_body);
    static_assert(connections::test::method == http_method::post && !connections::test::has_body);
    static_assert(connections::list::repeat == repeat_class::safe && connections::get::repeat == repeat_class::safe);
    static_assert(connections::models::repeat == repeat_class::safe && connections::capabilities::repeat == repeat_class::safe);
    static_assert(connections::create::repeat == repeat_class::once && connections::test::repeat == repeat_class::once);
    static_assert(connections::update::repeat == repeat_class::replace && connections::remove::repeat == repeat_class::remove);
    static_assert(connections::models::route_text == "GET /connections/{idOrAlias}/models");
    static_assert(connections::with_capability::route_text == "GET /connections/capabilities/{capability}");
    CHECK(connections::create::route_text == "POST /connections");
}

// --- what compiles ---

TEST_CASE("a call that the API cannot mean does not compile") {
    using namespace connections;
    static_assert(std::is_constructible_v<connections::list>);
    static_assert(!std::is_constructible_v<connections::list, umbraco_ai::skip, umbraco_ai::skip>);
    static_assert(!std::is_constructible_v<connections::list, umbraco_ai::skip, umbraco_ai::take, umbraco_ai::skip>);
    static_assert(!std::is_constructible_v<connections::list, capability>);
    static_assert(!std::is_constructible_v<connections::list, int>);
    static_assert(!std::is_constructible_v<connections::list, char const*>);
    static_assert(!std::is_constructible_v<connections::get>);
    static_assert(std::is_constructible_v<connections::get, char const*>);
    static_assert(std::is_constructible_v<connections::get, std::string>);
    static_assert(std::is_constructible_v<connections::get, guid>);
    static_assert(!std::is_constructible_v<connections::get, id_or_alias, umbraco_ai::skip>);
    static_assert(!std::is_constructible_v<connections::create>);
    static_assert(!std::is_constructible_v<connections::create, connection>);
    static_assert(!std::is_constructible_v<connections::update, guid>);
    static_assert(!std::is_constructible_v<connections::update, char const*, connection_update>);
    static_assert(!std::is_constructible_v<connections::update, guid, connection>);
    static_assert(!std::is_constructible_v<connections::update, guid, connection_draft>);
    static_assert(!std::is_constructible_v<connections::remove, char const*>);
    static_assert(!std::is_constructible_v<connection_update, std::string, std::string, bool>);
    static_assert(!std::is_constructible_v<connection_update, std::string, std::string, bool, std::nullptr_t>);
    static_assert(!std::is_convertible_v<connection, connection_update>);
    static_assert(!std::is_convertible_v<std::int64_t, umbraco_ai::take>);
    static_assert(!std::is_aggregate_v<connections::list> && !std::is_aggregate_v<connection_draft> && !std::is_aggregate_v<connection>);
    static_assert(!std::is_aggregate_v<connection_update> && !std::is_aggregate_v<http_request> && !std::is_aggregate_v<client_options>);
    static_assert(!std::is_aggregate_v<call_options> && !std::is_aggregate_v<page<connection_item>> && !std::is_aggregate_v<failure>);
    static_assert(!std::is_aggregate_v<created_connection> && !std::is_aggregate_v<updated_connection> && !std::is_aggregate_v<nothing>);
    SUCCEED();
}

// --- queries: any subset, any order ---

namespace {

std::string expected_query(bool has_skip, bool has_take, bool has_filter, bool has_provider) {
    std::string text = "/connections";
    char separator = '?';
    auto const add = [&](bool has, char const* pair) {
        if (has) text.append(1, std::exchange(separator, '&')).append(pair);
    };
    add(has_skip, "skip=3");
    add(has_take, "take=4");
    add(has_filter, "filter=a%20b");
    add(has_provider, "providerId=openai");
    return text;
}

template <class T, class... Given>
inline constexpr bool has = (std::is_same_v<T, Given> || ...);

/// Calls `list` with what is given, then with each parameter that is not, behind it: all 65 subsets in all their orders.
template <class... Given>
int try_orders(Given... given) {
    CHECK(target_of(connections::list(given...)) == expected_query(has<skip, Given...>, has<take, Given...>, has<filter, Given...>, has<provider_id, Given...>));
    int tried = 1;
    if constexpr (!has<skip, Given...>) tried += try_orders(given..., skip(3));
    if constexpr (!has<take, Given...>) tried += try_orders(given..., take(4));
    if constexpr (!has<filter, Given...>) tried += try_orders(given..., filter("a b"));
    if constexpr (!has<provider_id, Given...>) tried += try_orders(given..., provider_id("openai"));
    return tried;
}

}  // namespace

TEST_CASE("list takes every subset of its parameters in every order") { CHECK(try_orders() == 65); }

// --- percent-encoding and base paths ---

TEST_CASE("everything but unreserved characters is percent-encoded in a query") {
    std::string_view const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (int c = 0; c < 128; ++c) {
        CAPTURE(c);
        std::string const text(1, static_cast<char>(c));
        std::ostringstream expected;
        if (plain.find(text) != std::string_view::npos) expected << text;
        else expected << '%' << std::uppercase << std::hex << (c < 16 ? "0" : "") << c;
        CHECK(target_of(connections::list(filter(text))) == "/connections?filter=" + expected.str());
    }
}

TEST_CASE("everything but unreserved characters is percent-encoded in a path") {
    CHECK(target_of(connections::get("a b")) == "/connections/a%20b");
    CHECK(target_of(connections::get(" a ")) == "/connections/%20a%20");
    CHECK(target_of(connections::get("a%2Fb")) == "/connections/a%252Fb");
    CHECK(target_of(connections::get("?#[]@!$&'()*+,;=:")) == "/connections/%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A");
    CHECK(target_of(connections::get("a\\b\"<>^`{|}")) == "/connections/a%5Cb%22%3C%3E%5E%60%7B%7C%7D");
    CHECK(target_of(connections::get("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")) == "/connections/%C3%A4%E2%82%AC%F0%9F%98%80");
    CHECK(target_of(connections::get("...")) == "/connections/...");
    CHECK(target_of(connections::models("a b")) == "/connections/a%20b/models");
    CHECK(target_of(connections::test("a?b")) == "/connections/a%3Fb/test");
}

TEST_CASE("a query value cannot add parameters") {
    CHECK(target_of(connections::list(filter("x&take=0#"), provider_id("a=b"))) == "/connections?filter=x%26take%3D0%23&providerId=a%3Db");
}

TEST_CASE("numbers of a query are decimal up to 2147483647") {
    CHECK(target_of(connections::list(skip(0), take(1))) == "/connections?skip=0&take=1");
    CHECK(target_of(connections::list(skip(2147483647), take(2147483647))) == "/connections?skip=2147483647&take=2147483647");
}

TEST_CASE("an empty or blank filter is sent as it is") {
    CHECK(target_of(connections::list(filter(""))) == "/connections?filter=");
    CHECK(target_of(connections::list(filter(" "))) == "/connections?filter=%20");
}

TEST_CASE("the base path stands before every route") {
    CHECK(target_of(connections::capabilities()) == "/connections/capabilities");
    auto const request = build_request(connections::get("a"), "/site/umbraco/ai/management/api/v1");
    REQUIRE(request.has_value());
    CHECK(request->target == "/site/umbraco/ai/management/api/v1/connections/a");
    auto const usual = build_request(connections::get("a"));
    REQUIRE(usual.has_value());
    CHECK(usual->target == "/umbraco/ai/management/api/v1/connections/a");
}

TEST_CASE("text in the form of a guid is an id in every form that servers take") {
    for (char const* text : {"3fa85f64-5717-4562-b3fc-2c963f66afa6", "3FA85F64-5717-4562-B3FC-2C963F66AFA6", "3fa85f6457174562b3fc2c963f66afa6",
                             "{3fa85f64-5717-4562-b3fc-2c963f66afa6}", "(3fa85f64-5717-4562-b3fc-2c963f66afa6)"}) {
        CAPTURE(text);
        id_or_alias const which(text);
        CHECK(which.id() == some_id());
        CHECK(which.alias().empty());
        CHECK(target_of(connections::get(which)) == "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6");
    }
    for (char const* text : {"3fa85f64-5717-4562-b3fc-2c963f66afa", "3fa85f64-5717-4562-b3fc-2c963f66afag", "3fa85f645-717-4562-b3fc-2c963f66afa6",
                             "{3fa85f64-5717-4562-b3fc-2c963f66afa6)", " 3fa85f64-5717-4562-b3fc-2c963f66afa6", "{3fa85f6457174562b3fc2c963f66afa6}"}) {
        CAPTURE(text);
        id_or_alias const which(text);
        CHECK_FALSE(which.id().has_value());
        CHECK(which.alias() == text);
    }
}

// --- the parts of an http_request ---

TEST_CASE("a request has no origin and no credentials and no more headers than it needs") {
    auto const got = build_request(connections::get("a"));
    REQUIRE(got.has_value());
    CHECK(got->method == http_method::get);
    CHECK(got->origin == http_origin());
    CHECK(got->headers.size() == 1);
    CHECK(got->body.empty());
    CHECK(got->limits == http_limits());

    auto const created = build_request(connections::create(draft()));
    REQUIRE(created.has_value());
    CHECK(created->headers.size() == 2);
    REQUIRE(created->headers.find("content-type"));
    CHECK(*created->headers.find("CONTENT-TYPE") == "application/json");
    CHECK_FALSE(created->headers.contains("Authorization"));
    CHECK_FALSE(created->headers.contains("Host"));
    CHECK_FALSE(created->headers.contains("Content-Length"));
}

TEST_CASE("a request streams as its method and target alone") {
    connection_draft secretive = draft();
    secretive.settings = {{"apiKey", "sk-planted"}};
    auto request = build_request(connections::create(secretive));
    REQUIRE(request.has_value());
    request->headers.add("Authorization", "Bearer planted");
    std::ostringstream out;
    out << *request;
    CHECK(out.str() == "POST /umbraco/ai/management/api/v1/connections");
}

// --- sinks ---

TEST_CASE("a reused string takes one request after the other") {
    std::string target;
    std::string body_bytes;
    for (char const* alias : {"first", "second"}) {
        target.clear();
        body_bytes.clear();
        REQUIRE(build_request(connections::get(alias), "", target, body_bytes).has_value());
        CHECK(target == std::string("/connections/") + alias);
        CHECK(body_bytes.empty());
    }
    REQUIRE(build_request(connections::create(draft()), "", target, body_bytes).has_value());
    CHECK(target == "/connections/second/connections");
    CHECK(body_bytes == R"({"alias":"openai-prod","name":"OpenAI","providerId":"openai","isActive":true,"settings":null})");
}

TEST_CASE("a fixed buffer takes exactly what fits") {
    std::string target;
    std::string body_bytes;
    REQUIRE(build_request(connections::create(draft()), api_base_path, target, body_bytes).has_value());
    std::vector<char> memory(target.size());
    std::vector<char> body_memory(body_bytes.size());
    {
        fixed_buffer exact(memory.data(), memory.size());
        fixed_buffer exact_body(body_memory.data(), body_memory.size());
        REQUIRE(build_request(connections::create(draft()), api_base_path, exact, exact_body).has_value());
        CHECK(exact.view() == target);
        CHECK(exact_body.view() == body_bytes);
    }
    for (bool const small_target : {true, false}) {
        CAPTURE(small_target);
        fixed_buffer first(memory.data(), memory.size() - (small_target ? 1 : 0));
        fixed_buffer second(body_memory.data(), body_memory.size() - (small_target ? 0 : 1));
        auto const written = build_request(connections::create(draft()), api_base_path, first, second);
        REQUIRE_FALSE(written.has_value());
        CHECK(written.error().code == make_error_code(errc::buffer_too_small));
        CHECK(written.error().who == fault::usage);
        CHECK_FALSE(written.error().message.empty());
    }
}

TEST_CASE("a fixed buffer of every size but the right one is too small") {
    std::string target;
    std::string none;
    REQUIRE(build_request(connections::list(take(5), filter("\xC3\xA4")), api_base_path, target, none).has_value());
    for (std::size_t size = 0; size < target.size(); ++size) {
        std::vector<char> memory(size);
        fixed_buffer small(memory.data(), memory.size());
        fixed_buffer empty(nullptr, 0);
        auto const written = build_request(connections::list(take(5), filter("\xC3\xA4")), api_base_path, small, empty);
        REQUIRE_FALSE(written.has_value());
        CHECK(small.overflowed());
        small.clear();
        CHECK_FALSE(small.overflowed());
        CHECK(small.view().empty());
    }
}

TEST_CASE("anything that appends bytes is a sink") {
    class counting_sink {
    public:
        std::size_t count = 0;
        void append(char const*, std::size_t size) { count += size; }
    };
    static_assert(Sink<counting_sink> && Sink<std::string> && Sink<fixed_buffer> && !Sink<int>);
    counting_sink target;
    counting_sink body_bytes;
    REQUIRE(build_request(connections::create(draft()), "", target, body_bytes).has_value());
    CHECK(target.count == std::string_view("/connections").size());
    CHECK(body_bytes.count == 93);
}

// --- refusals: a new connection, and a rename ---

namespace {

connections::create creating(std::string alias, bool any = false) {
    connection_draft made(std::move(alias), "n", "openai");
    made.any_alias = any;
    return connections::create(std::move(made));
}

connections::update renaming(std::string alias, bool any = false) {
    connection_update made(std::move(alias), "n", true, settings());
    made.any_alias = any;
    return connections::update(some_id(), std::move(made));
}

}  // namespace

TEST_CASE("an alias of small letters and digits and hyphens up to 100 is good") {
    for (std::string const& alias : {std::string("a"), std::string("0"), std::string("-"), std::string("openai-prod-2"), std::string(100, 'z')}) {
        CAPTURE(alias);
        CHECK(build_request(creating(alias)).has_value());
        CHECK(build_request(renaming(alias)).has_value());
    }
}

TEST_CASE("another alias is refused unless any_alias is said") {
    for (std::string const& alias : {std::string("OpenAI"), std::string("a b"), std::string(" a"), std::string("a_b"), std::string("a.b"), std::string("."),
                                     std::string("a/b"), std::string("\xC3\xA4"), std::string(101, 'a'), std::string("a\n"), std::string("a\0b", 3), std::string("%61")}) {
        CAPTURE(alias);
        check_refused(creating(alias), "alias");
        check_refused(renaming(alias), "alias");
        CHECK(build_request(creating(alias, true)).has_value());
        CHECK(build_request(renaming(alias, true)).has_value());
    }
}

TEST_CASE("an alias that is empty or blank or not UTF-8 is refused whatever is said") {
    for (std::string const& alias : {std::string(), std::string(" "), std::string("\t\n"), std::string("\xFF"), std::string("a\xC3"), std::string("\xED\xA0\x80")})
        for (bool const any : {false, true}) {
            CAPTURE(alias, any);
            check_refused(creating(alias, any), "alias");
            check_refused(renaming(alias, any), "alias");
        }
}

TEST_CASE("an alias in the form of a guid is refused whatever is said") {
    for (char const* alias : {"3fa85f64-5717-4562-b3fc-2c963f66afa6", "3FA85F64-5717-4562-B3FC-2C963F66AFA6", "3fa85f6457174562b3fc2c963f66afa6",
                              "{3fa85f64-5717-4562-b3fc-2c963f66afa6}", "(3fa85f64-5717-4562-b3fc-2c963f66afa6)", "00000000000000000000000000000000"})
        for (bool const any : {false, true}) {
            CAPTURE(alias, any);
            check_refused(creating(alias, any), "alias");
            check_refused(renaming(alias, any), "alias");
        }
}

TEST_CASE("the alias capabilities is refused in any case and whatever is said") {
    for (char const* alias : {"capabilities", "Capabilities", "CAPABILITIES"})
        for (bool const any : {false, true}) {
            CAPTURE(alias, any);
            check_refused(creating(alias, any), "alias");
            check_refused(renaming(alias, any), "alias");
        }
}

TEST_CASE("a name is 1 to 255 characters and not blank") {
    auto const named = [](std::string name) { return connections::create(connection_draft("a", std::move(name), "openai")); };
    auto const renamed = [](std::string name) { return connections::update(some_id(), connection_update("a", std::move(name), true, settings())); };
    std::string umlauts;
    for (int i = 0; i < 255; ++i) umlauts += "\xC3\xA4";
    for (std::string const& name : {std::string("x"), std::string(255, 'x'), umlauts, std::string("\"<script>\n")}) {
        CAPTURE(name.size());
        CHECK(build_request(named(name)).has_value());
        CHECK(build_request(renamed(name)).has_value());
    }
    for (std::string const& name : {std::string(), std::string("  "), std::string("\t\r\n"), std::string(256, 'x'), umlauts + 'x', std::string("\x80"), std::string("\xF5\x80\x80\x80")}) {
        CAPTURE(name.size());
        check_refused(named(name), "name");
        check_refused(renamed(name), "name");
    }
}

TEST_CASE("a provider id is 1 to 100 characters and not blank") {
    auto const of = [](std::string provider) { return connections::create(connection_draft("a", "n", std::move(provider))); };
    CHECK(build_request(of("microsoft-foundry")).has_value());
    CHECK(build_request(of(std::string(100, 'x'))).has_value());
    for (std::string const& provider : {std::string(), std::string(" "), std::string(101, 'x'), std::string("\xC0\xAF")}) {
        CAPTURE(provider);
        check_refused(of(provider), "providerId");
    }
}

TEST_CASE("the first member that is wrong is the one that is named") {
    connection_draft all_wrong("A", "", "");
    check_refused(connections::create(all_wrong), "alias");
    all_wrong.alias = "a";
    check_refused(connections::create(all_wrong), "name");
    all_wrong.name = "n";
    check_refused(connections::create(all_wrong), "providerId");
}

// --- refusals: settings ---

TEST_CASE("settings that are no object are refused") {
    for (char const* text : {"[]", "1", "\"x\"", "true", "[{}]", " null", "", "  ", "{", "{}}", "{\"a\":}", "{'a':1}", "{\"a\":01}", "{\"a\":nan}", "\xEF\xBB\xBF"}) {
        CAPTURE(text);
        auto const made = settings::parse(text);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().who == fault::usage);
        CHECK(made.error().code == make_error_code(errc::invalid_argument));
        CHECK(made.error().field == "settings");
        CHECK_FALSE(made.error().message.empty());
    }
    CHECK(settings::parse("{}").has_value());
    CHECK(settings::parse(" {\"a\" : [1, {}] } ").has_value());
    CHECK(settings::parse("null").has_value());
}

TEST_CASE("settings built from malformed pieces are refused before anything is sent") {
    for (char const* piece : {"", "}", "{", "1,2", "1,\"y\":2}", "nan", "\"", "\"\xFF\"", "tru", "\"\\ud800\""}) {
        CAPTURE(piece);
        check_refused(connections::create(draft_with(piece)), "settings.x");
    }
    check_refused(connections::create(draft_with("\"a\xC3\"")), "settings.x");
    connection_draft infinite = draft();
    infinite.settings = {{"x", std::numeric_limits<double>::infinity()}};
    check_refused(connections::create(infinite), "settings");
}

TEST_CASE("a key that stands twice is refused at the top and below") {
    connection_draft top = draft();
    top.settings = {{"apiKey", "1"}, {"apiKey", "2"}};
    check_refused(connections::create(top), "settings.apiKey");
    check_refused(connections::create(draft_with(R"({"a":1,"b":2,"a":3})")), "settings.x.a");
    check_refused(connections::create(draft_with(R"([0,{"a":1,"\u0061":3}])")), "settings.x[1].a");
    CHECK(build_request(connections::create(draft_with(R"({"a":1,"A":{"a":1}})"))).has_value());
    check_refused(connections::update(some_id(), connection_update("a", "n", true, settings{{"k", 1}, {"k", 1}})), "settings.k");
}

TEST_CASE("settings nest 31 deep and no deeper") {
    // "x" is one level itself.
    CHECK(build_request(connections::create(draft_with(nested(30)))).has_value());
    check_refused(connections::create(draft_with(nested(31))), "settings");
    CHECK(settings::parse(nested(31)).has_value());
    for (std::size_t const depth : {std::size_t{32}, std::size_t{40}, std::size_t{1023}, std::size_t{1024}, std::size_t{1025}, std::size_t{100000}}) {
        CAPTURE(depth);
        auto const made = settings::parse(nested(depth));
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().who == fault::usage);
        CHECK(made.error().field == "settings");
    }
    std::string const arrays = std::string(31, '[') + std::string(31, ']');
    check_refused(connections::create(draft_with(arrays)), "settings");
    CHECK(build_request(connections::create(draft_with(arrays.substr(1, 60)))).has_value());
}

TEST_CASE("a masked value is refused with its path and without its text") {
    for (char const* value : {"sk-***", "***", "*", "****abcd", "\xE2\x80\xA2\xE2\x80\xA2", "sk-\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2"}) {
        CAPTURE(value);
        connection_draft masked = draft();
        masked.settings = {{"endpoint", "https://x"}, {"apiKey", value}};
        failure const reason = refusal(connections::create(masked));
        CHECK(reason.code == make_error_code(errc::masked_value));
        CHECK(reason.field == "settings.apiKey");
        CHECK(reason.to_string().find(value) == std::string::npos);
        check_refused(connections::update(some_id(), connection_update("a", "n", true, masked.settings)), "settings.apiKey", errc::masked_value);
    }
    check_refused(connections::create(draft_with(R"({"a":["ok",{"k":"sk-\u002a\u002a\u002a"}]})")), "settings.x.a[1].k", errc::masked_value);
    connection_draft fine = draft();
    fine.settings = {{"a", "2 ** 3"}, {"b", "a*b*c*d"}, {"c", ""}};
    CHECK(build_request(connections::create(fine)).has_value());
}

TEST_CASE("a settings failure never quotes a value") {
    std::string const planted = "planted-9f8e7d6c5b4a";
    for (std::string const& text : {"{\"a\":\"" + planted + "\",\"a\":1}", "{\"a\":\"" + planted + "\"", "[\"" + planted + "\"]", "{\"a\":\"" + planted + "***\"}",
                                    "{\"a\":" + planted + "}", "{\"a\":\"" + planted + "\xFF\"}"}) {
        auto const made = settings::parse(text);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().to_string().find(planted) == std::string::npos);
    }
}

TEST_CASE("null settings of an update are refused unless wiping is said") {
    check_refused(connections::update(some_id(), connection_update("a", "n", true, settings(nullptr))), "settings");
    connection_update forgotten("a", "n", true, settings{{"apiKey", "k"}});
    forgotten.settings = settings(nullptr);
    check_refused(connections::update(some_id(), forgotten), "settings");
    connection by_hand;
    by_hand.id = some_id();
    by_hand.alias = "a";
    by_hand.name = "n";
    check_refused(put_back(by_hand), "settings");
    connection read = read_connection("\"a\"", "\"n\"", R"({"apiKey":"k"})");
    read.settings = settings(nullptr);
    check_refused(put_back(std::move(read)), "settings");
}

// --- refusals: what names a connection in a path ---

TEST_CASE("an id or alias that a path cannot hold is refused for every method") {
    for (std::string const& text : {std::string(), std::string(" "), std::string(" \t "), std::string("."), std::string(".."), std::string("/"), std::string("a/b"),
                                    std::string("/a"), std::string("a\n"), std::string("\x01"), std::string("a\x7F"), std::string("a\0b", 3), std::string("\xFF"),
                                    std::string("\xC3"), std::string("\xE2\x82"), std::string("\xC0\xAE")}) {
        CAPTURE(text);
        check_refused(connections::get(text), "idOrAlias");
        check_refused(connections::models(text), "idOrAlias");
        check_refused(connections::test(text), "idOrAlias");
    }
}

TEST_CASE("an alias that a server can address is not refused") {
    for (char const* text : {"...", "a.", ".a", "OpenAI", "a b", " a", "\xC3\x84", "exists", "models", "capabilities2", "a\\b", "%2F", "%"}) {
        CAPTURE(text);
        CHECK(build_request(connections::get(text)).has_value());
        CHECK(build_request(connections::test(text)).has_value());
        CHECK(build_request(connections::models(text)).has_value());
    }
}

TEST_CASE("the alias capabilities is refused for GET only") {
    for (char const* text : {"capabilities", "Capabilities", "CAPABILITIES"}) {
        CAPTURE(text);
        check_refused(connections::get(text), "idOrAlias");
        check_refused(connections::models(text), "idOrAlias");
        CHECK(target_of(connections::test(text)) == std::string("/connections/") + text + "/test");
    }
    CHECK(build_request(connections::remove(some_id())).has_value());
    CHECK(build_request(renaming("a")).has_value());
}

TEST_CASE("the nil guid is refused where an id is written") {
    check_refused(connections::remove(guid()), "id");
    check_refused(connections::update(guid(), connection_update("a", "n", true, settings())), "id");
}

TEST_CASE("a capability is one name of letters that is no route") {
    for (char const* name : {"", "Models", "models", "exists", "EXISTS", "capabilities", "Capabilities", "Chat,Embedding", "0", "4", "Chat2", "Chat Embedding", " Chat", "a/b",
                             ".", "..", "Ch\xC3\xA4t", "Chat\n", "+1", "%43hat"}) {
        CAPTURE(name);
        check_refused(connections::with_capability(name), "capability");
        check_refused(connections::list_with_capability(capability(name)), "capability");
    }
    for (char const* name : {"Chat", "chat", "Embedding", "Media", "Moderation", "SpeechToText", "SomethingNew"}) {
        CAPTURE(name);
        CHECK(target_of(connections::with_capability(name)) == std::string("/connections/capabilities/") + name);
    }
    CHECK(capability("CHAT") == capability::chat());
    CHECK_FALSE(capability("Chats") == capability::chat());
}

TEST_CASE("skip and take outside what servers can mean are refused") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t const count : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{2147483648}, least, most}) {
        CAPTURE(count);
        check_refused(connections::list(take(count)), "take");
        check_refused(connections::list(skip(1), take(count)), "take");
    }
    for (std::int64_t const count : {std::int64_t{-1}, std::int64_t{2147483648}, least, most}) {
        CAPTURE(count);
        check_refused(connections::list(skip(count)), "skip");
    }
}

TEST_CASE("query text that is not UTF-8 is refused") {
    check_refused(connections::list(filter("\xFF")), "filter");
    check_refused(connections::list(provider_id("a\xC3")), "providerId");
}

// --- what was read may be put back ---

TEST_CASE("what a GET answered may be put back unchanged where it breaks the rules for what is given") {
    std::string const long_name(300, 'x');
    std::string const deep = nested(40);
    for (char const* alias : {"OpenAI Prod", "\xC3\x84PFEL", "a/b", ".", "capabilities", "3fa85f6457174562b3fc2c963f66afa6", "", " "}) {
        CAPTURE(alias);
        connection const read = read_connection(write_json(std::string(alias)), "\"n\"", "{}");
        CHECK(build_request(put_back(read)).has_value());
        connection other = read;
        other.alias += 'X';
        check_refused(put_back(other), "alias");
    }
    connection const named = read_connection("\"a\"", write_json(long_name), "{}");
    CHECK(build_request(put_back(named)).has_value());
    connection longer = named;
    longer.name += 'x';
    check_refused(put_back(longer), "name");
    connection const blank = read_connection("\"a\"", "\"\"", "{}");
    CHECK(build_request(put_back(blank)).has_value());

    connection const nested_deep = read_connection("\"a\"", "\"n\"", deep);
    auto const request = build_request(put_back(nested_deep), "");
    REQUIRE(request.has_value());
    CHECK(request->body == R"({"alias":"a","name":"n","isActive":true,"settings":)" + deep + "}");
    connection touched = nested_deep;
    touched.settings.set("b", 1);
    check_refused(put_back(touched), "settings");
}

TEST_CASE("null and odd settings that were answered may be put back") {
    for (char const* text : {"null", "\"text\"", "5", "[1,2]", R"({"k":"ENC:abc"})", R"({"k":"$no reference"})", "1e400"}) {
        CAPTURE(text);
        auto const request = build_request(put_back(read_connection("\"a\"", "\"n\"", text)), "");
        REQUIRE(request.has_value());
        CHECK(request->body == R"({"alias":"a","name":"n","isActive":true,"settings":)" + std::string(text) + "}");
    }
}

TEST_CASE("a repeated key is not put back even where a server answered it") {
    check_refused(put_back(read_connection("\"a\"", "\"n\"", R"({"a":1,"b":{"c":1,"c":2}})")), "settings.b.c");
}

TEST_CASE("a secret that the server cannot decrypt goes back to its own connection and nowhere else") {
    connection const read = read_connection("\"a\"", "\"n\"", R"({"apiKey":"ENC:abc"})");
    CHECK(read.settings.unreadable() == std::vector<std::string>{"settings.apiKey"});
    CHECK(build_request(put_back(read)).has_value());
    guid const other = *guid::parse("00000000-0000-0000-0000-0000000000b2");
    check_refused(connections::update(other, connection_update(read)), "settings.apiKey", errc::unreadable_secret);
    check_refused(connections::update(other, connection_update("a", "n", true, read.settings)), "settings.apiKey", errc::unreadable_secret);
    CHECK(build_request(connections::update(some_id(), connection_update("a", "n", true, read.settings))).has_value());
    connection_draft copied = draft();
    copied.settings = read.settings;
    check_refused(connections::create(copied), "settings.apiKey", errc::unreadable_secret);
}

TEST_CASE("a text that begins with a dollar sign or ENC: is refused unless it is said to be a reference") {
    for (char const* value : {"$OpenAI:ApiKey", "$", "$ecret", "ENC:abc"}) {
        CAPTURE(value);
        connection_draft made = draft();
        made.settings = {{"apiKey", value}};
        check_refused(connections::create(made), "settings.apiKey");
        made.settings.set("apiKey", "plain");
        CHECK(build_request(connections::create(made)).has_value());
        made.settings.set("apiKey", secret(value));
        check_refused(connections::create(made), "settings.apiKey");
        made.settings.erase("apiKey");
        CHECK(build_request(connections::create(made)).has_value());
    }
    connection_draft made = draft();
    made.settings = {{"apiKey", config_reference("$OpenAI:ApiKey")}};
    CHECK(build_request(connections::create(made)).has_value());
    made.settings = {{"apiKey", config_reference("no reference")}};
    check_refused(connections::create(made), "settings.apiKey");
    CHECK(settings::parse(R"({"apiKey":"$OpenAI:ApiKey"})").has_value());
    CHECK(settings::parse(R"({"apiKey":"$no reference"})").error().field == "settings.apiKey");
    CHECK(settings::parse(R"({"apiKey":"ENC:abc"})").error().code == make_error_code(errc::unreadable_secret));
}

TEST_CASE("settings that a server masked are never put back") {
    connection read = read_connection("\"a\"", "\"n\"", R"({"apiKey":"sk-***","endpoint":"https://x"})");
    check_refused(put_back(read), "settings.apiKey", errc::masked_value);
    read.settings.set("apiKey", secret("sk-new"));
    auto const request = build_request(put_back(read), "");
    REQUIRE(request.has_value());
    CHECK(request->body == R"({"alias":"a","name":"n","isActive":true,"settings":{"apiKey":"sk-new","endpoint":"https://x"}})");
}

// --- base URLs ---

TEST_CASE("an origin and the path of the back office and the whole base path mean the same") {
    auto const origin = base_url::parse("https://cms.example.com:44331");
    REQUIRE(origin.has_value());
    CHECK(origin->origin == http_origin(true, "cms.example.com", 44331));
    CHECK(origin->path == api_base_path);
    for (char const* text : {"https://cms.example.com:44331/", "https://cms.example.com:44331/umbraco", "https://cms.example.com:44331/umbraco/",
                             "https://cms.example.com:44331/umbraco/ai/management/api/v1", "https://cms.example.com:44331/umbraco/ai/management/api/v1/",
                             "HTTPS://CMS.Example.COM:44331/UMBRACO", "https://cms.example.com:44331/Umbraco/AI/Management/Api/V1"}) {
        CAPTURE(text);
        auto const parsed = base_url::parse(text);
        REQUIRE(parsed.has_value());
        CHECK(*parsed == *origin);
    }
}

TEST_CASE("good base URLs are read") {
    struct good_url {
        char const* text;
        char const* origin;
        char const* path;
    };
    constexpr char const* usual = "/umbraco/ai/management/api/v1";
    for (good_url const& good : std::initializer_list<good_url>{
             {"https://cms.example.com", "https://cms.example.com", usual},
             {"https://cms.example.com:443", "https://cms.example.com", usual},
             {"http://cms.example.com:80", "http://cms.example.com", usual},
             {"http://cms.example.com:443", "http://cms.example.com:443", usual},
             {"https://localhost:44331", "https://localhost:44331", usual},
             {"http://127.0.0.1:5080/umbraco", "http://127.0.0.1:5080", usual},
             {"http://[::1]:8080", "http://[::1]:8080", usual},
             {"https://[2001:DB8::1]", "https://[2001:db8::1]", usual},
             {"https://[::ffff:192.0.2.1]/umbraco", "https://[::ffff:192.0.2.1]", usual},
             {"https://a_b.example-1.com", "https://a_b.example-1.com", usual},
             {"https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", usual},
             {"https://cms.example.com.", "https://cms.example.com.", usual},
             {"https://cms:1", "https://cms:1", usual},
             {"https://cms:65535", "https://cms:65535", usual},
             {"https://example.com/site/umbraco", "https://example.com", "/site/umbraco/ai/management/api/v1"},
             {"https://example.com/my%20site/umbraco/", "https://example.com", "/my%20site/umbraco/ai/management/api/v1"},
             {"https://example.com/a/b/umbraco/ai/management/api/v1", "https://example.com", "/a/b/umbraco/ai/management/api/v1"},
         }) {
        CAPTURE(good.text);
        auto const parsed = base_url::parse(good.text);
        REQUIRE(parsed.has_value());
        CHECK(parsed->origin.to_string() == good.origin);
        CHECK(parsed->path == good.path);
    }
}

TEST_CASE("bad base URLs are refused by the first call and never quoted") {
    std::vector<std::string> const bad{
        "", " ", "cms.example.com", "//cms.example.com", "/umbraco", "https:cms.example.com", "https:/cms.example.com", "https//cms.example.com", "ftp://cms.example.com",
        "ws://cms.example.com", " https://cms.example.com", "https://cms.example.com ", "https://cms.example.com\n", "https://", "https:///umbraco", "https://:443",
        "https://cms example.com", "https://m\xC3\xBCnchen.example", "https://cms.example.com:", "https://cms.example.com:0", "https://cms.example.com:65536",
        "https://cms.example.com:-1", "https://cms.example.com:+1", "https://cms.example.com:80x", "https://cms.example.com:99999999999999999999", "https://a:1:2",
        "https://[::1", "https://[]", "https://[localhost]", "https://[::1]x", "https://[::1%25eth0]", "https://::1", "https://[:]", "https://[1:2]", "https://[::1::2]",
        "https://user:planted@cms.example.com", "https://planted@cms.example.com", "https://cms.example.com?x=planted", "https://cms.example.com/umbraco?x=planted",
        "https://cms.example.com/umbraco#planted", "https://cms.example.com/umbraco/backoffice", "https://cms.example.com/umbraco/ai", "https://cms.example.com/umbracos",
        "https://cms.example.com/notumbraco", "https://cms.example.com/umbraco/ai/management/api/v2", "https://cms.example.com/a b/umbraco", "https://cms.example.com\\umbraco",
        "https://cms.example.com/../umbraco", "https://cms.example.com/./umbraco", "https://cms.example.com//umbraco", "https://cms.example.com/..",
        "https://cms.example.com/%/umbraco", "https://cms.example.com/%zz/umbraco", "https://cms.example.com/%2e%2e/umbraco", "https://cms.example.com/\xC3\xA4/umbraco",
        std::string("https://cms.example.com\0.evil.com", 33),
    };
    CHECK(bad.size() >= 25);
    for (std::string const& text : bad) {
        CAPTURE(text);
        auto const parsed = base_url::parse(text);
        CHECK_FALSE(parsed.has_value());
        if (parsed) continue;
        scripted_transport script;
        client cms(script, text);
        auto const answer = cms.connections().list();
        REQUIRE_FALSE(answer.has_value());
        failure const& reason = answer.error();
        CHECK(reason.who == fault::usage);
        CHECK(reason.code == make_error_code(errc::invalid_base_url));
        CHECK(reason.field == "base URL");
        CHECK_FALSE(reason.message.empty());
        CHECK(reason.attempts == 0);
        CHECK(reason.to_string().find("planted") == std::string::npos);
        CHECK(script.requests().empty());
    }
}

TEST_CASE("loopback is told by spelling alone") {
    for (char const* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.255.255.255", "::1"}) {
        CAPTURE(host);
        CHECK(is_loopback(host));
    }
    for (char const* host : {"", "localhost.example.com", "127.0.0.1.example.com", "127.evil.com", "127.0.0.256", "127.1", "128.0.0.1", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1x"}) {
        CAPTURE(host);
        CHECK_FALSE(is_loopback(host));
    }
}

template <class A, class B>
concept Comparable = requires(A const& a, B const& b) { a == b; };

TEST_CASE("requests and answers are values of their own kind") {
    static_assert(Comparable<http_request, http_request> && Comparable<http_response, http_response> && !Comparable<http_request, http_response>);
    static_assert(std::is_nothrow_move_constructible_v<http_request> && std::is_nothrow_move_assignable_v<http_request>);
    http_request first;
    first.origin = http_origin(true, "cms.example.com", 443);
    first.target = "/umbraco/ai/management/api/v1/connections/openai-prod";
    first.headers.add("Authorization", "Bearer a-token-of-this-test");
    first.body = "a body that is longer than a short string";
    http_request second;
    second.origin = http_origin(true, "other.example.com", 443);
    second = first;
    CHECK(second == first);
    http_request const& itself = second;
    second = itself;
    CHECK(second == first);
    http_request const moved = std::move(second);
    CHECK(moved == first);
}

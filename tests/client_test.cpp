// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;
using testing::scripted_transport;

namespace {

constexpr char const* site = "https://cms.example.com";
constexpr char const* id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
constexpr char const* by_id = "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6";

constexpr char const* connection_body =
    R"({"alias":"openai-prod","dateCreated":"2026-11-22T14:44:20.123Z","dateModified":"2026-11-22T14:44:21.5Z",)"
    R"("id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"OpenAI","providerId":"openai",)"
    R"("settings":{"apiKey":"planted-secret"},"version":3,"profile":[1.0]})";
constexpr char const* page_body =
    R"({"items":[{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true}],"total":1})";
constexpr char const* not_found_body =
    R"({"detail":"The specified connection could not be found.","status":404,"title":"Connection not found","type":"Error","operationStatus":"NotFound"})";

guid some_id() { return *guid::parse(id_text); }

connection_draft draft() { return connection_draft("openai-prod", "OpenAI", "openai"); }
connection_update new_state() { return connection_update("openai-prod", "New", false, settings{{"apiKey", secret("sk-new-key")}}); }

http_response json(int status, std::string body_bytes) {
    http_response made(status, std::move(body_bytes));
    made.headers.add("Content-Type", "application/json; charset=utf-8");
    return made;
}

failure broken() { return failure(errc::connection_closed, "The peer closed."); }

template <class T>
std::string streamed(T const& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

/// One line of a script.
struct step {
    std::string request;
    http_response answer;
};

using scripted_client = client<scripted_transport&>;

/// Runs a script to its end, then again failing at each of its steps: in the network, with a broken server, and with an
/// answer that is no JSON.
template <class Call>
auto run_and_break(std::vector<step> const& steps, Call call) {
    for (std::size_t broken_at = 0; broken_at < steps.size(); ++broken_at) {
        CAPTURE(broken_at);
        for (int const way : {0, 1, 2}) {
            CAPTURE(way);
            scripted_transport script;
            for (std::size_t i = 0; i < broken_at; ++i) script.expect(steps[i].request).answers(steps[i].answer);
            auto& line = script.expect(steps[broken_at].request);
            if (way == 0) line.fails(broken());
            if (way == 1) line.answers(http_response(500));
            if (way == 2) line.answers(json(200, "{\"planted\":"));
            scripted_client cms(script, site);
            auto const answer = call(cms);
            bool const is_get = steps[broken_at].request.starts_with("GET ");
            // A delete has no body that could be wrong.
            if (way == 2 && steps[broken_at].request.starts_with("DELETE ")) continue;
            REQUIRE_FALSE(answer.has_value());
            failure const& reason = answer.error();
            CHECK(reason.code == make_error_code(way == 0 ? errc::connection_closed : way == 1 ? errc::server_error : errc::malformed_json));
            CHECK(reason.attempts == broken_at + 1);
            CHECK(reason.possibly_applied == !is_get);
            CHECK(script.report() == "");
        }
    }
    scripted_transport script;
    for (step const& next : steps) script.expect(next.request).answers(next.answer);
    scripted_client cms(script, site);
    auto answer = call(cms);
    CHECK(script.report() == "");
    return answer;
}

}  // namespace

// --- what the facade sends ---

TEST_CASE("each facade call sends what it should") {
    scripted_transport script;
    script.expect("GET /connections?skip=1&take=2&filter=x&providerId=openai").answers(200, page_body);
    script.expect("GET /connections").answers(200, page_body);
    script.expect("GET /connections/openai-prod").answers(200, connection_body);
    script.expect("POST /connections")
        .with_header("Content-Type", "application/json")
        .with_body(R"({"alias":"openai-prod","name":"OpenAI","providerId":"openai","isActive":true,"settings":null})")
        .answers(201, connection_body);
    script.expect(std::string("PUT ") + by_id)
        .with_body(R"({"alias":"openai-prod","name":"New","isActive":false,"settings":{"apiKey":"sk-new-key"}})")
        .answers(200);
    script.expect(std::string("DELETE ") + by_id).answers(200);
    script.expect("POST /connections/openai-prod/test").with_body("").answers(200, R"({"success":true,"errorMessage":null})");
    script.expect("GET /connections/capabilities").answers(200, R"(["Chat"])");
    script.expect("GET /connections/capabilities/Chat").answers(200, page_body);
    script.expect("GET /connections/openai-prod/models").answers(200, R"([{"id":"m","name":"M"}])");
    client cms(script, site);
    auto const api = cms.connections();

    CHECK(api.list(take(2), provider_id("openai"), skip(1), filter("x")).value().total == 1);
    CHECK(api.list().value().size() == 1);
    CHECK(api.get("openai-prod").value().version == 3);
    CHECK(api.create(draft()).value().id == some_id());
    CHECK_FALSE(api.update(some_id(), new_state()).value().connection.has_value());
    CHECK(api.remove(id_text).has_value());
    CHECK(api.test("openai-prod").value().success);
    CHECK(api.capabilities().value().is_bare_array);
    CHECK(api.with_capability(capability::chat()).value().size() == 1);
    CHECK(api.models("openai-prod").value().items[0].id == "m");
    CHECK(script.report() == "");
}

TEST_CASE("a call goes to the origin of the base URL with its credentials and limits") {
    scripted_transport script;
    script.expect("GET /site/umbraco/ai/management/api/v1/connections/a").answers(200, connection_body);
    client_options options;
    options.timeout = 7s;
    options.header_bytes = 1000;
    options.body_bytes = 2000;
    client cms(script, "https://CMS.example.com:8443/site/umbraco", bearer_token("token-1234"), options);
    call_options extra;
    extra.headers.add("X-Trace", "1");
    REQUIRE(cms.connections(extra).get("a").has_value());
    http_request const& sent = script.requests().at(0);
    CHECK(sent.origin == http_origin(true, "cms.example.com", 8443));
    CHECK(sent.target == "/site/umbraco/ai/management/api/v1/connections/a");
    REQUIRE(sent.headers.find("Authorization"));
    CHECK(*sent.headers.find("Authorization") == "Bearer token-1234");
    REQUIRE(sent.headers.find("X-Trace"));
    CHECK(sent.headers.size() == 3);
    CHECK(sent.limits.time == 7s);
    CHECK(sent.limits.header_bytes == 1000);
    CHECK(sent.limits.body_bytes == 2000);
}

TEST_CASE("a call without credentials has no Authorization") {
    scripted_transport script;
    script.expect("GET /connections/a").answers(200, connection_body);
    client cms(script, site);
    REQUIRE(cms.call(connections::get("a")).has_value());
    CHECK_FALSE(script.requests().at(0).headers.contains("Authorization"));
}

TEST_CASE("a loop over the items of a temporary result is safe") {
    scripted_transport script;
    script.expect("GET /connections").answers(200, page_body);
    client cms(script, site);
    std::string aliases;
    for (auto const& item : cms.connections().list().value().items) aliases += item.alias;
    CHECK(aliases == "a");
}

// --- transports ---

namespace {

class counting_transport {
public:
    explicit counting_transport(int* count) : count_(count) {}
    result<http_response> send(http_request request) {
        ++*count_;
        last = std::move(request);
        return json(200, connection_body);
    }
    http_request last;

private:
    int* count_;
};

}  // namespace

TEST_CASE("the memory of a request is used again, and nothing of the call that it was for") {
    class cancellable_call {
    public:
        using result_type = result<int>;
        explicit cancellable_call(bool const* gives_up) : gives_up_(gives_up) {}

        [[nodiscard]] std::optional<http_request> start(std::string_view base_path) const {
            http_request made;
            made.method = http_method::delete_;
            made.target = std::string(base_path) + "/of-the-user";
            made.route = "/of-the-user";
            made.headers.add("X-Of-The-User", "1");
            made.body = "a body of the user's that is longer than a short text";
            made.limits.cancelled = [](void const* context) { return *static_cast<bool const*>(context); };
            made.limits.cancel_context = gives_up_;
            return made;
        }
        [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view) {
            status_ = answer ? answer->status : 0;
            return std::nullopt;
        }
        [[nodiscard]] result<int> take() const { return status_; }

    private:
        bool const* gives_up_;
        int status_ = 0;
    };

    std::vector<http_request> sent;
    client cms(
        [&](http_request request) -> result<http_response> {
            sent.push_back(std::move(request));
            return http_response(200, "[]");
        },
        "http://localhost:1");
    CHECK(cms.connections().capabilities());
    auto const gives_up = std::make_unique<bool>(false);
    CHECK(cms.run(cancellable_call(gives_up.get())).value() == 200);
    CHECK(cms.connections().capabilities());
    REQUIRE(sent.size() == 3);
    CHECK(sent[1].limits.cancelled != nullptr);
    CHECK(sent[2].limits.cancelled == nullptr);
    CHECK(sent[2].limits.cancel_context == nullptr);
    CHECK(sent[2] == sent[0]);
    CHECK(sent[2].route == sent[0].route);
}

TEST_CASE("header fields are found and compared by what they say, however they came") {
    std::string const line = "Content-Type:  application/json";
    std::string_view const text = line;
    http_headers from_lines;
    from_lines.add_line(text.substr(0, 12), text.substr(15));
    http_headers from_parts;
    from_parts.add("Content-Type", "application/", "json");
    CHECK(from_lines == from_parts);
    CHECK(from_lines.find("content-type") == "application/json");
    CHECK_FALSE(from_lines.contains("Content-Typ"));
    CHECK_FALSE(from_lines.contains("Content-Tyre"));
    from_parts.add("Content-Type", "");
    CHECK_FALSE(from_lines == from_parts);
    from_lines.add_line(text.substr(0, 12), text.substr(15, 0));
    CHECK(from_lines == from_parts);
    CHECK(from_lines.size() == 2);

    // One whose size is that of another, modulo the size of a word, is found too.
    std::string const long_name(64 + 12, 'n');
    from_lines.add(long_name, "long");
    CHECK(from_lines.find(long_name) == "long");
    from_lines.remove("Content-Type");
    CHECK_FALSE(from_lines.contains("Content-Type"));
    CHECK(from_lines.find(long_name) == "long");
    from_lines.wipe();
    CHECK_FALSE(from_lines.contains(long_name));
    from_lines.add("Server", "Kestrel");
    CHECK(from_lines.find("server") == "Kestrel");
}

TEST_CASE("a message that is assigned to keeps nothing of what it was") {
    std::string const text = "a secret that is longer than a short text";
    http_response answer(200, text);
    char const* const body = answer.body.data();
    answer = http_response(404);
    CHECK(answer == http_response(404));
    CHECK((answer.body.data() != body || std::all_of(body, body + text.size(), [](char c) { return c != 's'; })));
    http_response const other(201, "[]");
    answer = other;
    CHECK(answer == other);
    http_request request;
    request.method = http_method::put;
    request.origin = http_origin(false, "localhost", 8080);
    request.target = "/x";
    request.headers.add("Accept", "*/*");
    request.body = text;
    request.limits.body_bytes = 7;
    request.route = "/{x}";
    http_request copy;
    copy.body = text;
    copy = request;
    CHECK(copy == request);
    CHECK(copy.route == request.route);
    copy = http_request();
    CHECK(copy == http_request());
}

TEST_CASE("header fields are removed by the name of one of them, and leave nothing where they were moved from") {
    http_headers fields;
    fields.add("Authorization", "one");
    fields.add("X-Kept", "2");
    fields.add("authorization", "three");
    fields.add("X-Also-Kept", "4");
    fields.remove((*fields.begin()).name);
    CHECK(fields.size() == 2);
    std::string const long_text(1000, 'x');
    fields.add("X-Long", long_text);
    for (int i = 0; i < 20; ++i) fields.add(*fields.find("X-Kept"), *fields.find("X-Long"));
    CHECK(fields.size() == 23);
    CHECK(fields.find("2") == long_text);
    fields.remove("2");
    fields.remove("X-Long");
    CHECK(fields.size() == 2);
    CHECK(fields.find("X-Kept") == "2");
    CHECK(fields.find("X-Also-Kept") == "4");
    http_headers const moved = std::move(fields);
    CHECK(moved.size() == 2);
    CHECK(fields.size() == 0);
    CHECK(fields.empty());
    CHECK(fields == http_headers());
}

TEST_CASE("a client refers to an lvalue transport and owns an rvalue one") {
    int count = 0;
    counting_transport transport(&count);
    client refers(transport, site);
    client owns(counting_transport(&count), site);
    static_assert(std::is_same_v<decltype(refers), client<counting_transport&>>);
    static_assert(std::is_same_v<decltype(owns), client<counting_transport>>);
    static_assert(!std::is_copy_constructible_v<client<counting_transport>> && !std::is_move_constructible_v<client<counting_transport>>);
    static_assert(!std::is_copy_assignable_v<client<counting_transport>> && !std::is_move_assignable_v<client<counting_transport>>);
    static_assert(Transport<counting_transport> && Transport<scripted_transport> && !Transport<int> && !Transport<std::string>);
    static_assert(!is_awaited<counting_transport>);
    CHECK(refers.call(connections::get("a")).has_value());
    CHECK(owns.call(connections::get("b")).has_value());
    CHECK(count == 2);
    CHECK(transport.last.target == "/umbraco/ai/management/api/v1/connections/a");
    CHECK(&refers.transport() == &transport);
    CHECK(owns.transport().last.target == "/umbraco/ai/management/api/v1/connections/b");
}

TEST_CASE("a call on a temporary client works where nothing is awaited") {
    int count = 0;
    counting_transport transport(&count);
    CHECK(client(transport, site).call(connections::get("a")).has_value());
    CHECK(client(transport, site, bearer_token("t")).connections().get("a").value().alias == "openai-prod");
    CHECK(count == 2);
}

TEST_CASE("a transport without a clock gives each request the whole time") {
    int count = 0;
    counting_transport transport(&count);
    client cms(transport, site);
    REQUIRE(cms.connections(call_options(5s)).update("openai-prod", new_state()).has_value());
    CHECK(count == 2);
    CHECK(transport.last.limits.time == 5s);
}

// --- with_capability on servers of either contract ---

TEST_CASE("with_capability takes the answer of the documented route") {
    auto const answer = run_and_break({{"GET /connections/capabilities/Chat", json(200, page_body)}},
                                      [](scripted_client& cms) { return cms.connections().with_capability(capability::chat()); });
    CHECK(answer.value().size() == 1);
}

TEST_CASE("with_capability asks the list where there is no route and the capability is known") {
    for (char const* known : {R"(["Chat","Embedding"])", R"(["CHAT"])", R"(["Embedding","chat"])"}) {
        CAPTURE(known);
        auto const answer = run_and_break({{"GET /connections/capabilities/Chat", http_response(404)},
                                           {"GET /connections/capabilities", json(200, known)},
                                           {"GET /connections?capability=Chat&take=2147483647", json(200, page_body)}},
                                          [](scripted_client& cms) { return cms.connections().with_capability(capability::chat()); });
        CHECK(answer.value().size() == 1);
    }
}

TEST_CASE("with_capability answers nothing where there is no route and the capability is not known") {
    for (char const* known : {"[]", R"(["Embedding"])", R"(["Chats","Cha"])"}) {
        CAPTURE(known);
        auto const answer = run_and_break({{"GET /connections/capabilities/Chat", http_response(404)}, {"GET /connections/capabilities", json(200, known)}},
                                          [](scripted_client& cms) { return cms.connections().with_capability(capability::chat()); });
        REQUIRE(answer.has_value());
        CHECK(answer->empty());
        CHECK(answer->total == 0);
    }
}

TEST_CASE("with_capability stays a failure where the server speaks the documented contract") {
    auto const answer = run_and_break({{"GET /connections/capabilities/Chat", http_response(404)}, {"GET /connections/capabilities", json(200, R"({"items":["Chat"]})")}},
                                      [](scripted_client& cms) { return cms.connections().with_capability(capability::chat()); });
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == make_error_code(errc::not_found));
    CHECK(answer.error().attempts == 2);
}

TEST_CASE("with_capability stays a failure where the server tells why") {
    for (http_response const& response : {json(404, not_found_body), http_response(403), http_response(401), http_response(405), http_response(400), json(404, "{}")}) {
        CAPTURE(response.status);
        scripted_transport script;
        script.expect("GET /connections/capabilities/Chat").answers(response);
        client cms(script, site);
        auto const answer = cms.connections().with_capability(capability::chat());
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().status == response.status);
        CHECK(answer.error().attempts == 1);
        CHECK(script.report() == "");
    }
}

TEST_CASE("with_capability sends nothing for what is no capability") {
    scripted_transport script;
    client cms(script, site);
    CHECK(cms.connections().with_capability("Chat,Embedding").error().who == fault::usage);
    CHECK(script.requests().empty());
}

// --- writes by alias ---

TEST_CASE("update by alias reads first and writes by id with the unknown members") {
    auto const answer = run_and_break({{"GET /connections/openai-prod", json(200, connection_body)}, {std::string("PUT ") + by_id, http_response(200)}},
                                      [](scripted_client& cms) { return cms.connections().update("openai-prod", new_state()); });
    CHECK(answer.has_value());

    scripted_transport script;
    script.expect("GET /connections/OPENAI-PROD").answers(200, connection_body);
    script.expect(std::string("PUT ") + by_id)
        .with_body(R"({"alias":"openai-prod","name":"New","isActive":false,"settings":{"apiKey":"sk-new-key"},"profile":[1.0]})")
        .answers(200);
    client cms(script, site);
    CHECK(cms.connections().update("OPENAI-PROD", new_state()).has_value());
    CHECK(script.report() == "");
}

TEST_CASE("remove by alias reads first and deletes by id") {
    auto const answer = run_and_break({{"GET /connections/openai-prod", json(200, connection_body)}, {std::string("DELETE ") + by_id, http_response(200)}},
                                      [](scripted_client& cms) { return cms.connections().remove("openai-prod"); });
    CHECK(answer.has_value());
}

TEST_CASE("update and remove by id send one request") {
    CHECK(run_and_break({{std::string("PUT ") + by_id, http_response(200)}}, [](scripted_client& cms) { return cms.connections().update(some_id(), new_state()); }).has_value());
    CHECK(run_and_break({{std::string("DELETE ") + by_id, http_response(200)}}, [](scripted_client& cms) { return cms.connections().remove(some_id()); }).has_value());
}

TEST_CASE("nothing is written where another connection answered to the alias") {
    for (char const* alias : {"c/d", "openai-prod2", "", "OPENAI PROD"}) {
        CAPTURE(alias);
        scripted_transport script;
        std::string body_bytes = connection_body;
        body_bytes.replace(body_bytes.find("openai-prod"), 11, alias);
        script.expect("GET /connections/openai-prod").answers(200, body_bytes);
        script.expect("GET /connections/openai-prod").answers(200, body_bytes);
        client cms(script, site);
        auto const updated = cms.connections().update("openai-prod", new_state());
        auto const removed = cms.connections().remove("openai-prod");
        REQUIRE_FALSE(updated.has_value());
        REQUIRE_FALSE(removed.has_value());
        CHECK(updated.error().who == fault::decode);
        CHECK(updated.error().field == "$.alias");
        CHECK_FALSE(updated.error().possibly_applied);
        CHECK_FALSE(removed.error().possibly_applied);
        CHECK(script.report() == "");
    }
}

TEST_CASE("nothing is written where the alias is not known") {
    scripted_transport script;
    script.expect("GET /connections/nobody").answers(404, not_found_body);
    script.expect("GET /connections/nobody").answers(404, not_found_body);
    client cms(script, site);
    auto const updated = cms.connections().update("nobody", new_state());
    auto const removed = cms.connections().remove("nobody");
    CHECK(updated.error().code == make_error_code(errc::not_found));
    CHECK(removed.error().code == make_error_code(errc::not_found));
    CHECK_FALSE(removed.error().possibly_applied);
    CHECK(script.report() == "");
}

TEST_CASE("nothing is read where what would be written is refused") {
    scripted_transport script;
    client cms(script, site);
    CHECK(cms.connections().update("a", connection_update("a", "", true, settings())).error().field == "name");
    CHECK(cms.connections().update("a", connection_update("a", "n", true, settings{{"apiKey", "sk-***"}})).error().code == make_error_code(errc::masked_value));
    CHECK(cms.connections().update("a/b", new_state()).error().field == "idOrAlias");
    CHECK(cms.connections().update("capabilities", new_state()).error().field == "idOrAlias");
    CHECK(cms.connections().remove("..").error().field == "idOrAlias");
    CHECK(cms.connections().remove(guid()).error().field == "id");
    CHECK(script.requests().empty());
}

TEST_CASE("what was read is changed and put back whole") {
    scripted_transport script;
    script.expect("GET /connections/openai-prod").answers(200, connection_body);
    script.expect(std::string("PUT ") + by_id)
        .with_body(R"({"alias":"openai-prod","name":"OpenAI","isActive":false,"settings":{"apiKey":"planted-secret"},"profile":[1.0]})")
        .answers(200);
    client cms(script, site);
    auto read = cms.connections().get("openai-prod");
    REQUIRE(read.has_value());
    read->is_active = false;
    CHECK(cms.connections().update(*std::move(read)).has_value());
    CHECK(script.report() == "");
}

// --- rules before anything is sent ---

namespace {

template <class Answer>
void check_refused(scripted_transport const& script, Answer const& answer, errc code, std::string_view field_name = {}) {
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().who == fault::usage);
    CHECK(answer.error().code == make_error_code(code));
    if (!field_name.empty()) CHECK(answer.error().field == field_name);
    CHECK_FALSE(answer.error().message.empty());
    CHECK(answer.error().attempts == 0);
    CHECK_FALSE(answer.error().possibly_applied);
    CHECK(script.requests().empty());
}

}  // namespace

TEST_CASE("a read-only client refuses every write before any request") {
    client_options options;
    options.read_only = true;
    scripted_transport script;
    client cms(script, site, {}, options);
    check_refused(script, cms.connections().create(draft()), errc::read_only_client);
    check_refused(script, cms.connections().update(some_id(), new_state()), errc::read_only_client);
    check_refused(script, cms.connections().update("openai-prod", new_state()), errc::read_only_client);
    check_refused(script, cms.connections().remove(some_id()), errc::read_only_client);
    check_refused(script, cms.connections().remove("openai-prod"), errc::read_only_client);
    check_refused(script, cms.connections().test("openai-prod"), errc::read_only_client);
    check_refused(script, cms.call(connections::remove(some_id())), errc::read_only_client);
    script.expect("GET /connections").answers(200, page_body);
    CHECK(cms.connections().list().has_value());
}

TEST_CASE("credentials travel over plain http to this machine only unless that is allowed by name") {
    struct row {
        char const* url;
        bool is_allowed;
    };
    for (row const& expected : std::initializer_list<row>{{"https://cms.example.com", true},
                                                          {"http://localhost:5080", true},
                                                          {"http://LOCALHOST", true},
                                                          {"http://127.0.0.1:5080", true},
                                                          {"http://127.8.9.10", true},
                                                          {"http://[::1]:5080", true},
                                                          {"http://cms.example.com", false},
                                                          {"http://localhost.example.com", false},
                                                          {"http://127.0.0.1.example.com", false},
                                                          {"http://127.1", false},
                                                          {"http://10.0.0.1", false},
                                                          {"http://0.0.0.0", false},
                                                          {"http://[::]", false},
                                                          {"http://[::2]", false}}) {
        CAPTURE(expected.url);
        for (bool const has_token : {true, false})
            for (bool const is_named : {true, false}) {
                CAPTURE(has_token, is_named);
                client_options options;
                options.allow_credentials_over_plain_http = is_named;
                scripted_transport script;
                client cms(script, expected.url, has_token ? credentials(bearer_token("token-1234")) : credentials(), options);
                if (expected.is_allowed || is_named || !has_token) {
                    script.expect("GET /connections").answers(200, page_body);
                    CHECK(cms.connections().list().has_value());
                } else {
                    check_refused(script, cms.connections().list(), errc::insecure_origin, "base URL");
                }
            }
    }
}

TEST_CASE("a bearer token that no header can hold is refused and not shown") {
    for (std::string const& token : {std::string(), std::string(" "), std::string("planted "), std::string(" planted"), std::string("plan ted"), std::string("planted\n"),
                                     std::string("planted\r\nX: 1"), std::string("planted\t"), std::string("pl\xC3\xA4nted"), std::string("planted\0", 8), std::string("planted\x7F")}) {
        scripted_transport script;
        client cms(script, site, bearer_token(token));
        auto const answer = cms.connections().list();
        check_refused(script, answer, errc::invalid_argument, "bearer token");
        CHECK(answer.error().to_string().find("planted") == std::string::npos);
    }
    for (char const* token : {"a", "!#$%&'*+-.^_`|~/=", "[redacted]"}) {
        CAPTURE(token);
        scripted_transport script;
        script.expect("GET /connections").with_header("Authorization", std::string("Bearer ") + token).answers(200, page_body);
        client cms(script, site, bearer_token(token));
        CHECK(cms.connections().list().has_value());
    }
}

TEST_CASE("headers that the library writes itself cannot be given") {
    for (char const* name : {"Host", "host", "Authorization", "AUTHORIZATION", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Accept"}) {
        CAPTURE(name);
        scripted_transport script;
        client cms(script, site);
        call_options options;
        options.headers.add(name, "planted");
        auto const answer = cms.connections(options).list();
        check_refused(script, answer, errc::invalid_argument);
        CHECK(answer.error().to_string().find("planted") == std::string::npos);
    }
}

TEST_CASE("headers cannot smuggle lines") {
    for (http_header const& header : {http_header("", "x"), http_header("A B", "x"), http_header("A:", "x"), http_header("A\r\nB", "x"), http_header("\xC3\xA4", "x"),
                                      http_header("X-A", "1\r\nX-B: 2"), http_header("X-A", "1\n"), http_header("X-A", std::string("1\0", 2)), http_header("X-A", "\x7F"),
                                      http_header("X-A(", "x"), http_header("X-\x01", "x")}) {
        CAPTURE(header.name, header.value);
        scripted_transport script;
        client cms(script, site);
        call_options options;
        options.headers.add(header.name, header.value);
        check_refused(script, cms.call(connections::get("a"), options), errc::invalid_argument);
    }
    scripted_transport script;
    script.expect("GET /connections/a").with_header("X-Trace", "a\tb \xC3\xA4").answers(200, connection_body);
    client cms(script, site);
    call_options options;
    options.headers.add("X-Trace", "a\tb \xC3\xA4");
    CHECK(cms.call(connections::get("a"), options).has_value());
    CHECK(script.report() == "");
}

TEST_CASE("headers of a call go with each of its requests") {
    scripted_transport script;
    script.expect("GET /connections/openai-prod").with_header("X-Trace", "1").answers(200, connection_body);
    script.expect(std::string("DELETE ") + by_id).with_header("X-Trace", "1").answers(200);
    client cms(script, site);
    call_options options;
    options.headers.add("X-Trace", "1");
    CHECK(cms.connections(options).remove("openai-prod").has_value());
    CHECK(script.report() == "");
}

// --- time ---

TEST_CASE("the requests of a call share one deadline") {
    scripted_transport script;
    script.advance(100h);
    script.expect("GET /connections/openai-prod").answers(200, connection_body).after(10s);
    script.expect(std::string("PUT ") + by_id).answers(200).after(25s);
    client cms(script, site);
    CHECK(cms.connections().update("openai-prod", new_state()).has_value());
    CHECK(script.requests().at(0).limits.time == 30s);
    CHECK(script.requests().at(1).limits.time == 20s);
}

TEST_CASE("a deadline that passed between two requests ends the call") {
    for (auto const delay : {30s, 31s, 1000s}) {
        scripted_transport script;
        script.expect("GET /connections/openai-prod").answers(200, connection_body).after(delay);
        client cms(script, site);
        auto const answer = cms.connections().remove("openai-prod");
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().who == fault::timeout);
        CHECK(answer.error().code == make_error_code(errc::deadline_exceeded));
        CHECK(answer.error().attempts == 1);
        CHECK_FALSE(answer.error().possibly_applied);
        CHECK(script.report() == "");
    }
}

TEST_CASE("an answer that came late is an answer") {
    scripted_transport script;
    script.expect("GET /connections").answers(200, page_body).after(1h);
    client cms(script, site);
    CHECK(cms.connections().list().has_value());
}

TEST_CASE("no time at all sends nothing") {
    for (auto const time : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1), (std::chrono::nanoseconds::min)()}) {
        scripted_transport script;
        script.advance(1s);
        client cms(script, site);
        auto const answer = cms.connections(call_options(time)).list();
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().who == fault::timeout);
        CHECK(answer.error().attempts == 0);
        CHECK(script.requests().empty());
    }
}

TEST_CASE("all the time there is does not overflow") {
    scripted_transport script;
    script.advance(1h);
    script.expect("GET /connections").answers(200, page_body);
    client cms(script, site);
    CHECK(cms.connections(call_options((std::chrono::nanoseconds::max)())).list().has_value());
    CHECK(script.requests().at(0).limits.time > 1000h);
}

// --- what became of a write ---

TEST_CASE("a write that failed on the way may have been applied") {
    struct row {
        failure reason;
        bool may_be_applied;
    };
    for (row const& expected : {row{failure(errc::connection_closed, "."), true}, row{failure(errc::deadline_exceeded, "."), true}, row{failure(errc::cancelled, "."), true},
                                row{failure(errc::malformed_response, "."), true}, row{failure(errc::body_too_large, "."), true}, row{failure(errc::transport_failed, "."), true},
                                row{failure(fault::transport, std::make_error_code(std::errc::io_error), "."), true}, row{failure(errc::resolve_failed, "."), false},
                                row{failure(errc::connect_failed, "."), false}, row{failure(errc::tls_unavailable, "."), false}, row{failure(errc::client_busy, "."), false}}) {
        CAPTURE(expected.reason.to_string());
        scripted_transport script;
        script.expect("POST /connections").fails(expected.reason);
        script.expect("GET /connections").fails(expected.reason);
        client cms(script, site);
        auto const written = cms.connections().create(draft());
        auto const read = cms.connections().list();
        REQUIRE_FALSE(written.has_value());
        REQUIRE_FALSE(read.has_value());
        CHECK(written.error().possibly_applied == expected.may_be_applied);
        CHECK(written.error().code == expected.reason.code);
        CHECK(written.error().attempts == 1);
        CHECK_FALSE(read.error().possibly_applied);
    }
}

namespace {

class knowing_transport {
public:
    static constexpr bool tracks_writes = true;
    bool says = false;
    result<http_response> send(http_request) {
        failure reason(errc::connection_closed, "The peer closed.");
        reason.possibly_applied = says;
        return reason;
    }
};

}  // namespace

TEST_CASE("a transport that knows what it wrote is believed") {
    knowing_transport transport;
    client cms(transport, site);
    CHECK_FALSE(cms.connections().create(draft()).error().possibly_applied);
    transport.says = true;
    CHECK(cms.connections().create(draft()).error().possibly_applied);
}

TEST_CASE("a server that broke during a write may have applied it and one that refused has not") {
    for (int const status : {400, 401, 403, 404, 409, 413, 415, 500, 503, 202}) {
        CAPTURE(status);
        scripted_transport script;
        script.expect(std::string("PUT ") + by_id).answers(status);
        client cms(script, site);
        auto const answer = cms.connections().update(some_id(), new_state());
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().possibly_applied == (status >= 500 || status == 202));
        CHECK((answer.error().to_string().find("may have been applied") != std::string::npos) == answer.error().possibly_applied);
    }
}

// --- secrets ---

namespace {

std::string texts_of(failure const& reason) {
    std::string text = reason.to_string() + reason.message + reason.field + reason.problem.type + reason.problem.title + reason.problem.detail +
                       reason.problem.operation_status + reason.problem.trace_id;
    for (auto const& error : reason.problem.errors) text += error.field + error.text;
    return text;
}

failure create_failure(settings given, std::string problem_body, std::string token = "horse.battery.staple") {
    scripted_transport script;
    script.expect("POST /connections").answers(400, std::move(problem_body));
    client cms(script, site, bearer_token(std::move(token)));
    connection_draft secretive = draft();
    secretive.settings = std::move(given);
    auto answer = cms.connections().create(secretive);
    REQUIRE_FALSE(answer.has_value());
    CHECK(script.report() == "");
    return std::move(answer).error();
}

}  // namespace

TEST_CASE("what was sent as token or settings does not come back in the words of the server") {
    settings given{{"apiKey", secret("correct horse")}, {"nested", settings{{"deep", "quiet river"}}}, {"flag", true}};
    given.set("list", settings_value::from_json(R"(["loud\u0020thunder"])"));
    failure const reason = create_failure(
        given, R"({"type":"correct horse","title":"quiet river","detail":"key 'correct horse', token horse.battery.staple!","operationStatus":"loud thunder","traceId":"quiet river",)"
               R"("errors":{"correct horse":["loud thunder and quiet river"]}})");
    std::string const texts = texts_of(reason);
    CAPTURE(texts);
    for (char const* planted : {"correct", "battery", "quiet", "thunder"}) CHECK(texts.find(planted) == std::string::npos);
    CHECK(reason.problem.detail == "key '***', token ***!");
    CHECK(reason.problem.errors == std::vector<field_error>{{"***", "*** and ***"}});
}

TEST_CASE("a secret that begins with another one is scrubbed whole") {
    failure const reason = create_failure(settings{{"a", "pass"}, {"b", "passphrase-of-mine"}}, R"({"detail":"Bad passphrase-of-mine, bad pass"})");
    CHECK(reason.problem.detail == "Bad ***, bad ***");
}

TEST_CASE("a secret with line ends or token-like runs is scrubbed whole") {
    failure const lines = create_failure(settings{{"key", "first line\nsecond line"}}, R"({"detail":"Bad first line\nsecond line!"})");
    CHECK(texts_of(lines).find("line") == std::string::npos);
    failure const mixed = create_failure(settings{{"key", "Endpoint=sb;Key=abcdefgh12345678ijkl;tail of it"}}, R"({"detail":"Bad 'Endpoint=sb;Key=abcdefgh12345678ijkl;tail of it'"})");
    CHECK(texts_of(mixed).find("tail") == std::string::npos);
}

TEST_CASE("a secret that the bound of a text cuts is scrubbed") {
    std::string const key = "a very long passphrase without any digit in it, which nobody should ever see";
    for (std::size_t const before : {std::size_t{950}, std::size_t{1000}, std::size_t{1015}, std::size_t{1020}}) {
        CAPTURE(before);
        std::string filler;
        while (filler.size() < before) filler += "z ";
        failure const reason = create_failure(settings{{"key", key}}, R"({"detail":")" + filler + key + "\"}");
        CHECK(reason.problem.detail.find("a ve") == std::string::npos);
        CHECK(reason.problem.detail.starts_with("z z z"));
    }
}

TEST_CASE("references and short words of the settings are left in the words of the server") {
    failure const reason = create_failure(settings{{"apiKey", config_reference("OpenAI:ApiKey")}, {"region", "eu"}}, R"({"detail":"No value for $OpenAI:ApiKey in eu"})");
    CHECK(reason.problem.detail == "No value for $OpenAI:ApiKey in eu");
}

TEST_CASE("what an update by alias read does not come back in the words of the server") {
    scripted_transport script;
    std::string body_bytes = connection_body;
    body_bytes.replace(body_bytes.find("planted-secret"), 14, "quiet river");
    script.expect("GET /connections/openai-prod").answers(200, body_bytes);
    script.expect(std::string("PUT ") + by_id).answers(400, R"({"detail":"quiet river was better than sk-new-key"})");
    client cms(script, site);
    auto const answer = cms.connections().update("openai-prod", new_state());
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().problem.detail == "*** was better than ***");
}

TEST_CASE("a message of a transport that quotes the token is scrubbed") {
    scripted_transport script;
    script.expect("GET /connections").fails(failure(errc::transport_failed, "Refused: Authorization: Bearer horse.battery.staple"));
    client cms(script, site, bearer_token("horse.battery.staple"));
    CHECK(cms.connections().list().error().to_string().find("battery") == std::string::npos);
}

TEST_CASE("nothing that streams shows a secret") {
    auto read = read_json<connection>(connection_body);
    REQUIRE(read.has_value());
    CHECK(streamed(*read).find("planted") == std::string::npos);
    CHECK(streamed(read->settings) == "{apiKey: ***}");

    connection_draft secretive = draft();
    secretive.settings = {{"apiKey", secret("planted-secret")}, {"ref", config_reference("A:B")}, {"on", false}, {"none", nullptr}, {"n", 4711}};
    CHECK(streamed(secretive.settings) == "{apiKey: ***, ref: $A:B, on: false, none: null, n: ***}");
    CHECK(streamed(secretive).find("planted") == std::string::npos);
    CHECK(streamed(connection_update(*read)).find("planted") == std::string::npos);

    auto request = build_request(connections::create(secretive));
    REQUIRE(request.has_value());
    request->headers.add("Authorization", "Bearer planted");
    CHECK(streamed(*request).find("planted") == std::string::npos);
    CHECK(streamed(action::send(*request)).find("planted") == std::string::npos);
    CHECK(streamed(json(200, connection_body)).find("planted") == std::string::npos);
    CHECK(streamed(secret("planted")) == "***");
    auto const decoded = read_json<connection>(R"({"id":"planted"})");
    REQUIRE_FALSE(decoded.has_value());
    CHECK(streamed(decoded.error()).find("planted") == std::string::npos);
}

TEST_CASE("a script does not quote headers or bodies") {
    scripted_transport script;
    script.expect("POST /connections").with_header("Authorization", "Bearer other").answers(201, connection_body);
    script.expect("POST /connections").with_body("{\"other\":1}").answers(201, connection_body);
    client cms(script, site, bearer_token("planted-token"));
    connection_draft secretive = draft();
    secretive.settings = {{"apiKey", secret("planted-secret")}};
    CHECK_FALSE(cms.connections().create(secretive).has_value());
    CHECK_FALSE(cms.connections().create(secretive).has_value());
    CHECK_FALSE(cms.connections().create(secretive).has_value());
    CHECK(script.report().find("planted") == std::string::npos);
    CHECK(script.report().find("Authorization") != std::string::npos);
    CHECK(script.report().find("at its end") != std::string::npos);
}

TEST_CASE("a script reports what never came") {
    scripted_transport script;
    script.expect("GET /connections").answers(200, page_body);
    CHECK(script.report() == "never came: GET /connections\n");
}

// --- values of results ---

TEST_CASE("the value of a failed call throws the failure") {
    scripted_transport script;
    script.expect("GET /connections/nobody").answers(404, not_found_body);
    client cms(script, site);
    try {
        static_cast<void>(cms.connections().get("nobody").value());
        FAIL("no exception");
    } catch (bad_result_access const& thrown) {
        CHECK(thrown.error().code == make_error_code(errc::not_found));
        CHECK(std::string(thrown.what()) == thrown.error().to_string());
    }
}

// --- the machine, without a transport ---

TEST_CASE("actions are values that print and compare") {
    http_request request;
    request.target = "/x";
    CHECK(action::done() == action());
    CHECK(action::send(request) == action::send(request));
    CHECK_FALSE(action::send(request) == action::done());
    CHECK_FALSE(action::wait(1s) == action::wait(2s));
    CHECK(streamed(action::send(request)) == "send GET /x");
    CHECK(streamed(action::wait(5ns)) == "wait 5 ns");
    CHECK(streamed(action::done()) == "done");
    CHECK(streamed(action::lock(some_id(), 1s)) == std::string("lock ") + id_text);
}

TEST_CASE("an exchange is driven by hand") {
    using machine = exchange<update_operation>;
    static_assert(Machine<machine> && Operation<update_operation> && Operation<remove_operation> && Operation<with_capability_operation>);
    static_assert(Operation<call_operation<connections::get>> && !Operation<int>);
    client_context context(base_url::parse(site), bearer_token("token-1234"), {});
    machine call(context, call_options(10s), update_operation("openai-prod", new_state()));

    action const first = call.start(100s);
    CHECK(first.what == action_kind::send);
    CHECK(streamed(first) == "send GET /umbraco/ai/management/api/v1/connections/openai-prod");
    CHECK(first.request.limits.time == 10s);
    action const second = call.resume(json(200, connection_body), 104s);
    CHECK(streamed(second) == std::string("send PUT /umbraco/ai/management/api/v1") + by_id);
    CHECK(second.request.limits.time == 6s);
    CHECK(second.request.origin == http_origin(true, "cms.example.com", 443));
    CHECK(call.resume(http_response(200), 105s) == action::done());
    CHECK(call.take().has_value());
}

TEST_CASE("an exchange of a client whose calls overlap asks for a lock before it writes") {
    client_context context(base_url::parse(site), {}, {});
    context.queues_writes = true;
    exchange<remove_operation> call(context, call_options(10s), remove_operation("openai-prod"));
    CHECK(call.start(0s).what == action_kind::send);
    CHECK(call.resume(json(200, connection_body), 1s) == action::lock(some_id(), 9s));
    CHECK(streamed(call.resume(result<bool>(true), 2s)) == std::string("send DELETE /umbraco/ai/management/api/v1") + by_id);
    CHECK(call.resume(http_response(200), 3s) == action::done());
    CHECK(call.take().has_value());

    exchange<remove_operation> late(context, call_options(10s), remove_operation(some_id()));
    CHECK(late.start(0s) == action::lock(some_id(), 10s));
    CHECK(late.resume(result<bool>(failure(errc::deadline_exceeded, "The deadline passed in the queue.")), 10s) == action::done());
    auto const answer = late.take();
    CHECK(answer.error().who == fault::timeout);
    CHECK(answer.error().attempts == 0);
    CHECK_FALSE(answer.error().possibly_applied);
}

TEST_CASE("an exchange that may not begin is done at once") {
    client_context context(base_url::parse("nowhere"), {}, {});
    exchange<call_operation<connections::capabilities>> call(context, {}, call_operation<connections::capabilities>(connections::capabilities()));
    CHECK(call.start(0s) == action::done());
    CHECK(call.take().error().code == make_error_code(errc::invalid_base_url));
}

TEST_CASE("the retry policy of a context is read when a request fails") {
    client_context context(base_url::parse(site), {}, {});
    context.retries.can_wait = true;
    exchange<call_operation<connections::capabilities>> repeated(context, {}, call_operation<connections::capabilities>(connections::capabilities()));
    CHECK(repeated.start(0s).what == action_kind::send);
    CHECK(repeated.resume(http_response(503), 1s).what == action_kind::wait);

    context.options.retry = retry_policy::none();
    exchange<call_operation<connections::capabilities>> once(context, {}, call_operation<connections::capabilities>(connections::capabilities()));
    CHECK(once.start(2s).what == action_kind::send);
    CHECK(once.resume(http_response(503), 3s) == action::done());
}

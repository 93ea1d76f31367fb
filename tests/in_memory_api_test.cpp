// SPDX-License-Identifier: MIT
#include <umbraco_ai/testing/in_memory_api.hpp>

#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace umbraco_ai::testing;
using umbraco_ai::tests::exchange;
using umbraco_ai::tests::recording;

namespace {

static_assert(Transport<in_memory_api>);
static_assert(!is_awaited<in_memory_api>);
static_assert(!std::is_aggregate_v<server_request> && !std::is_aggregate_v<in_memory_options> &&
              !std::is_aggregate_v<stored_connection>);
static_assert(!std::is_aggregate_v<careless_writes> && !std::is_aggregate_v<logged_request>);
static_assert(!std::is_aggregate_v<provider> && !std::is_aggregate_v<provider_model> && !std::is_aggregate_v<settings_field>);

std::string const base = "/umbraco/ai/management/api/v1/connections";
std::string const token_path = "/umbraco/management/api/v1/security/back-office/token";

// ---- Replay

/// The recordings that the observed dialect does not answer, and why.
std::map<int, std::string> const not_replayed{
    {433, "the HTTP version is judged by whoever reads the socket"},
    {437, "no answer was sent: the announced length and the chunks contradict each other"},
    {449, "the length is announced and the body never sent: judged by whoever reads the socket"},
    {451, "51 MiB in chunks, cut inside a chunk: the request cannot be put together again"},
    {452, "the body is shorter than announced and the server waits: a matter of sockets and clocks"},
    {473, "dates of the Hijri calendar are not modelled"},
    {475, "dates of the Hijri calendar are not modelled"},
    {484, "the chunk size does not fit the shortened stack trace: no reader may accept it"},
    {485, "the chunk size does not fit the shortened stack trace: no reader may accept it"},
    {515, "no answer was sent: the client closed its side first"},
};

std::vector<recording> const& recordings() {
    static std::vector<recording> const all = tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR);
    return all;
}

recording const& recording_of(int number) {
    auto const found =
        std::find_if(recordings().begin(), recordings().end(), [&](recording const& each) { return each.number == number; });
    if (found == recordings().end()) throw std::out_of_range("no recording " + std::to_string(number));
    return *found;
}

/// Providers that only the recorded site had.
std::vector<provider> fake_providers() {
    provider broken("fake-broken");
    broken.fields = {settings_field("apiKey").secret()};
    broken.capabilities = {{"Chat", {{"never", "Never listed"}}}};
    broken.refusal = "The listing failed";

    provider none("fake-none");
    none.fields = {settings_field("x")};

    provider no_settings("fake-nosettings");
    no_settings.capabilities = {{"Chat", {{"never", "Never listed"}}}};
    no_settings.has_settings = false;

    provider rich("fake-rich");
    rich.fields = {settings_field("clientSecret").secret().required(), settings_field("useResponsesApi", field_kind::flag),
                   settings_field("retries", field_kind::number).between(1, 10)};
    provider_model shared("shared", "Shared (chat)");
    shared.metadata = {{"ContextWindow", "128000"}, {"Owner Name", "\u00C6ther <b>&\"'+/"}, {"lower", ""}};
    rich.capabilities = {{"Chat", {shared, {"m\u00F6del/1:\u03B2", "Mod\u00E8le \U0001F600"}}},
                         {"SpeechToText", {{"shared", "Shared (stt)"}, {"whisper-1", "Whisper 1"}}}};
    return {broken, none, no_settings, rich};
}

in_memory_options with_token(std::string token = "TOKEN") {
    in_memory_options options;
    options.token = std::move(token);
    return options;
}

in_memory_options token_site() {
    in_memory_options options;
    options.token = "TOKEN" + std::string(38, 'x');
    options.client_id = "umbraco-back-office-test";
    options.client_secret = "s3cret*&!#$";
    return options;
}

/// The site at one point of the recording.
class stage {
public:
    stage() { fresh(); }

    void fresh(in_memory_options options = with_token()) {
        options.new_id = [this] { return next_id_; };
        api_ = std::make_unique<in_memory_api>(dialect::observed, std::move(options));
        for (auto& each : fake_providers()) api_->add_provider(std::move(each));
    }

    in_memory_api& api() { return *api_; }

    /// The id that the recorded server made up next.
    void expect_id(std::string id) { next_id_ = std::move(id); }

    void add(std::string alias, std::string name, std::string owner = "openai", std::string settings = R"({"apiKey":"k"})") {
        stored_connection made(std::move(alias), std::move(name), std::move(owner), std::move(settings));
        made.id = "00000000-0000-4000-9000-" + testing::detail::padded(++seeded_, 12);
        api_->add(std::move(made));
    }

    /// Adds what the answer of a recording shows: one connection, or a page of them in the order of their creation, or of that
    /// page the one connection with this alias. Lists show no settings, so those are null.
    void add_answer_of(int number, std::string_view alias = {}) {
        testing::detail::json_value answer;
        REQUIRE(testing::detail::parse_json(tests::read_exchanges(recording_of(number)).front().response.body, answer));
        std::vector<testing::detail::json_value> shown{answer};
        if (auto const* items = answer.find("items")) shown = items->items;
        std::stable_sort(shown.begin(), shown.end(), [](auto const& a, auto const& b) {
            return a.find("dateCreated")->text < b.find("dateCreated")->text;
        });
        for (auto const& each : shown) {
            if (!alias.empty() && each.find("alias")->text != alias) continue;
            auto const* const settings = each.find("settings");
            stored_connection made(
                each.find("alias")->text, each.find("name")->text, each.find("providerId")->text,
                settings == nullptr ? "null" : testing::detail::to_json(*settings, testing::detail::escaping::minimal));
            made.id = each.find("id")->text;
            made.is_active = each.find("isActive")->text == "true";
            made.version = std::stoull(each.find("version")->text);
            api_->add(std::move(made));
        }
    }

    void put(std::string const& key, std::string body) {
        server_request request("PUT", base + '/' + key);
        request.headers.add("Content-Type", "application/json");
        request.headers.add("Authorization", "Bearer TOKEN");
        request.body = std::move(body);
        REQUIRE(api_->handle(request).status == 200);
    }

private:
    std::unique_ptr<in_memory_api> api_;
    std::string next_id_;
    std::uint64_t seeded_ = 0;
};

/// What happened on the recorded site before the recording of this number, and is in no recording.
struct unrecorded {
    int before;
    void (*happens)(stage&);
};

std::vector<unrecorded> const& unrecorded_steps() {
    static std::vector<unrecorded> const steps{
        // tokens
        {1, [](stage& on) { on.fresh(token_site()); }},
        {2,
         [](stage& on) {
             auto options = token_site();
             options.token_lifetime = std::chrono::seconds(300);
             on.fresh(options);
         }},
        {4, [](stage& on) { on.fresh(token_site()); }},
        {5, [](stage& on) { on.fresh(token_site()); }},
        {28, [](stage& on) { on.fresh(); }},
        {35, [](stage& on) { on.fresh(token_site()); }},
        {40,
         [](stage& on) {
             auto options = with_token();
             options.forbidden_section = true;
             on.fresh(options);
         }},
        {46,
         [](stage& on) {
             on.fresh();
             on.api().revoke("TOKEN");
         }},

        // one site, from its first connection to its many odd aliases
        {47,
         [](stage& on) {
             on.fresh();
             on.api().add_configuration("OpenAI:ApiKey");
         }},
        {58, [](stage& on) { on.add_answer_of(175, "inactive"); }},
        {64, [](stage& on) { on.add_answer_of(175, "v10"); }},
        {101, [](stage& on) { on.add_answer_of(175, "utf16"); }},
        {106, [](stage& on) { on.add_answer_of(106); }},
        {124, [](stage& on) { on.add_answer_of(175, "s9"); }},
        {142, [](stage& on) { on.add_answer_of(142); }},
        {148, [](stage& on) { on.add_answer_of(148); }},
        {151, [](stage& on) { on.add_answer_of(175, "a/b"); }},
        {163, [](stage& on) { on.add_answer_of(163); }},
        {169, [](stage& on) { on.add_answer_of(169); }},
        {175, [](stage& on) { on.add_answer_of(175, "."); }},
        {181, [](stage& on) { on.add_answer_of(181); }},
        {187, [](stage& on) { on.add_answer_of(187); }},
        {205, [](stage& on) { on.add_answer_of(205); }},
        {214, [](stage& on) { on.api().erase("capabilities"); }},

        // lists
        {220,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(220);
         }},
        {221,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(221);
         }},
        {232,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(232);
             on.add_answer_of(233);
             constexpr std::array owners{"openai", "fake-none", "fake-rich"};
             for (std::size_t i = 200; i < 248; ++i)
                 on.add("c" + std::to_string(i), "Conn " + std::to_string(i), owners.at(i % 3));
             on.add_answer_of(272);
         }},

        // one connection and what can be done to it
        {277,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(277);
         }},
        {304, [](stage& on) { on.put("main", R"({"alias":"main","name":"Main","settings":{"apiKey":"sk-2"}})"); }},
        {313,
         [](stage& on) { on.put("main", R"({"alias":"main","name":"Main","settings":{"apiKey":"sk-***"},"isActive":true})"); }},
        {316,
         [](stage& on) {
             on.put("main", R"({"alias":"renamed","name":"Main","settings":{"apiKey":"sk-3"},"isActive":true})");
         }},
        {319, [](stage& on) { on.add("other", "Other"); }},
        {325,
         [](stage& on) {
             on.add("broken", "Broken", "fake-broken", "null");
             on.add("broken2", "Broken 2", "fake-broken");
             on.add("nst", "No settings type", "fake-nosettings", "null");
             on.add("nst2", "No settings type", "fake-nosettings");
             on.add("null", "Null", "openai", "null");
             on.add("rich", "Rich", "fake-rich", R"({"clientSecret":"s"})");
         }},
        {364, [](stage& on) { on.api().use_in_profile("renamed"); }},
        {367, [](stage& on) { on.api().erase("renamed"); }},
        {370,
         [](stage& on) {
             stored_connection made("gone", "Gone", "openai");
             made.id = "181e2e36-5e4f-4552-aa5d-4d6da1bf35d4";
             on.api().add(made);
         }},

        // routes, headers, framing
        {382,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(394);
         }},
        {421, [](stage& on) { on.put("main", R"({"alias":"main","name":"Main","settings":{"apiKey":"k"},"isActive":true})"); }},
        {440, [](stage& on) { on.add("expect", "Expect"); }},
        {472,
         [](stage& on) {
             auto options = with_token();
             options.localize_date = [](std::string date) {
                 std::replace(date.begin(), date.end(), ':', '.');
                 return date;
             };
             on.fresh(options);
             on.add_answer_of(472);
         }},

        // references into the configuration
        {476,
         [](stage& on) {
             on.fresh();
             on.add("ref", "Ref", "openai", R"({"apiKey":"$OpenAI:ApiKey"})");
             on.api().add_configuration("OpenAI:ApiKey");
         }},
        {478, [](stage& on) { on.api().remove_configuration("OpenAI:ApiKey"); }},

        // a site without a catch-all route
        {490,
         [](stage& on) {
             auto options = with_token();
             options.catch_all = false;
             on.fresh(options);
         }},

        // tokens that run out, plain http, a lost key ring
        {502, [](stage& on) { on.fresh(); }},
        {503, [](stage& on) { on.api().revoke("TOKEN"); }},
        {505,
         [](stage& on) {
             auto options = token_site();
             options.token_requires_https = true;
             on.fresh(options);
         }},
        {508, [](stage& on) { on.fresh(with_token("another")); }},
        {509,
         [](stage& on) {
             on.fresh();
             on.add_answer_of(509);
         }},
        {514,
         [](stage& on) {
             auto const settings = on.api().find("main").value().settings;
             on.put("main", R"({"alias":"main","name":"Main","settings":)" + settings + R"(,"isActive":true})");
         }},

        // the rest
        {520, [](stage& on) { on.add_answer_of(520); }},
        {527, [](stage& on) { on.fresh(); }},
        {532,
         [](stage& on) {
             on.fresh();
             on.add("same1", "Same");
             on.add("same2", "Same");
             on.add_answer_of(532);
         }},
    };
    return steps;
}

/// Replaces what differs from run to run: digits of dates, the trace id.
std::string without_moments(std::string body) {
    for (std::string_view const name : {"\"dateCreated\":\"", "\"dateModified\":\"", "\"traceId\":\""}) {
        for (std::size_t at = body.find(name); at != std::string::npos; at = body.find(name, at)) {
            at += name.size();
            for (; at < body.size() && body[at] != '"'; ++at) {
                bool const is_digit = std::string_view("0123456789abcdef").find(body[at]) != std::string_view::npos;
                if (is_digit) body[at] = '0';
            }
        }
    }
    return body;
}

/// The header fields that the application decides on, sorted. The rest is framing, the clock, and the name of the server.
std::vector<std::string> judged_headers(http_headers const& headers) {
    std::set<std::string> const aside{"Date", "Server", "Content-Length", "Transfer-Encoding", "Connection", "Last-Modified"};
    std::vector<std::string> judged;
    for (auto const& field : headers)
        if (!aside.contains(std::string(field.name))) judged.push_back(std::string(field.name).append(": ").append(field.value));
    std::sort(judged.begin(), judged.end());
    return judged;
}

/// What is different between two answers, or nothing. Bodies are compared byte by byte: members, their order, numbers, escapes.
std::string difference(http_response const& recorded, http_response const& ours) {
    if (recorded.status != ours.status)
        return "status " + std::to_string(ours.status) + " instead of " + std::to_string(recorded.status) + ": " + ours.body;
    auto const expected = judged_headers(recorded.headers);
    auto const given = judged_headers(ours.headers);
    if (expected != given) {
        std::string text = "header fields";
        for (auto const& field : given) text += "\n  ours:     " + field;
        for (auto const& field : expected) text += "\n  recorded: " + field;
        return text;
    }
    if (without_moments(recorded.body) != without_moments(ours.body))
        return "body\n  ours:     " + ours.body + "\n  recorded: " + recorded.body;
    return {};
}

/// Answers one recorded request, as the server did with `on` as it is.
http_response answer(stage& on, exchange const& each) {
    if (each.response.status == 201) on.expect_id(each.response.body.substr(1, 36));
    return on.api().handle(each.request);
}

}  // namespace

TEST_CASE("The observed dialect answers as the recorded server did") {
    stage on;
    std::size_t replayed = 0;
    auto step = unrecorded_steps().begin();
    for (auto const& each : recordings()) {
        for (; step != unrecorded_steps().end() && step->before <= each.number; ++step) {
            REQUIRE(step->before == each.number);
            step->happens(on);
        }
        if (not_replayed.contains(each.number)) continue;
        bool is_same = true;
        for (auto const& one : tests::read_exchanges(each)) {
            std::string const found = difference(one.response, answer(on, one));
            INFO(each.name << ": " << found);
            CHECK(found.empty());
            is_same = is_same && found.empty();
        }
        if (is_same) ++replayed;
    }
    CHECK(step == unrecorded_steps().end());
    WARN("replayed " << replayed << " of " << recordings().size() << " recordings");
    CHECK(replayed >= 250);
    CHECK(replayed + not_replayed.size() == 353);
    CHECK(recordings().size() == 353);
}

TEST_CASE("The comparison of the replay sees every kind of difference") {
    auto const recorded = tests::read_exchanges(recording_of(220)).front().response;
    CHECK(difference(recorded, recorded).empty());

    SECTION("a status") {
        auto altered = recorded;
        altered.status = 201;
        CHECK_FALSE(difference(altered, recorded).empty());
    }
    SECTION("a header field that is gone, new or other") {
        http_response altered(recorded.status, recorded.body);
        for (auto const& field : recorded.headers)
            if (field.name != "Content-Type") altered.headers.add(field.name, field.value);
        CHECK_FALSE(difference(altered, recorded).empty());
        altered.headers.add("Content-Type", "application/json");
        CHECK_FALSE(difference(altered, recorded).empty());
        auto longer = recorded;
        longer.headers.add("WWW-Authenticate", "Bearer");
        CHECK_FALSE(difference(longer, recorded).empty());
    }
    SECTION("any one character of the body") {
        for (std::size_t i = 0; i < recorded.body.size(); ++i) {
            auto altered = recorded;
            altered.body[i] = recorded.body[i] == '#' ? '%' : '#';
            INFO(i);
            CHECK_FALSE(difference(altered, recorded).empty());
        }
    }
    SECTION("a member that is gone") {
        auto altered = recorded;
        std::string const member = R"("version":1)";
        altered.body.erase(altered.body.find(',' + member), member.size() + 1);
        CHECK_FALSE(difference(altered, recorded).empty());
    }
    SECTION("a whole replay against an altered answer") {
        stage on;
        auto each = tests::read_exchanges(recording_of(47)).front();
        CHECK(difference(each.response, answer(on, each)).empty());
        each.response.body = R"({"items":[],"total":1})";
        CHECK_FALSE(difference(each.response, answer(on, each)).empty());
    }
    SECTION("but not the moment") {
        auto altered = recorded;
        std::size_t const at = altered.body.find("2026-11-22");
        altered.body.replace(at, 10, "2031-01-09");
        CHECK(difference(altered, recorded).empty());
    }
}

TEST_CASE("Every recording that is not replayed is one that exists") {
    for (auto const& [number, reason] : not_replayed) {
        CHECK(recording_of(number).number == number);
        CHECK_FALSE(reason.empty());
    }
}

TEST_CASE("The reader of recordings refuses chunks whose sizes lie") {
    CHECK_THROWS_AS(tests::read_exchanges(recording_of(484)), tests::malformed_recording);
    CHECK_THROWS_AS(tests::read_exchanges(recording_of(485)), tests::malformed_recording);
    std::size_t refused = 0;
    for (auto const& each : recordings()) {
        try {
            (void)tests::read_exchanges(each);
        } catch (tests::malformed_recording const&) {
            ++refused;
            INFO(each.name);
            CHECK(not_replayed.contains(each.number));
        }
    }
    CHECK(refused == 5);
}

TEST_CASE("The reader of recordings finds every exchange of a connection and puts back what was cut") {
    for (int const number : {425, 427, 442}) CHECK(tests::read_exchanges(recording_of(number)).size() == 2);
    CHECK(tests::read_exchanges(recording_of(448)).front().request.body.size() == 32505941);
    CHECK(tests::read_exchanges(recording_of(521)).front().has_whole_body);
    CHECK_FALSE(tests::read_exchanges(recording_of(439)).front().has_whole_body);
    CHECK(tests::read_exchanges(recording_of(436)).front().request.body ==
          R"({"alias": "chunk", "name": "Chunk", "providerId": "openai", "settings": {"apiKey": "k"}})");
}

namespace {

/// A client that says as little as it can.
class caller {
public:
    explicit caller(dialect spoken, in_memory_options options = {}) : api(spoken, std::move(options)) {}

    http_response operator()(std::string const& method, std::string const& path, std::string const& body = {}) {
        server_request request(method, base + path);
        request.headers.add("Host", "cms.example.com");
        if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
        if (!body.empty()) request.headers.add("Content-Type", "application/json");
        request.body = body;
        return api.handle(request);
    }

    in_memory_api api;
    std::string token;
};

std::string const id_1 = "00000000-0000-4000-8000-000000000001";
std::string const unknown_id = "99999999-0000-4000-8000-000000000000";

std::string documented_problem(int status, std::string const& section, std::string const& title, std::string const& detail) {
    return R"({"type":"https://tools.ietf.org/html/rfc7231#section-)" + section + R"(","title":")" + title + R"(","status":)" +
           std::to_string(status) + R"(,"detail":")" + detail + "\"}";
}

std::string documented_not_found() { return documented_problem(404, "6.5.4", "Not Found", "Connection not found"); }
std::string documented_bad_request(std::string const& detail) {
    return documented_problem(400, "6.5.1", "Bad Request", detail);
}

stored_connection main_connection() { return {"main", "Main", "openai", R"({"apiKey":"sk-secret","organizationId":"org"})"}; }

std::string const main_item = R"({"id":")" + id_1 + R"(","alias":"main","name":"Main","providerId":"openai","isActive":true)";

}  // namespace

// ---- The documented dialect

TEST_CASE("A documented create answers with the connection, its secrets masked") {
    caller call(dialect::documented);
    auto const made = call(
        "POST", "",
        R"({"alias":"main","name":"Main","providerId":"openai","settings":{"apiKey":"sk-secret","organizationId":"org"}})");
    CHECK(made.status == 201);
    CHECK(made.body == main_item + R"(,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z",)"
                                   R"("settings":{"apiKey":"sk-***","organizationId":"org"}})");
    CHECK(*made.headers.find("Content-Type") == "application/json; charset=utf-8");
    CHECK(call.api.find("main")->settings == R"({"apiKey":"sk-secret","organizationId":"org"})");

    auto const bare = call("POST", "", R"({"alias":"bare","name":"Bare","providerId":"OPENAI","isActive":false})");
    CHECK(bare.status == 201);
    CHECK(bare.body.find(R"("isActive":false)") != std::string::npos);
    CHECK(bare.body.find(R"("settings":null)") != std::string::npos);
}

TEST_CASE("A documented create says in its detail what is missing") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    auto const refusal = [&](std::string const& body) {
        auto const answer = call("POST", "", body);
        CHECK(answer.status == 400);
        return answer.body;
    };
    CHECK(refusal(R"({"name":"n","providerId":"openai"})") == documented_bad_request("Alias is required"));
    CHECK(refusal(R"({"alias":" ","name":"n","providerId":"openai"})") == documented_bad_request("Alias is required"));
    CHECK(refusal(R"({"alias":"a","name":null,"providerId":"openai"})") == documented_bad_request("Name is required"));
    CHECK(refusal(R"({"alias":"a","name":"n"})") == documented_bad_request("ProviderId is required"));
    CHECK(refusal(R"({"alias":"main","name":"n","providerId":"openai"})") ==
          documented_bad_request(R"(A connection with alias \u0027main\u0027 already exists)"));
    CHECK(refusal(R"({"alias":"a","name":"n","providerId":"nope"})") ==
          documented_bad_request(R"(Provider \u0027nope\u0027 not found)"));
    CHECK(refusal(R"({"alias":"a","name":"n","providerId":"openai","settings":{}})") ==
          documented_bad_request(R"(Invalid settings for provider \u0027openai\u0027)"));
    CHECK(refusal(R"({"alias":)") == documented_bad_request("The body is not a JSON object"));
    CHECK(call.api.size() == 1);
    CHECK(call.api.careless().refused_duplicate_aliases == 1);
}

TEST_CASE("A documented list has items of five fields, in pages, filtered by name and provider") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    call.api.add({"second", "Another main", "anthropic"});
    CHECK(
        call("GET", "").body ==
        R"({"items":[{"id":"00000000-0000-4000-8000-000000000002","alias":"second","name":"Another main","providerId":"anthropic","isActive":true},)" +
            main_item + R"(}],"total":2})");
    CHECK(call("GET", "?skip=1&take=1").body == R"({"items":[)" + main_item + R"(}],"total":2})");
    CHECK(call("GET", "?take=0").body == R"({"items":[],"total":2})");
    CHECK(call("GET", "?filter=MAIN&providerId=openai").body == R"({"items":[)" + main_item + R"(}],"total":1})");
    CHECK(call("GET", "?filter=zzz").body == R"({"items":[],"total":0})");
    CHECK(call("GET", "?take=abc").status == 400);
    CHECK(call("GET", "?capability=Embedding").body == call("GET", "").body);
}

TEST_CASE("A documented get takes an id or an alias") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    CHECK(call("GET", "/main").status == 200);
    CHECK(call("GET", "/" + id_1).body == call("GET", "/main").body);
    auto const missing = call("GET", "/nope");
    CHECK(missing.status == 404);
    CHECK(missing.body == documented_not_found());
}

TEST_CASE("A documented update changes what is sent and answers with the connection") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    auto const off = call("PUT", "/" + id_1, R"({"isActive":false})");
    CHECK(off.status == 200);
    CHECK(
        off.body.find(
            R"("isActive":false,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:01Z","settings":{"apiKey":"sk-***")") !=
        std::string::npos);
    CHECK(call("PUT", "/" + id_1, R"({"name":"Other","alias":"ignored"})").status == 200);
    auto const stored = call.api.find("main");
    REQUIRE(stored);
    CHECK(stored->name == "Other");
    CHECK_FALSE(stored->is_active);
    CHECK(stored->settings == main_connection().settings);
    CHECK(call.api.careless().total() == 0);

    CHECK(call("PUT", "/main", R"({"isActive":true})").body == documented_not_found());
    CHECK(call("PUT", "/" + unknown_id, R"({"isActive":true})").body == documented_not_found());
    CHECK(call("PUT", "/" + id_1, R"({"settings":{"endpoint":"x"}})").body ==
          documented_bad_request(R"(Invalid settings for provider \u0027openai\u0027)"));
    CHECK(call("PUT", "/" + id_1, R"({"settings":null})").status == 200);
    CHECK(call.api.careless().wiped_credentials == 1);
}

TEST_CASE("A documented delete takes a guid and answers 200 without a body") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    call.api.use_in_profile("main");
    CHECK(call("DELETE", "/main").body == documented_not_found());
    auto const gone = call("DELETE", "/" + id_1);
    CHECK(gone.status == 200);
    CHECK(gone.body.empty());
    CHECK(call("DELETE", "/" + id_1).status == 404);
    CHECK(call.api.size() == 0);
}

TEST_CASE("A documented test answers 200, failed or not") {
    caller call(dialect::documented);
    call.api.add_provider(fake_providers().front());
    call.api.add(main_connection());
    call.api.add({"broken", "Broken", "fake-broken", R"({"apiKey":"k"})"});
    CHECK(call("POST", "/main/test").body == R"({"success":true,"errorMessage":null})");
    auto const failed = call("POST", "/broken/test");
    CHECK(failed.status == 200);
    CHECK(failed.body == R"({"success":false,"errorMessage":"The listing failed"})");
    CHECK(call("POST", "/nope/test").body == documented_not_found());
}

TEST_CASE("Documented capabilities and models come in an object") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    call.api.add({"claude", "Claude", "anthropic", R"({"apiKey":"k"})"});
    CHECK(call("GET", "/capabilities").body == R"({"items":["Chat","Embedding"]})");
    CHECK(call("GET", "/capabilities/Embedding").body == R"({"items":[)" + main_item + R"(}],"total":1})");
    CHECK(call("GET", "/capabilities/Media").body == R"({"items":[],"total":0})");
    CHECK(call("GET", "/capabilities/Nonsense").body == R"({"items":[],"total":0})");
    CHECK(call("GET", "/main/models").body ==
          R"({"items":[{"id":"gpt-4o","name":"GPT 4o","capabilities":["Chat"]},)"
          R"({"id":"gpt-4o-mini","name":"GPT 4o Mini","capabilities":["Chat"]},)"
          R"({"id":"text-embedding-3-small","name":"Text Embedding 3 Small","capabilities":["Embedding"]}]})");
    CHECK(call("GET", "/nope/models").body == documented_not_found());
}

TEST_CASE("A documented model with two capabilities comes once") {
    caller call(dialect::documented);
    call.api.add_provider(fake_providers().back());
    call.api.add({"rich", "Rich", "fake-rich", R"({"clientSecret":"s"})"});
    CHECK(call("GET", "/rich/models")
              .body.find(R"x({"id":"shared","name":"Shared (chat)","capabilities":["Chat","SpeechToText"]})x") !=
          std::string::npos);
}

TEST_CASE("A documented server has no observed-only routes and answers errors as JSON") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    for (auto const* path : {"/main/exists", "/main/capabilities", "/main/nope"}) {
        auto const answer = call("GET", path);
        CHECK(answer.status == 404);
        CHECK(answer.body == documented_problem(404, "6.5.4", "Not Found", "No such endpoint"));
    }
    auto const wrong = call("PATCH", "/main");
    CHECK(wrong.status == 405);
    CHECK(*wrong.headers.find("Allow") == "DELETE, GET, PUT");
}

TEST_CASE("A documented server asks for a token and for the section, in JSON") {
    caller call(dialect::documented, with_token());
    auto const stranger = call("GET", "");
    CHECK(stranger.status == 401);
    CHECK(stranger.body.find(R"("title":"Unauthorized","status":401)") != std::string::npos);
    CHECK(*stranger.headers.find("WWW-Authenticate") == "Bearer");
    call.token = "wrong";
    CHECK(call("GET", "").status == 401);
    call.token = "TOKEN";
    CHECK(call("GET", "").status == 200);

    auto options = with_token();
    options.forbidden_section = true;
    caller outsider(dialect::documented, options);
    outsider.token = "TOKEN";
    auto const forbidden = outsider("GET", "");
    CHECK(forbidden.status == 403);
    CHECK(forbidden.body.find(R"("title":"Forbidden","status":403)") != std::string::npos);
}

TEST_CASE("A mask sent back to a documented server is stored as it stands, and counted") {
    caller call(dialect::documented);
    call.api.add(main_connection());
    CHECK(call("PUT", "/" + id_1, R"({"settings":{"apiKey":"sk-***"}})").status == 200);
    CHECK(call.api.find("main")->settings == R"({"apiKey":"sk-***"})");
    CHECK(call.api.careless().stored_masks == 1);
}

TEST_CASE("A reference is shown by a documented server") {
    caller call(dialect::documented);
    call.api.add_configuration("OpenAI:ApiKey");
    auto const made =
        call("POST", "", R"({"alias":"ref","name":"Ref","providerId":"openai","settings":{"apiKey":"$OpenAI:ApiKey"}})");
    CHECK(made.status == 201);
    CHECK(made.body.find(R"({"apiKey":"$OpenAI:ApiKey"})") != std::string::npos);
}

// ---- Careless clients

TEST_CASE("A careful client leaves every counter at zero") {
    caller call(dialect::observed);
    CHECK(call("POST", "", R"({"alias":"main","name":"Main","providerId":"openai","settings":{"apiKey":"sk-1"}})").status ==
          201);
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","settings":{"apiKey":"sk-2"},"isActive":true})").status == 200);
    CHECK(call.api.careless() == careless_writes());
}

TEST_CASE("An update without settings wipes them, which is counted") {
    caller call(dialect::observed);
    call.api.add(main_connection());
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":true})").status == 200);
    CHECK(call.api.find("main")->settings == "null");
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":true,"settings":null})").status == 200);
    CHECK(call.api.careless().wiped_credentials == 1);
    CHECK(call.api.careless().total() == 1);
}

TEST_CASE("An update without isActive deactivates, which is counted; saying false is not") {
    caller call(dialect::observed);
    call.api.add(main_connection());
    std::string const settings = R"("settings":{"apiKey":"k"})";
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main",)" + settings + '}').status == 200);
    CHECK_FALSE(call.api.find("main")->is_active);
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main",)" + settings + '}').status == 200);
    CHECK(call.api.careless().deactivated_by_omission == 1);
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":true,)" + settings + '}').status == 200);
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":false,)" + settings + '}').status == 200);
    CHECK(call.api.careless().total() == 1);
}

TEST_CASE("A mask that is stored is counted, on creates and on updates") {
    caller call(dialect::observed);
    CHECK(call("POST", "", R"({"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-***"}})").status == 201);
    CHECK(
        call(
            "PUT", "/a",
            R"({"alias":"a","name":"A","isActive":true,"settings":{"apiKey":"k","nested":{"deep":["\u2022\u2022\u2022\u2022"]}}})")
            .status == 200);
    CHECK(call("PUT", "/a", R"({"alias":"a","name":"A","isActive":true,"settings":{"apiKey":"k**"}})").status == 200);
    CHECK(call("PUT", "/a", R"({"alias":"a","name":"A","isActive":true,"settings":{"apiKey":7,"x":"***"}})").status == 400);
    CHECK(call.api.careless().stored_masks == 2);
    CHECK(call.api.careless().total() == 2);
}

TEST_CASE("A ciphertext is counted unless it goes back to the connection that it came from") {
    caller call(dialect::observed);
    call.api.add({"main", "Main", "openai", R"({"apiKey":"ENC:abc"})"});
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":true,"settings":{"apiKey":"ENC:abc"}})").status ==
          200);
    CHECK(call.api.careless().total() == 0);
    CHECK(call("POST", "", R"({"alias":"copy","name":"Copy","providerId":"openai","settings":{"apiKey":"ENC:abc"}})").status ==
          201);
    CHECK(call("PUT", "/main", R"({"alias":"main","name":"Main","isActive":true,"settings":{"apiKey":"ENC:other"}})").status ==
          200);
    CHECK(call.api.careless().stored_foreign_ciphertexts == 2);
}

TEST_CASE("A create with an alias that is taken is counted") {
    caller call(dialect::observed);
    call.api.add(main_connection());
    CHECK(call("POST", "", R"({"alias":"MAIN","name":"Main","providerId":"openai"})").status == 400);
    CHECK(call.api.careless().refused_duplicate_aliases == 1);
}

TEST_CASE("A repeated settings key is counted, and poisons the site where it is stored") {
    caller call(dialect::observed);
    for (auto& each : fake_providers()) call.api.add_provider(each);
    call.api.add(main_connection());
    CHECK(call("POST", "", R"({"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"a","apiKey":"b"}})").status ==
          500);
    CHECK(call.api.size() == 1);
    CHECK(call("POST", "", R"({"alias":"p","name":"P","providerId":"fake-none","settings":{"z":{"y":1,"y":2}}})").status ==
          201);
    CHECK(call.api.careless().poisoned_rows == 2);
    auto const id = call.api.find("p")->id;
    for (auto const& path : {std::string(""), std::string("/p"), "/" + id, std::string("/p/exists"),
                             std::string("/capabilities"), std::string("?capability=Chat&take=0")})
        CHECK(call("GET", path).status == 500);
    CHECK(call("GET", "/main").status == 200);
    CHECK(call("POST", "", R"({"alias":"P","name":"A","providerId":"openai"})").status == 500);
    CHECK(call("DELETE", "/p").status == 500);
    CHECK(call("DELETE", "/" + id).status == 200);
    CHECK(call("GET", "").status == 200);
}

// ---- What no recording shows

TEST_CASE("Bodies that are no JSON are refused in the words of System.Text.Json") {
    caller call(dialect::observed);
    auto const complaint = [&](std::string const& body) {
        auto const answer = call("POST", "", body);
        CHECK(answer.status == 400);
        testing::detail::json_value parsed;
        REQUIRE(testing::detail::parse_json(answer.body, parsed));
        std::string found;
        for (std::string const key : {"$", "$.settings", "$.name", "$.alias"})
            if (auto const* entry = parsed.find("errors")->find(key)) found = key + ' ' + entry->items.at(0).text;
        return found;
    };
    std::string const deep(32, '[');
    CHECK(complaint("{\"settings\":" + deep) ==
          "$.settings The maximum configured depth of 32 has been exceeded. Cannot read next JSON array. Path: $.settings | "
          "LineNumber: 0 | BytePositionInLine: 44.");
    CHECK(complaint("{\n \"name\": x}") ==
          "$.name 'x' is an invalid start of a value. Path: $.name | LineNumber: 1 | BytePositionInLine: 9.");
    CHECK(complaint("{\"name\": \"a\nb\"}") ==
          "$.name '0x0A' is invalid within a JSON string. The string should be correctly escaped. Path: $.name | LineNumber: 0 "
          "| BytePositionInLine: 11.");
    CHECK(complaint("{\"alias\":[1]}") ==
          "$.alias The JSON value could not be converted to System.String. Path: $.alias | LineNumber: 0 | BytePositionInLine: "
          "10.");
    CHECK(complaint("{name:1}") ==
          "$ 'n' is an invalid start of a property name. Expected a '\"'. Path: $ | LineNumber: 0 | BytePositionInLine: 1.");
    CHECK(complaint("{\"name\" 1}") ==
          "$ '1' is invalid after a property name. Expected a ':'. Path: $ | LineNumber: 0 | BytePositionInLine: 8.");
    CHECK(complaint("{\"settings\":[1,]}").starts_with("$.settings The JSON array contains a trailing comma"));
    for (auto const* hostile : {"[", "[]", "01", "-", "1.", "1e", "tru", "\"\\q\"", "\"\\u12", "\"\xFF\"",
                                "{\"settings\":\"\xC0\xAF\"}", "  ", "{\"a\":1 2}", "\x01"})
        CHECK(call("POST", "", hostile).status == 400);
    CHECK(call.api.size() == 0);
}

TEST_CASE("Settings keep the text of their numbers and the order of their keys") {
    caller call(dialect::observed);
    std::string const settings =
        R"({"z":1.10,"apiKey":"k","a":-0,"n":{"big":123456789012345678901234567890,"e":1E+2},"l":[true,null]})";
    CHECK(call("POST", "", R"({"alias":"a","name":"A","providerId":"openai","settings":)" + settings + '}').status == 201);
    CHECK(call.api.find("a")->settings == settings);
    CHECK(call("GET", "/a").body.find(settings) != std::string::npos);
}

TEST_CASE("A query number may be hexadecimal, blank numbers and blank names are refused") {
    caller call(dialect::observed);
    for (int i = 0; i < 20; ++i) call.api.add({"c" + std::to_string(i), "C", "openai"});
    auto const items = [&](std::string const& query) {
        testing::detail::json_value parsed;
        REQUIRE(testing::detail::parse_json(call("GET", query).body, parsed));
        return parsed.find("items")->items.size();
    };
    CHECK(items("?take=0x10") == 16);
    CHECK(items("?take=-1") == 20);
    CHECK(items("?skip=-5&take=3") == 3);
    CHECK(items("?capability=Nonsense") == 20);
    CHECK(items("?capability=Media") == 0);
    CHECK(call("GET", "?take=").status == 400);
    CHECK(call("GET", "/%20/exists").status == 400);
    CHECK(call("GET", "/c1/exists?excludeId=x").status == 400);
    auto const id = call.api.find("c1")->id;
    CHECK(call("GET", "/c1/exists?excludeId=" + id).body == "false");
}

TEST_CASE("Odd targets are refused or taken apart as a server does") {
    caller call(dialect::observed);
    call.api.add(main_connection());
    CHECK(call.api.handle(server_request("GET", "")).status == 400);
    CHECK(call.api.handle(server_request("GET", "*")).status == 404);
    CHECK(call.api.handle(server_request("GET", base + "/a%00b")).status == 400);
    CHECK(call.api.handle(server_request("GET", base + '/' + std::string(9000, 'a'))).status == 414);
    CHECK(call.api.handle(server_request("GET", "https://cms.example.com")).status == 404);
    CHECK(call.api.handle(server_request("GET", "/..")).status == 404);
    CHECK(call.api.handle(server_request("GET", base + "/%2E%2E/connections/main")).status == 200);
    server_request long_header("GET", base);
    long_header.headers.add("X-Long", std::string(40000, 'a'));
    CHECK(call.api.handle(long_header).status == 431);
    server_request big("POST", base);
    big.body.assign(50 * 1024 * 1024 + 1, ' ');
    CHECK(call.api.handle(big).status == 413);
}

TEST_CASE("Everything that reaches the server is in its log") {
    caller call(dialect::observed);
    (void)call("GET", "/nope");
    (void)call("PATCH", "");
    CHECK(call.api.log() == std::vector<logged_request>{{"GET", base + "/nope", 404}, {"PATCH", base, 404}});
}

TEST_CASE("Tokens are issued for the right secret, run out, and can be revoked") {
    auto options = token_site();
    options.token.clear();
    caller call(dialect::observed, options);
    CHECK(call("GET", "").status == 401);
    server_request request("POST", token_path);
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=client_credentials&client_id=umbraco-back-office-test&client_secret=s3cret%2A%26%21%23%24";
    CHECK(call.api.handle(request).body.find("\"issued-token-1\"") != std::string::npos);
    call.token = "issued-token-1";
    CHECK(call("GET", "").status == 200);
    call.api.wait(std::chrono::minutes(5));
    auto const expired = call("GET", "");
    CHECK(expired.status == 401);
    CHECK(expired.headers.find("WWW-Authenticate")->find("ID2019") != std::string::npos);
    CHECK(call.api.handle(request).body.find("\"issued-token-2\"") != std::string::npos);
    call.token = "issued-token-2";
    CHECK(call("GET", "").status == 200);
    call.api.revoke("issued-token-2");
    CHECK(call("GET", "").status == 401);
}

TEST_CASE("A transport request reaches the server with its origin and its headers") {
    in_memory_api api(dialect::observed, with_token());
    http_request request;
    request.method = http_method::post;
    request.origin = http_origin(true, "cms.example.com", 8443);
    request.target = base;
    request.headers.add("Authorization", "Bearer TOKEN");
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"alias":"main","name":"Main","providerId":"openai"})";
    auto const answer = api.send(request);
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(*answer->headers.find("Location") == "https://cms.example.com:8443" + base + '/' + id_1);
    CHECK_FALSE(answer->headers.contains("Content-Length"));
    CHECK_FALSE(answer->headers.contains("Transfer-Encoding"));
}

TEST_CASE("The limits of a transport request are honoured") {
    in_memory_api api(dialect::observed);
    api.add(main_connection());
    http_request request;
    request.target = base;
    request.limits.body_bytes = 10;
    CHECK(api.send(request).error().code == errc::body_too_large);
    request.limits.header_bytes = 10;
    CHECK(api.send(request).error().code == errc::header_too_large);
    request.limits.time = std::chrono::nanoseconds(0);
    CHECK(api.send(request).error().code == errc::deadline_exceeded);
    request.limits.cancelled = [](void const*) { return true; };
    CHECK(api.send(request).error().code == errc::cancelled);
    CHECK(api.log().size() == 2);
}

TEST_CASE("Waiting moves the clock of the site and nothing else") {
    in_memory_api api(dialect::documented);
    api.wait(std::chrono::hours(1));
    CHECK(api.now() == std::chrono::hours(1));
}

TEST_CASE("What the tests seed can be looked up, cleared and taken away") {
    in_memory_api api(dialect::observed);
    auto const id = api.add(main_connection());
    CHECK(api.speaks() == dialect::observed);
    CHECK(api.find(id)->alias == "main");
    CHECK(api.add({"junk", "Junk", "openai", "{not json"}) != id);
    CHECK(api.find("junk")->settings == "null");
    api.erase("junk");
    api.erase("junk");
    CHECK(api.size() == 1);
    api.remove_provider("openai");
    CHECK(api.handle(server_request("POST", base + "/main/test")).status == 404);
    api.clear();
    CHECK_FALSE(api.find(id));
}

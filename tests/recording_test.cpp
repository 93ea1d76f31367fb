// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/record_transport.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/recording_file.hpp>
#include <umbraco_ai/testing/redactor.hpp>
#include <umbraco_ai/testing/replay_transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;
using namespace ai::testing;

namespace {

constexpr char const* client_id = "umbraco-back-office-tests";
constexpr char const* client_secret = "p&ss w+rd%/=";
constexpr char const* api_key = "the-key-of-\"this\"-test";

in_memory_options with_api_user() {
    in_memory_options options;
    options.client_id = client_id;
    options.client_secret = client_secret;
    options.token = "the-token-of-this-test";
    return options;
}

ai::client_credentials api_user(char const* secret = client_secret) { return ai::client_credentials(client_id, ai::secret(secret)); }

/// A folder that is gone afterwards.
class scratch_folder {
public:
    scratch_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "umbraco_ai_recording_XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;
    ~scratch_folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string operator/(char const* name) const { return (path / name).string(); }
    std::filesystem::path path;
};

std::string bytes_of(std::string const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// A day in the life of a client: what it did, as text.
template <class Client>
std::string work(Client& cms, char const* key = api_key) {
    std::string log;
    auto const note = [&](auto const& answer) { log += answer ? "ok\n" : answer.error().to_string() + '\n'; };
    ai::connection_draft draft("openai-dev", "OpenAI", "openai");
    draft.settings = {{"apiKey", ai::secret(key)}, {"endpoint", "https://eu.api.openai.com/v1"}, {"tries", 3}};
    note(cms.connections().create(draft));
    note(cms.connections().get("openai-dev"));
    note(cms.connections().rename("openai-dev", "Another"));
    note(cms.connections().test("openai-dev"));
    note(cms.connections().all());
    note(cms.connections().get("nobody"));
    auto const read = cms.connections().get("openai-dev");
    log += read->name + ' ' + read->id.to_string() + '\n';
    note(cms.connections().remove("openai-dev"));
    return log;
}

ai::http_request request_of(std::string target, std::string body = {}) {
    ai::http_request made;
    made.target = std::move(target);
    made.body = std::move(body);
    if (!made.body.empty()) made.method = ai::http_method::post;
    return made;
}

std::optional<ai::http_method> method_of(std::string_view name) {
    for (auto const method : {ai::http_method::get, ai::http_method::post, ai::http_method::put, ai::http_method::delete_})
        if (ai::to_string(method) == name) return method;
    return std::nullopt;
}

ai::http_request request_of(server_request const& recorded) {
    ai::http_request made;
    made.method = *method_of(recorded.method);
    made.target = recorded.target;
    made.headers = recorded.headers;
    made.body = recorded.body;
    return made;
}

recorded_exchange redacted(ai::http_request const& request, ai::http_response const& response) {
    redactor clean;
    recorded_exchange made(clean.redact(request), response);
    clean.redact(made);
    return made;
}

std::string redacted_body(std::string body) {
    ai::http_response answer(200, std::move(body));
    return redacted(request_of("/x"), answer).response.body;
}

}  // namespace

TEST_CASE("recorded files of a server are read, and written as they are read", "[recording]") {
    std::size_t read = 0;
    for (ai::tests::recording const& file : ai::tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR)) {
        INFO(file.name);
        std::vector<ai::tests::exchange> expected;
        try {
            expected = ai::tests::read_exchanges(file);
        } catch (ai::tests::malformed_recording const&) {
            CHECK_FALSE(recording::parse(file.request_bytes + "\n=== response ===\n" + file.response_bytes));
            continue;
        }
        if (file.request_bytes.find(" bytes of request omitted here ") != std::string::npos) continue;
        auto const tape = load_recording(std::string(UMBRACO_AI_TEST_RECORDED_DIR) + '/' + file.name + ".http");
        if (!tape && !expected.front().has_whole_body) continue;
        REQUIRE(tape);
        REQUIRE(tape->exchanges.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(tape->exchanges[i].request == expected[i].request);
            CHECK(tape->exchanges[i].response == expected[i].response);
        }
        auto const again = recording::parse(tape->to_bytes());
        REQUIRE(again);
        bool const says_length = !tape->exchanges.back().response.body.empty() || tape->exchanges.back().response.headers.contains("Content-Length");
        if (says_length && !again->exchanges.empty()) CHECK(again->exchanges.back().response.body == tape->exchanges.back().response.body);
        ++read;
    }
    CHECK(read > 300);
}

TEST_CASE("recorded files of a server are played back as they stand there, byte for byte", "[recording]") {
    scratch_folder const folder;
    std::size_t played = 0;
    std::size_t same_bytes = 0;
    for (ai::tests::recording const& file : ai::tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR)) {
        INFO(file.name);
        std::string const path = std::string(UMBRACO_AI_TEST_RECORDED_DIR) + '/' + file.name + ".http";
        auto const tape = load_recording(path);
        if (!tape || file.request_bytes.find(" bytes of request omitted here ") != std::string::npos) continue;
        std::vector<ai::tests::exchange> const recorded = ai::tests::read_exchanges(file);
        if (!std::all_of(recorded.begin(), recorded.end(), [](auto const& each) { return method_of(each.request.method).has_value(); })) continue;

        std::string const copy = folder / "copy.http";
        REQUIRE(save_recording(*tape, copy));
        if (bytes_of(copy) == bytes_of(path)) ++same_bytes;
        for (std::string const& from : {path, copy}) {
            replay_transport player(*load_recording(from));
            for (ai::tests::exchange const& each : recorded) {
                auto const answer = player.send(request_of(each.request));
                REQUIRE(answer);
                CHECK(answer->status == each.response.status);
                CHECK(answer->body == each.response.body);
                if (from == path) CHECK(answer->headers == each.response.headers);
            }
            CHECK(player.report() == "");
        }
        ++played;
    }
    CHECK(played > 300);
    // The others have chunks of several sizes, or a reason phrase of their own.
    CHECK(same_bytes > 320);
}

TEST_CASE("a recording that still holds secrets is played back, and the report has none of them", "[recording]") {
    auto const tape = recording::parse("GET /x?access_token=planted-1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer planted-2\r\n\r\n\n=== response ===\n"
                                       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    REQUIRE(tape);
    replay_transport player(*tape);
    CHECK(holds(player.report(), "never came: GET /x?access_token=redacted-"));
    CHECK_FALSE(holds(player.report(), "planted"));
    ai::http_request request = request_of("/x?access_token=another");
    CHECK_FALSE(player.send(request));
    request.headers.add("Authorization", "Bearer another");
    CHECK(player.send(request)->body == "{}");
    CHECK_FALSE(holds(player.report(), "another"));
}

TEST_CASE("what went over a transport is played back, with other secrets too", "[recording]") {
    scratch_folder const folder;
    std::string const file = folder / "day.http";
    in_memory_api site(dialect::observed, with_api_user());
    recording tape;
    record_transport wire(site, tape, recording_file(file));
    ai::client cms(wire, "http://localhost", api_user());
    std::string const recorded_log = work(cms);
    REQUIRE(wire.kept());
    REQUIRE(tape.exchanges.size() == site.log().size());

    std::string const bytes = bytes_of(file);
    CHECK(bytes == tape.to_bytes());
    CHECK_FALSE(std::filesystem::exists(file + ".part"));
    for (std::string_view const secret : {"the-key-of", "this\\\"-test", "the-token-of-this-test", "p&ss", "p%26ss", "w%2Brd"}) {
        INFO(secret);
        CHECK_FALSE(holds(bytes, secret));
    }
    CHECK(holds(bytes, "Authorization: Bearer redacted-"));
    CHECK(holds(bytes, "https://eu.api.openai.com/v1"));
    CHECK(holds(bytes, std::string("client_id=") + client_id));

    auto const loaded = load_recording(file);
    REQUIRE(loaded);
    CHECK(loaded->to_bytes() == bytes);
    replay_transport player(*loaded);
    ai::client played(player, "https://elsewhere.example.com", api_user("another secret"));
    CHECK(work(played, "another key") == recorded_log);
    CHECK(player.report() == "");
}

TEST_CASE("a request that is not the recorded one is told by its first difference", "[recording]") {
    in_memory_api site(dialect::observed);
    recording tape;
    record_transport wire(site, tape);
    ai::client cms(wire, "http://localhost");
    ai::connection_draft draft("openai-dev", "OpenAI", "openai");
    REQUIRE(cms.connections().create(draft));
    REQUIRE(cms.connections().list());
    tape.name = "two.http";

    replay_transport player(tape);
    ai::client played(player, "http://localhost");
    auto const other = played.connections().list();
    CHECK(other.error().who == ai::fault::usage);
    CHECK(other.error().field == "two.http");
    CHECK(holds(other.error().message, "exchange 1 of 2: expected POST /umbraco/ai/management/api/v1/connections, but GET /umbraco/ai/management/api/v1/connections came"));
    CHECK(other.error().attempts == 1);

    draft.name = "OpenAj";
    CHECK(holds(played.connections().create(draft).error().message, "the body differs from byte 35 on"));
    ai::call_options with_header;
    with_header.headers.add("X-Trace", "1");
    draft.name = "OpenAI";
    CHECK(holds(played.connections(with_header).create(draft).error().message, "the header X-Trace was not recorded"));
    CHECK(played.connections().create(draft));
    CHECK(holds(player.report(), "two.http: exchange 1 of 2: expected POST"));
    CHECK(holds(player.report(), "never came: GET /umbraco/ai/management/api/v1/connections\n"));
    CHECK(played.connections().list());
    CHECK(holds(played.connections().list().error().message, "the recording has no more such request"));
    CHECK_FALSE(holds(player.report(), "never came"));
}

TEST_CASE("a recording is played by method and target in any order", "[recording]") {
    in_memory_api site(dialect::observed);
    site.add(stored_connection("a", "A", "openai", R"({"apiKey":"k"})"));
    recording tape;
    record_transport wire(site, tape);
    ai::client cms(wire, "http://localhost");
    REQUIRE(cms.connections().get("a"));
    REQUIRE(cms.connections().list());
    REQUIRE(cms.connections().rename("a", "B"));

    replay_transport player(tape, replay_order::by_method_and_target);
    ai::client played(player, "http://localhost");
    CHECK(played.connections().list());
    CHECK(played.connections().get("a")->name == "A");
    CHECK(played.connections().rename("a", "B")->after.name == "B");
    CHECK(player.report() == "");
    CHECK(holds(played.connections().get("nobody").error().message, "no more such request, but GET /umbraco/ai/management/api/v1/connections/nobody came"));
}

TEST_CASE("a pause between two tries is played without waiting", "[recording]") {
    recording tape;
    ai::http_response busy(503);
    busy.headers.add("Retry-After", "20");
    ai::http_response fine(200, "[\"Chat\"]");
    redactor clean;
    ai::http_request asked = request_of("/umbraco/ai/management/api/v1/connections/capabilities");
    asked.headers.add("Accept", "application/json");
    for (ai::http_response const& answer : {busy, fine}) tape.exchanges.emplace_back(clean.redact(asked), answer);
    replay_transport player(tape);
    ai::client cms(player, "http://localhost");
    CHECK(cms.connections().capabilities());
    CHECK(player.now() == std::chrono::seconds(20));
}

TEST_CASE("settings are redacted but for what is known to be no secret", "[recording]") {
    CHECK(redacted_body(R"({ "alias":"a", "settings" : {"apiKey":"sk-one", "Endpoint":"https://x/v1","region":"https://u:p@x","on":true,"no":null,"ref":"$A:B","n":12,)"
                        R"("mask":"sk-***","lost":"ENC:abc","deep":{"endpoint":"hidden","list":["sk-one",1]}},"name":"sk-one is the key" })") ==
          R"({ "alias":"a", "settings" : {"apiKey":"redacted-1", "Endpoint":"https://x/v1","region":"redacted-2","on":true,"no":null,"ref":"$A:B","n":"redacted-3",)"
          R"("mask":"***","lost":"ENC:redacted-4","deep":{"endpoint":"redacted-5","list":["redacted-1","redacted-6"]}},"name":"redacted-1 is the key" })");
    CHECK(redacted_body(R"({"SETTINGS":"all-secret"})") == R"({"SETTINGS":"redacted-1"})");
    CHECK(redacted_body(R"({"name":"sk-one","settings":{"k":"sk-one"}})") == R"({"name":"redacted-1","settings":{"k":"redacted-1"}})");
    CHECK(redacted_body(R"({"sk-one":1,"settings":{"k":"sk-one"}})") == R"({"redacted-1":1,"settings":{"k":"redacted-1"}})");
}

TEST_CASE("tokens are redacted wherever they stand", "[recording]") {
    ai::http_request request = request_of("/x?skip=1&access_token=t0ken-in-url&filter=t0ken-in-header+s%26cret+one", "grant_type=client_credentials&client_id=me&client_secret=s%26cret+one");
    request.headers.add("Authorization", "Bearer t0ken-in-header");
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Cookie", "session=abc");
    request.headers.add("X-Own", "of the user");
    ai::http_response answer(200, R"({"access_token":"t0ken-new","token_type":"Bearer","expires_in":299,"detail":"s&cret one, sk-unknown and t0ken-in-header"})");
    answer.headers.add("Set-Cookie", "session=def");
    answer.headers.add("Content-Length", std::to_string(answer.body.size()));
    answer.headers.add("Location", "http://localhost/t0ken-new?code=1");
    answer.headers.add("WWW-Authenticate", "Bearer error=\"s&cret one\"");
    recording tape;
    tape.exchanges.push_back(redacted(request, answer));
    std::string const bytes = tape.to_bytes();
    INFO(bytes);
    for (char const* secret : {"t0ken", "s%26cret", "s&cret", "session=", "of the user", "code=1", "sk-unknown"}) CHECK_FALSE(holds(bytes, secret));
    CHECK(holds(bytes, "grant_type=client_credentials&client_id=me&client_secret=redacted-"));
    CHECK(holds(bytes, R"("token_type":"Bearer","expires_in":299)"));
    auto const again = recording::parse(bytes);
    REQUIRE(again);
    CHECK(again->exchanges.front().request.target == "/x?skip=1&access_token=redacted-5&filter=redacted-1%20redacted-4");
    CHECK(again->exchanges.front().response == tape.exchanges.front().response);
}

TEST_CASE("a secret that a later answer tells is taken out of earlier exchanges", "[recording]") {
    recording tape;
    recorder record(tape);
    record.add(request_of("/x?filter=sk-one"), ai::http_response(200, R"({"name":"sk-one"})"));
    CHECK(holds(tape.to_bytes(), "sk-one"));
    record.add(request_of("/y"), ai::http_response(200, R"({"settings":{"apiKey":"sk-one"}})"));
    CHECK_FALSE(holds(tape.to_bytes(), "sk-one"));
}

TEST_CASE("a body that cannot be read is not recorded, and no answer is no exchange", "[recording]") {
    CHECK(redacted_body("<html>sk-one</html>") == "<");
    CHECK(redacted_body(R"({"settings":{"apiKey":"sk-one"})") == "{");
    CHECK(redacted_body("") == "");
    recording tape;
    recorder record(tape);
    record.add(request_of("/x"), ai::failure(ai::errc::connection_closed, "Closed."));
    CHECK(tape.exchanges.empty());
}

TEST_CASE("a chunked answer stays one, and every body has its length", "[recording]") {
    recording tape;
    ai::http_response chunked(200, "\"abc\"");
    chunked.headers.add("Transfer-Encoding", "chunked");
    ai::http_response none(204);
    ai::http_response bare(200, "\"\\n=== response ===\\n\"");
    for (ai::http_response const& answer : {chunked, none, bare}) tape.exchanges.push_back(redacted(request_of("/x", "\"a\\n=== response ===\\nb\""), answer));
    tape.exchanges.front().request.body = "a\n=== response ===\nb";
    auto const again = recording::parse(tape.to_bytes());
    REQUIRE(again);
    REQUIRE(again->exchanges.size() == 3);
    CHECK(again->exchanges[0].request.body == "a\n=== response ===\nb");
    CHECK(again->exchanges[0].response == chunked);
    CHECK(again->exchanges[1].response == none);
    CHECK(again->exchanges[2].response.body == bare.body);
}

TEST_CASE("what is no recording says where, and the file", "[recording]") {
    scratch_folder const folder;
    auto const missing = load_recording(folder / "missing.http");
    CHECK(missing.error().field == folder / "missing.http");
    CHECK(missing.error().code == std::errc::no_such_file_or_directory);
    CHECK(save_recording(recording(), folder / "no-such-folder/x.http").error().field == folder / "no-such-folder/x.http");

    std::string const whole = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n\n=== response ===\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    REQUIRE(recording::parse(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(recording::parse(whole.substr(0, size)));
    CHECK(holds(recording::parse(whole + "x").error().message, "more follows the last answer"));
    std::ofstream(folder / "cut.http") << whole.substr(0, whole.size() - 1);
    CHECK(holds(load_recording(folder / "cut.http").error().to_string(), "cut.http: The recording is malformed at exchange 1: a body is cut off."));
}

TEST_CASE("a recording that cannot be kept is told, and calls go on", "[recording]") {
    scratch_folder const folder;
    in_memory_api site(dialect::observed);
    recording tape;
    record_transport wire(site, tape, recording_file(folder / "no-such-folder/x.http"));
    ai::client cms(wire, "http://localhost");
    CHECK(cms.connections().list());
    CHECK_FALSE(wire.kept());
    CHECK(wire.kept().error().field == folder / "no-such-folder/x.http");
}

TEST_CASE("docs: exchanges are recorded once, and played back in tests", "[docs][recording]") {
    scratch_folder const folder;
    std::string const file = folder / "rename.http";
    in_memory_api site(dialect::observed);
    site.add(stored_connection("openai-prod", "OpenAI", "openai", R"({"apiKey":"k"})"));
    {
        ai::testing::recording tape;
        ai::testing::record_transport wire(site, tape, ai::testing::recording_file(file));
        ai::client cms(wire, "https://cms.example.com");
        CHECK(cms.connections().rename("openai-prod", "OpenAI, Europe"));
        CHECK(wire.kept());
    }
    auto tape = ai::testing::load_recording(file);
    REQUIRE(tape);
    ai::testing::replay_transport wire(*tape);
    ai::client cms(wire, "https://cms.example.com");
    CHECK(cms.connections().rename("openai-prod", "OpenAI, Europe"));
    CHECK(wire.report() == "");
}

// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/core.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using tests::malformed_recording;
using tests::read_exchanges;
using tests::recording;

namespace {

/// Which descriptor reads the answer. `other` is what the library never asks; only failures are read there, as any call would.
enum class kind { list, get, create, update, remove, test, capabilities, with_capability, models, exists, token, other };

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return made;
}

std::vector<std::string> segments_of(std::string_view target) {
    if (target.starts_with("http://")) target.remove_prefix(std::min(target.find('/', 7), target.size()));
    std::string_view path = target.substr(0, target.find('?'));
    std::vector<std::string> segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        std::string segment = lower(path.substr(0, path.find('/')));
        path.remove_prefix(std::min(path.find('/'), path.size()));
        if (segment == ".") continue;
        // Servers collapse `..` before routing, encoded or not.
        if ((segment == ".." || segment == "%2e%2e") && !segments.empty()) segments.pop_back();
        else segments.push_back(std::move(segment));
    }
    if (!segments.empty() && segments.back().empty()) segments.pop_back();
    return segments;
}

kind kind_of(std::string_view method, std::string_view target) {
    std::vector<std::string> const all = segments_of(target);
    std::vector<std::string> const base{"umbraco", "ai", "management", "api"};
    if (!all.empty() && all.back() == "token") return kind::token;
    if (all.size() < 6 || !std::equal(base.begin(), base.end(), all.begin()) || (all[4] != "v1" && all[4] != "v1.0") || all[5] != "connections") return kind::other;
    bool const is_get = method == "GET";
    if (all.size() == 6) return is_get ? kind::list : method == "POST" ? kind::create : kind::other;
    if (all.size() == 7) {
        if (is_get) return all[6] == "capabilities" ? kind::capabilities : kind::get;
        return method == "PUT" ? kind::update : method == "DELETE" ? kind::remove : kind::other;
    }
    if (all.size() != 8) return kind::other;
    if (method == "POST") return all[7] == "test" ? kind::test : kind::other;
    if (!is_get) return kind::other;
    if (all[7] == "models") return kind::models;
    if (all[7] == "exists") return kind::exists;
    if (all[7] == "capabilities") return kind::capabilities;
    return all[6] == "capabilities" ? kind::with_capability : kind::other;
}

// --- the other reading of the same bytes ---

using ordered = nlohmann::ordered_json;

ordered parsed(std::string const& text) {
    auto made = ordered::parse(text, nullptr, false);
    REQUIRE_FALSE(made.is_discarded());
    return made;
}

/// Members stand in alphabetical order, so the settings end where the version begins.
std::string settings_bytes(std::string_view body) {
    std::string_view const begin = "\"settings\":";
    std::size_t const first = body.find(begin);
    std::size_t const last = body.rfind(",\"version\":");
    REQUIRE(first != std::string_view::npos);
    REQUIRE(last != std::string_view::npos);
    return std::string(body.substr(first + begin.size(), last - first - begin.size()));
}

template <class Item>
void check_item(Item const& read, ordered const& expected) {
    CHECK(read.id.to_string() == expected.at("id").get<std::string>());
    CHECK(read.alias == expected.at("alias").get<std::string>());
    CHECK(read.name == expected.at("name").get<std::string>());
    CHECK(read.provider_id == expected.at("providerId").get<std::string>());
    CHECK(read.is_active == expected.at("isActive").get<bool>());
    REQUIRE(read.date_created.has_value());
    REQUIRE(read.date_modified.has_value());
    CHECK(read.date_created->text() == expected.at("dateCreated").get<std::string>());
    CHECK(read.date_modified->text() == expected.at("dateModified").get<std::string>());
    CHECK(read.version == expected.at("version").get<std::int64_t>());
    bool const is_hijri = expected.at("dateCreated").get<std::string>().starts_with("144");
    CHECK(read.date_created->is_not_gregorian() == is_hijri);
    CHECK(read.date_created->instant().has_value() == !is_hijri);
}

template <Descriptor D>
typename D::answer_type value_of(http_response const& response) {
    auto decoded = decode<D>(response);
    INFO((decoded ? std::string() : decoded.error().to_string()));
    REQUIRE(decoded.has_value());
    return *std::move(decoded);
}

void check_list(http_response const& response) {
    auto const read = value_of<connections::list>(response);
    auto const expected = parsed(response.body);
    CHECK(read.total == expected.at("total").get<std::int64_t>());
    REQUIRE(read.items.size() == expected.at("items").size());
    for (std::size_t i = 0; i < read.items.size(); ++i) check_item(read.items[i], expected.at("items")[i]);
    CHECK(value_of<connections::list_with_capability>(response) == read);
    CHECK(value_of<connections::with_capability>(response) == read);
}

void check_get(http_response const& response) {
    auto const read = value_of<connections::get>(response);
    std::string const settings_text = settings_bytes(response.body);
    // Settings may hold numbers that nlohmann cannot.
    std::string rest = response.body;
    rest.replace(rest.find(settings_text), settings_text.size(), "null");
    check_item(read, parsed(rest));
    CHECK(read.settings.json() == settings_text);
    CHECK(read.settings.is_null() == (settings_text == "null"));
    CHECK(read.unknown.empty());

    // What was answered can be put back, with nothing but the members that may change.
    guid const id = read.id;
    auto const request = build_request(connections::update(id, connection_update(read)));
    CHECK(request.has_value() == (settings_text.find("***") == std::string::npos));
    if (!request) return;
    std::string const head = request->body.substr(0, request->body.find("\"settings\":"));
    CHECK(request->body == head + "\"settings\":" + settings_text + '}');
    auto const written = parsed(head + "\"settings\":null}");
    CHECK(written.size() == 4);
    for (char const* name : {"alias", "name", "isActive"}) CHECK(written.at(name) == parsed(rest).at(name));
}

void check_create(http_response const& response) {
    auto const read = value_of<connections::create>(response);
    CHECK(read.id.to_string() == parsed(response.body).get<std::string>());
    CHECK_FALSE(read.connection.has_value());
    auto const location = response.headers.find("Location");
    REQUIRE(location);
    CHECK(location->ends_with('/' + read.id.to_string()));
    http_response without_body = response;
    without_body.body.clear();
    CHECK(value_of<connections::create>(without_body).id == read.id);
}

void check_test(http_response const& response) {
    auto const read = value_of<connections::test>(response);
    auto const expected = parsed(response.body);
    CHECK(read.success == expected.at("success").get<bool>());
    CHECK(read.error_message.has_value() == !expected.at("errorMessage").is_null());
    if (read.error_message) CHECK(*read.error_message == expected.at("errorMessage").get<std::string>());
}

void check_capabilities(http_response const& response) {
    auto const read = value_of<connections::capabilities>(response);
    auto const expected = parsed(response.body);
    CHECK(read.is_bare_array);
    REQUIRE(read.items.size() == expected.size());
    for (std::size_t i = 0; i < read.items.size(); ++i) CHECK(read.items[i].name() == expected[i].get<std::string>());
}

void check_models(http_response const& response) {
    auto const read = value_of<connections::models>(response);
    auto const expected = parsed(response.body);
    CHECK(read.is_bare_array);
    REQUIRE(read.items.size() == expected.size());
    for (std::size_t i = 0; i < read.items.size(); ++i) {
        CHECK(read.items[i].id == expected[i].at("model").at("modelId").get<std::string>());
        CHECK(read.items[i].provider_id == expected[i].at("model").at("providerId").get<std::string>());
        CHECK(read.items[i].name == expected[i].at("name").get<std::string>());
        CHECK(read.items[i].capabilities.empty());
        REQUIRE(read.items[i].metadata.has_value());
        CHECK(*read.items[i].metadata == (expected[i].at("metadata").get<std::map<std::string, std::string>>()));
    }
}

std::string text_of(ordered const& object, char const* name) {
    auto const found = object.find(name);
    return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

errc code_of(int status, std::string const& operation_status) {
    if (operation_status == "InUse") return errc::conflict;
    switch (status) {
        case 400: case 413: case 415: return errc::bad_request;
        case 401: return errc::not_signed_in;
        case 403: return errc::forbidden;
        case 404: return errc::not_found;
        default: return status >= 500 ? errc::server_error : errc::unexpected_status;
    }
}

template <Descriptor D>
void check_failure(http_response const& response) {
    auto const decoded = decode<D>(response);
    REQUIRE_FALSE(decoded.has_value());
    failure const& reason = decoded.error();
    CHECK(reason.status == response.status);
    CHECK_FALSE(reason.message.empty());
    CHECK(reason.field.empty());
    CHECK(reason.possibly_applied == (response.status >= 500 && D::method != http_method::get));

    auto const type = response.headers.find("Content-Type");
    bool const is_problem = type && type->find("json") != std::string::npos && response.body.starts_with('{');
    if (!is_problem) {
        CHECK(reason.problem.empty());
        CHECK(reason.code == make_error_code(code_of(response.status, "")));
        return;
    }
    auto const expected = parsed(response.body);
    CHECK(reason.code == make_error_code(code_of(response.status, text_of(expected, "operationStatus"))));
    CHECK(reason.problem.type == text_of(expected, "type"));
    CHECK(reason.problem.title == text_of(expected, "title"));
    CHECK(reason.problem.detail == text_of(expected, "detail"));
    CHECK(reason.problem.operation_status == text_of(expected, "operationStatus"));
    CHECK(reason.problem.trace_id == text_of(expected, "traceId"));
    std::vector<field_error> errors;
    if (expected.contains("errors"))
        for (auto const& [name, texts] : expected.at("errors").items())
            for (ordered const& text : texts) errors.emplace_back(name, text.get<std::string>());
    CHECK(reason.problem.errors == errors);
}

void check_place(kind which, http_response const& response) {
    bool const is_success = response.status == 200 || response.status == 201;
    switch (which) {
        case kind::list: return is_success ? check_list(response) : check_failure<connections::list>(response);
        case kind::get: return is_success ? check_get(response) : check_failure<connections::get>(response);
        case kind::create: return is_success ? check_create(response) : check_failure<connections::create>(response);
        case kind::update:
            if (!is_success) return check_failure<connections::update>(response);
            CHECK(response.body.empty());
            CHECK_FALSE(value_of<connections::update>(response).connection.has_value());
            return;
        case kind::remove:
            if (!is_success) return check_failure<connections::remove>(response);
            CHECK(value_of<connections::remove>(response) == nothing());
            return;
        case kind::test: return is_success ? check_test(response) : check_failure<connections::test>(response);
        case kind::capabilities: return is_success ? check_capabilities(response) : check_failure<connections::capabilities>(response);
        case kind::with_capability: return check_failure<connections::with_capability>(response);
        case kind::models: return is_success ? check_models(response) : check_failure<connections::models>(response);
        case kind::exists:
            if (!is_success) return check_failure<connections::get>(response);
            CHECK((response.body == "true" || response.body == "false"));
            return;
        case kind::token:
            // Token answers are read elsewhere.
            if (is_success) CHECK(parsed(response.body).contains("access_token"));
            return;
        case kind::other: check_failure<connections::get>(response);
    }
}

std::vector<recording> const& recordings() {
    static std::vector<recording> const all = tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR);
    return all;
}

/// The exchanges of a file; of 451, whose request was cut inside a chunk, the first line is enough.
std::vector<tests::exchange> exchanges_of(recording const& file) {
    if (file.number != 451) return read_exchanges(file);
    tests::exchange made;
    made.request.method = file.request_bytes.substr(0, file.request_bytes.find(' '));
    made.request.target = file.request_bytes.substr(made.request.method.size() + 1);
    made.request.target.resize(made.request.target.find(' '));
    tests::detail::byte_reader responses(file.response_bytes);
    made.response = tests::detail::read_response(responses, false);
    REQUIRE(responses.empty());
    return {made};
}

bool is_one_of(int number, std::initializer_list<int> numbers) { return std::find(numbers.begin(), numbers.end(), number) != numbers.end(); }

}  // namespace

TEST_CASE("every recorded answer is placed and read as an independent reading has it") {
    CHECK(recordings().size() == 353);
    std::map<kind, int> placed;
    std::size_t files = 0;
    for (recording const& file : recordings()) {
        CAPTURE(file.name);
        // Two are empty on purpose, two lie about the size of a chunk; both have tests of their own.
        if (is_one_of(file.number, {437, 515, 484, 485})) continue;
        auto const exchanges = exchanges_of(file);
        CHECK(exchanges.size() == (is_one_of(file.number, {425, 427, 442}) ? 2U : 1U));
        for (auto const& exchange : exchanges) {
            CAPTURE(exchange.request.method, exchange.request.target.substr(0, 200), exchange.response.status);
            kind const which = kind_of(exchange.request.method, exchange.request.target);
            ++placed[which];
            check_place(which, exchange.response);
        }
        ++files;
    }
    CHECK(files + 4 == 353);
    std::vector<std::pair<kind, int>> const expected{{kind::list, 64},   {kind::get, 69},          {kind::create, 95},         {kind::update, 15},
                                                     {kind::remove, 6},  {kind::test, 12},         {kind::capabilities, 10},   {kind::with_capability, 1},
                                                     {kind::models, 14}, {kind::exists, 20},       {kind::token, 19},          {kind::other, 27}};
    int sum = 0;
    for (auto const& [which, count] : expected) {
        CAPTURE(static_cast<int>(which));
        CHECK(placed[which] == count);
        sum += count;
    }
    // Three files hold two exchanges.
    CHECK(sum == 349 + 3);
}

TEST_CASE("a recorded answer that lies about the size of a chunk is refused") {
    for (recording const& file : recordings()) {
        if (!is_one_of(file.number, {484, 485})) continue;
        CAPTURE(file.name);
        CHECK_THROWS_AS(read_exchanges(file), malformed_recording);
    }
}

TEST_CASE("two requests are recorded that got no answer") {
    int found = 0;
    for (recording const& file : recordings()) {
        if (!file.response_bytes.empty()) continue;
        CHECK(is_one_of(file.number, {437, 515}));
        ++found;
    }
    CHECK(found == 2);
}

TEST_CASE("a recorded answer cut at any byte is never a value") {
    int cuts = 0;
    for (recording const& file : recordings()) {
        // One of each: a short list, a connection with odd settings, a create, a test, capabilities, models.
        if (!is_one_of(file.number, {140, 142, 53, 325, 275, 352})) continue;
        CAPTURE(file.name);
        auto const exchanges = read_exchanges(file);
        http_response cut = exchanges.at(0).response;
        REQUIRE(cut.status / 100 == 2);
        http_response whole = cut;
        for (std::size_t size = 1; size < whole.body.size(); ++size) {
            cut.body = whole.body.substr(0, size);
            bool has_value = true;
            switch (kind_of(exchanges[0].request.method, exchanges[0].request.target)) {
                case kind::list: has_value = decode<connections::list>(cut).has_value(); break;
                case kind::get: has_value = decode<connections::get>(cut).has_value(); break;
                case kind::create: has_value = decode<connections::create>(cut).has_value(); break;
                case kind::test: has_value = decode<connections::test>(cut).has_value(); break;
                case kind::capabilities: has_value = decode<connections::capabilities>(cut).has_value(); break;
                case kind::models: has_value = decode<connections::models>(cut).has_value(); break;
                default: break;
            }
            CAPTURE(size);
            REQUIRE_FALSE(has_value);
            ++cuts;
        }
    }
    CHECK(cuts > 1000);
}

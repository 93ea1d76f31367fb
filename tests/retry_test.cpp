// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using namespace std::chrono_literals;

namespace {

constexpr char const* site = "https://cms.example.com";
constexpr char const* by_id = "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6";
constexpr char const* connection_body =
    R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true,"settings":null})";
constexpr char const* not_found_body = R"({"status":404,"title":"Connection not found","type":"Error","operationStatus":"NotFound"})";

guid some_id() { return *guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6"); }

/// One call of each class of descriptor, and of a test, which is sent once as a create is.
enum class kind { safe, remove, replace, create, test };
constexpr kind all_kinds[] = {kind::safe, kind::remove, kind::replace, kind::create, kind::test};

std::string line_of(kind which) {
    switch (which) {
        case kind::safe: return std::string("GET ") + by_id;
        case kind::remove: return std::string("DELETE ") + by_id;
        case kind::replace: return std::string("PUT ") + by_id;
        case kind::create: return "POST /connections";
        case kind::test: return std::string("POST ") + by_id + "/test";
    }
    return {};
}

template <class Client>
std::optional<failure> call(Client& cms, kind which, call_options options = {}) {
    auto const reason_of = [](auto answer) { return answer ? std::nullopt : std::optional(answer.error()); };
    auto const api = cms.connections(options);
    switch (which) {
        case kind::safe: return reason_of(api.get(some_id()));
        case kind::remove: return reason_of(api.remove(some_id()));
        case kind::replace: return reason_of(api.update(some_id(), connection_update("a", "A", true, settings{{"apiKey", secret("sk-new-key")}})));
        case kind::create: return reason_of(api.create(connection_draft("a", "A", "openai")));
        case kind::test: return reason_of(cms.call(connections::test(some_id()), options));
    }
    return std::nullopt;
}

/// Says itself what may have been applied.
class knowing_transport : public testing::patient_scripted_transport {
public:
    static constexpr bool tracks_writes = true;
};

http_response answer_with(int status, std::string retry_after, std::string date = {}) {
    http_response made(status);
    if (!date.empty()) made.headers.add("Date", std::move(date));
    made.headers.add("Retry-After", std::move(retry_after));
    return made;
}

failure lost() { return failure(errc::connection_closed, "The peer closed."); }

client_options endless(retry_policy retry = {}) {
    client_options made;
    made.timeout = 1h;
    made.retry = retry;
    made.retry.budget = 1e6;
    return made;
}

}  // namespace

TEST_CASE("what may be sent again is, by the class of the call, three times at most, and nothing else is") {
    struct row {
        result<http_response> outcome;
        bool repeats_reads;   // GET and DELETE
        bool repeats_writes;  // PUT and POST
        bool may_be_applied;
    };
    std::vector<row> rows;
    for (int const status : {408, 429}) rows.push_back({http_response(status), true, false, false});
    for (int const status : {502, 503, 504}) rows.push_back({http_response(status), true, false, true});
    for (int const status : {302, 400, 401, 403, 404, 409, 413, 414, 415, 425, 431}) rows.push_back({http_response(status), false, false, false});
    for (int const status : {500, 501, 505, 599}) rows.push_back({http_response(status), false, false, true});
    for (errc const code : {errc::resolve_failed, errc::connect_failed}) rows.push_back({failure(code, "."), true, true, false});
    for (errc const code : {errc::connection_closed, errc::transport_failed}) rows.push_back({failure(code, "."), true, false, true});
    rows.push_back({failure(fault::transport, std::make_error_code(std::errc::io_error), "."), true, false, true});
    for (errc const code : {errc::malformed_response, errc::header_too_large, errc::body_too_large, errc::too_many_interim_responses, errc::protocol_switched,
                            errc::deadline_exceeded, errc::cancelled})
        rows.push_back({failure(code, "."), false, false, true});
    rows.push_back({failure(errc::client_busy, "."), false, false, false});
    for (row const& expected : rows) {
        for (kind const which : all_kinds) {
            bool const is_read = which == kind::safe || which == kind::remove;
            std::size_t const attempts = (is_read ? expected.repeats_reads : expected.repeats_writes) ? 3 : 1;
            CAPTURE(line_of(which), expected.outcome ? std::to_string(expected.outcome->status) : expected.outcome.error().to_string());
            testing::patient_scripted_transport script;
            for (std::size_t i = 0; i < attempts; ++i) {
                auto& line = script.expect(line_of(which));
                if (expected.outcome) line.answers(*expected.outcome);
                else line.fails(expected.outcome.error());
            }
            script.expect(line_of(kind::safe)).answers(200, connection_body);
            client cms(script, site, {}, endless());
            auto const reason = call(cms, which);
            REQUIRE(reason.has_value());
            CHECK(reason->attempts == attempts);
            CHECK(script.waits().size() == attempts - 1);
            CHECK(reason->possibly_applied == (expected.may_be_applied && which != kind::safe));
            CHECK_FALSE(call(cms, kind::safe).has_value());
            CHECK(script.report() == "");
        }
    }
}

TEST_CASE("where a transport knows that no byte was written, any call is sent again") {
    for (kind const which : all_kinds) {
        CAPTURE(line_of(which));
        knowing_transport script;
        script.expect(line_of(which)).fails(lost());
        script.expect(line_of(which)).fails(lost());
        script.expect(line_of(which)).fails(lost());
        client cms(script, site, {}, endless());
        auto const reason = call(cms, which);
        REQUIRE(reason.has_value());
        CHECK(reason->attempts == 3);
        CHECK_FALSE(reason->possibly_applied);
        CHECK(script.report() == "");
        // The same bytes each time.
        for (http_request const& sent : script.requests()) CHECK(sent.body == script.requests().front().body);
    }
    for (kind const which : {kind::replace, kind::create, kind::test}) {
        CAPTURE(line_of(which));
        failure written = lost();
        written.possibly_applied = true;
        knowing_transport script;
        script.expect(line_of(which)).fails(lost());
        script.expect(line_of(which)).fails(written);
        client cms(script, site, {}, endless());
        auto const reason = call(cms, which);
        REQUIRE(reason.has_value());
        CHECK(reason->attempts == 2);
        CHECK(reason->possibly_applied);
        CHECK(script.report() == "");
    }
}

TEST_CASE("a delete that finds nothing is done where an earlier try may have done it, and a refusal after one says that it may") {
    struct row {
        result<http_response> first;
        http_response second;
        bool is_done;
        bool may_be_applied;
    };
    http_response gone(404, not_found_body);
    gone.headers.add("Content-Type", "application/json");
    for (row const& expected : {row{lost(), gone, true, false}, row{http_response(503), gone, true, false}, row{http_response(429), gone, false, false},
                                row{failure(errc::connect_failed, "."), gone, false, false}, row{lost(), http_response(404), false, true},
                                row{lost(), http_response(403), false, true}, row{lost(), http_response(409), false, true}, row{http_response(502), http_response(400), false, true},
                                row{lost(), http_response(200), true, false}}) {
        CAPTURE(expected.first ? expected.first->status : 0, expected.second.status);
        for (bool const by_alias : {false, true}) {
            CAPTURE(by_alias);
            testing::patient_scripted_transport script;
            if (by_alias) script.expect("GET /connections/a").answers(200, connection_body);
            auto& line = script.expect(line_of(kind::remove));
            if (expected.first) line.answers(*expected.first);
            else line.fails(expected.first.error());
            script.expect(line_of(kind::remove)).answers(expected.second);
            client cms(script, site, {}, endless());
            auto const answer = by_alias ? cms.connections().remove("a") : cms.connections().remove(some_id());
            CHECK(answer.has_value() == expected.is_done);
            if (!answer) CHECK(answer.error().possibly_applied == expected.may_be_applied);
            CHECK(script.report() == "");
        }
    }
}

TEST_CASE("pauses are random up to a bound that doubles, and the seed decides them") {
    auto const pauses_of = [](std::uint64_t seed) {
        testing::patient_scripted_transport script;
        retry_policy retry;
        retry.most_attempts = 12;
        retry.seed = seed;
        for (unsigned i = 0; i < retry.most_attempts; ++i) script.expect(line_of(kind::safe)).answers(503);
        client cms(script, site, {}, endless(retry));
        CHECK(call(cms, kind::safe)->attempts == 12);
        return script.waits();
    };
    std::set<std::chrono::nanoseconds> firsts;
    bool any_short = false;
    bool any_long = false;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        auto const pauses = pauses_of(seed);
        REQUIRE(pauses.size() == 11);
        for (std::size_t i = 0; i < pauses.size(); ++i) {
            auto const most = (std::min)(std::chrono::nanoseconds(200ms) * (1 << i), std::chrono::nanoseconds(5s));
            CHECK((pauses[i] >= 0ns && pauses[i] <= most));
            any_short = any_short || pauses[i] < most / 10;
            any_long = any_long || pauses[i] > most * 9 / 10;
        }
        firsts.insert(pauses.front());
    }
    CHECK((any_short && any_long));
    CHECK(firsts.size() > 90);
    CHECK(pauses_of(7) == pauses_of(7));
}

TEST_CASE("Retry-After is honoured as seconds, fraction and date, up to its ceiling, and passed over where it means nothing") {
    std::string const date = "Sun, 06 Nov 1994 08:49:37 GMT";
    struct row {
        http_response refusal;
        std::optional<std::chrono::nanoseconds> pause;  // nothing: random
        bool is_returned = false;
    };
    for (int const status : {408, 429, 502, 503, 504}) {
        std::vector<row> const rows = {
            {http_response(status), std::nullopt},
            {answer_with(status, "0"), 0ns},
            {answer_with(status, "7"), 7s},
            {answer_with(status, "60"), 60s},
            {answer_with(status, "0.25"), 250ms},
            {answer_with(status, "1.000000000000000000009"), 1s},
            {answer_with(status, "Sun, 06 Nov 1994 08:49:40 GMT", date), 3s},
            {answer_with(status, date, date), 0ns},
            {answer_with(status, "61"), 0ns, true},
            {answer_with(status, "60.5"), 0ns, true},
            {answer_with(status, "99999999999999999999999"), 0ns, true},
            {answer_with(status, "Sun, 06 Nov 1994 08:51:37 GMT", date), 0ns, true},
            {answer_with(status, "Fri, 31 Dec 9999 23:59:59 GMT", date), 0ns, true},
            {answer_with(status, "Sun, 06 Nov 1994 08:40:00 GMT", date), std::nullopt},  // over already
            {answer_with(status, "Sun, 06 Nov 1994 08:49:40 GMT"), std::nullopt},        // from when?
            {answer_with(status, "Sun, 06 Nov 1994 08:49:40 GMT", "rubbish"), std::nullopt},
            {answer_with(status, "Sun, 31 Feb 1994 08:49:40 GMT", date), std::nullopt},
            {answer_with(status, "Sun, 06 anF 1994 08:49:40 GMT", date), std::nullopt},
            {answer_with(status, "Sun, 06 Nox 1994 08:49:40 GMT", date), std::nullopt},
            {answer_with(status, "Sun, +6 Nov 1994 08:49:40 GMT", date), std::nullopt},
            {answer_with(status, "Sun, 06 Nov 1994 08:-1:40 GMT", date), std::nullopt},
            {answer_with(status, "Sunday, 06-Nov-94 08:49:40 GMT", date), std::nullopt},
            {answer_with(status, ""), std::nullopt},
            {answer_with(status, "soon"), std::nullopt},
            {answer_with(status, "-3"), std::nullopt},
            {answer_with(status, "+3"), std::nullopt},
            {answer_with(status, "1e3"), std::nullopt},
            {answer_with(status, "0x10"), std::nullopt},
            {answer_with(status, ".5"), std::nullopt},
            {answer_with(status, "1.5.2"), std::nullopt},
            {answer_with(status, "3 s"), std::nullopt},
        };
        for (row const& expected : rows) {
            auto const field = expected.refusal.headers.find("Retry-After");
            CAPTURE(status, std::string(field.value_or("absent")));
            testing::patient_scripted_transport script;
            script.expect(line_of(kind::safe)).answers(expected.refusal);
            if (!expected.is_returned) script.expect(line_of(kind::safe)).answers(200, connection_body);
            client cms(script, site, {}, endless());
            auto const reason = call(cms, kind::safe);
            CHECK(reason.has_value() == expected.is_returned);
            if (reason) CHECK(reason->status == status);
            if (!expected.is_returned && expected.pause) CHECK(script.waits() == std::vector{*expected.pause});
            if (!expected.is_returned && !expected.pause) {
                REQUIRE(script.waits().size() == 1);
                CHECK(script.waits().front() <= 200ms);
            }
            CHECK(script.report() == "");
        }
    }
}

TEST_CASE("a pause that would pass the deadline is not begun, and the answer is given at once") {
    testing::patient_scripted_transport script;
    script.advance(1s);
    script.expect(line_of(kind::safe)).after(2s).answers(answer_with(503, "8"));
    script.expect(line_of(kind::safe)).after(2s).answers(answer_with(503, "7"));
    script.expect(line_of(kind::safe)).answers(200, connection_body);
    client cms(script, site);
    auto const refused = call(cms, kind::safe, call_options(10s));
    REQUIRE(refused.has_value());
    CHECK(refused->status == 503);
    CHECK(script.now() == 3s);
    CHECK_FALSE(call(cms, kind::safe, call_options(10s)).has_value());
    CHECK(script.now() == 12s);
    CHECK(script.requests().back().limits.time == 1s);
    CHECK(script.report() == "");
}

TEST_CASE("a budget keeps an outage from being multiplied, and successes fill it again") {
    for (http_response const& outage : {http_response(503), http_response(408), answer_with(429, "0")}) {
        CAPTURE(outage.status);
        testing::patient_scripted_transport script;
        client_options options;
        options.retry.budget = 2;
        client cms(script, site, {}, options);
        // Two repetitions in all, of the first call, and then none.
        for (int i = 0; i < 2 + 30; ++i) script.expect(line_of(kind::safe)).answers(outage);
        for (int i = 0; i < 30; ++i) CHECK(call(cms, kind::safe).has_value());
        CHECK(script.report() == "");
        // Each success gives a tenth back.
        for (int i = 0; i < 11; ++i) script.expect(line_of(kind::safe)).answers(200, connection_body);
        for (int i = 0; i < 11; ++i) CHECK_FALSE(call(cms, kind::safe).has_value());
        script.expect(line_of(kind::safe)).answers(outage);
        script.expect(line_of(kind::safe)).answers(outage);
        CHECK(call(cms, kind::safe).has_value());
        CHECK(script.report() == "");
    }
}

TEST_CASE("a transport that cannot wait repeats nothing, and says so") {
    testing::scripted_transport script;
    script.expect(line_of(kind::safe)).fails(lost());
    client cms(script, site);
    auto const reason = call(cms, kind::safe);
    REQUIRE(reason.has_value());
    CHECK(reason->attempts == 1);
    CHECK(reason->message.find("cannot wait") != std::string::npos);
}

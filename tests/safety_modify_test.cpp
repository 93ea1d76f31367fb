// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/model/nlohmann.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::dialect;
using testing::scripted_transport;
using tests::both_dialects;
using tests::has;
using tests::mishap;
using tests::name_of;
using tests::site;

namespace {

constexpr std::string_view id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
std::string const by_id = "/connections/" + std::string(id_text);

/// An answer of get: what stands between name and the end is the test's.
std::string connection_json(std::string_view rest, std::string_view alias = "main", std::string_view name = "Main") {
    return R"({"id":")" + std::string(id_text) + R"(","alias":")" + std::string(alias) + R"(","name":")" + std::string(name) +
           R"(","providerId":"openai","isActive":true,)" + std::string(rest) + '}';
}

connection read_connection(std::string_view rest) {
    auto read = read_json<connection>(connection_json(rest));
    REQUIRE(read.has_value());
    return *std::move(read);
}

auto name_it(std::string name) {
    return [name = std::move(name)](connection& c) { c.name = name; };
}

bool is_put(http_request const& request) { return request.method == http_method::put; }

/// A fate for PUTs alone, the first `times` of them.
auto put_fate(mishap what, int times = 1000) {
    return [what, times](http_request const& request) mutable { return is_put(request) && times-- > 0 ? what : mishap::none; };
}

template <class Result>
failure refused(Result const& answered) {
    REQUIRE_FALSE(answered.has_value());
    CAPTURE(answered.error().to_string());
    CHECK_FALSE(answered.error().message.empty());
    return answered.error();
}

/// A refusal before any request.
template <class Result>
void check_unsent(site const& on, Result const& answered, errc code, std::string_view field_name) {
    auto const why = refused(answered);
    CAPTURE(why.to_string());
    CHECK(why.code == make_error_code(code));
    CHECK(why.field == field_name);
    CHECK(why.who == fault::usage);
    CHECK_FALSE(why.possibly_applied);
    CHECK(on.transport.writes() == 0);
}

}  // namespace

// --- get, change, put back ---

TEST_CASE("A modification that changes nothing sends nothing but the read") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add("main");
        auto const done = on.cms.connections().modify("main", [](connection& c) {
            c.name = std::string(c.name);
            c.is_active = true;
        });
        REQUIRE(done.has_value());
        CHECK_FALSE(done->changed);
        CHECK(done->before == done->after);
        CHECK(on.transport.requests.size() == 1);
        CHECK(on.transport.writes() == 0);
    }
}

TEST_CASE("A modification is put back whole, by id, and read again") {
    scripted_transport script;
    std::string const rest = R"("version":3,"dateModified":"x","settings":{"apiKey":"sk-1","n":1.0},"extra":{"k":[1, 2]})";
    script.expect("GET /connections/main").answers(200, connection_json(rest));
    script.expect("PUT " + by_id)
        .with_body(R"({"alias":"main","name":"New","isActive":true,"settings":{"apiKey":"sk-1","n":1.0},"extra":{"k":[1, 2]}})")
        .answers(200);
    script.expect("GET " + by_id).answers(200, connection_json(R"("version":4,"settings":{"apiKey":"sk-1","n":1.0})", "main", "New"));
    client cms(script, "https://cms.example.com");
    auto const done = cms.connections().modify("main", name_it("New"));
    REQUIRE(script.report() == "");
    REQUIRE(done.has_value());
    CHECK(done->changed);
    CHECK(done->is_verified);
    CHECK(done->before.name == "Main");
    CHECK(done->before.version == 3);
    CHECK(done->after.name == "New");
    CHECK(done->after.version == 4);
}

TEST_CASE("What was there before a modification can be put back") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add_plain("main");
        auto const done = on.cms.connections().modify("main", [](connection& c) {
            c.name = "Other";
            c.is_active = false;
            c.settings.set("b", 2);
        });
        REQUIRE(done.has_value());
        CHECK(on.stored("main").settings == R"({"a":1,"b":2})");
        REQUIRE(on.cms.connections().update(done->before).has_value());
        CHECK(on.stored("main").name == "Name of main");
        CHECK(on.stored("main").is_active);
        CHECK(on.stored("main").settings == R"({"a":1})");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("Switching off and renaming leave everything else as it is") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        guid const id = on.add("main", "openai", R"({"apiKey":"sk-1","endpoint":"https://e","own":{"x":[1.10]}})");
        REQUIRE(on.cms.connections().set_active("main", false).has_value());
        CHECK_FALSE(on.stored("main").is_active);
        REQUIRE(on.cms.connections().rename(id, "New name").has_value());
        CHECK(on.stored("main").name == "New name");
        CHECK_FALSE(on.stored("main").is_active);
        REQUIRE(on.cms.connections().set_active(id, true).has_value());
        CHECK(on.stored("main").is_active);
        CHECK(on.stored("main").settings == R"({"apiKey":"sk-1","endpoint":"https://e","own":{"x":[1.10]}})");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("A change of alias is verified by reading") {
    site observed(dialect::observed);
    guid const id = observed.add("main");
    auto const done = observed.cms.connections().change_alias("main", "renamed");
    REQUIRE(done.has_value());
    CHECK(done->after.alias == "renamed");
    CHECK(done->is_verified);
    CHECK(observed.stored("renamed").id == id.to_string());

    site documented(dialect::documented);
    documented.add_plain("main");
    auto const ignored = refused(documented.cms.connections().change_alias("main", "renamed"));
    CHECK(ignored.code == make_error_code(errc::not_applied));
    CHECK(ignored.field == "alias");
    CHECK(ignored.possibly_applied);
    CHECK(documented.stored("main").settings == R"({"a":1})");
}

TEST_CASE("An alias is read back even where settings are null") {
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, connection_json(R"("version":1,"settings":null)"));
    script.expect("PUT " + by_id).answers(200);
    script.expect("GET " + by_id).answers(200, connection_json(R"("version":2,"settings":null)"));
    client cms(script, "https://cms.example.com");
    auto const why = refused(cms.connections().change_alias("main", "renamed"));
    REQUIRE(script.report() == "");
    CHECK(why.code == make_error_code(errc::not_applied));
}

TEST_CASE("A change that fails or throws sends nothing") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add_plain("main");
        auto const failed = on.cms.connections().modify("main", [](connection& c) -> result<void> {
            c.name = "Half done";
            return failure(errc::invalid_argument, "No.").at("mine");
        });
        check_unsent(on, failed, errc::invalid_argument, "mine");
        auto const throwing = [](connection& c) {
            c.name = "Half done";
            throw std::runtime_error("no");
        };
        CHECK_THROWS_AS(static_cast<void>(on.cms.connections().modify("main", throwing)), std::runtime_error);
        CHECK(on.transport.writes() == 0);
        REQUIRE(on.cms.connections().rename("main", "Works").has_value());
    }
}

TEST_CASE("A change of id or provider is refused") {
    site on(dialect::observed);
    on.add_plain("main");
    check_unsent(on, on.cms.connections().modify("main", [](connection& c) { c.id = *guid::parse(id_text); }), errc::invalid_argument, "id");
    check_unsent(on, on.cms.connections().modify("main", [](connection& c) { c.provider_id = "openai"; }), errc::invalid_argument, "providerId");
}

TEST_CASE("A connection of another alias than the one asked for is not written") {
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, connection_json(R"("settings":{})", "another"));
    client cms(script, "https://cms.example.com");
    auto const why = refused(cms.connections().rename("main", "New"));
    CHECK(script.report() == "");
    CHECK(why.field == "$.alias");
}

TEST_CASE("A modification within a modification is a usage failure and sends nothing") {
    site on(dialect::observed);
    on.add_plain("main");
    result<modified> inner;
    auto const outer = on.cms.connections().modify("main", [&](connection& c) {
        c.name = "Outer";
        inner = on.cms.connections().rename("main", "Inner");
    });
    CHECK(refused(inner).who == fault::usage);
    REQUIRE(outer.has_value());
    CHECK(on.stored("main").name == "Outer");
    CHECK(on.transport.count(http_method::put) == 1);
}

// --- lost updates, 500, lost answers ---

TEST_CASE("A version that rose by more than one is a lost update") {
    site on(dialect::observed);
    on.add("main");
    on.transport.before = [&](http_request const& request) {
        if (is_put(request)) on.foreign_rename("main", "Foreign");
    };
    auto const why = refused(on.cms.connections().set_active("main", false));
    CHECK(why.code == make_error_code(errc::lost_update));
    CHECK(has(why.message, "version history"));
    CHECK(why.possibly_applied);
    CHECK(on.transport.count(http_method::put) == 1);
}

TEST_CASE("A lost update is told also where the alias was not taken over") {
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, connection_json(R"("version":1,"settings":{})"));
    script.expect("PUT " + by_id).answers(200);
    script.expect("GET " + by_id).answers(200, connection_json(R"("version":3,"settings":{})"));
    client cms(script, "https://cms.example.com");
    auto const why = refused(cms.connections().change_alias("main", "renamed"));
    CHECK(script.report() == "");
    CHECK(why.code == make_error_code(errc::lost_update));
}

TEST_CASE("After a 500 to a write that was carried out a read says so") {
    site on(dialect::observed);
    on.add("main");
    on.transport.fate = put_fate(mishap::error_applied);
    auto const done = on.cms.connections().rename("main", "New");
    REQUIRE(done.has_value());
    CHECK(done->changed);
    CHECK(done->is_verified);
    CHECK(done->after.name == "New");
    CHECK(done->after.version == 2);
    CHECK(on.transport.count(http_method::put) == 1);
}

TEST_CASE("After a 500 to a write that was not carried out everything is done again") {
    site on(dialect::observed);
    on.add("main");
    on.transport.fate = put_fate(mishap::error_not_applied, 2);
    int changes = 0;
    auto const done = on.cms.connections().modify("main", [&](connection& c) {
        ++changes;
        c.name = "New";
    });
    REQUIRE(done.has_value());
    CHECK(changes == 3);
    CHECK(on.transport.count(http_method::put) == 3);
    CHECK(on.stored("main").name == "New");
    CHECK(on.stored("main").version == 2);
}

TEST_CASE("A write that is never carried out is tried three times and then surely not applied") {
    site on(dialect::observed);
    on.add("main");
    on.transport.fate = put_fate(mishap::error_not_applied);
    auto const why = refused(on.cms.connections().rename("main", "New"));
    CHECK(why.status == 500);
    CHECK_FALSE(why.possibly_applied);
    CHECK(on.transport.count(http_method::put) == 3);
    CHECK(on.stored("main").version == 1);
}

TEST_CASE("After a 500 whatever a read cannot decide is possibly applied and not written again") {
    auto const answered = [](std::string before, std::string after) {
        CAPTURE(before, after);
        scripted_transport script;
        script.expect("GET /connections/main").answers(200, connection_json(before));
        script.expect("PUT " + by_id).answers(500);
        script.expect("GET " + by_id).answers(200, connection_json(after));
        client cms(script, "https://cms.example.com");
        auto const why = refused(cms.connections().modify("main", [](connection& c) { c.settings.set("apiKey", "sk-2"); }));
        CHECK(script.report() == "");
        CHECK(why.status == 500);
        CHECK(why.possibly_applied);
    };
    std::string const read = R"("version":1,"settings":{"apiKey":"sk-1"})";
    SECTION("no version") { answered(R"("settings":{"apiKey":"sk-1"})", R"("settings":{"apiKey":"sk-2"})"); }
    SECTION("no version afterwards") { answered(read, R"("settings":{"apiKey":"sk-2"})"); }
    SECTION("masked") { answered(R"("version":1,"settings":{"apiKey":"sk-***"})", R"("version":2,"settings":{"apiKey":"sk-***"})"); }
    SECTION("masked, version unchanged") { answered(R"("version":1,"settings":{"apiKey":"sk-***"})", R"("version":1,"settings":{"apiKey":"sk-***"})"); }
    SECTION("another content") { answered(read, R"("version":2,"settings":{"apiKey":"sk-3"})"); }
    SECTION("two writes") { answered(read, R"("version":3,"settings":{"apiKey":"sk-2"})"); }
    SECTION("an older version") { answered(R"("version":2,"settings":{"apiKey":"sk-1"})", R"("version":1,"settings":{"apiKey":"sk-1"})"); }
}

TEST_CASE("After a 500 a foreign write in between is not overwritten") {
    site on(dialect::observed);
    on.add("main");
    on.transport.fate = put_fate(mishap::error_not_applied);
    on.transport.before = [&](http_request const& request) {
        if (is_put(request)) on.foreign_rename("main", "Foreign");
    };
    auto const why = refused(on.cms.connections().set_active("main", false));
    CHECK(why.possibly_applied);
    CHECK(on.transport.count(http_method::put) == 1);
    CHECK(on.stored("main").name == "Foreign");
}

TEST_CASE("An answer that something between made up is a lost answer") {
    for (int const status : {502, 503, 504}) {
        CAPTURE(status);
        scripted_transport script;
        std::string const unchanged = connection_json(R"("version":1,"settings":{})");
        script.expect("GET /connections/main").answers(200, unchanged);
        script.expect("PUT " + by_id).answers(status);
        script.expect("GET " + by_id).answers(200, unchanged);
        client cms(script, "https://cms.example.com");
        auto const why = refused(cms.connections().rename("main", "New"));
        CHECK(script.report() == "");
        CHECK(why.possibly_applied);
        CHECK(why.status == status);
    }
}

TEST_CASE("After a lost answer nothing is written again") {
    for (dialect const spoken : both_dialects) {
        for (mishap const what : {mishap::lost_before, mishap::lost_after}) {
            bool const is_applied = what == mishap::lost_after;
            CAPTURE(name_of(spoken), is_applied);
            site on(spoken);
            on.add_plain("main");
            on.transport.fate = put_fate(what);
            auto const done = on.cms.connections().rename("main", "New");
            CHECK(on.transport.count(http_method::put) == 1);
            CHECK(on.stored("main").name == (is_applied ? "New" : "Name of main"));
            bool const can_be_told = is_applied && spoken == dialect::observed;
            CHECK(done.has_value() == can_be_told);
            if (!done) CHECK(done.error().possibly_applied);
        }
    }
}

TEST_CASE("A lost answer and a lost read are possibly applied") {
    site on(dialect::observed);
    on.add("main");
    bool is_lost = false;
    on.transport.fate = [&](http_request const& request) {
        is_lost = is_lost || is_put(request);
        return is_lost ? mishap::lost_after : mishap::none;
    };
    auto const why = refused(on.cms.connections().rename("main", "New"));
    CHECK(why.possibly_applied);
    CHECK(on.transport.count(http_method::put) == 1);
}

TEST_CASE("A write whose read-back fails is done, and says that it is not verified") {
    site on(dialect::observed);
    on.add("main");
    bool was_written = false;
    on.transport.fate = [&](http_request const& request) {
        if (was_written) return mishap::lost_before;
        was_written = is_put(request);
        return mishap::none;
    };
    auto const done = on.cms.connections().rename("main", "New");
    REQUIRE(done.has_value());
    CHECK(done->changed);
    CHECK_FALSE(done->is_verified);
    CHECK(done->after.name == "New");
}

TEST_CASE("A deadline that passes after the write never says that nothing was written") {
    for (auto const what : {mishap::none, mishap::error_applied, mishap::lost_after}) {
        site on(dialect::observed);
        on.add("main");
        on.transport.fate = put_fate(what);
        on.transport.each_takes = std::chrono::seconds(6);
        auto const done = on.cms.connections(call_options(std::chrono::seconds(11))).rename("main", "New");
        CHECK(on.stored("main").name == "New");
        bool const is_told = done ? (done->changed && !done->is_verified) : done.error().possibly_applied;
        CHECK(is_told);
    }
}

TEST_CASE("A deadline that passes before the write sends none") {
    site on(dialect::observed);
    on.add("main");
    on.transport.each_takes = std::chrono::seconds(6);
    auto const why = refused(on.cms.connections(call_options(std::chrono::seconds(5))).rename("main", "New"));
    CHECK(why.code == make_error_code(errc::deadline_exceeded));
    CHECK_FALSE(why.possibly_applied);
    CHECK(on.transport.writes() == 0);
}

TEST_CASE("A write refused because a $ key is gone says so") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.api.add_configuration("OpenAI:Key");
        on.add("main", "openai", R"({"apiKey":"$OpenAI:Key"})");
        on.add_plain("other");
        auto const read = on.cms.connections().get("main");
        REQUIRE(read.has_value());
        on.api.remove_configuration("OpenAI:Key");

        auto const modified = refused(on.cms.connections().set_active("main", false));
        CHECK(modified.status == 400);
        CHECK(has(modified.message, "$"));
        auto const updated = refused(on.cms.connections().update(*read));
        CHECK(updated.status == 400);
        CHECK(has(updated.message, "$"));
        auto const newly = refused(on.cms.connections().modify("main", [](connection& c) {
            c.settings = {{"apiKey", config_reference("No:Such:Key")}};
        }));
        CHECK(newly.status == 400);
        CHECK(has(newly.message, "$"));
        CHECK(on.stored("main").version == 1);
    }
}

TEST_CASE("Settings that are gone after a write are reported") {
    SECTION("left out because masked, on a server that wipes all the same") {
        site on(dialect::documented);
        on.add("main");
        on.transport.rewrite = [](http_request& request) {
            if (is_put(request)) request.body.replace(request.body.size() - 1, 1, R"(,"settings":null})");
        };
        auto const why = refused(on.cms.connections().rename("main", "New"));
        CHECK(why.code == make_error_code(errc::settings_wiped));
        CHECK(why.field == "settings");
        CHECK(why.possibly_applied);
    }
    SECTION("sent, and dropped by something between") {
        site on(dialect::observed);
        on.add("main");
        on.transport.rewrite = [](http_request& request) {
            if (is_put(request)) request.body = R"({"alias":"main","name":"New","isActive":true})";
        };
        auto const why = refused(on.cms.connections().rename("main", "New"));
        CHECK(why.code == make_error_code(errc::settings_wiped));
    }
}

// --- update ---

TEST_CASE("An update made from thin air must name its settings") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        guid const id = on.add_plain("main");
        connection made;
        made.id = id;
        made.alias = "main";
        made.name = "New";
        check_unsent(on, on.cms.connections().update(made), errc::invalid_argument, "settings");
        check_unsent(on, on.cms.connections().update(id, connection_update("main", "New", true, settings(nullptr))), errc::invalid_argument, "settings");
        made.settings = {};
        REQUIRE(on.cms.connections().update(made).has_value());
        CHECK(on.stored("main").settings == "{}");
        CHECK(on.api.careless().total() == 0);
        REQUIRE(on.cms.connections().update(id, connection_update("main", "New", true, wipe_settings)).has_value());
        CHECK(on.stored("main").settings == "null");
    }
}

TEST_CASE("Null settings go back only to the connection they were read from") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add_plain("empty", "null");
        guid const id = on.add_plain("main");
        auto const empty = on.cms.connections().get("empty");
        auto const full = on.cms.connections().get("main");
        REQUIRE(empty.has_value());
        REQUIRE(full.has_value());

        check_unsent(on, on.cms.connections().modify("main", [&](connection& c) { c.settings = empty->settings; }), errc::invalid_argument, "settings");
        connection copied = *full;
        copied.settings = empty->settings;
        check_unsent(on, on.cms.connections().update(copied), errc::invalid_argument, "settings");
        connection moved = *empty;
        moved.id = id;
        check_unsent(on, on.cms.connections().update(moved), errc::invalid_argument, "settings");
        check_unsent(on, on.cms.connections().update(id, connection_update(*empty)), errc::invalid_argument, "settings");
        check_unsent(on, on.cms.call(connections::update(id, connection_update(*empty))), errc::invalid_argument, "settings");

        REQUIRE(on.cms.connections().rename("empty", "Still empty").has_value());
        CHECK(on.stored("empty").name == "Still empty");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("Settings set to null by a change are refused") {
    site on(dialect::observed);
    on.add("main");
    check_unsent(on, on.cms.connections().modify("main", [](connection& c) { c.settings = settings(nullptr); }), errc::invalid_argument, "settings");
}

// --- masked values ---

TEST_CASE("A masked value is refused at every entrance, with its path") {
    for (dialect const spoken : both_dialects) {
        for (std::string_view const mask : {"sk-***", "****", "*", "**", "ab\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2z", "\xE2\x80\xA2", "x**\xE2\x80\xA2"}) {
            CAPTURE(name_of(spoken), mask);
            site on(spoken);
            guid const id = on.add_plain("main");
            auto& cms = on.cms;
            auto const draft_with = [](settings given) {
                connection_draft made("new", "New", "plain");
                made.settings = std::move(given);
                return made;
            };
            std::string const quoted = site::quoted(mask);
            std::string const path = "settings.apiKey";

            check_unsent(on, cms.connections().create(draft_with({{"apiKey", secret(std::string(mask))}})), errc::masked_value, path);
            check_unsent(on, cms.connections().create(draft_with({{"apiKey", mask}})), errc::masked_value, path);
            check_unsent(on, cms.connections().create(draft_with(openai_settings(secret(std::string(mask))))), errc::masked_value, path);
            check_unsent(on, cms.connections().create(draft_with({{"apiKey", settings_value::from_json(quoted)}})), errc::masked_value, path);
            check_unsent(on, cms.connections().create(draft_with(settings().set("x", settings{{"apiKey", mask}}))), errc::masked_value, "settings.x.apiKey");
            check_unsent(on, cms.connections().create(draft_with(settings().set("x", settings_value::from_json("[1," + quoted + "]")))), errc::masked_value,
                         "settings.x[1]");
            check_unsent(on, cms.connections().ensure(draft_with({{"apiKey", mask}})), errc::masked_value, path);
            check_unsent(on, cms.connections().update(id, connection_update("main", "New", true, {{"apiKey", mask}})), errc::masked_value, path);
            check_unsent(on, cms.connections().modify("main", [&](connection& c) { c.settings.set("apiKey", mask); }), errc::masked_value, path);
            check_unsent(on, cms.call(connections::update(id, connection_update("main", "New", true, {{"apiKey", mask}}))), errc::masked_value, path);

            auto const parsed = settings::parse(R"({"apiKey":)" + quoted + '}');
            CHECK(refused(parsed).code == make_error_code(errc::masked_value));
            auto const from_nlohmann = settings_from(nlohmann::json{{"apiKey", std::string(mask)}});
            CHECK(refused(from_nlohmann).code == make_error_code(errc::masked_value));
            auto read = read_json<settings>(R"({"apiKey":)" + quoted + '}');
            REQUIRE(read.has_value());
            check_unsent(on, cms.connections().create(draft_with(*read)), errc::masked_value, path);
            CHECK(on.api.careless().total() == 0);
        }
    }
}

TEST_CASE("A mask in escapes is a mask, and one or two stars within a text are none") {
    CHECK(refused(settings::parse(R"({"apiKey":"sk-\u002a\u002A*"})")).code == make_error_code(errc::masked_value));
    CHECK(refused(settings::parse(R"({"apiKey":"\u2022\u2022"})")).code == make_error_code(errc::masked_value));
    CHECK(settings::parse(R"({"apiKey":"a**b*c"})").has_value());
}

TEST_CASE("Masked settings that were not replaced are left out, on the documented contract only") {
    site on(dialect::documented);
    on.add("main", "openai", R"({"apiKey":"sk-1","endpoint":"https://e"})");
    auto const done = on.cms.connections().rename("main", "New");
    REQUIRE(done.has_value());
    CHECK(done->is_verified);
    CHECK(on.stored("main").settings == R"({"apiKey":"sk-1","endpoint":"https://e"})");
    CHECK(on.stored("main").name == "New");
    CHECK(on.api.careless().total() == 0);
    for (auto const& each : on.transport.requests) CHECK_FALSE(has(each.body, "settings"));
}

TEST_CASE("Masked settings are not left out where the documented contract is not proven") {
    auto const check = [](int status, std::string capabilities) {
        CAPTURE(status, capabilities);
        scripted_transport script;
        script.expect("GET /connections/main").answers(200, connection_json(R"("settings":{"apiKey":"sk-***"})"));
        script.expect("GET /connections/capabilities").answers(status, std::move(capabilities));
        client cms(script, "https://cms.example.com");
        auto const why = refused(cms.connections().rename("main", "New"));
        CHECK(script.report() == "");
        CHECK(why.code == make_error_code(errc::masked_value));
        CHECK(why.field == "settings.apiKey");
    };
    check(200, R"(["Chat"])");
    check(200, "[]");
    check(200, "{}");
    check(404, "");
    check(500, "");
}

TEST_CASE("A change beside a masked field that was not replaced is refused with its path") {
    for (auto const& change : std::vector<std::function<void(connection&)>>{
             [](connection& c) { c.settings.set("endpoint", "https://new"); },
             [](connection& c) { c.settings.erase("endpoint"); },
             [](connection& c) {
                 c.name = "New";
                 c.settings.set("more", 1);
             },
         }) {
        site on(dialect::documented);
        on.add("main", "openai", R"({"apiKey":"sk-1","endpoint":"https://e"})");
        check_unsent(on, on.cms.connections().modify("main", change), errc::masked_value, "settings.apiKey");
    }
}

TEST_CASE("A masked field that was replaced is sent") {
    site on(dialect::documented);
    on.add("main", "openai", R"({"apiKey":"sk-1","endpoint":"https://e"})");
    auto const done = on.cms.connections().modify("main", [](connection& c) {
        c.settings.set("apiKey", secret("sk-2"));
        c.settings.set("endpoint", "https://new");
    });
    REQUIRE(done.has_value());
    CHECK(on.stored("main").settings == R"({"apiKey":"sk-2","endpoint":"https://new"})");
    CHECK(on.api.careless().total() == 0);
}

TEST_CASE("The masked settings of another connection are refused, not passed over") {
    site on(dialect::documented);
    on.add("main", "openai", R"({"apiKey":"sk-1"})");
    on.add("other", "openai", R"({"apiKey":"sk-2","endpoint":"https://other"})");
    auto const other = on.cms.connections().get("other");
    REQUIRE(other.has_value());
    check_unsent(on, on.cms.connections().modify("main", [&](connection& c) { c.settings = other->settings; }), errc::masked_value, "settings.apiKey");
    CHECK(on.stored("main").settings == R"({"apiKey":"sk-1"})");
}

TEST_CASE("An update with masked settings is refused") {
    site on(dialect::documented);
    on.add("main");
    auto read = on.cms.connections().get("main");
    REQUIRE(read.has_value());
    read->name = "New";
    check_unsent(on, on.cms.connections().update(*read), errc::masked_value, "settings.apiKey");
}

TEST_CASE("A masked value behind malformed text or in an unknown member is not sent either") {
    for (std::string_view const rest :
         {R"("version":1,"settings":{"a":"\ud800","apiKey":"sk-***"})", R"("version":1,"settings":{"apiKey":"sk-1"},"webhookSecret":"sk-***")",
          R"("version":1,"settings":{"apiKey":"sk-1"},"nested":{"x":["sk-***"]})"}) {
        CAPTURE(rest);
        scripted_transport script;
        script.expect("GET /connections/main").answers(200, connection_json(rest));
        client cms(script, "https://cms.example.com");
        static_cast<void>(cms.connections().rename("main", "New"));
        for (auto const& request : script.requests()) CHECK_FALSE(has(request.body, "***"));
    }
}

// --- secrets that the server cannot read ---

TEST_CASE("A get says which secrets the server cannot read") {
    site on(dialect::observed);
    on.add("main", "openai", R"({"apiKey":"ENC:abc","deep":{"x":["ENC:def"]}})");
    auto const read = on.cms.connections().get("main");
    REQUIRE(read.has_value());
    CHECK(read->settings.unreadable() == std::vector<std::string>{"settings.apiKey", "settings.deep.x[0]"});
}

TEST_CASE("A secret that the server cannot read goes back to its own connection") {
    site on(dialect::observed);
    on.add("main", "openai", R"({"apiKey":"ENC:abc"})");
    REQUIRE(on.cms.connections().rename("main", "New").has_value());
    CHECK(on.stored("main").settings == R"({"apiKey":"ENC:abc"})");
    REQUIRE(on.cms.connections().modify("main", [](connection& c) { c.settings.set("endpoint", "https://e"); }).has_value());
    CHECK(on.stored("main").settings == R"({"apiKey":"ENC:abc","endpoint":"https://e"})");
    auto const read = on.cms.connections().get("main");
    REQUIRE(read.has_value());
    REQUIRE(on.cms.connections().update(*read).has_value());
    CHECK(on.api.careless().total() == 0);
}

TEST_CASE("A secret that the server cannot read goes nowhere else") {
    site on(dialect::observed);
    on.add("main", "openai", R"({"apiKey":"ENC:abc"})");
    guid const other_id = on.add("other", "openai", R"({"apiKey":"sk-2"})");
    auto const read = on.cms.connections().get("main");
    auto const other = on.cms.connections().get("other");
    REQUIRE(read.has_value());
    REQUIRE(other.has_value());
    auto& cms = on.cms;
    std::string const path = "settings.apiKey";

    connection_draft draft("new", "New", "openai");
    draft.settings = read->settings;
    check_unsent(on, cms.connections().create(draft), errc::unreadable_secret, path);
    check_unsent(on, cms.connections().ensure(draft), errc::unreadable_secret, path);
    draft.alias = "main";
    check_unsent(on, cms.connections().ensure(draft), errc::unreadable_secret, path);
    check_unsent(on, cms.connections().update(other_id, connection_update(*read)), errc::unreadable_secret, path);
    check_unsent(on, cms.connections().update("other", connection_update(*read)), errc::unreadable_secret, path);
    check_unsent(on, cms.connections().update(other_id, connection_update("other", "Other", true, read->settings)), errc::unreadable_secret, path);
    connection moved = *read;
    moved.id = other_id;
    moved.alias = "other";
    check_unsent(on, cms.connections().update(moved), errc::unreadable_secret, path);
    connection copied = *other;
    copied.settings = read->settings;
    check_unsent(on, cms.connections().update(copied), errc::unreadable_secret, path);
    check_unsent(on, cms.connections().modify("other", [&](connection& c) { c.settings = read->settings; }), errc::unreadable_secret, path);
    auto const nested = [&](connection& c) { c.settings.set("x", read->settings); };
    CHECK(refused(cms.connections().modify("other", nested)).field.starts_with("settings.x"));
    auto const by_hand = [&](connection& c) { c.settings.set("apiKey", settings_value::from_json(read->settings.find("apiKey"))); };
    CHECK(refused(cms.connections().modify("other", by_hand)).field == path);
    CHECK(on.transport.writes() == 0);
    CHECK(on.api.careless().total() == 0);
}

TEST_CASE("What only one site can take back goes to no other site, even under the same id") {
    auto const with_id = [](std::string settings_json) {
        testing::stored_connection made("main", "Main", "plain", std::move(settings_json));
        made.id = std::string(id_text);
        return made;
    };
    for (std::string_view const settings_json : {R"({"apiKey":"ENC:abc"})", "null"}) {
        CAPTURE(settings_json);
        site from(dialect::observed);
        site to(dialect::observed);
        client other(to.transport, "https://other.example.com");
        from.api.add(with_id(std::string(settings_json)));
        to.api.add(with_id(R"({"apiKey":"sk-2"})"));
        auto const read = from.cms.connections().get("main");
        REQUIRE(read.has_value());
        auto const check = [&](auto const& answered) {
            CHECK(refused(answered).who == fault::usage);
            CHECK(to.transport.writes() == 0);
        };
        check(other.connections().update(*read));
        check(other.connections().update(read->id, connection_update(*read)));
        check(other.connections().update("main", connection_update(*read)));
        check(other.connections().modify("main", [&](connection& c) { c.settings = read->settings; }));
        check(other.connections().modify("main", [&](connection& c) { c = *read; }));
        check(other.call(connections::update(read->id, connection_update(*read))));
        REQUIRE(from.cms.connections().update(*read).has_value());
        CHECK(from.stored("main").settings == settings_json);
        CHECK(to.stored("main").settings == R"({"apiKey":"sk-2"})");
    }
}

// --- literals that mean something else to servers ---

TEST_CASE("A literal that begins with $ or ENC: is refused with a word about why, at every entrance") {
    for (std::string const literal : {"$5 a day", "$", "$:x", "ENC:abc", "ENC:"}) {
        CAPTURE(literal);
        site on(dialect::observed);
        guid const id = on.add_plain("main");
        auto& cms = on.cms;
        std::string const word = literal.front() == '$' ? "reference" : "ENC:";
        auto const check = [&](auto const& answered) {
            auto const why = refused(answered);
            CAPTURE(why.to_string());
            CHECK(why.who == fault::usage);
            CHECK(has(why.field, "settings"));
            CHECK((has(why.message, word) || why.code == make_error_code(errc::unreadable_secret)));
            CHECK(on.transport.writes() == 0);
        };
        auto const draft_with = [](settings given) {
            connection_draft made("new", "New", "plain");
            made.settings = std::move(given);
            return made;
        };
        std::string const quoted = site::quoted(literal);
        check(cms.connections().create(draft_with({{"x", literal}})));
        check(cms.connections().create(draft_with({{"x", secret(literal)}})));
        check(cms.connections().create(draft_with({{"x", settings{{"y", literal}}}})));
        check(cms.connections().create(draft_with({{"x", settings_value::from_json(quoted)}})));
        check(cms.connections().create(draft_with({{"x", settings_value::from_json("[" + quoted + "]")}})));
        check(cms.connections().create(draft_with({{"x", settings{{"y", settings_value::from_json(quoted)}}}})));
        check(cms.connections().create(draft_with(anthropic_settings(secret(literal)))));
        check(cms.connections().ensure(draft_with({{"x", literal}})));
        check(cms.connections().update(id, connection_update("main", "New", true, {{"x", literal}})));
        check(cms.connections().modify("main", [&](connection& c) { c.settings.set("x", literal); }));
        check(cms.connections().modify("main", [&](connection& c) { c.settings.set("x", settings_value::from_json(quoted)); }));
        check(settings::parse(R"({"x":)" + quoted + '}'));
        check(settings_from(nlohmann::json{{"x", literal}}));
    }
}

TEST_CASE("A text with the form of a reference is refused as a literal and sent as config_reference") {
    site on(dialect::observed);
    on.api.add_configuration("Umbraco:AI:Secrets:OpenAI");
    connection_draft draft("new", "New", "openai");
    draft.settings = {{"apiKey", "$Umbraco:AI:Secrets:OpenAI"}};
    check_unsent(on, on.cms.connections().create(draft), errc::invalid_argument, "settings.apiKey");
    draft.settings = openai_settings(config_reference("Umbraco:AI:Secrets:OpenAI"));
    REQUIRE(on.cms.connections().create(draft).has_value());
    CHECK(on.stored("new").settings == R"({"apiKey":"$Umbraco:AI:Secrets:OpenAI"})");
}

TEST_CASE("What came from a server keeps its $") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add_plain("main", R"({"note":"$5 a day","ref":"$A:B"})");
        REQUIRE(on.cms.connections().rename("main", "New").has_value());
        REQUIRE(on.cms.connections().modify("main", [](connection& c) { c.settings.set("more", true); }).has_value());
        CHECK(on.stored("main").settings == R"({"note":"$5 a day","ref":"$A:B","more":true})");
    }
}

// --- poison ---

TEST_CASE("A repeated key cannot be sent from any entrance") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        guid const id = on.add_plain("main");
        auto& cms = on.cms;
        auto const draft_with = [](settings given) {
            connection_draft made("new", "New", "plain");
            made.settings = std::move(given);
            return made;
        };
        constexpr std::string_view twice = R"({"a":1,"a":2})";
        constexpr std::string_view escaped = R"({"a":1,"\u0061":2})";
        check_unsent(on, cms.connections().create(draft_with({{"a", 1}, {"a", 2}})), errc::invalid_argument, "settings.a");
        check_unsent(on, cms.connections().ensure(draft_with({{"a", 1}, {"a", 2}})), errc::invalid_argument, "settings.a");
        for (std::string_view const raw : {twice, escaped}) {
            check_unsent(on, cms.connections().create(draft_with({{"x", settings_value::from_json(raw)}})), errc::invalid_argument, "settings.x.a");
            CHECK(refused(settings::parse(raw)).field == "settings.a");
            auto const read = read_json<settings>(raw);
            REQUIRE(read.has_value());
            check_unsent(on, cms.connections().create(draft_with(*read)), errc::invalid_argument, "settings.a");
            check_unsent(on, cms.connections().ensure(draft_with(*read)), errc::invalid_argument, "settings.a");
            check_unsent(on, cms.connections().update(id, connection_update("main", "New", true, *read)), errc::invalid_argument, "settings.a");
            check_unsent(on, cms.connections().modify("main", [&](connection& c) { c.settings = *read; }), errc::invalid_argument, "settings.a");
            check_unsent(on, cms.connections().modify("main", [&](connection& c) { c.settings.set("x", *read); }), errc::invalid_argument, "settings.x.a");
        }
        check_unsent(on, cms.connections().modify("main", [](connection& c) { c.settings.set("x", settings_value::from_json(R"(1,"a":2)")); }),
                     errc::invalid_argument, "settings.a");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("A repeated key that a server answered is not sent back") {
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, connection_json(R"("version":1,"settings":{"a":1,"a":2})"));
    client cms(script, "https://cms.example.com");
    auto const why = refused(cms.connections().rename("main", "New"));
    CHECK(script.report() == "");
    CHECK(why.field == "settings.a");
}

TEST_CASE("nlohmann objects cannot hold a repeated key, and malformed ones are refused") {
    auto const ordered = nlohmann::ordered_json::parse(R"({"b":1,"a":{"z":1,"y":2}})");
    auto const made = settings_from(ordered);
    REQUIRE(made.has_value());
    CHECK(made->json() == R"({"b":1,"a":{"z":1,"y":2}})");
    CHECK(refused(settings_from(nlohmann::json::array())).field == "settings");
    CHECK(refused(settings_from(nlohmann::json{{"a", std::string("\xff", 1)}})).field == "settings");
}

namespace {

/// A site with connections of which the ones at these positions are poisoned.
class poisoned_site : public site {
public:
    explicit poisoned_site(std::vector<std::size_t> const& positions, client_options options = {}) : site(dialect::observed, options) {
        std::vector<std::string> const names{"Alpha", "Bravo one", "Charlie", "Delta (x)", "Echo", "Foxtrot", "Golf"};
        for (std::size_t i = 0; i < names.size(); ++i) {
            bool const is_poisoned = std::find(positions.begin(), positions.end(), i) != positions.end();
            api.add(testing::stored_connection("c" + std::to_string(i), names[i], "plain", is_poisoned ? R"({"a":1,"a":2})" : "{}"));
        }
    }
};

}  // namespace

TEST_CASE("A list that fails says that a repeated key may be the cause") {
    poisoned_site on({3});
    auto const why = refused(on.cms.connections().list());
    CHECK(why.status == 500);
    CHECK(has(why.message, "find_poisoned"));
    CHECK(has(refused(on.cms.connections().all()).message, "find_poisoned"));
}

TEST_CASE("find_poisoned tells position, neighbours and name with reads alone") {
    client_options reading;
    reading.read_only = true;
    std::vector<std::string> const lower{"alpha", "bravo one", "charlie", "delta (x)", "echo", "foxtrot", "golf"};
    for (std::size_t position = 0; position < lower.size(); ++position) {
        CAPTURE(position);
        poisoned_site on({position}, reading);
        auto const found = on.cms.connections().find_poisoned();
        REQUIRE(found.has_value());
        REQUIRE(found->has_value());
        poisoned_connection const& told = **found;
        CHECK(told.position == static_cast<std::int64_t>(position));
        CHECK(told.before.has_value() == (position > 0));
        CHECK(told.after.has_value() == (position + 1 < lower.size()));
        if (told.before) CHECK(told.before->alias == "c" + std::to_string(position - 1));
        if (told.after) CHECK(told.after->alias == "c" + std::to_string(position + 1));
        CHECK(told.name_part == lower[position]);
        CHECK(has(told.sentence, "by its id"));
        CHECK(on.transport.writes() == 0);
        CHECK(on.api.size() == lower.size());
    }
}

TEST_CASE("find_poisoned finds nothing where lists work") {
    for (dialect const spoken : both_dialects) {
        site on(spoken);
        auto const of_none = on.cms.connections().find_poisoned();
        REQUIRE(of_none.has_value());
        CHECK_FALSE(of_none->has_value());
        on.add("main");
        auto const of_one = on.cms.connections().find_poisoned();
        REQUIRE(of_one.has_value());
        CHECK_FALSE(of_one->has_value());
    }
}

TEST_CASE("find_poisoned never gives one poisoned connection the name of another") {
    poisoned_site on({1, 4});
    auto const found = on.cms.connections().find_poisoned();
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK((*found)->position == 1);
    CAPTURE((*found)->name_part);
    CHECK(has("bravo one", (*found)->name_part));
}

// --- ensure ---

namespace {

connection_draft openai_draft(std::string alias = "main") {
    connection_draft made(std::move(alias), "Main", "openai");
    made.settings = {{"apiKey", secret("sk-1")}, {"endpoint", "https://e"}};
    return made;
}

}  // namespace

TEST_CASE("ensure creates what is not there, changes what differs and leaves the rest") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        auto const created = on.cms.connections().ensure(openai_draft());
        REQUIRE(created.has_value());
        CHECK(created->outcome == ensure_outcome::created);
        CHECK(created->id.to_string() == on.stored("main").id);
        CHECK_FALSE(created->before.has_value());

        std::size_t const writes = on.transport.writes();
        auto const again = on.cms.connections().ensure(openai_draft());
        REQUIRE(again.has_value());
        CHECK(again->outcome == ensure_outcome::unchanged);
        CHECK(on.transport.writes() == writes);

        auto other = openai_draft();
        other.name = "Other";
        other.is_active = false;
        auto const changed = on.cms.connections().ensure(other);
        REQUIRE(changed.has_value());
        CHECK(changed->outcome == ensure_outcome::changed);
        CHECK(changed->id == created->id);
        REQUIRE(changed->before.has_value());
        CHECK(changed->before->name == "Main");
        CHECK(on.stored("main").name == "Other");
        CHECK_FALSE(on.stored("main").is_active);
        CHECK(on.stored("main").settings == R"({"apiKey":"sk-1","endpoint":"https://e"})");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("ensure merges settings by top-level key, and replaces them where that is said") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add_plain("main", R"({"keep":{"x":1},"change":{"y":1},"same":1.0})");
        connection_draft draft("main", "Name of main", "plain");
        draft.settings = {{"change", settings{{"z", 2}}}, {"same", settings_value::from_json("1.0")}, {"more", true}};
        auto const merged = on.cms.connections().ensure(draft);
        REQUIRE(merged.has_value());
        CHECK(merged->outcome == ensure_outcome::changed);
        CHECK(on.stored("main").settings == R"({"keep":{"x":1},"change":{"z":2},"same":1.0,"more":true})");
        ensure_options replacing;
        replacing.replace_settings = true;
        REQUIRE(on.cms.connections().ensure(draft, replacing).has_value());
        CHECK(on.stored("main").settings == R"({"change":{"z":2},"same":1.0,"more":true})");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("Null settings in a draft leave those of the server alone") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add("main");
        REQUIRE(on.cms.connections().ensure(connection_draft("main", "New", "openai")).has_value());
        CHECK(on.stored("main").settings == R"({"apiKey":"sk-1"})");
        CHECK(on.stored("main").name == "New");
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("ensure cannot compare a masked value and writes it only where that is said") {
    site on(dialect::documented);
    on.add("main", "openai", R"({"apiKey":"sk-old","endpoint":"https://e"})");
    auto draft = openai_draft();
    draft.name = "Name of main";
    auto const kept = on.cms.connections().ensure(draft);
    REQUIRE(kept.has_value());
    CHECK(kept->outcome == ensure_outcome::unchanged);
    CHECK(kept->not_comparable == std::vector<std::string>{"apiKey"});
    CHECK(on.transport.writes() == 0);

    ensure_options writing;
    writing.write_secrets = true;
    auto const written = on.cms.connections().ensure(draft, writing);
    REQUIRE(written.has_value());
    CHECK(written->outcome == ensure_outcome::changed);
    CHECK(written->not_comparable.empty());
    CHECK(on.stored("main").settings == R"({"apiKey":"sk-1","endpoint":"https://e"})");
    CHECK(on.api.careless().total() == 0);
}

TEST_CASE("ensure refuses a connection of another provider") {
    for (dialect const spoken : both_dialects) {
        site on(spoken);
        on.add_plain("main");
        check_unsent(on, on.cms.connections().ensure(openai_draft()), errc::invalid_argument, "providerId");
    }
}

TEST_CASE("ensure keeps the server's spelling of the alias and writes by id") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        guid const id = on.add("MAIN", "openai", R"({"apiKey":"$K"})");
        on.api.add_configuration("K");
        auto const done = on.cms.connections().ensure(connection_draft("main", "New", "OpenAI"));
        REQUIRE(done.has_value());
        CHECK(done->outcome == ensure_outcome::changed);
        CHECK(on.stored("MAIN").alias == "MAIN");
        CHECK(on.stored("MAIN").name == "New");
        for (auto const& each : on.transport.requests)
            if (each.method == http_method::put) CHECK(each.target == std::string(api_base_path) + "/connections/" + id.to_string());
    }
}

TEST_CASE("ensure refuses where the connection read has another alias") {
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, connection_json(R"("settings":{})", "another"));
    client cms(script, "https://cms.example.com");
    CHECK(refused(cms.connections().ensure(openai_draft())).field == "$.alias");
    CHECK(script.report() == "");
}

TEST_CASE("ensure is safe when another creates the connection between its read and its create") {
    for (dialect const spoken : both_dialects) {
        for (bool const answers_500 : {false, true}) {
            CAPTURE(name_of(spoken), answers_500);
            site on(spoken);
            on.transport.before = [&](http_request const& request) {
                if (request.method == http_method::post) on.foreign_create("main", "openai", R"({"apiKey":"sk-foreign","own":1})");
            };
            // The unique index of the database speaks where the look-up by alias came too early.
            if (answers_500) on.transport.fate = [](http_request const& request) { return request.method == http_method::post ? mishap::error_not_applied : mishap::none; };
            auto draft = openai_draft();
            ensure_options writing;
            writing.write_secrets = true;
            draft.settings.set("own", 1);
            auto const done = on.cms.connections().ensure(draft, writing);
            REQUIRE(done.has_value());
            CHECK(done->outcome == ensure_outcome::changed);
            CHECK(on.api.size() == 1);
            CHECK(on.transport.count(http_method::post) == 1);
            CHECK(on.stored("main").name == "Main");
            CHECK(has(on.stored("main").settings, R"("apiKey":"sk-1")"));
            CHECK(has(on.stored("main").settings, R"("own":1)"));
        }
    }
}

TEST_CASE("A create whose answer is lost is looked for, never sent again") {
    for (dialect const spoken : both_dialects) {
        for (mishap const what : {mishap::lost_after, mishap::error_applied, mishap::lost_before, mishap::error_not_applied}) {
            bool const is_applied = what == mishap::lost_after || what == mishap::error_applied;
            CAPTURE(name_of(spoken), is_applied);
            site on(spoken);
            on.transport.fate = [&](http_request const& request) { return request.method == http_method::post ? what : mishap::none; };
            auto const done = on.cms.connections().ensure(openai_draft());
            CHECK(on.transport.count(http_method::post) == 1);
            CHECK(on.api.size() == (is_applied ? 1U : 0U));
            REQUIRE(done.has_value() == is_applied);
            if (done) {
                CHECK(done->outcome == ensure_outcome::created);
                CHECK(done->id.to_string() == on.stored("main").id);
            } else {
                CHECK(done.error().possibly_applied);
            }
        }
    }
}

TEST_CASE("A create and a test are never sent twice, and a failure says that they may have been carried out") {
    for (dialect const spoken : both_dialects) {
        for (mishap const what : {mishap::lost_after, mishap::error_applied, mishap::lost_before, mishap::error_not_applied}) {
            CAPTURE(name_of(spoken), static_cast<int>(what));
            site on(spoken);
            on.add("there");
            on.transport.fate = [&](http_request const& request) { return request.method == http_method::post ? what : mishap::none; };
            CHECK(refused(on.cms.connections().create(openai_draft())).possibly_applied);
            CHECK(on.transport.count(http_method::post) == 1);
            CHECK(refused(on.cms.connections().test("there")).possibly_applied);
            CHECK(on.transport.count(http_method::post) == 2);
        }
    }
}

TEST_CASE("A create that is refused for another reason than its alias stays a failure") {
    for (dialect const spoken : both_dialects) {
        site on(spoken);
        auto draft = openai_draft();
        draft.settings = {{"endpoint", "https://e"}};
        auto const why = refused(on.cms.connections().ensure(draft));
        CHECK(why.status == 400);
        CHECK_FALSE(why.possibly_applied);
        CHECK(on.api.size() == 0);
    }
}

// --- read-only ---

TEST_CASE("A read-only client refuses every write before any request") {
    client_options reading;
    reading.read_only = true;
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken, reading);
        guid const id = on.add("main");
        auto const check = [&](auto const& answered) {
            auto const why = refused(answered);
            CHECK(why.code == make_error_code(errc::read_only_client));
            CHECK_FALSE(why.possibly_applied);
            CHECK(on.transport.requests.empty());
        };
        check(on.cms.connections().create(openai_draft("new")));
        check(on.cms.connections().ensure(openai_draft("new")));
        check(on.cms.connections().ensure(openai_draft()));
        check(on.cms.connections().rename("main", "New"));
        check(on.cms.connections().set_active(id, false));
        check(on.cms.connections().change_alias("main", "new"));
        check(on.cms.connections().modify("main", [](connection&) {}));
        check(on.cms.connections().update("main", connection_update("main", "New", true, settings())));
        check(on.cms.connections().remove("main"));
        check(on.cms.connections().remove(id));
        check(on.cms.connections().test("main"));
        check(on.cms.connections().diagnose("main"));
        REQUIRE(on.cms.connections().get("main").has_value());
        REQUIRE(on.cms.connections().all().has_value());
        REQUIRE(on.cms.connections().exists("main").has_value());
        REQUIRE(on.cms.connections().models("main").has_value());
    }
}

// --- questions ---

TEST_CASE("exists answers on both contracts") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        guid const id = on.add("main");
        guid const other = on.add("other");
        auto const exists = [&](std::string alias, std::optional<guid> except = {}) { return on.cms.connections().exists(std::move(alias), except).value(); };
        CHECK(exists("main"));
        CHECK(exists("MAIN"));
        CHECK_FALSE(exists("none"));
        CHECK_FALSE(exists("main", id));
        CHECK(exists("main", other));
        check_unsent(on, on.cms.connections().exists(id.to_string()), errc::invalid_argument, "alias");
    }
}

TEST_CASE("exists asks for the connection on servers that have no route for the question") {
    scripted_transport script;
    script.expect("GET /connections/main/exists").answers(404);
    script.expect("GET /connections/main").answers(200, connection_json(R"("settings":{})"));
    script.expect("GET /connections/main/exists").answers(404);
    script.expect("GET /connections/main").answers(404, R"({"title":"Connection not found","operationStatus":"NotFound"})");
    script.expect("GET /connections/main/exists").answers(404);
    script.expect("GET /connections/main").answers(404);
    client cms(script, "https://cms.example.com");
    CHECK(cms.connections().exists("main").value());
    CHECK_FALSE(cms.connections().exists("main").value());
    CHECK(refused(cms.connections().exists("main")).status == 404);
    CHECK(script.report() == "");
}

TEST_CASE("The capabilities of one connection come on both contracts") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        on.add("main");
        auto const found = on.cms.connections().capabilities_of("main");
        REQUIRE(found.has_value());
        CHECK(*found == std::vector<capability>{capability::chat(), capability::embedding()});
        CHECK(refused(on.cms.connections().capabilities_of("none")).status == 404);
    }
}

TEST_CASE("diagnose tells what is wrong, on both contracts") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        bool const is_observed = spoken == dialect::observed;
        site on(spoken);
        testing::provider broken("broken");
        broken.capabilities = {{"Chat", {{"x", "X"}}}};
        broken.refusal = "Incorrect key";
        on.api.add_provider(broken);
        on.api.add_provider(testing::provider("silent"));
        on.api.add_provider(testing::provider("leaving"));
        on.api.add_configuration("Going");
        auto const verdict = [&](std::string_view which) {
            auto const found = on.cms.connections().diagnose(which);
            REQUIRE(found.has_value());
            CHECK_FALSE(found->sentence.empty());
            CHECK(found->sentence.back() == '.');
            CHECK_FALSE(has(found->sentence, "sk-1"));
            return found->verdict;
        };
        on.add("works");
        on.add("null", "openai", "null");
        on.add("unreadable", "plain", R"({"apiKey":"ENC:abc"})");
        on.add("refused", "broken", "{}");
        on.add("empty", "silent", "{}");
        on.add("gone", "leaving", "{}");
        on.add("ref", "openai", R"({"apiKey":"$Going"})");
        on.add("off");
        REQUIRE(on.cms.connections().set_active("off", false).has_value());
        on.api.remove_provider("leaving");
        on.api.remove_configuration("Going");

        CHECK(verdict("works") == diagnosis_verdict::works);
        CHECK(verdict("none") == diagnosis_verdict::no_such_connection);
        CHECK(verdict("null") == diagnosis_verdict::no_settings);
        CHECK(verdict("unreadable") == diagnosis_verdict::unreadable_secret);
        CHECK(verdict("refused") == diagnosis_verdict::test_failed);
        CHECK(verdict("empty") == diagnosis_verdict::no_models);
        CHECK(verdict("gone") == (is_observed ? diagnosis_verdict::missing_provider : diagnosis_verdict::test_failed));
        CHECK(verdict("ref") == (is_observed ? diagnosis_verdict::unresolved_reference : diagnosis_verdict::test_failed));
        CHECK(verdict("off") == diagnosis_verdict::inactive);
        CHECK(on.api.careless().total() == 0);
    }
}

TEST_CASE("test and models explain themselves") {
    site on(dialect::observed);
    on.api.add_provider(testing::provider("leaving"));
    on.api.add_configuration("Going");
    on.add("null", "openai", "null");
    on.add("gone", "leaving", "{}");
    on.add("ref", "openai", R"({"apiKey":"$Going"})");
    on.api.remove_provider("leaving");
    on.api.remove_configuration("Going");
    auto const calls = [&](std::string_view which) {
        auto const tested = on.cms.connections().test(which);
        auto const listed = on.cms.connections().models(which);
        return std::pair(tested ? tested->explanation : tested.error().message, listed ? std::string() : listed.error().message);
    };
    auto const null = calls("null");
    CHECK(has(null.first, "no settings"));
    CHECK(has(null.second, "no settings"));
    auto const gone = calls("gone");
    CHECK(has(gone.first, "provider"));
    CHECK(has(gone.second, "provider"));
    auto const reference = calls("ref");
    CHECK(has(reference.first, "$"));
    CHECK(has(reference.second, "$"));
    CHECK(refused(on.cms.connections().models("none")).status == 404);
}

// --- dates ---

TEST_CASE("A date keeps its text and is an instant only where that is certain") {
    auto const date_read = [](std::string_view json) {
        auto const read = read_connection(R"("settings":{},"dateModified":)" + std::string(json));
        REQUIRE(read.date_modified.has_value());
        return *read.date_modified;
    };
    CHECK(date_read(R"("2024-01-15T10:30:00Z")").instant() == std::chrono::sys_days(std::chrono::year(2024) / 1 / 15) + std::chrono::minutes(630));
    CHECK(date_read(R"("2026-11-22T14.51.42.338Z")").instant() == date_read(R"("2026-11-22T14:51:42.338Z")").instant());
    CHECK(date_read(R"("2026-11-22T14.51.42.338Z")").text() == "2026-11-22T14.51.42.338Z");
    auto const hijri = date_read(R"("1448-06-12T14:51:42.338Z")");
    CHECK_FALSE(hijri.instant().has_value());
    CHECK(hijri.is_not_gregorian());
    CHECK(date_read(R"("2567-01-15T10:30:00Z")").is_not_gregorian());
    CHECK_FALSE(date_read(R"("2024-01-15T10:30:00")").instant().has_value());
    for (std::string_view const odd : {R"("yesterday")", R"("")", "17", R"({"a":[]})", "true", R"("9999-99-99T99:99:99Z")"}) {
        CAPTURE(odd);
        CHECK_FALSE(date_read(odd).instant().has_value());
    }
    CHECK_FALSE(read_connection(R"("settings":{},"dateModified":null)").date_modified.has_value());
}

TEST_CASE("Dates of another culture do no harm to a modification") {
    testing::in_memory_options options;
    options.localize_date = [](std::string const& date) { return "1448" + date.substr(4); };
    testing::in_memory_api api(dialect::observed, options);
    api.add(testing::stored_connection("main", "Main", "openai", R"({"apiKey":"sk-1"})"));
    client cms(api, "https://cms.example.com");
    auto const done = cms.connections().rename("main", "New");
    REQUIRE(done.has_value());
    CHECK(done->after.date_modified->is_not_gregorian());
    CHECK(api.careless().total() == 0);
}

// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

using namespace umbraco_ai;
using testing::dialect;
using testing::scripted_transport;
using tests::both_dialects;
using tests::dice;
using tests::name_of;
using tests::site;

namespace {

constexpr std::string_view id_text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// Answers a get with these settings and further members, in either dialect's layout, and shows the body of the PUT.
std::string put_back(dialect spoken, std::string_view settings_json, std::string_view more = {}) {
    bool const is_observed = spoken == dialect::observed;
    std::string const id(id_text);
    std::string answer = is_observed ? R"({"alias":"main","dateCreated":"2024-01-15T10:30:00.000Z","dateModified":"2024-01-15T10:30:00.000Z","id":")" + id +
                                           R"(","isActive":true,"name":"Main","providerId":"own","settings":)" + std::string(settings_json) + R"(,"version":1)"
                                     : R"({"id":")" + id + R"(","alias":"main","name":"Main","providerId":"own","isActive":true,"dateCreated":"2024-01-15T10:30:00Z",)" +
                                           R"("dateModified":"2024-01-15T10:30:00Z","settings":)" + std::string(settings_json);
    if (!more.empty()) answer += ',' + std::string(more);
    answer += '}';
    scripted_transport script;
    script.expect("GET /connections/main").answers(200, answer);
    script.expect("PUT /connections/" + id).answers(200, is_observed ? std::string() : answer);
    script.expect("GET /connections/" + id).answers(200, answer);
    client cms(script, "https://cms.example.com", credentials());
    auto const done = cms.connections().rename("main", "New");
    INFO((done ? std::string() : done.error().to_string()));
    INFO(script.report());
    REQUIRE(script.requests().size() > 1);
    return script.requests()[1].body;
}

std::string expected_body(std::string_view settings_json, std::string_view more = {}) {
    std::string body = R"({"alias":"main","name":"New","isActive":true,"settings":)" + std::string(settings_json);
    if (!more.empty()) body += ',' + std::string(more);
    return body + '}';
}

void check_survives(std::string_view settings_json) {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken), settings_json);
        CHECK(put_back(spoken, settings_json) == expected_body(settings_json));
    }
}

std::string nested(std::size_t levels, std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += open;
    text += '1';
    for (std::size_t i = 0; i < levels; ++i) text += close;
    return text;
}

void put_utf8(std::string& out, std::uint32_t code) {
    auto const byte = [&out](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) return byte(0xC0 | (code >> 6)), byte(0x80 | (code & 0x3F));
    if (code < 0x10000) return byte(0xE0 | (code >> 12)), byte(0x80 | ((code >> 6) & 0x3F)), byte(0x80 | (code & 0x3F));
    byte(0xF0 | (code >> 18)), byte(0x80 | ((code >> 12) & 0x3F)), byte(0x80 | ((code >> 6) & 0x3F)), byte(0x80 | (code & 0x3F));
}

void put_escape(std::string& out, std::uint32_t unit, bool upper) {
    std::string_view const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xF];
}

/// A character as JSON writes it, raw or escaped, a surrogate pair beyond the first plane.
void put_json_character(std::string& out, std::uint32_t code, bool escaped, bool upper) {
    bool const must_escape = code < 0x20 || code == '"' || code == '\\';
    if (!escaped && !must_escape) return put_utf8(out, code);
    if (code < 0x10000) return put_escape(out, code, upper);
    put_escape(out, 0xD800 + ((code - 0x10000) >> 10), upper);
    put_escape(out, 0xDC00 + ((code - 0x10000) & 0x3FF), upper);
}

}  // namespace

TEST_CASE("Settings with anything in them are put back byte for byte") {
    for (std::string_view const settings_json : std::vector<std::string_view>{
             "null",
             "{}",
             R"({"unknownKey":"x","apiKey":"sk-1"})",
             R"({"b":1,"a":2,"B":3,"":4})",
             R"({"n":9223372036854775807,"m":-9223372036854775808,"u":18446744073709551615})",
             R"({"n":123456789012345678901234567890,"m":-0.123456789012345678901234567890})",
             R"({"a":1.0,"b":1,"c":1.10,"d":1E+2,"e":1e400,"f":-0,"g":-0.0,"h":1e-400,"i":0e0,"j":1E2,"k":100})",
             R"({"a":[[],[[1,[2,{"x":[null]}]],{}]],"b":[[[[[[]]]]]]})",
             R"({"a":true,"b":false,"c":null})",
             R"({"a":"\u0000","b":"x\u0000y","\u0000":1})",
             R"({"a":"\uD83D\uDE00","b":"\ud83d\ude00","c":"😀"})",
             R"({"a":"\/","b":"/","c":"\"\\\b\f\n\r\t","d":"\u0041"})",
             R"({"a":"<>&'+`\u003C\u003E","b":"\u2028\u2029"})",
             "{ \"a\" : 1 ,\t\"b\"\r\n:\n[ 1 , 2 ] }",
             R"({"a":"$5 a day","b":"$A:B","c":"$"})",
             R"({"a":"ENC:abc"})",
             R"({"a":"x**y","b":"\u2022x"})"})
        check_survives(settings_json);
}

TEST_CASE("Settings as deep as servers take them are put back, and as deep as they give them") {
    check_survives(nested(31, R"({"a":)", "}"));
    check_survives(R"({"a":)" + nested(30, "[", "]") + '}');
    check_survives(nested(60, R"({"a":)", "}"));
}

TEST_CASE("Every character survives, raw and escaped, as value and as key") {
    std::string raw, lower, upper;
    auto const flush = [&] {
        for (std::string const* const text : {&raw, &lower, &upper}) {
            std::string const settings_json = R"({"v":")" + *text + R"(","k)" + *text + R"(":1})";
            for (dialect const spoken : both_dialects) {
                bool const is_same = put_back(spoken, settings_json) == expected_body(settings_json);
                CHECK(is_same);
            }
        }
        raw.clear();
        lower.clear();
        upper.clear();
    };
    // All of the first plane, and of the others as much as shows every surrogate of either half.
    for (std::uint32_t code = 0; code <= 0x10FFFF; code += code < 0x10000 ? 1 : 0x3FF) {
        if (code == 0xD800) code = 0xE000;
        // A run of stars or bullets would be a mask.
        if (code == '*' || code == 0x2022) continue;
        put_json_character(raw, code, false, false);
        put_json_character(lower, code, true, false);
        put_json_character(upper, code, true, true);
        if (raw.size() > 30'000) flush();
    }
    flush();
}

TEST_CASE("Members of the answer that the library does not know are put back byte for byte") {
    for (std::string_view const more : std::vector<std::string_view>{R"("future":1.10)", R"("future":{"x":[1e400, 2],"y":"\u00E9"})", R"("a":null,"b":[],"c":"\uD83D\uDE00")",
                                                                     R"("big":123456789012345678901234567890,"z":-0)", R"("\u0066uture":true)"}) {
        for (dialect const spoken : both_dialects) {
            CAPTURE(name_of(spoken), more);
            CHECK(put_back(spoken, R"({"a":1})", more) == expected_body(R"({"a":1})", more));
        }
    }
}

TEST_CASE("What a connection is known by is never put back under another case") {
    for (std::string_view const more : {R"("ID":"x")", R"("Version":7)", R"("DATECREATED":"x")", R"("ProviderId":"x")", R"("Settings":null)", R"("IsActive":false)", R"("ALIAS":"x")"}) {
        for (dialect const spoken : both_dialects) {
            CAPTURE(name_of(spoken), more);
            CHECK(put_back(spoken, R"({"a":1})", more) == expected_body(R"({"a":1})"));
        }
    }
}

TEST_CASE("A change of one member leaves the bytes of the others") {
    scripted_transport script;
    std::string const answer = R"({"id":")" + std::string(id_text) + R"(","alias":"main","name":"Main","providerId":"own","isActive":true,"settings":)";
    script.expect("GET /connections/main").answers(200, answer + "{ \"a\" : 1.10, \"b\":\t\"\\u00e9\" ,\"c\":1e400 }}");
    script.expect("PUT /connections/" + std::string(id_text))
        .with_body("{\"alias\":\"main\",\"name\":\"Main\",\"isActive\":true,\"settings\":{ \"a\" : 1.10, \"b\":\t\"new\" ,\"c\":1e400,\"d\":true }}")
        .answers(200);
    script.expect("GET /connections/" + std::string(id_text)).answers(200, answer + "{}}");
    client cms(script, "https://cms.example.com", credentials());
    static_cast<void>(cms.connections().modify("main", [](connection& c) { c.settings.set("b", "new").set("d", true); }));
    CHECK(script.report() == "");
}

TEST_CASE("Random settings survive a modification on a server that keeps what it is given") {
    std::uint64_t const seed = tests::random_seed(6174);
    std::cout << "  round trips, seed " << seed << '\n';
    dice random(seed);
    auto const any_text = [&] {
        std::string text = "\"";
        for (std::size_t length = random.roll(12); length > 0; --length) {
            std::uint32_t code = static_cast<std::uint32_t>(random.chance(50) ? random.roll(0x80) : random.roll(0x110000));
            if (code == '*' || code == 0x2022 || code == '$' || (code >= 0xD800 && code < 0xE000)) code = 'x';
            put_json_character(text, code, random.chance(30), random.chance(50));
        }
        return text + '"';
    };
    static constexpr std::string_view numbers[] = {"0", "-0", "1.0", "1.10", "1E+2", "1e400", "-12345678901234567890123456789", "0.1e-5"};
    auto const any_value = [&](auto const& self, std::size_t depth) -> std::string {
        switch (random.roll(depth > 5 ? 4 : 6)) {
            case 0: return std::string(random.pick(numbers));
            case 1: return any_text();
            case 2: return random.chance(50) ? "true" : "false";
            case 3: return "null";
            default: break;
        }
        bool const is_object = random.chance(60);
        std::string text = is_object ? "{" : "[";
        std::size_t const count = random.roll(4);
        for (std::size_t i = 0; i < count; ++i) {
            if (i != 0) text += ',';
            if (is_object) text += "\"k" + std::to_string(i) + any_text().substr(1) + ':';
            text += self(self, depth + 1);
        }
        return text + (is_object ? '}' : ']');
    };
    for (dialect const spoken : both_dialects) {
        for (int i = 0; i < 500; ++i) {
            std::string settings_json = "{\"first\":" + any_value(any_value, 0);
            for (std::size_t more = random.roll(4); more > 0; --more) settings_json += ",\"k" + std::to_string(more) + "\":" + any_value(any_value, 1);
            settings_json += '}';
            CAPTURE(name_of(spoken), seed, i, settings_json);
            CHECK(put_back(spoken, settings_json) == expected_body(settings_json));

            site on(spoken);
            on.add_plain("main", settings_json);
            std::string const kept = on.stored("main").settings;
            auto const done = on.cms.connections().rename("main", "New");
            INFO((done ? std::string() : done.error().to_string()));
            REQUIRE(done.has_value());
            CHECK(on.stored("main").settings == kept);
            CHECK(on.stored("main").name == "New");
            CHECK(on.api.careless().total() == 0);
        }
    }
}

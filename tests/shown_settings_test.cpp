// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/model/shown_settings.hpp>

#include <string>
#include <string_view>

using namespace umbraco_ai;

TEST_CASE("A value holds no secret only where that is known of its key, its kind and each of its parts") {
    for (std::string_view const value : {"true", "false", "null", R"("$Umbraco:AI:Secrets:A")"}) {
        CHECK(holds_no_secret("apiKey", value));
        CHECK(holds_no_secret("endpoint", value));
    }
    CHECK(holds_no_secret("endpoint", R"("https://eu.example/v1")"));
    CHECK(holds_no_secret("Region", R"("eu\u002Dwest")"));
    CHECK(holds_no_secret("region", R"("")"));
    for (std::string_view const value : {R"("https://user:pw@eu.example")", R"("https://eu.example/v1?key=1")", R"("sk-***")", R"("ENC:x")", "1", "[]", "{}", "", "\"x", R"("a" "b")"})
        CHECK_FALSE(holds_no_secret("endpoint", value));
    for (std::string_view const value : {R"("x")", "1", R"(["x"])", R"({"endpoint":"x"})", R"("$")", R"("$5 a day")"}) CHECK_FALSE(holds_no_secret("apiKey", value));
}

TEST_CASE("A redacted value is JSON, and shows what streaming shows") {
    CHECK(redacted_setting("apiKey", "true") == "true");
    CHECK(redacted_setting("apiKey", "null") == "null");
    CHECK(redacted_setting("apiKey", R"("sk-1")") == R"("***")");
    CHECK(redacted_setting("apiKey", "5") == R"("***")");
    CHECK(redacted_setting("apiKey", R"({"a":"b"})") == R"("***")");
    CHECK(redacted_setting("apiKey", R"("$Umbraco:AI:Secrets:A")") == R"("$Umbraco:AI:Secrets:A")");
    CHECK(redacted_setting("endpoint", R"("https://u:p@eu.example/v1?key=1")") == R"("https://eu.example/v1")");
    CHECK(redacted_setting("region", R"("a\u0022b")") == R"("a\"b")");
}

TEST_CASE("Two values are one whatever their blanks and escapes, and not with another order or another number text") {
    CHECK(is_same_setting(R"("ab")", R"("\u0061b")"));
    CHECK(is_same_setting(R"({"a":[1,2]})", "{ \"a\" : [ 1, 2 ] }"));
    CHECK_FALSE(is_same_setting("1", "1.0"));
    CHECK_FALSE(is_same_setting(R"({"a":1,"b":2})", R"({"b":2,"a":1})"));
    CHECK_FALSE(is_same_setting("1", R"("1")"));
}

TEST_CASE("A reader tells how far it is") {
    json_reader reader(R"( {"a": 1x})");
    CHECK(reader.position() == 0);
    CHECK(reader.peek() == json_kind::object);
    CHECK(reader.position() == 1);
    CHECK_FALSE(reader.skip_value());
    CHECK(reader.position() == 8);
}

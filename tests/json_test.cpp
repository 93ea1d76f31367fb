// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/core.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;

namespace {

bool accepts(std::string_view text, std::size_t depth = 1024) {
    json_reader reader(text, depth);
    std::string_view raw;
    bool const ok = reader.read_raw(raw) && reader.finish();
    CHECK(ok != reader.failed());
    return ok;
}

enum class verdict { good, bad, overflow };

/// What nlohmann says. It takes a zero byte for the end of the text, and stops at a number that no double holds, which is
/// JSON and which servers store.
verdict nlohmann_verdict(std::string const& text) {
    if (text.find('\0') != std::string::npos) return verdict::bad;
    if (nlohmann::json::accept(text)) return verdict::good;
    try {
        auto const parsed = nlohmann::json::parse(text);
        static_cast<void>(parsed);
    } catch (nlohmann::json::out_of_range const&) {
        return verdict::overflow;
    } catch (nlohmann::json::exception const&) {
    }
    return verdict::bad;
}

std::string repeated(std::string_view text, int times) {
    std::string made;
    for (int i = 0; i < times; ++i) made += text;
    return made;
}

std::vector<std::string> const& corpus() {
    static std::vector<std::string> const all = [] {
        std::vector<std::string> made{
            "", " ", "\n", "\t\r\n ", "null", "true", "false", "nul", "nulll", "Null", "NULL", "tru", "truee", "fals", "falsey", "t", "f", "n", "undefined", "NaN", "Infinity", "-Infinity",
            // numbers
            "0", "-0", "1", "-1", "01", "-01", "00", "1.", "1.0", "1.10", ".5", "-.5", "+1", "-", "--1", "1e", "1e5", "1E5", "1e+5", "1E-5", "1e+", "1e-", "1e5.5", "1.e5", "0e0", "0e", "-0.0e-0", "1e05",
            "0x10", "1_000", "1,000", "1 2", "123456789012345678901234567890", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "1.7976931348623157e308", "1e-400", "1a", "0.", "0.1.2", "1f",
            // strings
            "\"\"", "\"a\"", "\"", "\"a", "a\"", "'a'", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"\\b\\f\\n\\r\\t\"", "\"\\a\"", "\"\\'\"", "\"\\0\"", "\"\\x41\"", "\"\\\"", "\"\\", "\"\\u0041\"", "\"\\u00e9\"",
            "\"\\u00E9\"", "\"\\u0000\"", "\"\\uD83D\\uDE00\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\"", "\"\\uDE00\"", "\"\\uD83D\\uD83D\"", "\"\\uDE00\\uD83D\"", "\"\\uD83Dx\"", "\"\\uD83D\\n\"", "\"\\uD83D\\u0041\"",
            "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"", "\"\\U0041\"", "\"\\u 041\"", "\"\\u+041\"", "\"\\uFFFF\"", "\"\\uFFFE\"", "\"\\u007F\"", "\"\x7F\"", "\"\n\"", "\"\t\"", "\"\x1F\"", "\"\x01\"",
            "\"\xC3\xA4\"", "\"\xE2\x82\xAC\"", "\"\xF0\x9F\x98\x80\"", "\"\xC3\"", "\"\xA4\"", "\"\xC0\xAF\"", "\"\xC1\xBF\"", "\"\xE0\x80\xAF\"", "\"\xE0\xA0\x80\"", "\"\xED\x9F\xBF\"", "\"\xED\xA0\x80\"",
            "\"\xEE\x80\x80\"", "\"\xEF\xBF\xBF\"", "\"\xF0\x80\x80\xAF\"", "\"\xF0\x90\x80\x80\"", "\"\xF4\x8F\xBF\xBF\"", "\"\xF4\x90\x80\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xFF\"", "\"\xFE\"", "\"\xE2\x82\"",
            "\"\xF0\x9F\x98\"", "\"\xC3\"x", "\xC3\xA4", "\"a\"b", "\"a\" \"b\"",
            // arrays
            "[]", "[ ]", "[\n]", "[1]", "[1,2]", "[1 , 2]", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[", "]", "[1", "[1,", "[]]", "[[]", "[[],[[]]]", "[\"\",null,{},0]", "[}", "[1}", "(1)",
            // objects
            "{}", "{ }", "{\"a\":1}", "{ \"a\" : 1 }", "{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":2}", "{\"\":1}", "{\"a\":1,}", "{,\"a\":1}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}",
            "{\"a\":1:2}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{\"a\":1", "{\"a\":", "{\"a\"", "{\"", "{", "}", "{]", "{\"a\":1]", "{\"a\":{}}", "{\"a\":[{\"b\":[]}]}", "{\"\\u0061\":1}", "{\"\\ud800\":1}",
            "{\"\xFF\":1}", "{}{}", "{}[]", "{}1", "{} x", "// x\n{}", "/**/{}", "{}//", "{\"a\":1/**/}", "#\n1", ";", ",", ":", "\\", "\x01", "\x0B" "1", "\x0C" "1", "\xC2\xA0" "1",
            // byte order marks
            "\xEF\xBB\xBF", "\xEF\xBB\xBF{}", "\xEF\xBB\xBF 1", " \xEF\xBB\xBF{}", "\xEF\xBB", "\xEF\xBB\xBF\xEF\xBB\xBF{}", "\xFE\xFF{}", "{}\xEF\xBB\xBF"};
        for (std::string_view const text : {std::string_view("\0", 1), std::string_view("1\0", 2), std::string_view("\"\0\"", 3), std::string_view("[\0]", 3), std::string_view("{}\0", 3), std::string_view("n\0ll", 4)})
            made.emplace_back(text);
        made.push_back(repeated("[", 200) + repeated("]", 200));
        made.push_back(repeated("[", 200) + repeated("]", 199));
        made.push_back(repeated("{\"a\":", 200) + "1" + repeated("}", 200));
        return made;
    }();
    return all;
}

}  // namespace

// --- the reader against nlohmann ---

TEST_CASE("the reader and nlohmann agree on what is JSON") {
    CHECK(corpus().size() >= 150);
    int good = 0;
    for (std::string const& text : corpus()) {
        CAPTURE(text);
        verdict const expected = nlohmann_verdict(text);
        CHECK(expected != verdict::overflow);
        CHECK(accepts(text) == (expected == verdict::good));
        good += expected == verdict::good ? 1 : 0;
    }
    CHECK(good >= 50);
}

TEST_CASE("the reader differs from nlohmann in numbers that no double holds and in depth and in zero bytes alone") {
    for (char const* text : {"1e400", "-1e400", "1E+999999999999", "[1e309]"}) {
        CAPTURE(text);
        CHECK(nlohmann_verdict(text) == verdict::overflow);
        CHECK(accepts(text));
    }
    CHECK_FALSE(accepts(std::string_view("{}\0", 3)));
    CHECK_FALSE(accepts(std::string_view("1\0 x", 4)));
    std::string const deep = repeated("[", 65) + repeated("]", 65);
    CHECK(nlohmann::json::accept(deep));
    CHECK_FALSE(accepts(deep, 64));
    CHECK(accepts(deep, 65));
    json_reader reader(deep);
    CHECK_FALSE(reader.skip_value());
    CHECK(reader.error().code == make_error_code(errc::nested_too_deep));
}

TEST_CASE("the reader decodes strings as nlohmann does") {
    int compared = 0;
    for (std::string const& text : corpus()) {
        auto const expected = nlohmann::json::parse(text, nullptr, false);
        if (!expected.is_string()) continue;
        CAPTURE(text);
        std::string read = "left over";
        json_reader reader(text);
        REQUIRE(reader.read_string(read));
        CHECK(read == expected.get<std::string>());
        ++compared;
    }
    CHECK(compared >= 20);
    for (std::uint32_t unit = 0; unit < 0x10000; unit += 7) {
        if (unit >= 0xD800 && unit <= 0xDFFF) continue;
        std::ostringstream text;
        text << "\"\\u" << std::hex << (unit < 0x1000 ? "0" : "") << (unit < 0x100 ? "0" : "") << (unit < 0x10 ? "0" : "") << unit << '"';
        std::string read;
        std::string const whole = text.str();
        json_reader reader(whole);
        REQUIRE(reader.read_string(read));
        REQUIRE(read == nlohmann::json::parse(whole).get<std::string>());
    }
}

TEST_CASE("a string of any length is read whatever follows it and whatever the text held before") {
    std::string const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (std::size_t size = 0; size <= 40; ++size) {
        for (std::size_t blanks = 0; blanks <= 40; ++blanks) {
            for (std::string before : {std::string(), std::string("short"), letters}) {
                std::string const wanted = letters.substr(0, size);
                std::string const text = '"' + wanted + '"' + std::string(blanks, ' ');
                // Its own memory, so that a sanitizer sees a byte that is read behind the end.
                std::vector<char> const bytes(text.begin(), text.end());
                json_reader reader(std::string_view(bytes.data(), bytes.size()));
                REQUIRE(reader.read_string(before));
                REQUIRE(before == wanted);
                REQUIRE(before.c_str()[size] == '\0');
                REQUIRE(reader.finish());
            }
        }
        for (char const* const ending : {"\n\"", "\\\"\"", "\xC3\xA4\"", ""}) {
            std::string const text = '"' + letters.substr(0, size) + ending;
            std::string mine;
            json_reader reader(text);
            auto const parsed = nlohmann::json::parse(text, nullptr, false);
            REQUIRE(reader.read_string(mine) == parsed.is_string());
            if (parsed.is_string()) REQUIRE(mine == parsed.get<std::string>());
        }
    }
}

TEST_CASE("a short string keeps nothing of what stands behind it in the text") {
    std::string const text = R"(["name","sk-proj-7711"])";
    std::vector<std::string> read(1);
    json_reader reader(text);
    REQUIRE(reader.read_array([&](std::size_t index) { return index == 0 ? reader.read_string(read[0]) : reader.skip_value(); }));
    char memory[sizeof(std::string)];
    std::memcpy(memory, &read[0], sizeof memory);
    CHECK(std::string_view(memory, sizeof memory).find("sk") == std::string_view::npos);
}

TEST_CASE("a string with memory of its own keeps it when it is read into") {
    for (char const* const text : {R"("short"                    )", R"("long enough for memory of its own")"}) {
        std::string into = "what stood here before is long, and is overwritten by who owns it";
        into.reserve(200);
        char const* const memory = into.data();
        json_reader reader(text);
        REQUIRE(reader.read_string(into));
        CHECK(into.data() == memory);
        CHECK(into.capacity() >= 200);
    }
}

namespace {

std::vector<std::string> names_read;

result<void> note_name(json_key& key) {
    names_read.emplace_back(key.name);
    return result<void>::ok();
}

}  // namespace

TEST_CASE("objects and arrays are read by whatever can be called") {
    names_read.clear();
    json_reader by_function(R"({"a":1})");
    CHECK_FALSE(by_function.read_object(note_name));  // it has not read the value
    json_reader by_pointer(R"({"b":1})");
    CHECK_FALSE(by_pointer.read_object(&note_name));
    CHECK(names_read == std::vector<std::string>{"a", "b"});

    json_reader object(R"({"c":[1,2]})");
    auto const skip_number = [&object](std::size_t) { return object.skip_value() ? result<void>::ok() : result<void>(failure()); };
    CHECK(object.read_object([&](json_key const& key) { return key.name == "c" && object.read_array(skip_number); }));
    CHECK(object.finish());

    class counter {
    public:
        bool operator()(std::size_t) { return ++count < 2; }
        int count = 0;
    };
    counter twice;
    json_reader array("[,]");
    CHECK_FALSE(array.read_array(twice));
    CHECK(twice.count == 2);
}

TEST_CASE("a date of any length is kept as it was sent") {
    std::string const letters = "2025-03-07T15:04:05.1234567+00:00 and more than any date has";
    for (std::size_t size = 0; size <= letters.size(); ++size) {
        std::string const wanted = letters.substr(0, size);
        timestamp read("before");
        std::string const text = '"' + wanted + '"';
        json_reader reader(text);
        REQUIRE(json_codec<timestamp>::read(reader, read));
        REQUIRE(read.text() == wanted);
        timestamp const copy = read;
        REQUIRE(copy == read);
    }
}

TEST_CASE("mutated answers are judged as nlohmann judges them") {
    std::vector<std::string> bodies;
    for (auto const& file : tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR)) {
        std::size_t const begin = file.response_bytes.find("\r\n\r\n");
        if (begin == std::string::npos) continue;
        std::size_t const first = file.response_bytes.find_first_of("{[", begin);
        std::size_t const last = file.response_bytes.find_last_of("}]");
        if (first == std::string::npos || last == std::string::npos || last < first || last - first > 700) continue;
        std::string body = file.response_bytes.substr(first, last - first + 1);
        if (nlohmann_verdict(body) == verdict::good) bodies.push_back(std::move(body));
    }
    REQUIRE(bodies.size() > 100);

    // The generator's numbers are the same everywhere; those of distributions are not.
    std::mt19937 random(20240115);
    auto const below = [&](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
    constexpr std::string_view spice = "\"\\{}[]:,0123456789.-+eEunftrl \n\t\x01\x7F\x80\xC3\xE2\xED\xF0\xFF";
    int good = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string text = bodies[below(bodies.size())];
        for (std::size_t changes = 1 + below(3); changes > 0 && !text.empty(); --changes) {
            std::size_t const at = below(text.size());
            switch (below(6)) {
                case 0: text[at] = spice[below(spice.size())]; break;
                case 1: text.insert(at, 1, spice[below(spice.size())]); break;
                case 2: text.erase(at, 1 + below(4)); break;
                case 3: text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8))); break;
                case 4: text.insert(at, text.substr(below(text.size()), 1 + below(12))); break;
                default: text.resize(at); break;
            }
        }
        verdict const expected = nlohmann_verdict(text);
        bool const accepted = accepts(text);
        if (expected != verdict::overflow && accepted != (expected == verdict::good)) {
            CAPTURE(text);
            CHECK(accepted == (expected == verdict::good));
        }
        good += accepted ? 1 : 0;
        // Nothing that is no JSON becomes a value.
        http_response response(200, text);
        bool const is_value = decode<connections::get>(response).has_value() || decode<connections::list>(response).has_value() || decode<connections::models>(response).has_value();
        if (is_value && !accepted) FAIL("a value of what is no JSON: " << text);
    }
    CHECK(good > 1000);
    CHECK(good < 19000);
}

// --- typed reading ---

TEST_CASE("whole numbers are read where they fit and have neither fraction nor exponent") {
    auto const read = [](std::string_view text) { return read_json<std::int64_t>(text); };
    CHECK(read("0").value() == 0);
    CHECK(read("-0").value() == 0);
    CHECK(read(" 42 ").value() == 42);
    CHECK(read("9223372036854775807").value() == (std::numeric_limits<std::int64_t>::max)());
    CHECK(read("-9223372036854775808").value() == (std::numeric_limits<std::int64_t>::min)());
    for (char const* text : {"9223372036854775808", "-9223372036854775809", "99999999999999999999999999"}) CHECK(read(text).error().code == make_error_code(errc::invalid_value));
    for (char const* text : {"1.0", "1e0", "1E2", "0.5", "\"1\"", "true", "null", "[1]"}) CHECK(read(text).error().code == make_error_code(errc::wrong_type));
    for (char const* text : {"", "-", "1.", "01", "1x", "+1"}) CHECK(read(text).error().code == make_error_code(errc::malformed_json));
    CHECK(read_json<std::int8_t>("127").value() == 127);
    CHECK(read_json<std::int8_t>("-128").value() == -128);
    CHECK(read_json<std::int8_t>("128").error().code == make_error_code(errc::invalid_value));
    CHECK(read_json<std::int8_t>("-129").error().code == make_error_code(errc::invalid_value));
}

TEST_CASE("booleans and optionals and lists and maps are read") {
    CHECK(read_json<bool>("true").value());
    CHECK_FALSE(read_json<bool>(" false").value());
    CHECK_FALSE(read_json<std::optional<bool>>("null").value().has_value());
    CHECK(read_json<std::optional<bool>>("true").value() == true);
    CHECK(read_json<std::vector<std::int64_t>>("[1,2,3]").value() == std::vector<std::int64_t>{1, 2, 3});
    CHECK(read_json<std::vector<std::int64_t>>("[]").value().empty());
    CHECK(read_json<std::vector<std::vector<std::int64_t>>>("[[1],[2,true]]").error().field == "$[1][1]");
    auto const map = read_json<std::map<std::string, std::string>>(R"({"\u0061":"1","b":"2","a":"3"})").value();
    CHECK(map == (std::map<std::string, std::string>{{"a", "3"}, {"b", "2"}}));
    CHECK_FALSE(read_json<std::map<std::string, std::string>>(R"({"a":1})").has_value());
}

TEST_CASE("an error tells its byte and the first one counts") {
    json_reader reader(R"({"a": 1x})");
    CHECK_FALSE(reader.skip_value());
    std::string const message = reader.error().message;
    CHECK(message.find("byte 7") != std::string::npos);
    CHECK_FALSE(reader.fail(errc::wrong_type, "another"));
    CHECK(reader.error().message == message);
}

TEST_CASE("the path of an error is bounded") {
    using deep = std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<std::string>>>>>>>>>>;
    auto const answer = read_json<deep>("[[[[[[[[[[1]]]]]]]]]]");
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().field.starts_with("$[0][0]"));
    CHECK(answer.error().field.size() < 64);
}

// --- a model of the user's ---

namespace {

class badge {
public:
    badge() = default;
    std::string label;
    std::int64_t level = 0;
    std::string serial;
    std::string pin;
    std::optional<bool> is_worn;
    unknown_members unknown;
};

}  // namespace

template <>
struct umbraco_ai::fields<badge> : table<field<"label", &badge::label, required>,
                                         field<"serial", &badge::serial, read_only>,
                                         field<"pin", &badge::pin, secret_field>,
                                         group<"rank", field<"level", &badge::level, required>>,
                                         field<"isWorn", &badge::is_worn>> {};

TEST_CASE("one table reads and shows a model of the user's") {
    auto const read = read_json<badge>(R"({"rank":{"level":3,"other":[]},"label":"x","serial":"s","pin":"planted","isWorn":null,"more":{"a":1}})");
    REQUIRE(read.has_value());
    CHECK(read->label == "x");
    CHECK(read->level == 3);
    CHECK(read->serial == "s");
    CHECK(read->pin == "planted");
    CHECK_FALSE(read->is_worn.has_value());
    CHECK(read->unknown.find("more") == R"({"a":1})");
    std::ostringstream out;
    out << *read;
    CHECK(out.str().find("planted") == std::string::npos);
    CHECK(out.str().find("label: x") != std::string::npos);
    CHECK(read_json<badge>(R"({"rank":{"level":"3"},"label":"x"})").error().field == "$.rank.level");
    CHECK(read_json<badge>(R"({"rank":{"level":3}})").error().field == "$.label");
    CHECK(read_json<badge>(R"({"label":"x","rank":3})").error().code == make_error_code(errc::wrong_type));
    CHECK(read_json<badge>(R"({"label":"x"})").error().code == make_error_code(errc::missing_member));
}

// --- writing ---

TEST_CASE("a string that is written is read back by nlohmann") {
    std::mt19937 random(7);
    auto const check = [](std::string const& text) {
        std::string written;
        detail::put_json_string(written, text);
        REQUIRE(nlohmann::json::parse(written).get<std::string>() == text);
        REQUIRE(read_json<std::string>(written).value() == text);
    };
    for (int c = 0; c < 128; ++c) check(std::string(1, static_cast<char>(c)));
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (std::size_t i = random() % 20; i > 0; --i) {
            std::uint32_t const code_point = static_cast<std::uint32_t>(random()) % (round % 3 == 0 ? 0x80U : round % 3 == 1 ? 0x3000U : 0x110000U);
            if (code_point < 0xD800 || code_point > 0xDFFF) detail::put_utf8(text, code_point);
        }
        REQUIRE(detail::is_utf8(text));
        check(text);
    }
}

TEST_CASE("values are written without blanks") {
    CHECK(write_json(true) == "true");
    CHECK(write_json(std::int64_t{-5}) == "-5");
    CHECK(write_json((std::numeric_limits<std::int64_t>::min)()) == "-9223372036854775808");
    CHECK(write_json(std::string("a\"\\\x01/\x7F\xC3\xA4")) == "\"a\\\"\\\\\\u0001/\x7F\xC3\xA4\"");
    CHECK(write_json(std::optional<bool>()) == "null");
    CHECK(write_json(std::vector<std::int64_t>{1, 2}) == "[1,2]");
    CHECK(write_json(std::map<std::string, std::string>{{"b", "2"}, {"a", "1"}}) == R"({"a":"1","b":"2"})");
    CHECK(write_json(capability::chat()) == "\"Chat\"");
    CHECK(write_json(*guid::parse("{3FA85F64-5717-4562-B3FC-2C963F66AFA6}")) == "\"3fa85f64-5717-4562-b3fc-2c963f66afa6\"");
}

TEST_CASE("numbers of settings are written as JSON that reads back") {
    CHECK(settings_value(1.5).json() == "1.5");
    CHECK(settings_value(-7).json() == "-7");
    CHECK(settings_value(0U).json() == "0");
    CHECK(settings_value((std::numeric_limits<std::uint64_t>::max)()).json() == "18446744073709551615");
    for (double const value : {0.1, 1e300, -2.5e-300, 5e-324, 1e21, 123456789.0}) {
        CAPTURE(value);
        CHECK(nlohmann::json::parse(settings_value(value).json()).get<double>() == value);
    }
}

// --- nlohmann at the edges ---

TEST_CASE("one setting is read as nlohmann JSON whatever stands beside it") {
    auto const read = settings::parse(R"({"list":[1,{"a":null}],"huge":1e400,"text":"\u00E4"})");
    REQUIRE(read.has_value());
    CHECK(to_nlohmann(*read, "list").value() == nlohmann::json::parse(R"([1,{"a":null}])"));
    CHECK(to_nlohmann(*read, "text").value() == "\xC3\xA4");
    CHECK(to_nlohmann(*read, "huge").error().field == "settings.huge");
    CHECK(to_nlohmann(*read, "none").error().who == fault::usage);
}

TEST_CASE("settings are made from nlohmann JSON without exceptions") {
    CHECK(settings_from(nlohmann::json{{"b", 1}, {"a", "x"}}).value().json() == R"({"a":"x","b":1})");
    CHECK(settings_from(nlohmann::ordered_json{{"b", 1}, {"a", "x"}}).value().json() == R"({"b":1,"a":"x"})");
    CHECK(settings_from(nlohmann::json(nullptr)).value().is_null());
    CHECK(settings_from(nlohmann::json::array()).error().field == "settings");
    auto const not_text = settings_from(nlohmann::json{{"apiKey", "planted\xFF"}});
    REQUIRE_FALSE(not_text.has_value());
    CHECK(not_text.error().to_string().find("planted") == std::string::npos);
    CHECK(settings_from(nlohmann::json{{"apiKey", "sk-***"}}).error().code == make_error_code(errc::masked_value));
}

// --- inspection ---

TEST_CASE("masks are told from text") {
    static_assert(looks_masked("***") && looks_masked("sk-***") && looks_masked("***abcd") && looks_masked("a***b") && looks_masked("*") && looks_masked("**"));
    static_assert(looks_masked("\xE2\x80\xA2") && looks_masked("\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2") && looks_masked("ab\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2") && looks_masked("*\xE2\x80\xA2*"));
    static_assert(!looks_masked("") && !looks_masked("a*b*c*d") && !looks_masked("2 ** 3") && !looks_masked("**a**") && !looks_masked("sk-abc") && !looks_masked("\xE2\x80\xA3\xE2\x80\xA3\xE2\x80\xA3"));
    static_assert(!looks_masked("* *") && !looks_masked("\xE2\x80") && !looks_masked("\xA2\xA2\xA2") && !looks_masked("..."));
    CHECK(looks_masked(std::string(100, '*')));
}

TEST_CASE("encrypted texts and references are told from text") {
    static_assert(looks_encrypted("ENC:") && looks_encrypted("ENC:x") && !looks_encrypted("enc:x") && !looks_encrypted(" ENC:") && !looks_encrypted(""));
    static_assert(looks_like_reference("$OpenAI:ApiKey") && looks_like_reference("$A") && looks_like_reference("$a_b-c.d:0"));
    static_assert(!looks_like_reference("$") && !looks_like_reference("$:a") && !looks_like_reference("$a:") && !looks_like_reference("a") && !looks_like_reference("$a b") && !looks_like_reference("$a$"));
    SUCCEED();
}

TEST_CASE("inspection finds depth and repeated keys and masks with their paths") {
    auto const depth = [](std::string_view text) { return detail::inspect_json(text, "$").depth; };
    CHECK(depth("1") == 0);
    CHECK(depth("\"x\"") == 0);
    CHECK(depth("{}") == 1);
    CHECK(depth("[]") == 1);
    CHECK(depth(R"({"a":1})") == 1);
    CHECK(depth(R"({"a":[]})") == 2);
    CHECK(depth(R"([1,[2,{"a":[]}],3])") == 4);
    CHECK(depth(repeated("[", 1000) + repeated("]", 1000)) == 1000);

    auto const found = detail::inspect_json(R"({"a":{"k":1,"x":[{"k":1,"\u006b":2}]},"b":["ok","sk-***"],"c":"***"})", "settings");
    CHECK_FALSE(found.malformed.has_value());
    CHECK(found.repeated_key == "settings.a.x[0].k");
    CHECK(found.masked_value == "settings.b[1]");
    auto const clean = detail::inspect_json(R"({"a":{"k":1},"b":{"k":1},"K":1,"k":1})", "settings");
    CHECK_FALSE(clean.repeated_key.has_value());
    CHECK_FALSE(clean.masked_value.has_value());
    CHECK(detail::inspect_json(R"({"x":1,"x":1})", "s").repeated_key == "s.x");

    // The first in the order of bytes, of few names, of many, and of those that have escapes.
    CHECK(detail::inspect_json(R"({"b":1,"a":1,"b":1,"a":1})", "s").repeated_key == "s.a");
    CHECK(detail::inspect_json(R"({"b":1,"a":1,"\u0062":1,"c":1,"\u0061":1})", "s").repeated_key == "s.a");
    for (int const count : {15, 16, 17, 200}) {
        std::string all = "{";
        for (int i = 0; i < count; ++i) all += "\"k" + std::to_string(i) + "\":0,";
        CHECK_FALSE(detail::inspect_json(all + "\"a\":0}", "s").repeated_key.has_value());
        CHECK(detail::inspect_json(all + "\"k9\":0,\"k11\":0,\"x\":0,\"k11\":0}", "s").repeated_key == "s.k11");
        CHECK(detail::inspect_json(all + "\"x\":0,\"x\":0}", "s").repeated_key == "s.x");
    }

    for (std::string const& text : corpus()) {
        CAPTURE(text);
        CHECK(detail::inspect_json(text, "$").malformed.has_value() == !accepts(text));
    }
    CHECK(detail::inspect_json(repeated("[", 100000), "$").malformed->code == make_error_code(errc::nested_too_deep));
}

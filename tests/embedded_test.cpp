// SPDX-License-Identifier: MIT
// What a microcontroller uses: readers and writers over the caller's memory.
#include "support/catch.hpp"

#include <umbraco_ai/embedded/answer_reader.hpp>
#include <umbraco_ai/embedded/page_reader.hpp>
#include <umbraco_ai/embedded/requests.hpp>
#include <umbraco_ai/embedded/update.hpp>
#include <umbraco_ai/embedded/value_reader.hpp>
#include <umbraco_ai/endpoint.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/json/flaws.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/scanner.hpp>
#include <umbraco_ai/json/view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;
namespace em = umbraco_ai::embedded;

namespace {

constexpr char const* documented_page = R"({"items":[{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"OpenAI","providerId":"openai","isActive":true},
 {"id":"11111111-2222-3333-4444-555555555555","alias":"b","name":"Zw\u00F6lf \"B\u00e4r\" \uD83D\uDE00","providerId":"google","isActive":false}],"total":17})";
constexpr char const* observed_page =
    "{\"items\":[{\"alias\":\"openai-prod\",\"dateCreated\":\"2026-11-22T14.51.42.338Z\",\"dateModified\":null,"
    "\"id\":\"3fa85f64-5717-4562-b3fc-2c963f66afa6\",\"isActive\":true,\"name\":\"\xC3\x84pfel\",\"providerId\":\"openai\",\"version\":4}],\"total\":1}";
constexpr char const* bare_page = R"( [ {"alias":"a","id":"3fa85f6457174562b3fc2c963f66afa6","isActive":true,"name":"A","providerId":"openai","more":{"x":[1,2,{"y":"}]"}]}} , {"id":"{11111111-2222-3333-4444-555555555555}","alias":"b","name":"B","providerId":"p","isActive":false,"version":null} ] )";
constexpr char const* whole_connection =
    R"({"alias":"openai-prod","dateCreated":"2026-11-22T14:51:42.338Z","dateModified":"2026-11-22T14:51:42.338Z","future":{"a":[1e400,"x"]},"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6",)"
    R"("isActive":true,"name":"Caf\u00E9","providerId":"openai","settings":{"apiKey":"$OpenAI:ApiKey", "n":1.0,"deep":{"k":[{"q":"\u0041"}]}},"version":3,"Alias":"x","tags":["t"]})";

/// A page as both readers give it.
std::string shown(ai::connection_item const& item) {
    return item.id.to_string() + '|' + item.alias + '|' + item.name + '|' + item.provider_id + '|' + (item.is_active ? '1' : '0') + '|' +
           (item.version ? std::to_string(*item.version) : "-") + '\n';
}
std::string shown(em::connection_item_view const& item) {
    return item.id.to_string() + '|' + std::string(item.alias) + '|' + std::string(item.name) + '|' + std::string(item.provider_id) + '|' +
           (item.is_active ? '1' : '0') + '|' + (item.version ? std::to_string(*item.version) : "-") + '\n';
}

class page_read {
public:
    em::outcome ok;
    std::string items;
    std::optional<std::int64_t> total;
    std::size_t count = 0;
};

/// Reads with memory of this size, of which ASan knows the end.
page_read read_page(std::string_view text, std::size_t memory_size, std::size_t piece_size) {
    std::vector<char> memory(memory_size);
    em::page_reader page{std::span<char>(memory)};
    page_read made;
    auto const keep = [&made](em::connection_item_view const& item) { made.items += shown(item); };
    for (std::size_t at = 0; at < text.size(); at += piece_size) {
        std::vector<char> const piece(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>((std::min)(text.size(), at + piece_size)));
        static_cast<void>(page.push({piece.data(), piece.size()}, keep));
    }
    made.ok = page.finish();
    made.total = page.total();
    made.count = page.count();
    return made;
}

em::outcome read_connection(std::string_view text, std::vector<char>& memory, em::connection_view& out) {
    em::value_reader reader{std::span<char>(memory)};
    for (char const& c : text) static_cast<void>(reader.push({&c, 1}));
    return reader.finish(out);
}

bool scans(std::string_view text, std::size_t* offset = nullptr) {
    ai::json_scanner scanner;
    bool ok = true;
    for (char const c : text) ok = ok && scanner.put(c) == ai::errc();
    ok = ok && scanner.finish() == ai::errc();
    if (offset != nullptr) *offset = scanner.offset();
    return ok;
}

bool parses(std::string_view text) {
    ai::json_reader reader(text);
    return reader.skip_value() && reader.finish();
}

class mutator {
public:
    explicit mutator(unsigned seed) : random_(seed) {}

    std::string operator()(std::string text) {
        static constexpr std::string_view alphabet = "{}[]\",:\\u0019AdDeE+-. \n\x01\x7F\x80\xBF\xC2\xE2\xED\xF0\xF4ntf";
        for (std::size_t n = 1 + below(3); n != 0; --n) {
            std::size_t const at = below(text.size() + 1);
            switch (below(4)) {
                case 0: text.insert(at, 1, alphabet[below(alphabet.size())]); break;
                case 1: text.erase(at, 1 + below(4)); break;
                case 2: text.insert(at, text.substr(below(text.size() + 1), below(40))); break;
                default:
                    if (at < text.size()) text[at] = alphabet[below(alphabet.size())];
            }
        }
        return text;
    }

private:
    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }

    std::mt19937 random_;
};

}  // namespace

TEST_CASE("embedded: the scanner accepts what the reader accepts", "[embedded]") {
    for (std::string_view const text :
         {"null", " true ", "false", "0", "-0", "-1.5e+10", "1e5", "1E-2", "10", "\"\"", "\"a\"", "[]", "[ ]", "{}", "{ }", "[1,2]", "[1 , 2 ]", "{\"a\":1}", "{\"a\" : [ ] , \"b\":{}}",
          "\xEF\xBB\xBF{}", "\"\\u00e9\\uD83D\\uDE00\\n\\/\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", "[0,0.5,-0.5e1,\"\"]"}) {
        INFO(text);
        CHECK(parses(text));
        CHECK(scans(text));
    }
    for (std::string_view const text :
         {"", " ", "nul", "nulll", "tru", "True", "01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "--1", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12G4\"", "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\u0041\"",
          "\"\\uD800x\"", "\"\t\"", "\"\x80\"", "\"\xC0\x80\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xC3\"", "\"\xE2\x82\"", "[", "]", "[1", "[1,", "[1,]", "[,1]",
          "[1 2]", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "[}", "{]", "{\"a\":1]", "1 2", "{} {}", "null,", "\xEF\xBB", "\xEF\xBB\xBF", "\xEF{}", " \xEF\xBB\xBF{}", "\xEF\xBB\xBF\xEF\xBB\xBF{}"}) {
        INFO(text);
        CHECK_FALSE(parses(text));
        CHECK_FALSE(scans(text));
    }
    for (std::size_t depth : {63U, 64U, 65U, 1000U}) {
        std::string const text = std::string(depth, '[') + std::string(depth, ']');
        CHECK(scans(text) == (depth <= 64));
        CHECK(parses(text) == (depth <= 64));
    }
}

TEST_CASE("embedded: scanner and reader agree on thousands of mutations", "[embedded]") {
    mutator mutate(20261122);
    std::string differing;
    std::size_t good = 0;
    for (std::string const seed : {whole_connection, documented_page, bare_page, R"([1,-0.5e+3,"\uD83D\uDE00é",null,{"a":[]}])"}) {
        for (int i = 0; i < 5000; ++i) {
            std::string const text = mutate(seed);
            bool const accepted = scans(text);
            good += accepted ? 1 : 0;
            if (accepted != parses(text)) differing += text + "\n";
        }
    }
    CHECK(differing == "");
    CHECK(good > 500);
    CHECK(good < 15000);
}

TEST_CASE("embedded: strings are decoded and compared as the reader decodes them", "[embedded]") {
    mutator mutate(7);
    std::string differing;
    std::size_t compared = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string const text = mutate(R"("a\u00e9\"b\\\uD83D\uDE00\n***$A:bENC:\u2022\u2022•é")");
        std::string decoded;
        ai::json_reader reader(text);
        if (!reader.read_string(decoded) || !reader.finish()) continue;
        ++compared;
        std::size_t const begin = text.find('"');
        ai::json_string_view const view(std::string_view(text).substr(begin + 1, text.rfind('"') - begin - 1));
        std::string appended;
        view.append_to(appended);
        std::string plain;
        ai::detail::put_json_string(plain, decoded);
        ai::json_string_view const again(std::string_view(plain).substr(1, plain.size() - 2));
        bool const same = appended == decoded && view == again && again == view && ai::detail::has_shape<ai::detail::mask_shape>(view) == ai::looks_masked(decoded) &&
                          ai::detail::starts_with(view, "ENC:") == ai::looks_encrypted(decoded) && decoded.size() <= view.raw().size();
        if (!same) differing += text + "\n";
    }
    CHECK(differing == "");
    CHECK(compared > 1000);
    using ai::json_string_view;
    CHECK(json_string_view("a\\u0062") == json_string_view("ab"));
    CHECK_FALSE(json_string_view("a\\u0062") == json_string_view("abc"));
    CHECK_FALSE(json_string_view("ab") == json_string_view("a\\u0062c"));
    for (std::string const text : {"$", "$A", "$A:B", "$:A", "$A:", "$A b", "$A-b_c.d:0", "A", "", "$$"}) {
        INFO(text);
        CHECK(ai::detail::has_shape<ai::detail::reference_shape>(json_string_view(text)) == ai::looks_like_reference(text));
    }
}

TEST_CASE("embedded: a page is read item by item, whatever the pieces", "[embedded]") {
    for (std::string const text : {documented_page, observed_page}) {
        auto const whole = ai::read_json<ai::page<ai::connection_item>>(text);
        REQUIRE(whole);
        std::string expected;
        for (auto const& item : whole->items) expected += shown(item);
        for (std::size_t piece = 1; piece <= text.size(); ++piece) {
            page_read const made = read_page(text, 512, piece);
            REQUIRE(made.ok);
            REQUIRE(made.items == expected);
            REQUIRE(made.total == whole->total);
            REQUIRE(made.count == whole->items.size());
        }
        for (std::size_t cut = 0; cut < text.size(); ++cut) {
            page_read const made = read_page(text.substr(0, cut), 512, 7);
            REQUIRE_FALSE(made.ok);
            REQUIRE(made.ok.who() == ai::fault::decode);
        }
    }
    page_read const bare = read_page(bare_page, 512, 3);
    CHECK(bare.ok);
    CHECK_FALSE(bare.total);
    CHECK(bare.items == "3fa85f64-5717-4562-b3fc-2c963f66afa6|a|A|openai|1|-\n11111111-2222-3333-4444-555555555555|b|B|p|0|-\n");
}

TEST_CASE("embedded: a page is read in the memory of its longest item, and refused in less", "[embedded]") {
    for (std::string const text : {documented_page, observed_page, bare_page}) {
        std::size_t least = 0;
        for (std::size_t size = 0; size <= 400; ++size) {
            page_read const made = read_page(text, size, 16);
            if (made.ok && least == 0) least = size;
            REQUIRE(static_cast<bool>(made.ok) == (least != 0));
            if (!made.ok) REQUIRE(made.ok.code == ai::errc::buffer_too_small);
        }
        CHECK(least > 100);
        CHECK(least < 200);
    }

    std::string long_page = "{\"items\":[";
    for (int i = 0; i < 1000; ++i) {
        std::string const n = std::to_string(100000 + i);
        long_page += (i == 0 ? "" : ",") + ("{\"id\":\"3fa85f64-5717-4562-b3fc-2c963f" + n + "\",\"alias\":\"c-" + n + "\",\"name\":\"N\\u00e4me " + n + "\",\"providerId\":\"openai\",\"isActive\":true}");
    }
    long_page += "],\"total\":1000}";
    page_read const made = read_page(long_page, 192, 1460);
    CHECK(made.ok);
    CHECK(made.count == 1000);
    CHECK(made.total == 1000);
}

TEST_CASE("embedded: a page says what is wrong with it", "[embedded]") {
    using ai::errc;
    auto const failed = [](std::string_view text) { return read_page(text, 512, 5).ok; };
    CHECK(failed("").code == errc::empty_body);
    CHECK(failed(" \n").code == errc::empty_body);
    CHECK(failed("<html>").code == errc::malformed_json);
    CHECK(failed("\"x\"").code == errc::wrong_type);
    CHECK(failed("17").code == errc::wrong_type);
    CHECK(failed("{}").code == errc::missing_member);
    CHECK(failed("{}").field == "items");
    CHECK(failed(R"({"items":[]})").field == "total");
    CHECK(failed(R"({"total":0})").field == "items");
    CHECK(failed(R"({"items":{},"total":0})").code == errc::wrong_type);
    CHECK(failed(R"({"items":null,"total":0})").code == errc::wrong_type);
    CHECK(failed(R"({"items":[1],"total":0})").code == errc::wrong_type);
    CHECK(failed(R"({"items":[[]],"total":0})").code == errc::wrong_type);
    CHECK(failed(R"({"items":[],"items":[],"total":0})").code == errc::invalid_value);
    for (char const* total : {"null", "\"1\"", "1.5", "[1]", "{\"a\":1}", "true", "1e3"}) {
        INFO(total);
        em::outcome const ok = failed(std::string(R"({"items":[],"total":)") + total + "}");
        CHECK(ok.code == errc::wrong_type);
        CHECK(ok.field == "total");
    }
    CHECK(failed(R"({"items":[],"total":9223372036854775808})").code == errc::invalid_value);
    CHECK(failed(R"({"items":[],"total":111111111111111111111111111})").code == errc::invalid_value);
    CHECK(read_page(R"({"total" : 9223372036854775807 ,"it\u0065ms":[]})", 0, 1).total == (std::numeric_limits<std::int64_t>::max)());
    CHECK(failed(R"({"items":[{}],"total":1})").field == "id");
    CHECK(failed(R"([{"id":"x"}])").code == errc::invalid_value);
    CHECK(failed(R"([{"id":7}])").code == errc::wrong_type);
    CHECK(failed(R"([{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":null}])").field == "alias");
    CHECK(failed(R"([{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"","name":"","providerId":"","isActive":1}])").field == "isActive");
    CHECK(failed(std::string(65, '[')).code == errc::wrong_type);
    CHECK(failed("[{\"a\":" + std::string(63, '[')).code == errc::nested_too_deep);
    CHECK(failed("[{\"a\":\"\xFF\"}]").code == errc::invalid_utf8);
    CHECK(failed("[{\"a\":\"\xFF\"}]").offset == 8);
}

TEST_CASE("embedded: reading a page can be ended", "[embedded]") {
    std::array<char, 512> memory;
    em::page_reader page(memory);
    em::outcome const ok = page.push(documented_page, [](em::connection_item_view const&) { return false; });
    CHECK(ok.code == ai::errc::cancelled);
    CHECK(page.count() == 1);
    CHECK(page.finish().code == ai::errc::cancelled);
    page.clear();
    CHECK(page.push(documented_page, [](em::connection_item_view const&) { return true; }));
    CHECK(page.finish());
    CHECK(page.count() == 2);
}

TEST_CASE("embedded: a mutated page is read as the decoder reads it, or refused", "[embedded]") {
    mutator mutate(3);
    std::string differing;
    std::size_t good = 0;
    for (std::string const seed : {documented_page, observed_page}) {
        for (int i = 0; i < 2500; ++i) {
            std::string const text = mutate(seed);
            page_read const made = read_page(text, 1024, 1 + static_cast<std::size_t>(i) % 50);
            auto const whole = ai::read_json<ai::page<ai::connection_item>>(text);
            std::string expected;
            if (whole)
                for (auto const& item : whole->items) expected += shown(item);
            bool const same = static_cast<bool>(made.ok) == whole.has_value() && (!whole || (made.items == expected && made.total == whole->total));
            if (!same && made.ok.message() != "The member stands twice.") differing += text + "\n";
            good += made.ok ? 1 : 0;
            static_cast<void>(read_page(text, static_cast<std::size_t>(i) % 300, 11));
        }
    }
    CHECK(differing == "");
    CHECK(good > 150);
}

TEST_CASE("embedded: a connection is read in place, with its settings as they came", "[embedded]") {
    for (std::size_t size = 0; size < 1000; ++size) {
        std::vector<char> memory(size);
        em::connection_view read;
        em::outcome const ok = read_connection(whole_connection, memory, read);
        // The one text with an escape is "Café".
        REQUIRE(static_cast<bool>(ok) == (size >= std::string_view(whole_connection).size() + 5));
        if (!ok) {
            REQUIRE(ok.code == ai::errc::buffer_too_small);
            continue;
        }
        REQUIRE(read.id.to_string() == "3fa85f64-5717-4562-b3fc-2c963f66afa6");
        REQUIRE(read.alias == "openai-prod");
        REQUIRE(read.name == "Caf\xC3\xA9");
        REQUIRE(read.provider_id == "openai");
        REQUIRE(read.is_active);
        REQUIRE(read.version == 3);
        REQUIRE(read.settings == R"({"apiKey":"$OpenAI:ApiKey", "n":1.0,"deep":{"k":[{"q":"\u0041"}]}})");
    }
    for (std::size_t cut = 0; cut < std::string_view(whole_connection).size(); ++cut) {
        std::vector<char> memory(1000);
        em::connection_view read;
        REQUIRE_FALSE(read_connection(std::string_view(whole_connection).substr(0, cut), memory, read));
    }
}

TEST_CASE("embedded: a mutated connection is read as the decoder reads it, or refused", "[embedded]") {
    mutator mutate(5);
    std::string differing;
    for (int i = 0; i < 5000; ++i) {
        std::string const text = mutate(whole_connection);
        std::vector<char> memory(text.size() * 2);
        em::connection_view read;
        em::outcome const ok = read_connection(text, memory, read);
        auto const whole = ai::read_json<ai::connection>(text);
        bool same = static_cast<bool>(ok) == whole.has_value();
        if (ok && whole)
            same = read.id == whole->id && read.alias == whole->alias && read.name == whole->name && read.provider_id == whole->provider_id &&
                   read.is_active == whole->is_active && read.version == whole->version && read.settings == whole->settings.json();
        if (!same) differing += text + "\n";
        std::vector<char> less(static_cast<std::size_t>(i) % text.size());
        static_cast<void>(read_connection(text, less, read));
    }
    CHECK(differing == "");
}

TEST_CASE("embedded: a test result is read", "[embedded]") {
    std::array<char, 128> memory;
    em::value_reader reader(memory);
    em::test_result_view verdict;
    CHECK(reader.push(R"({"success":true,"errorMessage":null})"));
    CHECK(reader.finish(verdict));
    CHECK(verdict.success);
    CHECK_FALSE(verdict.error_message);
    reader.clear();
    CHECK(reader.push("\xEF\xBB\xBF\n{\"success\":false,\"errorMessage\":\"No \\u0022key\\u0022\"} \r\n"));
    CHECK(reader.finish(verdict));
    CHECK_FALSE(verdict.success);
    CHECK(verdict.error_message == "No \"key\"");
    reader.wipe();
    for (char const c : memory) CHECK(c == 0);
    for (std::string_view const text : {"{}", R"({"success":1})", R"({"success":true,"errorMessage":5})", "[]", "null", ""}) {
        INFO(text);
        reader.clear();
        static_cast<void>(reader.push(text));
        CHECK_FALSE(reader.finish(verdict));
    }
}

TEST_CASE("embedded: targets are those of the endpoints", "[embedded]") {
    std::array<char, 256> memory;
    auto const target_of = [](auto const& call) { return ai::build_request(call).value().target; };
    auto const written = [&memory](auto const& write) {
        ai::fixed_buffer out(memory.data(), memory.size());
        CHECK(write(out));
        return std::string(out.view());
    };
    em::list_query wanted;
    CHECK(written([&](ai::fixed_buffer& out) { return em::write_list_target(out, wanted); }) == target_of(ai::connections::list()));
    wanted.skip = 0;
    wanted.take = 1000;
    wanted.filter = "B\xC3\xA4r & co";
    wanted.provider_id = "openai";
    CHECK(written([&](ai::fixed_buffer& out) { return em::write_list_target(out, wanted); }) ==
          target_of(ai::connections::list(ai::skip(0), ai::take(1000), ai::filter("B\xC3\xA4r & co"), ai::provider_id("openai"))));
    for (std::string const which : {"openai-prod", "a b%?#", "3FA85F6457174562B3FC2C963F66AFA6", "\xC3\xA4"}) {
        CHECK(written([&](ai::fixed_buffer& out) { return em::write_get_target(out, which); }) == target_of(ai::connections::get(which)));
        CHECK(written([&](ai::fixed_buffer& out) { return em::write_test_target(out, which); }) == target_of(ai::connections::test(which)));
    }
    auto const id = ai::guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6").value();
    CHECK(written([&](ai::fixed_buffer& out) { return em::write_update_target(out, id, "/cms/api"); }) == "/cms/api/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6");
    for (std::string const which : {"", " ", "a/b", "..", "capabilities", "00000000-0000-0000-0000-000000000000", "\xFF", "a\nb"}) {
        INFO(which);
        ai::fixed_buffer out(memory.data(), memory.size());
        em::outcome const ok = em::write_get_target(out, which);
        ai::failure const reason = ai::build_request(ai::connections::get(which)).error();
        CHECK(ok.code == ai::errc::invalid_argument);
        CHECK(ok.message() == reason.message);
        CHECK(ok.field == reason.field);
        CHECK(out.view().empty());
    }
    wanted.take = 0;
    ai::fixed_buffer out(memory.data(), memory.size());
    CHECK(em::write_list_target(out, wanted).field == "take");
    std::size_t const needed = target_of(ai::connections::get("a b")).size();
    for (std::size_t size = 0; size <= needed; ++size) {
        std::vector<char> exact(size);
        ai::fixed_buffer into(exact.data(), exact.size());
        CHECK(em::write_get_target(into, "a b").code == (size < needed ? ai::errc::buffer_too_small : ai::errc()));
    }
}

namespace {

class update_made {
public:
    em::outcome ok;
    std::string body;
};

update_made make_update(std::string const& text, em::connection_change const& change, std::size_t size = 4096) {
    std::vector<char> memory(text.size() * 2);
    em::connection_view read;
    em::outcome const ok = read_connection(text, memory, read);
    if (!ok) return {ok, {}};
    std::vector<char> body(size);
    ai::fixed_buffer out(body.data(), body.size());
    update_made made{em::write_update(out, read, change), {}};
    made.body = made.ok ? std::string(out.view()) : std::string();
    return made;
}

std::string body_of_library(std::string const& text, bool is_active, std::string const* name = nullptr) {
    auto read = ai::read_json<ai::connection>(text);
    if (!read) return "unreadable";
    read->is_active = is_active;
    if (name != nullptr) read->name = *name;
    auto const id = read->id;
    auto const request = ai::build_request(ai::connections::update(id, ai::connection_update(*std::move(read))));
    return request ? request->body : "refused";
}

std::string with_settings(std::string const& settings, std::string const& more = "") {
    return R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"p","isActive":true,"settings":)" + settings + more + "}";
}

}  // namespace

TEST_CASE("embedded: an update puts back all that was read", "[embedded]") {
    em::connection_change change;
    change.is_active = false;
    change.name = "New \"name\"";
    update_made const made = make_update(whole_connection, change);
    REQUIRE(made.ok);
    CHECK(made.body ==
          R"({"alias":"openai-prod","name":"New \"name\"","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey", "n":1.0,"deep":{"k":[{"q":"\u0041"}]}},"future":{"a":[1e400,"x"]},"tags":["t"]})");
    std::string const name = "New \"name\"";
    CHECK(made.body == body_of_library(whole_connection, false, &name));
    for (std::size_t size = 0; size <= made.body.size(); ++size)
        REQUIRE(make_update(whole_connection, change, size).ok.code == (size < made.body.size() ? ai::errc::buffer_too_small : ai::errc()));
}

TEST_CASE("embedded: an update refuses what the library refuses", "[embedded]") {
    em::connection_change none;
    auto const code = [&none](std::string const& text) { return make_update(text, none).ok.code; };
    for (char const* mask : {R"("sk-***")", R"("•")", R"("\u2022\u2022\u2022x")", R"(["**"])", R"({"k":"*\u002A*"})"}) {
        INFO(mask);
        std::string const text = with_settings(std::string(R"({"x":1,"api\u004Bey":)") + mask + "}");
        CHECK(code(text) == ai::errc::masked_value);
        CHECK(body_of_library(text, true) == "refused");
    }
    em::outcome const masked = make_update(with_settings(R"({"endpoint":"x","apiKey":"sk-***"})"), none).ok;
    CHECK(masked.field == "settings");
    CHECK(masked.who() == ai::fault::usage);
    CHECK(code(with_settings(R"({"a":1,"\u0061":2})")) == ai::errc::invalid_argument);
    CHECK(code(with_settings(R"({"n":[{"a":1,"b":2,"a":3}]})")) == ai::errc::invalid_argument);
    CHECK(code(with_settings("{}", R"(,"other":{"k":"***"})")) == ai::errc::masked_value);
    CHECK(code(with_settings("{}", R"(,"ALIAS":"***")")) == ai::errc());
    CHECK(make_update(with_settings("null"), none).body == body_of_library(with_settings("null"), true));
    CHECK(make_update(with_settings(R"({"apiKey":"ENC:abc"})"), none).body == body_of_library(with_settings(R"({"apiKey":"ENC:abc"})"), true));
    CHECK(make_update(with_settings("{}", R"(,"a\u0062c":[1],"VERSION":2)"), none).body == R"({"alias":"a","name":"A","isActive":true,"settings":{},"a\u0062c":[1]})");
}

TEST_CASE("embedded: what an update changes is checked", "[embedded]") {
    std::string const text = with_settings(R"({"apiKey":"sk-***"})");
    auto const with = [](auto set) {
        em::connection_change change;
        change.settings = "{}";
        set(change);
        return change;
    };
    using change = em::connection_change;
    CHECK(make_update(text, with([](change&) {})).body == R"({"alias":"a","name":"A","isActive":true,"settings":{}})");
    CHECK(make_update(text, with([](change& c) { c.name = " "; })).ok.field == "name");
    CHECK(make_update(text, with([](change& c) { c.name = "\xFF"; })).ok.field == "name");
    std::string const long_name(256, 'x');
    CHECK(make_update(text, with([&](change& c) { c.name = long_name; })).ok.field == "name");
    CHECK(make_update(text, with([](change& c) { c.alias = "Not This"; })).ok.field == "alias");
    CHECK(make_update(text, with([](change& c) { c.alias = "this"; })).ok);
    for (char const* settings : {"", "null", "[]", "{", "{} x", "\"x\"", R"({"a":"***"})", R"({"a":1,"a":2})", R"({"a":"ENC:x"})", R"({"a":"$ x"})", "{\"a\":\"\xFF\"}"}) {
        INFO(settings);
        em::outcome const ok = make_update(text, with([&](change& c) { c.settings = settings; })).ok;
        CHECK(ok.who() == ai::fault::usage);
        CHECK(ok.field == "settings");
    }
    CHECK(make_update(text, with([](change& c) { c.settings = R"({"apiKey":"$A:b"})"; })).ok);
    std::string const deep = "{\"a\":" + std::string(30, '[') + std::string(30, ']') + "}";
    std::string const deeper = "{\"a\":" + std::string(31, '[') + std::string(31, ']') + "}";
    CHECK(make_update(text, with([&](change& c) { c.settings = deep; })).ok);
    CHECK_FALSE(make_update(text, with([&](change& c) { c.settings = deeper; })).ok);
    std::string many = "{\"k\":0";
    for (int i = 0; i < 300; ++i) many += ",\"k" + std::to_string(i) + "\":0";
    CHECK_FALSE(make_update(with_settings(many + "}"), em::connection_change(), 16384).ok);
}

TEST_CASE("embedded: an update of a mutated connection is the library's, or refused", "[embedded]") {
    mutator mutate(11);
    std::string differing;
    std::size_t good = 0;
    std::size_t refused = 0;
    std::string const masked = with_settings(R"({"apiKey":"sk-**","b":{"c":"*\u002a","b":1}})", R"(,"other":[{"k":"**"}])");
    for (std::string const& seed : {std::string(whole_connection), masked}) {
        for (int i = 0; i < 4000; ++i) {
            std::string const text = mutate(seed);
            if (!ai::read_json<ai::connection>(text)) continue;
            update_made const made = make_update(text, em::connection_change());
            std::string const expected = body_of_library(text, ai::read_json<ai::connection>(text)->is_active);
            (made.ok ? good : refused) += 1;
            if (made.ok && made.body == expected) continue;
            if (!made.ok && expected == "refused") continue;
            differing += text + "\n  " + made.body + "\n  " + expected + "\n";
        }
    }
    CHECK(differing == "");
    CHECK(good > 500);
    CHECK(refused > 20);
}

TEST_CASE("embedded: a status is an answer or a reason", "[embedded]") {
    using ai::http_method;
    CHECK(em::outcome_of_status(200, http_method::get));
    CHECK(em::outcome_of_status(201, http_method::post));
    CHECK(em::outcome_of_status(204, http_method::put));
    for (int status : {0, 100, 199, 202, 206, 226, 302, 400, 401, 403, 404, 405, 409, 413, 415, 500, 503, 999})
        for (http_method const method : {http_method::get, http_method::post, http_method::put, http_method::delete_}) {
            INFO(status);
            ai::http_response const response(status, "{}");
            auto const refused = ai::detail::refusal_of(response, method);
            REQUIRE(refused);
            em::outcome const ok = em::outcome_of_status(status, method);
            CHECK(ok.status == status);
            CHECK(ok.who() == refused->who);
        }
    CHECK_FALSE(em::outcome_of_status(201, http_method::get));
    CHECK_FALSE(em::outcome_of_status(204, http_method::get));
    CHECK(em::outcome(ai::errc::malformed_json).message() == "malformed JSON");
}

namespace {

/// A line whose other end answers with what is given, byte by byte.
class serial_line {
public:
    explicit serial_line(std::string answers) : answers_(std::move(answers)) {}

    void send(std::string_view bytes) { sent += bytes; }
    std::string_view receive() {
        std::string_view const piece = std::string_view(answers_).substr(at_, 1);
        at_ += piece.size();
        return piece;
    }

    std::string sent;

private:
    std::string answers_;
    std::size_t at_ = 0;
};

template <class F>
em::outcome call(serial_line& line, ai::http_method method, std::string_view target, std::string_view body, F&& on_body) {
    std::array<ai::http1::header_view, 2> const headers{ai::http1::header_view("Accept", "application/json"),
                                                        ai::http1::header_view("Content-Type", "application/json")};
    ai::http1::request_view request(method, ai::http1::origin_view(false, "cms.example.com", 80), target);
    request.headers = std::span(headers).first(body.empty() ? 1 : 2);
    request.body = body;

    std::array<char, 1024> request_memory;
    ai::fixed_buffer out(request_memory.data(), request_memory.size());
    if (auto const defect = ai::http1::write_request(out, request)) return em::outcome(ai::errc::invalid_argument, defect.text);
    if (out.overflowed()) return em::outcome(ai::errc::buffer_too_small);
    line.send(out.view());

    std::array<char, 256> line_memory;
    em::answer_reader answer(line_memory, method);
    while (answer.wants_more()) {
        std::string_view const piece = line.receive();
        if (piece.empty()) return answer.end();
        static_cast<void>(answer.push(piece, on_body));
    }
    return answer.result();
}

em::outcome list_active(serial_line& line, std::size_t& active) {
    std::array<char, 128> target_memory;
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    em::list_query wanted;
    wanted.take = 1000;
    if (auto ok = em::write_list_target(target, wanted); !ok) return ok;

    std::array<char, 512> item_memory;
    em::page_reader page(item_memory);
    auto const on_item = [&active](em::connection_item_view const& item) { active += item.is_active ? 1U : 0U; };
    auto const on_body = [&](std::string_view piece) { return page.push(piece, on_item); };
    if (auto ok = call(line, ai::http_method::get, target.view(), {}, on_body); !ok) return ok;
    return page.finish();
}

em::outcome switch_off(serial_line& line, std::string_view alias) {
    std::array<char, 128> target_memory;
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    if (auto ok = em::write_get_target(target, alias); !ok) return ok;

    std::array<char, 1024> answer_memory;
    em::value_reader answer(answer_memory);
    auto const on_body = [&answer](std::string_view piece) { return answer.push(piece); };
    if (auto ok = call(line, ai::http_method::get, target.view(), {}, on_body); !ok) return ok;
    em::connection_view read;
    if (auto ok = answer.finish(read); !ok) return ok;

    em::connection_change change;
    change.is_active = false;
    std::array<char, 1024> body_memory;
    ai::fixed_buffer body(body_memory.data(), body_memory.size());
    if (auto ok = em::write_update(body, read, change); !ok) return ok;
    target.clear();
    if (auto ok = em::write_update_target(target, read.id); !ok) return ok;
    return call(line, ai::http_method::put, target.view(), body.view(), [](std::string_view) { return em::outcome(); });
}

std::string http_answer(std::string_view body, std::string_view head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n") {
    return std::string(head) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Reads an answer whose body nobody wants, cut into two pieces.
em::outcome read_answer(std::string_view bytes, ai::http_method method, std::size_t cut, std::string& body) {
    std::array<char, 64> memory;
    em::answer_reader answer(memory, method, 100);
    auto const keep = [&body](std::string_view piece) {
        body += piece;
        return em::outcome();
    };
    static_cast<void>(answer.push(bytes.substr(0, cut), keep));
    static_cast<void>(answer.push(bytes.substr(cut), keep));
    return answer.end();
}

}  // namespace

TEST_CASE("embedded: a list and an update over a line", "[embedded]") {
    serial_line list(http_answer(documented_page));
    std::size_t active = 0;
    CHECK(list_active(list, active));
    CHECK(active == 1);
    CHECK(list.sent == "GET /umbraco/ai/management/api/v1/connections?take=1000 HTTP/1.1\r\nHost: cms.example.com\r\nAccept: application/json\r\n\r\n");

    serial_line line(http_answer(whole_connection) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(switch_off(line, "openai-prod"));
    std::string const body =
        R"({"alias":"openai-prod","name":"Café","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey", "n":1.0,"deep":{"k":[{"q":"\u0041"}]}},"future":{"a":[1e400,"x"]},"tags":["t"]})";
    CHECK(line.sent == "GET /umbraco/ai/management/api/v1/connections/openai-prod HTTP/1.1\r\nHost: cms.example.com\r\nAccept: application/json\r\n\r\n"
                       "PUT /umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6 HTTP/1.1\r\nHost: cms.example.com\r\nAccept: application/json\r\n"
                       "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    serial_line silent("HTTP/1.1 200");
    CHECK(list_active(silent, active).code == ai::errc::connection_closed);
    serial_line masked(http_answer(with_settings(R"({"k":"sk-***"})")));
    CHECK(switch_off(masked, "a").code == ai::errc::masked_value);
    CHECK(masked.sent.find("PUT") == std::string::npos);
}

TEST_CASE("embedded: an answer is judged the same wherever it is cut", "[embedded]") {
    using ai::errc;
    auto const code = [](std::string const& bytes, ai::http_method method = ai::http_method::get) {
        std::string whole_body;
        em::outcome const whole = read_answer(bytes, method, bytes.size(), whole_body);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            std::string body;
            REQUIRE(read_answer(bytes, method, cut, body).code == whole.code);
            REQUIRE(body == whole_body);
        }
        return whole.code;
    };
    CHECK(code(http_answer("{}")) == errc());
    CHECK(code(http_answer("{}", "HTTP/1.1 200 -\r\nX-Long: " + std::string(100, 'x') + "\r\n")) == errc());
    CHECK(code("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n") == errc());
    CHECK(code("HTTP/1.1 204 -\r\n\r\n", ai::http_method::put) == errc());
    CHECK(code(http_answer("{}", "HTTP/1.1 200 -\r\nContent-Type: application/problem+json\r\n")) == errc());
    CHECK(code(http_answer("<", "HTTP/1.1 200 -\r\nContent-Type: text/html; charset=utf-8\r\n")) == errc::not_signed_in);
    CHECK(code(http_answer("x", "HTTP/1.1 200 -\r\nContent-Type: text/plain\r\n")) == errc::not_json);
    CHECK(code(http_answer("{}", "HTTP/1.1 404 -\r\n")) == errc::not_found);
    CHECK(code(http_answer("", "HTTP/1.1 302 -\r\nLocation: /login\r\n")) == errc::not_signed_in);
    CHECK(code("HTTP/1.1 200 -\r\nContent-Length: 101\r\n\r\n") == errc::body_too_large);
    CHECK(code("HTTP/1.1 200 -\r\nContent-Length: 5\r\n\r\n{}") == errc::connection_closed);
    CHECK(code("SSH-2.0-x") == errc::malformed_response);
    CHECK(code("") == errc::connection_closed);

    std::array<char, 64> memory;
    em::answer_reader answer(memory, ai::http_method::get);
    auto const refuse = [](std::string_view) { return em::outcome(errc::cancelled); };
    CHECK(answer.push(http_answer("{}{}"), refuse).code == errc::cancelled);
    CHECK_FALSE(answer.wants_more());
    CHECK(answer.end().code == errc::cancelled);
}

TEST_CASE("embedded: a write may have been applied where its answer is lost or broken", "[embedded]") {
    using ai::errc;
    using ai::http_method;
    CHECK(em::outcome(errc::connection_closed).possibly_applied(http_method::put));
    CHECK_FALSE(em::outcome(errc::connection_closed).possibly_applied(http_method::get));
    CHECK_FALSE(em::outcome(errc::masked_value).possibly_applied(http_method::put));
    CHECK(em::outcome_of_status(500, http_method::put).possibly_applied(http_method::put));
    CHECK_FALSE(em::outcome_of_status(400, http_method::put).possibly_applied(http_method::put));
    CHECK_FALSE(em::outcome().possibly_applied(http_method::put));
}

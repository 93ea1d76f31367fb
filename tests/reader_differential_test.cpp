// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/core.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;

namespace {

using json = nlohmann::json;

/// A copy without a byte behind its end, so that a sanitizer sees what reads beyond it.
class exact_copy {
public:
    explicit exact_copy(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
        if (size_ != 0) std::memcpy(bytes_.get(), text.data(), size_);
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

/// Builds nlohmann's tree with our reader. Of a number only the grammar is ours.
bool build(json_reader& reader, json& out) {
    switch (reader.peek()) {
        case json_kind::object: {
            out = json::object();
            return reader.read_object([&](json_key const& key) {
                json value;
                if (!build(reader, value)) return false;
                out[std::string(key.name)] = std::move(value);
                return true;
            });
        }
        case json_kind::array: {
            out = json::array();
            return reader.read_array([&](std::size_t) {
                json value;
                if (!build(reader, value)) return false;
                out.push_back(std::move(value));
                return true;
            });
        }
        case json_kind::string: {
            std::string text = "left over, and longer than what fits without the heap";
            if (!reader.read_string(text)) return false;
            out = std::move(text);
            return true;
        }
        case json_kind::boolean: {
            bool value = false;
            if (!reader.read_boolean(value)) return false;
            out = value;
            return true;
        }
        case json_kind::null: out = nullptr; return reader.read_null();
        case json_kind::number:
        case json_kind::invalid: break;
    }
    std::string_view raw;
    if (!reader.read_raw(raw)) return false;
    out = json::parse(raw.begin(), raw.end(), nullptr, false);
    return true;
}

bool has_repeated_key(std::string_view text) { return detail::inspect_json(text, "$").repeated_key.has_value(); }

/// nlohmann stops at a number that no double holds, and takes a zero byte for the end.
bool is_beyond_nlohmann(std::string const& text) {
    if (text.find('\0') != std::string::npos) return true;
    try {
        json const tree = json::parse(text);
        return tree.is_discarded();
    } catch (json::out_of_range const&) {
        return true;
    } catch (json::exception const&) {
        return false;
    }
}

// --- the models as a hand-written reader over nlohmann's tree would read them ---

json const* member(json const& object, char const* name) {
    auto const found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

bool text_of(json const& object, char const* name, std::string& out) {
    auto const* value = member(object, name);
    if (value == nullptr || !value->is_string()) return false;
    out = value->get<std::string>();
    return true;
}

/// A date that is no string keeps its bytes, which a tree does not have; `false` in `whole` says so.
bool date_of(json const& object, char const* name, std::optional<timestamp>& out, bool& whole) {
    auto const* value = member(object, name);
    if (value == nullptr || value->is_null()) return true;
    if (value->is_string()) out = timestamp(value->get<std::string>());
    else whole = false;
    return true;
}

template <class Model>
bool common_of(json const& object, Model& out, bool& whole) {
    std::string id;
    auto const* active = object.is_object() ? member(object, "isActive") : nullptr;
    if (active == nullptr || !active->is_boolean()) return false;
    out.is_active = active->get<bool>();
    if (!text_of(object, "id", id) || !text_of(object, "alias", out.alias) || !text_of(object, "name", out.name) || !text_of(object, "providerId", out.provider_id)) return false;
    auto const parsed = guid::parse(id);
    if (!parsed) return false;
    out.id = *parsed;
    if (auto const* version = member(object, "version"); version != nullptr && !version->is_null()) {
        if (!version->is_number_integer() || (version->is_number_unsigned() && version->get<std::uint64_t>() > 9223372036854775807U)) return false;
        out.version = version->get<std::int64_t>();
    }
    return date_of(object, "dateCreated", out.date_created, whole) && date_of(object, "dateModified", out.date_modified, whole);
}

std::optional<connection_item> item_of(json const& tree, bool& whole) {
    connection_item out;
    if (!tree.is_object() || !common_of(tree, out, whole)) return std::nullopt;
    return out;
}

std::optional<page<connection_item>> page_of(json const& tree, bool& whole) {
    if (!tree.is_object()) return std::nullopt;
    page<connection_item> out;
    auto const* items = member(tree, "items");
    auto const* total = member(tree, "total");
    if (items == nullptr || !items->is_array() || total == nullptr || !total->is_number_integer()) return std::nullopt;
    if (total->is_number_unsigned() && total->get<std::uint64_t>() > 9223372036854775807U) return std::nullopt;
    out.total = total->get<std::int64_t>();
    for (json const& item : *items) {
        auto read = item_of(item, whole);
        if (!read) return std::nullopt;
        out.items.push_back(*std::move(read));
    }
    return out;
}

bool same(connection_item const& a, connection_item const& b) {
    return a.id == b.id && a.alias == b.alias && a.name == b.name && a.provider_id == b.provider_id && a.is_active == b.is_active && a.version == b.version;
}

bool same_dates(connection_item const& a, connection_item const& b) { return a.date_created == b.date_created && a.date_modified == b.date_modified; }

/// Compares what our reader makes of a text with what nlohmann makes of it; gives what differs, or null.
class comparison {
public:
    int accepted = 0;
    int values = 0;

    char const* of(std::string const& text) {
        exact_copy const copy(text);
        json const tree = json::parse(text, nullptr, false);
        bool const good = !tree.is_discarded() && text.find('\0') == std::string::npos;

        json built;
        json_reader reader(copy.view(), 1024);
        bool const ours = build(reader, built) && reader.finish();
        json_reader skipper(copy.view(), 1024);
        if ((skipper.skip_value() && skipper.finish()) != ours) return "skipping and reading judge differently";
        if (skipper.failed() && skipper.error() != reader.error()) return "skipping and reading fail differently";
        if (ours != good && !(ours && is_beyond_nlohmann(text))) return ours ? "taken, though nlohmann refuses it" : "refused, though nlohmann takes it";
        if (ours && good && built != tree) return "read to another value";
        accepted += ours ? 1 : 0;
        if (ours && !good) return nullptr;

        if (auto const* found = compare_page(copy.view(), tree, good)) return found;
        return compare_connection(copy.view(), tree, good);
    }

private:
    char const* compare_page(std::string_view text, json const& tree, bool good) {
        auto const read = read_json<page<connection_item>>(text);
        bool whole = true;
        auto const expected = good ? page_of(tree, whole) : std::nullopt;
        if (read && !expected) return "a page is read from what is none";
        if (!read) return !expected || has_repeated_key(text) ? nullptr : "a page is refused";
        ++values;
        if (read->total != expected->total || read->items.size() != expected->items.size()) return "a page of another size";
        for (std::size_t i = 0; i < read->items.size(); ++i) {
            if (!same(read->items[i], expected->items[i])) return "another item";
            if (whole && !same_dates(read->items[i], expected->items[i])) return "another date";
        }
        return nullptr;
    }

    char const* compare_connection(std::string_view text, json const& tree, bool good) {
        auto const read = read_json<connection>(text);
        bool whole = true;
        connection_item expected;
        bool const is_connection = good && tree.is_object() && common_of(tree, expected, whole) && tree.contains("settings");
        if (read && !is_connection) return "a connection is read from what is none";
        if (!read) return !is_connection || has_repeated_key(text) ? nullptr : "a connection is refused";
        ++values;
        connection_item got;
        got.id = read->id;
        got.alias = read->alias;
        got.name = read->name;
        got.provider_id = read->provider_id;
        got.is_active = read->is_active;
        got.version = read->version;
        got.date_created = read->date_created;
        got.date_modified = read->date_modified;
        if (!same(got, expected)) return "another connection";
        if (whole && !same_dates(got, expected)) return "another date of a connection";
        if (json::parse(read->settings.json()) != tree["settings"]) return "other settings";
        for (auto const& [name, value] : tree.items()) {
            if (is_field(name)) continue;
            if (read->unknown.find(name).empty() || json::parse(read->unknown.find(name)) != value) return "another unknown member";
        }
        return nullptr;
    }

    static bool is_field(std::string const& name) {
        bool found = false;
        for_each_field<connection>([&]<class Row>(Row) { found = found || Row::name == name; });
        return found;
    }
};

std::vector<std::string> bodies() {
    std::vector<std::string> made;
    for (auto const& file : tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR)) {
        std::size_t const begin = file.response_bytes.find("\r\n\r\n");
        if (begin == std::string::npos) continue;
        std::size_t const first = file.response_bytes.find_first_of("{[", begin);
        std::size_t const last = file.response_bytes.find_last_of("}]");
        if (first == std::string::npos || last == std::string::npos || last < first || last - first > 900) continue;
        std::string body = file.response_bytes.substr(first, last - first + 1);
        if (json::accept(body)) made.push_back(std::move(body));
    }
    std::string const item = R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"n","providerId":"openai","isActive":true,"dateCreated":"2026-11-22T14:45:30.127Z","dateModified":null,"version":1})";
    made.push_back(R"({"items":[],"total":0})");
    made.push_back(R"({"total":2,"items":[)" + item + ',' + item + "]}");
    made.push_back(R"({"items":[{"version":-3,"alias":"\u00e4\ud83d\ude00","id":"{3FA85F64-5717-4562-B3FC-2C963F66AFA6}","providerId":"microsoft-foundry-and-more","name":"K\u00f6ln \"x\" \\ \/\b\f\n\r\t","isActive":false}, )" + item + R"(],"total":9223372036854775807})");
    made.push_back(R"({"items":[)" + item + R"(],"total":1,"more":{"a":[1,2.5e3,-0.0,null,true,"\u0000"]}})");
    made.push_back("{\n  \"alias\" : \"B\xC3\xBCro \xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x98\x80 and a text of more than sixteen bytes\",\n\t\"id\":\"3fa85f6457174562b3fc2c963f66afa6\" , \"name\":\"\", \"providerId\":\"x\",\r\n"
                   "\"isActive\":true, \"settings\": {\"apiKey\":\"$A:B\",\"n\":1e5, \"list\":[[],{}]} , \"dateCreated\":5, \"al\\u0069as2\":\"k\", \"version\":\n7 }");
    return made;
}

/// Texts that differ from a good one in a few bytes, or in nothing but how it is written.
class mutator {
public:
    explicit mutator(std::uint32_t seed) : random_(seed), bodies_(bodies()) {}

    [[nodiscard]] std::size_t size() const { return bodies_.size(); }

    std::string next() {
        std::string text = bodies_[below(bodies_.size())];
        if (below(4) == 0) rewrite(text);
        for (std::size_t changes = below(4); changes > 0 && !text.empty(); --changes) change(text);
        return text;
    }

private:
    // The generator's numbers are the same everywhere; those of distributions are not.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_()) % end; }

    void change(std::string& text) {
        constexpr std::string_view spice = "\"\\{}[]:,0123456789.-+eEunftrl \n\t\x01\x7F\x80\xC3\xE2\xED\xF0\xFF";
        constexpr std::string_view words[] = {"\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\n", "\xC3\xA4", "\xE6\x9D\xB1", "\xF0\x9F\x98\x80", "\xED\xA0\x80", "\xC0\x80", "null", "1e400", "-0", "0.10", "1E+2", "{}", "[]", "\"\"", "                 ", "9223372036854775808", "\"id\":", "\"version\":1,", "\"total\":3,"};
        std::size_t const at = below(text.size());
        switch (below(8)) {
            case 0: text[at] = spice[below(spice.size())]; break;
            case 1: text.insert(at, 1, spice[below(spice.size())]); break;
            case 2: text.erase(at, 1 + below(4)); break;
            case 3: text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8))); break;
            case 4: text.insert(at, text.substr(below(text.size()), 1 + below(24))); break;
            case 5: text.insert(at, words[below(std::size(words))]); break;
            case 6: {
                std::string const& other = bodies_[below(bodies_.size())];
                text.insert(at, other.substr(below(other.size()), below(40)));
                break;
            }
            default: text.resize(at); break;
        }
    }

    /// Another order of members, blanks between them, or escapes in place of characters.
    void rewrite(std::string& text) {
        json const tree = json::parse(text);
        if (below(2) == 0) text = tree.dump(static_cast<int>(below(4)), below(2) == 0 ? ' ' : '\t', below(2) == 0);
        if (below(2) == 0 && tree.is_object() && !tree.empty()) {
            std::vector<std::string> members;
            for (auto const& [name, value] : tree.items()) members.push_back(json(name).dump() + ':' + value.dump());
            for (std::size_t i = members.size() - 1; i > 0; --i) std::swap(members[i], members[below(i + 1)]);
            text = "{";
            for (std::string const& one : members) text += (text.size() > 1 ? "," : "") + one;
            text += '}';
        }
    }

    std::mt19937 random_;
    std::vector<std::string> bodies_;
};

std::string readable(std::string_view text) {
    std::string made;
    for (char const c : text) {
        constexpr char hex[] = "0123456789ABCDEF";
        if (c >= ' ' && c < '\x7F') made += c;
        else made.append("\\x").append(1, hex[static_cast<unsigned char>(c) >> 4]).append(1, hex[c & 15]);
    }
    return made;
}

std::uint32_t number_from_environment(char const* name, std::uint32_t otherwise) {
    char const* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace

// UMBRACO_AI_MUTATIONS and UMBRACO_AI_MUTATION_SEED set how many, and which.
TEST_CASE("what the reader refuses and what it reads is what nlohmann refuses and reads") {
    mutator mutations(number_from_environment("UMBRACO_AI_MUTATION_SEED", 20260101));
    REQUIRE(mutations.size() > 100);
    std::uint32_t const rounds = number_from_environment("UMBRACO_AI_MUTATIONS", 6000);
    comparison compare;
    for (std::uint32_t round = 0; round < rounds; ++round) {
        std::string const text = mutations.next();
        if (char const* const difference = compare.of(text)) FAIL(difference << ", round " << round << ": " << readable(text));
    }
    // Neither nearly all nor nearly none are good, and many are whole models.
    CHECK(compare.accepted > static_cast<int>(rounds / 8));
    CHECK(compare.accepted < static_cast<int>(rounds / 8 * 7));
    CHECK(compare.values > static_cast<int>(rounds / 50));
}

TEST_CASE("every cut of an answer is refused as nlohmann refuses it") {
    comparison compare;
    for (std::string const& body : bodies())
        if (body.size() < 400)
            for (std::size_t length = 0; length <= body.size(); ++length)
                if (char const* const difference = compare.of(body.substr(0, length))) FAIL(difference << ": " << readable(body.substr(0, length)));
    CHECK(compare.accepted > 50);
}

TEST_CASE("a special byte is found wherever it stands") {
    using detail::plain_scan;
    using detail::scan;
    for (std::size_t length = 0; length < 70; ++length) {
        std::string const plain(length, 'x');
        std::string const blank(length, ' ');
        for (std::size_t at = 0; at <= length; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                if (at == length && byte > 0) break;
                std::string text = plain;
                std::string blanks = blank;
                if (at < length) text[at] = blanks[at] = static_cast<char>(byte);
                exact_copy const copy(text);
                exact_copy const blank_copy(blanks);
                char const* const begin = copy.view().data();
                char const* const blank_begin = blank_copy.view().data();
                bool const same_stop = scan::skip_plain(begin, begin + length) == plain_scan::skip_plain(begin, begin + length) &&
                                       scan::skip_blanks(blank_begin, blank_begin + length) == plain_scan::skip_blanks(blank_begin, blank_begin + length);
                if (!same_stop) FAIL("byte " << byte << " at " << at << " of " << length);
            }
        }
    }
    SUCCEED();
}

TEST_CASE("a name of a table is found among all others") {
    static constexpr std::array<std::string_view, 12> names{"", "a", "b", "ab", "ba", "id", "alias", "name12", "dateCreated", "dateModified", "a name of more than sixteen bytes", "a name of more then sixteen bytes"};
    static constexpr detail::name_storage<12> storage(names);
    constexpr detail::name_table table(storage);
    for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(table.find(names[i]) == i);
        CHECK(table.find(std::string(names[i]) + "x") == names.size());
        std::string const quoted = '"' + std::string(names[i]) + "\":                ";
        bool const is_short = names[i].size() <= 13;
        CHECK(table[i].match(quoted.data(), quoted.data() + quoted.size()) == (is_short ? names[i].size() + 3 : 0));
        CHECK(table[(i + 1) % names.size()].match(quoted.data(), quoted.data() + quoted.size()) == 0);
    }
    static_assert(storage.multiplier == 0, "two names of one print can have no perfect hash");
    static constexpr std::array<std::string_view, 3> few{"items", "total", "Items"};
    static constexpr detail::name_storage<3> few_storage(few);
    static_assert(few_storage.multiplier != 0);
    static_assert(detail::name_table(few_storage).find("Items") == 2 && detail::name_table(few_storage).find("item") == 3);
}

TEST_CASE("hex digits are told from all other bytes wherever they stand") {
    char text[33] = "00112233445566778899aAbBcCdDeEfF";
    auto const decode = [&](auto decoder, std::uint8_t* out) {
        detail::hex_words words;
        for (std::size_t i = 0; i < 4; ++i) words[i] = detail::load_bytes<8>(text + 8 * i);
        return decltype(decoder)::decode(words, out);
    };
    for (std::size_t at = 0; at < 32; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            char const before = std::exchange(text[at], static_cast<char>(byte));
            std::uint8_t fast[16]{};
            std::uint8_t plain[16]{};
            bool const is_hex = detail::hex_value(static_cast<char>(byte)) >= 0;
            bool const fast_good = decode(detail::hex_decoder(), fast);
            if (fast_good != is_hex || decode(detail::plain_hex(), plain) != is_hex) FAIL("byte " << byte << " at " << at);
            for (std::size_t i = 0; is_hex && i < 16; ++i) {
                auto const expected = static_cast<std::uint8_t>(detail::hex_value(text[2 * i]) << 4 | detail::hex_value(text[2 * i + 1]));
                if (fast[i] != expected || plain[i] != expected) FAIL("byte " << byte << " at " << at);
            }
            text[at] = before;
        }
    }
    SUCCEED();
}

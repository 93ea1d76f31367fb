// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_INPUTS_HPP
#define UMBRACO_AI_BENCHMARKS_INPUTS_HPP

#include "harness.hpp"

#include <umbraco_ai/core.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What all who read or write are given: the recorded page and connection, and the same page written in other ways. All read
/// into the library's models, so that what differs is the reading alone.
namespace bench {

using page_model = umbraco_ai::page<umbraco_ai::connection_item>;

/// 100 items.
inline std::string page_text() { return recorded_body("232-list-250-default.http"); }

/// The members of each item in an order of their own.
inline std::string shuffled_page_text() {
    auto const page = nlohmann::ordered_json::parse(page_text());
    std::mt19937 random(20260101);
    std::string text = R"({"total":)" + page["total"].dump() + R"(,"items":[)";
    for (auto const& item : page["items"]) {
        std::vector<std::string> members;
        for (auto const& [name, value] : item.items()) members.push_back('"' + name + "\":" + value.dump());
        for (std::size_t i = members.size() - 1; i > 0; --i) std::swap(members[i], members[random() % (i + 1)]);
        text += '{';
        for (auto const& member : members) text += member + ',';
        text.back() = '}';
        text += ',';
    }
    text.back() = ']';
    return text + '}';
}

/// Names and aliases with escapes and beyond ASCII; every other item is escaped whole, as servers write it.
inline std::string escaped_page_text() {
    auto page = nlohmann::ordered_json::parse(page_text());
    std::string text = R"({"items":[)";
    bool escaped = false;
    for (auto& item : page["items"]) {
        item["name"] = "K\xC3\xB6ln \"B\xC3\xBCro\" \\ " + item["name"].get<std::string>() + " \xE6\x9D\xB1\xE4\xBA\xAC\n\xF0\x9F\x98\x80";
        item["alias"] = item["alias"].get<std::string>() + "-\xC3\xA4\xC3\xB6\xC3\xBC";
        escaped = !escaped;
        text += item.dump(-1, ' ', escaped) + ',';
    }
    text.back() = ']';
    return text + R"(,"total":)" + page["total"].dump() + '}';
}

inline std::string pretty_page_text() { return nlohmann::ordered_json::parse(page_text()).dump(2); }

/// A connection with settings, whose key the server could decrypt.
inline std::string connection_text() {
    std::string text = recorded_body("509-keyring-get.http");
    return text.replace(text.find("ENC:"), 4, "sk-proj-");
}

/// What is written by PUT.
inline umbraco_ai::connection_update update_to_write() {
    return umbraco_ai::connection_update(umbraco_ai::read_json<umbraco_ai::connection>(connection_text()).value());
}

/// Ends the run where a contestant does not read what is written, so that nobody is fast by reading less.
inline void expect_page(page_model const& read, std::string_view text) {
    if (!(umbraco_ai::read_json<page_model>(text).value() == read)) throw std::runtime_error("a contestant reads another page");
}

}  // namespace bench

#endif

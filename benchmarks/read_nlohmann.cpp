// SPDX-License-Identifier: MIT
// After the manual: the tree is parsed, then from_json moves its texts into the model.
#include "read_peers.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

inline void from_json(nlohmann::json const& json, connection_item& into) {
    into.id = bench::guid_of(json.at("id").get_ref<std::string const&>());
    json.at("alias").get_to(into.alias);
    json.at("name").get_to(into.name);
    json.at("providerId").get_to(into.provider_id);
    json.at("isActive").get_to(into.is_active);
    into.date_created = timestamp(json.at("dateCreated").get_ref<std::string const&>());
    into.date_modified = timestamp(json.at("dateModified").get_ref<std::string const&>());
    into.version = json.at("version").get<std::int64_t>();
}

inline void from_json(nlohmann::json const& json, page<connection_item>& into) {
    json.at("items").get_to(into.items);
    json.at("total").get_to(into.total);
}

UMBRACO_AI_END_NAMESPACE

namespace bench {
namespace {

class nlohmann_reader {
public:
    page_model page(std::string const& text) { return nlohmann::json::parse(text).get<page_model>(); }

    read_connection<nlohmann::json> one(std::string const& text) {
        auto json = nlohmann::json::parse(text);
        read_connection<nlohmann::json> made;
        json.get_to(made.item);
        made.settings = std::move(json.at("settings"));
        return made;
    }
};

read_registrations<nlohmann_reader> const all("nlohmann");

}  // namespace
}  // namespace bench

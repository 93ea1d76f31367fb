// SPDX-License-Identifier: MIT
// The same by hand with nlohmann/json.
#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <optional>
#include <string>

struct connection {
    std::string id, alias, name, provider_id;
    std::optional<std::string> created, modified;
    bool is_active = true;
    int version = 0;
    std::map<std::string, nlohmann::json> settings;
};

void from_json(nlohmann::json const& json, connection& into) {
    json.at("id").get_to(into.id);
    json.at("alias").get_to(into.alias);
    json.at("name").get_to(into.name);
    json.at("providerId").get_to(into.provider_id);
    json.at("isActive").get_to(into.is_active);
    json.at("version").get_to(into.version);
    if (json.contains("dateCreated")) into.created = json.at("dateCreated").get<std::string>();
    if (json.contains("dateModified")) into.modified = json.at("dateModified").get<std::string>();
    if (!json.at("settings").is_null()) json.at("settings").get_to(into.settings);
}

std::string target_of(std::string const& alias) {
    std::string made = "/umbraco/ai/management/api/v1/connections/";
    for (unsigned char const c : alias) {
        char text[4];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~') made += static_cast<char>(c);
        else made.append(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%%%02X", c)));
    }
    return made;
}

int main(int count, char** values) {
    if (count < 2) return 2;
    std::printf("%s\n", target_of("openai-prod").c_str());
    try {
        auto const found = nlohmann::json::parse(values[1]).get<connection>();
        std::printf("%s\n", found.name.c_str());
    } catch (nlohmann::json::exception const& error) {
        std::printf("%s\n", error.what());
    }
}

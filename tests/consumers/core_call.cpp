// SPDX-License-Identifier: MIT
#include <umbraco_ai/core.hpp>

#include <umbraco_ai/testing/in_memory_api.hpp>

#include <cstdio>

#if defined(UMBRACO_AI_CONSUMER_WITHOUT_BOOST) && __has_include(<boost/version.hpp>)
#error "Boost is in reach"
#endif

namespace ai = umbraco_ai;

int main() {
    ai::testing::in_memory_api site(ai::testing::dialect::documented);
    ai::client cms(site, "https://cms.example.com");
    auto made = cms.connections().create(ai::connection_draft("main", "Main", "openai"));
    if (!made) return 1;
    auto read = cms.connections().get("main");
    if (!read) return 2;
    std::printf("%s: %s\n", read->alias.c_str(), read->name.c_str());
    return read->id == made->id ? 0 : 3;
}

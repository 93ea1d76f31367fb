// SPDX-License-Identifier: MIT
#include <umbraco_ai/umbraco_ai.hpp>

#include <umbraco_ai/testing.hpp>

#include <iostream>

namespace ai = umbraco_ai;

int main() {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    site.add(ai::testing::stored_connection("main", "Main", "openai", R"({"apiKey":"sk-1"})"));
    ai::testing::loopback_server server(site);

    ai::blocking_client cms(server.base_url());
    auto read = cms.connections().get("main");
    if (!read) {
        std::cerr << read.error() << '\n';
        return 1;
    }
    std::cout << read->alias << ": " << read->name << '\n';
    return server.requests() == 1 ? 0 : 2;
}

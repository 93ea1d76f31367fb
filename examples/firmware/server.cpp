// SPDX-License-Identifier: MIT
// The server at the other end of the board's line: `firmware_server documented|observed`. It prints its port, and serves until
// its input ends; then it prints how many writes it counted that can hardly have been meant.

#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

namespace ai = umbraco_ai;

int main(int count, char** words) {
    using ai::testing::dialect;
    std::string_view const spoken = count == 2 ? words[1] : "";
    if (spoken != "documented" && spoken != "observed") return 2;
    ai::testing::in_memory_api site(spoken == "observed" ? dialect::observed : dialect::documented);
    site.add_configuration("Umbraco:AI:Secrets:Key");
    for (int i = 0; i < 999; ++i) {
        std::string const number = std::to_string(10000 + i).substr(1);
        ai::testing::stored_connection made("c-" + number, "N\xC3\xA4me \"" + number + '"', "openai",
                                            R"({"apiKey":"$Umbraco:AI:Secrets:Key","temperature":1.0,"x":[)" + number.substr(3) + R"(,{"y":"\\ z"}]})");
        made.is_active = i % 3 != 0;
        site.add(std::move(made));
    }
    site.add(ai::testing::stored_connection("plain-key", "Plain", "openai", R"({"apiKey":"sk-test-of-the-firmware"})"));

    ai::testing::loopback_server server(site, ai::testing::loopback_options().with_time_limit(std::chrono::minutes(2)));
    std::cout << "port " << server.port() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    auto const held = server.lock();
    std::cout << "careless " << site.careless().total() << '\n';
}

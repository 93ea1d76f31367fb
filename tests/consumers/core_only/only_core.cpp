// SPDX-License-Identifier: MIT
#include <umbraco_ai/core.hpp>

#include <cstdio>

#if __has_include(<boost/version.hpp>)
#error "Boost is in reach"
#endif
#if __has_include(<umbraco_ai/umbraco_ai.hpp>)
#error "more than the core header is in reach"
#endif

namespace ai = umbraco_ai;

class canned_transport {
public:
    canned_transport() = default;
    ai::result<ai::http_response> send(ai::http_request) {
        return ai::http_response(200, R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"main","name":"Main",
            "providerId":"openai","isActive":true,"settings":null})");
    }
};

int main() {
    canned_transport transport;
    auto read = ai::client(transport, "https://cms.example.com").call(ai::connections::get("main"));
    if (!read) return 1;
    std::printf("%s: %s\n", read->alias.c_str(), read->name.c_str());
    return read->alias == "main" ? 0 : 2;
}

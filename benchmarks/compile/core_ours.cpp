// SPDX-License-Identifier: MIT
// A one-file program of a user's without Boost: writes a request, reads its answer. It includes what it uses.
#include <umbraco_ai/endpoints/connections.hpp>

#include <cstdio>
#include <string>

namespace ai = umbraco_ai;

int main(int count, char** values) {
    if (count < 2) return 2;
    auto const request = ai::build_request(ai::connections::get("openai-prod"));
    if (request) std::printf("%s\n", request->target.c_str());
    auto const found = ai::decode<ai::connections::get>(ai::http_response(200, values[1]));
    if (found) std::printf("%s\n", found->name.c_str());
}

// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its send returns http_response, which cannot fail; return result<http_response>
#include <umbraco_ai/client.hpp>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
#else
    ai::http_response send(ai::http_request);
#endif
};

auto carry(courier& wire) { return ai::client(wire, "https://cms.example.com").connections().list(); }

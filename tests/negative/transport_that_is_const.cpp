// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: it is const here, and its send is not
#include <umbraco_ai/client.hpp>

namespace ai = umbraco_ai;

class courier {
public:
    ai::result<ai::http_response> send(ai::http_request);
};

#ifndef UMBRACO_AI_NEGATIVE
using given = courier;
#else
using given = courier const;
#endif

auto carry(given& wire) { return ai::client(wire, "https://cms.example.com").connections().list(); }

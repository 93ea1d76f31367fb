// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its send returns nothing; return result<http_response>
#include <umbraco_ai/transport.hpp>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
#else
    void send(ai::http_request);
#endif
};

template struct ai::detail::transport_explained<courier>;

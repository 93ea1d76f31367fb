// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: it takes http_request&; take http_request by value
#include <umbraco_ai/transport.hpp>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request const&);
#else
    ai::result<ai::http_response> send(ai::http_request&);
#endif
};

template struct ai::detail::transport_explained<courier>;

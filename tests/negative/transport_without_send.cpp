// SPDX-License-Identifier: MIT
// expect: static assertion failed
// expect: satisf.*HasSend
#include <umbraco_ai/transport.hpp>

namespace ai = umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
class courier {
public:
    ai::result<ai::http_response> send(ai::http_request) { return ai::http_response(200); }
};
#else
class courier {
public:
    ai::result<ai::http_response> carry(ai::http_request) { return ai::http_response(200); }
};
#endif

static_assert(ai::Transport<courier>);

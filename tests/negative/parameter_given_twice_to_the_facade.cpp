// SPDX-License-Identifier: MIT
// expect: static assertion failed.*list takes skip, take, filter and provider_id, each at most once
#include <umbraco_ai/client.hpp>

namespace ai = umbraco_ai;

class courier {
public:
    ai::result<ai::http_response> send(ai::http_request) { return ai::http_response(200); }
};

auto list(ai::client<courier&>& cms) {
#ifndef UMBRACO_AI_NEGATIVE
    return cms.connections().list(ai::take(1), ai::skip(2));
#else
    return cms.connections().list(ai::take(1), ai::take(2));
#endif
}

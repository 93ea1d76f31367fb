// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its now\(\) does not give std::chrono::nanoseconds
#include <umbraco_ai/transport.hpp>

#include <chrono>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
    std::chrono::nanoseconds now();
#else
    ai::result<ai::http_response> send(ai::http_request);
    std::chrono::steady_clock::time_point now();
#endif
};

template struct ai::detail::transport_explained<courier>;

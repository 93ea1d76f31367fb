// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its wait does not take std::chrono::nanoseconds
#include <umbraco_ai/transport.hpp>

#include <chrono>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
    void wait(std::chrono::nanoseconds);
#else
    ai::result<ai::http_response> send(ai::http_request);
    void wait(std::chrono::milliseconds);
#endif
};

template struct ai::detail::transport_explained<courier>;

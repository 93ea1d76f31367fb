// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its send returns neither result<http_response> nor anything that io_traits knows
#include <umbraco_ai/transport.hpp>

#include <future>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
#else
    std::future<ai::result<ai::http_response>> send(ai::http_request);
#endif
};

template struct ai::detail::transport_explained<courier>;

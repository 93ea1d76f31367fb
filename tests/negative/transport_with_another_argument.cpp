// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: its send does not take one http_request
#include <umbraco_ai/transport.hpp>

#include <string>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    ai::result<ai::http_response> send(ai::http_request);
#else
    ai::result<ai::http_response> send(std::string const& url);
#endif
};

template struct ai::detail::transport_explained<courier>;

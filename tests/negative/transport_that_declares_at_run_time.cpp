// SPDX-License-Identifier: MIT
// expect: umbraco_ai: no transport: timed, cancellable, concurrent and tracks_writes are declared as static constexpr bool
#include <umbraco_ai/transport.hpp>

namespace ai = umbraco_ai;

class courier {
public:
#ifndef UMBRACO_AI_NEGATIVE
    static constexpr bool timed = true;
    ai::result<ai::http_response> send(ai::http_request);
#else
    bool timed = true;
    ai::result<ai::http_response> send(ai::http_request);
#endif
};

template struct ai::detail::transport_explained<courier>;

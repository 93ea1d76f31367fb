// SPDX-License-Identifier: MIT
// expect: no matching (function|constructor)
#include <umbraco_ai/endpoints/connections.hpp>

namespace ai = umbraco_ai;

// What is left out of an update, servers wipe.
auto update() {
#ifndef UMBRACO_AI_NEGATIVE
    return ai::connection_update("alias", "name", false, ai::wipe_settings);
#else
    return ai::connection_update("alias", "name", false);
#endif
}

// SPDX-License-Identifier: MIT
// expect: no matching (function|constructor)
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
auto const call = connections::list(skip(1), take(2));
#else
auto const call = connections::list(skip(1), skip(2));
#endif

static_assert(sizeof(call) != 0);

// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a placeholder of the route has no parameter of its name in path<.*>
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things/{idOrAlias}/parts/{capability}", path<id_or_alias, capability>, returns<nothing>>;
#else
using call = endpoint<"GET /things/{idOrAlias}/parts/{capability}", path<id_or_alias>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

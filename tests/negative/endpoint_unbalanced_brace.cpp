// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a brace of the route is unbalanced, or a placeholder has no name
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things/{idOrAlias}", path<id_or_alias>, returns<nothing>>;
#else
using call = endpoint<"GET /things/{idOrAlias", path<id_or_alias>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

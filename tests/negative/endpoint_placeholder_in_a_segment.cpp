// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a placeholder fills a whole segment of the route
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things/{idOrAlias}", path<id_or_alias>, returns<nothing>>;
#else
using call = endpoint<"GET /things/x{idOrAlias}", path<id_or_alias>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

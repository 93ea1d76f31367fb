// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a parameter is declared twice
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things", query<skip, take>, returns<nothing>>;
#else
using call = endpoint<"GET /things", query<skip, take, skip>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a type in query<.*> is no parameter
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things", query<skip>, returns<nothing>>;
#else
using call = endpoint<"GET /things", query<int>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

// SPDX-License-Identifier: MIT
// expect: static assertion failed.*an endpoint says what it answers, once
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things", returns<nothing>>;
#else
using call = endpoint<"GET /things", query<skip>>;
#endif

static_assert(sizeof(call) != 0);

// SPDX-License-Identifier: MIT
// expect: static assertion failed.*only POST and PUT carry a body
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"POST /things", body<connection_draft>, returns<nothing>>;
#else
using call = endpoint<"GET /things", body<connection_draft>, returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

// SPDX-License-Identifier: MIT
// expect: static assertion failed.*a route begins with GET, POST, PUT or DELETE and one blank
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"DELETE /things", returns<nothing>>;
#else
using call = endpoint<"PATCH /things", returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

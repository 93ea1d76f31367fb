// SPDX-License-Identifier: MIT
// expect: static assertion failed.*the path of a route begins with a slash and holds no blank
#include <umbraco_ai/endpoints/connections.hpp>

using namespace umbraco_ai;

#ifndef UMBRACO_AI_NEGATIVE
using call = endpoint<"GET /things", returns<nothing>>;
#else
using call = endpoint<"GET things", returns<nothing>>;
#endif

static_assert(sizeof(call) != 0);

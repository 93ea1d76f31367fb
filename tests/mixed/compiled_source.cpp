// SPDX-License-Identifier: MIT
#include <umbraco_ai/beast/compiled_client_source.hpp>

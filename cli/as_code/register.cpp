// SPDX-License-Identifier: MIT
#include "register.hpp"

namespace cli {

void register_as_code_commands(CLI::App&, invocation&) {}

}  // namespace cli

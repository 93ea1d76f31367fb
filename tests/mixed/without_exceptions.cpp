// SPDX-License-Identifier: MIT
#include <umbraco_ai/core.hpp>

#ifdef __cpp_exceptions
#error "this file is for a compiler without exceptions"
#endif

int value_without_exceptions(int value);

int value_without_exceptions(int value) {
    umbraco_ai::result<int> const some = value;
    if (!some.has_value()) return some.error().status;
    return some.value();
}

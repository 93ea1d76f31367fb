// SPDX-License-Identifier: MIT
#include <umbraco_ai/core.hpp>

int value_without_exceptions(int value);

int main() {
    if (value_without_exceptions(7) != 7) return 1;
    umbraco_ai::result<int> const none = umbraco_ai::failure(umbraco_ai::errc::not_found, "nothing there");
    try {
        return none.value();
    } catch (umbraco_ai::bad_result_access const& caught) {
        return caught.error() == none.error() ? 0 : 2;
    }
}

// SPDX-License-Identifier: MIT
#include <umbraco_ai/testing.hpp>
#include <umbraco_ai/umbraco_ai.hpp>

std::error_category const* category_of_the_other_unit();

int main() { return category_of_the_other_unit() == &umbraco_ai::error_category() ? 0 : 1; }

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTS_SUPPORT_CATCH_HPP
#define UMBRACO_AI_TESTS_SUPPORT_CATCH_HPP

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_SANITIZED_HPP
#define UMBRACO_AI_BEAST_DETAIL_SANITIZED_HPP

#include <umbraco_ai/version.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define UMBRACO_AI_DETAIL_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UMBRACO_AI_DETAIL_IS_SANITIZED 1
#endif
#endif
#ifndef UMBRACO_AI_DETAIL_IS_SANITIZED
#define UMBRACO_AI_DETAIL_IS_SANITIZED 0
#endif

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Memory that is used again would hide from the sanitizer of addresses who still uses it.
inline constexpr bool is_sanitized = UMBRACO_AI_DETAIL_IS_SANITIZED != 0;

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_VERSION_HPP
#define UMBRACO_AI_VERSION_HPP

// The one place of the version number: the build files read these three lines.
#define UMBRACO_AI_VERSION_MAJOR 0
#define UMBRACO_AI_VERSION_MINOR 1
#define UMBRACO_AI_VERSION_PATCH 0

#define UMBRACO_AI_DETAIL_JOIN_(a, b, c, d) v##a##_##b##_##c##d
#define UMBRACO_AI_DETAIL_JOIN(a, b, c, d) UMBRACO_AI_DETAIL_JOIN_(a, b, c, d)

// An inline function compiled without exceptions would silently replace its twin that throws, so the two modes are
// two namespaces, and so is each version.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define UMBRACO_AI_HAS_EXCEPTIONS 1
#define UMBRACO_AI_ABI UMBRACO_AI_DETAIL_JOIN(UMBRACO_AI_VERSION_MAJOR, UMBRACO_AI_VERSION_MINOR, UMBRACO_AI_VERSION_PATCH, )
#else
#define UMBRACO_AI_HAS_EXCEPTIONS 0
#define UMBRACO_AI_ABI UMBRACO_AI_DETAIL_JOIN(UMBRACO_AI_VERSION_MAJOR, UMBRACO_AI_VERSION_MINOR, UMBRACO_AI_VERSION_PATCH, _noexcept)
#endif

#define UMBRACO_AI_BEGIN_NAMESPACE \
    namespace umbraco_ai {         \
    inline namespace UMBRACO_AI_ABI {
#define UMBRACO_AI_END_NAMESPACE \
    }                            \
    }

#endif

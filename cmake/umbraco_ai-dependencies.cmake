# SPDX-License-Identifier: MIT
# Finds what umbraco_ai::umbraco_ai needs and umbraco_ai::core does not; used by the build and by the installed package.
# Sets umbraco_ai_missing to what is not there, in words.
set(umbraco_ai_missing "")

# Newer CMake has no FindBoost, older Boost packages have no config file.
if(NOT TARGET Boost::headers)
  find_package(Boost 1.81 CONFIG QUIET)
endif()
if(NOT TARGET Boost::headers)
  find_package(Boost 1.81 MODULE QUIET)
endif()
if(NOT TARGET Boost::headers)
  list(APPEND umbraco_ai_missing "Boost 1.81 or newer (name its folder in BOOST_ROOT or Boost_DIR)")
endif()

if(NOT TARGET OpenSSL::SSL)
  find_package(OpenSSL 3.0 QUIET)
endif()
if(NOT TARGET OpenSSL::SSL)
  list(APPEND umbraco_ai_missing "OpenSSL 3.0 or newer (name its folder in OPENSSL_ROOT_DIR)")
endif()

if(NOT TARGET Threads::Threads)
  find_package(Threads QUIET)
endif()
if(NOT TARGET Threads::Threads)
  list(APPEND umbraco_ai_missing "threads")
endif()
list(JOIN umbraco_ai_missing " and " umbraco_ai_missing)

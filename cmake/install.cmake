# SPDX-License-Identifier: MIT
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/umbraco_ai")
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

set(UMBRACO_AI_COMPONENTS core)
install(TARGETS umbraco_ai_core EXPORT umbraco_ai-core FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT umbraco_ai-core FILE umbraco_ai-core-targets.cmake NAMESPACE umbraco_ai:: DESTINATION "${package_dir}")
if(TARGET umbraco_ai)
  list(APPEND UMBRACO_AI_COMPONENTS umbraco_ai)
  install(TARGETS umbraco_ai EXPORT umbraco_ai FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT umbraco_ai FILE umbraco_ai-targets.cmake NAMESPACE umbraco_ai:: DESTINATION "${package_dir}")
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/umbraco_ai-config.cmake.in" "${PROJECT_BINARY_DIR}/umbraco_ai-config.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# The inline namespace is made of major and minor number too.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/umbraco_ai-config-version.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/umbraco_ai-config.cmake"
  "${PROJECT_BINARY_DIR}/umbraco_ai-config-version.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/umbraco_ai-dependencies.cmake"
  DESTINATION "${package_dir}")

# Relative to the .pc file, so that a tree can be moved, or installed below DESTDIR and used from there.
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_DATADIR}")
  set(includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
  file(RELATIVE_PATH includedir "/${pkgconfig_dir}" "/${CMAKE_INSTALL_INCLUDEDIR}")
  string(PREPEND includedir "\${pcfiledir}/")
endif()
set(version "${PROJECT_VERSION}")
foreach(component IN LISTS UMBRACO_AI_COMPONENTS)
  string(REPLACE "umbraco_ai-umbraco_ai" "umbraco_ai" name "umbraco_ai-${component}")
  configure_file("${PROJECT_SOURCE_DIR}/packaging/pkg-config/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${pkgconfig_dir}")
endforeach()

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/umbraco_ai")

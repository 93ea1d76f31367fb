// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_PATHS_HPP
#define UMBRACO_AI_BEAST_DETAIL_PATHS_HPP

#include <umbraco_ai/version.hpp>

#include <string>

// With <filesystem> a user's program takes some 5 % longer to compile.
#if __has_include(<dirent.h>)
#include <dirent.h>
#include <sys/stat.h>
#else
#include <filesystem>
#include <system_error>
#endif

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

#if __has_include(<dirent.h>)

/// Whether a path leads to a file, and not to a folder or a device.
[[nodiscard]] inline bool holds_file(std::string const& path) noexcept {
    struct ::stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

/// Whether a path leads to a folder that can be listed and has something in it.
[[nodiscard]] inline bool holds_folder(std::string const& path) noexcept {
    ::DIR* const folder = ::opendir(path.c_str());
    if (folder == nullptr) return false;
    int names = 0;
    // "." and ".." are in each.
    while (names < 3 && ::readdir(folder) != nullptr) ++names;
    ::closedir(folder);
    return names == 3;
}

#else

[[nodiscard]] inline bool holds_file(std::string const& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

[[nodiscard]] inline bool holds_folder(std::string const& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error) && !std::filesystem::is_empty(path, error) && !error;
}

#endif

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

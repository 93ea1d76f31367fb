// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_PATHS_HPP
#define UMBRACO_AI_BEAST_DETAIL_PATHS_HPP

#include <umbraco_ai/version.hpp>

#include <cerrno>
#include <string>
#include <string_view>

// With <filesystem> a program takes longer to compile.
#if __has_include(<dirent.h>) && !defined(_WIN32)
#include <dirent.h>
#include <sys/stat.h>
#else
#include <filesystem>
#include <system_error>
#endif

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

#if __has_include(<dirent.h>) && !defined(_WIN32)

/// Whether a path leads to a file, and not to a folder or a device.
[[nodiscard]] inline bool holds_file(std::string const& path) noexcept {
    struct ::stat found {};
    if (::stat(path.c_str(), &found) != 0) return errno == EOVERFLOW;  // Its inode has more digits than 32 bits hold.
    return S_ISREG(found.st_mode);
}

/// Whether a path leads to a folder that can be listed and has something in it.
[[nodiscard]] inline bool holds_folder(std::string const& path) noexcept {
    ::DIR* const folder = ::opendir(path.c_str());
    if (folder == nullptr) return false;
    bool holds = false;
    while (!holds) {
        ::dirent const* const one = ::readdir(folder);
        if (one == nullptr) break;
        std::string_view const name(one->d_name);
        holds = name != "." && name != "..";
    }
    ::closedir(folder);
    return holds;
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

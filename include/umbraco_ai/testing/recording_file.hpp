// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_RECORDING_FILE_HPP
#define UMBRACO_AI_TESTING_RECORDING_FILE_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/version.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

namespace detail {

[[nodiscard]] inline failure file_failure(std::string const& path, std::error_code code, std::string_view what) {
    return failure(fault::usage, code, std::string(what) + ": " + code.message() + '.').at(path);
}

[[nodiscard]] inline std::error_code last_file_error() noexcept {
    return std::error_code(errno != 0 ? errno : EIO, std::generic_category());
}

class open_file {
public:
    open_file(std::string const& path, char const* mode) : file_(std::fopen(path.c_str(), mode)) {}
    open_file(open_file const&) = delete;
    open_file& operator=(open_file const&) = delete;
    ~open_file() { static_cast<void>(close()); }

    [[nodiscard]] std::FILE* get() const noexcept { return file_; }
    [[nodiscard]] bool close() noexcept { return file_ == nullptr || std::fclose(std::exchange(file_, nullptr)) == 0; }

private:
    std::FILE* file_;
};

}  // namespace detail

/// Reads a recording.
/// Errors: usage failures that name the file; `malformed_response` where it is no recording.
[[nodiscard]] inline result<recording> load_recording(std::string const& path) {
    errno = 0;
    detail::open_file file(path, "rb");
    if (file.get() == nullptr) return detail::file_failure(path, detail::last_file_error(), "The recording cannot be opened");
    std::string bytes;
    char part[16 * 1024];
    while (std::size_t const count = std::fread(part, 1, sizeof part, file.get())) bytes.append(part, count);
    if (std::ferror(file.get()) != 0) return detail::file_failure(path, detail::last_file_error(), "The recording cannot be read");
    auto made = recording::parse(bytes);
    if (!made) return std::move(made).error().at(path);
    made->name = path;
    return made;
}

/// Writes a recording whole or not at all: to a file beside it, which then takes its place.
/// Errors: usage failures that name the file.
[[nodiscard]] inline result<void> save_recording(recording const& tape, std::string const& path) {
    std::string const beside = path + ".part";
    std::string const bytes = tape.to_bytes();
    errno = 0;
    detail::open_file file(beside, "wb");
    if (file.get() == nullptr) return detail::file_failure(path, detail::last_file_error(), "The recording cannot be written");
    bool const is_written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
    std::error_code failed = is_written ? std::error_code() : detail::last_file_error();
    if (!file.close() && !failed) failed = detail::last_file_error();
    if (!failed) std::filesystem::rename(beside, path, failed);
    if (!failed) return result<void>::ok();
    std::remove(beside.c_str());
    return detail::file_failure(path, failed, "The recording cannot be written");
}

/// Keeps a recording in a file, as a `record_transport` calls it after each exchange.
class recording_file {
public:
    explicit recording_file(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] result<void> operator()(recording const& tape) const { return save_recording(tape, path_); }

private:
    std::string path_;
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_FILES_HPP
#define UMBRACO_AI_CLI_AS_CODE_FILES_HPP

#include "document.hpp"
#include "export.hpp"

#include <umbraco_ai/core.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cli::as_code {

inline constexpr std::size_t most_file_bytes = 16 * 1024 * 1024;

/// Whether whoever waits for a text has given it up.
using is_given_up = bool (*)() noexcept;

namespace detail {

[[nodiscard]] inline std::string system_text(int error) { return std::system_category().message(error); }

class descriptor {
public:
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool close() noexcept { return ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

/// Gives why it failed, or nothing.
[[nodiscard]] inline std::optional<std::string> read_all(int from, std::string& out, is_given_up gives_up) {
    std::array<char, 65536> buffer;
    while (true) {
        // A signal may come just before a read would wait, so that nothing waits without an end.
        ::pollfd waited{from, POLLIN, 0};
        while (gives_up != nullptr && !gives_up() && ::poll(&waited, 1, 50) <= 0) continue;
        if (gives_up != nullptr && gives_up()) return "It was given up.";
        ssize_t const got = ::read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_text(errno);
        if (got == 0) return std::nullopt;
        out.append(buffer.data(), static_cast<std::size_t>(got));
        if (out.size() > most_file_bytes) return "It is larger than 16 MB.";
    }
}

[[nodiscard]] inline bool write_all(int to, std::string_view text) {
    while (!text.empty()) {
        ssize_t const put = ::write(to, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

/// A link, unlike a renaming, never takes the place of another file; some file systems have none.
[[nodiscard]] inline bool put_in_free_place(std::filesystem::path const& draft, std::filesystem::path const& name) {
    if (::link(draft.c_str(), name.c_str()) == 0) return ::unlink(draft.c_str()) == 0;
    if (errno != EPERM && errno != ENOTSUP) return false;
    if (::access(name.c_str(), F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return ::rename(draft.c_str(), name.c_str()) == 0;
}

inline void sync_folder(std::filesystem::path const& folder) {
    descriptor const opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() >= 0) static_cast<void>(::fsync(opened.get()));
}

}  // namespace detail

/// The text of a file, or of standard input for "-". Gives why it cannot be read, or nothing.
[[nodiscard]] inline std::optional<std::string> read_file(std::string const& name, std::string& out, is_given_up gives_up = nullptr) {
    if (name == "-") return detail::read_all(STDIN_FILENO, out, gives_up);
    detail::descriptor const opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (opened.get() < 0) return detail::system_text(errno);
    return detail::read_all(opened.get(), out, gives_up);
}

/// Writes a file as a whole or not at all: under another name first, then in its place. Gives why it failed, or nothing.
///   replaces  whether a file of this name may be there
[[nodiscard]] inline std::optional<std::string> write_file(std::filesystem::path const& name, std::string_view text, bool replaces) {
    std::filesystem::path const folder = name.parent_path();
    std::filesystem::path const draft = folder / ('.' + name.filename().string() + '.' + std::to_string(::getpid()) + ".tmp");
    detail::descriptor opened(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (opened.get() < 0) return detail::system_text(errno);
    bool good = detail::write_all(opened.get(), text) && ::fsync(opened.get()) == 0;
    good = opened.close() && good;
    good = good && (replaces ? ::rename(draft.c_str(), name.c_str()) == 0 : detail::put_in_free_place(draft, name));
    int const error = errno;
    if (!good) ::unlink(draft.c_str());
    if (!good) return detail::system_text(error);
    detail::sync_folder(folder);
    return std::nullopt;
}

/// The documents of files and folders, in the order in which they are named; the files of a folder, *.json, in the order of
/// their names. What is wrong, from a file that is missing to two documents of one alias, goes to `findings`.
///   gives_up  asked while a text is waited for, as one from a terminal
[[nodiscard]] inline std::vector<document> load(std::vector<std::string> const& names, std::vector<finding>& findings, is_given_up gives_up = nullptr) {
    std::vector<std::string> files;
    for (std::string const& name : names) {
        std::error_code error;
        if (name == "-" || !std::filesystem::is_directory(name, error)) {
            files.push_back(name);
            continue;
        }
        std::vector<std::string> inside;
        std::filesystem::directory_iterator entry(name, error);
        for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
            std::string const file = entry->path().filename().string();
            if (!file.starts_with('.') && file.ends_with(".json")) inside.push_back(entry->path().string());
        }
        if (error) findings.emplace_back(place(name), "", error.message());
        else if (inside.empty()) findings.emplace_back(place(name), "", "The folder holds no file *.json.");
        std::sort(inside.begin(), inside.end());
        files.insert(files.end(), inside.begin(), inside.end());
    }
    std::vector<document> all;
    for (std::string const& file : files) {
        std::string text;
        if (auto why = read_file(file, text, gives_up)) {
            findings.emplace_back(place(file), "", std::move(*why));
            continue;
        }
        ai::secret const kept(std::move(text));  // It may hold secrets, and is overwritten when it ends.
        std::vector<document> some = read_documents(file == "-" ? "standard input" : file, kept.reveal(), findings);
        all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    refuse_repeated_aliases(all, findings);
    return all;
}

/// The name of the file of an alias: itself, with %xx in place of what a file name should not hold.
[[nodiscard]] inline std::string file_name_of(std::string_view alias) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (char const c : alias) {
        bool const is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && !out.empty());
        if (is_plain) out += c;
        else out.append(1, '%').append(1, digits[static_cast<unsigned char>(c) >> 4]).append(1, digits[static_cast<unsigned char>(c) & 15]);
    }
    return out + ".json";
}

/// The documents as one JSON array, a document or more.
[[nodiscard]] inline std::string as_array(std::vector<exported> const& documents) {
    std::string out = "[";
    for (exported const& each : documents) {
        out += out.size() > 1 ? ",\n  " : "\n  ";
        for (char const c : each.text) {
            out += c;
            if (c == '\n') out += "  ";
        }
    }
    return out + (documents.empty() ? "]\n" : "\n]\n");
}

/// A file of an export.
class planned_file {
public:
    planned_file() = default;
    planned_file(std::filesystem::path file, std::string content) : name(std::move(file)), text(std::move(content)) {}

    std::filesystem::path name;
    std::string text;
    bool is_there = false;
    bool is_same = false;  ///< What is there is what would be written.
};

/// The files that an export into `target` consists of: one for each connection in a folder, or one for all where `target`
/// ends with .json. Looks what is there, and writes nothing.
[[nodiscard]] inline std::vector<planned_file> plan_files(std::filesystem::path const& target, std::vector<exported> const& documents) {
    std::vector<planned_file> files;
    std::error_code error;
    bool const is_file = target.extension() == ".json" && !std::filesystem::is_directory(target, error);
    if (is_file) files.emplace_back(target, as_array(documents));
    else
        for (exported const& each : documents) files.emplace_back(target / file_name_of(each.alias), each.text + '\n');
    for (planned_file& file : files) {
        std::string present;
        file.is_there = std::filesystem::exists(std::filesystem::symlink_status(file.name, error));
        file.is_same = file.is_there && !read_file(file.name.string(), present) && present == file.text;
    }
    return files;
}

/// The files *.json of a folder that an export did not write: of connections that are gone, or of someone else's.
[[nodiscard]] inline std::vector<std::string> other_files(std::filesystem::path const& folder, std::vector<planned_file> const& written) {
    std::vector<std::string> others;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        std::string const name = entry->path().filename().string();
        bool const is_ours = std::any_of(written.begin(), written.end(), [&](planned_file const& each) { return each.name.filename() == name; });
        if (!is_ours && !name.starts_with('.') && name.ends_with(".json")) others.push_back(entry->path().string());
    }
    std::sort(others.begin(), others.end());
    return others;
}

}  // namespace cli::as_code

#endif

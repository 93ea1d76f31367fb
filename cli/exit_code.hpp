// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_EXIT_CODE_HPP
#define UMBRACO_AI_CLI_EXIT_CODE_HPP

#include <umbraco_ai/result.hpp>

#include <optional>
#include <string>
#include <utility>

namespace cli {

namespace ai = umbraco_ai;

/// What the tool ends with. Part of its interface: documented in --help and docs/cli.md.
enum class exit_code : int {
    done = 0,           ///< Done; no difference.
    refused = 1,        ///< The server or a test said no.
    differs = 2,        ///< Differences, and nothing but differences.
    not_permitted = 3,  ///< Not signed in, or without the right.
    not_reachable = 4,  ///< No connection, or no answer in time.
    partly_done = 5,    ///< Some of it was done, some was not.
    usage = 64,         ///< Nothing was written.
    interrupted = 130   ///< Ctrl-C; 143 after SIGTERM, 129 after SIGHUP.
};

/// Which exit code a failed call gives.
[[nodiscard]] inline exit_code exit_code_of(ai::failure const& reason) noexcept {
    switch (reason.who) {
        case ai::fault::usage: return exit_code::usage;
        case ai::fault::authentication: return exit_code::not_permitted;
        case ai::fault::transport:
        case ai::fault::timeout: return exit_code::not_reachable;
        case ai::fault::cancelled: return exit_code::interrupted;
        case ai::fault::none:
        case ai::fault::server:
        case ai::fault::decode: break;
    }
    return exit_code::refused;
}

/// Ends a command from wherever it is: thrown, and told to the user by `main` alone.
class stop {
public:
    stop(exit_code with, std::string text) : code(with), message(std::move(text)) {}
    explicit stop(ai::failure failed_call) : code(exit_code_of(failed_call)), reason(std::move(failed_call)) {}
    stop(ai::failure failed_call, std::string what_to_do) : stop(std::move(failed_call)) { hint = std::move(what_to_do); }

    exit_code code;
    std::string message;               ///< A sentence, where there is no failed call.
    std::optional<ai::failure> reason;
    std::string hint;                  ///< What to do next, where the sentence does not say it.
};

/// The value of a result, or the end of the command.
template <class T>
[[nodiscard]] T must(ai::result<T> done) {
    if (!done) throw stop(std::move(done).error());
    return *std::move(done);
}

inline void must(ai::result<void> done) {
    if (!done) throw stop(std::move(done).error());
}

}  // namespace cli

#endif

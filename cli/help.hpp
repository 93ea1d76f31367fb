// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_HELP_HPP
#define UMBRACO_AI_CLI_HELP_HPP

#include <initializer_list>
#include <string>

namespace cli {

/// "Examples:" and a line for each.
[[nodiscard]] std::string examples(std::initializer_list<char const*> lines);

/// What the exit codes of one command mean, where they are its own; those that mean the same everywhere need no words.
class exit_meanings {
public:
    exit_meanings(char const* when_done, char const* when_refused) noexcept : done(when_done), refused(when_refused) {}

    char const* done;
    char const* refused;
    char const* differs = nullptr;      ///< Nothing: it never ends with this.
    char const* partly_done = nullptr;  ///< As above.
    bool calls_a_site = true;
    bool is_interrupted = true;         ///< False: Ctrl-C is how it ends.

    [[nodiscard]] exit_meanings with_differs(char const* words) const noexcept { return with(&exit_meanings::differs, words); }
    [[nodiscard]] exit_meanings with_partly_done(char const* words) const noexcept { return with(&exit_meanings::partly_done, words); }
    [[nodiscard]] exit_meanings without_a_site() const noexcept { return with(&exit_meanings::calls_a_site, false); }
    [[nodiscard]] exit_meanings without_interruption() const noexcept { return with(&exit_meanings::is_interrupted, false); }

private:
    template <class T>
    [[nodiscard]] exit_meanings with(T exit_meanings::* member, T value) const noexcept {
        exit_meanings made = *this;
        made.*member = value;
        return made;
    }
};

/// "Exit codes:" and a line for each.
[[nodiscard]] std::string exit_codes(exit_meanings const& of);

}  // namespace cli

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_INTERRUPTION_HPP
#define UMBRACO_AI_CLI_INTERRUPTION_HPP

namespace cli {

/// Ctrl-C and its like. The first one cancels the calls under way, so that the tool can say what was done; the second one ends
/// it at once.
class interruption {
public:
    /// Begins to watch. A closed pipe no longer ends the program either: what it does is not left half done for `| head`.
    static void watch();

    /// The signal that came, or 0.
    [[nodiscard]] static int signal() noexcept;

    /// Whether calls are to be given up now.
    [[nodiscard]] static bool is_wanted() noexcept;

    /// The same as a check that `http_limits` can hold.
    [[nodiscard]] static bool is_wanted(void const*) noexcept { return is_wanted(); }

    /// While one lives, calls go on in spite of an interruption: for what must not be left as it is.
    class shield {
    public:
        shield() noexcept;
        shield(shield const&) = delete;
        shield& operator=(shield const&) = delete;
        ~shield();
    };
};

}  // namespace cli

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_INTERRUPTION_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_INTERRUPTION_HPP

#include <atomic>
#include <csignal>

namespace tour {

/// Ctrl-C and its like, counted instead of obeyed, so that the tour can delete what it made before it ends.
class interruption {
public:
    /// Begins to count. A closed pipe no longer ends the program either: `tour | head` must delete as well.
    static void watch() {
        for (int const signal : {SIGINT, SIGTERM, SIGHUP})
            if (std::signal(signal, &note) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup wants it
        std::signal(SIGPIPE, SIG_IGN);
    }

    [[nodiscard]] static int count() noexcept { return count_; }

    /// The last signal, or 0.
    [[nodiscard]] static int signal() noexcept { return signal_; }

private:
    static void note(int signal) {
        signal_ = signal;
        ++count_;
    }

    static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not lock");
    static inline std::atomic<int> count_ = 0;
    static inline std::atomic<int> signal_ = 0;
};

}  // namespace tour

#endif

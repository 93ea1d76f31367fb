// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_COUNTERS_HPP
#define UMBRACO_AI_BENCHMARKS_COUNTERS_HPP

#include <cstdint>

/// What the running thread asks of the heap and of the kernel. The program's own definitions of malloc and of the functions of
/// the C library that are system calls stand before the library's, so those of libraries (OpenSSL, libcurl) count as well.
namespace bench {

class counts {
public:
    counts() = default;

    std::int64_t allocations = 0;
    std::int64_t bytes = 0;  ///< On the heap now, as malloc rounds them; of this thread.
    std::int64_t syscalls = 0;
    std::int64_t timer_syscalls = 0;  ///< Of these, those that set a timer of the kernel.
};

/// Begins to count on the running thread.
void start_counting() noexcept;
/// Ends counting and gives what was counted since the start.
counts stop_counting() noexcept;
/// What was counted until now.
[[nodiscard]] counts counted() noexcept;

}  // namespace bench

#endif

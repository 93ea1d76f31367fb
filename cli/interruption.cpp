// SPDX-License-Identifier: MIT
#include "interruption.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace cli {
namespace {

std::atomic<int> caught = 0;
std::atomic<int> shields = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not lock");

void note(int signal) {
    if (caught.exchange(signal) != 0) ::_exit(128 + signal);
}

}  // namespace

void interruption::watch() {
    for (int const signal : {SIGINT, SIGTERM, SIGHUP})
        if (std::signal(signal, &note) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup wants it
    std::signal(SIGPIPE, SIG_IGN);
}

int interruption::signal() noexcept { return caught; }

bool interruption::is_wanted() noexcept { return caught != 0 && shields == 0; }

interruption::shield::shield() noexcept { ++shields; }
interruption::shield::~shield() { --shields; }

}  // namespace cli

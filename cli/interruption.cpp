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
    struct sigaction wanted {};
    ::sigemptyset(&wanted.sa_mask);
    // No SA_RESTART: a question that waits for its answer ends too.
    wanted.sa_handler = &note;
    for (int const signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN) ::sigaction(signal, &wanted, nullptr);  // as nohup wants it
    }
    // Handled rather than ignored, which the commands of profiles would inherit.
    wanted.sa_handler = [](int) {};
    ::sigaction(SIGPIPE, &wanted, nullptr);
}

int interruption::signal() noexcept { return caught; }

bool interruption::is_wanted() noexcept { return caught != 0 && shields == 0; }

interruption::shield::shield() noexcept { ++shields; }
interruption::shield::~shield() { --shields; }

}  // namespace cli

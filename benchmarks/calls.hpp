// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_CALLS_HPP
#define UMBRACO_AI_BENCHMARKS_CALLS_HPP

#include "harness.hpp"
#include "server.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

/// What the calls of all contestants have in common. A call sends a GET over a connection that is kept alive, and has the whole
/// body of the answer at hand, decoded from its chunks; what it says is not looked at, since reading is measured apart.
namespace bench {

/// Sizes of the bodies, so that an answer that is not the answer ends the run.
inline std::size_t small_size() {
    static std::size_t const size = recorded_body("056-get-minimal.http").size();
    return size;
}
inline std::size_t page_size() {
    static std::size_t const size = recorded_body("232-list-250-default.http").size();
    return size;
}

inline void expect(bool is_right, char const* what) {
    if (is_right) return;
    std::fprintf(stderr, "bench: %s\n", what);
    std::exit(1);
}

/// A contestant whose calls are timed one by one.
class calls : public contestant {
public:
    using clock = std::chrono::steady_clock;

    calls() { each_.reserve(std::size_t(1) << 18); }

    std::vector<std::int64_t> take_nanoseconds() override {
        std::vector<std::int64_t> taken(each_);
        each_.clear();
        return taken;
    }

protected:
    void count(clock::time_point begin) { each_.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - begin).count()); }

private:
    std::vector<std::int64_t> each_;
};

/// Calls one after the other, each by `call()`, which gives the size of the body.
template <class Client>
class calls_in_turn final : public calls {
public:
    template <class... Arguments>
    calls_in_turn(std::size_t expected, Arguments&&... arguments) : expected_(expected), client_(std::forward<Arguments>(arguments)...) {}

    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            expect(client_.call() == expected_, "an answer has the wrong size");
            count(begin);
        }
    }

private:
    std::size_t expected_;
    Client client_;
};

}  // namespace bench

#endif

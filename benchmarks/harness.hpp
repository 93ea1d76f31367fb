// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_HARNESS_HPP
#define UMBRACO_AI_BENCHMARKS_HARNESS_HPP

#include "recorded.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

/// The works that are measured and who does them. A work is a name, such as "read-page"; each contestant, "ours" or a peer
/// such as "nlohmann", registers itself for it from wherever its source stands:
///
///     bench::registration const ours("read-page", "ours", [] {
///         return bench::repeated([text = bench::recorded_body("232-list-250-default.http")] { bench::keep(read_json<page<connection_item>>(text)); });
///     });
///
/// `ours` and peers stand in different source files, since a program without peers is built from ours alone.
namespace bench {

/// Has the compiler believe that a value is used.
template <class T>
void keep(T const& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

/// One of those who do a work. Made before the clock starts.
class contestant {
public:
    contestant() = default;
    contestant(contestant const&) = delete;
    contestant& operator=(contestant const&) = delete;
    virtual ~contestant() = default;

    /// Does the work so many times.
    virtual void run(std::size_t times) = 0;

    /// How long each of the calls since the last look took; empty where they are too short to be timed one by one.
    virtual std::vector<std::int64_t> take_nanoseconds() { return {}; }

    /// Bytes, for works that are measured in these and not in time; negative where they are not.
    virtual double bytes() { return -1; }
};

using factory = std::unique_ptr<contestant> (*)();

class registration {
public:
    registration(std::string_view work, std::string_view who, factory make);
};

template <class F>
class repetition final : public contestant {
public:
    explicit repetition(F work) : work_(std::move(work)) {}
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) work_();
    }

private:
    F work_;
};

/// A contestant whose work is a function.
template <class F>
[[nodiscard]] std::unique_ptr<contestant> repeated(F work) {
    return std::make_unique<repetition<F>>(std::move(work));
}

}  // namespace bench

#endif

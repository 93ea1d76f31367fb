// SPDX-License-Identifier: MIT
#include "harness.hpp"

#include "counters.hpp"
#include "server.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

class entry {
public:
    entry(std::string_view of, std::string_view by, factory with) : work(of), who(by), make(with) {}
    std::string work;
    std::string who;
    factory make;
};

std::vector<entry>& entries() {
    static std::vector<entry> all;
    return all;
}

/// In the order of their names, ours first among those of one work.
std::vector<entry> sorted_entries() {
    std::vector<entry> all = entries();
    std::stable_sort(all.begin(), all.end(), [](entry const& a, entry const& b) {
        return std::pair(std::string_view(a.work), a.who != "ours") < std::pair(std::string_view(b.work), b.who != "ours");
    });
    return all;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double quantile(std::vector<std::int64_t> values, double part) {
    auto const place = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return static_cast<double>(*place);
}

void report(entry const& of, char const* metric, double value) {
    std::printf("{\"work\": \"%s\", \"who\": \"%s\", \"metric\": \"%s\", \"value\": %.3f}\n", of.work.c_str(), of.who.c_str(), metric, value);
    std::fflush(stdout);
}

/// One contestant of a work while it is timed.
class timed {
public:
    explicit timed(entry of) : of_(std::move(of)), does_(of_.make()) {}

    /// Finds how often the work is done in a batch of this length.
    void calibrate(std::chrono::nanoseconds batch) {
        // Opens connections too, for works that have many at once.
        does_->run(warm_up);
        while (true) {
            auto const took = once();
            if (took * 2 >= batch || times_ >= (std::size_t(1) << 30)) {
                times_ = (std::max)(std::size_t(1), static_cast<std::size_t>(static_cast<double>(times_) * static_cast<double>(batch.count()) / static_cast<double>(took.count())));
                break;
            }
            times_ *= 2;
        }
        static_cast<void>(does_->take_nanoseconds());
    }

    void measure() {
        auto const took = static_cast<double>(once().count());
        per_time_.push_back(took / static_cast<double>(times_));
        auto each = does_->take_nanoseconds();
        if (each.empty()) return;
        p50_.push_back(quantile(each, 0.5));
        p99_.push_back(quantile(std::move(each), 0.99));
    }

    void tell() const {
        if (p50_.empty()) return report(of_, "ns", median(per_time_));
        report(of_, "p50_ns", median(p50_));
        report(of_, "p99_ns", median(p99_));
        report(of_, "calls_per_second", 1e9 / median(per_time_));
    }

    [[nodiscard]] double bytes() { return does_->bytes(); }

private:
    static constexpr std::size_t warm_up = 128;

    std::chrono::nanoseconds once() {
        auto const begin = clock::now();
        does_->run(times_);
        return clock::now() - begin;
    }

    entry of_;
    std::unique_ptr<contestant> does_;
    std::size_t times_ = 1;
    std::vector<double> per_time_;
    std::vector<double> p50_;
    std::vector<double> p99_;
};

/// All contestants of a work by turns, so that whatever else the machine does strikes all alike.
void time_work(std::vector<entry> const& of, int rounds, std::chrono::nanoseconds batch) {
    std::vector<std::unique_ptr<timed>> all;
    for (entry const& one : of) {
        auto made = std::make_unique<timed>(one);
        if (double const bytes = made->bytes(); bytes >= 0) {
            report(one, "bytes", bytes);
            continue;
        }
        made->calibrate(batch);
        all.push_back(std::move(made));
    }
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < all.size(); ++i) all[(i + static_cast<std::size_t>(round)) % all.size()]->measure();
    for (auto const& one : all) one->tell();
}

std::vector<entry> named(std::string_view work, std::string_view who) {
    std::vector<entry> found;
    for (entry const& one : sorted_entries())
        if ((work.empty() || one.work == work) && (who.empty() || one.who == who)) found.push_back(one);
    if (found.empty()) throw std::runtime_error("nobody does " + std::string(work) + " as " + std::string(who));
    return found;
}

int usage() {
    std::fputs("usage: bench list\n"
               "       bench time <work> <rounds> <milliseconds of a batch> <who, or nothing for all>\n"
               "       bench count <work> <who> <times>          allocations and system calls; instructions under callgrind,\n"
               "                                                  with --toggle-collect=umbraco_ai_measured_work\n"
               "tools/bench runs it.\n",
               stderr);
    return 2;
}

}  // namespace

registration::registration(std::string_view work, std::string_view who, factory make) { entries().emplace_back(work, who, make); }

}  // namespace bench

/// What callgrind and the counters look at.
extern "C" [[gnu::noinline]] void umbraco_ai_measured_work(bench::contestant& does, std::size_t times) {
    does.run(times);
    bench::keep(times);
}

int main(int count, char** values) {
    using namespace bench;
    std::vector<std::string> const arguments(values + 1, values + count);
    auto const number = [&](std::size_t i) { return std::atoi(arguments.at(i).c_str()); };
    try {
        if (arguments.empty()) return usage();
        // Answers come when the caller sleeps, on a slow machine or under callgrind as well, so that counts are the same each time.
        char const* const slow = std::getenv("UMBRACO_AI_BENCHMARKS_DELAY");
        prepare_server(values[0], slow == nullptr ? 0 : std::atoi(slow));
        if (arguments[0] == "serve") return serve(number(1));
        if (arguments[0] == "list") {
            for (entry const& one : sorted_entries()) std::printf("%s %s\n", one.work.c_str(), one.who.c_str());
            return 0;
        }
        if (arguments[0] == "time" && arguments.size() >= 4) {
            time_work(named(arguments[1], arguments.size() > 4 ? arguments[4] : ""), number(2), std::chrono::milliseconds(number(3)));
            return 0;
        }
        if (arguments[0] == "count" && arguments.size() == 4) {
            entry const one = named(arguments[1], arguments[2]).front();
            auto const does = one.make();
            auto const times = static_cast<std::size_t>(number(3));
            umbraco_ai_measured_work(*does, 0);
            does->run((std::max)(times, std::size_t(128)));
            static_cast<void>(does->take_nanoseconds());
            start_counting();
            umbraco_ai_measured_work(*does, times);
            counts const found = stop_counting();
            report(one, "allocations", static_cast<double>(found.allocations) / static_cast<double>(times));
            report(one, "syscalls", static_cast<double>(found.syscalls) / static_cast<double>(times));
            report(one, "timer_syscalls", static_cast<double>(found.timer_syscalls) / static_cast<double>(times));
            return 0;
        }
        return usage();
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench: %s\n", error.what());
        return 1;
    }
}

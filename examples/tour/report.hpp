// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_REPORT_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_REPORT_HPP

#include "recording_transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tour {

enum class outcome : std::uint8_t { passed, failed, skipped };

/// One step of the tour, done.
class step_report {
public:
    step_report() = default;

    std::string contract;  ///< "documented", "observed", or "server" where it is not known which.
    std::string step;
    std::vector<sent_request> requests;
    outcome ended = outcome::passed;
    std::string text;    ///< What came back, why it failed, or why it was skipped.
    std::string advice;  ///< What to do about a failure.

    [[nodiscard]] std::chrono::nanoseconds took() const noexcept {
        std::chrono::nanoseconds sum{0};
        for (auto const& request : requests) sum += request.took;
        return sum;
    }
};

/// All steps against one server.
class chapter {
public:
    chapter() = default;

    std::string contract;
    std::string server;              ///< The base URL.
    std::vector<std::string> notes;  ///< What there is to know before it begins.
    std::size_t passed = 0;
    std::size_t skipped = 0;
    std::size_t left_out = 0;  ///< Steps not played, since one before them left no sense in it.
    std::size_t requests = 0;
    std::chrono::nanoseconds took{0};
    std::vector<step_report> failed;
    std::string ending;  ///< What became of the connection that the tour made.
};

/// Where the tour is shown.
class report {
public:
    report() = default;
    report(report const&) = delete;
    report& operator=(report const&) = delete;
    virtual ~report() = default;

    virtual void begin(chapter const& about) = 0;
    virtual void step(step_report const& done) = 0;
    virtual void end(chapter const& about) = 0;
    /// The last word, over all chapters.
    virtual void conclude(std::vector<chapter> const& all) = 0;
};

}  // namespace tour

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_SUMMARY_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_SUMMARY_HPP

#include "interruption.hpp"
#include "report.hpp"
#include "words.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace tour {

[[nodiscard]] inline double in_milliseconds(std::chrono::nanoseconds time) noexcept {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// "0.4", "12.0", "1250".
[[nodiscard]] inline std::string milliseconds(std::chrono::nanoseconds time) {
    std::array<char, 64> text{};
    double const value = in_milliseconds(time);
    auto const end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, value < 1000 ? 1 : 0).ptr;
    return std::string(text.data(), end);
}

[[nodiscard]] inline std::string name_of(chapter const& about) {
    return about.contract == "server" ? "the server" : "the " + about.contract + " contract";
}

/// How the steps of a chapter went, on one line.
[[nodiscard]] inline std::string tally_of(chapter const& about) {
    std::string text = counted(about.passed, "step") + " as they should be";
    if (!about.failed.empty()) text += ", " + std::to_string(about.failed.size()) + " failed";
    if (about.skipped != 0) text += ", " + std::to_string(about.skipped) + " skipped";
    if (about.left_out != 0) text += ", " + std::to_string(about.left_out) + " not played";
    return text + " (" + counted(about.requests, "request") + ", " + milliseconds(about.took) + " ms)";
}

/// What failed, why, what to do, and what became of the connection: lines for a person; none where all went well.
[[nodiscard]] inline std::vector<std::string> failures_of(std::vector<chapter> const& all) {
    std::vector<std::string> lines;
    for (auto const& about : all) {
        for (auto const& step : about.failed) {
            lines.push_back("tour: step '" + step.step + "' failed on " + name_of(about) + '.');
            lines.push_back("  why:        " + step.text);
            lines.push_back("  what to do: " + step.advice);
        }
    }
    if (interruption::count() > 0) lines.push_back("tour: interrupted.");
    for (auto const& about : all)
        if (!about.ending.empty()) lines.push_back("tour: " + about.ending);
    return lines;
}

/// The last line of a tour on which all went well.
[[nodiscard]] inline std::string verdict_on(std::vector<chapter> const& all) {
    std::string text = "All went as it should on ";
    for (auto const& about : all) text += (&about == &all.front() ? "" : " and ") + name_of(about);
    return text + '.';
}

}  // namespace tour

#endif

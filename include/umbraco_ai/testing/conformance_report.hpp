// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_CONFORMANCE_REPORT_HPP
#define UMBRACO_AI_TESTING_CONFORMANCE_REPORT_HPP

#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// What became of a rule.
enum class conformance_verdict : std::uint8_t {
    passed,
    failed,
    skipped  ///< The transport does not declare that it can do this, or was stuck before.
};

[[nodiscard]] constexpr std::string_view to_string(conformance_verdict value) noexcept {
    switch (value) {
        case conformance_verdict::passed: return "passed";
        case conformance_verdict::failed: return "failed";
        case conformance_verdict::skipped: return "skipped";
    }
    return "?";
}

/// One rule of the contract, and whether a transport keeps it.
class conformance_finding {
public:
    conformance_finding() = default;
    conformance_finding(std::string rule_name, conformance_verdict outcome, std::string why = {})
        : rule(std::move(rule_name)), verdict(outcome), reason(std::move(why)) {}

    std::string rule;  ///< The rule as a sentence without its stop: "Redirects are not followed".
    conformance_verdict verdict = conformance_verdict::skipped;
    std::string reason;  ///< What was seen instead, or what is not declared; empty where it passed.

    /// "failed: Redirects are not followed: a 301 was answered by HTTP 200, 2 bytes."
    [[nodiscard]] std::string sentence() const {
        std::string text(to_string(verdict));
        text.append(": ").append(rule);
        if (!reason.empty()) text.append(": ").append(reason);
        return text.append(".");
    }

    friend bool operator==(conformance_finding const&, conformance_finding const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, conformance_finding const& value) {
        return out << value.sentence();
    }
};

/// What `check_transport` found: every rule by name, in the order in which they were tried. A value, which prints as a line
/// for each rule and a sum.
class conformance_report {
public:
    conformance_report() = default;

    std::vector<conformance_finding> findings;

    [[nodiscard]] std::size_t count(conformance_verdict wanted) const {
        return static_cast<std::size_t>(
            std::count_if(findings.begin(), findings.end(), [wanted](auto const& each) { return each.verdict == wanted; }));
    }

    /// Some rule was kept, and none was broken.
    [[nodiscard]] bool passed() const { return count(conformance_verdict::failed) == 0 && count(conformance_verdict::passed) != 0; }

    /// The names of the rules with this verdict.
    [[nodiscard]] std::vector<std::string> rules(conformance_verdict wanted) const {
        std::vector<std::string> names;
        for (conformance_finding const& each : findings)
            if (each.verdict == wanted) names.push_back(each.rule);
        return names;
    }

    /// The text that streaming gives.
    [[nodiscard]] std::string to_string() const {
        std::string text;
        for (conformance_finding const& each : findings) text.append(each.sentence()).append("\n");
        std::string_view separator;
        for (auto const verdict : {conformance_verdict::passed, conformance_verdict::failed, conformance_verdict::skipped}) {
            text.append(separator).append(std::to_string(count(verdict))).append(" ").append(testing::to_string(verdict));
            separator = ", ";
        }
        return text.append("\n");
    }

    friend bool operator==(conformance_report const&, conformance_report const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, conformance_report const& value) {
        return out << value.to_string();
    }
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

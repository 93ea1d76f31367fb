// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_JSON_REPORT_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_JSON_REPORT_HPP

#include "report.hpp"
#include "summary.hpp"
#include "terminal.hpp"

#include <umbraco_ai/http/message.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

namespace tour {

/// One JSON object per step on standard output; words for people go to standard error. Of a step that sent several requests,
/// the last is shown, with the time of all.
class json_report final : public report {
public:
    explicit json_report(terminal const& shown_on) : screen_(shown_on) {}

    void begin(chapter const& about) override {
        for (auto const& note : about.notes) std::cerr << screen_.printable(note) << '\n';
    }

    void step(step_report const& done) override {
        nlohmann::ordered_json line;
        line["contract"] = done.contract;
        line["step"] = done.step;
        line["method"] = nullptr;
        line["target"] = nullptr;
        line["status"] = 0;
        if (!done.requests.empty()) {
            auto const& last = done.requests.back();
            line["method"] = std::string(to_string(last.method));
            line["target"] = last.target;
            line["status"] = last.status;
        }
        line["milliseconds"] = std::round(in_milliseconds(done.took()) * 1000) / 1000;
        line["ok"] = done.ended != outcome::failed;
        line[done.ended == outcome::failed ? "error" : "result"] = done.text;
        std::cout << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << std::endl;
    }

    void end(chapter const&) override {}

    void conclude(std::vector<chapter> const& all) override {
        for (auto const& text : failures_of(all)) std::cerr << screen_.printable(text) << '\n';
    }

private:
    terminal const& screen_;
};

}  // namespace tour

#endif

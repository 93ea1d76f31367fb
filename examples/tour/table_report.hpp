// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_TABLE_REPORT_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_TABLE_REPORT_HPP

#include "report.hpp"
#include "summary.hpp"
#include "terminal.hpp"

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/guid.hpp>

#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tour {

/// A table on standard output, each row as soon as its step is done. What failed is told at the end, on standard error.
class table_report final : public report {
public:
    explicit table_report(terminal const& shown_on) : screen_(shown_on) {
        std::size_t const shared =
            screen_.width() - 2 - step_columns - 1 - method_columns - 1 - 1 - status_columns - 1 - time_columns - 2;
        target_columns_ = shared * 11 / 20;
        text_columns_ = shared - target_columns_;
    }

    void begin(chapter const& about) override {
        server_ = about.server;
        std::string const title = about.contract == "server" ? "The server" : "The " + about.contract + " contract";
        line(screen_.painted(colour::bold, title) + "  " + screen_.painted(colour::dim, screen_.printable(about.server)));
        for (auto const& note : about.notes) line("  " + screen_.printable(note));
        line("");
        line(screen_.painted(colour::bold, cells("", "step", "method", "target", "http", "ms", "what came back")));
        line(screen_.painted(colour::dim, ruled()));
    }

    void step(step_report const& done) override {
        std::size_t const last = done.requests.empty() ? 0 : done.requests.size() - 1;
        for (std::size_t i = 0; i <= last; ++i) {
            std::optional<sent_request> const sent = done.requests.empty() ? std::nullopt : std::optional(done.requests[i]);
            std::string const name = i == 0 ? done.step : std::string(screen_.again()) + " then";
            std::string const mark = i == 0 ? mark_of(done.ended) : " ";
            line(mark + ' ' + row(name, sent, i == last ? done.text : on_the_way(*sent), tint_of(done, i == last)));
        }
    }

    void end(chapter const& about) override {
        line(screen_.painted(colour::dim, ruled()));
        line(mark_of(about.failed.empty() ? outcome::passed : outcome::failed) + ' ' + screen_.printable(tally_of(about)));
        line("");
    }

    void conclude(std::vector<chapter> const& all) override {
        auto const failed = failures_of(all);
        if (failed.empty()) line(mark_of(outcome::passed) + ' ' + screen_.painted(colour::bold, verdict_on(all)));
        std::cout.flush();
        for (auto const& text : failed) std::cerr << screen_.printable(text) << '\n';
    }

private:
    static constexpr std::size_t step_columns = 15;
    static constexpr std::size_t method_columns = 6;
    static constexpr std::size_t status_columns = 4;
    static constexpr std::size_t time_columns = 6;

    // Each row is flushed, so that a slow server is seen to be slow where it is.
    static void line(std::string const& text) { std::cout << text << std::endl; }

    [[nodiscard]] std::string mark_of(outcome ended) const {
        switch (ended) {
            case outcome::passed: return screen_.painted(colour::green, screen_.check());
            case outcome::failed: return screen_.painted(colour::red, screen_.cross());
            case outcome::skipped: return screen_.painted(colour::dim, screen_.dash());
        }
        return " ";
    }

    [[nodiscard]] static colour tint_of(step_report const& done, bool is_last) noexcept {
        if (done.ended == outcome::skipped || !is_last) return colour::dim;
        return done.ended == outcome::failed ? colour::red : colour::plain;
    }

    [[nodiscard]] static std::string on_the_way(sent_request const& sent) {
        return sent.status >= 400 ? "no such route; asks on" : "";
    }

    [[nodiscard]] std::string row(std::string const& name, std::optional<sent_request> const& sent, std::string const& text,
                                  colour tint) const {
        std::string const none = screen_.dash();
        std::string const status = !sent ? "" : sent->status == 0 ? none : std::to_string(sent->status);
        std::string const cut =
            cells("", name, sent ? std::string(to_string(sent->method)) : "", sent ? short_target(sent->target) : "", status,
                  sent ? milliseconds(sent->took) : "", text);
        return screen_.painted(tint, cut.substr(2));
    }

    [[nodiscard]] std::string cells(std::string_view mark, std::string_view name, std::string_view method,
                                    std::string_view target, std::string_view status, std::string_view time,
                                    std::string_view text) const {
        std::string const right(time_columns > time.size() ? time_columns - time.size() : 0, ' ');
        std::string made = screen_.fitted(mark, 1) + ' ' + screen_.fitted(name, step_columns) + ' ' +
                           screen_.fitted(method, method_columns) + ' ' + screen_.fitted_middle(target, target_columns_) + ' ' +
                           screen_.fitted(status, status_columns) + ' ' + right + std::string(time) + "  " +
                           screen_.fitted(text, text_columns_);
        made.erase(made.find_last_not_of(' ') + 1);
        return made;
    }

    [[nodiscard]] std::string ruled() const {
        std::string made;
        for (std::size_t i = 0; i < screen_.width(); ++i) made += screen_.rule();
        return made;
    }

    /// The target below the base path, which stands in the title; of an id its beginning, where it is too long.
    [[nodiscard]] std::string short_target(std::string target) const {
        constexpr std::size_t id_size = 36;
        constexpr std::string_view before_id = "/connections/";
        std::size_t const path = server_.find('/', server_.find("://") + 3);
        if (path != std::string::npos && target.starts_with(server_.substr(path))) target.erase(0, server_.size() - path);
        std::size_t const id = target.starts_with(before_id) ? before_id.size() : target.size();
        bool const has_id = ai::guid::parse(target.substr(id, id_size)).has_value();
        if (has_id && target.size() > target_columns_) target.replace(id + 8, id_size - 8, screen_.ellipsis());
        return target;
    }

    terminal const& screen_;
    std::string server_;
    std::size_t target_columns_ = 0;
    std::size_t text_columns_ = 0;
};

}  // namespace tour

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_STAGE_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_STAGE_HPP

#include "advice.hpp"
#include "interruption.hpp"
#include "recording_transport.hpp"
#include "redactor.hpp"
#include "report.hpp"

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace tour {

/// Thrown by a step that got an answer, but not the one it should have got.
class unexpected : public std::runtime_error {
public:
    unexpected(std::string const& what_came, std::string to_do) : std::runtime_error(what_came), advice(std::move(to_do)) {}

    std::string advice;
};

inline void expect(
    bool holds, std::string const& otherwise,
    std::string advice = "See whether somebody else works on the site at the same time; if not, this is worth an issue.") {
    if (!holds) throw unexpected(otherwise, std::move(advice));
}

/// Plays steps one after the other and reports each. Once one fails in a way that leaves no sense in the next, or on Ctrl-C,
/// the steps after it are left out.
class stage {
public:
    stage(report& out, recording_transport& wire, redactor const& hide, chapter& about)
        : out_(out), wire_(wire), hide_(hide), about_(about) {}

    /// Plays a step: `call` gives what came back, or throws what `result::value()` and `expect` throw.
    /// Gives whether it did what it should.
    template <class Call>
    bool step(std::string name, Call&& call) {
        if (is_left_out()) return false;
        return play(std::move(name), call);
    }

    /// Plays a step even when the tour is over.
    template <class Call>
    bool closing_step(std::string name, Call&& call) {
        wire_.tolerate_interruptions();
        return play(std::move(name), call);
    }

    void skip(std::string name, std::string why) {
        if (is_left_out()) return;
        step_report done;
        done.step = std::move(name);
        done.ended = outcome::skipped;
        done.text = std::move(why);
        show(std::move(done));
    }

    /// Leaves the steps after this out.
    void stop() noexcept { is_over_ = true; }

    /// Notes a failure that belongs to no request.
    void demand(bool holds, std::string name, std::string otherwise) {
        if (holds) return;
        step_report done;
        done.step = std::move(name);
        done.ended = outcome::failed;
        done.text = std::move(otherwise);
        done.advice = "This is a fault of the library; it is worth an issue.";
        show(std::move(done));
    }

    /// The failure of the last step that failed in a call.
    [[nodiscard]] ai::failure const& last_failure() const noexcept { return last_failure_; }

    void ending(std::string text) { about_.ending = hide_(std::move(text)); }

private:
    [[nodiscard]] bool is_left_out() noexcept {
        bool const is_out = is_over_ || interruption::count() > 0;
        if (is_out) ++about_.left_out;
        return is_out;
    }

    template <class Call>
    bool play(std::string name, Call& call) {
        step_report done;
        done.step = std::move(name);
        done.ended = outcome::failed;
        last_failure_ = ai::failure();
        try {
            done.text = call();
            done.ended = outcome::passed;
        } catch (ai::bad_result_access const& thrown) {
            last_failure_ = thrown.error();
            done.text = last_failure_.to_string();
            done.advice = advice_on(last_failure_);
            is_over_ = is_over_ || !is_about_this_step_alone(last_failure_);
        } catch (unexpected const& thrown) {
            done.text = thrown.what();
            done.advice = thrown.advice;
        } catch (std::exception const& thrown) {
            done.text = thrown.what();
            done.advice = "Run the tour again; if it comes back, it is worth an issue.";
            is_over_ = true;
        }
        done.requests = wire_.take();
        bool const passed = done.ended == outcome::passed;
        show(std::move(done));
        return passed;
    }

    [[nodiscard]] static bool is_about_this_step_alone(ai::failure const& why) noexcept {
        return why.who == ai::fault::server || why.who == ai::fault::decode;
    }

    void show(step_report done) {
        done.contract = about_.contract;
        done.text = hide_(std::move(done.text));
        for (auto& request : done.requests) request.target = hide_(std::move(request.target));
        about_.requests += done.requests.size();
        about_.took += done.took();
        if (done.ended == outcome::passed) ++about_.passed;
        if (done.ended == outcome::skipped) ++about_.skipped;
        if (done.ended == outcome::failed) about_.failed.push_back(done);
        out_.step(done);
    }

    report& out_;
    recording_transport& wire_;
    redactor const& hide_;
    chapter& about_;
    ai::failure last_failure_;
    bool is_over_ = false;
};

}  // namespace tour

#endif

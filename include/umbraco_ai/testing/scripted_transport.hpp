// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_SCRIPTED_TRANSPORT_HPP
#define UMBRACO_AI_TESTING_SCRIPTED_TRANSPORT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing {

/// A transport for tests that answers from a script. Requests are compared with what the script expects, in order:
///
///     scripted_transport script;
///     script.expect("GET /connections/openai-prod").answers(200, R"({"id": …})");
///     client cms(script, "https://cms.example.com");
///     …
///     REQUIRE(script.report() == "");
///
/// A request that does not match, or comes after the end, fails and stands in the report. Time stands still unless `advance`
/// moves it. It cannot wait, so nothing is repeated; see `patient_scripted_transport`. Not for several threads.
class scripted_transport {
public:
    /// One line of the script.
    class exchange_line {
    public:
        exchange_line() = default;

        /// Demands a header of exactly this value.
        exchange_line& with_header(std::string name, std::string value) {
            headers_.add(std::move(name), std::move(value));
            return *this;
        }
        /// Demands a body of exactly these bytes.
        exchange_line& with_body(std::string bytes) {
            body_ = std::move(bytes);
            return *this;
        }
        /// Answers, as JSON where there is a body.
        exchange_line& answers(int status, std::string body = {}) {
            http_response response(status, std::move(body));
            if (!response.body.empty()) response.headers.add("Content-Type", "application/json; charset=utf-8");
            return answers(std::move(response));
        }
        exchange_line& answers(http_response response) {
            answer_ = std::move(response);
            return *this;
        }
        exchange_line& fails(failure reason) {
            answer_ = std::move(reason);
            return *this;
        }
        /// Lets time pass before the answer.
        exchange_line& after(std::chrono::nanoseconds duration) {
            delay_ = duration;
            return *this;
        }

    private:
        friend class scripted_transport;
        std::string request_;
        http_headers headers_;
        std::optional<std::string> body_;
        result<http_response> answer_ = failure(errc::transport_failed, "The script gives this request no answer.");
        std::chrono::nanoseconds delay_{0};
    };

    scripted_transport() = default;

    /// Adds a line: "GET /connections/x" expects that method and target, below any base path of the API or as a whole. The
    /// reference is good until the next line is added.
    exchange_line& expect(std::string method_and_target) {
        exchange_line& line = script_.emplace_back();
        line.request_ = std::move(method_and_target);
        return line;
    }

    result<http_response> send(http_request request) {
        requests_.push_back(request);
        if (script_.empty()) return mismatch("unexpected request " + shown(request) + ": the script is at its end");
        exchange_line line = std::move(script_.front());
        script_.pop_front();
        if (auto difference = compare(line, request); !difference.empty()) return mismatch(std::move(difference));
        now_ += line.delay_;
        return line.answer_;
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return now_; }
    void advance(std::chrono::nanoseconds duration) noexcept { now_ += duration; }

    /// Every request that came, in order.
    [[nodiscard]] std::vector<http_request> const& requests() const noexcept { return requests_; }

    /// What did not go by the script, a line each; empty where all did. Header values and bodies are not quoted.
    [[nodiscard]] std::string report() const {
        std::string text = report_;
        for (exchange_line const& line : script_) text += "never came: " + line.request_ + '\n';
        return text;
    }

private:
    [[nodiscard]] static std::string shown(http_request const& request) {
        return std::string(to_string(request.method)) + ' ' + request.target;
    }

    [[nodiscard]] static std::string compare(exchange_line const& line, http_request const& request) {
        std::size_t const blank = line.request_.find(' ');
        std::string_view const target = std::string_view(line.request_).substr(blank + 1);
        bool const same_method = std::string_view(line.request_).substr(0, blank) == to_string(request.method);
        bool const same_target = request.target == target || request.target == std::string(api_base_path) + std::string(target);
        if (!same_method || !same_target) return "expected " + line.request_ + ", but " + shown(request) + " came";
        for (header_view const wanted : line.headers_) {
            auto const found = request.headers.find(wanted.name);
            if (!found) return line.request_ + ": the header " + std::string(wanted.name) + " is missing";
            if (*found != wanted.value) return line.request_ + ": the header " + std::string(wanted.name) + " has another value";
        }
        if (line.body_ && *line.body_ != request.body) {
            std::size_t at = 0;
            while (at < line.body_->size() && at < request.body.size() && (*line.body_)[at] == request.body[at]) ++at;
            return line.request_ + ": the body differs from byte " + std::to_string(at) + " on (" + std::to_string(line.body_->size()) +
                   " bytes expected, " + std::to_string(request.body.size()) + " came)";
        }
        return {};
    }

    result<http_response> mismatch(std::string text) {
        report_ += text + '\n';
        return failure(errc::transport_failed, "The request is not in the script: " + text + '.');
    }

    std::deque<exchange_line> script_;
    std::vector<http_request> requests_;
    std::string report_;
    std::chrono::nanoseconds now_{0};
};

/// A script for calls that may be repeated: waiting moves the time on, and is noted.
class patient_scripted_transport : public scripted_transport {
public:
    patient_scripted_transport() = default;

    void wait(std::chrono::nanoseconds duration) {
        waits_.push_back(duration);
        advance(duration);
    }

    /// How long each pause was, in order.
    [[nodiscard]] std::vector<std::chrono::nanoseconds> const& waits() const noexcept { return waits_; }

private:
    std::vector<std::chrono::nanoseconds> waits_;
};

}  // namespace testing

UMBRACO_AI_END_NAMESPACE

#endif

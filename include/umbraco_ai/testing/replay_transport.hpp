// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_REPLAY_TRANSPORT_HPP
#define UMBRACO_AI_TESTING_REPLAY_TRANSPORT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/redactor.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

enum class replay_order : std::uint8_t {
    as_recorded,          ///< Each request is the next one of the recording.
    by_method_and_target  ///< Each request is the first one of its method and target that was not played yet.
};

/// A transport that answers from a recording, with the statuses, header fields and body bytes that stand there:
///
///     auto tape = testing::load_recording("exchanges.http");
///     testing::replay_transport wire(*tape);
///     client cms(wire, "https://cms.example.com", bearer_token(std::string("any")));
///     …
///     REQUIRE(wire.report() == "");
///
/// A request must be the recorded one in method, target, header fields and body; where they hold secrets, any other secret is
/// as good, and host and length do not count. A request that differs fails, is not sent again, and stands in the report with
/// the first thing in which it differs; what was recorded stays to be played. Waiting takes no time, and moves the clock on.
/// What it answers are placeholders where secrets were, so a comparison with them, as in `ensure`, needs settings by reference.
/// Not for several threads.
class replay_transport {
public:
    static constexpr bool tracks_writes = true;

    explicit replay_transport(recording tape, replay_order order = replay_order::as_recorded)
        : tape_(std::move(tape)), order_(order), is_played_(tape_.exchanges.size()) {
        // What others recorded may hold secrets; what comes is compared without them.
        redactor clean;
        for (recorded_exchange& each : tape_.exchanges) clean.redact(each.request);
    }

    [[nodiscard]] result<http_response> send(http_request request) {
        server_request const came = redactor_.redact(request);
        std::size_t const at = find(came);
        if (at == tape_.exchanges.size()) return mismatch("the recording has no more such request, but " + shown(came) + " came");
        if (auto difference = compare(tape_.exchanges[at].request, came); !difference.empty())
            return mismatch("exchange " + std::to_string(at + 1) + " of " + std::to_string(tape_.exchanges.size()) + ": " + difference);
        is_played_[at] = true;
        return tape_.exchanges[at].response;
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return now_; }
    void wait(std::chrono::nanoseconds duration) noexcept { now_ += duration; }

    /// What did not go by the recording, a line each; empty where all did and all was played.
    [[nodiscard]] std::string report() const {
        std::string text = report_;
        for (std::size_t i = 0; i < is_played_.size(); ++i)
            if (!is_played_[i]) text += "never came: " + shown(tape_.exchanges[i].request) + '\n';
        return text;
    }

private:
    [[nodiscard]] static std::string shown(server_request const& request) { return request.method + ' ' + request.target; }

    [[nodiscard]] static bool is_same(std::string_view recorded, std::string_view came) {
        return recorded == came || detail::without_placeholder_numbers(recorded) == detail::without_placeholder_numbers(came);
    }

    [[nodiscard]] std::size_t find(server_request const& came) const {
        std::size_t at = 0;
        for (; at < tape_.exchanges.size(); ++at) {
            server_request const& recorded = tape_.exchanges[at].request;
            bool const fits = order_ == replay_order::as_recorded || (recorded.method == came.method && is_same(recorded.target, came.target));
            if (!is_played_[at] && fits) break;
        }
        return at;
    }

    [[nodiscard]] static bool is_compared(std::string_view header) {
        return !detail::is_one_of(header, {"Host", "Content-Length", "Transfer-Encoding", "Connection", "User-Agent"});
    }

    [[nodiscard]] static std::string compare(server_request const& recorded, server_request const& came) {
        if (recorded.method != came.method || !is_same(recorded.target, came.target)) return "expected " + shown(recorded) + ", but " + shown(came) + " came";
        for (header_view const field : recorded.headers) {
            if (!is_compared(field.name)) continue;
            auto const value = came.headers.find(field.name);
            if (!value) return shown(recorded) + ": the header " + std::string(field.name) + " is missing";
            if (!is_same(field.value, *value)) return shown(recorded) + ": the header " + std::string(field.name) + " has another value";
        }
        for (header_view const field : came.headers)
            if (is_compared(field.name) && !recorded.headers.contains(field.name)) return shown(recorded) + ": the header " + std::string(field.name) + " was not recorded";
        if (is_same(recorded.body, came.body)) return {};
        std::string const expected = detail::without_placeholder_numbers(recorded.body);
        std::string const got = detail::without_placeholder_numbers(came.body);
        auto const at = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end()).first - expected.begin();
        return shown(recorded) + ": the body differs from byte " + std::to_string(at) + " on (" + std::to_string(expected.size()) + " bytes expected, " +
               std::to_string(got.size()) + " came, without secrets)";
    }

    result<http_response> mismatch(std::string const& text) {
        report_ += (tape_.name.empty() ? text : tape_.name + ": " + text) + '\n';
        return failure(errc::invalid_argument, "The request is not the recorded one: " + text + '.').at(tape_.name.empty() ? std::string("recording") : tape_.name);
    }

    recording tape_;
    replay_order order_;
    std::vector<bool> is_played_;
    redactor redactor_;
    std::string report_;
    std::chrono::nanoseconds now_{0};
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_RECORD_TRANSPORT_HPP
#define UMBRACO_AI_TESTING_RECORD_TRANSPORT_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/redactor.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// Adds exchanges to a recording, without their secrets. What every recording transport does; by itself it serves a transport
/// of any other kind.
class recorder {
public:
    /// after_each  called after each exchange, as `recording_file` is, to keep what there is
    explicit recorder(recording& tape, std::function<result<void>(recording const&)> after_each = {})
        : tape_(&tape), after_each_(std::move(after_each)) {}

    /// A request without an answer is left out: there is nothing to play back.
    void add(http_request const& request, result<http_response> const& answer) {
        if (!answer) return;
        recorded_exchange made(redactor_.redact(request), *answer);
        std::size_t const known_before = redactor_.secrets();
        redactor_.redact(made);
        if (redactor_.secrets() != known_before)
            for (recorded_exchange& earlier : tape_->exchanges) redactor_.redact(earlier);
        made.response.origin_tag = 0;
        tape_->exchanges.push_back(std::move(made));
        if (after_each_ && kept_) kept_ = after_each_(*tape_);
    }

    /// Whether `after_each` succeeded always; its first failure otherwise, after which it is not called again.
    [[nodiscard]] result<void> const& kept() const noexcept { return kept_; }

private:
    recording* tape_;
    std::function<result<void>(recording const&)> after_each_;
    redactor redactor_;
    result<void> kept_ = result<void>::ok();
};

/// Records what goes over another transport, plain or awaited by a coroutine type:
///
///     testing::recording tape;
///     testing::record_transport wire(blocking_transport(), tape, testing::recording_file("exchanges.http"));
///     client cms(wire, "https://cms.example.com", bearer_token(token));
///
/// Requests and answers pass unchanged; the recording holds no secret, see `redactor`. Refers to an lvalue transport, which
/// must outlive it, and owns an rvalue one.
/// Lifetime: the recording outlives it, and it outlives its calls. Threading: one thread, or one strand.
template <class T>
    requires Transport<T>
class record_transport {
    using plain = std::remove_reference_t<T>;

public:
    static constexpr bool timed = is_timed<plain>;
    static constexpr bool cancellable = is_cancellable<plain>;
    static constexpr bool concurrent = is_concurrent<plain>;
    static constexpr bool tracks_writes = umbraco_ai::tracks_writes<plain>;

    record_transport(T&& wire, recording& tape, std::function<result<void>(recording const&)> after_each = {})
        : wire_(std::forward<T>(wire)), recorder_(tape, std::move(after_each)) {}

    [[nodiscard]] result<http_response> send(http_request request)
        requires(!is_awaited<T>)
    {
        http_request const sent = request;
        result<http_response> answer = send_over(wire_, std::move(request));
        recorder_.add(sent, answer);
        return answer;
    }

    [[nodiscard, gnu::noinline]] send_result_t<T> send(http_request request)
        requires is_awaited<T>
    {
        http_request const sent = request;
        auto sending = send_over(wire_, std::move(request));
        result<http_response> answer = co_await std::move(sending);
        recorder_.add(sent, answer);
        co_return answer;
    }

    [[nodiscard]] std::chrono::nanoseconds now()
        requires requires(plain& wire) { wire.now(); }
    {
        return wire_.now();
    }
    auto wait(std::chrono::nanoseconds duration)
        requires CanWait<plain>
    {
        return wire_.wait(duration);
    }
    [[nodiscard]] auto get_executor() const
        requires requires(plain const& wire) { wire.get_executor(); }
    {
        return wire_.get_executor();
    }

    /// Whether what is called after each exchange succeeded always; its first failure otherwise.
    [[nodiscard]] result<void> const& kept() const noexcept { return recorder_.kept(); }

private:
    T wire_;
    recorder recorder_;
};

template <class T>
record_transport(T&, recording&) -> record_transport<T&>;
template <class T>
record_transport(T&, recording&, std::function<result<void>(recording const&)>) -> record_transport<T&>;
template <class T>
    requires(!std::is_lvalue_reference_v<T>)
record_transport(T&&, recording&) -> record_transport<T>;
template <class T>
    requires(!std::is_lvalue_reference_v<T>)
record_transport(T&&, recording&, std::function<result<void>(recording const&)>) -> record_transport<T>;

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

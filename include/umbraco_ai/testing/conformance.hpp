// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_CONFORMANCE_HPP
#define UMBRACO_AI_TESTING_CONFORMANCE_HPP

#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/conformance_report.hpp>
#include <umbraco_ai/testing/detail/conformance_bench.hpp>
#include <umbraco_ai/testing/detail/conformance_declared.hpp>
#include <umbraco_ai/testing/detail/conformance_failures.hpp>
#include <umbraco_ai/testing/detail/conformance_messages.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// How a transport is tried.
class conformance_options {
public:
    conformance_options() = default;

    server_tls tls;  ///< With a certificate the servers speak https, and the transport must trust it.

    /// What the transport can do besides what it declares itself, for one that cannot declare, such as a lambda.
    bool is_timed = false;
    bool is_cancellable = false;
    bool is_concurrent = false;
    bool does_track_writes = false;

    /// How long each server is there. A call that takes so long is taken for one that never ends, and the last one tried.
    std::chrono::steady_clock::duration patience = std::chrono::seconds(20);

    conformance_options& with_patience(std::chrono::steady_clock::duration value) {
        patience = value;
        return *this;
    }
    conformance_options& with_tls(server_tls value) {
        tls = std::move(value);
        return *this;
    }
    conformance_options& timed() {
        is_timed = true;
        return *this;
    }
    conformance_options& cancellable() {
        is_cancellable = true;
        return *this;
    }
    conformance_options& concurrent() {
        is_concurrent = true;
        return *this;
    }
    conformance_options& tracking_writes() {
        does_track_writes = true;
        return *this;
    }
};

namespace detail {

/// One rule: its name, what it needs to be tried, and the trial, which gives what is wrong.
class conformance_rule {
public:
    std::string_view name;
    std::string_view (*missing)(conformance_bench const&);
    std::string (*broken)(conformance_bench const&);
};

[[nodiscard]] inline conformance_finding try_rule(conformance_rule const& rule, conformance_bench const& bench) {
    if (std::string_view const missing = rule.missing(bench); !missing.empty())
        return conformance_finding(std::string(rule.name), conformance_verdict::skipped, std::string(missing));
    if (bench.notes().got_stuck && rule.broken != &conformance_failures::one_outcome)
        return conformance_finding(std::string(rule.name), conformance_verdict::skipped, "an earlier call did not end");
    std::string wrong = rule.broken(bench);
    if (wrong.empty() && bench.notes().got_stuck) wrong = "a call did not end before its server went";
    conformance_verdict const verdict = wrong.empty() ? conformance_verdict::passed : conformance_verdict::failed;
    return conformance_finding(std::string(rule.name), verdict, std::move(wrong));
}

[[nodiscard]] inline conformance_report try_rules(conformance_bench const& bench) {
    using text = std::string_view;
    auto const always = [](conformance_bench const&) { return text(); };
    conformance_rule const rules[] = {
        {"A request arrives as it was given", always, conformance_messages::request_as_given},
        {"No header is invented", always, conformance_messages::nothing_invented},
        {"The body of a request arrives whole", always, conformance_messages::request_body_whole},
        {"Any status is an answer", always, conformance_messages::any_status},
        {"The header of an answer comes whole", always, conformance_messages::answer_header_whole},
        {"The body of an answer comes whole", always, conformance_messages::answer_body_whole},
        {"Interim responses are passed over", always, conformance_messages::interim_passed_over},
        {"Redirects are not followed", always, conformance_messages::redirects_not_followed},
        {"Nothing is sent twice", always, conformance_failures::nothing_sent_twice},
        {"An answer that is cut short is a failure", always, conformance_failures::cut_is_failure},
        {"What is not HTTP is a failure", always, conformance_failures::not_http_is_failure},
        {"A server that is not there is a failure", always, conformance_failures::absent_server_is_failure},
        {"A failure leaves the transport usable", always, conformance_failures::usable_after_failure},
        {"An answer belongs to its request", always, conformance_failures::answer_of_its_request},
        {"The header of an answer is bounded", always, conformance_failures::header_bounded},
        {"The body of an answer is bounded", always, conformance_failures::body_bounded},
        {"What is meant for https is not sent in plain", always, conformance_failures::https_not_in_plain},
        {"A certificate that nobody trusts is refused",
         [](conformance_bench const& b) { return b.has_tls() ? text() : text("tried without TLS"); }, conformance_failures::untrusted_refused},
        {"A call ends within its time", [](conformance_bench const& b) { return b.declared.timed ? text() : text("timed is not declared"); },
         conformance_declared::ends_in_time},
        {"A cancelled call ends",
         [](conformance_bench const& b) { return b.declared.cancellable ? text() : text("cancellable is not declared"); },
         conformance_declared::ends_when_cancelled},
        {"Two calls run at once",
         [](conformance_bench const& b) { return b.declared.concurrent ? text() : text("concurrent is not declared"); },
         conformance_declared::two_at_once},
        {"A failure knows whether a write may have been applied",
         [](conformance_bench const& b) { return b.declared.tracks_writes ? text() : text("tracks_writes is not declared"); },
         conformance_declared::writes_tracked},
        {"Each call gives one answer or one failure", always, conformance_failures::one_outcome},
    };
    conformance_report report;
    for (conformance_rule const& rule : rules) report.findings.push_back(try_rule(rule, bench));
    return report;
}

template <class T>
inline constexpr bool is_asio_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_asio_awaitable<boost::asio::awaitable<T, Executor>> = true;

template <class Factory>
inline constexpr bool takes_context = std::is_invocable_v<Factory&, boost::asio::io_context&>;

template <class Factory>
decltype(auto) make_transport(Factory& factory, boost::asio::io_context& io) {
    if constexpr (takes_context<Factory>) return factory(io);
    else return factory();
}
template <class Factory>
using made_transport_t = decltype(make_transport(std::declval<Factory&>(), std::declval<boost::asio::io_context&>()));

/// A transport whose calls end on the thread that makes them.
template <class Factory, class Run>
class running_subject : public conformance_subject {
public:
    running_subject(Factory& factory, Run const& run) : transport_(make_transport(factory, io_)), run_(run) {}

    result<http_response> send(http_request request) override { return run_(io_, transport_, std::move(request)); }

    std::pair<result<http_response>, result<http_response>> send_both(http_request one, http_request other) override {
        std::pair<result<http_response>, result<http_response>> answers;
        std::exception_ptr thrown;
        std::exception_ptr thrown_beside;
        std::thread beside([&] {
            try {
                answers.second = send(std::move(other));
            } catch (...) {
                thrown_beside = std::current_exception();
            }
        });
        try {
            answers.first = send(std::move(one));
        } catch (...) {
            thrown = std::current_exception();
        }
        beside.join();
        if (!thrown) thrown = thrown_beside;
        if (thrown) std::rethrow_exception(thrown);
        return answers;
    }

private:
    boost::asio::io_context io_;
    made_transport_t<Factory> transport_;
    Run run_;
};

class run_plain {
public:
    template <class T>
    result<http_response> operator()(boost::asio::io_context&, T& transport, http_request request) const {
        return send_over(transport, std::move(request));
    }
};

template <class Runner>
class run_by_user {
public:
    explicit run_by_user(Runner runner) : runner_(std::move(runner)) {}

    template <class T>
    result<http_response> operator()(boost::asio::io_context&, T& transport, http_request request) {
        return runner_(send_over(transport, std::move(request)));
    }

private:
    Runner runner_;
};

/// Coroutines of Asio, on a context that runs while a call does.
template <class Factory>
class asio_subject : public conformance_subject {
public:
    explicit asio_subject(Factory& factory) : transport_(make_transport(factory, io_)) {}

    result<http_response> send(http_request request) override {
        result<http_response> answer;
        begin(std::move(request), answer);
        finish();
        return answer;
    }

    std::pair<result<http_response>, result<http_response>> send_both(http_request one, http_request other) override {
        std::pair<result<http_response>, result<http_response>> answers;
        begin(std::move(one), answers.first);
        begin(std::move(other), answers.second);
        finish();
        return answers;
    }

private:
    void begin(http_request request, result<http_response>& answer) {
        ++under_way_;
        boost::asio::co_spawn(io_, send_over(transport_, std::move(request)),
                              [this, &answer](std::exception_ptr thrown, result<http_response> given) {
                                  if (thrown) thrown_ = thrown;
                                  answer = std::move(given);
                                  --under_way_;
                              });
    }

    // Idle connections may leave work behind, so the end of the work is not waited for.
    void finish() {
        io_.restart();
        while (under_way_ != 0 && io_.run_one() != 0) {
        }
        if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    }

    boost::asio::io_context io_;
    made_transport_t<Factory> transport_;
    std::size_t under_way_ = 0;
    std::exception_ptr thrown_;
};

template <class Made>
[[nodiscard]] conformance_declarations declarations_of(conformance_options const& options) {
    using plain = std::remove_reference_t<Made>;
    conformance_declarations says;
    says.timed = options.is_timed || umbraco_ai::is_timed<plain>;
    says.cancellable = options.is_cancellable || umbraco_ai::is_cancellable<plain>;
    says.concurrent = options.is_concurrent || umbraco_ai::is_concurrent<plain>;
    says.tracks_writes = options.does_track_writes || umbraco_ai::tracks_writes<plain>;
    return says;
}

template <class F>
concept TransportFactory = std::is_invocable_v<F&> || takes_context<F>;

}  // namespace detail

/// Tries a transport by every rule of the contract, against servers on loopback that answer well, badly, late or not at all.
///
///     testing::conformance_report const report = testing::check_transport([] { return my_transport(); });
///     INFO(report);
///     CHECK(report.passed());
///
///   factory   makes a transport; each rule has one or more of its own. Called without an argument, or with an `io_context&`,
///             which coroutines of Asio are run on
/// What the transport does not declare is skipped, and the report says so. It takes about a second, more where rules are
/// broken. Errors: throws what the factory throws, and where no server can be begun. Threading: `concurrent` plain transports
/// are called from two threads.
template <detail::TransportFactory Factory>
[[nodiscard]] conformance_report check_transport(Factory factory, conformance_options const& options = {}) {
    using made = detail::made_transport_t<Factory>;
    static_cast<void>(sizeof(umbraco_ai::detail::transport_explained<std::remove_reference_t<made>>));
    auto const make = [&factory]() -> std::unique_ptr<detail::conformance_subject> {
        if constexpr (!is_awaited<made>) {
            return std::make_unique<detail::running_subject<Factory, detail::run_plain>>(factory, detail::run_plain());
        } else {
            static_assert(detail::is_asio_awaitable<send_result_t<made>>,
                          "umbraco_ai: say how to run what send gives: check_transport(factory, runner)");
            return std::make_unique<detail::asio_subject<Factory>>(factory);
        }
    };
    return detail::try_rules(detail::conformance_bench(make, detail::declarations_of<made>(options), options.tls, options.patience));
}

/// The same, of one transport by itself, which all rules share.
template <Transport T>
    requires(!is_awaited<T>)
[[nodiscard]] conformance_report check_transport(T& transport, conformance_options const& options = {}) {
    return check_transport([&transport]() -> T& { return transport; }, options);
}

/// The same, of a transport whose `send` gives a kind of task of the user's.
///   runner   takes what `send` gives, waits for its end, and gives the `result<http_response>`; for a `concurrent` transport
///            it is called from two threads at once
template <detail::TransportFactory Factory, class Runner>
    requires(!std::is_convertible_v<Runner, conformance_options>)
[[nodiscard]] conformance_report check_transport(Factory factory, Runner runner, conformance_options const& options = {}) {
    using made = detail::made_transport_t<Factory>;
    static_cast<void>(sizeof(umbraco_ai::detail::transport_explained<std::remove_reference_t<made>>));
    using run = detail::run_by_user<Runner>;
    auto const make = [&factory, &runner]() -> std::unique_ptr<detail::conformance_subject> {
        return std::make_unique<detail::running_subject<Factory, run>>(factory, run(runner));
    };
    return detail::try_rules(detail::conformance_bench(make, detail::declarations_of<made>(options), options.tls, options.patience));
}

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_RETRY_HPP
#define UMBRACO_AI_RETRY_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// When a request is sent again. GET: after 408, 429, 502, 503, 504, a failed connection, a lost answer. DELETE by id: the
/// same, and a 404 after a repetition counts as done. PUT and POST: only where no byte of the request was written. Between
/// two tries passes a random time up to `base_delay` doubled with each try, or what `Retry-After` asks for.
class retry_policy {
public:
    retry_policy() = default;

    /// One try and no more.
    [[nodiscard]] static retry_policy none() {
        retry_policy made;
        made.most_attempts = 1;
        return made;
    }

    unsigned most_attempts = 3;                                             ///< Of one request, the first one included; from 1.
    std::chrono::nanoseconds base_delay = std::chrono::milliseconds(200);   ///< The longest first pause.
    std::chrono::nanoseconds most_delay = std::chrono::seconds(5);          ///< The longest pause without `Retry-After`.
    std::chrono::nanoseconds most_retry_after = std::chrono::seconds(60);   ///< A longer `Retry-After` is returned instead of waited for.
    double budget = 10;                                                     ///< Repetitions of a client at once; each success gives a tenth of one back.
    std::uint64_t seed = 0;                                                 ///< Of the random pauses; 0: from the transport's clock.
};

namespace detail {

/// Keeps a client from multiplying its requests while a server is down.
class retry_budget {
public:
    explicit retry_budget(double most) noexcept : most_(most), left_(most) {}

    [[nodiscard]] bool take() noexcept {
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }
    void give_back() noexcept { left_ = (std::min)(most_, left_ + 0.1); }

private:
    double most_;
    double left_;
};

/// Small and good enough for jitter (xorshift64*).
class jitter_source {
public:
    jitter_source() = default;

    void seed(std::uint64_t value) noexcept { state_ = value | 1U; }
    [[nodiscard]] bool is_seeded() const noexcept { return state_ != 0; }

    /// From 0 to `most`.
    [[nodiscard]] std::chrono::nanoseconds up_to(std::chrono::nanoseconds most) noexcept {
        state_ ^= state_ >> 12U;
        state_ ^= state_ << 25U;
        state_ ^= state_ >> 27U;
        std::uint64_t const drawn = (state_ * 0x2545F4914F6CDD1DULL) >> 11U;
        double const share = static_cast<double>(drawn) / static_cast<double>(1ULL << 53U);
        return std::chrono::nanoseconds(static_cast<std::int64_t>(share * static_cast<double>(most.count())));
    }

private:
    std::uint64_t state_ = 0;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7), in seconds since 1970.
[[nodiscard, gnu::cold]] inline std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',' || text[19] != ':' || text[22] != ':') return std::nullopt;
    auto const number = [&](std::size_t at, std::size_t digits) {
        int value = 0;
        for (char const c : text.substr(at, digits)) {
            if (c < '0' || c > '9') return -1;
            value = value * 10 + (c - '0');
        }
        return value;
    };
    std::size_t const month = months.find(text.substr(8, 3));
    int const day = number(5, 2), year = number(12, 4), hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
    if (month % 3 != 0 || month == std::string_view::npos || day < 1 || year < 1970 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    std::chrono::year_month_day const date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month / 3) + 1),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) return std::nullopt;
    std::int64_t const days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

inline constexpr std::int64_t most_delay_seconds = 86400;

/// "120" or "1.5"; libc++ 16 reads no fractions with from_chars.
[[nodiscard]] inline std::optional<std::chrono::nanoseconds> parse_delay(std::string_view text) noexcept {
    std::int64_t seconds = 0;
    std::int64_t fraction = 0;
    std::int64_t unit = 1'000'000'000;
    bool in_fraction = false;
    bool any = false;
    for (char const c : text) {
        if (c == '.' && !in_fraction && any) {
            in_fraction = true;
        } else if (c < '0' || c > '9') {
            return std::nullopt;
        } else if (in_fraction) {
            unit /= 10;
            fraction += (c - '0') * unit;
        } else {
            any = true;
            seconds = (std::min)(seconds * 10 + (c - '0'), most_delay_seconds);
        }
    }
    if (!any) return std::nullopt;
    return std::chrono::seconds(seconds) + std::chrono::nanoseconds(fraction);
}

/// How long `Retry-After` asks to wait: seconds, with a fraction too, or a date, measured from the answer's own Date.
[[nodiscard]] inline std::optional<std::chrono::nanoseconds> retry_after(http_response const& response) noexcept {
    auto const field = response.headers.find("Retry-After");
    if (!field || field->empty()) return std::nullopt;
    if (auto const delay = parse_delay(*field)) return delay;
    auto const date = response.headers.find("Date");
    if (!date) return std::nullopt;
    std::int64_t const until = parse_http_date(*field).value_or(-1);
    std::int64_t const from = parse_http_date(*date).value_or(-1);
    if (from < 0 || until < from) return std::nullopt;
    return std::chrono::seconds((std::min)(until - from, most_delay_seconds));
}

[[nodiscard]] constexpr bool is_passing_status(int status) noexcept {
    return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

/// Whether, and after which pause, the calls of one client send a request again.
class retries {
public:
    explicit retries(retry_policy const& policy) : budget_(policy.budget) {
        if (policy.seed != 0) jitter_.seed(policy.seed);
    }

    bool can_wait = false;  ///< The transport can.

    /// How long to wait before a request is sent again, or nothing where it is not.
    ///   answer           of the last try; a failure is told where only the transport's want of a clock makes it the last
    ///   tries            of this request so far
    ///   is_attempt_over  the last one took as long as an attempt may
    ///   left             of the time of the call
    [[nodiscard]] std::optional<std::chrono::nanoseconds> pause_before_next(retry_policy const& policy, http_method method, result<http_response>& answer,
                                                                            unsigned tries, bool is_attempt_over, std::chrono::nanoseconds left,
                                                                            std::chrono::nanoseconds now) {
        if (tries >= policy.most_attempts) return std::nullopt;
        bool const may_repeat = method == http_method::get || method == http_method::delete_;
        bool const is_passing = answer ? may_repeat && is_passing_status(answer->status)
                                       : (is_attempt_over || (answer.error().who == fault::transport && is_connection_fault(answer.error()))) &&
                                             (may_repeat || !answer.error().possibly_applied);
        if (!is_passing) return std::nullopt;
        if (!can_wait) {
            if (!answer) answer.error().message += " It was not sent again, since the transport cannot wait.";
            return std::nullopt;
        }
        if (!jitter_.is_seeded()) jitter_.seed(static_cast<std::uint64_t>(now.count()) * 2654435761ULL + 1);
        unsigned const doublings = (std::min)(tries - 1, 16U);
        std::chrono::nanoseconds const doubled = policy.base_delay * (1LL << doublings);
        auto pause = jitter_.up_to((std::min)(doubled, policy.most_delay));
        if (answer) {
            if (auto const asked = retry_after(*answer)) {
                if (*asked > policy.most_retry_after) return std::nullopt;
                pause = *asked;
            }
        }
        if (pause >= left || !budget_.take()) return std::nullopt;
        return pause;
    }

    /// An answer that no further try would better gives something back to the budget.
    void note(http_response const& answer) noexcept {
        if (answer.status < 500 && !is_passing_status(answer.status)) budget_.give_back();
    }

private:
    [[nodiscard]] static bool is_connection_fault(failure const& reason) {
        for (errc const code : {errc::resolve_failed, errc::connect_failed, errc::connection_closed, errc::transport_failed})
            if (reason.code == make_error_code(code)) return true;
        return reason.code.category() != error_category();
    }

    retry_budget budget_;
    jitter_source jitter_;
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_TIMESTAMP_HPP
#define UMBRACO_AI_MODEL_TIMESTAMP_HPP

#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/model/short_text.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// A date as the server wrote it. Servers write dates in the culture of the signed-in user (Danish: dots in the time; Saudi
/// Arabic: the Hijri year), so the text is kept, and an instant is given only where it is certain.
class timestamp {
public:
    using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

    timestamp() = default;
    explicit timestamp(std::string_view text_as_sent) : text_(text_as_sent) {}

    /// Valid until the timestamp changes or ends.
    [[nodiscard]] std::string_view text() const noexcept { return text_.view(); }

    /// The instant, where the text has a zone and a year that can only be Gregorian (2000 to 2399). Nothing otherwise.
    [[nodiscard]] std::optional<time_point> instant() const noexcept {
        auto const read = parse();
        if (!read || read->year < first_year || read->year > last_year || !read->has_zone) return std::nullopt;
        using namespace std::chrono;
        year_month_day const date(year(read->year), month(static_cast<unsigned>(read->month)), day(static_cast<unsigned>(read->day)));
        if (!date.ok() || read->hour > 23 || read->minute > 59 || read->second > 59) return std::nullopt;
        return time_point(sys_days(date)) + hours(read->hour) + minutes(read->minute - read->offset_minutes) +
               seconds(read->second) + nanoseconds(read->fraction);
    }

    /// Whether the text has the form of a date whose year is of another calendar, or is not set.
    [[nodiscard]] bool is_not_gregorian() const noexcept {
        auto const read = parse();
        return read && (read->year < first_year || read->year > last_year);
    }

    friend bool operator==(timestamp const&, timestamp const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, timestamp const& value) {
        return out << value.text();
    }

private:
    friend struct json_codec<timestamp>;

    static constexpr int first_year = 2000;
    static constexpr int last_year = 2399;

    struct parts {
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        std::int64_t fraction = 0;
        int offset_minutes = 0;
        bool has_zone = false;
    };

    static bool number(std::string_view& text, std::size_t digits, int& out) noexcept {
        if (text.size() < digits) return false;
        out = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (text[i] < '0' || text[i] > '9') return false;
            out = out * 10 + (text[i] - '0');
        }
        text.remove_prefix(digits);
        return true;
    }

    static bool one_of(std::string_view& text, std::string_view set) noexcept {
        if (text.empty() || set.find(text.front()) == std::string_view::npos) return false;
        text.remove_prefix(1);
        return true;
    }

    [[nodiscard]] std::optional<parts> parse() const noexcept {
        std::string_view rest = text_.view();
        parts read;
        if (!number(rest, 4, read.year) || !one_of(rest, "-") || !number(rest, 2, read.month) || !one_of(rest, "-") ||
            !number(rest, 2, read.day) || !one_of(rest, "T") || !number(rest, 2, read.hour) || !one_of(rest, ":.") ||
            !number(rest, 2, read.minute) || !one_of(rest, ":.") || !number(rest, 2, read.second))
            return std::nullopt;
        if (one_of(rest, ".,")) {
            std::int64_t unit = 100'000'000;
            if (rest.empty() || rest.front() < '0' || rest.front() > '9') return std::nullopt;
            while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
                read.fraction += (rest.front() - '0') * unit;
                unit /= 10;
                rest.remove_prefix(1);
            }
        }
        if (one_of(rest, "Z")) {
            read.has_zone = true;
        } else if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
            int const sign = rest.front() == '-' ? -1 : 1;
            rest.remove_prefix(1);
            int offset_hours = 0;
            int offset_minutes = 0;
            if (!number(rest, 2, offset_hours) || !one_of(rest, ":.") || !number(rest, 2, offset_minutes)) return std::nullopt;
            read.offset_minutes = sign * (offset_hours * 60 + offset_minutes);
            read.has_zone = true;
        }
        if (!rest.empty()) return std::nullopt;
        return read;
    }

    detail::short_text text_;
};

/// A date never fails the answer it stands in: what is no string is kept as its bytes.
template <>
struct json_codec<timestamp> {
    static bool read(json_reader& reader, timestamp& out) {
        std::string_view text;
        if (reader.take_plain_string(text)) {
            out.text_.assign(text);
            return true;
        }
        std::string scratch;
        bool const ok = reader.peek() == json_kind::string ? reader.read_text(text, scratch) : reader.read_raw(text);
        if (ok) out.text_.assign(text);
        return ok;
    }
    template <Sink S>
    static void write(S& sink, timestamp const& value) {
        detail::put_json_string(sink, value.text());
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

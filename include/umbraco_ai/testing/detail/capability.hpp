// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_CAPABILITY_HPP
#define UMBRACO_AI_TESTING_DETAIL_CAPABILITY_HPP

#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/testing/provider.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// The capabilities in the order of the server's enum.
inline constexpr std::array<std::string_view, 5> capability_names{"Chat", "Embedding", "Media", "Moderation", "SpeechToText"};

[[nodiscard]] inline std::size_t capability_index(std::string_view name) {
    auto const found = std::find(capability_names.begin(), capability_names.end(), name);
    return static_cast<std::size_t>(found - capability_names.begin());
}

/// Whole text as Int32, as .NET's converter for query values reads it: blanks around it, a sign, or hexadecimal.
[[nodiscard]] inline std::optional<std::int32_t> parse_int32(std::string_view text) {
    text = trim(text);
    std::size_t const prefix = text.starts_with('#') ? 1 : text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
    text.remove_prefix(prefix);
    if (prefix == 0 && text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, prefix == 0 ? 10 : 16);
    bool const is_whole = error == std::errc() && end == text.data() + text.size();
    bool const fits =
        number >= (std::numeric_limits<std::int32_t>::min)() && number <= (std::numeric_limits<std::int32_t>::max)();
    if (!is_whole || !fits) return std::nullopt;
    return static_cast<std::int32_t>(number);
}

/// A capability as Enum.TryParse reads it: a name in any case, a number, or names joined by commas, whose numbers are or-ed.
[[nodiscard]] inline std::optional<std::int32_t> parse_capability(std::string_view text) {
    if (trim(text).empty()) return std::nullopt;
    std::int32_t value = 0;
    auto const parts = split(text, ',');
    for (auto const& part : parts) {
        std::string_view const wanted = trim(part);
        auto const found = std::find_if(capability_names.begin(), capability_names.end(),
                                        [&](auto name) { return equals_ignoring_case(name, wanted); });
        auto const number =
            parts.size() == 1 && !wanted.starts_with("0x") && !wanted.starts_with('#') ? parse_int32(wanted) : std::nullopt;
        if (found != capability_names.end()) value |= static_cast<std::int32_t>(found - capability_names.begin());
        else if (number) value = *number;
        else return std::nullopt;
    }
    return value;
}

[[nodiscard]] inline std::string capability_name(std::int32_t value) {
    bool const is_known = value >= 0 && static_cast<std::size_t>(value) < capability_names.size();
    return is_known ? std::string(capability_names[static_cast<std::size_t>(value)]) : std::string();
}

[[nodiscard]] inline bool has_capability(provider const* owner, std::string_view name) {
    return owner != nullptr && std::any_of(owner->capabilities.begin(), owner->capabilities.end(),
                                           [&](auto const& each) { return each.name == name; });
}

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

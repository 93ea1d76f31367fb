// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_WORDS_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_WORDS_HPP

#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/settings.hpp>

#include <cstddef>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tour {

[[nodiscard]] inline std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

[[nodiscard]] inline std::string activity(bool is_active) { return is_active ? ", active" : ", switched off"; }

[[nodiscard]] inline std::string counted(std::size_t number, std::string_view thing) {
    return std::to_string(number) + ' ' + std::string(thing) + (number == 1 ? "" : "s");
}

[[nodiscard]] inline std::string short_id(umbraco_ai::guid const& id) { return id.to_string().substr(0, 8); }

/// "gpt-4o, gpt-4o-mini and 40 more".
template <class T, class Name>
[[nodiscard]] std::string listed_names(std::vector<T> const& items, Name name) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < items.size() && i < most; ++i)
        text.append(i == 0 ? "" : ", ").append(std::invoke(name, items[i]));
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return text;
}

/// The keys of settings; streaming them shows no value that can be a secret.
[[nodiscard]] inline std::string settings_in_words(umbraco_ai::settings const& given) {
    std::ostringstream text;
    text << given;
    return given.is_null() ? "no settings" : text.str();
}

}  // namespace tour

#endif

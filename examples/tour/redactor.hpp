// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_REDACTOR_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_REDACTOR_HPP

#include <umbraco_ai/model/settings.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tour {

/// Takes the secrets of a run out of what is shown, should a server send one back in a text of its own.
class redactor {
public:
    void hide(std::string_view text) {
        // Shorter ones occur by chance; a reference is a name, not a secret.
        if (text.size() < 4 || text.starts_with('$')) return;
        secrets_.emplace_back(text);
        // Longest first, lest one that is part of another leaves the rest of that to be seen.
        std::sort(secrets_.begin(), secrets_.end(), [](auto const& a, auto const& b) { return a.size() > b.size(); });
    }

    /// Hides each text in settings, however deep.
    void hide(umbraco_ai::settings const& given) {
        auto const parsed = nlohmann::json::parse(given.json(), nullptr, false);
        if (parsed.is_discarded()) return;
        auto const leaves = parsed.flatten();
        for (auto const& leaf : leaves)
            if (leaf.is_string()) hide(leaf.get_ref<std::string const&>());
    }

    [[nodiscard]] std::string operator()(std::string text) const {
        for (auto const& hidden : secrets_)
            for (std::size_t at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at + mask.size()))
                text.replace(at, hidden.size(), mask);
        return text;
    }

private:
    static constexpr std::string_view mask = "***";
    std::vector<std::string> secrets_;
};

}  // namespace tour

#endif

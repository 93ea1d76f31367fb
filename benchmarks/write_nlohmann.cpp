// SPDX-License-Identifier: MIT
// After the manual: an object is built of what the model holds, and dumped.
#include "inputs.hpp"

#include <umbraco_ai/core.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace bench {
namespace {

registration const body("write-put-body", "nlohmann", [] {
    auto const update = update_to_write();
    return repeated([alias = update.alias, name = update.name, is_active = update.is_active, settings = nlohmann::json::parse(update.settings.json())] {
        nlohmann::json const json = {{"alias", alias}, {"name", name}, {"isActive", is_active}, {"settings", settings}};
        std::string const text = json.dump();
        keep(text);
    });
});

}  // namespace
}  // namespace bench

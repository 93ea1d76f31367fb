// SPDX-License-Identifier: MIT
// After the manual: a parser that is used again, a monotonic resource over memory of the caller's, and value_to.
#include "read_peers.hpp"

#include <boost/json/src.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

inline std::string_view text_of(boost::json::value const& value) {
    auto const& text = value.as_string();
    return {text.data(), text.size()};
}

inline connection_item tag_invoke(boost::json::value_to_tag<connection_item>, boost::json::value const& value) {
    auto const& object = value.as_object();
    connection_item made;
    made.id = bench::guid_of(text_of(object.at("id")));
    made.alias = text_of(object.at("alias"));
    made.name = text_of(object.at("name"));
    made.provider_id = text_of(object.at("providerId"));
    made.is_active = object.at("isActive").as_bool();
    made.date_created = timestamp(text_of(object.at("dateCreated")));
    made.date_modified = timestamp(text_of(object.at("dateModified")));
    made.version = object.at("version").to_number<std::int64_t>();
    return made;
}

inline page<connection_item> tag_invoke(boost::json::value_to_tag<page<connection_item>>, boost::json::value const& value) {
    auto const& object = value.as_object();
    page<connection_item> made;
    made.items = boost::json::value_to<std::vector<connection_item>>(object.at("items"));
    made.total = object.at("total").to_number<std::int64_t>();
    return made;
}

UMBRACO_AI_END_NAMESPACE

namespace bench {
namespace {

class boost_reader {
public:
    page_model page(std::string const& text) {
        boost::json::monotonic_resource memory(buffer_.get(), buffer_size);
        parser_.reset(&memory);
        parser_.write(text);
        return boost::json::value_to<page_model>(parser_.release());
    }

    read_connection<boost::json::value> one(std::string const& text) {
        read_connection<boost::json::value> made;
        parser_.reset();
        parser_.write(text);
        auto value = parser_.release();
        made.item = boost::json::value_to<umbraco_ai::connection_item>(value);
        made.settings = std::move(value.as_object().at("settings"));
        return made;
    }

private:
    static constexpr std::size_t buffer_size = 256 * 1024;
    std::unique_ptr<unsigned char[]> buffer_ = std::make_unique<unsigned char[]>(buffer_size);
    boost::json::parser parser_;
};

read_registrations<boost_reader> const all("boost-json");

}  // namespace
}  // namespace bench

// SPDX-License-Identifier: MIT
// After the manual: in situ, with memory of the caller's for values and for the parser's stack; UTF-8 is validated, as all others do.
#include "read_peers.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {
namespace {

using pool = rapidjson::MemoryPoolAllocator<>;
using document = rapidjson::GenericDocument<rapidjson::UTF8<>, pool, pool>;

class rapidjson_reader {
public:
    page_model page(std::string const& text) {
        pool values(values_.get(), memory);
        pool stack(stack_.get(), memory);
        document tree(&values, memory / 2, &stack);
        parse(tree, text);
        page_model made;
        auto const& items = array(tree, "items");
        made.items.reserve(items.Size());
        for (auto const& item : items.GetArray()) read(item, made.items.emplace_back());
        made.total = number(tree, "total");
        return made;
    }

    /// Values in situ live no longer than the text, so settings are kept as text.
    read_connection<std::string> one(std::string const& text) {
        pool values(values_.get(), memory);
        pool stack(stack_.get(), memory);
        document tree(&values, memory / 2, &stack);
        parse(tree, text);
        read_connection<std::string> made;
        read(tree, made.item);
        rapidjson::StringBuffer buffer;
        rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
        member(tree, "settings").Accept(writer);
        made.settings.assign(buffer.GetString(), buffer.GetSize());
        return made;
    }

private:
    static constexpr std::size_t memory = 512 * 1024;

    using value = document::ValueType;

    void parse(document& tree, std::string const& text) {
        text_ = text;
        tree.ParseInsitu<rapidjson::kParseValidateEncodingFlag>(text_.data());
        if (tree.HasParseError() || !tree.IsObject()) throw std::runtime_error("no JSON object");
    }

    static value const& member(value const& object, char const* name) {
        auto const found = object.FindMember(name);
        if (found == object.MemberEnd()) throw std::runtime_error("a member is missing");
        return found->value;
    }
    static value const& array(value const& object, char const* name) {
        auto const& found = member(object, name);
        if (!found.IsArray()) throw std::runtime_error("no array");
        return found;
    }
    static std::string_view text(value const& object, char const* name) {
        auto const& found = member(object, name);
        if (!found.IsString()) throw std::runtime_error("no string");
        return {found.GetString(), found.GetStringLength()};
    }
    static std::int64_t number(value const& object, char const* name) {
        auto const& found = member(object, name);
        if (!found.IsInt64()) throw std::runtime_error("no number");
        return found.GetInt64();
    }

    static void read(value const& object, umbraco_ai::connection_item& into) {
        if (!object.IsObject()) throw std::runtime_error("no object");
        into.id = guid_of(text(object, "id"));
        into.alias = text(object, "alias");
        into.name = text(object, "name");
        into.provider_id = text(object, "providerId");
        auto const& active = member(object, "isActive");
        if (!active.IsBool()) throw std::runtime_error("no boolean");
        into.is_active = active.GetBool();
        into.date_created = umbraco_ai::timestamp(text(object, "dateCreated"));
        into.date_modified = umbraco_ai::timestamp(text(object, "dateModified"));
        into.version = number(object, "version");
    }

    std::unique_ptr<char[]> values_ = std::make_unique<char[]>(memory);
    std::unique_ptr<char[]> stack_ = std::make_unique<char[]>(memory);
    std::string text_;
};

read_registrations<rapidjson_reader> const all("rapidjson");

}  // namespace
}  // namespace bench

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_JSON_MEMBER_READER_HPP
#define UMBRACO_AI_JSON_MEMBER_READER_HPP

#include <umbraco_ai/json/name_table.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// How the members of one object are read into a model, as data, so that one function serves all models.
class member_table {
public:
    /// Reads the value of a member and notes in `seen` which it was.
    using member_function = bool (*)(json_reader&, void* model, std::uint32_t& seen);
    using unknown_function = bool (*)(json_reader&, void* model, json_key const&);

    constexpr member_table(name_table const& member_names, member_function const* member_functions, unknown_function unknown_member,
                           std::uint8_t const* expected_order) noexcept
        : names(member_names), functions(member_functions), unknown(unknown_member), order(expected_order) {}

    name_table names;
    member_function const* functions;
    unknown_function unknown;
    std::uint8_t const* order;
};

inline std::size_t member_order::after(std::size_t last, member_table const& table) noexcept {
    if (of_ != &table) {
        of_ = &table;
        std::memcpy(next_, table.order, table.names.size() + 1);
    }
    return next_[last];
}

/// Reads objects by a table. The member that followed the last time is tried first, then the hash decides; so members in
/// any order are read, and fastest in that of the object before.
class member_reader {
public:
    static bool read(json_reader& reader, member_table const& table, void* model, std::uint32_t& seen) {
        if (!reader.expect(json_kind::object) || !reader.enter()) return false;
        reader.skip_blanks();
        if (reader.take('}')) return reader.leave();
        std::size_t last = table.names.size();
        do {
            reader.skip_blanks();
            std::size_t index = reader.order_.after(last, table);
            if (std::size_t const size = table.names[index].match(reader.position_, reader.end_); size != 0) [[likely]] {
                reader.position_ += size;
            } else {
                std::string scratch;
                json_key key({}, {});
                if (!reader.read_key(key, scratch)) return false;
                index = table.names.find(key.name);
                if (index == table.names.size()) {
                    if (!table.unknown(reader, model, key)) return false;
                    continue;
                }
                reader.order_.learn(last, index);
            }
            if (!table.functions[index](reader, model, seen)) return reader.below({table.names[index].text, table.names[index].size}, 0);
            last = index;
        } while (reader.has_more());
        return reader.close('}', "a comma or the end of the object is expected");
    }
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_LISTS_HPP
#define UMBRACO_AI_MODEL_LISTS_HPP

#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// One page of a list.
template <class T>
class page {
public:
    page() = default;

    std::vector<T> items;
    std::int64_t total = 0;  ///< Of the whole list, before paging.

    [[nodiscard]] std::size_t size() const noexcept { return items.size(); }
    [[nodiscard]] bool empty() const noexcept { return items.empty(); }

    friend bool operator==(page const&, page const&) = default;
};

template <class T>
struct fields<page<T>> : table<field<"items", &page<T>::items, required>, field<"total", &page<T>::total, required>> {};

/// A list that comes whole: `{"items":[…]}` by the documented contract, a bare array by the observed one.
template <class T>
class item_list {
public:
    item_list() = default;

    std::vector<T> items;
    bool is_bare_array = false;  ///< Only servers of the observed contract answer so.

    [[nodiscard]] std::size_t size() const noexcept { return items.size(); }
    [[nodiscard]] bool empty() const noexcept { return items.empty(); }

    friend bool operator==(item_list const&, item_list const&) = default;
};

template <class T>
struct fields<item_list<T>> : table<field<"items", &item_list<T>::items, required>> {};

template <class T>
struct json_codec<item_list<T>> {
    static bool read(json_reader& reader, item_list<T>& out) {
        out.is_bare_array = reader.peek() == json_kind::array;
        if (out.is_bare_array) return json_codec<std::vector<T>>::read(reader, out.items);
        return detail::model_reader<item_list<T>>(reader, out).read();
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

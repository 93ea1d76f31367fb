// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_ALL_HPP
#define UMBRACO_AI_OPERATIONS_ALL_HPP

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// Which connections `all` reads, and how.
class all_query {
public:
    all_query() = default;

    std::optional<std::string> name_contains;  ///< Ignoring ASCII case.
    std::optional<std::string> provider_id;    ///< In exact case.
    std::int64_t page_size = 100;              ///< 2 to 2147483647.
    std::int64_t most = 10'000;                ///< Items after which it stops and says so.
};

namespace detail {

[[nodiscard]] inline result<http_request> list_request(all_query const& wanted, std::int64_t from, std::int64_t count, std::string_view base_path) {
    umbraco_ai::skip const skipped(from);
    umbraco_ai::take const taken((std::min)(count, std::int64_t{2147483647}));
    if (wanted.name_contains && wanted.provider_id)
        return build_request(connections::list(skipped, taken, filter(*wanted.name_contains), umbraco_ai::provider_id(*wanted.provider_id)), base_path);
    if (wanted.name_contains) return build_request(connections::list(skipped, taken, filter(*wanted.name_contains)), base_path);
    if (wanted.provider_id) return build_request(connections::list(skipped, taken, umbraco_ai::provider_id(*wanted.provider_id)), base_path);
    return build_request(connections::list(skipped, taken), base_path);
}

}  // namespace detail

/// A whole list.
class connection_list {
public:
    connection_list() = default;

    std::vector<connection_item> items;
    bool is_incomplete = false;  ///< The list changed while it was read, more often than it was read anew, or was longer than `most`.

    [[nodiscard]] std::size_t size() const noexcept { return items.size(); }
    [[nodiscard]] bool empty() const noexcept { return items.empty(); }
    [[nodiscard]] auto begin() const noexcept { return items.begin(); }
    [[nodiscard]] auto end() const noexcept { return items.end(); }

    friend bool operator==(connection_list const&, connection_list const&) = default;
};

/// Reads a list page by page. Pages overlap by one item, so that an item created or deleted meanwhile is noticed: a total
/// that changed, an id seen twice, an overlap that does not fit. Then the list is read once more in one answer, which is
/// atomic; what even that leaves unsure is told as `is_incomplete`. There are never duplicates. What the overlap cannot see is
/// three or more changes between two requests that cancel each other out; a `page_size` beyond the list's length reads it in
/// one answer, where nothing can.
template <class = void>
class basic_all_operation : public detail::operation_steps<connection_list> {
public:
    static constexpr std::string_view name = "all";
    static constexpr int most_atomic_reads = 3;

    explicit basic_all_operation(all_query wanted = {}) : query_(std::move(wanted)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (query_.page_size < 2) return fail(failure(errc::invalid_argument, "It must be at least 2, since pages overlap by one item.").at("page_size"));
        if (query_.most < 1) return fail(failure(errc::invalid_argument, "It must be at least 1.").at("most"));
        return ask(0, query_.page_size, base_path);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        auto got = answer ? decode<connections::list>(*answer) : result<page<connection_item>>(std::move(answer).error());
        if (!got) return fail(std::move(got).error());
        return atomic_reads_ == 0 ? on_page(*std::move(got), base_path) : on_whole(*std::move(got), base_path);
    }

private:
    next_request ask(std::int64_t from, std::int64_t count, std::string_view base_path) {
        auto request = detail::list_request(query_, from, count, base_path);
        if (!request) return fail(std::move(request).error());
        return *std::move(request);
    }

    next_request on_page(page<connection_item> got, std::string_view base_path) {
        bool const is_first = items_.empty();
        if (is_first) total_ = got.total;
        bool const fits = got.total == total_ && (is_first || (!got.items.empty() && got.items.front().id == items_.back().id));
        if (!fits) return read_whole(got.total, base_path);
        std::size_t const overlap = is_first ? 0 : 1;
        for (std::size_t i = overlap; i < got.items.size(); ++i) {
            if (!ids_.insert(got.items[i].id).second) return read_whole(got.total, base_path);
            items_.push_back(std::move(got.items[i]));
        }
        auto const count = static_cast<std::int64_t>(items_.size());
        if (count >= query_.most || count == total_) return finish(false);
        bool const has_grown = got.items.size() > overlap;
        if (!has_grown || count > total_) return read_whole(got.total, base_path);
        return ask(count - 1, query_.page_size, base_path);
    }

    /// With a margin for what is created between this and the answer.
    next_request read_whole(std::int64_t total, std::string_view base_path) {
        ++atomic_reads_;
        std::int64_t const known = (std::clamp)(total, std::int64_t{0}, query_.most);
        asked_ = (std::min)(known + (std::max)(std::int64_t{50}, known / 10), query_.most);
        return ask(0, asked_, base_path);
    }

    next_request on_whole(page<connection_item> got, std::string_view base_path) {
        items_.clear();
        ids_.clear();
        bool has_duplicates = false;
        for (connection_item& item : got.items) {
            if (ids_.insert(item.id).second) items_.push_back(std::move(item));
            else has_duplicates = true;
        }
        total_ = got.total;
        bool const is_whole = !has_duplicates && static_cast<std::int64_t>(items_.size()) == got.total;
        if (is_whole || asked_ >= query_.most) return finish(!is_whole && static_cast<std::int64_t>(items_.size()) < (std::min)(got.total, query_.most));
        if (atomic_reads_ >= most_atomic_reads) return finish(true);
        return read_whole(got.total, base_path);
    }

    next_request finish(bool is_unsure) {
        connection_list all;
        bool const is_cut = static_cast<std::int64_t>(items_.size()) > query_.most || total_ > query_.most;
        if (static_cast<std::int64_t>(items_.size()) > query_.most) items_.resize(static_cast<std::size_t>(query_.most));
        all.items = std::move(items_);
        all.is_incomplete = is_unsure || is_cut;
        return succeed(std::move(all));
    }

    all_query query_;
    std::vector<connection_item> items_;
    std::set<guid> ids_;
    std::int64_t total_ = 0;
    std::int64_t asked_ = 0;
    int atomic_reads_ = 0;
};
/// As programs name it.
using all_operation = basic_all_operation<>;

UMBRACO_AI_END_NAMESPACE

#endif

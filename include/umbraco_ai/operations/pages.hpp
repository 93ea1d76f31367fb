// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_PAGES_HPP
#define UMBRACO_AI_OPERATIONS_PAGES_HPP

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/operations/all.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// How far a walk over a list has come.
class page_walk {
public:
    explicit page_walk(all_query wanted) : query(std::move(wanted)) {}

    all_query query;
    std::set<guid> seen;
    std::optional<guid> last;
    std::int64_t position = 0;  ///< Of the item after `last`.
    std::optional<std::int64_t> total;
    bool is_incomplete = false;
    bool is_done = false;
};

/// Reads the next page of a walk; an empty one is the end.
template <class = void>
class basic_next_page_operation : public detail::operation_steps<std::vector<connection_item>> {
public:
    static constexpr std::string_view name = "pages";

    /// The walk outlives the operation.
    explicit basic_next_page_operation(page_walk& walk) : walk_(&walk) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (walk_->query.page_size < 2) return fail(failure(errc::invalid_argument, "It must be at least 2, since pages overlap by one item.").at("page_size"));
        if (walk_->query.most < 1) return fail(failure(errc::invalid_argument, "It must be at least 1.").at("most"));
        if (walk_->is_done) return succeed(std::vector<connection_item>());
        auto request = detail::list_request(walk_->query, walk_->last ? walk_->position - 1 : 0, walk_->query.page_size, base_path);
        if (!request) return fail(std::move(request).error());
        return *std::move(request);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view) {
        auto got = answer ? decode<connections::list>(*answer) : result<page<connection_item>>(std::move(answer).error());
        if (!got) return fail(std::move(got).error());
        bool const overlaps = !walk_->last || (!got->items.empty() && got->items.front().id == *walk_->last);
        if (!overlaps || (walk_->total && *walk_->total != got->total)) walk_->is_incomplete = true;
        walk_->total = got->total;

        std::int64_t const from = walk_->last ? walk_->position - 1 : 0;
        std::vector<connection_item> fresh;
        for (connection_item& item : got->items) {
            if (static_cast<std::int64_t>(walk_->seen.size()) >= walk_->query.most) break;
            if (walk_->seen.insert(item.id).second) fresh.push_back(std::move(item));
        }
        walk_->position = from + static_cast<std::int64_t>(got->items.size());
        if (!got->items.empty()) walk_->last = fresh.empty() ? walk_->last : std::optional<guid>(fresh.back().id);

        bool const reached_end = walk_->position >= got->total || fresh.empty();
        bool const reached_most = static_cast<std::int64_t>(walk_->seen.size()) >= walk_->query.most;
        if (reached_end || reached_most) {
            walk_->is_done = true;
            if (static_cast<std::int64_t>(walk_->seen.size()) != got->total) walk_->is_incomplete = true;
        }
        return succeed(std::move(fresh));
    }

private:
    page_walk* walk_;
};
/// As programs name it.
using next_page_operation = basic_next_page_operation<>;

/// A list read page by page, for those who cannot hold it whole:
///
///     auto cursor = cms.connections().pages();
///     while (!cursor.is_done()) { auto items = cursor.next(); … }        // or co_await cursor.next()
///
/// No item comes twice. What was given cannot be taken back, so a list that changed meanwhile is told by `is_incomplete`.
/// Lifetime: the client outlives the cursor, and the cursor each `next`. One `next` at a time.
template <class Client>
class page_cursor {
public:
    page_cursor(Client& owner, all_query wanted, call_options options) : owner_(&owner), walk_(std::move(wanted)), options_(std::move(options)) {}
    page_cursor(page_cursor const&) = delete;
    page_cursor& operator=(page_cursor const&) = delete;

    /// The next page's items; none at the end. After a failure it may be called again and goes on where it was.
    [[nodiscard]] auto next() & { return owner_->run(next_page_operation(walk_), options_); }

    [[nodiscard]] bool is_done() const noexcept { return walk_.is_done; }
    [[nodiscard]] bool is_incomplete() const noexcept { return walk_.is_incomplete; }

private:
    Client* owner_;
    page_walk walk_;
    call_options options_;
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_SESSION_HPP
#define UMBRACO_AI_CLI_SESSION_HPP

#include "output.hpp"
#include "site_options.hpp"

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/model/lists.hpp>
#include <umbraco_ai/operations/all.hpp>
#include <umbraco_ai/operations/find_poisoned.hpp>
#include <umbraco_ai/operations/modify.hpp>
#include <umbraco_ai/operations/pages.hpp>
#include <umbraco_ai/operations/questions.hpp>
#include <umbraco_ai/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {

class site;

/// A list of connections, page by page.
class page_reader {
public:
    page_reader(site& owner, ai::all_query wanted) : owner_(&owner), walk_(std::move(wanted)) {}

    /// The next page's items; none at the end.
    [[nodiscard]] ai::result<std::vector<ai::connection_item>> next();

    [[nodiscard]] bool is_done() const noexcept { return walk_.is_done; }
    [[nodiscard]] bool is_incomplete() const noexcept { return walk_.is_incomplete; }

private:
    site* owner_;
    ai::page_walk walk_;
};

/// The calls of the library's `connections()` that the tool makes, compiled once.
class site_connections {
public:
    using change = std::function<ai::result<void>(ai::connection&)>;

    explicit site_connections(site& owner) : owner_(&owner) {}

    [[nodiscard]] page_reader pages(ai::all_query wanted) const { return page_reader(*owner_, std::move(wanted)); }
    [[nodiscard]] ai::result<ai::page<ai::connection_item>> list(ai::skip skipped, ai::take taken) const;
    [[nodiscard]] ai::result<ai::page<ai::connection_item>> with_capability(ai::capability wanted) const;
    [[nodiscard]] ai::result<ai::connection_list> all(ai::all_query wanted) const;
    [[nodiscard]] ai::result<ai::connection> get(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<ai::created_connection> create(ai::connection_draft draft) const;
    [[nodiscard]] ai::result<ai::modified> modify(ai::id_or_alias which, change wanted) const;
    [[nodiscard]] ai::result<ai::nothing> remove(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<ai::test_result> test(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<ai::item_list<ai::model>> models(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<ai::item_list<ai::capability>> capabilities() const;
    [[nodiscard]] ai::result<std::vector<ai::capability>> capabilities_of(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<bool> exists(std::string alias, std::optional<ai::guid> except) const;
    [[nodiscard]] ai::result<ai::diagnosis> diagnose(ai::id_or_alias which) const;
    [[nodiscard]] ai::result<std::optional<ai::poisoned_connection>> find_poisoned() const;

private:
    site* owner_;
};

/// A site, and the library's client that speaks to it, behind a wall. One call at a time.
class site {
public:
    explicit site(site_options about);
    site(site const&) = delete;
    site& operator=(site const&) = delete;
    ~site();

    [[nodiscard]] site_options const& about() const noexcept { return about_; }
    [[nodiscard]] site_connections connections() { return site_connections(*this); }

    using on_tested = std::function<void(std::size_t index, ai::result<ai::test_result> verdict, std::chrono::nanoseconds took)>;

    /// Lets the server test connections, several at once, over sockets and with a token of their own. `told` is called on
    /// this thread, in the order in which the answers come. After an interruption those that were not begun are left out.
    void test(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_tested const& told) const;

    using on_read = std::function<void(std::size_t index, ai::result<ai::connection> found, std::chrono::nanoseconds took)>;

    /// The same with reading them.
    void read(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_read const& told) const;

private:
    friend class page_reader;
    friend class site_connections;
    class implementation;

    site_options about_;
    std::unique_ptr<implementation> own_;
};

/// What a command has at hand.
class session {
public:
    session(site_arguments where, variables environment, output& out) : where_(std::move(where)), environment_(std::move(environment)), out_(out) {}

    [[nodiscard]] output& out() noexcept { return out_; }
    [[nodiscard]] site_arguments const& where() const noexcept { return where_; }

    /// The site that the command line names. Made when it is first asked for, so that what needs none runs without one.
    [[nodiscard]] site& here() {
        if (!here_) here_ = open(where_);
        return *here_;
    }

    /// The site of a profile, one of two; what else the command line says about sites is left aside, save limits.
    [[nodiscard]] std::unique_ptr<site> of_profile(std::string const& name) {
        site_arguments where = where_;
        where.base_url.reset();
        where.profile = name;
        where.is_one_of_two = true;
        return open(where);
    }

    /// A variable of the environment, or of the file that --env-file names; nothing where it is not set, or empty.
    [[nodiscard]] std::optional<std::string> variable(std::string const& name) const { return environment_.find(name); }

private:
    [[nodiscard]] std::unique_ptr<site> open(site_arguments const& where);

    site_arguments where_;
    variables environment_;
    output& out_;
    std::unique_ptr<site> here_;
};

}  // namespace cli

#endif

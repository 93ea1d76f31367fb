// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_SESSION_HPP
#define UMBRACO_AI_CLI_SESSION_HPP

#include "output.hpp"
#include "site_options.hpp"

#include <umbraco_ai/client.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cli {

/// The network, behind a wall: whoever makes calls compiles nothing of Boost. It gives up a call when the user does.
class wire {
public:
    static constexpr bool tracks_writes = true;

    explicit wire(ai::tls_options trust);
    wire(wire&&) noexcept;
    wire& operator=(wire&&) noexcept;
    ~wire();

    [[nodiscard]] ai::result<ai::http_response> send(ai::http_request request);
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;
    /// Ends early when the user gives up.
    void wait(std::chrono::nanoseconds duration);

private:
    class implementation;
    std::unique_ptr<implementation> own_;
};

/// A site, and the client that speaks to it. One call at a time.
class site {
public:
    explicit site(site_options about) : about_(std::move(about)), client_(wire(about_.tls), about_.base_url, about_.auth, about_.calls) {}

    [[nodiscard]] site_options const& about() const noexcept { return about_; }
    [[nodiscard]] ai::client<wire>& client() noexcept { return client_; }
    [[nodiscard]] auto connections() { return client_.connections(); }

    using on_tested = std::function<void(std::size_t index, ai::result<ai::test_result> verdict, std::chrono::nanoseconds took)>;

    /// Lets the server test connections, several at once, over sockets and with a token of their own. `told` is called on
    /// this thread, in the order in which the answers come. After an interruption those that were not begun are left out.
    void test(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_tested const& told) const;

    using on_read = std::function<void(std::size_t index, ai::result<ai::connection> found, std::chrono::nanoseconds took)>;

    /// The same with reading them.
    void read(std::vector<ai::id_or_alias> const& which, std::size_t jobs, on_read const& told) const;

private:
    site_options about_;
    ai::client<wire> client_;
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

    /// The site of a profile; what else the command line says about sites is left aside, save limits.
    [[nodiscard]] std::unique_ptr<site> of_profile(std::string const& name) {
        site_arguments where = where_;
        where.base_url.reset();
        where.profile = name;
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

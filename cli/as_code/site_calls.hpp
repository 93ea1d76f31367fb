// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_SITE_CALLS_HPP
#define UMBRACO_AI_CLI_AS_CODE_SITE_CALLS_HPP

#include <umbraco_ai/core.hpp>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace cli::as_code {

namespace ai = umbraco_ai;

/// The connections of one site, as far as connections as code need them. Each call is carried out when it returns.
class site_calls {
public:
    using change = std::function<ai::result<void>(ai::connection&)>;

    site_calls() = default;
    site_calls(site_calls const&) = delete;
    site_calls& operator=(site_calls const&) = delete;
    virtual ~site_calls() = default;

    [[nodiscard]] virtual ai::result<ai::connection_list> all() = 0;
    /// Several reads, in whatever order; the answers stand in the order of the questions.
    [[nodiscard]] virtual std::vector<ai::result<ai::connection>> get(std::vector<ai::id_or_alias> const& which) = 0;
    [[nodiscard]] virtual ai::result<ai::created_connection> create(ai::connection_draft draft) = 0;
    [[nodiscard]] virtual ai::result<ai::modified> modify(ai::guid const& which, change wanted) = 0;
    [[nodiscard]] virtual ai::result<ai::nothing> remove(ai::guid const& which) = 0;

    [[nodiscard]] ai::result<ai::connection> get(ai::id_or_alias which) {
        std::vector<ai::result<ai::connection>> answers = get(std::vector<ai::id_or_alias>{std::move(which)});
        return std::move(answers.front());
    }
};

/// A site behind a client whose calls give plain results, one after the other.
template <class Client>
class client_calls : public site_calls {
public:
    using told = std::function<void(std::size_t done, std::size_t of)>;

    /// on_read  told of each of several reads
    explicit client_calls(Client& client, told on_read = {}) : client_(&client), on_read_(std::move(on_read)) {}

    using site_calls::get;

    [[nodiscard]] ai::result<ai::connection_list> all() override {
        ai::all_query wanted;
        wanted.most = 1'000'000;
        return client_->connections().all(std::move(wanted));
    }
    [[nodiscard]] std::vector<ai::result<ai::connection>> get(std::vector<ai::id_or_alias> const& which) override {
        std::vector<ai::result<ai::connection>> answers;
        answers.reserve(which.size());
        for (ai::id_or_alias const& each : which) {
            if (on_read_ && which.size() > 1) on_read_(answers.size(), which.size());
            answers.push_back(client_->connections().get(each));
        }
        return answers;
    }
    [[nodiscard]] ai::result<ai::created_connection> create(ai::connection_draft draft) override { return client_->connections().create(std::move(draft)); }
    [[nodiscard]] ai::result<ai::modified> modify(ai::guid const& which, change wanted) override {
        return client_->connections().modify(which, std::move(wanted));
    }
    [[nodiscard]] ai::result<ai::nothing> remove(ai::guid const& which) override { return client_->connections().remove(which); }

private:
    Client* client_;
    told on_read_;
};

}  // namespace cli::as_code

#endif

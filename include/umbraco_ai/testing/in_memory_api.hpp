// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_IN_MEMORY_API_HPP
#define UMBRACO_AI_TESTING_IN_MEMORY_API_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/detail/documented_dialect.hpp>
#include <umbraco_ai/testing/detail/json_reader.hpp>
#include <umbraco_ai/testing/detail/observed_dialect.hpp>
#include <umbraco_ai/testing/detail/routing.hpp>
#include <umbraco_ai/testing/detail/site.hpp>
#include <umbraco_ai/testing/detail/token_endpoint.hpp>
#include <umbraco_ai/testing/in_memory_types.hpp>
#include <umbraco_ai/testing/provider.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing {

/// The connection endpoints of an Umbraco site, in memory, in either dialect, with the token endpoint of its users.
///
/// It is a transport, so a client can be given it in place of a network, and `handle` is what a server on a socket calls.
/// Answers have no Content-Length and no Transfer-Encoding: framing belongs to whoever writes them to a socket. Ids, dates and
/// tokens are the same in every run. Waiting moves its clock and takes no time.
///
/// Threading: not safe to share.
///
/// Example:
///     in_memory_api api(dialect::observed);
///     api.add(stored_connection("main", "Main", "openai", R"({"apiKey":"sk-1"})"));
///     …
///     CHECK(api.careless().total() == 0);
class in_memory_api {
public:
    explicit in_memory_api(dialect spoken, in_memory_options options = {})
        : dialect_(spoken), site_(options), tokens_(options), observed_(site_), documented_(site_) {}

    in_memory_api(in_memory_api const&) = delete;
    in_memory_api& operator=(in_memory_api const&) = delete;

    [[nodiscard]] dialect speaks() const noexcept { return dialect_; }

    /// What the server answers to a request over plain http.
    [[nodiscard]] http_response handle(server_request const& request) { return handle(request, false); }

    /// The same, for a request as a transport gets it.
    [[nodiscard]] http_response handle(http_request const& request) {
        server_request seen(std::string(to_string(request.method)), request.target);
        if (!request.headers.contains("Host")) seen.headers.add("Host", request.origin.authority());
        for (auto const& field : request.headers) seen.headers.add(field.name, field.value);
        seen.body = request.body;
        return handle(seen, request.origin.tls);
    }

    /// Carries a request as a transport does, within its limits.
    [[nodiscard]] result<http_response> send(http_request request) {
        if (request.limits.is_cancelled()) return failure(errc::cancelled, "The call was cancelled.");
        if (request.limits.time <= std::chrono::nanoseconds(0)) return failure(errc::deadline_exceeded, "No time was left.");
        http_response answer = handle(request);
        if (header_size(answer.headers) > request.limits.header_bytes)
            return failure(errc::header_too_large, "The header of the answer is over the limit.");
        if (answer.body.size() > request.limits.body_bytes)
            return failure(errc::body_too_large, "The body of the answer is over the limit.");
        return answer;
    }

    /// Time since construction: what was waited for.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return tokens_.now; }

    /// Lets time pass, without any passing.
    void wait(std::chrono::nanoseconds duration) { tokens_.now += duration; }

    /// Stores a connection past all validation; settings that are not JSON are stored as null.
    /// Gives its id.
    std::string add(stored_connection connection) {
        detail::json_value settings;
        if (!detail::parse_json(connection.settings, settings)) settings = {};
        connection.settings = detail::to_json(settings, detail::escaping::minimal);
        return site_.insert(std::move(connection), settings).state.id;
    }

    /// The connection of this id or this alias, as it is stored.
    [[nodiscard]] std::optional<stored_connection> find(std::string_view id_or_alias) {
        auto const* const found = site_.by_id_or_alias(id_or_alias);
        if (found == nullptr) return std::nullopt;
        return found->state;
    }

    /// Forgets a connection, in use or not.
    void erase(std::string_view id_or_alias) {
        if (auto const* const found = site_.by_id_or_alias(id_or_alias)) site_.erase(found);
    }

    [[nodiscard]] std::size_t size() const noexcept { return site_.rows.size(); }

    /// Forgets all connections.
    void clear() { site_.rows.clear(); }

    /// Installs a provider, in place of one with the same id.
    void add_provider(provider installed) {
        remove_provider(installed.id);
        site_.providers.push_back(std::move(installed));
    }

    /// Uninstalls a provider; its connections stay.
    void remove_provider(std::string_view id) {
        std::erase_if(site_.providers, [&](provider const& each) { return each.id == id; });
    }

    /// Lets a profile use a connection, so that an observed server does not delete it.
    void use_in_profile(std::string_view id_or_alias) {
        if (auto* const found = site_.by_id_or_alias(id_or_alias)) found->is_in_use = true;
    }

    /// Adds a key, "Section:Key", that settings can refer to with `$`.
    void add_configuration(std::string key) { site_.configuration.insert(std::move(key)); }
    void remove_configuration(std::string const& key) { site_.configuration.erase(key); }

    /// Makes a token one that was good once.
    void revoke(std::string const& token) { tokens_.revoke(token); }

    /// The requests so far, in their order.
    [[nodiscard]] std::vector<logged_request> const& log() const noexcept { return log_; }

    /// What clients did that they can hardly have meant.
    [[nodiscard]] careless_writes const& careless() const noexcept { return site_.careless; }

private:
    static constexpr std::size_t max_target = 8 * 1024;
    static constexpr std::size_t max_header = 32 * 1024;
    static constexpr std::size_t max_header_fields = 100;
    static constexpr std::size_t max_body = 50 * 1024 * 1024;

    [[nodiscard]] static std::size_t header_size(http_headers const& headers) {
        std::size_t size = 0;
        for (auto const& field : headers) size += field.name.size() + field.value.size() + 4;
        return size;
    }

    /// The status with which a server turns a request away before it looks at the route, or 0.
    [[nodiscard]] static int refusal(server_request const& request) {
        if (request.target.size() > max_target) return 414;
        if (header_size(request.headers) > max_header || request.headers.size() > max_header_fields) return 431;
        return detail::is_readable(request.target) ? 0 : 400;
    }

    [[nodiscard]] http_response handle(server_request const& request, bool is_tls) {
        http_response answer = dispatch(request, is_tls);
        if (request.method == "HEAD") answer.body.clear();
        log_.emplace_back(request.method, request.target, answer.status);
        return answer;
    }

    [[nodiscard]] http_response dispatch(server_request const& request, bool is_tls) {
        if (int const status = refusal(request); status != 0) return http_response(status);
        detail::call const asked = detail::take_apart(request, is_tls, dialect_);
        bool const is_token_request = request.method == "POST" && detail::token_service::owns(asked.path);
        if (is_token_request) return tokens_.handle(asked);
        if (dialect_ == dialect::documented) return dispatch(documented_, asked);
        return dispatch(observed_, asked);
    }

    template <class Dialect>
    [[nodiscard]] http_response dispatch(Dialect& spoken, detail::call const& asked) {
        if (asked.target == detail::endpoint::none || !detail::is_served_version(asked.version).value_or(false))
            return spoken.no_route(asked);
        if (auto const trouble = tokens_.judge(asked); trouble.status != 0) return spoken.challenge(trouble);
        if (asked.request->body.size() > max_body) return http_response(413);
        return spoken.handle(asked);
    }

    dialect dialect_;
    detail::site site_;
    detail::token_service tokens_;
    detail::observed_dialect observed_;
    detail::documented_dialect documented_;
    std::vector<logged_request> log_;
};

static_assert(Transport<in_memory_api>);

}  // namespace testing

UMBRACO_AI_END_NAMESPACE

#endif

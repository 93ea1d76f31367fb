// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLIENT_CONTEXT_HPP
#define UMBRACO_AI_CLIENT_CONTEXT_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/retry.hpp>
#include <umbraco_ai/sign_in.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// What the calls of one client share. It outlives them.
class client_context {
public:
    client_context(result<base_url> url, credentials sign_in, client_options shared_options)
        : base(std::move(url)), auth(std::move(sign_in)), options(std::move(shared_options)), retries(options.retry) {
        if (base) origin_tag = tag_of(base->origin.to_string() + base->path);
    }

    /// An empty request, in memory of one that is over where there is any.
    [[nodiscard]] std::unique_ptr<http_request> spare_request() {
        if (spare_requests_.empty()) {
            // Nothing may be thrown when a call is over, which may have written.
            spare_requests_.reserve(most_kept);
            return std::make_unique<http_request>();
        }
        auto spare = std::move(spare_requests_.back());
        spare_requests_.pop_back();
        return spare;
    }

    /// Keeps the memory of a request that is over, and nothing of what it holds but its origin, which is the client's.
    void keep_memory_of(std::unique_ptr<http_request> spent) noexcept {
        constexpr std::size_t most_bytes = 16 * 1024;
        if (!spent || spare_requests_.size() == spare_requests_.capacity()) return;
        if (spent->target.capacity() + spent->headers.capacity() + spent->body.capacity() > most_bytes) return;
        spent->method = http_method::get;
        spent->target.clear();
        spent->headers.wipe();
        detail::wipe_message(spent->body);
        // These refer to what ends with the call.
        spent->limits = http_limits();
        spent->route = {};
        spent->trace = nullptr;
        spare_requests_.push_back(std::move(spent));
    }

    result<base_url> base;
    credentials auth;
    client_options options;
    std::uint64_t origin_tag = 0;  ///< Of the site that this client talks to.
    bool transport_tracks_writes = false;
    bool queues_writes = false;  ///< Calls overlap, so writes to one connection queue up.

    detail::token_cache tokens;
    detail::retries retries;
    std::uint64_t calls = 0;  ///< Begun so far; counted where somebody observes.

    /// FNV-1a.
    [[nodiscard]] static std::uint64_t tag_of(std::string_view text) noexcept {
        std::uint64_t tag = 14695981039346656037ULL;
        for (char const c : text) tag = (tag ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
        return tag;
    }

    /// Why no call can be made at all, or nothing.
    [[nodiscard]] std::optional<failure> refusal() const {
        if (!base) return base.error();
        if (auto ok = auth.check(); !ok) return ok.error();
        http_origin const& origin = base->origin;
        if (!origin.tls && !auth.empty() && !is_loopback(origin.host) && !options.allow_credentials_over_plain_http)
            return failure(errc::insecure_origin,
                           "Credentials are not sent over plain http to a host that is not this machine; use https, or say allow_credentials_over_plain_http.")
                .at("base URL");
        return std::nullopt;
    }

private:
    static constexpr std::size_t most_kept = 64;

    std::vector<std::unique_ptr<http_request>> spare_requests_;
};

UMBRACO_AI_END_NAMESPACE

#endif

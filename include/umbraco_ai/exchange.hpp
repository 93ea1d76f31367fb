// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXCHANGE_HPP
#define UMBRACO_AI_EXCHANGE_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// What a client does, as a machine over bare requests and answers: which request comes next, and what the answers mean.
/// Origin, credentials, limits and deadline are the business of `exchange`.
template <class O>
concept Operation = is_result<typename O::result_type> &&
                    requires(O operation, result<http_response> answer, std::string_view base_path) {
                        { operation.start(base_path) } -> std::same_as<std::optional<http_request>>;
                        { operation.resume(std::move(answer), base_path) } -> std::same_as<std::optional<http_request>>;
                        { operation.take() } -> std::same_as<typename O::result_type>;
                    };

/// What the calls of one client share. It outlives them.
class client_context {
public:
    client_context(result<base_url> url, credentials sign_in, client_options shared_options)
        : base(std::move(url)), auth(std::move(sign_in)), options(shared_options) {}

    result<base_url> base;
    credentials auth;
    client_options options;
    bool transport_tracks_writes = false;
    bool queues_writes = false;  ///< Calls overlap, so writes to one connection queue up.

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
};

namespace detail {

/// The texts of a call that must not come back in a failure: the token, and what was sent as settings.
class sent_secrets {
public:
    sent_secrets() = default;

    void add_settings_of(std::string_view body) {
        if (body.empty()) return;
        std::string_view settings_text;
        json_reader reader(body, 1024);
        static_cast<void>(reader.read_object([&](json_key const& key) {
            std::string_view value;
            if (!reader.read_raw(value)) return false;
            if (key.name == "settings") settings_text = value;
            return true;
        }));
        if (settings_text.empty()) return;
        static_cast<void>(json_inspector(settings_text, {}).each_string([this](std::string_view text) {
            if (text.size() < shortest || text.starts_with('$')) return;
            texts_.emplace_back(text);
            // Texts of a server's are bounded and cleaned before they come here, and a secret quoted in them with them.
            if (std::string cleaned = server_text(text); cleaned != text && cleaned.size() >= shortest) texts_.push_back(std::move(cleaned));
        }));
        std::sort(texts_.begin(), texts_.end(), [](std::string const& a, std::string const& b) { return a.size() > b.size(); });
    }

    void scrub(failure& reason, std::string_view token) const {
        auto const clean = [&](std::string& text) {
            if (token.size() >= shortest) replace(text, token);
            for (std::string const& value : texts_) replace(text, value);
            if (text.size() + shortest > most_problem_text) {
                cut_tail(text, token);
                for (std::string const& value : texts_) cut_tail(text, value);
            }
        };
        clean(reason.message);
        clean(reason.problem.type);
        clean(reason.problem.title);
        clean(reason.problem.detail);
        clean(reason.problem.operation_status);
        clean(reason.problem.trace_id);
        for (field_error& error : reason.problem.errors) {
            clean(error.field);
            clean(error.text);
        }
    }

private:
    /// Shorter texts occur by chance, in words of the server's own.
    static constexpr std::size_t shortest = 4;

    static void replace(std::string& text, std::string_view value) {
        for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) text.replace(at, value.size(), "***");
    }

    /// Takes away the beginning of a secret where the text was cut in the middle of it.
    static void cut_tail(std::string& text, std::string_view value) {
        for (std::size_t size = (std::min)(value.size(), text.size()); size >= shortest; --size) {
            if (!text.ends_with(value.substr(0, size))) continue;
            text.replace(text.size() - size, size, "***");
            return;
        }
    }

    std::vector<std::string> texts_;
};

}  // namespace detail

/// One call from the client's side, as a machine: gives each request of the operation its origin, credentials, limits and
/// share of the deadline, and each failure its number of attempts. `now` may stand still, on transports without a clock;
/// each request then has the whole time.
template <Operation O>
class exchange {
public:
    using result_type = typename O::result_type;

    exchange(client_context const& context, call_options options, O operation)
        : context_(&context), options_(std::move(options)), operation_(std::move(operation)) {}

    [[nodiscard]] action start(std::chrono::nanoseconds now) {
        auto const timeout = options_.timeout.value_or(context_->options.timeout);
        deadline_ = now > std::chrono::nanoseconds(0) && timeout > (std::chrono::nanoseconds::max)() - now
                        ? (std::chrono::nanoseconds::max)()
                        : now + timeout;
        if (auto refused = context_->refusal()) return end(*std::move(refused));
        if (auto ok = options_.check(); !ok) return end(std::move(ok).error());
        if constexpr (requires { O::writes; }) {
            if (O::writes && context_->options.read_only) return end(refuse_write());
        }
        return carry(operation_.start(context_->base->path), now);
    }

    [[nodiscard]] action resume(result<http_response> answer, std::chrono::nanoseconds now) {
        if (!answer && !context_->transport_tracks_writes && method_ != http_method::get && may_have_been_sent(answer.error()))
            answer.error().possibly_applied = true;
        return carry(operation_.resume(std::move(answer), context_->base->path), now);
    }

    [[nodiscard]] action resume(std::chrono::nanoseconds) { return action::done(); }

    /// Goes on after a lock: with whether it had to be waited for, or why it was not had.
    [[nodiscard]] action resume(result<bool> waited, std::chrono::nanoseconds now) {
        if (!waited) return end(std::move(waited).error());
        if constexpr (requires { operation_.locked(true, std::string_view()); }) return carry(operation_.locked(*waited, context_->base->path), now);
        else return action::done();
    }

    [[nodiscard]] result_type take() {
        result_type taken = ended_ ? result_type(*std::move(ended_)) : operation_.take();
        if (!taken) {
            taken.error().attempts = attempts_;
            secrets_.scrub(taken.error(), context_->auth.reveal());
        }
        return taken;
    }

private:
    [[nodiscard]] action end(failure reason) {
        ended_ = std::move(reason);
        return action::done();
    }

    [[nodiscard]] action carry(std::optional<http_request> next, std::chrono::nanoseconds now) {
        if constexpr (requires { operation_.locked(true, std::string_view()); }) {
            if (!next) {
                if (auto const id = operation_.wants_lock()) {
                    if (context_->queues_writes) return action::lock(*id, deadline_ - now);
                    return carry(operation_.locked(false, context_->base->path), now);
                }
            }
        }
        if (!next) return action::done();
        if (context_->options.read_only && next->method != http_method::get)
            return end(refuse_write());
        if (now >= deadline_)
            return end(failure(errc::deadline_exceeded, "The deadline passed between two requests of the call; allow more time."));
        method_ = next->method;
        next->origin = context_->base->origin;
        if (!context_->auth.empty()) next->headers.add("Authorization", context_->auth.authorization());
        for (http_header const& extra : options_.headers) next->headers.add(extra.name, extra.value);
        next->limits.time = deadline_ - now;
        next->limits.header_bytes = context_->options.header_bytes;
        next->limits.body_bytes = context_->options.body_bytes;
        secrets_.add_settings_of(next->body);
        ++attempts_;
        return action::send(*std::move(next));
    }

    [[nodiscard]] static failure refuse_write() {
        return failure(errc::read_only_client, "This client was told to read only; nothing was sent.");
    }

    [[nodiscard]] static bool may_have_been_sent(failure const& reason) {
        return reason.who != fault::usage && reason.code != make_error_code(errc::resolve_failed) &&
               reason.code != make_error_code(errc::connect_failed);
    }

    client_context const* context_;
    call_options options_;
    O operation_;
    std::optional<failure> ended_;
    detail::sent_secrets secrets_;
    std::chrono::nanoseconds deadline_{0};
    unsigned attempts_ = 0;
    http_method method_ = http_method::get;
};

UMBRACO_AI_END_NAMESPACE

#endif

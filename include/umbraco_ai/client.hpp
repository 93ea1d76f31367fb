// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLIENT_HPP
#define UMBRACO_AI_CLIENT_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/client_context.hpp>
#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/exchange.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/all.hpp>
#include <umbraco_ai/operations/by_id.hpp>
#include <umbraco_ai/operations/call.hpp>
#include <umbraco_ai/operations/ensure.hpp>
#include <umbraco_ai/operations/explained.hpp>
#include <umbraco_ai/operations/find_poisoned.hpp>
#include <umbraco_ai/operations/modify.hpp>
#include <umbraco_ai/operations/pages.hpp>
#include <umbraco_ai/operations/questions.hpp>
#include <umbraco_ai/operations/with_capability.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

template <class T>
    requires Transport<T>
class client;

namespace detail {

/// What a call needs of its client, for those who carry it out otherwise than `io_traits` does.
class client_parts {
public:
    template <class T>
    [[nodiscard]] static client_context& context(client<T>& of) noexcept {
        return of.context_;
    }
    template <class T>
    [[nodiscard]] static auto& queue(client<T>& of) noexcept {
        return of.queue_;
    }
};

}  // namespace detail

/// The connection endpoints of a client: `cms.connections().get("openai-prod")`. Each call gives a result, or what the
/// client's transport awaits for one. Only the client must outlive the call, not this object.
template <class Client>
class connections_api {
public:
    explicit connections_api(Client& owner, call_options options = {}) : owner_(&owner), options_(std::move(options)) {}

    /// One page of connections. Takes `skip`, `take`, `filter` and `provider_id`, any of them, in any order.
    template <class... Query>
    auto list(Query... parameters) const {
        static_assert(std::is_constructible_v<connections::list, Query...> || sizeof...(Query) == 0,
                      "umbraco_ai: list takes skip, take, filter and provider_id, each at most once");
        return owner_->call(connections::list(std::move(parameters)...), options_);
    }

    /// One connection with its settings.
    auto get(id_or_alias which) const { return owner_->call(connections::get(std::move(which)), options_); }

    /// A new connection. Never sent twice.
    auto create(connection_draft draft) const { return owner_->call(connections::create(std::move(draft)), options_); }

    /// Puts back a connection that was read, with the changes made to it since. The whole connection is replaced. Settings
    /// that the server masked must be given anew first; otherwise nothing is sent.
    auto update(connection changed) const {
        guid const id = changed.id;
        return owner_->run(update_operation(id, connection_update(std::move(changed))), options_);
    }

    /// Replaces a connection by what is given. Given an alias, it reads the connection's id first.
    auto update(id_or_alias which, connection_update new_state) const {
        return owner_->run(update_operation(std::move(which), std::move(new_state)), options_);
    }

    /// Reads a connection, lets `change(connection&)` change it, and puts it back whole; see `modify_operation`. The safe way
    /// to change one thing. `change` must be repeatable.
    template <class Change>
    auto modify(id_or_alias which, Change change) const {
        return owner_->run(modify_operation<Change>(std::move(which), std::move(change)), options_);
    }

    /// Switches a connection on or off; all else stays.
    auto set_active(id_or_alias which, bool active) const {
        return modify(std::move(which), [active](connection& read) { read.is_active = active; });
    }

    /// Changes the name; all else stays.
    auto rename(id_or_alias which, std::string name) const {
        return modify(std::move(which), [value = std::move(name)](connection& read) { read.name = value; });
    }

    /// Changes the alias, and reads whether the server did so: servers before 1.3 ignore it.
    auto change_alias(id_or_alias which, std::string alias) const {
        return modify(std::move(which), [value = std::move(alias)](connection& read) { read.alias = value; });
    }

    /// Creates a connection, or makes the one of its alias what the draft says; see `ensure_operation`.
    auto ensure(connection_draft draft, ensure_options how = {}) const { return owner_->run(ensure_operation(std::move(draft), how), options_); }

    /// All connections, page by page, without duplicates; says where it may be incomplete. See `all_operation`.
    auto all(all_query wanted = {}) const { return owner_->run(all_operation(std::move(wanted)), options_); }

    /// The same, page by page; see `page_cursor`.
    [[nodiscard]] page_cursor<Client> pages(all_query wanted = {}) const { return page_cursor<Client>(*owner_, std::move(wanted), options_); }

    /// The connection that makes lists fail, where there is one; see `find_poisoned_operation`.
    auto find_poisoned() const { return owner_->run(find_poisoned_operation(), options_); }

    /// Whether an alias is taken, by another connection than `except`.
    auto exists(std::string alias, std::optional<guid> except = {}) const {
        return owner_->run(exists_operation(std::move(alias), except), options_);
    }

    /// The capabilities of one connection.
    auto capabilities_of(id_or_alias which) const { return owner_->run(capabilities_of_operation(std::move(which)), options_); }

    /// Why a connection does not work, in one sentence.
    auto diagnose(id_or_alias which) const { return owner_->run(diagnose_operation(std::move(which)), options_); }

    /// Deletes a connection. Given an alias, it reads the connection's id first.
    auto remove(id_or_alias which) const { return owner_->run(remove_operation(std::move(which)), options_); }

    /// Lets the server try a connection with its provider. A test that fails is an answer: `success` is false.
    auto test(id_or_alias which) const { return owner_->run(explained_operation<connections::test>(std::move(which)), options_); }

    /// The capabilities that the site's connections have between them.
    auto capabilities() const { return owner_->call(connections::capabilities(), options_); }

    /// The connections with a capability, all of them, whichever contract the server speaks.
    auto with_capability(capability wanted) const { return owner_->run(with_capability_operation(std::move(wanted)), options_); }

    /// The models that a connection's provider offers. An empty list can mean that the provider refused the key.
    auto models(id_or_alias which) const { return owner_->run(explained_operation<connections::models>(std::move(which)), options_); }

private:
    Client* owner_;
    call_options options_;
};

/// Calls endpoints over a transport. Refers to an lvalue transport, which must outlive it, and owns an rvalue one.
///
/// A transport is an object with `send(http_request)`, or anything that can be called with one, such as a lambda:
///
///     my_transport t;
///     auto answer = client(t, "https://cms.example.com", bearer_token(token)).call(connections::get("openai-prod"));
///
/// A malformed base URL, or credentials that may not travel, are reported by the first call. Neither copied nor moved, since
/// calls under way refer to it. Lifetime: it outlives its calls; on a temporary client an awaited call does not compile.
/// Threading: on a plain transport one call at a time, a second fails with `errc::client_busy`; where `send` is awaited, as the
/// transport says.
template <class T>
    requires Transport<T>
class client {
public:
    /// base_url_text  an origin (https://cms.example.com), an origin with /umbraco, or the whole base path
    client(T&& transport, std::string_view base_url_text, credentials auth = {}, client_options options = {})
        : transport_(std::forward<T>(transport)), context_(base_url::parse(base_url_text), std::move(auth), options) {
        using plain = std::remove_reference_t<T>;
        context_.transport_tracks_writes = tracks_writes<plain>;
        context_.queues_writes = queues_writes;
        context_.retries.can_wait = CanWait<plain>;
    }
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    /// Calls one endpoint, of this library or of the user's.
    template <Descriptor D>
    auto call(D descriptor, call_options options = {}) & {
        return carry_out<call_operation<D>>(std::move(options), std::move(descriptor));
    }
    template <Descriptor D>
    auto call(D descriptor, call_options options = {}) && {
        outlives_awaited_calls();
        return call(std::move(descriptor), std::move(options));
    }

    /// Carries out an operation: a machine over bare requests and answers.
    template <Operation O>
    auto run(O operation, call_options options = {}) & {
        return carry_out<O>(std::move(options), std::move(operation));
    }
    template <Operation O>
    auto run(O operation, call_options options = {}) && {
        outlives_awaited_calls();
        return run(std::move(operation), std::move(options));
    }

    /// The connection endpoints; `options` hold for each call made through what this gives.
    [[nodiscard]] auto connections(call_options options = {}) & { return connections_api<client>(*this, std::move(options)); }
    [[nodiscard]] auto connections(call_options options = {}) && {
        outlives_awaited_calls();
        return connections_api<client>(*this, std::move(options));
    }

    [[nodiscard]] std::remove_reference_t<T>& transport() noexcept { return transport_; }

private:
    friend class detail::client_parts;

    static constexpr void outlives_awaited_calls() noexcept {
        static_assert(!is_awaited<T>, "umbraco_ai: an awaited call would outlive this temporary client; give the client a name first");
    }

    using traits = io_traits<send_result_t<T>>;

    template <Operation O, class... Args>
    auto carry_out(call_options&& options, Args&&... args) {
        // Made as what it is passed as, and its operation where it stands, since they are costly to move.
        auto const machine = [&] { return exchange<O>(context_, std::move(options), std::in_place, std::forward<Args>(args)...); };
        if constexpr (!is_awaited<T>) {
            if (is_busy_.exchange(true)) return typename O::result_type(failure(errc::client_busy, "This client is in a call already; one from within it could never end well."));
            in_call const marked(is_busy_);
            return traits::run(transport_, machine());
        } else if constexpr (queues_writes) return traits::run(transport_, machine(), queue_);
        else return traits::run(transport_, machine());
    }

    static constexpr bool queues_writes = requires { typename traits::write_queue; };
    struct no_queue {};
    template <class Traits, bool HasQueue>
    struct queue_of {
        using type = no_queue;
    };
    template <class Traits>
    struct queue_of<Traits, true> {
        using type = typename Traits::write_queue;
    };

    /// A call within a call, as from a `change`, would write what the outer one then overwrites.
    class in_call {
    public:
        explicit in_call(std::atomic<bool>& busy) noexcept : busy_(busy) {}
        in_call(in_call const&) = delete;
        in_call& operator=(in_call const&) = delete;
        ~in_call() { busy_ = false; }

    private:
        std::atomic<bool>& busy_;
    };

    T transport_;
    client_context context_;
    std::atomic<bool> is_busy_ = false;
    [[no_unique_address]] typename queue_of<traits, queues_writes>::type queue_;
};

template <Transport T>
client(T&, std::string_view, credentials = {}, client_options = {}) -> client<T&>;
template <Transport T>
    requires(!std::is_lvalue_reference_v<T>)
client(T&&, std::string_view, credentials = {}, client_options = {}) -> client<T>;
/// Of anything else: a message that says what is missing.
template <class T>
    requires(!Transport<T>)
client(T&&, std::string_view, credentials = {}, client_options = {})
    -> client<typename detail::transport_explained<std::remove_reference_t<T>>::type>;

UMBRACO_AI_END_NAMESPACE

#endif

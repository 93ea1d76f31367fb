// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CONNECTOR_HPP
#define UMBRACO_AI_BEAST_DETAIL_CONNECTOR_HPP

#include <umbraco_ai/asio/name_lookup.hpp>
#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/call_watch.hpp>
#include <umbraco_ai/beast/detail/http_connection.hpp>
#include <umbraco_ai/beast/detail/tls_context.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The peer has gone: FIN, RST, or the end of TLS without a farewell.
[[nodiscard]] inline bool is_close(boost::system::error_code const& error) {
    using namespace boost::asio::error;
    return error == eof || error == connection_reset || error == broken_pipe || error == connection_aborted ||
           error == boost::asio::ssl::error::stream_truncated;
}

/// Addresses by turns of both families, beginning with the family of the first; the order within each stays.
[[nodiscard]] inline endpoint_list interleaved(endpoint_list const& all) {
    endpoint_list mixed;
    if (all.empty()) return mixed;
    endpoint_list first;
    endpoint_list second;
    for (auto const& address : all) (address.protocol() == all.front().protocol() ? first : second).push_back(address);
    for (std::size_t i = 0; i < (std::max)(first.size(), second.size()); ++i) {
        if (i < first.size()) mixed.push_back(first[i]);
        if (i < second.size()) mixed.push_back(second[i]);
    }
    return mixed;
}

/// Makes a connection to the origin of a call: name, address, TLS. Lives in the frame of the call's coroutine.
class connector {
    template <class T>
    using awaitable = boost::asio::awaitable<T>;
    using attempt = std::shared_ptr<http_connection>;

public:
    connector(call_watch& watch, boost::asio::any_io_executor io, std::shared_ptr<lazy_tls_context> tls, std::chrono::milliseconds stagger)
        : watch_(watch), io_(std::move(io)), tls_(std::move(tls)), stagger_(stagger) {}
    connector(connector const&) = delete;
    connector& operator=(connector const&) = delete;
    ~connector() {
        for (attempt const& lost : attempts_) lost->abandon();
    }

    /// An open connection, or nothing, with the reason in the watch.
    [[nodiscard, gnu::noinline]] awaitable<attempt> connect() {
        http_origin const& origin = watch_.request.origin;
        if (origin.tls) {
            // Before the first byte: an option that is wrong is wrong even where nobody answers.
            auto made = tls_->get();
            if (!made) {
                static_cast<void>(watch_.fail(std::move(made).error()));
                co_return nullptr;
            }
            context_ = *std::move(made);
        }
        endpoint_list addresses;
        if (auto known = endpoints_by_spelling(origin.host, origin.port)) addresses = std::move(*known);
        else if (!co_await resolve(addresses)) co_return nullptr;
        attempt made = co_await race(interleaved(addresses));
        if (!made || !origin.tls) co_return made;
        attempts_.push_back(made);
        if (!co_await secure(*made)) co_return nullptr;
        attempts_.pop_back();
        co_return made;
    }

private:
    [[nodiscard, gnu::noinline]] awaitable<bool> resolve(endpoint_list& endpoints) {
        watch_.enter(transfer_phase::resolve);
        http_origin const& origin = watch_.request.origin;
        scoped_lookup const lookup(boost::asio::query(watch_.strand, boost::asio::execution::context), origin.host, origin.port,
                                   watch_.strand, watch_.rest);
        while (!lookup.is_done()) {
            co_await watch_.sleep();
            if (!watch_.check()) co_return false;
        }
        if (lookup.error() || lookup.endpoints().empty())
            co_return watch_.fail(errc::resolve_failed, "The host name " + origin.host + " has no address (" + lookup.error().message() +
                                                            "); check its spelling and the DNS of this machine.");
        endpoints = lookup.endpoints();
        co_return true;
    }

    // The next address is tried when the one before has failed, or has said nothing for a while. The first to answer wins.
    [[nodiscard, gnu::noinline]] awaitable<attempt> race(endpoint_list addresses) {
        watch_.enter(transfer_phase::connect);
        std::string errors;
        std::size_t begun = 0;
        auto next_begin = call_state::clock::now();
        while (true) {
            for (std::size_t i = 0; i < attempts_.size();) {
                if (!attempts_[i]->setup.is_done()) {
                    ++i;
                    continue;
                }
                attempt ended = std::move(attempts_[i]);
                attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
                if (!ended->setup.error()) {
                    for (attempt const& lost : attempts_) lost->abandon();
                    attempts_.clear();
                    ended->setup.clear();
                    co_return ended;
                }
                errors = ended->setup.error().message();
                next_begin = call_state::clock::now();
            }
            auto const now = call_state::clock::now();
            if (begun < addresses.size() && now >= next_begin) {
                attempts_.push_back(std::make_shared<http_connection>(io_, watch_.request.origin));
                attempts_.back()->serve(watch_.shared_from_this());
                attempts_.back()->start_connect(addresses[begun++]);
                next_begin = now + stagger_;
                continue;
            }
            if (attempts_.empty()) {
                static_cast<void>(watch_.fail(errc::connect_failed,
                                              "No connection to " + watch_.peer() + " (" + errors +
                                                  (addresses.size() > 1 ? ", and no better at its other addresses" : "") +
                                                  "); check host and port, and that the server runs and may be reached from here."));
                co_return nullptr;
            }
            watch_.set_alarm(begun < addresses.size() ? next_begin : (call_state::clock::time_point::max)());
            co_await watch_.sleep();
            if (!watch_.check()) co_return nullptr;
        }
    }

    [[nodiscard, gnu::noinline]] awaitable<bool> secure(http_connection& made) {
        watch_.enter(transfer_phase::tls);
        bool const accepts_any = tls_->options().accepts_any_certificate_on_loopback() && is_loopback(watch_.request.origin.host);
        if (result<void> begun = made.start_handshake(context_, accepts_any, watch_.request.origin); !begun) co_return watch_.fail(std::move(begun).error());
        // The alarm of the next address has taken the place of the limit.
        watch_.set_alarm((call_state::clock::time_point::max)());
        while (!made.setup.is_done()) {
            co_await watch_.sleep();
            if (!watch_.check()) co_return false;
        }
        auto const error = made.setup.error();
        made.setup.clear();
        if (!error) co_return true;
        if (!is_close(error) || made.peer().rejection) co_return watch_.fail(tls_failure(error, made.peer()));
        std::string text = watch_.peer() + " closed the connection during the TLS handshake (" + error.message() + ")";
        text += made.peer().was_asked_for_certificate ? "; it had asked for a client certificate, which this library does not give."
                                                      : "; check that it speaks TLS on this port.";
        co_return watch_.fail(errc::connection_closed, std::move(text));
    }

    call_watch& watch_;
    boost::asio::any_io_executor io_;
    std::shared_ptr<lazy_tls_context> tls_;
    std::shared_ptr<tls_context> context_;
    std::chrono::milliseconds stagger_;
    std::vector<attempt> attempts_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

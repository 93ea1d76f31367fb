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
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

/// Makes a connection to the origin of a call: name, address, TLS. A part of the call's machine, which goes as far as it gets without
/// waiting.
class connector {
    using attempt = std::shared_ptr<http_connection>;

public:
    enum class progress : std::uint8_t { waits, connected, failed };

    connector(call_watch& watch, boost::asio::any_io_executor io, std::shared_ptr<lazy_tls_context> tls, std::chrono::milliseconds stagger)
        : watch_(watch), io_(std::move(io)), tls_(std::move(tls)), stagger_(stagger) {}
    connector(connector const&) = delete;
    connector& operator=(connector const&) = delete;
    ~connector() {
        for (attempt const& lost : attempts_) lost->abandon();
    }

    /// First, and then whenever the call was woken and is not to stop. A failure leaves its reason in the watch.
    [[nodiscard]] progress go_on() {
        switch (state_) {
            case state::resolving: return lookup_ ? resolve() : begin();
            case state::racing: return race();
            case state::securing: break;
        }
        return secure();
    }

    /// The open connection, once.
    [[nodiscard]] std::shared_ptr<http_connection> take() noexcept {
        attempt made = std::move(attempts_.front());
        attempts_.clear();
        return made;
    }

private:
    enum class state : std::uint8_t { resolving, racing, securing };

    [[nodiscard]] progress begin() {
        http_origin const& origin = watch_.request.origin;
        if (origin.tls) {
            // Before the first byte: an option that is wrong is wrong even where nobody answers.
            auto made = tls_->get();
            if (!made) return fail(std::move(made).error());
            context_ = *std::move(made);
        }
        if (auto const known = endpoints_by_spelling(origin.host, origin.port)) return begin_race(*known);
        watch_.enter(transfer_phase::resolve);
        lookup_.emplace(boost::asio::query(watch_.strand, boost::asio::execution::context), origin.host, origin.port, watch_.strand, watch_);
        return resolve();
    }

    [[nodiscard]] progress resolve() {
        if (!lookup_->is_done()) return progress::waits;
        if (lookup_->error() || lookup_->endpoints().empty())
            return fail(failure(errc::resolve_failed, "The host name " + watch_.request.origin.host + " has no address (" + lookup_->error().message() +
                                                          "); check its spelling and the DNS of this machine."));
        return begin_race(lookup_->endpoints());
    }

    [[nodiscard]] progress begin_race(endpoint_list const& addresses) {
        watch_.enter(transfer_phase::connect);
        addresses_ = interleaved(addresses);
        next_begin_ = call_state::clock::now();
        state_ = state::racing;
        return race();
    }

    // The next address is tried when the one before has failed, or has said nothing for a while. The first to answer wins.
    [[nodiscard]] progress race() {
        while (true) {
            for (std::size_t i = 0; i < attempts_.size();) {
                if (!attempts_[i]->setup.is_done()) {
                    ++i;
                    continue;
                }
                if (!attempts_[i]->setup.error()) return win(i);
                errors_ = attempts_[i]->setup.error().message();
                attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
                next_begin_ = call_state::clock::now();
            }
            auto const now = call_state::clock::now();
            if (begun_ < addresses_.size() && now >= next_begin_) {
                attempts_.push_back(std::make_shared<http_connection>(io_, watch_.request.origin));
                attempts_.back()->serve(watch_.shared_from_this());
                attempts_.back()->start_connect(addresses_[begun_++]);
                next_begin_ = now + stagger_;
                continue;
            }
            if (attempts_.empty())
                return fail(failure(errc::connect_failed, "No connection to " + watch_.peer() + " (" + errors_ +
                                                              (addresses_.size() > 1 ? ", and no better at its other addresses" : "") +
                                                              "); check host and port, and that the server runs and may be reached from here."));
            watch_.set_alarm(begun_ < addresses_.size() ? next_begin_ : (call_state::clock::time_point::max)());
            return progress::waits;
        }
    }

    [[nodiscard]] progress win(std::size_t which) {
        std::swap(attempts_.front(), attempts_[which]);
        for (std::size_t i = 1; i < attempts_.size(); ++i) attempts_[i]->abandon();
        attempts_.resize(1);
        attempts_.front()->setup.clear();
        return context_ ? begin_handshake() : progress::connected;
    }

    [[nodiscard]] progress begin_handshake() {
        watch_.enter(transfer_phase::tls);
        bool const accepts_any = tls_->options().accepts_any_certificate_on_loopback() && is_loopback(watch_.request.origin.host);
        if (result<void> begun = attempts_.front()->start_handshake(context_, accepts_any, watch_.request.origin); !begun) return fail(std::move(begun).error());
        // The alarm of the next address has taken the place of the limit.
        watch_.set_alarm((call_state::clock::time_point::max)());
        state_ = state::securing;
        return secure();
    }

    [[nodiscard]] progress secure() {
        http_connection& made = *attempts_.front();
        if (!made.setup.is_done()) return progress::waits;
        auto const error = made.setup.error();
        made.setup.clear();
        if (!error) return progress::connected;
        if (!is_close(error) || made.peer().rejection) return fail(tls_failure(error, made.peer()));
        std::string text = watch_.peer() + " closed the connection during the TLS handshake (" + error.message() + ")";
        text += made.peer().was_asked_for_certificate ? "; it had asked for a client certificate, which this library does not give."
                                                      : "; check that it speaks TLS on this port.";
        return fail(failure(errc::connection_closed, std::move(text)));
    }

    [[nodiscard]] progress fail(failure reason) {
        static_cast<void>(watch_.fail(std::move(reason)));
        return progress::failed;
    }

    call_watch& watch_;
    boost::asio::any_io_executor io_;
    std::shared_ptr<lazy_tls_context> tls_;
    std::shared_ptr<tls_context> context_;  ///< Where the origin wants TLS.
    std::chrono::milliseconds stagger_;
    std::optional<scoped_lookup> lookup_;
    endpoint_list addresses_;
    std::size_t begun_ = 0;  ///< Of them.
    call_state::clock::time_point next_begin_;
    std::string errors_;
    std::vector<attempt> attempts_;  ///< Under way; of an open one, it alone.
    state state_ = state::resolving;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

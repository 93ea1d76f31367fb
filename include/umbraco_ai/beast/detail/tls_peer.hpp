// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_TLS_PEER_HPP
#define UMBRACO_AI_BEAST_DETAIL_TLS_PEER_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The newest session of each origin. Each use is a copy, so that a connection that ends badly spoils nothing. Safe to use
/// from several threads.
class tls_sessions {
public:
    struct free_session {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };
    using session = std::unique_ptr<SSL_SESSION, free_session>;

    tls_sessions() = default;

    void put(std::string const& origin, SSL_SESSION const* fresh) {
        session copy(SSL_SESSION_dup(const_cast<SSL_SESSION*>(fresh)));
        if (!copy) return;
        std::lock_guard const guard(mutex_);
        if (entry* const found = find(origin)) {
            found->second = std::move(copy);
            return;
        }
        if (kept_.size() >= most_origins) kept_.pop_front();
        kept_.emplace_back(origin, std::move(copy));
    }

    [[nodiscard]] session get(std::string const& origin) {
        std::lock_guard const guard(mutex_);
        entry const* const found = find(origin);
        return found == nullptr || !found->second ? session() : session(SSL_SESSION_dup(found->second.get()));
    }

    void forget(std::string const& origin) {
        std::lock_guard const guard(mutex_);
        if (entry* const found = find(origin)) found->second.reset();
    }

private:
    using entry = std::pair<std::string, session>;
    static constexpr std::size_t most_origins = 32;

    [[nodiscard]] entry* find(std::string const& origin) noexcept {
        for (entry& one : kept_)
            if (one.first == origin) return &one;
        return nullptr;
    }

    std::mutex mutex_;
    std::list<entry> kept_;
};

/// What the callbacks of OpenSSL know of one connection, and tell it.
class tls_peer {
public:
    tls_peer() = default;

    tls_sessions* sessions = nullptr;
    std::string session_key;
    std::string host;
    bool accepts_any = false;
    bool was_asked_for_certificate = false;
    std::optional<failure> rejection;

    /// Where OpenSSL keeps the pointer to it in an SSL.
    [[nodiscard]] static int index() {
        static int const made = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
        return made;
    }
    [[nodiscard]] static tls_peer* of(SSL const* ssl) { return static_cast<tls_peer*>(SSL_get_ex_data(ssl, index())); }
};

/// Whether an error is one of TLS, and not of the socket below.
[[nodiscard]] inline bool is_of_tls(boost::system::error_code error) noexcept {
    return error.category() == boost::asio::error::get_ssl_category() || error.category() == boost::asio::ssl::error::get_stream_category();
}

/// The reason in an error of OpenSSL's, or 0.
[[nodiscard]] inline int tls_reason(boost::system::error_code error) noexcept {
    if (error.category() != boost::asio::error::get_ssl_category()) return 0;
    return ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(error.value())));
}

/// Whether the server says that it ends the handshake for want of a certificate. With TLS 1.3 the client has ended its own by then,
/// and may have written.
[[nodiscard]] inline bool wants_certificate(boost::system::error_code error) noexcept {
    int const reason = tls_reason(error);
    return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
           reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
}

/// Why a handshake failed, or a connection after it, in a sentence.
[[nodiscard, gnu::cold]] inline failure tls_failure(boost::system::error_code error, tls_peer const& peer) {
    if (peer.rejection) return *peer.rejection;
    std::string const& where = peer.session_key;
    auto const fail = [](std::string text) { return failure(errc::tls_failed, std::move(text)); };
    int const reason = tls_reason(error);
    switch (reason) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_UNKNOWN_PROTOCOL:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_RECORD_LENGTH_MISMATCH:
            return fail(where + " does not speak TLS on this port; check the port of the base URL, or use http for a server on this machine.");
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return fail(where + " offers no TLS 1.2 or newer, only versions that are no longer safe; update the server.");
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            if (peer.was_asked_for_certificate || reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
                return fail(where + " wants a certificate of the client, which this library does not give; let the server do without for this API.");
            break;
        default: break;
    }
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
        return fail(where + " and this client have no TLS version, cipher or curve in common; update the server.");
    return fail("TLS with " + where + " failed (" + error.message() + ").");
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

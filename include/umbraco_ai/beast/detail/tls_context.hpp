// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_TLS_CONTEXT_HPP
#define UMBRACO_AI_BEAST_DETAIL_TLS_CONTEXT_HPP

#include <umbraco_ai/beast/detail/ca_locations.hpp>
#include <umbraco_ai/beast/detail/certificate_text.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The settings that all connections of a transport share. Unchanged once it is made, but for the sessions.
class tls_context {
public:
    /// Errors: usage failures that name the option of `tls_options`.
    [[nodiscard, gnu::cold]] static result<std::shared_ptr<tls_context>> make(tls_options const& options) {
        if (result<void> const checked = options.check(); !checked) return checked.error();
        try {
            auto made = std::make_shared<tls_context>(options);
            if (auto refused = made->load(options)) return *std::move(refused);
            return made;
        } catch (boost::system::system_error const& error) {
            return failure(errc::tls_failed, "OpenSSL gave no TLS context (" + error.code().message() + ").");
        }
    }

    [[gnu::cold]] explicit tls_context(tls_options const& options) : native_(boost::asio::ssl::context::tls_client) {
        for (std::string const& text : options.pins()) pins_.push_back(*parse_sha256(text));
    }
    tls_context(tls_context const&) = delete;
    tls_context& operator=(tls_context const&) = delete;

    [[nodiscard]] boost::asio::ssl::context& native() noexcept { return native_; }
    [[nodiscard]] tls_sessions& sessions() noexcept { return sessions_; }

    /// Prepares a new SSL of this context for a handshake with the origin; `peer` outlives it.
    /// Errors: `errc::tls_failed` where OpenSSL has no memory or takes the host for no name.
    [[nodiscard]] result<void> prepare(SSL* ssl, http_origin const& origin, tls_peer& peer) {
        peer.sessions = &sessions_;
        peer.session_key = origin.authority();
        peer.host = origin.host;
        if (peer.host.ends_with('.')) peer.host.pop_back();
        bool is_ready = SSL_set_ex_data(ssl, tls_peer::index(), &peer) == 1;
        X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
        X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (is_ipv4(peer.host) || peer.host.find(':') != std::string::npos) {
            is_ready = is_ready && X509_VERIFY_PARAM_set1_ip_asc(expected, peer.host.c_str()) == 1;
        } else {
            is_ready = is_ready && SSL_set1_host(ssl, peer.host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, peer.host.c_str()) == 1;
        }
        ERR_clear_error();
        if (!is_ready) return failure(errc::tls_failed, "OpenSSL takes the host for neither a name nor an address; check the base URL.");
        if (tls_sessions::session const earlier = sessions_.get(peer.session_key)) static_cast<void>(SSL_set_session(ssl, earlier.get()));
        return result<void>::ok();
    }

private:
    [[nodiscard]] std::optional<failure> load(tls_options const& options) {
        SSL_CTX* const context = native_.native_handle();
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_cert_verify_callback(context, &tls_context::on_verify, this);
        SSL_CTX_set_client_cert_cb(context, &tls_context::on_certificate_request);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, &tls_context::on_new_session);
        static constexpr unsigned char protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
        SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols);

        if (pins_.empty()) locations_.load_into(context);
        for (std::string const& path : options.ca_files()) {
            ERR_clear_error();
            if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) != 1)
                return failure(errc::invalid_argument, "No certificate in PEM form could be read from " + path + " (" + last_error() + ").")
                    .at("trust_ca_file");
            locations_.add(path);
        }
        for (std::string const& text : options.ca_texts())
            if (!trust(context, text))
                return failure(errc::invalid_argument, "The text holds no certificate in PEM form.").at("trust_ca_pem");
        // A server's own certificate may be trusted as it is, without an authority.
        if (!options.ca_files().empty() || !options.ca_texts().empty())
            X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
        return std::nullopt;
    }

    [[nodiscard]] static bool trust(SSL_CTX* context, std::string const& text) {
        struct free_bio {
            void operator()(BIO* bio) const noexcept { BIO_free(bio); }
        };
        struct free_certificate {
            void operator()(X509* certificate) const noexcept { X509_free(certificate); }
        };
        std::unique_ptr<BIO, free_bio> const source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
        std::size_t count = 0;
        while (source) {
            std::unique_ptr<X509, free_certificate> const certificate(PEM_read_bio_X509_AUX(source.get(), nullptr, nullptr, nullptr));
            if (!certificate) break;
            if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) == 1) ++count;
        }
        ERR_clear_error();
        return count != 0;
    }

    [[nodiscard]] static std::string last_error() {
        boost::system::error_code const error(static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category());
        ERR_clear_error();
        return error.message();
    }

    // Callbacks of OpenSSL: no exception may pass.
    static int on_verify(X509_STORE_CTX* store, void* self) noexcept {
        try {
            auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
            tls_peer* const peer = ssl == nullptr ? nullptr : tls_peer::of(ssl);
            if (peer == nullptr) return 0;
            peer->rejection = static_cast<tls_context const*>(self)->judge(store, *peer);
            return peer->rejection ? 0 : 1;
        } catch (std::exception const&) {
            return 0;
        }
    }

    static int on_certificate_request(SSL* ssl, X509**, EVP_PKEY**) noexcept {
        if (tls_peer* const peer = tls_peer::of(ssl)) peer->was_asked_for_certificate = true;
        return 0;
    }

    static int on_new_session(SSL* ssl, SSL_SESSION* session) noexcept {
        try {
            tls_peer const* const peer = tls_peer::of(ssl);
            if (peer != nullptr && peer->sessions != nullptr) peer->sessions->put(peer->session_key, session);
        } catch (std::exception const&) {
            // Without memory for it the next connection negotiates anew.
        }
        return 0;
    }

    // Why the certificate is not accepted, or nothing.
    [[nodiscard, gnu::cold]] std::optional<failure> judge(X509_STORE_CTX* store, tls_peer const& peer) const {
        X509* const own = X509_STORE_CTX_get0_cert(store);
        if (own == nullptr) return failure(errc::certificate_rejected, "The server sent no certificate.");
        if (!peer.accepts_any && pins_.empty()) {
            if (X509_verify_cert(store) > 0) return std::nullopt;
            return explain(X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store), own, peer);
        }
        if (!peer.accepts_any) {
            sha256_bytes const whole = certificate_sha256(own);
            sha256_bytes const key = public_key_sha256(own);
            bool is_pinned = false;
            for (sha256_bytes const& pin : pins_) is_pinned = is_pinned || pin == whole || pin == key;
            if (!is_pinned) {
                X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
                return failure(errc::certificate_rejected,
                               "The certificate of " + peer.session_key + " is not the one that was pinned: its SHA-256 is " + hex_of(whole) +
                                   ", that of its public key " + hex_of(key) + "; if it was renewed on purpose, pin the new one.");
            }
            int const error = X509_cmp_current_time(X509_get0_notBefore(own)) > 0  ? X509_V_ERR_CERT_NOT_YET_VALID
                              : X509_cmp_current_time(X509_get0_notAfter(own)) < 0 ? X509_V_ERR_CERT_HAS_EXPIRED
                                                                                   : X509_V_OK;
            if (error != X509_V_OK) {
                X509_STORE_CTX_set_error(store, error);
                return explain(error, own, own, peer);
            }
        }
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return std::nullopt;
    }

    [[nodiscard, gnu::cold]] failure explain(int error, X509* at, X509* own, tls_peer const& peer) const {
        std::string const& where = peer.session_key;
        bool const is_own = at == nullptr || at == own || X509_cmp(at, own) == 0;
        X509* const subject = at == nullptr ? own : at;
        std::string const whose = is_own ? "The certificate of " + where
                                         : "The certificate of the authority `" + common_name(X509_get_subject_name(subject)) + "`, which vouches for " + where + ",";
        auto const reject = [](std::string text) { return failure(errc::certificate_rejected, std::move(text)); };
        switch (error) {
            case X509_V_ERR_HOSTNAME_MISMATCH:
            case X509_V_ERR_IP_ADDRESS_MISMATCH:
                return reject("The certificate is for " + list_of_hosts(certified_hosts(own)) + ", not `" + peer.host +
                              "`; use a name that it is for in the base URL, give the server a certificate for this one, or pin(…) it.");
            case X509_V_ERR_CERT_HAS_EXPIRED:
                return reject(whose + " expired on " + certificate_time(X509_get0_notAfter(subject)) + "; renew it, or set the clock of this machine.");
            case X509_V_ERR_CERT_NOT_YET_VALID:
                return reject(whose + " is not yet valid: it begins on " + certificate_time(X509_get0_notBefore(subject)) +
                              "; set the clock of this machine, or wait.");
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
                return reject("The certificate of " + where + " is self-signed, and this machine does not know it: pass trust_ca_file(…) with it, or pin(…) it (its SHA-256 is " +
                              hex_of(certificate_sha256(own)) + "; compare it with the server's). Looked in: " + locations_.to_string() + '.');
            case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
            case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                return reject("The certificate of " + where + " is signed by `" + common_name(X509_get_issuer_name(subject)) +
                              "`, an authority this machine does not know: pass trust_ca_file(…) with the authority's certificate or pin(…) the server's, "
                              "or let the server send its whole chain. Looked in: " +
                              locations_.to_string() + '.');
            default: return reject(whose + " is not accepted: " + X509_verify_cert_error_string(error) + '.');
        }
    }

    boost::asio::ssl::context native_;
    std::vector<sha256_bytes> pins_;
    ca_locations locations_;
    tls_sessions sessions_;
};

/// The context of a transport, made at its first https call: reading the authorities takes a while. Safe to use from several
/// threads.
class lazy_tls_context {
public:
    explicit lazy_tls_context(tls_options options) : options_(std::move(options)) {}

    [[nodiscard]] tls_options const& options() const noexcept { return options_; }

    [[nodiscard]] result<std::shared_ptr<tls_context>> get() {
        std::lock_guard const guard(mutex_);
        if (!made_) made_ = tls_context::make(options_);
        return *made_;
    }

private:
    tls_options options_;
    std::mutex mutex_;
    std::optional<result<std::shared_ptr<tls_context>>> made_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

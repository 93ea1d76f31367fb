// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_TLS_ENGINE_HPP
#define UMBRACO_AI_BEAST_DETAIL_TLS_ENGINE_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The client's side of TLS without a socket: what is encrypted comes in and goes out through two rings of OpenSSL's, which a
/// socket fills and empties without a copy. After an error it does nothing more.
class tls_engine {
    using error_code = boost::system::error_code;

public:
    enum class progress : std::uint8_t { done, wants_input, wants_room, failed };

    /// Throws `std::bad_alloc`.
    explicit tls_engine(SSL_CTX* context) : ssl_(SSL_new(context)) {
        BIO* inner = nullptr;
        BIO* outer = nullptr;
        if (!ssl_ || BIO_new_bio_pair(&inner, room_out, &outer, room_in) != 1) throw std::bad_alloc();
        outer_.reset(outer);
        SSL_set_bio(ssl_.get(), inner, inner);
        // What is written again stands where a request stands, which may move.
        SSL_set_mode(ssl_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_set_connect_state(ssl_.get());
    }

    [[nodiscard]] SSL* native() noexcept { return ssl_.get(); }
    [[nodiscard]] error_code const& error() const noexcept { return error_; }

    /// What it writes is to go out, whatever it gives.
    [[nodiscard]] progress handshake() noexcept {
        forget_errors();
        return progress_of(SSL_do_handshake(ssl_.get()));
    }

    /// Bytes of one record at most; 0 where nothing whole has arrived, or with an `error()`. What it writes, such as a reply to
    /// new keys, is to go out before anything is waited for.
    [[nodiscard]] std::size_t decrypt(boost::asio::mutable_buffer into) noexcept {
        if (error_ || !has_input_ || into.size() == 0) return 0;
        std::size_t count = 0;
        forget_errors();
        int const result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
        if (result > 0) {
            has_input_ = SSL_has_pending(ssl_.get()) != 0 || BIO_ctrl_wpending(outer_.get()) != 0;
            return count;
        }
        has_input_ = false;
        // Replies have room, but for hundreds of which none has gone out.
        if (progress_of(result) == progress::wants_room) error_ = boost::asio::ssl::error::unexpected_result;
        return 0;
    }

    /// Bytes of one record at most. 0 where it finds no room until more has gone out, and then wants the same bytes again; or with
    /// an `error()`.
    [[nodiscard]] std::size_t encrypt(boost::asio::const_buffer plain) noexcept {
        if (error_ || plain.size() == 0) return 0;
        std::size_t count = 0;
        forget_errors();
        // Given more, it would begin with a second record before it tells of the first.
        int const result = SSL_write_ex(ssl_.get(), plain.data(), (std::min)(plain.size(), std::size_t{SSL3_RT_MAX_PLAIN_LENGTH}), &count);
        // Only in the middle of a message of the server's would it have to read before it writes.
        if (result <= 0 && progress_of(result) == progress::wants_input) error_ = boost::asio::ssl::error::unexpected_result;
        return count;
    }

    /// Whether the server is not in the middle of something that it says.
    [[nodiscard]] bool is_between_messages() const noexcept { return SSL_in_init(ssl_.get()) == 0 && SSL_has_pending(ssl_.get()) == 0; }

    /// A farewell, to go out.
    void shut_down() noexcept {
        static_cast<void>(SSL_shutdown(ssl_.get()));
        forget_errors();
    }

    /// Where the next bytes to arrive belong. There is room where `decrypt` has given 0.
    [[nodiscard]] boost::asio::mutable_buffer room() noexcept {
        char* begin = nullptr;
        int const size = BIO_nwrite0(outer_.get(), &begin);
        return size > 0 ? boost::asio::buffer(begin, static_cast<std::size_t>(size)) : boost::asio::mutable_buffer();
    }
    void arrived(std::size_t count) noexcept {
        char* ignored = nullptr;
        static_cast<void>(BIO_nwrite(outer_.get(), &ignored, static_cast<int>(count)));
        has_input_ = true;
    }

    /// The next bytes to go out, or none.
    [[nodiscard]] boost::asio::const_buffer outgoing() noexcept {
        char* begin = nullptr;
        int const size = BIO_nread0(outer_.get(), &begin);
        return size > 0 ? boost::asio::buffer(begin, static_cast<std::size_t>(size)) : boost::asio::const_buffer();
    }
    void gone(std::size_t count) noexcept {
        char* ignored = nullptr;
        static_cast<void>(BIO_nread(outer_.get(), &ignored, static_cast<int>(count)));
    }

    /// What an error of the socket means: an end without a farewell is a cut.
    [[nodiscard]] error_code meaning_of(error_code outcome) const noexcept {
        if (outcome != boost::asio::error::eof || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return outcome;
        return boost::asio::ssl::error::stream_truncated;
    }

private:
    // As much as a read of a connection without TLS, and more than a record; two records, and replies to the server.
    static constexpr std::size_t room_in = 32 * 1024;
    static constexpr std::size_t room_out = 40 * 1024;

    // An error that another user of OpenSSL has left on this thread is none of ours. To clear a list that is empty costs as much
    // as one that is full.
    static void forget_errors() noexcept {
        if (ERR_peek_error() != 0) ERR_clear_error();
    }

    [[nodiscard]] progress progress_of(int result) noexcept {
        switch (SSL_get_error(ssl_.get(), result)) {
            case SSL_ERROR_NONE: return progress::done;
            case SSL_ERROR_WANT_READ: return progress::wants_input;
            case SSL_ERROR_WANT_WRITE: return progress::wants_room;
            case SSL_ERROR_ZERO_RETURN: error_ = boost::asio::error::eof; break;
            default: {
                unsigned long const reason = ERR_get_error();
                error_ = reason == 0 ? error_code(boost::asio::ssl::error::unspecified_system_error)
                                     : error_code(static_cast<int>(reason), boost::asio::error::get_ssl_category());
            }
        }
        return progress::failed;
    }

    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    struct free_bio {
        void operator()(BIO* bio) const noexcept { BIO_free(bio); }
    };

    std::unique_ptr<SSL, free_ssl> ssl_;
    std::unique_ptr<BIO, free_bio> outer_;
    error_code error_;
    bool has_input_ = false;  ///< That `decrypt` has not looked at.
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

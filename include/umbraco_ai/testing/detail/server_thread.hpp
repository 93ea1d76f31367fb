// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_SERVER_THREAD_HPP
#define UMBRACO_AI_TESTING_DETAIL_SERVER_THREAD_HPP

#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/ssl.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// A listening socket on 127.0.0.1 and the thread that serves it, one coroutine per connection, until `stop`, the
/// destructor, or the end of its time, when its connections are closed.
class server_thread {
public:
    using serve = std::function<boost::asio::awaitable<void>(boost::asio::ip::tcp::socket)>;

    server_thread(std::chrono::steady_clock::duration time_limit, serve connection, std::uint16_t port = 0)
        : serve_(std::move(connection)), work_(std::make_unique<work>(time_limit, port)), port_(work_->acceptor.local_endpoint().port()) {
        boost::asio::io_context& context = work_->context;
        work_->timer.async_wait([&context](boost::system::error_code error) {
            if (!error) context.stop();
        });
        boost::asio::co_spawn(context, accept(*work_), boost::asio::detached);
        thread_ = std::thread([this, &context] {
            context.run();
            // A peer that waits for more learns that nothing comes.
            std::lock_guard const guard(mutex_);
            work_.reset();
        });
    }
    server_thread(server_thread const&) = delete;
    server_thread& operator=(server_thread const&) = delete;
    ~server_thread() { stop(); }

    /// Nothing is served after it. Called from one thread, not the server's.
    void stop() {
        {
            std::lock_guard const guard(mutex_);
            if (work_) work_->context.stop();
        }
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

private:
    class work {
    public:
        work(std::chrono::steady_clock::duration time_limit, std::uint16_t port)
            : acceptor(context, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port)), timer(context, time_limit) {}

        boost::asio::io_context context;
        boost::asio::ip::tcp::acceptor acceptor;
        boost::asio::steady_timer timer;
    };

    boost::asio::awaitable<void> accept(work& with) {
        while (true) {
            boost::system::error_code error;
            auto socket = co_await with.acceptor.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error) {
                boost::asio::steady_timer pause(with.context, std::chrono::milliseconds(10));
                co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
                continue;
            }
            ++connections_;
            boost::system::error_code ignored;
            socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
            boost::asio::co_spawn(with.context, serve_(std::move(socket)), boost::asio::detached);
        }
    }

    serve serve_;
    std::mutex mutex_;
    std::unique_ptr<work> work_;
    std::uint16_t port_;
    std::atomic<std::size_t> connections_ = 0;
    std::thread thread_;
};

/// Lets time pass for one connection.
[[gnu::noinline]] inline boost::asio::awaitable<void> pass_time(std::chrono::steady_clock::duration duration) {
    if (duration <= duration.zero()) co_return;
    boost::system::error_code ignored;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

/// The TLS context of a server, or nothing where it speaks none.
[[nodiscard]] inline std::unique_ptr<boost::asio::ssl::context> make_server_context(server_tls const& options) {
    if (options.identity.empty()) return nullptr;
    constexpr int numbers[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    auto made = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    SSL_CTX* const context = made->native_handle();
    // The old versions have no cipher above this level.
    if (options.oldest < tls_version::tls_1_2) SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, numbers[static_cast<int>(options.oldest)]);
    SSL_CTX_set_max_proto_version(context, numbers[static_cast<int>(options.newest)]);
    static constexpr unsigned char name[] = "umbraco_ai";
    SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
    made->use_certificate_chain(boost::asio::buffer(options.identity.certificate));
    made->use_private_key(boost::asio::buffer(options.identity.key), boost::asio::ssl::context::pem);
    if (options.asks_for_client_certificate) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (options.demands_client_certificate) SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return made;
}

/// A connection as a server sees it, with TLS or without.
class server_stream {
    using tcp = boost::asio::ip::tcp;
    using error_code = boost::system::error_code;

public:
    server_stream(tcp::socket socket, boost::asio::ssl::context* tls) : socket_(std::move(socket)) {
        if (tls != nullptr) tls_ = std::make_unique<boost::asio::ssl::stream<tcp::socket&>>(socket_, *tls);
    }
    server_stream(server_stream const&) = delete;
    server_stream& operator=(server_stream const&) = delete;

    /// False where TLS was wanted and not agreed upon.
    boost::asio::awaitable<bool> begin() {
        if (!tls_) co_return true;
        error_code error;
        co_await tls_->async_handshake(boost::asio::ssl::stream_base::server, boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error;
    }

    /// The connection goes on with a session of an earlier one.
    [[nodiscard]] bool is_resumed() const { return tls_ && SSL_session_reused(tls_->native_handle()) == 1; }
    /// The host name that the client gave for TLS.
    [[nodiscard]] std::string server_name() const {
        char const* const name = tls_ ? SSL_get_servername(tls_->native_handle(), TLSEXT_NAMETYPE_host_name) : nullptr;
        return name == nullptr ? "" : name;
    }

    /// 0 where the peer has closed.
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer where) {
        error_code error;
        std::size_t count = 0;
        if (tls_) count = co_await tls_->async_read_some(where, boost::asio::redirect_error(boost::asio::use_awaitable, error));
        else count = co_await socket_.async_read_some(where, boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return error ? 0 : count;
    }

    /// False where the peer takes no more.
    boost::asio::awaitable<bool> write(std::string_view bytes) {
        error_code error;
        boost::asio::const_buffer const what = boost::asio::buffer(bytes.data(), bytes.size());
        if (tls_) co_await boost::asio::async_write(*tls_, what, boost::asio::redirect_error(boost::asio::use_awaitable, error));
        else co_await boost::asio::async_write(socket_, what, boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error;
    }

    /// Writes to the socket itself, between the records of TLS.
    boost::asio::awaitable<bool> write_beneath_tls(std::string_view bytes) {
        error_code error;
        co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes.data(), bytes.size()),
                                          boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error;
    }

    /// Begins a new handshake within a connection of TLS 1.2.
    void renegotiate() {
        if (tls_) SSL_renegotiate(tls_->native_handle());
    }

    /// Nothing more is sent; TLS is told so where `with_farewell`.
    void half_close(bool with_farewell = true) {
        error_code ignored;
        if (tls_ && with_farewell) {
            socket_.non_blocking(true, ignored);
            tls_->shutdown(ignored);
        }
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }

    void close() {
        error_code ignored;
        socket_.close(ignored);
    }

    /// The peer sees a reset.
    void reset() {
        error_code ignored;
        socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
        socket_.close(ignored);
    }

    /// Closes so that the last bytes arrive: a socket closed with unread bytes resets the connection, and the peer may lose
    /// what was sent before.
    boost::asio::awaitable<void> close_gently() {
        half_close();
        error_code error;
        char sink[4096];
        std::size_t left = 16 * 1024 * 1024;
        while (!error && left > 0) {
            std::size_t const count = co_await socket_.async_read_some(
                boost::asio::buffer(sink), boost::asio::redirect_error(boost::asio::use_awaitable, error));
            left -= count < left ? count : left;
        }
    }

private:
    tcp::socket socket_;
    std::unique_ptr<boost::asio::ssl::stream<tcp::socket&>> tls_;
};

[[nodiscard]] inline std::string hexadecimal(std::size_t value) {
    char text[16];
    auto const end = std::to_chars(text, text + sizeof text, value, 16).ptr;
    return std::string(text, end);
}

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_SERVER_THREAD_HPP
#define UMBRACO_AI_TESTING_DETAIL_SERVER_THREAD_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// A listening socket on 127.0.0.1 and the thread that serves it, one coroutine per connection, until `stop`, the
/// destructor, or the end of its time.
class server_thread {
public:
    using serve = std::function<boost::asio::awaitable<void>(boost::asio::ip::tcp::socket)>;

    server_thread(std::chrono::steady_clock::duration time_limit, serve connection)
        : serve_(std::move(connection)),
          acceptor_(context_, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port()),
          timer_(context_, time_limit) {
        timer_.async_wait([this](boost::system::error_code error) {
            if (!error) context_.stop();
        });
        boost::asio::co_spawn(context_, accept(), boost::asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }
    server_thread(server_thread const&) = delete;
    server_thread& operator=(server_thread const&) = delete;
    ~server_thread() { stop(); }

    /// Nothing is served after it. Called from one thread, not the server's.
    void stop() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

private:
    boost::asio::awaitable<void> accept() {
        while (true) {
            boost::system::error_code error;
            auto socket = co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error) {
                boost::asio::steady_timer pause(context_, std::chrono::milliseconds(10));
                co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
                continue;
            }
            ++connections_;
            boost::system::error_code ignored;
            socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
            boost::asio::co_spawn(context_, serve_(std::move(socket)), boost::asio::detached);
        }
    }

    serve serve_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    boost::asio::steady_timer timer_;
    std::atomic<std::size_t> connections_ = 0;
    std::thread thread_;
};

/// Closes so that the last bytes arrive: a socket closed with unread bytes resets the connection, and the peer may lose
/// what was sent before.
inline boost::asio::awaitable<void> close_gently(boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
    char sink[4096];
    std::size_t left = 16 * 1024 * 1024;
    while (!error && left > 0) {
        std::size_t const count = co_await socket.async_read_some(
            boost::asio::buffer(sink), boost::asio::redirect_error(boost::asio::use_awaitable, error));
        left -= count < left ? count : left;
    }
}

[[nodiscard]] inline std::string hexadecimal(std::size_t value) {
    char text[16];
    auto const end = std::to_chars(text, text + sizeof text, value, 16).ptr;
    return std::string(text, end);
}

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

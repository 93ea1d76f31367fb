// SPDX-License-Identifier: MIT
// Boost.Beast by hand, after its examples (http/client/sync and http/client/awaitable, with keep-alive, no-delay and 30 s for
// each operation): synchronous, and as a coroutine. The "reserved" coroutine also gives its buffer 64 KB at the start, which
// the examples do not, so that a read is not bound to 512 bytes.
#include "calls.hpp"
#include "counters.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

tcp::endpoint address(bool tls) { return {asio::ip::address_v4::loopback(), tls ? the_server().tls_port() : the_server().port()}; }

http::request<http::empty_body> request_for(char const* target) {
    http::request<http::empty_body> made(http::verb::get, target, 11);
    made.set(http::field::host, "127.0.0.1");
    made.set(http::field::accept, accept_value);
    return made;
}

asio::ssl::context tls_context() {
    asio::ssl::context made(asio::ssl::context::tls_client);
    made.add_certificate_authority(asio::buffer(the_server().ca_pem()));
    made.set_verify_mode(asio::ssl::verify_peer);
    return made;
}

class synchronous {
public:
    explicit synchronous(char const* target) : socket_(io_), request_(request_for(target)) {
        socket_.connect(address(false));
        socket_.set_option(tcp::no_delay(true));
    }

    std::size_t call() {
        http::write(socket_, request_);
        http::response<http::string_body> response;
        http::read(socket_, buffer_, response);
        return response.body().size();
    }

private:
    asio::io_context io_;
    tcp::socket socket_;
    http::request<http::empty_body> request_;
    beast::flat_buffer buffer_;
};

class synchronous_tls {
public:
    explicit synchronous_tls(char const* target) : context_(tls_context()), stream_(io_, context_), request_(request_for(target)) {
        stream_.next_layer().connect(address(true));
        stream_.next_layer().set_option(tcp::no_delay(true));
        stream_.handshake(asio::ssl::stream_base::client);
    }

    std::size_t call() {
        http::write(stream_, request_);
        http::response<http::string_body> response;
        http::read(stream_, buffer_, response);
        return response.body().size();
    }

private:
    asio::io_context io_;
    asio::ssl::context context_;
    asio::ssl::stream<tcp::socket> stream_;
    http::request<http::empty_body> request_;
    beast::flat_buffer buffer_;
};

class plain_stream {
public:
    explicit plain_stream(asio::io_context& io, asio::ssl::context&) : stream(io) {}
    asio::awaitable<void> open() {
        stream.expires_after(std::chrono::seconds(30));
        co_await stream.async_connect(address(false), asio::use_awaitable);
        stream.socket().set_option(tcp::no_delay(true));
    }
    beast::tcp_stream& lowest() { return stream; }

    beast::tcp_stream stream;
};

class tls_stream {
public:
    tls_stream(asio::io_context& io, asio::ssl::context& context) : stream(io, context) {}
    asio::awaitable<void> open() {
        lowest().expires_after(std::chrono::seconds(30));
        co_await lowest().async_connect(address(true), asio::use_awaitable);
        lowest().socket().set_option(tcp::no_delay(true));
        co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }
    beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream); }

    beast::ssl_stream<beast::tcp_stream> stream;
};

template <class Stream>
class session {
public:
    session(asio::io_context& io, asio::ssl::context& context, std::size_t reserved) : stream_(io, context) { buffer_.reserve(reserved); }

    asio::awaitable<std::size_t> call(http::request<http::empty_body>& request) {
        if (!is_open_) {
            co_await stream_.open();
            is_open_ = true;
        }
        stream_.lowest().expires_after(std::chrono::seconds(30));
        co_await http::async_write(stream_.stream, request, asio::use_awaitable);
        http::response<http::string_body> response;
        stream_.lowest().expires_after(std::chrono::seconds(30));
        co_await http::async_read(stream_.stream, buffer_, response, asio::use_awaitable);
        co_return response.body().size();
    }

private:
    Stream stream_;
    beast::flat_buffer buffer_;
    bool is_open_ = false;
};

template <class Stream>
class coroutine_calls final : public calls {
public:
    coroutine_calls(char const* target, std::size_t expected, std::size_t at_once, std::size_t reserved)
        : request_(request_for(target)), expected_(expected), context_(tls_context()) {
        for (std::size_t i = 0; i < at_once; ++i) sessions_.push_back(std::make_unique<session<Stream>>(io_, context_, reserved));
    }

    void run(std::size_t times) override {
        left_ = times;
        for (auto const& each : sessions_) asio::co_spawn(io_, caller(*each), asio::detached);
        io_.restart();
        io_.run();
    }

private:
    asio::awaitable<void> caller(session<Stream>& with) {
        while (left_ > 0) {
            --left_;
            auto const begin = clock::now();
            std::size_t const size = co_await with.call(request_);
            expect(size == expected_, "an answer of Beast has the wrong size");
            count(begin);
        }
    }

    http::request<http::empty_body> request_;
    std::size_t expected_;
    std::size_t left_ = 0;
    asio::io_context io_;
    asio::ssl::context context_;
    std::vector<std::unique_ptr<session<Stream>>> sessions_;
};

class cold_synchronous final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            expect(synchronous(small_target).call() == small_size(), "an answer has the wrong size");
            count(begin);
        }
    }
};

class cold_coroutine final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            asio::io_context io;
            std::size_t size = 0;
            asio::co_spawn(io, call(io, context_, size), asio::detached);
            io.run();
            expect(size == small_size(), "an answer has the wrong size");
            count(begin);
        }
    }

private:
    static asio::awaitable<void> call(asio::io_context& io, asio::ssl::context& context, std::size_t& size) {
        session<plain_stream> one(io, context, 0);
        auto request = request_for(small_target);
        size = co_await one.call(request);
    }

    // Not part of a plain call.
    asio::ssl::context context_ = tls_context();
};

/// A new connection for each call, with a whole handshake, since the examples keep no sessions.
class reconnecting_coroutine final : public calls {
public:
    void run(std::size_t times) override {
        asio::co_spawn(io_, caller(times), asio::detached);
        io_.restart();
        io_.run();
    }

private:
    asio::awaitable<void> caller(std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            session<tls_stream> one(io_, context_, 0);
            std::size_t const size = co_await one.call(request_);
            expect(size == small_size(), "an answer of Beast has the wrong size");
            count(begin);
        }
    }

    http::request<http::empty_body> request_ = request_for(last_target);
    asio::io_context io_;
    asio::ssl::context context_ = tls_context();
};

class memory_of_coroutines final : public contestant {
public:
    void run(std::size_t) override {}

    double bytes() override {
        constexpr std::size_t in_flight = 256;
        auto never = request_for("/never");
        auto small = request_for(small_target);
        asio::ssl::context context = tls_context();
        start_counting();
        asio::io_context io;
        std::vector<std::unique_ptr<session<plain_stream>>> sessions;
        for (std::size_t i = 0; i < in_flight; ++i) sessions.push_back(std::make_unique<session<plain_stream>>(io, context, 0));
        auto const call = [](session<plain_stream>& with, http::request<http::empty_body>& request) -> asio::awaitable<void> {
            std::size_t const size = co_await with.call(request);
            bench::keep(size);
        };
        for (int warm = 0; warm < 2; ++warm) {
            for (auto const& each : sessions) asio::co_spawn(io, call(*each, small), asio::detached);
            io.restart();
            io.run();
        }
        auto const before = counted().bytes;
        for (auto const& each : sessions) asio::co_spawn(io, call(*each, never), asio::detached);
        io.restart();
        io.run_for(std::chrono::milliseconds(300));
        return static_cast<double>(stop_counting().bytes - before) / in_flight;
    }
};

constexpr std::size_t reserved = 64 * 1024;

template <class Client>
std::unique_ptr<contestant> in_turn(char const* target, std::size_t size) {
    return std::make_unique<calls_in_turn<Client>>(size, target);
}

template <class Stream>
std::unique_ptr<contestant> coroutines(char const* target, std::size_t size, std::size_t at_once, std::size_t capacity = 0) {
    return std::make_unique<coroutine_calls<Stream>>(target, size, at_once, capacity);
}

registration const registered[] = {
    registration("call-small", "beast-sync", [] { return in_turn<synchronous>(small_target, small_size()); }),
    registration("call-small-sized", "beast-sync", [] { return in_turn<synchronous>(small_sized_target, small_size()); }),
    registration("call-page", "beast-sync", [] { return in_turn<synchronous>(page_target, page_size()); }),
    registration("call-page-sized", "beast-sync", [] { return in_turn<synchronous>(page_sized_target, page_size()); }),
    registration("call-tls", "beast-sync", [] { return in_turn<synchronous_tls>(small_target, small_size()); }),
    registration("call-small", "beast-coroutine", [] { return coroutines<plain_stream>(small_target, small_size(), 1); }),
    registration("call-small-sized", "beast-coroutine", [] { return coroutines<plain_stream>(small_sized_target, small_size(), 1); }),
    registration("call-page", "beast-coroutine", [] { return coroutines<plain_stream>(page_target, page_size(), 1); }),
    registration("call-page", "beast-coroutine-reserved", [] { return coroutines<plain_stream>(page_target, page_size(), 1, reserved); }),
    registration("call-page-sized", "beast-coroutine", [] { return coroutines<plain_stream>(page_sized_target, page_size(), 1); }),
    registration("call-tls", "beast-coroutine", [] { return coroutines<tls_stream>(small_target, small_size(), 1); }),
    registration("call-small-64", "beast-coroutine", [] { return coroutines<plain_stream>(small_target, small_size(), 64); }),
    registration("call-page-64", "beast-coroutine", [] { return coroutines<plain_stream>(page_target, page_size(), 64); }),
    registration("call-page-64", "beast-coroutine-reserved", [] { return coroutines<plain_stream>(page_target, page_size(), 64, reserved); }),
    registration("call-tls-64", "beast-coroutine", [] { return coroutines<tls_stream>(small_target, small_size(), 64); }),
    registration("reconnect-tls", "beast-coroutine", []() -> std::unique_ptr<contestant> { return std::make_unique<reconnecting_coroutine>(); }),
    registration("cold-call", "beast-sync", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_synchronous>(); }),
    registration("cold-call", "beast-coroutine", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_coroutine>(); }),
    registration("memory", "beast-coroutine", []() -> std::unique_ptr<contestant> { return std::make_unique<memory_of_coroutines>(); }),
    registration("memory-awaited", "beast-coroutine", []() -> std::unique_ptr<contestant> { return std::make_unique<memory_of_coroutines>(); }),
};

}  // namespace
}  // namespace bench

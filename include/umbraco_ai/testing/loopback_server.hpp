// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_LOOPBACK_SERVER_HPP
#define UMBRACO_AI_TESTING_LOOPBACK_SERVER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/server_thread.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// How a server delimits the bodies of its answers.
enum class framing : std::uint8_t {
    chunked,  ///< In chunks of about 4 KB, as observed servers do; an empty body has Content-Length: 0.
    sized     ///< With Content-Length.
};

/// An object that answers requests, such as `in_memory_api`.
template <class T>
concept RequestHandler = requires(T& object, server_request const& request) {
    { object.handle(request) } -> std::convertible_to<http_response>;
};

/// What a `loopback_server` may be told.
class loopback_options {
public:
    loopback_options() = default;

    framing body_framing = framing::chunked;
    std::chrono::steady_clock::duration time_limit = std::chrono::minutes(10);  ///< After it the server answers no more.
    std::size_t header_bytes = 32 * 1024;
    std::size_t body_bytes = 50 * 1024 * 1024;
    server_tls tls;                 ///< With a certificate the server speaks https, and nothing else.
    std::size_t requests_each = 0;  ///< After so many a connection is closed without a word; 0: never.
    std::uint16_t port = 0;         ///< 0: a free one.
    std::chrono::steady_clock::duration delay{0};  ///< Before each answer; other connections do not wait for it.

    loopback_options& with(framing value) {
        body_framing = value;
        return *this;
    }
    loopback_options& with_tls(server_tls value) {
        tls = std::move(value);
        return *this;
    }
    loopback_options& with_requests_each(std::size_t value) {
        requests_each = value;
        return *this;
    }
    loopback_options& with_port(std::uint16_t value) {
        port = value;
        return *this;
    }
    loopback_options& with_delay(std::chrono::steady_clock::duration value) {
        delay = value;
        return *this;
    }
    loopback_options& with_time_limit(std::chrono::steady_clock::duration value) {
        time_limit = value;
        return *this;
    }
};

/// A real HTTP/1.1 server on 127.0.0.1, on a free port unless told which, and on a thread of its own, that lets a function or an object
/// answer. Connections are kept open until the client closes or asks for it.
/// Threading: the handler runs on the server's thread, one request at a time, with the mutex of `lock` held. All members
/// may be called from any thread.
/// Lifetime: an object given by reference outlives the server. The destructor stops the server and waits for its thread.
/// Errors: the constructor throws where no port is to be had; a handler that throws is answered with 500.
class loopback_server {
public:
    using handler = std::function<http_response(server_request const&)>;

    explicit loopback_server(handler answer, loopback_options options = loopback_options())
        : handler_(std::move(answer)),
          options_(std::move(options)),
          tls_(testing::detail::make_server_context(options_.tls)),
          server_(options_.time_limit, [this](boost::asio::ip::tcp::socket socket) { return serve(std::move(socket)); }, options_.port) {}

    template <RequestHandler T>
    explicit loopback_server(T& object, loopback_options options = loopback_options())
        : loopback_server(handler([&object](server_request const& request) { return object.handle(request); }), std::move(options)) {}

    loopback_server(loopback_server const&) = delete;
    loopback_server& operator=(loopback_server const&) = delete;
    ~loopback_server() { server_.stop(); }

    [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
    [[nodiscard]] std::string base_url() const { return origin().to_string(); }
    [[nodiscard]] http_origin origin() const { return http_origin(tls_ != nullptr, "127.0.0.1", port()); }

    /// Connections accepted so far.
    [[nodiscard]] std::size_t connections() const noexcept { return server_.connections(); }
    /// Requests given to the handler so far.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

    /// TLS connections that went on with a session of an earlier one.
    [[nodiscard]] std::size_t resumed() const noexcept { return resumed_; }

    /// Keeps the handler waiting while a test looks at what it works on.
    [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

private:
    using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket) {
        testing::detail::server_stream stream(std::move(socket), tls_.get());
        if (!co_await stream.begin()) co_return;
        if (stream.is_resumed()) ++resumed_;
        boost::beast::flat_buffer buffer;
        bool is_open = true;
        for (std::size_t served = 0; is_open; ++served) {
            if (options_.requests_each != 0 && served == options_.requests_each) break;
            parser incoming;
            incoming.header_limit(static_cast<std::uint32_t>(options_.header_bytes));
            incoming.body_limit(options_.body_bytes);
            int const refusal = co_await read(stream, buffer, incoming);
            if (refusal < 0) co_return;
            http_response response(refusal);
            if (refusal == 0) {
                ++requests_;
                co_await testing::detail::pass_time(options_.delay);
                response = answer(request_of(incoming));
            }
            is_open = refusal == 0 && incoming.keep_alive();
            std::string const bytes = bytes_of(response, is_open);
            if (!co_await stream.write(bytes)) co_return;
        }
        co_await stream.close_gently();
    }

    // 0 for a whole request, a status to refuse it with, or -1 where the client has gone.
    boost::asio::awaitable<int> read(testing::detail::server_stream& stream, boost::beast::flat_buffer& buffer,
                                     parser& incoming) {
        using http_error = boost::beast::http::error;
        bool is_continued = false;
        while (true) {
            boost::system::error_code error;
            while (!error && buffer.size() != 0 && !incoming.is_done()) {
                std::size_t const used = incoming.put(buffer.cdata(), error);
                buffer.consume(used);
                if (!error && used == 0) break;
            }
            if (incoming.is_done()) co_return 0;
            if (error == http_error::header_limit) co_return 431;
            if (error == http_error::body_limit) co_return 413;
            if (error && error != http_error::need_more) co_return 400;
            if (buffer.size() > options_.header_bytes + 64 * 1024) co_return 400;
            if (incoming.is_header_done() && !is_continued && incoming.get().count(boost::beast::http::field::expect) != 0) {
                is_continued = true;
                if (!co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n")) co_return -1;
            }
            std::size_t const count = co_await stream.read_some(buffer.prepare(16 * 1024));
            buffer.commit(count);
            if (count == 0) co_return -1;
        }
    }

    [[nodiscard]] static server_request request_of(parser& incoming) {
        auto& message = incoming.get();
        server_request made;
        made.method.assign(message.method_string().data(), message.method_string().size());
        made.target.assign(message.target().data(), message.target().size());
        for (auto const& field : message)
            made.headers.add(std::string(field.name_string().data(), field.name_string().size()),
                             std::string(field.value().data(), field.value().size()));
        made.body = std::move(message.body());
        return made;
    }

    [[nodiscard]] http_response answer(server_request const& request) {
        std::lock_guard const guard(mutex_);
        try {
            return handler_(request);
        } catch (...) {
            return http_response(500);
        }
    }

    [[nodiscard]] std::string bytes_of(http_response const& response, bool stays_open) const {
        constexpr std::size_t chunk_bytes = 4096;
        std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " -\r\n";
        for (auto const& field : response.headers) bytes.append(field.name).append(": ").append(field.value).append("\r\n");
        if (!stays_open) bytes.append("Connection: close\r\n");
        bool const is_chunked = options_.body_framing == framing::chunked && !response.body.empty();
        if (!is_chunked) {
            if (response.status != 204 && response.status != 304)
                bytes.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
            return bytes.append("\r\n").append(response.body);
        }
        bytes.append("Transfer-Encoding: chunked\r\n\r\n");
        for (std::size_t at = 0; at < response.body.size(); at += chunk_bytes) {
            std::size_t const size = (std::min)(chunk_bytes, response.body.size() - at);
            bytes.append(testing::detail::hexadecimal(size)).append("\r\n").append(response.body, at, size).append("\r\n");
        }
        return bytes.append("0\r\n\r\n");
    }

    handler handler_;
    loopback_options options_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::mutex mutex_;
    std::atomic<std::size_t> requests_ = 0;
    std::atomic<std::size_t> resumed_ = 0;
    testing::detail::server_thread server_;  // last: its thread uses all the others
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

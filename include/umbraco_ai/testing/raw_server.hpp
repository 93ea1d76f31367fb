// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_RAW_SERVER_HPP
#define UMBRACO_AI_TESTING_RAW_SERVER_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/server_thread.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// What a `raw_server` does next on a connection.
enum class raw_action : std::uint8_t {
    read_request,   ///< Read one header and as many body bytes as its Content-Length says.
    read_header,    ///< Read one header and leave the body.
    read_bytes,     ///< Read until the connection has brought so many bytes.
    send,           ///< Write bytes.
    send_bytewise,  ///< Write bytes, each by itself, with a pause after each.
    send_beneath,   ///< Write bytes beneath TLS, as no record of it.
    send_forever,   ///< Write the same bytes until the peer closes.
    pause,          ///< Do nothing for a while.
    renegotiate,    ///< Ask for a new TLS handshake.
    half_close,     ///< Send no more: the peer sees an end of stream, and can still write.
    close,          ///< Close: the peer sees an end of stream.
    truncate,       ///< Close without the farewell of TLS.
    reset,          ///< Close so that the peer sees a reset.
    stay_silent     ///< Read and say nothing until the peer closes.
};

/// One step of a script. A value: it compares, so that scripts can be generated and reported.
class raw_step {
public:
    raw_step() = default;

    [[nodiscard]] static raw_step read_request() { return raw_step(raw_action::read_request, {}); }
    [[nodiscard]] static raw_step read_header() { return raw_step(raw_action::read_header, {}); }
    [[nodiscard]] static raw_step read_bytes(std::size_t so_many) {
        raw_step made(raw_action::read_bytes, {});
        made.count = so_many;
        return made;
    }
    [[nodiscard]] static raw_step send(std::string text) { return raw_step(raw_action::send, std::move(text)); }
    [[nodiscard]] static raw_step send_bytewise(std::string text, std::chrono::milliseconds between = std::chrono::milliseconds(0)) {
        raw_step made(raw_action::send_bytewise, std::move(text));
        made.time = between;
        return made;
    }
    [[nodiscard]] static raw_step send_beneath_tls(std::string text) { return raw_step(raw_action::send_beneath, std::move(text)); }
    [[nodiscard]] static raw_step send_forever(std::string text) { return raw_step(raw_action::send_forever, std::move(text)); }
    [[nodiscard]] static raw_step pause(std::chrono::milliseconds duration) {
        raw_step made(raw_action::pause, {});
        made.time = duration;
        return made;
    }
    [[nodiscard]] static raw_step renegotiate() { return raw_step(raw_action::renegotiate, {}); }
    [[nodiscard]] static raw_step half_close() { return raw_step(raw_action::half_close, {}); }
    [[nodiscard]] static raw_step close() { return raw_step(raw_action::close, {}); }
    [[nodiscard]] static raw_step truncate() { return raw_step(raw_action::truncate, {}); }
    [[nodiscard]] static raw_step reset() { return raw_step(raw_action::reset, {}); }
    [[nodiscard]] static raw_step stay_silent() { return raw_step(raw_action::stay_silent, {}); }

    raw_action what = raw_action::close;
    std::string bytes;
    std::size_t count = 0;
    std::chrono::milliseconds time{0};

    friend bool operator==(raw_step const&, raw_step const&) = default;

private:
    raw_step(raw_action action, std::string text) : what(action), bytes(std::move(text)) {}
};

/// The steps of one connection; it is closed at their end.
using raw_script = std::vector<raw_step>;

/// A server on 127.0.0.1 that follows scripts instead of HTTP: for answers that no decent server gives. The first
/// connection follows the first script, and so on; the last script serves all connections beyond.
/// Threading: all members may be called from any thread.
/// Lifetime: as for `loopback_server`; after `time_limit` it says no more.
class raw_server {
public:
    explicit raw_server(std::vector<raw_script> scripts,
                        std::chrono::steady_clock::duration time_limit = std::chrono::minutes(10))
        : raw_server(std::move(scripts), server_tls(), time_limit) {}

    /// Each connection begins with a handshake; where that fails, its script does not begin.
    raw_server(std::vector<raw_script> scripts, server_tls const& tls,
               std::chrono::steady_clock::duration time_limit = std::chrono::minutes(10))
        : scripts_(std::move(scripts)),
          tls_(detail::make_server_context(tls)),
          server_(time_limit, [this](boost::asio::ip::tcp::socket socket) { return play(std::move(socket)); }) {}
    raw_server(raw_server const&) = delete;
    raw_server& operator=(raw_server const&) = delete;
    ~raw_server() { server_.stop(); }

    [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
    [[nodiscard]] std::string base_url() const { return origin().to_string(); }
    [[nodiscard]] http_origin origin() const { return http_origin(tls_ != nullptr, "127.0.0.1", port()); }

    /// Connections whose script has begun.
    [[nodiscard]] std::size_t connections() const {
        std::lock_guard const guard(mutex_);
        return received_.size();
    }

    /// What has been read on a connection, counted from 0, so far.
    [[nodiscard]] std::string received(std::size_t connection) const {
        std::lock_guard const guard(mutex_);
        return connection < received_.size() ? received_[connection] : std::string();
    }

    /// Connections accepted, whatever became of their handshake.
    [[nodiscard]] std::size_t accepted() const noexcept { return server_.connections(); }

    /// The host name that the client gave in the handshake of a connection, counted from 0.
    [[nodiscard]] std::string server_name(std::size_t connection) const {
        std::lock_guard const guard(mutex_);
        return connection < names_.size() ? names_[connection] : std::string();
    }

    /// TLS connections that went on with a session of an earlier one.
    [[nodiscard]] std::size_t resumed() const {
        std::lock_guard const guard(mutex_);
        return resumed_;
    }

    /// What all connections have brought, one after the other.
    [[nodiscard]] std::string all_received() const {
        std::lock_guard const guard(mutex_);
        std::string all;
        for (std::string const& one : received_) all += one;
        return all;
    }

    /// Waits until so many connections have come to the end of their scripts and been closed; false when time runs out.
    [[nodiscard]] bool wait_until_finished(std::size_t connections,
                                           std::chrono::steady_clock::duration patience = std::chrono::seconds(10)) const {
        std::unique_lock guard(mutex_);
        return changed_.wait_for(guard, patience, [&] { return finished_ >= connections; });
    }

private:
    using tcp = boost::asio::ip::tcp;

    boost::asio::awaitable<void> play(tcp::socket socket) {
        detail::server_stream stream(std::move(socket), tls_.get());
        if (!co_await stream.begin()) co_return;
        std::size_t const number = begin(stream);
        raw_script const script =
            scripts_.empty() ? raw_script() : scripts_[number < scripts_.size() ? number : scripts_.size() - 1];
        std::string pending;
        bool goes_on = true;
        bool says_farewell = true;
        for (std::size_t i = 0; goes_on && i < script.size(); ++i) {
            raw_step const& step = script[i];
            switch (step.what) {
                case raw_action::read_request: goes_on = co_await read(stream, number, pending, true); break;
                case raw_action::read_header: goes_on = co_await read(stream, number, pending, false); break;
                case raw_action::read_bytes:
                    while (goes_on && pending.size() < step.count) goes_on = co_await receive(stream, number, pending, step.count - pending.size());
                    break;
                case raw_action::send: goes_on = co_await stream.write(step.bytes); break;
                case raw_action::send_bytewise:
                    for (std::size_t at = 0; goes_on && at < step.bytes.size(); ++at) {
                        goes_on = co_await stream.write(std::string_view(step.bytes).substr(at, 1));
                        if (step.time > step.time.zero()) co_await sleep(step.time);
                    }
                    break;
                case raw_action::send_beneath: goes_on = co_await stream.write_beneath_tls(step.bytes); break;
                case raw_action::send_forever:
                    while (co_await stream.write(step.bytes)) {
                    }
                    goes_on = false;
                    break;
                case raw_action::pause: co_await sleep(step.time); break;
                case raw_action::renegotiate: stream.renegotiate(); break;
                case raw_action::half_close: stream.half_close(); break;
                case raw_action::close: goes_on = false; break;
                case raw_action::truncate:
                    says_farewell = false;
                    goes_on = false;
                    break;
                case raw_action::reset:
                    stream.reset();
                    goes_on = false;
                    break;
                case raw_action::stay_silent:
                    while (co_await receive(stream, number, pending)) {
                    }
                    goes_on = false;
                    break;
            }
        }
        if (says_farewell) stream.half_close();
        stream.close();
        end();
    }

    static boost::asio::awaitable<void> sleep(std::chrono::milliseconds duration) {
        boost::system::error_code ignored;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    // The bytes of one request are taken off `pending`; false when the peer closed before.
    boost::asio::awaitable<bool> read(detail::server_stream& stream, std::size_t number, std::string& pending, bool with_body) {
        std::size_t header_end = pending.find("\r\n\r\n");
        while (header_end == std::string::npos) {
            if (!co_await receive(stream, number, pending)) co_return false;
            header_end = pending.find("\r\n\r\n");
        }
        std::size_t const size =
            header_end + 4 + (with_body ? content_length(std::string_view(pending).substr(0, header_end)) : 0);
        while (pending.size() < size)
            if (!co_await receive(stream, number, pending)) co_return false;
        pending.erase(0, size);
        co_return true;
    }

    boost::asio::awaitable<bool> receive(detail::server_stream& stream, std::size_t number, std::string& pending, std::size_t most = 4096) {
        char piece[4096];
        std::size_t const count = co_await stream.read_some(boost::asio::buffer(piece, (std::min)(most, sizeof piece)));
        pending.append(piece, count);
        std::lock_guard const guard(mutex_);
        received_[number].append(piece, count);
        co_return count != 0;
    }

    [[nodiscard]] static std::size_t content_length(std::string_view header) {
        constexpr std::string_view name = "\r\nContent-Length:";
        for (std::size_t at = header.find("\r\n"); at != std::string_view::npos; at = header.find("\r\n", at + 2)) {
            if (!umbraco_ai::detail::equals_ignoring_case(header.substr(at, name.size()), name)) continue;
            std::size_t const begin = (std::min)(header.find_first_not_of(' ', at + name.size()), header.size());
            std::size_t size = 0;
            std::from_chars(header.data() + begin, header.data() + header.size(), size);
            return size;
        }
        return 0;
    }

    [[nodiscard]] std::size_t begin(detail::server_stream const& stream) {
        std::lock_guard const guard(mutex_);
        received_.emplace_back();
        names_.push_back(stream.server_name());
        resumed_ += stream.is_resumed() ? 1 : 0;
        return received_.size() - 1;
    }

    void end() {
        {
            std::lock_guard const guard(mutex_);
            ++finished_;
        }
        changed_.notify_all();
    }

    std::vector<raw_script> scripts_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<std::string> received_;
    std::vector<std::string> names_;
    std::size_t resumed_ = 0;
    std::size_t finished_ = 0;
    detail::server_thread server_;  // last: its thread uses all the others
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

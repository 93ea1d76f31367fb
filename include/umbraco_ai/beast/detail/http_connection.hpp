// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_HTTP_CONNECTION_HPP
#define UMBRACO_AI_BEAST_DETAIL_HTTP_CONNECTION_HPP

#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/response_reader.hpp>
#include <umbraco_ai/beast/detail/tls_context.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// One operation of a connection: begun, ended, and with which outcome.
class io_step {
public:
    io_step() = default;

    [[nodiscard]] bool is_pending() const noexcept { return is_pending_; }
    [[nodiscard]] bool is_done() const noexcept { return is_done_; }
    [[nodiscard]] bool is_idle() const noexcept { return !is_pending_ && !is_done_; }
    [[nodiscard]] boost::system::error_code const& error() const noexcept { return error_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    void begin() noexcept { is_pending_ = true; }
    void end(boost::system::error_code outcome, std::size_t transferred) noexcept {
        is_pending_ = false;
        is_done_ = true;
        error_ = outcome;
        count_ = transferred;
    }
    /// The outcome has been seen; the next one may begin.
    void clear() noexcept { *this = io_step(); }

private:
    boost::system::error_code error_;
    std::size_t count_ = 0;
    bool is_pending_ = false;
    bool is_done_ = false;
};

/// A TCP connection, with TLS over it or not. Each operation tells its `io_step` when it has ended, and wakes the call. The
/// handlers own the connection, so whoever gives it up closes it and leaves it behind.
class http_connection : public std::enable_shared_from_this<http_connection> {
    using error_code = boost::system::error_code;
    using call = std::shared_ptr<call_state>;

public:
    using tcp = boost::asio::ip::tcp;

    http_connection(boost::asio::any_io_executor const& io, http_origin server) : origin(std::move(server)), socket_(io) {}
    http_connection(http_connection const&) = delete;
    http_connection& operator=(http_connection const&) = delete;
    ~http_connection() {
        forget_request();
        wipe(body_);
        if (line_memory_ != 0) overwrite(lines_.get(), line_memory_);
        buffer.clear();
        auto const last_answer = buffer.prepare(buffer.capacity());
        if (last_answer.size() != 0) overwrite(static_cast<char*>(last_answer.data()), last_answer.size());
    }

    http_origin const origin;
    boost::beast::flat_buffer buffer;  ///< Where reads put what has arrived.
    io_step setup;                     ///< Connecting, or the TLS handshake.
    io_step reading;
    io_step writing;

    /// Not before `setup` is idle. An address of a family that this machine does not have ends at once.
    void start_connect(tcp::endpoint const& address, call const& owner) {
        error_code error;
        setup.begin();
        socket_.open(address.protocol(), error);
        if (error) {
            setup.end(error, 0);
            return;
        }
        socket_.async_connect(address, boost::asio::bind_executor(owner->strand, [self = shared_from_this(), weak = weak(owner)](error_code outcome) {
                                  self->setup.end(outcome, 0);
                                  wake(weak);
                              }));
    }

    /// After a successful `start_connect`.
    void configure() {
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        // For the look at an idle connection, and for the farewell of TLS: neither may wait.
        socket_.non_blocking(true, ignored);
        setup.clear();
    }

    /// Errors: those of `tls_context::prepare`.
    [[nodiscard]] result<void> start_handshake(std::shared_ptr<tls_context> context, bool accepts_any, call const& owner) {
        context_ = std::move(context);
        peer_.accepts_any = accepts_any;
        stream_ = std::make_unique<boost::asio::ssl::stream<tcp::socket&>>(socket_, context_->native());
        if (result<void> const ready = context_->prepare(stream_->native_handle(), owner->request.origin, peer_); !ready) return ready.error();
        setup.begin();
        stream_->async_handshake(boost::asio::ssl::stream_base::client,
                                 boost::asio::bind_executor(owner->strand, [self = shared_from_this(), weak = weak(owner)](error_code outcome) {
                                     self->setup.end(outcome, 0);
                                     self->is_secured_ = !outcome;
                                     if (outcome) self->context_->sessions().forget(self->peer_.session_key);
                                     wake(weak);
                                 }));
        return result<void>::ok();
    }

    /// Reads what there is, at most `most` bytes, into `buffer`. Not before `reading` is idle.
    void start_read(std::size_t most, call const& owner) {
        reading.begin();
        auto handler = boost::asio::bind_executor(owner->strand, [self = shared_from_this(), weak = weak(owner), most](error_code outcome, std::size_t count) {
            self->buffer.commit(count);
            self->was_read_empty_ = !self->stream_ && count < most;
            self->reading.end(outcome, count);
            wake(weak);
        });
        if (stream_) stream_->async_read_some(buffer.prepare(most), std::move(handler));
        else socket_.async_read_some(buffer.prepare(most), std::move(handler));
    }

    /// Makes a checked request the one to be written. Its body moves here, so that a write may end after its call.
    void take_request(http_request& request) {
        std::size_t size = 96 + request.target.size() + request.origin.host.size();
        for (header_view const field : request.headers) size += field.name.size() + field.value.size() + 4;
        // The 96 hold all that stands between these texts.
        head_.resize(size);
        fixed_buffer into(head_.data(), head_.size());
        http1::write_head(into, request);
        head_.resize(into.view().size());
        body_.swap(request.body);
    }

    /// Gives the body back, and forgets the token.
    void give_request_back(http_request& request) {
        if (writing.is_pending()) {
            request.body = body_;
            return;
        }
        forget_request();
        body_.swap(request.body);
    }

    [[nodiscard]] std::size_t request_size() const noexcept { return head_.size() + body_.size(); }

    /// Begins with an answer anew.
    void expect_answer(http_limits const& limits) {
        std::size_t const size = response_reader::line_memory(limits);
        if (size > line_memory_) {
            lines_ = std::make_unique_for_overwrite<char[]>(size);
            line_memory_ = size;
        }
        reader_.emplace(limits, std::span(lines_.get(), size));
    }

    /// After `expect_answer`.
    [[nodiscard]] response_reader& reader() noexcept { return *reader_; }

    /// Writes some bytes of the request, from `offset` on. Not before `writing` is idle; it may be done at once.
    void start_write(std::size_t offset, call const& owner) {
        std::array<boost::asio::const_buffer, 2> const rest{boost::asio::buffer(head_) + offset,
                                                            boost::asio::buffer(body_) + (offset > head_.size() ? offset - head_.size() : 0)};
        writing.begin();
        if (!stream_) {
            // Mostly there is room for all of it at once, and nobody needs to be woken.
            error_code error;
            std::size_t const count = socket_.write_some(rest, error);
            if (error != boost::asio::error::would_block && error != boost::asio::error::try_again) {
                writing.end(error, count);
                return;
            }
        }
        auto handler = boost::asio::bind_executor(owner->strand, [self = shared_from_this(), weak = weak(owner)](error_code outcome, std::size_t count) {
            self->writing.end(outcome, count);
            wake(weak);
        });
        if (stream_) stream_->async_write_some(rest, std::move(handler));
        else socket_.async_write_some(rest, std::move(handler));
    }

    /// Whether the last read found less than it had room for. Of what comes over TLS, nobody can tell.
    [[nodiscard]] bool was_read_empty() const noexcept { return was_read_empty_; }

    /// Whether an idle connection has nothing to say: it was neither closed, nor did the server send what nobody asked for.
    /// A session ticket of TLS is taken in silently.
    [[nodiscard]] bool is_quiet() {
        error_code error;
        char byte = 0;
        if (stream_) stream_->read_some(boost::asio::buffer(&byte, 1), error);
        else socket_.receive(boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek, error);
        return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
    }

    /// Says farewell as TLS wants it, as far as that goes without waiting, and closes.
    void close() noexcept {
        try {
            error_code ignored;
            if (is_secured_ && !setup.is_pending() && !reading.is_pending() && !writing.is_pending()) stream_->shutdown(ignored);
        } catch (std::exception const&) {
            // A farewell is no matter for the caller.
        }
        abandon();
    }

    /// Closes at once; what is pending ends soon.
    void abandon() noexcept {
        error_code ignored;
        is_secured_ = false;
        socket_.close(ignored);
    }

    [[nodiscard]] bool is_tls() const noexcept { return stream_ != nullptr; }
    [[nodiscard]] tls_peer const& peer() const noexcept { return peer_; }

private:
    [[nodiscard]] static std::weak_ptr<call_state> weak(call const& owner) { return owner; }
    static void wake(std::weak_ptr<call_state> const& owner) {
        if (auto const awake = owner.lock()) awake->rest.wake();
    }

    // It holds the token. Nothing stands behind its end, since it is always written anew.
    void forget_request() noexcept {
        if (!head_.empty()) overwrite(head_.data(), head_.size());
        head_.clear();
    }

    tcp::socket socket_;
    std::string head_;
    std::string body_;
    std::unique_ptr<char[]> lines_;  ///< For those that come in pieces.
    std::size_t line_memory_ = 0;
    std::optional<response_reader> reader_;
    std::shared_ptr<tls_context> context_;
    tls_peer peer_;
    std::unique_ptr<boost::asio::ssl::stream<tcp::socket&>> stream_;
    bool is_secured_ = false;
    bool was_read_empty_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

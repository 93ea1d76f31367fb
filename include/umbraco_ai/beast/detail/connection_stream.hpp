// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CONNECTION_STREAM_HPP
#define UMBRACO_AI_BEAST_DETAIL_CONNECTION_STREAM_HPP

#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/io_step.hpp>
#include <umbraco_ai/beast/detail/operation_memory.hpp>
#include <umbraco_ai/beast/detail/tls_context.hpp>
#include <umbraco_ai/beast/detail/tls_engine.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Bytes over TCP, with TLS over it or not. Each operation tells its `io_step` when it has ended, and wakes the call. The
/// handlers own the stream, so whoever gives it up closes it and leaves it behind.
class connection_stream : public std::enable_shared_from_this<connection_stream> {
    using error_code = boost::system::error_code;

public:
    using tcp = boost::asio::ip::tcp;
    using buffer_pair = std::array<boost::asio::const_buffer, 2>;

    connection_stream(connection_stream const&) = delete;
    connection_stream& operator=(connection_stream const&) = delete;

    boost::beast::flat_buffer buffer;  ///< Where reads put what has arrived.
    io_step setup;                     ///< Connecting, or the TLS handshake.
    io_step reading;
    io_step writing;

    /// From here on the operations are this call's, which they wake.
    void serve(std::shared_ptr<call_state> const& owner) noexcept { owner_ = owner; }
    /// The call needs it no more. Not before all steps are idle.
    void leave_call() noexcept { owner_.reset(); }

    /// Ends in `setup`, which is idle; an address of a family that this machine does not have at once. Much is tried at once
    /// afterwards, and only waited for where that gives nothing.
    void start_connect(tcp::endpoint const& address) {
        error_code error;
        setup.begin();
        socket_.open(address.protocol(), error);
        if (error) setup.end(error, 0);
        else socket_.async_connect(address, event(*this, of_writing_, &connection_stream::has_connected));
    }

    /// After a successful `start_connect`. Errors: those of `tls_context::prepare`.
    [[nodiscard]] result<void> start_handshake(std::shared_ptr<tls_context> context, bool accepts_any, http_origin const& server) {
        context_ = std::move(context);
        peer_.accepts_any = accepts_any;
        tls_ = std::make_unique<tls_engine>(context_->native().native_handle());
        if (result<void> const ready = context_->prepare(tls_->native(), server, peer_); !ready) return ready.error();
        setup.begin();
        static_cast<void>(shake_hands());
        return result<void>::ok();
    }

    /// Reads what there is, at most `most` bytes, into `buffer`. Not before `reading` is idle; it may be done at once.
    void start_read(std::size_t most) {
        reading.begin();
        most_to_read_ = most;
        boost::asio::mutable_buffer const into = buffer.prepare(most);
        if (tls_) static_cast<void>(decrypt());
        else receive(into, &connection_stream::has_read);
    }

    /// Takes bytes that may have come already, at once and not in a turn of the loop to come, when others have taken their place in
    /// the caches of the processor; gives those of `into` that hold them. Where there are none yet, begins the read of `start_read`, and
    /// does not look for the next 16; where the connection has ended, `reading` has. Over TLS it never looks.
    [[nodiscard]] boost::asio::mutable_buffer read_at_once(boost::asio::mutable_buffer into) {
        if (tls_ || looks_to_leave_out_ != 0) {
            if (looks_to_leave_out_ != 0) --looks_to_leave_out_;
            start_read(into.size());
            return {};
        }
        error_code error;
        std::size_t const count = socket_.read_some(into, error);
        if (would_wait(error)) {
            looks_to_leave_out_ = looks_after_miss;
            start_read(into.size());
            return {};
        }
        was_read_empty_ = count < into.size();
        if (error) reading.end(error, 0);
        return boost::asio::buffer(into, count);
    }

    /// Writes some of these bytes, in their order; they stay until `writing` has ended. Not before it is idle; it may be done at once.
    void start_write(buffer_pair const& data) {
        writing.begin();
        if (tls_) {
            to_encrypt_ = data;
            encrypted_ = 0;
            has_sent_ = false;
            static_cast<void>(encrypt());
            return;
        }
        // Mostly there is room for all of it at once, and nobody needs to be woken.
        error_code error;
        std::size_t const count = write_at_once(data, error);
        if (would_wait(error)) send(data, &connection_stream::has_written);
        else writing.end(error, count);
    }

    /// Whether the last read found all that had arrived.
    [[nodiscard]] bool was_read_empty() const noexcept { return was_read_empty_; }

    /// Whether an idle connection has nothing to say: it was neither closed, nor did the server send what nobody asked for.
    /// A session ticket of TLS is taken in silently.
    [[nodiscard]] bool is_quiet() {
        error_code error;
        char byte = 0;
        if (!tls_) {
            socket_.receive(boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek, error);
            return would_wait(error);
        }
        for (int looks = 0; looks < most_looks && !error; ++looks) {
            if (tls_->decrypt(boost::asio::buffer(&byte, 1)) != 0 || tls_->error()) return false;
            tls_->arrived(socket_.read_some(tls_->room(), error));
        }
        return would_wait(error) && tls_->is_between_messages();
    }

    /// Says farewell as TLS wants it, as far as that goes without waiting, and closes.
    void close() noexcept {
        if (is_secured_ && !setup.is_pending() && !reading.is_pending() && !writing.is_pending()) {
            error_code ignored;
            tls_->shut_down();
            static_cast<void>(flush(ignored));
        }
        abandon();
    }

    /// Closes at once; what is pending ends soon.
    void abandon() noexcept {
        error_code ignored;
        is_secured_ = false;
        socket_.close(ignored);
    }

    [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }
    [[nodiscard]] tls_peer const& peer() const noexcept { return peer_; }

protected:
    explicit connection_stream(boost::asio::any_io_executor const& io) : socket_(io) {}
    ~connection_stream() {
        buffer.clear();
        auto const last_answer = buffer.prepare(buffer.capacity());
        if (last_answer.size() != 0) overwrite(static_cast<char*>(last_answer.data()), last_answer.size());
    }

private:
    /// What follows an operation of the socket; whether a step has ended with it.
    using continuation = bool (connection_stream::*)(error_code, std::size_t);

    /// The handler of all operations of the socket, which runs on the strand of the call. Where the call has gone, so has its
    /// connection, and nothing follows.
    class event {
    public:
        using executor_type = boost::asio::any_io_executor;
        using allocator_type = operation_allocator<void>;

        event(connection_stream& stream, operation_memory& memory, continuation next)
            : stream_(stream.shared_from_this()), memory_(&memory), next_(next) {}

        [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory_); }

        [[nodiscard]] executor_type get_executor() const noexcept {
            auto const owner = stream_->owner_.lock();
            return owner ? owner->strand : stream_->socket_.get_executor();
        }

        void operator()(error_code const& outcome, std::size_t count = 0) const {
            auto const owner = stream_->owner_.lock();
            if (owner && ((*stream_).*next_)(outcome, count)) owner->wake();
        }

    private:
        std::shared_ptr<connection_stream> stream_;
        operation_memory* memory_;
        continuation next_;
    };

    [[nodiscard]] static bool would_wait(error_code const& error) noexcept {
        return error && (error == boost::asio::error::would_block || error == boost::asio::error::try_again);
    }

    void receive(boost::asio::mutable_buffer into, continuation next) {
        asked_ = into.size();
        socket_.async_read_some(into, event(*this, of_reading_, next));
    }

    // One buffer costs the system less than a list of one.
    [[nodiscard]] std::size_t write_at_once(buffer_pair const& data, error_code& error) {
        return data[1].size() == 0 ? socket_.write_some(data[0], error) : socket_.write_some(data, error);
    }

    void send(buffer_pair const& data, continuation next) { socket_.async_write_some(data, event(*this, of_writing_, next)); }

    void send_outgoing(continuation next) { send({tls_->outgoing(), boost::asio::const_buffer()}, next); }

    // Sends what is encrypted, without waiting; false where some of it is left.
    [[nodiscard]] bool flush(error_code& error) noexcept {
        while (true) {
            boost::asio::const_buffer const data = tls_->outgoing();
            if (data.size() == 0) return true;
            std::size_t const count = socket_.write_some(data, error);
            if (would_wait(error)) {
                error = error_code();
                return false;
            }
            if (error) return true;
            has_sent_ = true;
            tls_->gone(count);
        }
    }

    [[nodiscard]] bool has_connected(error_code outcome, std::size_t) {
        error_code ignored;
        if (!outcome) socket_.set_option(tcp::no_delay(true), ignored);
        // One that blocks would hold up the loop.
        if (!outcome) socket_.non_blocking(true, outcome);
        setup.end(outcome, 0);
        return true;
    }

    [[nodiscard]] bool shake_hands() {
        while (true) {
            tls_engine::progress const got = tls_->handshake();
            error_code error;
            bool const is_out = flush(error);
            if (got == tls_engine::progress::failed) return end_handshake(tls_->error());
            if (error) return end_handshake(error);
            if (!is_out) {
                send_outgoing(&connection_stream::has_sent_of_handshake);
                return false;
            }
            if (got == tls_engine::progress::done) return end_handshake(error_code());
            if (got == tls_engine::progress::wants_room) continue;
            receive(tls_->room(), &connection_stream::has_received_of_handshake);
            return false;
        }
    }

    [[nodiscard]] bool has_sent_of_handshake(error_code outcome, std::size_t count) {
        if (outcome) return end_handshake(outcome);
        tls_->gone(count);
        return shake_hands();
    }

    [[nodiscard]] bool has_received_of_handshake(error_code outcome, std::size_t count) {
        if (outcome) return end_handshake(tls_->meaning_of(outcome));
        tls_->arrived(count);
        return shake_hands();
    }

    [[nodiscard]] bool end_handshake(error_code outcome) {
        setup.end(outcome, 0);
        is_secured_ = !outcome;
        if (outcome) context_->sessions().forget(peer_.session_key);
        return true;
    }

    [[nodiscard]] bool has_read(error_code outcome, std::size_t count) {
        buffer.commit(count);
        was_read_empty_ = count < asked_;
        reading.end(outcome, count);
        return true;
    }

    [[nodiscard]] bool has_received(error_code outcome, std::size_t count) {
        if (outcome) {
            reading.end(tls_->meaning_of(outcome), 0);
            return true;
        }
        was_read_empty_ = count < asked_;
        tls_->arrived(count);
        return decrypt();
    }

    [[nodiscard]] bool decrypt() {
        boost::asio::mutable_buffer into = buffer.prepare(most_to_read_);
        while (std::size_t const count = tls_->decrypt(into)) into += count;
        std::size_t const count = most_to_read_ - into.size();
        if (count == 0 && !tls_->error()) {
            // The server may wait for a reply; a write that is pending takes it along.
            error_code ignored;
            if (!writing.is_pending()) static_cast<void>(flush(ignored));
            receive(tls_->room(), &connection_stream::has_received);
            return false;
        }
        buffer.commit(count);
        was_read_empty_ = was_read_empty_ && into.size() != 0 && !tls_->error() && tls_->is_between_messages();
        reading.end(count == 0 ? tls_->error() : error_code(), count);
        return true;
    }

    [[nodiscard]] bool has_written(error_code outcome, std::size_t count) {
        writing.end(outcome, count);
        return true;
    }

    [[nodiscard]] bool has_sent(error_code outcome, std::size_t count) {
        has_sent_ = has_sent_ || count != 0;
        tls_->gone(count);
        if (!outcome) return encrypt();
        writing.end(outcome, has_sent_ ? encrypted_ : 0);
        return true;
    }

    // A record of the head and one of the body at most, and then all of it out.
    [[nodiscard]] bool encrypt() {
        while (true) {
            error_code error;
            if (!flush(error)) {
                send_outgoing(&connection_stream::has_sent);
                return false;
            }
            if (!error) error = tls_->error();
            if (error || encrypted_ != 0) {
                writing.end(error, has_sent_ ? encrypted_ : 0);
                return true;
            }
            for (boost::asio::const_buffer const part : to_encrypt_) {
                std::size_t const count = tls_->encrypt(part);
                encrypted_ += count;
                if (count != part.size()) break;
            }
        }
    }

    // So many reads that bring no more than tickets are enough.
    static constexpr int most_looks = 16;
    static constexpr int looks_after_miss = 16;

    // Before the socket, whose pending operations are in them.
    operation_memory of_reading_;
    operation_memory of_writing_;
    tcp::socket socket_;
    std::weak_ptr<call_state> owner_;
    std::shared_ptr<tls_context> context_;
    tls_peer peer_;
    std::unique_ptr<tls_engine> tls_;
    std::size_t most_to_read_ = 0;
    std::size_t asked_ = 0;       ///< Of the last operation that reads.
    buffer_pair to_encrypt_;      ///< What the write began with.
    std::size_t encrypted_ = 0;   ///< Of it.
    int looks_to_leave_out_ = 0;
    bool has_sent_ = false;       ///< Something that is encrypted, since the write began.
    bool is_secured_ = false;
    bool was_read_empty_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

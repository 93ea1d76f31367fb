// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_HTTP_EXCHANGE_HPP
#define UMBRACO_AI_BEAST_DETAIL_HTTP_EXCHANGE_HPP

#include <umbraco_ai/beast/detail/call_watch.hpp>
#include <umbraco_ai/beast/detail/connection_pool.hpp>
#include <umbraco_ai/beast/detail/http_connection.hpp>
#include <umbraco_ai/beast/detail/connector.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/beast/detail/transport_shared.hpp>
#include <umbraco_ai/beast/detail/turn_memory.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/http1/failures.hpp>
#include <umbraco_ai/http1/keep_alive.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// One request and its answer, bytes out and bytes in, as a machine that goes as far as it gets without waiting. A `handled_call` carries
/// it out, or a coroutine which has switched `throw_if_cancelled` off, through a `sending` in its frame:
///
///     if (!sending->is_over()) co_await sending->until_over();
///     … sending->take() …
class http_exchange final : public call_watch {
    using error_code = boost::system::error_code;

public:
    /// The request stays as it is until `take`, or until `leave`; its body is away meanwhile. Handlers run on `executor`.
    http_exchange(std::shared_ptr<transport_shared const> shared, boost::asio::any_io_executor&& executor, boost::asio::cancellation_state&& cancellation,
                  http_request& to_send)
        : call_watch(shared->pool->alarms(), std::move(executor), std::move(cancellation), to_send), shared_(std::move(shared)), request_(to_send) {}

    /// First.
    void begin() {
        if (result<void> const checked = check_request(request); !checked) return refuse(checked.error());
        http_origin const& origin = request.origin;
        if (origin.tls && shared_->options.tls.accepts_any_certificate_on_loopback() && !is_loopback(origin.host))
            return refuse(failure(errc::invalid_argument, "Any certificate is accepted from hosts on this machine only; pass trust_ca_file(…) or pin(…) for this one.")
                            .at("dangerously_accept_any_certificate_on_loopback"));
        if (request.limits.time <= request.limits.time.zero()) return refuse(stopped(stop_reason::deadline));
        enter(transfer_phase::queue);
        if (is_cancelled()) return refuse(stopped(stop_reason::cancelled));
        set_out();
        place_.emplace(*shared_->pool, *this);
        go_on();
    }

    /// Last, whatever came of it. What happens from here on is not the call's any more.
    void leave() noexcept {
        try {
            // After an exception too, the caller has the request back.
            return_request();
        } catch (std::exception const&) {
            // Out of memory for a second body, and the other one is still being written.
        }
        if (connection_ && idle_limit_) {
            connection_->forget_answer();
            connection_->leave_call();
            place_->leave_behind(std::move(connection_), *idle_limit_);
        } else if (connection_ && is_complete_) {
            connection_->close();
        } else if (connection_) {
            connection_->abandon();
        }
        connection_.reset();
        connector_.reset();
        if (place_) place_.reset();
        else end();
    }

    /// When it is over, once: what came of it, which stays until `leave`, as does the place in the pool. What of it is not moved
    /// away is memory for the next answer. From here on the request is looked at no more, nor what its `trace` and its limits
    /// refer to. Throws what a step has thrown.
    [[nodiscard]] result<http_response>& take() {
        if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
        end_trace();
        let_go_of_request();
        if (is_complete_) {
            if (may_keep()) idle_limit_ = idle_limit(connection_->answer()->headers, shared_->pool->idle_time());
            return_request();
            return connection_->answer();
        }
        outcome().error().possibly_applied = may_have_written_ && request.method != http_method::get;
        return outcome();
    }

private:
    enum class state : std::uint8_t { queued, choosing, connecting, held_back, writing, yielding, reading };
    enum class progress : std::uint8_t { on, waits, complete, failed };

    void advance() noexcept override {
        if (is_over()) return;
        // A turn of the loop lends memory. A call that is woken alone has some too, and takes one turn more then.
        if (lent() != nullptr) has_turn_ = false;
        try {
            if (check()) return go_on();
            // What became of a write that is given up is uncertain.
            may_have_written_ = may_have_written_ || state_ == state::writing;
            give_up();
        } catch (...) {
            thrown_ = std::current_exception();
            set_over();
        }
    }

    void refuse(failure reason) {
        static_cast<void>(fail(std::move(reason)));
        give_up();
    }

    void go_on() {
        while (true) {
            switch (step()) {
                case progress::on: continue;
                case progress::waits: return;
                case progress::complete:
                    is_complete_ = true;
                    set_over();
                    return;
                case progress::failed:
                    if (!may_resend_) return give_up();
                    drop_connection();
                    begin_attempt(false);
            }
        }
    }

    // A failure has left its reason in the watch, and `may_resend_` where a second try is harmless.
    [[nodiscard]] progress step() {
        switch (state_) {
            case state::queued:
                if (!place_->is_granted()) return progress::waits;
                begin_attempt(true);
                return progress::on;
            case state::choosing: return choose();
            case state::connecting: return connect();
            case state::held_back: return write_late();
            case state::writing: return write();
            case state::yielding:
                begin_to_read();
                state_ = state::reading;
                return progress::on;
            case state::reading: break;
        }
        return read();
    }

    void give_up() {
        set_over();
        drop_connection();
    }

    void drop_connection() {
        return_request();
        connector_.reset();
        if (connection_) connection_->close();
        connection_.reset();
    }

    void return_request() {
        if (has_request_) connection_->give_request_back(request_);
        has_request_ = false;
    }

    void begin_attempt(bool may_reuse) {
        may_reuse_ = may_reuse;
        may_resend_ = false;
        write_failed_ = false;
        written_ = 0;
        enter(transfer_phase::connect);
        state_ = state::choosing;
    }

    [[nodiscard]] progress choose() {
        if (may_reuse_) connection_ = place_->take();
        is_reused_ = connection_ != nullptr;
        if (trace() != nullptr) trace()->connection_reused = is_reused_;
        if (is_reused_) {
            converse();
            if (!place_->hold_back()) return progress::on;
            has_turn_ = true;
            state_ = state::held_back;
            return progress::waits;
        }
        if (shared_->options.connect_time) limit(*shared_->options.connect_time);
        connector_ = std::make_unique<connector>(*this, shared_->io, shared_->tls, shared_->options.stagger);
        state_ = state::connecting;
        return progress::on;
    }

    // The callers that went on before may have taken their time, which a server may have taken for the connection's idle time.
    [[nodiscard]] progress write_late() {
        state_ = state::writing;
        if (age() < connection_pool::a_moment || connection_->is_quiet()) return progress::on;
        drop_connection();
        begin_attempt(false);
        return progress::on;
    }

    [[nodiscard]] progress connect() {
        connector::progress const got = connector_->go_on();
        if (got == connector::progress::waits) return progress::waits;
        end_limit();
        if (got == connector::progress::failed) return progress::failed;
        connection_ = connector_->take();
        connector_.reset();
        // So that no later call needs memory while it waits.
        connection_->buffer.reserve(most_per_read);
        converse();
        return progress::on;
    }

    void converse() {
        connection_->serve(shared_from_this());
        connection_->take_request(request_);
        has_request_ = true;
        connection_->expect_answer(request.limits);
        go_on_writing();
    }

    void go_on_writing() {
        enter(transfer_phase::send);
        state_ = state::writing;
    }

    // Where calls come one behind the other, all write before the first looks for its answer: it finds it there more often, and
    // the server more to do.
    [[nodiscard]] progress await_answer() {
        enter(transfer_phase::first_byte);
        if (!has_company || !connection_->reading.is_idle() || connection_->buffer.size() != 0) {
            state_ = state::reading;
            return progress::on;
        }
        state_ = state::yielding;
        if (!has_turn_) shared_->pool->wake_later(*this);
        return progress::waits;
    }

    // Ends with everything written, or something to read, or a connection that takes no more. An answer may be there all
    // the same, so none of these is a failure. A large request is read beside, since the answer may come before it is out.
    [[nodiscard]] progress write() {
        io_step& writing = connection_->writing;
        io_step& reading = connection_->reading;
        while (written_ < total()) {
            if (writing.is_idle()) connection_->write_request(written_);
            // An interim response has ended the read beside a large request.
            if (!writing.is_done() && written_ != 0 && reading.is_idle()) connection_->start_read(most_per_read);
            if (!writing.is_done() && !reading.is_done()) return progress::waits;
            if (writing.is_done()) {
                written_ += writing.count();
                if (trace() != nullptr) trace()->bytes_sent += writing.count();
                may_have_written_ = may_have_written_ || writing.count() != 0;
                write_failed_ = static_cast<bool>(writing.error());
                writing.clear();
            }
            if (write_failed_ || reading.is_done()) break;
            if (written_ < total() && reading.is_idle()) connection_->start_read(most_per_read);
        }
        may_have_written_ = may_have_written_ || writing.is_pending();
        return await_answer();
    }

    [[nodiscard]] progress read() {
        io_step& reading = connection_->reading;
        while (true) {
            // One that has ended well has left its bytes in the buffer.
            if (reading.is_done() && !reading.error()) reading.clear();
            if (!parse()) return progress::failed;
            if (reader().is_complete()) return progress::complete;
            if (reader().is_header_done()) {
                enter(transfer_phase::body);
            } else if (!reader().awaits_answer()) {
                enter(transfer_phase::header);
            } else if (!write_failed_ && written_ < total() && !reading.is_done()) {
                // What came was an interim response.
                go_on_writing();
                return progress::on;
            }

            if (reading.is_idle()) connection_->start_read(most_per_read);
            if (!reading.is_done()) return progress::waits;
            error_code const error = reading.error();
            if (!error) continue;
            reading.clear();
            if (error == boost::asio::error::eof && reader().is_header_done() && reader().end()) return progress::complete;
            static_cast<void>(closed(error));
            return progress::failed;
        }
    }

    // Feeds what has arrived to the reader; false leaves the reason.
    [[nodiscard]] bool parse() {
        // Another read may have the rest of the buffer.
        if (connection_->reading.is_pending()) return true;
        auto& buffer = connection_->buffer;
        if (buffer.size() != 0) {
            auto* const arrived = static_cast<char*>(buffer.data().data());
            std::size_t const used = feed(arrived, buffer.size());
            // An idle connection keeps its buffer.
            if (used != 0) overwrite(arrived, used);
            buffer.consume(used);
        }
        http1::parse_error const error = reader().error();
        return error == http1::parse_error::none || fail(answer_failure(http1::code_of(error), request, to_string(error)));
    }

    // Gives how much of what has arrived the reader has used.
    [[nodiscard]] std::size_t feed(char const* arrived, std::size_t size) {
        std::size_t const used = reader().take(std::string_view(arrived, size));
        if (trace() != nullptr) trace()->bytes_received += used;
        return used;
    }

    // Where a turn of the loop for several calls has woken this one, its answer may have come already.
    void begin_to_read() {
        turn_memory* const memory = lent();
        if (memory == nullptr) return connection_->start_read(most_per_read);
        boost::asio::mutable_buffer const arrived = connection_->read_at_once(memory->bytes());
        if (arrived.size() == 0) return;
        memory->note(arrived.size());
        boost::asio::mutable_buffer const unread = arrived + feed(static_cast<char const*>(arrived.data()), arrived.size());
        auto& buffer = connection_->buffer;
        if (unread.size() != 0) buffer.commit(boost::asio::buffer_copy(buffer.prepare(unread.size()), unread));
    }

    [[nodiscard]] bool closed(error_code error) {
        if (connection_->is_tls() && is_of_tls(error) && !is_close(error)) {
            failure reason = tls_failure(error, connection_->peer());
            // The server ended the handshake on its side: it has read nothing.
            if (connection_->peer().was_asked_for_certificate && !is_reused_ && !reader().has_begun() && wants_certificate(error)) may_have_written_ = false;
            return fail(std::move(reason));
        }
        if (!is_close(error)) return fail(errc::transport_failed, "Reading from " + peer() + " failed (" + error.message() + ").");
        bool const is_untouched = !reader().has_begun() && connection_->buffer.size() == 0;
        may_resend_ = is_reused_ && is_untouched && (request.method == http_method::get || !may_have_written_);
        char const* const place = written_ < total()         ? "while the request was being sent"
                                  : is_untouched             ? "before the first byte of the answer"
                                  : !reader().is_header_done() ? "inside the header of the answer"
                                                             : "inside the body of the answer";
        std::string text = peer() + " closed the connection " + place + " (" + error.message() + ").";
        if (connection_->peer().was_asked_for_certificate) text += " It had asked for a client certificate, which this library does not give.";
        return fail(errc::connection_closed, std::move(text));
    }

    // Whether nothing on the connection is left over.
    [[nodiscard]] bool may_keep() const noexcept {
        bool const asks_to_close = request.headers.contains("Connection") && http1::asks_to_close(request.headers);
        return reader().keep_alive() && !asks_to_close && !write_failed_ && written_ == total() &&
               connection_->buffer.size() == 0 && connection_->reading.is_idle() && connection_->writing.is_idle();
    }

    [[nodiscard]] response_reader& reader() const noexcept { return connection_->reader(); }
    [[nodiscard]] std::size_t total() const noexcept { return connection_->request_size(); }

    static constexpr std::size_t most_per_read = turn_memory::most_per_read;

    std::shared_ptr<transport_shared const> shared_;
    http_request& request_;
    std::unique_ptr<connector> connector_;
    std::shared_ptr<http_connection> connection_;
    std::optional<connection_pool::place> place_;
    std::size_t written_ = 0;
    std::exception_ptr thrown_;
    std::optional<std::chrono::seconds> idle_limit_;  ///< Of a connection that may be kept.
    state state_ = state::queued;
    bool has_request_ = false;  ///< The connection has it.
    bool has_turn_ = false;     ///< A turn of the loop is to come for it.
    bool may_reuse_ = false;
    bool is_complete_ = false;
    bool is_reused_ = false;
    bool write_failed_ = false;
    bool may_have_written_ = false;
    bool may_resend_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

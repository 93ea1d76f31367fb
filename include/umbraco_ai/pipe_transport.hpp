// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_PIPE_TRANSPORT_HPP
#define UMBRACO_AI_PIPE_TRANSPORT_HPP

#include <umbraco_ai/byte_pipe.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/trace.hpp>
#include <umbraco_ai/http1/failures.hpp>
#include <umbraco_ai/http1/keep_alive.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/http1/response_parser.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// One request and its answer over an open pipe.
template <class Pipe>
class pipe_exchange {
public:
    pipe_exchange(Pipe& pipe, http_request const& request)
        : pipe_(pipe), request_(request), start_(now()), noted_(start_), memory_(std::string(line_memory(request) + most_per_read, '\0')), parser_(lines(), limits_of(request)) {
        // At once, so that no smaller memory is left behind with the token.
        std::size_t size = std::size_t{96} + request.target.size() + request.origin.host.size() + request.body.size();
        for (header_view const header : request.headers) size += header.name.size() + header.value.size() + 4;
        bytes_.get().reserve(size);
        http1::write_head(bytes_.get(), request);
        bytes_.get().append(request.body);
    }
    pipe_exchange(pipe_exchange const&) = delete;
    pipe_exchange& operator=(pipe_exchange const&) = delete;
    ~pipe_exchange() { enter(phase_); }

    /// Neither is the time over, nor has the caller given up. False leaves the reason.
    [[nodiscard]] bool may_go_on() {
        if (request_.limits.is_cancelled()) return fail(cancelled_failure(step_of(phase_)));
        return time_left() > time_left().zero() || out_of_time();
    }

    /// What `open` of the pipe gets.
    [[nodiscard]] http_limits limits_left() const {
        http_limits made = request_.limits;
        made.time = time_left();
        return made;
    }

    /// False leaves the reason.
    [[nodiscard]] bool run(bool is_reused) {
        if (request_.trace != nullptr) request_.trace->connection_reused = is_reused;
        while (true) {
            http1::event const found = parser_.next(unread_);
            switch (found.what) {
                case http1::event_kind::status: response_.status = found.status; break;
                case http1::event_kind::field: response_.headers.add(found.name, found.value); break;
                case http1::event_kind::header_end: break;
                case http1::event_kind::body: response_.body.append(found.value); break;
                case http1::event_kind::complete:
                    if (request_.trace != nullptr) request_.trace->bytes_received -= unread_.size();
                    return true;
                case http1::event_kind::failed: return fail(answer_failure(code_of(found.error), request_, to_string(found.error)));
                case http1::event_kind::need_more:
                    if (!exchange_bytes()) return parser_.is_complete();
            }
        }
    }

    [[nodiscard]] http_response& response() noexcept { return response_; }

    [[nodiscard]] failure reason() && {
        reason_.possibly_applied = written_ != 0 && request_.method != http_method::get;
        return std::move(reason_);
    }

    /// After the answer: nothing on the connection is left over.
    [[nodiscard]] bool can_carry_another() const noexcept {
        return parser_.keep_alive() && unread_.empty() && written_ == bytes_.get().size() && !http1::asks_to_close(request_.headers);
    }

private:
    // Writes what is left of the request, and reads. False leaves the reason, or an answer that the end of the connection completes.
    [[nodiscard]] bool exchange_bytes() {
        while (!has_stopped_writing_ && written_ < bytes_.get().size() && parser_.status() < 200) {
            enter(transfer_phase::send);
            if (!may_go_on()) return false;
            pipe_result const done = write(std::string_view(bytes_.get()).substr(written_));
            written_ += done.count();
            if (request_.trace != nullptr) request_.trace->bytes_sent += done.count();
            if (done.count() != 0) continue;
            if (!done.is_nothing()) {
                // The answer may be there all the same.
                has_stopped_writing_ = true;
                write_error_ = done.error();
                break;
            }
            if (!has_clock) return out_of_time();
            // A server may answer before it has read everything, and read no more.
            if constexpr (is_timed) {
                pipe_result const early = pipe_.read(input(), std::chrono::nanoseconds(0));
                if (!early.is_nothing()) return take(early);
            }
        }
        enter(parser_.is_header_done() ? transfer_phase::body : parser_.has_begun() ? transfer_phase::header : transfer_phase::first_byte);
        if (!may_go_on()) return false;
        pipe_result const done = read();
        if (done.is_nothing()) return has_clock || out_of_time();
        return take(done);
    }

    [[nodiscard]] bool take(pipe_result const& done) {
        unread_ = std::string_view(input().data(), done.count());
        if (request_.trace != nullptr) request_.trace->bytes_received += done.count();
        if (done.count() != 0) return true;
        return done.error() ? fail(pipe_failure(done.error())) : end();
    }

    [[nodiscard]] bool end() {
        if (parser_.end().what == http1::event_kind::complete) return false;
        if (write_error_ && !parser_.has_begun()) return fail(pipe_failure(write_error_));
        char const* const place = written_ < bytes_.get().size() ? "while the request was being sent"
                                  : !parser_.has_begun()         ? "before the first byte of the answer"
                                  : !parser_.is_header_done()    ? "inside the header of the answer"
                                                                 : "inside the body of the answer";
        return fail(failure(errc::connection_closed, peer_name(request_.origin) + " closed the connection " + place + '.'));
    }

    [[nodiscard]] failure pipe_failure(std::error_code why) const {
        std::string text = "The pipe to " + peer_name(request_.origin) + " failed while " + step_of(phase_) + " (" + why.message() + ").";
        bool const is_ours = why.category() == error_category();
        return failure(is_ours ? static_cast<errc>(why.value()) : errc::transport_failed, std::move(text));
    }

    // Always false, to be returned.
    [[nodiscard]] bool fail(failure reason) {
        reason_ = std::move(reason);
        return false;
    }
    [[nodiscard]] bool out_of_time() { return fail(deadline_failure(request_, step_of(phase_))); }

    // For the text of a failure, and for the trace.
    void enter(transfer_phase phase) {
        if (request_.trace != nullptr) {
            auto const time = now();
            request_.trace->add(phase_, time - noted_);
            noted_ = time;
        }
        phase_ = phase;
    }

    [[nodiscard]] pipe_result write(std::string_view bytes) {
        std::span<char const> const from(bytes.data(), bytes.size());
        if constexpr (is_timed) return pipe_.write(from, has_clock ? (std::min)(time_left(), patience) : time_left());
        else return pipe_.write(from);
    }

    [[nodiscard]] pipe_result read() {
        // Short where a call that is given up must be noticed. Without a clock the pipe's own wait is the only deadline.
        bool const is_short = has_clock && request_.limits.cancelled != nullptr;
        if constexpr (is_timed) return pipe_.read(input(), is_short ? (std::min)(time_left(), patience) : time_left());
        else return pipe_.read(input());
    }

    [[nodiscard]] std::chrono::nanoseconds now() const {
        if constexpr (has_clock) return pipe_.now();
        else return std::chrono::nanoseconds(0);
    }
    [[nodiscard]] std::chrono::nanoseconds time_left() const { return request_.limits.time - (now() - start_); }

    [[nodiscard]] static std::size_t line_memory(http_request const& request) noexcept { return (std::min)(request.limits.header_bytes, most_per_line); }
    [[nodiscard]] std::span<char> lines() noexcept { return {memory_.get().data(), line_memory(request_)}; }
    [[nodiscard]] std::span<char> input() noexcept { return {memory_.get().data() + line_memory(request_), most_per_read}; }

    [[nodiscard]] static http1::response_limits limits_of(http_request const& request) noexcept {
        http1::response_limits made;
        made.header_bytes = request.limits.header_bytes;
        made.body_bytes = request.limits.body_bytes;
        return made;
    }

    static constexpr bool is_timed = TimedPipe<Pipe>;
    static constexpr bool has_clock = PipeHasClock<Pipe>;
    static constexpr std::chrono::nanoseconds patience = std::chrono::milliseconds(20);
    static constexpr std::size_t most_per_read = 16 * 1024;
    static constexpr std::size_t most_per_line = 256 * 1024;

    Pipe& pipe_;
    http_request const& request_;
    std::chrono::nanoseconds start_;
    std::chrono::nanoseconds noted_;
    wiping_string bytes_;   // of the request
    wiping_string memory_;  // for lines, and for what is read
    http1::response_parser parser_;
    http_response response_;
    failure reason_;
    std::string_view unread_;
    transfer_phase phase_ = transfer_phase::connect;
    std::size_t written_ = 0;
    std::error_code write_error_;
    bool has_stopped_writing_ = false;
};

}  // namespace detail

/// HTTP/1.1 over a `BytePipe`, one request at a time. Refers to an lvalue pipe, which must outlive it, and owns an rvalue one.
///
///     pipe_transport wire(my_serial_line);
///     client cms(wire, "http://localhost:8080");
///
/// The connection is kept for the next request of the same origin where both sides agree, and opened anew, where the pipe can
/// be, after a failure, after 30 s without use (or less, where the server says so), and before a write where the pipe cannot
/// tell whether it still stands. Nothing is sent twice. A line of the header holds at most 256 KB.
/// Errors: those of `open`, and `errc::tls_unavailable` for https over a pipe that does not say `speaks_tls`.
template <class Pipe>
    requires BytePipe<std::remove_reference_t<Pipe>>
class pipe_transport {
    using pipe_type = std::remove_reference_t<Pipe>;
    static constexpr bool can_open = detail::PipeCanOpen<pipe_type>;
    static constexpr bool has_clock = detail::PipeHasClock<pipe_type>;

public:
    /// Where the pipe has a clock and can be told how long to wait.
    static constexpr bool timed = detail::TimedPipe<pipe_type> && has_clock;
    static constexpr bool cancellable = timed;
    static constexpr bool tracks_writes = true;

    explicit pipe_transport(Pipe&& pipe) : pipe_(std::forward<Pipe>(pipe)) {}

    [[nodiscard]] result<http_response> send(http_request request) {
        if (result<void> const checked = detail::check_request(request); !checked) return checked.error();
        if (request.origin.tls && !detail::PipeSpeaksTls<pipe_type>)
            return failure(errc::tls_unavailable, "This pipe does not say that it speaks TLS (speaks_tls), so nothing is sent over it for https.");
        detail::pipe_exchange<pipe_type> exchange(pipe_, request);
        if (!exchange.may_go_on()) return std::move(exchange).reason();
        // Whatever ends this call early leaves a connection that is of no use.
        bool const is_reused = std::exchange(is_open_, false) && can_reuse(request);
        if (!is_reused) {
            result<void> const opened = open(request.origin, exchange.limits_left());
            if (!opened) return opened.error();
            if (!exchange.may_go_on()) return give_up(std::move(exchange).reason());
        }
        if (!exchange.run(is_reused && is_used_)) return give_up(std::move(exchange).reason());
        if (!exchange.can_carry_another()) close();
        else keep(request.origin, exchange.response());
        return std::move(exchange.response());
    }

    [[nodiscard]] std::chrono::nanoseconds now()
        requires detail::PipeHasClock<pipe_type>
    {
        return pipe_.now();
    }

    void wait(std::chrono::nanoseconds duration)
        requires requires(pipe_type& pipe) { pipe.wait(duration); }
    {
        pipe_.wait(duration);
    }

    /// Of a pipe without `open`: it leads to a connection on which nothing was sent yet.
    void restart() noexcept
        requires(!can_open)
    {
        is_open_ = true;
        is_used_ = false;
    }

    [[nodiscard]] pipe_type& pipe() noexcept { return pipe_; }

private:
    [[nodiscard]] bool can_reuse(http_request const& request) {
        if constexpr (!can_open) {
            if constexpr (requires { { pipe_.is_quiet() } -> std::convertible_to<bool>; }) return !is_used_ || pipe_.is_quiet();
            else return true;
        } else {
            if (request.origin != origin_) return false;
            if constexpr (has_clock) {
                if (pipe_.now() - used_at_ >= idle_limit_) return false;
            }
            if constexpr (requires { { pipe_.is_quiet() } -> std::convertible_to<bool>; }) return pipe_.is_quiet();
            else return request.method == http_method::get;
        }
    }

    [[nodiscard]] result<void> open([[maybe_unused]] http_origin const& origin, [[maybe_unused]] http_limits const& limits) {
        if constexpr (can_open) return pipe_.open(origin, limits);
        else return failure(errc::connection_closed, "The connection of this pipe has ended, and it has no open(…) to make another.");
    }

    void keep(http_origin const& origin, http_response const& response) {
        is_open_ = is_used_ = true;
        origin_ = origin;
        idle_limit_ = detail::idle_limit(response.headers);
        if constexpr (has_clock) used_at_ = pipe_.now();
    }

    [[nodiscard]] failure give_up(failure reason) {
        close();
        return reason;
    }

    void close() {
        if constexpr (requires { pipe_.close(); }) pipe_.close();
    }

    Pipe pipe_;
    http_origin origin_;  // of the connection that is open
    std::chrono::nanoseconds used_at_{0};
    std::chrono::nanoseconds idle_limit_{0};
    bool is_open_ = !can_open;
    bool is_used_ = false;
};

template <class Pipe>
pipe_transport(Pipe&&) -> pipe_transport<Pipe>;

UMBRACO_AI_END_NAMESPACE

#endif

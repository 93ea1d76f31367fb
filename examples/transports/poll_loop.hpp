// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TRANSPORTS_POLL_LOOP_HPP
#define UMBRACO_AI_EXAMPLES_TRANSPORTS_POLL_LOOP_HPP

#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/http1/response_parser.hpp>
#include <umbraco_ai/stepper.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

[[nodiscard]] inline std::chrono::nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

/// One request and its answer over a non-blocking socket of its own, plain HTTP. Nothing in it waits but the look-up of a name.
class poll_exchange {
public:
    explicit poll_exchange(umbraco_ai::http_request request)
        : request_(std::move(request)),
          deadline_(steady_now() + (std::min)(request_.limits.time, std::chrono::nanoseconds(std::chrono::hours(24)))),
          line_((std::min)(request_.limits.header_bytes, std::size_t{64 * 1024}), '\0'),
          parser_(line_, limits_of(request_)) {
        begin();
    }
    poll_exchange(poll_exchange const&) = delete;
    poll_exchange& operator=(poll_exchange const&) = delete;
    ~poll_exchange() { close(); }

    /// What `poll` is to look for; nothing on no socket once there is an answer.
    [[nodiscard]] pollfd wanted() const noexcept {
        bool const writes = is_connecting_ || written_ < bytes_.size();
        return {socket_, static_cast<short>((is_connecting_ ? 0 : POLLIN) | (writes ? POLLOUT : 0)), 0};
    }

    /// When to go on even if nothing has happened.
    [[nodiscard]] std::chrono::nanoseconds wakes_at() const {
        if (answer_) return steady_now();
        return request_.limits.cancelled == nullptr ? deadline_ : (std::min)(deadline_, steady_now() + std::chrono::milliseconds(20));
    }

    /// Does what can be done without waiting.
    void go_on(short happened) {
        if (!answer_ && request_.limits.is_cancelled()) fail(umbraco_ai::errc::cancelled, "The call was cancelled.");
        if (!answer_ && steady_now() >= deadline_) fail(umbraco_ai::errc::deadline_exceeded, "The time for the call ran out.");
        if (answer_ || happened == 0) return;
        if (is_connecting_) finish_connecting();
        if (!answer_ && !is_connecting_ && written_ < bytes_.size()) write();
        if (!answer_ && (happened & (POLLIN | POLLHUP | POLLERR)) != 0) read();
    }

    [[nodiscard]] bool is_done() const noexcept { return answer_.has_value(); }
    [[nodiscard]] umbraco_ai::result<umbraco_ai::http_response> take() { return *std::move(answer_); }

private:
    using errc = umbraco_ai::errc;

    [[nodiscard]] static umbraco_ai::http1::response_limits limits_of(umbraco_ai::http_request const& request) {
        umbraco_ai::http1::response_limits made;
        made.header_bytes = request.limits.header_bytes;
        made.body_bytes = request.limits.body_bytes;
        return made;
    }

    void begin() {
        if (auto const defect = umbraco_ai::http1::write_request(bytes_, request_)) {
            answer_ = umbraco_ai::failure(errc::invalid_argument, defect.text).at(std::string(defect.field));
            return;
        }
        if (request_.origin.tls) return fail(errc::tls_unavailable, "These sockets speak no TLS.");
        go_on(0);
        if (answer_) return;
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        int const code = ::getaddrinfo(request_.origin.host.c_str(), std::to_string(request_.origin.port).c_str(), &hints, &found);
        if (code != 0) return fail(errc::resolve_failed, "The host name has no address (" + std::string(::gai_strerror(code)) + ").");
        addresses_.reset(found);
        next_ = found;
        connect(ECONNREFUSED);
    }

    /// Begins with the next address, if there is one.
    void connect(int error) {
        for (; next_ != nullptr; next_ = next_->ai_next) {
            close();
            socket_ = ::socket(next_->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, next_->ai_protocol);
            int const code = socket_ == -1 ? -1 : ::connect(socket_, next_->ai_addr, next_->ai_addrlen);
            is_connecting_ = code == -1 && errno == EINPROGRESS;
            if (code == 0 || is_connecting_) return;
            error = errno;
        }
        fail(errc::connect_failed, "No connection (" + std::generic_category().message(error) + ").");
    }

    void finish_connecting() {
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == -1) error = errno;
        is_connecting_ = false;
        if (error == 0) return;
        next_ = next_->ai_next;
        connect(error);
    }

    void write() {
        ssize_t const count = ::send(socket_, bytes_.data() + written_, bytes_.size() - written_, MSG_NOSIGNAL);
        if (count >= 0) written_ += static_cast<std::size_t>(count);
        else if (errno != EAGAIN && errno != EINTR) bytes_.resize(written_);  // the answer may be there all the same
    }

    void read() {
        char bytes[16 * 1024];
        ssize_t const count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count == -1 && (errno == EAGAIN || errno == EINTR)) return;
        if (count == -1) return fail(errc::connection_closed, "The server closed the connection.");
        std::string_view rest(bytes, static_cast<std::size_t>(count));
        for (;;) {
            auto const found = parser_.next(rest);
            switch (found.what) {
                case umbraco_ai::http1::event_kind::status: response_.status = found.status; break;
                case umbraco_ai::http1::event_kind::field: response_.headers.add(std::string(found.name), std::string(found.value)); break;
                case umbraco_ai::http1::event_kind::header_end: break;
                case umbraco_ai::http1::event_kind::body: response_.body.append(found.value); break;
                case umbraco_ai::http1::event_kind::need_more:
                    if (count != 0) return;
                    if (parser_.end().what == umbraco_ai::http1::event_kind::complete) return finish();
                    return fail(errc::connection_closed, "The server closed the connection before the answer was complete.");
                case umbraco_ai::http1::event_kind::complete: return finish();
                case umbraco_ai::http1::event_kind::failed:
                    return fail(umbraco_ai::http1::code_of(found.error), "The answer was not taken: " + std::string(umbraco_ai::http1::to_string(found.error)) + '.');
            }
        }
    }

    void finish() {
        answer_ = std::move(response_);
        close();
    }

    void fail(errc code, std::string text) {
        umbraco_ai::failure reason(code, std::move(text));
        reason.possibly_applied = written_ != 0 && request_.method != umbraco_ai::http_method::get;
        answer_ = std::move(reason);
        close();
    }

    void close() noexcept {
        if (socket_ != -1) ::close(std::exchange(socket_, -1));
    }

    class free_addresses {
    public:
        void operator()(addrinfo* first) const noexcept { ::freeaddrinfo(first); }
    };

    umbraco_ai::http_request request_;
    std::chrono::nanoseconds deadline_;
    std::string line_;
    umbraco_ai::http1::response_parser parser_;
    umbraco_ai::http_response response_;
    std::optional<umbraco_ai::result<umbraco_ai::http_response>> answer_;
    std::unique_ptr<addrinfo, free_addresses> addresses_;
    addrinfo* next_ = nullptr;
    std::string bytes_;
    std::size_t written_ = 0;
    int socket_ = -1;
    bool is_connecting_ = false;
};

/// Waits until something happens on one of the sockets, or until `wake`.
inline void poll_all(std::vector<pollfd>& sockets, std::chrono::nanoseconds wake) {
    auto const time = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(wake - steady_now(), std::chrono::nanoseconds(0), std::chrono::nanoseconds(std::chrono::hours(1))));
    ::poll(sockets.data(), sockets.size(), static_cast<int>(time.count()));
}

/// Many calls of stepped clients at once, on one thread.
class poll_loop {
public:
    /// The call stays where it is until the loop has run.
    void add(umbraco_ai::stepper& call) { calls_.push_back(&call); }

    /// Until all calls are done.
    void run() {
        while (turn()) {
        }
    }

private:
    class sent_call {
    public:
        sent_call(umbraco_ai::stepper& from, umbraco_ai::http_request request) : call(&from), exchange(std::make_unique<poll_exchange>(std::move(request))) {}
        umbraco_ai::stepper* call;
        std::unique_ptr<poll_exchange> exchange;
    };

    bool turn() {
        auto const now = steady_now();
        auto wake = (std::chrono::nanoseconds::max)();
        bool went_on = false;
        std::erase_if(calls_, [&](umbraco_ai::stepper* call) {
            auto const next = call->next(now);
            if (next.what == umbraco_ai::call_step_kind::send) sent_.emplace_back(*call, call->request());
            if (next.what == umbraco_ai::call_step_kind::wait) wake = (std::min)(wake, next.until);
            went_on = went_on || next.what == umbraco_ai::call_step_kind::send || next.what == umbraco_ai::call_step_kind::done;
            return next.what == umbraco_ai::call_step_kind::done;
        });
        if (calls_.empty()) return false;
        std::vector<pollfd> sockets;
        for (sent_call const& one : sent_) {
            sockets.push_back(one.exchange->wanted());
            wake = (std::min)(wake, one.exchange->wakes_at());
        }
        // A call that waits may be next in line now, so it is asked again before anything is waited for.
        poll_all(sockets, went_on ? now : wake);
        for (std::size_t i = 0; i < sent_.size(); ++i) sent_[i].exchange->go_on(sockets[i].revents);
        std::erase_if(sent_, [](sent_call& one) {
            if (!one.exchange->is_done()) return false;
            one.call->resume(one.exchange->take(), steady_now());
            return true;
        });
        return true;
    }

    std::vector<umbraco_ai::stepper*> calls_;
    std::vector<sent_call> sent_;
};

/// The same sockets for plain code: each request is waited for.
class poll_transport {
public:
    static constexpr bool tracks_writes = true;
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;

    umbraco_ai::result<umbraco_ai::http_response> send(umbraco_ai::http_request request) {
        poll_exchange exchange(std::move(request));
        while (!exchange.is_done()) {
            std::vector<pollfd> sockets{exchange.wanted()};
            poll_all(sockets, exchange.wakes_at());
            exchange.go_on(sockets.front().revents);
        }
        return exchange.take();
    }

    std::chrono::nanoseconds now() const { return steady_now(); }
    void wait(std::chrono::nanoseconds duration) { std::this_thread::sleep_for(duration); }
};

#endif

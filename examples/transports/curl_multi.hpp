// SPDX-License-Identifier: MIT
#ifndef CURL_MULTI_HPP
#define CURL_MULTI_HPP

#include "curl_call.hpp"

#include <umbraco_ai/asio/awaitable.hpp>
#include <umbraco_ai/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/descriptor_base.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

/// libcurl's sockets and timer on an executor of Asio.
class curl_loop : public std::enable_shared_from_this<curl_loop> {
    using descriptor = boost::asio::posix::stream_descriptor;

public:
    explicit curl_loop(boost::asio::any_io_executor executor) : executor_(std::move(executor)), timer_(executor_) {
        static_cast<void>(make_curl_handle());
        multi_.reset(curl_multi_init());
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(
            multi_.get(), CURLMOPT_SOCKETFUNCTION, +[](CURL*, curl_socket_t socket, int wanted, void* self, void*) {
                static_cast<curl_loop*>(self)->watch(socket, wanted);
                return 0;
            });
        curl_multi_setopt(
            multi_.get(), CURLMOPT_TIMERFUNCTION, +[](CURLM*, long milliseconds, void* self) {
                static_cast<curl_loop*>(self)->set_timer(milliseconds);
                return 0;
            });
    }
    curl_loop(curl_loop const&) = delete;
    curl_loop& operator=(curl_loop const&) = delete;
    ~curl_loop() {
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
        for (auto& [socket, watched] : watches_) watched->socket.release();
    }

    /// A request that may be under way; it is taken off the loop with this object.
    class transfer {
    public:
        transfer(std::shared_ptr<curl_loop> loop, umbraco_ai::http_request request, curl_options const& options)
            : loop_(std::move(loop)), call_(handle_.get(), std::move(request), options), wake_(loop_->executor_) {}
        transfer(transfer const&) = delete;
        transfer& operator=(transfer const&) = delete;
        ~transfer() { leave(); }

        [[nodiscard]] std::optional<umbraco_ai::failure> begin() {
            if (auto refused = call_.begin()) return refused;
            curl_easy_setopt(handle_.get(), CURLOPT_PRIVATE, static_cast<void*>(this));
            is_on_loop_ = curl_multi_add_handle(loop_->multi_.get(), handle_.get()) == CURLM_OK;
            if (!is_on_loop_) return umbraco_ai::failure(umbraco_ai::errc::transport_failed, "libcurl took no more calls.");
            return std::nullopt;
        }

        void end(CURLcode code) {
            code_ = code;
            leave();
            wake_.cancel();
        }

        [[nodiscard]] bool has_ended() const noexcept { return code_.has_value(); }
        [[nodiscard]] bool is_cancelled() const { return call_.is_cancelled(); }
        [[nodiscard]] boost::asio::steady_timer& wake() noexcept { return wake_; }
        [[nodiscard]] umbraco_ai::result<umbraco_ai::http_response> take() { return call_.finish(*code_); }

    private:
        void leave() {
            if (std::exchange(is_on_loop_, false)) curl_multi_remove_handle(loop_->multi_.get(), handle_.get());
        }

        std::shared_ptr<curl_loop> loop_;
        curl_handle handle_ = make_curl_handle();
        curl_call call_;
        boost::asio::steady_timer wake_;
        std::optional<CURLcode> code_;
        bool is_on_loop_ = false;
    };

private:
    class watched_socket {
    public:
        watched_socket(boost::asio::any_io_executor const& executor, curl_socket_t number) : socket(executor, number) {}

        descriptor socket;
        int wanted = 0;
        bool waits_to_read = false;
        bool waits_to_write = false;
    };

    // The sockets stay libcurl's own, so they are released and never closed here.
    void watch(curl_socket_t number, int wanted) {
        auto found = watches_.find(number);
        if (wanted == CURL_POLL_REMOVE) {
            if (found == watches_.end()) return;
            found->second->wanted = 0;
            found->second->socket.release();
            watches_.erase(found);
            return;
        }
        if (found == watches_.end()) found = watches_.emplace(number, std::make_shared<watched_socket>(executor_, number)).first;
        found->second->wanted = wanted;
        arm(number, found->second);
    }

    void arm(curl_socket_t number, std::shared_ptr<watched_socket> const& watched) {
        wait(number, watched, CURL_POLL_IN, CURL_CSELECT_IN, descriptor::wait_read, &watched_socket::waits_to_read);
        wait(number, watched, CURL_POLL_OUT, CURL_CSELECT_OUT, descriptor::wait_write, &watched_socket::waits_to_write);
    }

    void wait(curl_socket_t number, std::shared_ptr<watched_socket> const& watched, int wanted, int ready, descriptor::wait_type what,
              bool watched_socket::*waits) {
        if ((watched->wanted & wanted) == 0 || (*watched).*waits) return;
        (*watched).*waits = true;
        watched->socket.async_wait(what, [self = shared_from_this(), watched, number, wanted, ready, waits](boost::system::error_code error) {
            (*watched).*waits = false;
            if ((watched->wanted & wanted) != 0) self->act(number, error ? CURL_CSELECT_ERR : ready);
            if (!error && watched->wanted != 0) self->arm(number, watched);
        });
    }

    void set_timer(long milliseconds) {
        if (milliseconds < 0) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::chrono::milliseconds(milliseconds));
        timer_.async_wait([self = weak_from_this()](boost::system::error_code error) {
            if (auto const loop = self.lock(); loop && !error) loop->act(CURL_SOCKET_TIMEOUT, 0);
        });
    }

    void act(curl_socket_t number, int ready) {
        int running = 0;
        curl_multi_socket_action(multi_.get(), number, ready, &running);
        int left = 0;
        while (CURLMsg const* const message = curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            CURLcode const code = message->data.result;
            void* ended = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended);
            static_cast<transfer*>(ended)->end(code);
        }
    }

    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer timer_;
    std::map<curl_socket_t, std::shared_ptr<watched_socket>> watches_;
    curl_multi_handle multi_;
};

/// A transport over libcurl for coroutines of Asio, on POSIX systems; calls at once share its connections.
///
///     boost::asio::io_context io;
///     curl_multi_transport wire(io);
///     umbraco_ai::client cms(wire, "https://cms.example.com");
///     auto answer = co_await cms.connections().get("openai-prod");
///
/// Cancellation: of the awaiting coroutine at once, of `http_limits` within 50 ms; `send` does not throw for it.
/// Threading: calls run on the transport's executor, which one thread runs or which is a strand.
class curl_multi_transport {
public:
    static constexpr bool timed = true;
    static constexpr bool cancellable = true;
    static constexpr bool concurrent = true;
    static constexpr bool tracks_writes = true;

    explicit curl_multi_transport(boost::asio::any_io_executor executor, curl_options options = {})
        : loop_(std::make_shared<curl_loop>(std::move(executor))), options_(std::make_shared<curl_options const>(std::move(options))) {}
    explicit curl_multi_transport(boost::asio::io_context& io, curl_options options = {})
        : curl_multi_transport(boost::asio::any_io_executor(io.get_executor()), std::move(options)) {}

    [[nodiscard]] boost::asio::awaitable<umbraco_ai::result<umbraco_ai::http_response>> send(umbraco_ai::http_request request) {
        return run(loop_, options_, std::move(request));
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }
    [[nodiscard]] boost::asio::awaitable<void> wait(std::chrono::nanoseconds duration) { return sleep(duration); }

private:
    [[nodiscard, gnu::noinline]] static boost::asio::awaitable<umbraco_ai::result<umbraco_ai::http_response>> run(
        std::shared_ptr<curl_loop> loop, std::shared_ptr<curl_options const> options, umbraco_ai::http_request request) {
        bool const throws_if_cancelled = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        curl_loop::transfer transfer(std::move(loop), std::move(request), *options);
        umbraco_ai::result<umbraco_ai::http_response> answer;
        if (auto refused = transfer.begin()) {
            answer = *std::move(refused);
        } else {
            while (!transfer.has_ended()) {
                boost::system::error_code ignored;
                transfer.wake().expires_after(std::chrono::milliseconds(50));
                co_await transfer.wake().async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
                auto const state = co_await boost::asio::this_coro::cancellation_state;
                bool const is_cancelled = state.cancelled() != boost::asio::cancellation_type::none || transfer.is_cancelled();
                if (is_cancelled && !transfer.has_ended()) transfer.end(CURLE_ABORTED_BY_CALLBACK);
            }
            answer = transfer.take();
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws_if_cancelled);
        co_return answer;
    }

    [[nodiscard, gnu::noinline]] static boost::asio::awaitable<void> sleep(std::chrono::nanoseconds duration) {
        boost::system::error_code ignored;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    std::shared_ptr<curl_loop> loop_;
    std::shared_ptr<curl_options const> options_;
};

static_assert(umbraco_ai::Transport<curl_multi_transport>);

#endif

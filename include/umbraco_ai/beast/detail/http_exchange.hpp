// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_HTTP_EXCHANGE_HPP
#define UMBRACO_AI_BEAST_DETAIL_HTTP_EXCHANGE_HPP

#include <umbraco_ai/asio/name_lookup.hpp>
#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/connection_pool.hpp>
#include <umbraco_ai/beast/detail/request_head.hpp>
#include <umbraco_ai/beast/detail/response_parser.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// One request and its answer: connection, bytes out, bytes in. Lives in the frame of the coroutine that awaits `run`,
/// which has switched `throw_if_cancelled` off.
class http_exchange {
    using error_code = boost::system::error_code;
    using http_error = boost::beast::http::error;
    template <class T>
    using awaitable = boost::asio::awaitable<T>;

public:
    http_exchange(std::shared_ptr<connection_pool> pool, boost::asio::any_io_executor io, boost::asio::any_io_executor strand,
                  http_request request)
        : pool_(std::move(pool)), io_(std::move(io)), strand_(std::move(strand)), request_(std::move(request)) {}
    http_exchange(http_exchange const&) = delete;
    http_exchange& operator=(http_exchange const&) = delete;

    [[nodiscard]] awaitable<result<http_response>> run() {
        if (result<void> const checked = check_request(request_); !checked) co_return checked.error();
        if (request_.origin.tls)
            co_return failure(errc::tls_unavailable,
                              "This transport has no TLS yet: use http to a server on this machine, or give the client a "
                              "transport of your own.");
        if (request_.limits.time <= request_.limits.time.zero()) co_return stopped(stop_reason::deadline);
        if (request_.limits.is_cancelled()) co_return stopped(stop_reason::cancelled);

        head_ = request_head(request_);
        call_ = std::make_shared<call_state>(io_, strand_, request_.limits);
        call_->start();

        bool is_complete = co_await attempt(true);
        if (!is_complete && may_resend_) is_complete = co_await attempt(false);
        if (is_complete) co_return std::move(response_);
        reason_.possibly_applied = may_have_written_ && request_.method != http_method::get;
        co_return std::move(reason_);
    }

private:
    // One connection, one request, one answer; false leaves `reason_`, and `may_resend_` where a second try is harmless.
    [[nodiscard]] awaitable<bool> attempt(bool may_reuse) {
        may_resend_ = false;
        is_reused_ = false;
        write_failed_ = false;
        written_ = 0;
        buffer_.clear();
        step_ = "connecting";
        if (!co_await check()) co_return false;
        if (std::optional<boost::asio::ip::tcp::socket> idle = may_reuse ? pool_->take(request_.origin) : std::nullopt) {
            call_->socket = std::move(*idle);
            is_reused_ = true;
        } else if (!co_await connect()) {
            co_return false;
        }
        bool const is_complete = co_await converse();
        if (!is_complete) {
            error_code ignored;
            call_->socket.close(ignored);
        }
        co_return is_complete;
    }

    [[nodiscard]] awaitable<bool> connect() {
        endpoint_list endpoints;
        if (auto known = endpoints_by_spelling(request_.origin.host, request_.origin.port)) endpoints = std::move(*known);
        else if (!co_await resolve(endpoints)) co_return false;

        error_code error;
        step_ = "connecting";
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            auto& socket = call_->socket;
            socket = boost::asio::ip::tcp::socket(io_);
            socket.open(endpoints[i].protocol(), error);
            if (error) continue;
            // A silent address leaves the others their share of the time.
            if (std::size_t const left = endpoints.size() - i; left > 1)
                call_->limit_attempt(call_state::clock::now() + call_->time_left() / static_cast<int>(left));
            co_await socket.async_connect(endpoints[i], boost::asio::redirect_error(boost::asio::use_awaitable, error));
            call_->end_attempt();
            if (!co_await check()) co_return false;
            if (error) continue;
            error_code ignored;
            socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
            socket.non_blocking(true, ignored);  // for the peek of the pool
            co_return true;
        }
        co_return fail(errc::connect_failed,
                       "No connection to " + peer() + " (" + error.message() +
                           "); check host and port, and that the server runs and may be reached from here.");
    }

    [[nodiscard]] awaitable<bool> resolve(endpoint_list& endpoints) {
        step_ = "resolving the host name";
        scoped_lookup const lookup(boost::asio::query(strand_, boost::asio::execution::context), request_.origin.host,
                                   request_.origin.port, strand_, call_->wake);
        while (!lookup.is_done()) {
            error_code ignored;
            co_await call_->wake.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
            if (!co_await check()) co_return false;
        }
        if (lookup.error() || lookup.endpoints().empty())
            co_return fail(errc::resolve_failed, "The host name " + request_.origin.host + " has no address (" +
                                                     lookup.error().message() +
                                                     "); check its spelling and the DNS of this machine.");
        endpoints = lookup.endpoints();
        co_return true;
    }

    [[nodiscard]] awaitable<bool> converse() {
        constexpr int most_interim = 5;
        for (int interim = 0;; ++interim) {
            if (!write_failed_ && written_ < total() && buffer_.size() == 0 && !co_await write()) co_return false;
            response_parser parser(request_.limits);
            if (!co_await read(parser)) co_return false;
            if (!parser.is_interim()) {
                response_ = std::move(parser.response());
                keep(parser.keep_alive());
                co_return true;
            }
            if (parser.response().status == 101)
                co_return fail(errc::protocol_switched, "The server switched to another protocol, which nobody asked for.");
            if (interim == most_interim)
                co_return fail(errc::too_many_interim_responses,
                               "The server sent more than 5 interim responses (1xx) and no answer.");
        }
    }

    // Ends with everything written, or something to read, or a connection that takes no more. An answer may be there all
    // the same, so only a stop is a failure.
    [[nodiscard]] awaitable<bool> write() {
        step_ = "sending the request";
        while (written_ < total() && !call_->answer_is_waiting()) {
            std::array<boost::asio::const_buffer, 2> const rest{
                boost::asio::buffer(head_) + written_,
                boost::asio::buffer(request_.body) + (written_ > head_.size() ? written_ - head_.size() : 0)};
            error_code error;
            std::size_t const count =
                co_await call_->socket.async_write_some(rest, boost::asio::redirect_error(boost::asio::use_awaitable, error));
            written_ += count;
            // An aborted write tells nothing certain about what went out.
            may_have_written_ = may_have_written_ || count != 0 || error == boost::asio::error::operation_aborted;
            if (!co_await check()) co_return false;
            if (call_->answer_is_waiting()) break;
            if (error) {
                write_failed_ = true;
                break;
            }
            if (written_ < total()) call_->watch_for_answer();
        }
        static_cast<void>(call_->end_watch());
        co_return true;
    }

    [[nodiscard]] awaitable<bool> read(response_parser& parser) {
        constexpr std::size_t most_per_read = 16 * 1024;
        step_ = "waiting for the answer";
        std::size_t header_bytes = 0;
        while (true) {
            if (!parse(parser, header_bytes)) co_return false;
            if (parser.is_done()) co_return true;
            if (parser.is_header_done()) step_ = "reading the body of the answer";
            else if (parser.got_some()) step_ = "reading the header of the answer";

            error_code error;
            std::size_t const count = co_await call_->socket.async_read_some(
                buffer_.prepare(most_per_read), boost::asio::redirect_error(boost::asio::use_awaitable, error));
            buffer_.commit(count);
            if (!co_await check()) co_return false;
            if (!error) continue;
            if (error == boost::asio::error::eof && parser.is_header_done()) {
                error_code at_end;
                parser.put_eof(at_end);
                if (!at_end) co_return true;
            }
            co_return closed(parser, error);
        }
    }

    // Feeds what has arrived to the parser; false leaves `reason_`.
    [[nodiscard]] bool parse(response_parser& parser, std::size_t& header_bytes) {
        error_code error;
        if (header_bytes == 0 && !begins_like_http()) error = http_error::bad_version;
        while (!error && buffer_.size() != 0 && !parser.is_done()) {
            bool const in_header = !parser.is_header_done();
            std::size_t const used = parser.put(buffer_.cdata(), error);
            buffer_.consume(used);
            if (in_header) {
                header_bytes += used;
                std::size_t const pending = parser.is_header_done() ? 0 : buffer_.size();
                if (header_bytes + pending > request_.limits.header_bytes) error = http_error::header_limit;
            }
            if (!error && used == 0) break;
        }
        if (error == http_error::need_more) {
            // Beyond the header only the line of a chunk, or the trailer, is kept back until it is whole.
            if (!parser.is_header_done() || buffer_.size() <= request_.limits.header_bytes) return true;
            error = http_error::header_limit;
        }
        if (!error) return true;
        if (error == http_error::header_limit)
            return fail(errc::header_too_large, "The header of the answer, or a trailer of it, is larger than the " +
                                                    std::to_string(request_.limits.header_bytes) +
                                                    " bytes this call accepts (http_limits::header_bytes).");
        if (error == http_error::body_limit)
            return fail(errc::body_too_large,
                        "The body of the answer is larger than the " + std::to_string(request_.limits.body_bytes) +
                            " bytes this call accepts (http_limits::body_bytes); ask for less at once, or allow more.");
        return fail(errc::malformed_response, "What " + peer() + " answered is not HTTP/1.1 (" + error.message() +
                                                  "); check scheme and port of the base URL.");
    }

    // Noticed at the first byte, so that a server that speaks TLS or SSH here is not waited for.
    [[nodiscard]] bool begins_like_http() const {
        constexpr std::string_view start = "HTTP/1.";
        std::string_view const seen(static_cast<char const*>(buffer_.cdata().data()), (std::min)(buffer_.size(), start.size()));
        return start.starts_with(seen);
    }

    [[nodiscard]] bool closed(response_parser const& parser, error_code error) {
        using namespace boost::asio::error;
        bool const is_close = error == eof || error == connection_reset || error == broken_pipe || error == connection_aborted;
        if (!is_close) return fail(errc::transport_failed, "Reading from " + peer() + " failed (" + error.message() + ").");
        bool const is_untouched = !parser.got_some() && buffer_.size() == 0;
        may_resend_ = is_reused_ && is_untouched && (request_.method == http_method::get || !may_have_written_);
        char const* const place = written_ < total()         ? "while the request was being sent"
                                  : is_untouched             ? "before the first byte of the answer"
                                  : !parser.is_header_done() ? "inside the header of the answer"
                                                             : "inside the body of the answer";
        return fail(errc::connection_closed, peer() + " closed the connection " + place + " (" + error.message() + ").");
    }

    // Gives the connection back where nothing on it is left over.
    void keep(bool is_keep_alive) {
        bool const asked_to_close = [this] {
            std::string const* const value = request_.headers.find("Connection");
            return value != nullptr && lists_token(*value, "close");
        }();
        error_code ignored;
        if (is_keep_alive && !asked_to_close && written_ == total() && buffer_.size() == 0)
            pool_->give(request_.origin, std::move(call_->socket), idle_limit(response_.headers));
        else call_->socket.close(ignored);
    }

    [[nodiscard]] awaitable<bool> check() {
        stop_reason const why = call_->should_stop(co_await boost::asio::this_coro::cancellation_state);
        if (why == stop_reason::none) co_return true;
        reason_ = stopped(why);
        co_return false;
    }

    [[nodiscard]] failure stopped(stop_reason why) const {
        if (why == stop_reason::cancelled)
            return failure(errc::cancelled, std::string("The call was cancelled while ") + step_ + '.');
        return failure(errc::deadline_exceeded, std::string("The time for the call ran out while ") + step_ + " (" + peer() +
                                                    "); give it more, or check that the server answers.");
    }

    // Always false, to be returned.
    [[nodiscard]] bool fail(errc code, std::string text) {
        reason_ = failure(code, std::move(text));
        return false;
    }

    [[nodiscard]] std::size_t total() const noexcept { return head_.size() + request_.body.size(); }
    [[nodiscard]] std::string peer() const {
        std::string const& host = request_.origin.host;
        return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(request_.origin.port);
    }

    std::shared_ptr<connection_pool> pool_;
    boost::asio::any_io_executor io_;
    boost::asio::any_io_executor strand_;
    http_request request_;
    http_response response_;
    failure reason_;
    std::shared_ptr<call_state> call_;
    std::string head_;
    boost::beast::flat_buffer buffer_;
    std::size_t written_ = 0;
    char const* step_ = "starting";
    bool is_reused_ = false;
    bool write_failed_ = false;
    bool may_have_written_ = false;
    bool may_resend_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

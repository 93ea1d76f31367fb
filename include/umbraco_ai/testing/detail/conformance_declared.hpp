// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_DECLARED_HPP
#define UMBRACO_AI_TESTING_DETAIL_CONFORMANCE_DECLARED_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/testing/detail/conformance_bench.hpp>
#include <umbraco_ai/testing/detail/server_thread.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/server_request.hpp>
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

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing::detail {

/// The rules of what a transport declares. Each gives what is wrong, or nothing.
class conformance_declared {
    using clock = conformance_bench::clock;

    static constexpr std::chrono::milliseconds short_time{120};
    // Far more than a transport needs that asks once a second, and less than the servers keep silent.
    static constexpr std::chrono::milliseconds patience{2000};

public:
    [[nodiscard]] static std::string ends_in_time(conformance_bench const& bench) {
        raw_script const dribbling = {raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
                                      raw_step::send_bytewise(std::string(250, 'a'), std::chrono::milliseconds(10)), raw_step::close()};
        raw_script const deaf = {raw_step::pause(std::chrono::milliseconds(2500)), raw_step::close()};
        // More than the buffers of two sockets take.
        constexpr std::size_t large = 16 * 1024 * 1024;
        for (auto const& [what, script, size] :
             {std::tuple("silence", silent(), std::size_t(0)), std::tuple("an answer that dribbles", dribbling, std::size_t(0)),
              std::tuple("a body that nobody reads", deaf, large)}) {
            raw_server server({script}, bench.tls, bench.patience);
            http_request request =
                conformance_request(server.origin(), size == 0 ? http_method::get : http_method::put, std::string(size, 'a'));
            request.limits.time = short_time;
            auto const wire = bench.make();
            auto const begin = clock::now();
            auto const answer = wire->send(std::move(request));
            if (clock::now() - begin > patience)
                return std::string(what) + " was waited for beyond the time of the call, and gave " + shown(answer);
            if (answer || answer.error().who != fault::timeout) return std::string(what) + " beyond the time of the call gave " + shown(answer);
        }
        raw_server server({answering(sized_answer("{}"))}, bench.tls, bench.patience);
        http_request request = conformance_request(server.origin());
        request.limits.time = std::chrono::nanoseconds(0);
        auto const answer = bench.send(std::move(request));
        if (answer || answer.error().who != fault::timeout) return "a call without any time gave " + shown(answer);
        return server.all_received().empty() ? std::string() : "a call without any time was sent";
    }

    [[nodiscard]] static std::string ends_when_cancelled(conformance_bench const& bench) {
        {
            raw_server server({silent()}, bench.tls, bench.patience);
            auto const wire = bench.make();
            auto const begin = clock::now();
            clock::time_point const when = begin + std::chrono::milliseconds(60);
            auto const answer = wire->send(cancelled_at(server.origin(), when));
            if (clock::now() - begin > patience) return "silence was waited for beyond it, and gave " + shown(answer);
            if (answer || answer.error().who != fault::cancelled) return "it gave " + shown(answer);
        }
        raw_server server({answering(sized_answer("{}"))}, bench.tls, bench.patience);
        clock::time_point const when = clock::now();
        auto const answer = bench.send(cancelled_at(server.origin(), when));
        if (answer || answer.error().who != fault::cancelled) return "one that was cancelled before it began gave " + shown(answer);
        return server.all_received().empty() ? std::string() : "one that was cancelled before it began was sent";
    }

    [[nodiscard]] static std::string two_at_once(conformance_bench const& bench) {
        {
            meeting_server server(bench.tls, bench.patience);
            auto const answers = bench.make()->send_both(conformance_request(server.origin()), conformance_request(server.origin()));
            if (!answers.first || !answers.second) return "two gave " + shown(answers.first) + " and " + shown(answers.second);
            if (!server.have_met()) return "the second was sent when the first had ended";
        }
        loopback_server server([](server_request const& request) { return http_response(200, request.target); }, bench.options());
        auto const wire = bench.make();
        for (int round = 0; round < 4; ++round) {
            http_request one = conformance_request(server.origin());
            one.target = "/one";
            http_request other = conformance_request(server.origin());
            other.target = "/other";
            auto const answers = wire->send_both(std::move(one), std::move(other));
            if (!answers.first || !answers.second) return "two gave " + shown(answers.first) + " and " + shown(answers.second);
            if (answers.first->body != "/one" || answers.second->body != "/other") return "one got the answer of the other";
        }
        return {};
    }

    [[nodiscard]] static std::string writes_tracked(conformance_bench const& bench) {
        auto const post = [](http_origin origin) { return conformance_request(std::move(origin), http_method::post, "{}"); };
        if (auto const answer = bench.send(post(deserted_origin(bench.has_tls()))); !answer && answer.error().possibly_applied)
            return "a POST to a port where nobody listens may have been applied, it says";
        raw_server closing({{raw_step::read_request(), raw_step::close()}}, bench.tls, bench.patience);
        if (auto const answer = bench.send(post(closing.origin())); answer || !answer.error().possibly_applied)
            return "a POST that was read and not answered was not applied, it says";
        if (auto const answer = bench.send(conformance_request(closing.origin())); !answer && answer.error().possibly_applied)
            return "a GET may have been applied, it says";
        if (bench.declared.timed) {
            auto const wire = bench.make();
            // Longer where the time was over before the request was out.
            for (auto const time : {short_time, 4 * short_time, 16 * short_time}) {
                raw_server server({silent()}, bench.tls, bench.patience);
                http_request request = post(server.origin());
                request.limits.time = time;
                auto const answer = wire->send(std::move(request));
                if (server.all_received().empty()) continue;
                if (answer || !answer.error().possibly_applied)
                    return "a POST that was read, and not answered in time, was not applied, it says";
                break;
            }
        }
        if (bench.has_tls()) {
            raw_server server({answering(sized_answer("{}"))}, test_certificate::self_signed(), bench.patience);
            if (auto const answer = bench.send(post(server.origin())); !answer && answer.error().possibly_applied)
                return "a POST to a server that is not trusted may have been applied, it says";
        }
        return {};
    }

private:
    /// A server that answers a request when another one is there too, or after a second.
    class meeting_server {
    public:
        meeting_server(server_tls const& tls, std::chrono::steady_clock::duration time_limit)
            : tls_(make_server_context(tls)),
              server_(time_limit, [this](boost::asio::ip::tcp::socket socket) { return serve(std::move(socket)); }) {}
        meeting_server(meeting_server const&) = delete;
        meeting_server& operator=(meeting_server const&) = delete;
        ~meeting_server() { server_.stop(); }

        [[nodiscard]] http_origin origin() const { return http_origin(tls_ != nullptr, "127.0.0.1", server_.port()); }
        [[nodiscard]] bool have_met() const noexcept { return have_met_; }

    private:
        boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket) {
            server_stream stream(std::move(socket), tls_.get());
            if (!co_await stream.begin()) co_return;
            std::string seen;
            while (seen.find("\r\n\r\n") == std::string::npos) {
                char piece[1024];
                std::size_t const count = co_await stream.read_some(boost::asio::buffer(piece));
                if (count == 0) co_return;
                seen.append(piece, count);
            }
            ++waiting_;
            for (int i = 0; i < 100 && !have_met_; ++i) {
                have_met_ = waiting_ > 1;
                boost::system::error_code ignored;
                boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(10));
                co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
            }
            --waiting_;
            std::string const answer = sized_answer("{}", "Connection: close\r\n");
            if (co_await stream.write(answer)) co_await stream.close_gently();
        }

        std::unique_ptr<boost::asio::ssl::context> tls_;
        std::size_t waiting_ = 0;
        std::atomic<bool> have_met_ = false;
        server_thread server_;  // last: its thread uses the others
    };

    [[nodiscard]] static http_request cancelled_at(http_origin origin, clock::time_point const& when) {
        http_request request = conformance_request(std::move(origin));
        request.limits.cancelled = [](void const* context) { return clock::now() >= *static_cast<clock::time_point const*>(context); };
        request.limits.cancel_context = &when;
        return request;
    }
};

}  // namespace testing::detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TRANSPORTS_SOCKET_PIPE_HPP
#define UMBRACO_AI_EXAMPLES_TRANSPORTS_SOCKET_PIPE_HPP

#include <umbraco_ai/byte_pipe.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

/// A TCP connection over POSIX sockets, without TLS: `umbraco_ai::pipe_transport(socket_pipe())`.
class socket_pipe {
public:
    using nanoseconds = std::chrono::nanoseconds;

    socket_pipe() = default;
    socket_pipe(socket_pipe&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    socket_pipe& operator=(socket_pipe&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~socket_pipe() { close(); }

    /// Tries the addresses of the host one after the other. The look-up itself has no time limit.
    umbraco_ai::result<void> open(umbraco_ai::http_origin const& origin, umbraco_ai::http_limits const& limits) {
        using umbraco_ai::errc;
        close();
        nanoseconds const deadline = now() + (std::min)(limits.time, nanoseconds(std::chrono::hours(24)));
        addrinfo wanted{};
        wanted.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        int const code = ::getaddrinfo(origin.host.c_str(), std::to_string(origin.port).c_str(), &wanted, &found);
        if (code != 0) return umbraco_ai::failure(errc::resolve_failed, "The host name has no address (" + std::string(::gai_strerror(code)) + ").");
        std::unique_ptr<addrinfo, void (*)(addrinfo*)> const addresses(found, ::freeaddrinfo);

        int error = ECONNREFUSED;
        for (addrinfo const* address = found; address != nullptr; address = address->ai_next) {
            error = start_connect(*address);
            while (error == EINPROGRESS) {
                if (limits.is_cancelled()) return umbraco_ai::failure(errc::cancelled, "The call was cancelled while connecting.");
                if (now() >= deadline) return umbraco_ai::failure(errc::deadline_exceeded, "The time for the call ran out while connecting.");
                if (wait_for(POLLOUT, (std::min)(deadline - now(), nanoseconds(std::chrono::milliseconds(20))))) error = outcome_of_connect();
            }
            if (error == 0) return umbraco_ai::result<void>::ok();
            close();
        }
        return umbraco_ai::failure(errc::connect_failed, "No connection (" + std::generic_category().message(error) + ").");
    }

    void close() noexcept {
        if (socket_ != -1) ::close(std::exchange(socket_, -1));
    }

    umbraco_ai::pipe_result read(std::span<char> into, nanoseconds at_most) {
        if (!wait_for(POLLIN, at_most)) return umbraco_ai::pipe_result::nothing();
        ssize_t const count = ::recv(socket_, into.data(), into.size(), 0);
        return count == 0 ? umbraco_ai::pipe_result::end() : result_of(count);
    }

    umbraco_ai::pipe_result write(std::span<char const> from, nanoseconds at_most) {
        if (!wait_for(POLLOUT, at_most)) return umbraco_ai::pipe_result::nothing();
        return result_of(::send(socket_, from.data(), from.size(), MSG_NOSIGNAL));
    }

    bool is_quiet() {
        char byte = 0;
        return ::recv(socket_, &byte, 1, MSG_PEEK) == -1 && would_block(errno);
    }

    nanoseconds now() const { return std::chrono::steady_clock::now().time_since_epoch(); }
    void wait(nanoseconds duration) { std::this_thread::sleep_for(duration); }

private:
    static bool would_block(int error) { return error == EAGAIN || error == EINTR; }

    static umbraco_ai::pipe_result result_of(ssize_t count) {
        using umbraco_ai::pipe_result;
        if (count >= 0) return pipe_result::bytes(static_cast<std::size_t>(count));
        if (would_block(errno)) return pipe_result::nothing();
        if (errno == ECONNRESET || errno == EPIPE) return pipe_result::failed(umbraco_ai::errc::connection_closed);
        return pipe_result::failed({errno, std::generic_category()});
    }

    int start_connect(addrinfo const& address) {
        socket_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
        if (socket_ == -1) return errno;
        int const yes = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        return ::connect(socket_, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
    }

    int outcome_of_connect() const {
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }

    // Rounded up, so that a short wait is none that spins.
    bool wait_for(short what, nanoseconds at_most) const {
        constexpr nanoseconds most = std::chrono::hours(1);
        auto const time = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(at_most, nanoseconds(0), most));
        pollfd waiting{socket_, what, 0};
        return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
    }

    int socket_ = -1;
};

#endif

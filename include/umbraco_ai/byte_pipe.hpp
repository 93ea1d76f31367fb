// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BYTE_PIPE_HPP
#define UMBRACO_AI_BYTE_PIPE_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE

/// What one read or write of a pipe did. A default-constructed one did nothing.
class [[nodiscard]] pipe_result {
public:
    pipe_result() = default;

    /// So many bytes went through, at least one and at most as many as the span has. The rest is asked for again.
    static pipe_result bytes(std::size_t count) noexcept {
        pipe_result made;
        made.count_ = count;
        return made;
    }
    /// Nothing went through for as long as the pipe waits.
    static pipe_result nothing() noexcept { return {}; }
    /// The peer closed in order: no byte will come any more, or none is taken. Over TLS only with its close_notify.
    static pipe_result end() noexcept {
        pipe_result made;
        made.is_end_ = true;
        return made;
    }
    /// Nothing went through, and the connection is of no use any more. An `errc` becomes the code of the failure:
    /// `connection_closed` where the peer broke off, `certificate_rejected`. Other codes stand in its text only.
    static pipe_result failed(std::error_code why) noexcept {
        pipe_result made;
        made.is_end_ = true;
        made.error_ = why;
        return made;
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] bool is_nothing() const noexcept { return count_ == 0 && !is_end_; }
    [[nodiscard]] std::error_code const& error() const noexcept { return error_; }

private:
    std::size_t count_ = 0;
    bool is_end_ = false;
    std::error_code error_;
};

namespace detail {

template <class P>
concept TimedPipe = requires(P& pipe, std::span<char> into, std::span<char const> from, std::chrono::nanoseconds at_most) {
    { pipe.read(into, at_most) } -> std::same_as<pipe_result>;
    { pipe.write(from, at_most) } -> std::same_as<pipe_result>;
};

template <class P>
concept UntimedPipe = requires(P& pipe, std::span<char> into, std::span<char const> from) {
    { pipe.read(into) } -> std::same_as<pipe_result>;
    { pipe.write(from) } -> std::same_as<pipe_result>;
};

template <class P>
concept PipeCanOpen = requires(P& pipe, http_origin const& origin, http_limits const& limits) {
    { pipe.open(origin, limits) } -> std::same_as<result<void>>;
};

template <class P>
concept PipeHasClock = requires(P& pipe) {
    { pipe.now() } -> std::convertible_to<std::chrono::nanoseconds>;
};

template <class P>
concept PipeSpeaksTls = requires { requires P::speaks_tls; };

}  // namespace detail

/// Anything that bytes go through in both directions: a serial line, a socket, a TLS library of the user's.
///
///     pipe_result read(std::span<char> into, std::chrono::nanoseconds at_most);          // waits for one byte at least
///     pipe_result write(std::span<char const> from, std::chrono::nanoseconds at_most);   // waits until it takes one
///
/// Both come back with `nothing` when `at_most` has passed; zero means not to wait. A pipe that cannot be told how long may
/// leave `at_most` out; it waits as long as it likes, and deadline and cancel check are looked at between its operations.
///
/// What it may have besides, used where it is there:
///
///     result<void> open(http_origin const&, http_limits const&);   // connects anew, and closes what was open; limits.time is what is left
///     void close();                                                // nothing more is asked of this connection
///     bool is_quiet();                                             // of an idle connection: neither closed, nor is there anything to read
///     std::chrono::nanoseconds now();                              // a steady clock; without it `nothing` ends a call as a timeout
///     void wait(std::chrono::nanoseconds);                         // lets requests be sent again after a pause
///     static constexpr bool speaks_tls = true;                     // it proves that the peer is the host; otherwise https is refused
///
/// A pipe without `open` is one connection, which stands already, to whatever is at its other end.
template <class P>
concept BytePipe = detail::TimedPipe<P> || detail::UntimedPipe<P>;

UMBRACO_AI_END_NAMESPACE

#endif

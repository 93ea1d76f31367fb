// SPDX-License-Identifier: MIT
// What POSIX alone can do: one blocking socket, or many in one epoll; one send, as few reads as there are arrivals, a parser that
// knows only what this server sends. No deadline, no limits, no resending. So this is the least that the kernel lets a call cost.
#include "calls.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {
namespace {

class plain_socket {
public:
    explicit plain_socket(std::uint16_t port = the_server().port()) : file_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        expect(::connect(file_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "no connection");
        int const on = 1;
        ::setsockopt(file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    plain_socket(plain_socket const&) = delete;
    plain_socket& operator=(plain_socket const&) = delete;
    ~plain_socket() { ::close(file_); }

    [[nodiscard]] int file() const noexcept { return file_; }
    void write(std::string_view bytes) { expect(::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()), "cannot send"); }
    std::size_t read(char* to, std::size_t size) {
        ssize_t const count = ::recv(file_, to, size, 0);
        expect(count > 0, "the connection has ended");
        return static_cast<std::size_t>(count);
    }

private:
    int file_;
};

class tls_socket {
public:
    tls_socket() : plain_(the_server().tls_port()), context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
        expect(SSL_CTX_load_verify_locations(context_, the_server().ca_file().c_str(), nullptr) == 1, "cannot read the certificate");
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, plain_.file());
        expect(SSL_connect(ssl_) == 1, "TLS failed");
    }
    tls_socket(tls_socket const&) = delete;
    tls_socket& operator=(tls_socket const&) = delete;
    ~tls_socket() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }

    void write(std::string_view bytes) { expect(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0, "cannot send"); }
    std::size_t read(char* to, std::size_t size) {
        int const count = SSL_read(ssl_, to, static_cast<int>(size));
        expect(count > 0, "the connection has ended");
        return static_cast<std::size_t>(count);
    }

private:
    plain_socket plain_;
    SSL_CTX* context_;
    SSL* ssl_;
};

template <class Socket>
class raw_client {
public:
    explicit raw_client(char const* target)
        : request_(std::string("GET ") + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: " + accept_value + "\r\n\r\n"), buffer_(64 * 1024, '\0') {}

    std::size_t call() {
        send();
        while (true)
            if (auto const size = receive()) return *size;
    }

    void send() {
        filled_ = 0;
        socket_.write(request_);
    }

    /// Reads once; gives the size of the body where the answer is whole.
    std::optional<std::size_t> receive() {
        filled_ += socket_.read(buffer_.data() + filled_, buffer_.size() - filled_);
        std::string_view const seen = std::string_view(buffer_).substr(0, filled_);
        std::size_t const end = seen.find("\r\n\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        std::string_view const head = seen.substr(0, end);
        std::size_t at = end + 4;
        body_.clear();
        if (std::size_t const found = head.find("Content-Length: "); found != std::string_view::npos) {
            std::size_t size = 0;
            std::from_chars(head.data() + found + 16, head.data() + head.size(), size);
            if (filled_ < at + size) return std::nullopt;
            body_.append(buffer_, at, size);
            return size;
        }
        // Nothing else ends so.
        if (!seen.ends_with("\r\n0\r\n\r\n")) return std::nullopt;
        while (true) {
            std::size_t const line = seen.find("\r\n", at);
            std::size_t size = 0;
            std::from_chars(buffer_.data() + at, buffer_.data() + line, size, 16);
            if (size == 0) return body_.size();
            body_.append(buffer_, line + 2, size);
            at = line + 4 + size;
        }
    }

    [[nodiscard]] int file() const noexcept { return socket_.file(); }

private:
    std::string request_;
    std::string buffer_;
    std::string body_;
    std::size_t filled_ = 0;
    Socket socket_;
};

/// As many calls at once as there are connections, in one epoll.
class loop_calls final : public calls {
public:
    loop_calls(char const* target, std::size_t expected, std::size_t at_once) : expected_(expected), epoll_(epoll_create1(0)), begun_(at_once) {
        for (std::size_t i = 0; i < at_once; ++i) {
            clients_.push_back(std::make_unique<raw_client<plain_socket>>(target));
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.u64 = i;
            expect(epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->file(), &wanted) == 0, "cannot watch a socket");
        }
    }
    loop_calls(loop_calls const&) = delete;
    loop_calls& operator=(loop_calls const&) = delete;
    ~loop_calls() override { ::close(epoll_); }

    void run(std::size_t times) override {
        std::size_t left = times;
        std::size_t in_flight = 0;
        auto const begin = [&](std::size_t which) {
            if (left == 0) return;
            --left;
            ++in_flight;
            begun_[which] = clock::now();
            clients_[which]->send();
        };
        for (std::size_t i = 0; i < clients_.size(); ++i) begin(i);
        while (in_flight != 0) {
            std::array<epoll_event, 128> events;
            int const count_of_events = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count_of_events; ++i) {
                auto const which = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
                auto const size = clients_[which]->receive();
                if (!size) continue;
                expect(*size == expected_, "an answer has the wrong size");
                count(begun_[which]);
                --in_flight;
                begin(which);
            }
        }
    }

private:
    std::size_t expected_;
    int epoll_;
    std::vector<clock::time_point> begun_;
    std::vector<std::unique_ptr<raw_client<plain_socket>>> clients_;
};

class cold_calls final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            expect(raw_client<plain_socket>(small_target).call() == small_size(), "an answer has the wrong size");
            count(begin);
        }
    }
};

std::unique_ptr<contestant> at_once(char const* target, std::size_t size) { return std::make_unique<loop_calls>(target, size, 64); }

template <class Socket>
std::unique_ptr<contestant> of(char const* target, std::size_t size) {
    return std::make_unique<calls_in_turn<raw_client<Socket>>>(size, target);
}

registration const registered[] = {
    registration("call-small", "raw-socket", [] { return of<plain_socket>(small_target, small_size()); }),
    registration("call-small-sized", "raw-socket", [] { return of<plain_socket>(small_sized_target, small_size()); }),
    registration("call-page", "raw-socket", [] { return of<plain_socket>(page_target, page_size()); }),
    registration("call-page-sized", "raw-socket", [] { return of<plain_socket>(page_sized_target, page_size()); }),
    registration("call-tls", "raw-socket", [] { return of<tls_socket>(small_target, small_size()); }),
    registration("call-small-64", "raw-socket", [] { return at_once(small_target, small_size()); }),
    registration("call-page-64", "raw-socket", [] { return at_once(page_target, page_size()); }),
    registration("cold-call", "raw-socket", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_calls>(); }),
};

}  // namespace
}  // namespace bench

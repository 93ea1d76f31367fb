// SPDX-License-Identifier: MIT
#include "server.hpp"

#include "recorded.hpp"

#include <umbraco_ai/testing/test_certificates.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;
using umbraco_ai::testing::test_authority;

std::string program_path;
int answer_delay = 0;

void demand(bool is_done, char const* what) {
    if (!is_done) throw std::runtime_error(std::string("the server of the benchmarks could not ") + what);
}

std::string with_length(std::string const& chunked, std::string const& body) {
    std::string made = chunked.substr(0, chunked.find("\r\n\r\n") + 2);
    std::string_view const coding = "Transfer-Encoding: chunked\r\n";
    made.erase(made.find(coding), coding.size());
    return made + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string plain_answer(int status, std::string const& body, bool closes = false) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json; charset=utf-8\r\n" + (closes ? "Connection: close\r\n" : "") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class connection {
public:
    connection(int socket, SSL_CTX* tls, bool is_doomed) : socket_(socket), is_doomed_(is_doomed) {
        if (tls == nullptr) return;
        ssl_ = SSL_new(tls);
        SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(ssl_);
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() {
        if (ssl_ != nullptr) SSL_free(ssl_);
        ::close(socket_);
    }

    [[nodiscard]] int socket() const noexcept { return socket_; }
    [[nodiscard]] bool is_doomed() const noexcept { return is_doomed_; }
    unsigned answers = 0;

    /// False at the end of the connection.
    bool receive() {
        char bytes[32 * 1024];
        ssize_t const count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count < 0) return errno == EAGAIN;
        if (count == 0) return false;
        if (ssl_ == nullptr) {
            in_.append(bytes, static_cast<std::size_t>(count));
            return true;
        }
        BIO_write(SSL_get_rbio(ssl_), bytes, static_cast<int>(count));
        while (true) {
            int const got = SSL_read(ssl_, bytes, sizeof bytes);
            if (got <= 0) break;
            in_.append(bytes, static_cast<std::size_t>(got));
        }
        return flush();
    }

    /// The head of the next request, once it is whole, and its body with it. It holds until the next one is asked for.
    std::optional<std::string_view> next_request() {
        in_.erase(0, std::exchange(taken_, 0));
        std::size_t const end = in_.find("\r\n\r\n");
        if (end == std::string::npos) return std::nullopt;
        std::string_view const head(in_.data(), end);
        std::size_t body = 0;
        std::size_t const length = head.find("Content-Length: ");
        if (length != std::string_view::npos) std::from_chars(head.data() + length + 16, head.data() + end, body);
        if (in_.size() < end + 4 + body) return std::nullopt;
        taken_ = end + 4 + body;
        return head;
    }

    /// False at the end of the connection.
    bool send(std::string_view bytes) {
        if (ssl_ == nullptr) return put(bytes);
        return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0 && flush();
    }

private:
    // What TLS wants to say.
    bool flush() {
        char* data = nullptr;
        long const size = BIO_get_mem_data(SSL_get_wbio(ssl_), &data);
        bool const is_open = size <= 0 || put(std::string_view(data, static_cast<std::size_t>(size)));
        static_cast<void>(BIO_reset(SSL_get_wbio(ssl_)));
        return is_open;
    }

    // Behind what the connection has not taken yet.
    bool put(std::string_view bytes) {
        if (!out_.empty()) {
            out_.append(bytes);
            bytes = out_;
        }
        ssize_t const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        bytes.remove_prefix(static_cast<std::size_t>((std::max)(sent, ssize_t(0))));
        // A copy of its own, since `bytes` may be a part of it.
        out_ = std::string(bytes);
        return true;
    }

    int socket_;
    bool is_doomed_;
    SSL* ssl_ = nullptr;
    std::string in_;
    std::size_t taken_ = 0;  ///< Of it, by the request that is being answered.
    std::string out_;
};

class serving {
public:
    explicit serving(int delay) : delay_(delay), epoll_(epoll_create1(0)) {
        demand(epoll_ >= 0, "make an epoll");
        for (std::string_view const name : {"small", "page"}) {
            std::string_view const file = name == "small" ? "056-get-minimal.http" : "232-list-250-default.http";
            std::string const chunked = recorded_response(file);
            answers_[std::string(name)] = chunked;
            answers_[std::string(name) + "-sized"] = with_length(chunked, recorded_body(file));
        }
        answers_["last"] = answers_["small"];
        answers_["last"].insert(answers_["last"].find("\r\n") + 2, "Connection: close\r\n");

        auto const identity = authority_.issue();
        tls_ = SSL_CTX_new(TLS_server_method());
        auto const certificate = umbraco_ai::testing::detail::certificate_from(identity.certificate);
        auto const key = umbraco_ai::testing::detail::key_from(identity.key);
        demand(SSL_CTX_use_certificate(tls_, certificate.get()) == 1 && SSL_CTX_use_PrivateKey(tls_, key.get()) == 1, "take its certificate");
        unsigned char const id = 1;
        SSL_CTX_set_session_id_context(tls_, &id, 1);

        plain_listener_ = listen();
        tls_listener_ = listen();
        watch(STDIN_FILENO);
    }
    serving(serving const&) = delete;
    serving& operator=(serving const&) = delete;
    ~serving() {
        open_.clear();
        SSL_CTX_free(tls_);
        for (int const file : {plain_listener_, tls_listener_, epoll_}) ::close(file);
    }

    void introduce() const {
        std::printf("%u %u\n%s.\n", port_of(plain_listener_), port_of(tls_listener_), authority_.pem().c_str());
        std::fflush(stdout);
    }

    void run() {
        std::vector<epoll_event> events(256);
        while (true) {
            int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), time_to_next());
            for (int i = 0; i < count; ++i) {
                int const file = events[static_cast<std::size_t>(i)].data.fd;
                if (file == STDIN_FILENO) return;
                if (file == plain_listener_ || file == tls_listener_) accept(file);
                else if (!attend(file)) at(file).reset();
            }
            answer_what_is_due();
        }
    }

private:
    class late_answer {
    public:
        late_answer(clock::time_point when, int to, std::string name) : due(when), file(to), target(std::move(name)) {}
        clock::time_point due;
        int file;
        std::string target;
    };

    int listen() {
        int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        demand(listener >= 0 && ::bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0 && ::listen(listener, 1024) == 0, "listen");
        watch(listener);
        return listener;
    }

    static unsigned port_of(int listener) {
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
        return ntohs(bound.sin_port);
    }

    void watch(int file) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = file;
        demand(epoll_ctl(epoll_, EPOLL_CTL_ADD, file, &event) == 0, "watch a socket");
    }

    void accept(int listener) {
        while (true) {
            int const file = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (file < 0) return;
            int const on = 1;
            setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (open_.size() <= static_cast<std::size_t>(file)) open_.resize(static_cast<std::size_t>(file) + 1);
            at(file) = std::make_unique<connection>(file, listener == tls_listener_ ? tls_ : nullptr, ++accepted_ % 50 == 0);
            watch(file);
        }
    }

    [[nodiscard]] std::unique_ptr<connection>& at(int file) { return open_[static_cast<std::size_t>(file)]; }

    /// False where the connection has ended.
    bool attend(int file) {
        if (at(file) == nullptr) return true;
        connection& one = *at(file);
        if (!one.receive()) return false;
        while (auto const head = one.next_request()) {
            std::size_t const begin = head->find(' ') + 1;
            std::string_view target = std::string_view(*head).substr(begin, head->find_first_of(" ?", begin) - begin);
            if (target.ends_with("/test")) target.remove_suffix(5);
            target.remove_prefix(target.rfind('/') + 1);
            if (delay_ == 0) {
                if (!answer(one, target)) return false;
            } else {
                late_.emplace_back(clock::now() + std::chrono::milliseconds(delay_), file, std::string(target));
            }
        }
        return true;
    }

    [[nodiscard]] int time_to_next() const {
        if (late_.empty()) return -1;
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(late_.front().due - clock::now());
        return static_cast<int>((std::max)(left.count(), std::chrono::milliseconds::rep(0)));
    }

    void answer_what_is_due() {
        while (!late_.empty() && late_.front().due <= clock::now()) {
            late_answer const next = std::move(late_.front());
            late_.pop_front();
            auto& found = at(next.file);
            if (found != nullptr && !answer(*found, next.target)) found.reset();
        }
    }

    /// False where it is the end of the connection.
    bool answer(connection& to, std::string_view target) {
        if (target == "never") return true;
        if (target == "soak-seen") return to.send(plain_answer(200, soak_seen_));
        if (target.starts_with("soak-")) return answer_soak(to, target.substr(5));
        auto const found = answers_.find(target);
        if (found == answers_.end()) return to.send(plain_answer(404, "{}"));
        return to.send(found->second) && target != "last";
    }

    // A connection ends after 200 answers, without a word of it; one in 50 ends instead of an answer. One answer in 100 is 503.
    // What was asked is remembered before all that.
    bool answer_soak(connection& to, std::string_view number) {
        std::size_t which = 0;
        std::from_chars(number.data(), number.data() + number.size(), which);
        if (soak_seen_.size() <= which) soak_seen_.resize(which + 1, '0');
        ++soak_seen_[which];
        bool const ends = ++to.answers == 200;
        if (ends && to.is_doomed()) return false;
        bool const fails = ++soak_answers_ % 100 == 0;
        return to.send(plain_answer(fails ? 503 : 200, fails ? "" : '"' + std::string(number) + '"')) && !ends;
    }

    int delay_;
    int epoll_;
    int plain_listener_ = -1;
    int tls_listener_ = -1;
    test_authority authority_{"Benchmarks"};
    SSL_CTX* tls_ = nullptr;
    std::map<std::string, std::string, std::less<>> answers_;
    std::vector<std::unique_ptr<connection>> open_;  ///< By the number of its socket.
    std::deque<late_answer> late_;
    std::string soak_seen_;
    std::size_t soak_answers_ = 0;
    unsigned accepted_ = 0;
};

}  // namespace

void prepare_server(char const* program, int delay) {
    program_path = program;
    answer_delay = delay;
}

server const& the_server() {
    static server const started(answer_delay);
    return started;
}

server::server(int delay) {
    int to_child[2];
    int from_child[2];
    demand(::pipe2(to_child, O_CLOEXEC) == 0 && ::pipe2(from_child, O_CLOEXEC) == 0, "make a pipe");
    std::string const delay_text = std::to_string(delay);
    process_ = ::fork();
    demand(process_ >= 0, "make a process");
    if (process_ == 0) {
        ::dup2(to_child[0], STDIN_FILENO);
        ::dup2(from_child[1], STDOUT_FILENO);
        ::execl(program_path.c_str(), program_path.c_str(), "serve", delay_text.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(to_child[0]);
    ::close(from_child[1]);
    pipe_ = to_child[1];
    std::string said;
    char bytes[4096];
    while (!said.ends_with(".\n")) {
        ssize_t const count = ::read(from_child[0], bytes, sizeof bytes);
        demand(count > 0, "start");
        said.append(bytes, static_cast<std::size_t>(count));
    }
    ::close(from_child[0]);
    char* rest = nullptr;
    port_ = static_cast<std::uint16_t>(std::strtoul(said.c_str(), &rest, 10));
    tls_port_ = static_cast<std::uint16_t>(std::strtoul(rest, &rest, 10));
    ca_pem_ = said.substr(said.find('\n') + 1);
    ca_pem_.resize(ca_pem_.size() - 2);
    static umbraco_ai::testing::temporary_file const file(ca_pem_);
    ca_file_ = file.path();
}

server::~server() {
    ::close(pipe_);
    ::waitpid(process_, nullptr, 0);
}

int serve(int delay) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serving all(delay);
    all.introduce();
    all.run();
    return 0;
}

}  // namespace bench

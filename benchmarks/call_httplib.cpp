// SPDX-License-Identifier: MIT
// cpp-httplib, after its manual: a client that keeps its connection, no-delay, 30 s for reading and writing.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>

#include "calls.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace bench {
namespace {

template <class Client>
class through_httplib {
public:
    explicit through_httplib(char const* target) : target_(target), client_("127.0.0.1", std::is_same_v<Client, httplib::SSLClient> ? the_server().tls_port() : the_server().port()) {
        client_.set_keep_alive(true);
        client_.set_tcp_nodelay(true);
        client_.set_read_timeout(30, 0);
        client_.set_write_timeout(30, 0);
        if constexpr (std::is_same_v<Client, httplib::SSLClient>) {
            client_.set_ca_cert_path(the_server().ca_file().c_str());
            client_.enable_server_certificate_verification(true);
        }
    }

    std::size_t call() {
        auto const answer = client_.Get(target_.c_str(), headers_);
        expect(answer && answer->status == 200, "cpp-httplib failed");
        return answer->body.size();
    }

private:
    std::string target_;
    httplib::Headers headers_ = {{"Accept", accept_value}};
    Client client_;
};

class cold_calls final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            expect(through_httplib<httplib::Client>(small_target).call() == small_size(), "an answer has the wrong size");
            count(begin);
        }
    }
};

template <class Client>
std::unique_ptr<contestant> of(char const* target, std::size_t size) {
    return std::make_unique<calls_in_turn<through_httplib<Client>>>(size, target);
}

registration const registered[] = {
    registration("call-small", "cpp-httplib", [] { return of<httplib::Client>(small_target, small_size()); }),
    registration("call-small-sized", "cpp-httplib", [] { return of<httplib::Client>(small_sized_target, small_size()); }),
    registration("call-page", "cpp-httplib", [] { return of<httplib::Client>(page_target, page_size()); }),
    registration("call-page-sized", "cpp-httplib", [] { return of<httplib::Client>(page_sized_target, page_size()); }),
    registration("call-tls", "cpp-httplib", [] { return of<httplib::SSLClient>(small_target, small_size()); }),
    registration("cold-call", "cpp-httplib", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_calls>(); }),
};

}  // namespace
}  // namespace bench

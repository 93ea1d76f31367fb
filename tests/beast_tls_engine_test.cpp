// SPDX-License-Identifier: MIT
#include <umbraco_ai/beast/detail/tls_engine.hpp>
#include <umbraco_ai/beast/detail/tls_peer.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/catch.hpp"

namespace {

using namespace umbraco_ai;
using detail::tls_engine;
using testing::test_certificate;
namespace asio = boost::asio;

struct free_openssl {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using context_ptr = std::unique_ptr<SSL_CTX, free_openssl>;

test_certificate const& identity() {
    static test_certificate const made = test_certificate::self_signed();
    return made;
}

/// The other side, whose bytes the test carries.
class server {
public:
    explicit server(int version) : context_(SSL_CTX_new(TLS_server_method())) {
        auto const certificate = testing::detail::certificate_from(identity().certificate);
        auto const key = testing::detail::key_from(identity().key);
        REQUIRE(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
        SSL_CTX_set_min_proto_version(context_.get(), version);
        SSL_CTX_set_max_proto_version(context_.get(), version);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(ssl_.get());
    }

    SSL* ssl() { return ssl_.get(); }
    void take(std::string_view bytes) { REQUIRE(BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size())); }
    std::string give() { return read_all([this](char* into, int size) { return BIO_read(SSL_get_wbio(ssl()), into, size); }); }
    std::string read() { return read_all([this](char* into, int size) { return SSL_read(ssl(), into, size); }); }
    void write(std::string_view text) { REQUIRE(SSL_write(ssl(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size())); }

private:
    template <class Read>
    static std::string read_all(Read read) {
        std::string all;
        std::array<char, 20'000> some{};
        for (int count = 0; (count = read(some.data(), static_cast<int>(some.size()))) > 0;) all.append(some.data(), static_cast<std::size_t>(count));
        return all;
    }

    context_ptr context_;
    std::unique_ptr<SSL, free_openssl> ssl_;
};

/// Takes what goes out, at most `piece` bytes at a time.
std::string drain(tls_engine& engine, std::size_t piece) {
    std::string all;
    while (true) {
        asio::const_buffer const data = asio::buffer(engine.outgoing(), piece);
        if (data.size() == 0) return all;
        all.append(static_cast<char const*>(data.data()), data.size());
        engine.gone(data.size());
    }
}

/// Delivers bytes, at most `piece` at a time, and reads after each.
std::string deliver(tls_engine& engine, std::string_view bytes, std::size_t piece) {
    std::string text;
    std::array<char, 4000> some{};
    while (!bytes.empty() && !engine.error()) {
        asio::mutable_buffer const room = engine.room();
        std::size_t const count = (std::min)({piece, bytes.size(), room.size()});
        REQUIRE(count != 0);
        std::memcpy(room.data(), bytes.data(), count);
        engine.arrived(count);
        bytes.remove_prefix(count);
        while (std::size_t const read = engine.decrypt(asio::buffer(some))) text.append(some.data(), read);
    }
    return text;
}

class session {
public:
    explicit session(int version, std::size_t piece = 100'000) : peer(version), engine(context_.get()), piece_(piece) {
        for (int turn = 0; turn < 100'000 && !(is_open_ && SSL_is_init_finished(peer.ssl())); ++turn) {
            tls_engine::progress const got = engine.handshake();
            REQUIRE(got != tls_engine::progress::failed);
            is_open_ = got == tls_engine::progress::done;
            peer.take(drain(engine, piece_));
            static_cast<void>(SSL_do_handshake(peer.ssl()));
            waiting_ += peer.give();
            std::size_t const count = (std::min)(piece_, waiting_.size());
            if (is_open_) continue;
            asio::mutable_buffer const room = engine.room();
            REQUIRE(room.size() >= count);
            std::memcpy(room.data(), waiting_.data(), count);
            engine.arrived(count);
            waiting_.erase(0, count);
        }
        REQUIRE(is_open_);
    }

    /// What the server has sent, as the client reads it.
    std::string receive() { return deliver(engine, std::exchange(waiting_, "") + peer.give(), piece_); }

    void send(std::string_view text) {
        while (!text.empty()) {
            text.remove_prefix(engine.encrypt(asio::buffer(text.data(), text.size())));
            REQUIRE_FALSE(engine.error());
            peer.take(drain(engine, piece_));
        }
    }

private:
    context_ptr context_{SSL_CTX_new(TLS_client_method())};

public:
    server peer;
    tls_engine engine;

private:
    std::size_t piece_;
    std::string waiting_;
    bool is_open_ = false;
};

std::string long_text(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
    return text;
}

}  // namespace

TEST_CASE("TLS passes texts both ways, however its bytes are cut") {
    for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{1460}, std::size_t{100'000}}) {
            CAPTURE(version, piece);
            session both(version, piece);
            for (std::size_t const size : {std::size_t{1}, std::size_t{300}, std::size_t{16'384}, std::size_t{70'000}}) {
                std::string const text = long_text(size);
                both.send(text);
                CHECK((both.peer.read() == text));
                both.peer.write(text);
                CHECK((both.receive() == text));
            }
        }
    }
}

TEST_CASE("records that have arrived together are read one by one, and then there is nothing") {
    session both(TLS1_3_VERSION);
    for (char const* text : {"one", "two", "three"}) both.peer.write(text);
    CHECK(both.receive() == "onetwothree");
    char byte = 0;
    CHECK(both.engine.decrypt(asio::buffer(&byte, 1)) == 0);
    CHECK_FALSE(both.engine.error());
    CHECK(both.engine.room().size() >= 17'000);
}

TEST_CASE("a text that finds no room is taken whole once there is some, and once only") {
    session both(TLS1_3_VERSION);
    std::string const text = long_text(200'000);
    std::string_view rest = text;
    std::size_t refusals = 0;
    std::string encrypted;
    while (!rest.empty()) {
        std::size_t const count = both.engine.encrypt(asio::buffer(rest.data(), rest.size()));
        REQUIRE_FALSE(both.engine.error());
        rest.remove_prefix(count);
        if (count != 0) continue;
        ++refusals;
        // Elsewhere by now, as a request that was given back and taken again.
        std::string const moved(rest);
        encrypted += drain(both.engine, 5'000);
        std::size_t const after = both.engine.encrypt(asio::buffer(moved.data(), moved.size()));
        CHECK(after != 0);
        rest.remove_prefix(after);
    }
    encrypted += drain(both.engine, 5'000);
    both.peer.take(encrypted);
    CHECK(refusals != 0);
    CHECK((both.peer.read() == text));
}

TEST_CASE("a server that changes its keys is followed, and answered with the next text") {
    session both(TLS1_3_VERSION);
    REQUIRE(SSL_key_update(both.peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
    both.peer.write("after");
    CHECK(both.receive() == "after");
    CHECK_FALSE(both.engine.error());
    both.send("still here");
    CHECK(both.peer.read() == "still here");
    both.peer.write("and here");
    CHECK(both.receive() == "and here");
}

TEST_CASE("replies that are not taken away end a connection rather than stop it") {
    session both(TLS1_3_VERSION);
    CHECK(both.receive().empty());
    for (int updates = 0; updates < 3'000 && !both.engine.error(); ++updates) {
        REQUIRE(SSL_key_update(both.peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        static_cast<void>(SSL_do_handshake(both.peer.ssl()));
        CHECK(both.receive().empty());
    }
    CHECK(both.engine.error());
}

TEST_CASE("a message that has arrived in part is not taken for silence") {
    session both(TLS1_3_VERSION);
    CHECK(both.receive().empty());
    CHECK(both.engine.is_between_messages());
    both.peer.write("whole");
    std::string const bytes = both.peer.give();
    CHECK(deliver(both.engine, bytes.substr(0, 3), 100).empty());
    CHECK_FALSE(both.engine.is_between_messages());
    CHECK(deliver(both.engine, bytes.substr(3), 100) == "whole");
    CHECK(both.engine.is_between_messages());
}

TEST_CASE("an end with a farewell is an end, and one without is a cut") {
    for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        session both(version);
        both.peer.write("last");
        CHECK(both.receive() == "last");
        CHECK(both.engine.meaning_of(asio::error::eof) == asio::ssl::error::stream_truncated);
        CHECK(both.engine.meaning_of(asio::error::connection_reset) == asio::error::connection_reset);
        both.peer.write("really last");
        static_cast<void>(SSL_shutdown(both.peer.ssl()));
        CHECK(both.receive() == "really last");
        CHECK(both.engine.error() == asio::error::eof);
        CHECK(both.engine.meaning_of(asio::error::eof) == asio::error::eof);
        CHECK(both.engine.encrypt(asio::buffer("x", 1)) == 0);
    }
}

TEST_CASE("the client says farewell too") {
    session both(TLS1_3_VERSION);
    both.engine.shut_down();
    both.peer.take(drain(both.engine, 100));
    CHECK(both.peer.read().empty());
    CHECK((SSL_get_shutdown(both.peer.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0);
}

TEST_CASE("a record that was changed on its way is an error that stays, and what stood before it is read") {
    session both(TLS1_3_VERSION);
    CHECK(both.receive().empty());
    both.peer.write("sound");
    std::string const bytes = both.peer.give();
    both.peer.write("changed");
    std::string changed = both.peer.give();
    changed.back() = static_cast<char>(changed.back() ^ 1);
    CHECK(deliver(both.engine, bytes + changed, 100'000) == "sound");
    boost::system::error_code const error = both.engine.error();
    CHECK(error.category() == asio::error::get_ssl_category());
    char byte = 0;
    CHECK(both.engine.decrypt(asio::buffer(&byte, 1)) == 0);
    CHECK(both.engine.encrypt(asio::buffer("x", 1)) == 0);
    CHECK(both.engine.error() == error);
    CHECK_FALSE(drain(both.engine, 100).empty());
}

TEST_CASE("an error that someone else left in OpenSSL's list is none of TLS") {
    session both(TLS1_3_VERSION);
    ERR_raise(ERR_LIB_USER, 1);
    char byte = 0;
    both.peer.write("fine");
    CHECK(both.receive() == "fine");
    ERR_raise(ERR_LIB_USER, 1);
    CHECK(both.engine.decrypt(asio::buffer(&byte, 1)) == 0);
    CHECK_FALSE(both.engine.error());
    ERR_clear_error();
}

TEST_CASE("of each origin the newest session is kept, and of many origins those that came last") {
    detail::tls_sessions kept;
    auto const session_of = [](long made) {
        detail::tls_sessions::session one(SSL_SESSION_new());
        SSL_SESSION_set_time(one.get(), made);
        return one;
    };
    auto const time_of = [&kept](std::string const& origin) {
        auto const found = kept.get(origin);
        return found ? static_cast<long>(SSL_SESSION_get_time(found.get())) : 0L;
    };
    CHECK(time_of("a") == 0);
    kept.put("a", session_of(1000).get());
    kept.put("b", session_of(2000).get());
    kept.put("a", session_of(3000).get());
    CHECK(time_of("a") == 3000);
    CHECK(time_of("b") == 2000);
    kept.forget("a");
    kept.forget("unknown");
    CHECK(time_of("a") == 0);
    CHECK(time_of("b") == 2000);
    kept.put("a", session_of(4000).get());
    CHECK(time_of("a") == 4000);

    for (int i = 0; i < 31; ++i) kept.put("other " + std::to_string(i), session_of(5000 + i).get());
    CHECK(time_of("a") == 0);
    CHECK(time_of("b") == 2000);
    CHECK(time_of("other 0") == 5000);
    CHECK(time_of("other 30") == 5030);
    kept.put("one more", session_of(6000).get());
    CHECK(time_of("b") == 0);
    CHECK(time_of("other 0") == 5000);
}

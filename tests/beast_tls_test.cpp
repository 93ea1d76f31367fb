// SPDX-License-Identifier: MIT
#include <umbraco_ai/beast/client.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/test_certificates.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace umbraco_ai;
using namespace std::chrono_literals;
using testing::certificate_terms;
using testing::loopback_options;
using testing::loopback_server;
using testing::raw_script;
using testing::raw_server;
using testing::raw_step;
using testing::server_request;
using testing::server_tls;
using testing::test_authority;
using testing::test_certificate;
using testing::tls_version;
namespace asio = boost::asio;

static_assert(!std::is_aggregate_v<tls_options> && !std::is_aggregate_v<transport_options> && !std::is_aggregate_v<server_tls>);

constexpr auto generous = 8s;

http_request request_to(http_origin origin, http_method method = http_method::get, std::string body = {}) {
    http_request made;
    made.method = method;
    made.origin = std::move(origin);
    made.target = "/umbraco/x";
    made.body = std::move(body);
    made.limits.time = generous;
    return made;
}

http_origin named(http_origin origin, std::string host) {
    origin.host = std::move(host);
    return origin;
}

std::string const ok_text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
raw_script const ok_script = {raw_step::read_request(), raw_step::send(ok_text), raw_step::stay_silent()};

http_response echo(server_request const& request) { return http_response(200, request.method + ' ' + request.body); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

test_authority const& authority() {
    static test_authority const made("Umbraco AI Test Authority");
    return made;
}

test_certificate const& good_certificate() {
    static test_certificate const made = authority().issue();
    return made;
}

tls_options trusting() { return tls_options().trust_ca_pem(authority().pem()); }

/// What comes of a GET to a server with this certificate; nothing may be received where it fails.
result<http_response> answer_from(server_tls const& tls, tls_options const& trust, std::string const& host = "127.0.0.1") {
    raw_server server({ok_script}, tls);
    blocking_transport transport{transport_options(trust)};
    auto const begin = std::chrono::steady_clock::now();
    result<http_response> answer = transport.send(request_to(named(server.origin(), host), http_method::put, "{}"));
    CHECK(std::chrono::steady_clock::now() - begin < generous);
    if (!answer) {
        CHECK(!answer.error().possibly_applied);
        CHECK(answer.error().who == fault::transport);
        CHECK(server.all_received().empty());
        INFO(answer.error().message);
        CHECK(answer.error().message.ends_with("."));
    }
    return answer;
}

void check_rejected(result<http_response> const& answer, std::vector<std::string> const& parts) {
    REQUIRE(!answer.has_value());
    INFO(answer.error());
    CHECK(answer.error().code == errc::certificate_rejected);
    for (std::string const& part : parts) {
        INFO(part);
        CHECK(contains(answer.error().message, part));
    }
}

/// The environment of one test.
class variable {
public:
    variable(char const* name, std::string const& value) : name_(name) {
        if (char const* const before = std::getenv(name)) before_ = before;
        ::setenv(name, value.c_str(), 1);
    }
    variable(variable const&) = delete;
    variable& operator=(variable const&) = delete;
    ~variable() {
        if (before_) ::setenv(name_, before_->c_str(), 1);
        else ::unsetenv(name_);
    }

private:
    char const* name_;
    std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a SHA-256 is read as people have it") {
    std::string const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    auto const expected = umbraco_ai::detail::parse_sha256(hex);
    REQUIRE(expected.has_value());
    CHECK(umbraco_ai::detail::hex_of(*expected) == hex);
    std::string colons;
    for (std::size_t i = 0; i < hex.size(); i += 2) colons += (i == 0 ? "" : ":") + hex.substr(i, 2);
    for (std::string const& text :
         {"sha256:" + hex, "SHA256:" + colons, colons, std::string("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
          std::string("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"), std::string("sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
          std::string("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), std::string("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"),
          std::string("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")}) {
        INFO(text);
        CHECK(umbraco_ai::detail::parse_sha256(text) == expected);
    }
    std::string const slashes = std::string(42, '/') + '8';
    for (std::string const prefix : {"", "sha256/", "sha256//"}) {
        CHECK(umbraco_ai::detail::parse_sha256(prefix + slashes + '=') == umbraco_ai::detail::parse_sha256(std::string(64, 'f')));
        CHECK(umbraco_ai::detail::parse_sha256(prefix + slashes).has_value());
    }
    for (std::string const& text : {std::string(), std::string("x"), hex.substr(1), hex + "0", hex.substr(1) + "g", std::string(43, '!'), std::string(43, '/'),
                                    std::string("sha256:"), std::string("sha256/"), std::string(44, '='), std::string(100, ':')}) {
        INFO(text);
        CHECK(!umbraco_ai::detail::parse_sha256(text));
    }
}

TEST_CASE("https works with a trusted authority, over one connection, whatever the body's size and the host's spelling") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    auto const host = GENERATE(as<std::string>(), "127.0.0.1", "localhost");
    loopback_server server(echo, loopback_options().with_tls(server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest)));
    blocking_transport transport{trusting()};
    for (std::size_t const size : {0U, 1U, 4096U, 16384U, 16385U, 1'000'000U}) {
        std::string const body(size, 'b');
        result<http_response> const answer = transport.send(request_to(named(server.origin(), host), http_method::put, body));
        INFO((answer ? std::string() : answer.error().to_string()));
        REQUIRE(answer.has_value());
        CHECK((answer->body == "PUT " + body));
    }
    CHECK(server.connections() == 1);
    CHECK(server.requests() == 6);
}

TEST_CASE("a client of either kind speaks https to the API") {
    testing::in_memory_api api(testing::dialect::observed);
    loopback_server server(api, loopback_options().with_tls(good_certificate()));
    CHECK(server.base_url().starts_with("https://127.0.0.1:"));
    blocking_client plain_code(server.base_url(), {}, {}, trusting());
    CHECK(plain_code.connections().list().has_value());

    asio::io_context io;
    beast_client coroutines(io, server.base_url(), {}, {}, trusting());
    bool is_listed = false;
    auto listing = coroutines.connections().list();
    asio::co_spawn(io, std::move(listing), [&](std::exception_ptr, auto answer) { is_listed = answer.has_value(); });
    io.run();
    CHECK(is_listed);
}

TEST_CASE("the host's name goes to the server in the handshake, an address does not, and a trailing dot is left out") {
    raw_server server({ok_script}, server_tls(good_certificate()));
    blocking_transport transport{trusting()};
    CHECK(transport.send(request_to(named(server.origin(), "localhost"))).has_value());
    CHECK(transport.send(request_to(named(server.origin(), "127.0.0.1"))).has_value());
    result<http_response> const dotted = transport.send(request_to(named(server.origin(), "localhost.")));
    CHECK(server.server_name(0) == "localhost");
    CHECK(server.server_name(1).empty());
    if (dotted) CHECK(server.server_name(2) == "localhost");
    else CHECK(dotted.error().code == errc::resolve_failed);
}

TEST_CASE("an authority is trusted from a file, and so is the server's own certificate") {
    testing::temporary_file const file(authority().pem());
    CHECK(answer_from(good_certificate(), tls_options().trust_ca_file(file.path())).has_value());
    CHECK(answer_from(good_certificate(), tls_options().trust_ca_pem(good_certificate().certificate)).has_value());
    test_certificate const own = test_certificate::self_signed();
    CHECK(answer_from(own, tls_options().trust_ca_pem(own.certificate)).has_value());
    check_rejected(answer_from(test_certificate::self_signed(), tls_options().trust_ca_pem(own.certificate)), {"self-signed"});
}

TEST_CASE("SSL_CERT_FILE names authorities") {
    testing::temporary_file const file(authority().pem());
    variable const set("SSL_CERT_FILE", file.path());
    CHECK(answer_from(good_certificate(), tls_options()).has_value());
    check_rejected(answer_from(test_authority("Nobody Knows").issue(), tls_options()), {"Nobody Knows", "Looked in: " + file.path()});
}

TEST_CASE("the folders of SSL_CERT_DIR are looked into one by one, and named so") {
    variable const file("SSL_CERT_FILE", "/no/such/file.pem");
    variable const folders("SSL_CERT_DIR", "/no/such/folder:/usr");
    check_rejected(answer_from(test_certificate::self_signed(), tls_options()), {"Looked in: /no/such/file.pem (nothing there), /no/such/folder (nothing there), /usr."});
}

TEST_CASE("a pinned certificate or key is accepted whoever signed it and whatever host it is for, and no other") {
    test_certificate const own = test_certificate::self_signed(certificate_terms({"elsewhere.example"}));
    CHECK(answer_from(own, tls_options().pin(own.sha256())).has_value());
    CHECK(answer_from(own, tls_options().pin(good_certificate().sha256()).pin(own.public_key_sha256())).has_value());
    result<http_response> const other = answer_from(good_certificate(), trusting().pin(own.sha256()));
    check_rejected(other, {"not the one that was pinned", good_certificate().sha256(), good_certificate().public_key_sha256()});
    test_certificate const old = test_certificate::self_signed(certificate_terms().valid(-48h, -24h));
    check_rejected(answer_from(old, tls_options().pin(old.sha256())), {"expired on 20"});
    test_certificate const early = test_certificate::self_signed(certificate_terms().valid(24h, 48h));
    check_rejected(answer_from(early, tls_options().pin(early.sha256())), {"not yet valid"});
}

TEST_CASE("a certificate that proves nothing is rejected with the reason and a way out") {
    check_rejected(answer_from(authority().issue(certificate_terms({"cms.example.com", "10.0.0.1"})), trusting()),
                   {"The certificate is for `cms.example.com`, `10.0.0.1`, not `127.0.0.1`"});
    check_rejected(answer_from(authority().issue(certificate_terms({"cms.example.com"})), trusting(), "localhost"),
                   {"The certificate is for `cms.example.com`, not `localhost`"});
    check_rejected(answer_from(authority().issue(certificate_terms({"a", "b", "c", "d", "e", "f"})), trusting(), "localhost"), {"`d` and 2 more"});
    check_rejected(answer_from(authority().issue(certificate_terms({"local*"})), trusting(), "localhost"), {"not `localhost`"});
    check_rejected(answer_from(authority().issue(certificate_terms().valid(-48h, -24h)), trusting()), {"expired on 20", "UTC"});
    check_rejected(answer_from(authority().issue(certificate_terms().valid(24h, 48h)), trusting()), {"not yet valid", "begins on 20"});
    check_rejected(answer_from(test_certificate::self_signed(), tls_options()), {"self-signed", "trust_ca_file(", "pin(", "Looked in: "});
    check_rejected(answer_from(good_certificate(), tls_options()),
                   {"`Umbraco AI Test Authority`, an authority this machine does not know", "trust_ca_file(", "pin(", "Looked in: "});
    check_rejected(answer_from(test_authority("Umbraco AI Test Authority").issue(), trusting()), {"not"});
}

TEST_CASE("a client whose server had no good TLS goes on once it has, and nothing is sent before") {
    struct row {
        char const* name;
        std::optional<server_tls> bad;  // nothing: the port speaks plain http
        errc code;
        std::string words;
    };
    auto const issued = [](certificate_terms const& terms) { return server_tls(authority().issue(terms)); };
    std::vector<row> const rows = {
        {"wrong host", issued(certificate_terms({"cms.example.com"})), errc::certificate_rejected, "for `cms.example.com`, not `127.0.0.1`"},
        {"expired", issued(certificate_terms().valid(-48h, -24h)), errc::certificate_rejected, "expired on"},
        {"not yet valid", issued(certificate_terms().valid(24h, 48h)), errc::certificate_rejected, "not yet valid"},
        {"self-signed", server_tls(test_certificate::self_signed()), errc::certificate_rejected, "self-signed"},
        {"unknown authority", server_tls(test_authority("Nobody Knows").issue()), errc::certificate_rejected, "`Nobody Knows`, an authority this machine does not know"},
        {"TLS 1.0", server_tls(good_certificate()).with_versions(tls_version::tls_1_0, tls_version::tls_1_0), errc::tls_failed, "no TLS 1.2 or newer"},
        {"TLS 1.1", server_tls(good_certificate()).with_versions(tls_version::tls_1_1, tls_version::tls_1_1), errc::tls_failed, "no TLS 1.2 or newer"},
        {"a client certificate is wanted", server_tls(good_certificate()).with_versions(tls_version::tls_1_2, tls_version::tls_1_2).demanding_client_certificate(), errc::tls_failed,
         "wants a certificate of the client"},
        {"no TLS at all", std::nullopt, errc::tls_failed, "does not speak TLS on this port"},
    };
    testing::in_memory_api api(testing::dialect::observed);
    for (row const& one : rows) {
        INFO(one.name);
        loopback_options options;
        if (one.bad) options.with_tls(*one.bad);
        auto broken = std::make_unique<loopback_server>(api, options);
        std::uint16_t const port = broken->port();
        client_options never_again;
        never_again.retry = retry_policy::none();
        never_again.timeout = generous;
        blocking_client cms("https://127.0.0.1:" + std::to_string(port), bearer_token("token-of-the-test"), never_again, trusting());
        for (int i = 0; i < 2; ++i) {
            auto const begin = std::chrono::steady_clock::now();
            auto const refused = cms.connections().create(connection_draft("a", "A", "openai"));
            CHECK(std::chrono::steady_clock::now() - begin < 4s);
            REQUIRE(!refused.has_value());
            INFO(refused.error());
            CHECK(refused.error().code == one.code);
            CHECK(contains(refused.error().message, one.words));
            CHECK(refused.error().attempts == 1);
            CHECK(!refused.error().possibly_applied);
        }
        CHECK(broken->requests() == 0);
        broken.reset();
        loopback_server mended(api, loopback_options().with_tls(good_certificate()).with_port(port));
        auto const listed = cms.connections().list();
        INFO((listed ? std::string() : listed.error().to_string()));
        CHECK(listed.has_value());
        CHECK(mended.requests() == 1);
    }
}

TEST_CASE("a handshake offers http/1.1 and no other protocol, and TLS 1.2 as the oldest version") {
    raw_server server({{raw_step::stay_silent()}});
    blocking_transport transport{trusting()};
    http_origin origin = named(server.origin(), "localhost");
    origin.tls = true;
    http_request request = request_to(origin);
    request.limits.time = 300ms;
    CHECK(!transport.send(std::move(request)).has_value());
    std::string const hello = server.received(0);
    // RFC 7301: the length of the list, of its only name, and the name.
    CHECK(contains(hello, std::string_view("\x00\x10\x00\x0b\x00\x09\x08http/1.1", 15)));
    CHECK(contains(hello, "localhost"));
    // RFC 8446, 4.2.1: TLS 1.3 and 1.2.
    CHECK(contains(hello, std::string_view("\x00\x2b\x00\x05\x04\x03\x04\x03\x03", 9)));
}

TEST_CASE("a wildcard stands for one whole label") {
    test_certificate const wild = authority().issue(certificate_terms({"*.example.com"}));
    check_rejected(answer_from(wild, trusting(), "localhost"), {"`*.example.com`"});
    raw_server server({ok_script}, server_tls(wild));
    for (auto const& [host, is_accepted] : {std::pair(std::string("cms.example.com"), true), std::pair(std::string("CMS.Example.Com"), true),
                                            std::pair(std::string("example.com"), false), std::pair(std::string("a.cms.example.com"), false)}) {
        INFO(host);
        asio::io_context io;
        asio::use_service<umbraco_ai::detail::lookup_service>(io).queue()->set_source(
            [](std::string const&, std::uint16_t port, boost::system::error_code&) {
                return umbraco_ai::detail::endpoint_list{asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port)};
            });
        beast_transport transport(io, transport_options(trusting()));
        std::optional<result<http_response>> answer;
        auto sending = transport.send(request_to(named(server.origin(), host)));
        asio::co_spawn(io, std::move(sending), [&](std::exception_ptr, result<http_response> given) { answer = std::move(given); });
        io.run();
        REQUIRE(answer.has_value());
        if (is_accepted) CHECK(answer->has_value());
        else check_rejected(*answer, {"`*.example.com`", "not `" + host + "`"});
    }
}

TEST_CASE("names in a certificate are shown bounded and without control bytes") {
    auto const answer = answer_from(authority().issue(certificate_terms({std::string(60, 'x') + "." + std::string(60, 'y') + ".example"})), trusting(), "localhost");
    check_rejected(answer, {"..."});
    CHECK(umbraco_ai::detail::certificate_words("a\r\nb`c\x1b") == "a??b?c?");
}

TEST_CASE("options that cannot hold are told by the first call, and plain http does not mind them") {
    raw_server server({ok_script}, server_tls(good_certificate()));
    raw_server plain({ok_script});
    testing::temporary_file const empty("no certificate");
    auto const code_at = [&](tls_options const& options, std::string const& field) {
        blocking_transport transport{transport_options(options)};
        result<http_response> const answer = transport.send(request_to(server.origin()));
        REQUIRE(!answer.has_value());
        CHECK(answer.error().code == errc::invalid_argument);
        CHECK(answer.error().who == fault::usage);
        CHECK(answer.error().field == field);
        CHECK(transport.send(request_to(plain.origin())).has_value());
    };
    code_at(tls_options().pin("abc"), "pin");
    code_at(tls_options().trust_ca_file("/no/such/file.pem"), "trust_ca_file");
    code_at(tls_options().trust_ca_file(empty.path()), "trust_ca_file");
    code_at(tls_options().trust_ca_pem("rubbish"), "trust_ca_pem");
    CHECK(server.accepted() == 0);
}

TEST_CASE("verification can be switched off for this machine, and for no other") {
    auto const careless = tls_options().dangerously_accept_any_certificate_on_loopback();
    auto const broken = GENERATE(as<certificate_terms>(), certificate_terms({"elsewhere"}), certificate_terms().valid(-48h, -24h));
    CHECK(answer_from(test_certificate::self_signed(broken), careless).has_value());
    CHECK(answer_from(test_certificate::self_signed(broken), careless, "localhost").has_value());
    blocking_transport transport{careless};
    for (std::string const host : {"localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "example.com"}) {
        result<http_response> const answer = transport.send(request_to(http_origin(true, host, 443)));
        REQUIRE(!answer.has_value());
        CHECK(answer.error().code == errc::invalid_argument);
        CHECK(answer.error().field == "dangerously_accept_any_certificate_on_loopback");
    }
}

TEST_CASE("a server that offers only old TLS is named so") {
    for (auto const newest : {tls_version::tls_1_0, tls_version::tls_1_1}) {
        auto const answer = answer_from(server_tls(good_certificate()).with_versions(tls_version::tls_1_0, newest), trusting());
        REQUIRE(!answer.has_value());
        INFO(answer.error());
        CHECK(answer.error().code == errc::tls_failed);
        CHECK(contains(answer.error().message, "no TLS 1.2 or newer"));
    }
}

TEST_CASE("a server that speaks no TLS is named so") {
    auto const words = GENERATE(as<std::string>(), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                "220 mail.example.com ESMTP\r\n", "<html></html>");
    raw_server server({{raw_step::send(words), raw_step::stay_silent()}});
    blocking_transport transport;
    http_origin origin = server.origin();
    origin.tls = true;
    auto const answer = transport.send(request_to(origin, http_method::put));
    REQUIRE(!answer.has_value());
    INFO(answer.error());
    CHECK(answer.error().code == errc::tls_failed);
    CHECK(contains(answer.error().message, "does not speak TLS on this port"));
    CHECK(!answer.error().possibly_applied);
}

TEST_CASE("a connection that ends during the handshake, or says nothing, is a failure in time") {
    struct row {
        raw_script script;
        errc code;
    };
    auto const expected = GENERATE(row{{raw_step::read_bytes(1), raw_step::close()}, errc::connection_closed},
                                   row{{raw_step::close()}, errc::connection_closed}, row{{raw_step::pause(20ms), raw_step::reset()}, errc::connection_closed},
                                   row{{raw_step::stay_silent()}, errc::deadline_exceeded});
    raw_server server({expected.script});
    // With a pin no authorities are read, which takes longer than the call may.
    blocking_transport transport{tls_options().pin(good_certificate().sha256())};
    http_origin origin = server.origin();
    origin.tls = true;
    http_request request = request_to(origin, http_method::put);
    if (expected.code == errc::deadline_exceeded) request.limits.time = 150ms;
    auto const answer = transport.send(std::move(request));
    REQUIRE(!answer.has_value());
    INFO(answer.error());
    CHECK(answer.error().code == expected.code);
    CHECK(contains(answer.error().message, "TLS"));
    CHECK(!answer.error().possibly_applied);
}

TEST_CASE("http to a TLS port is not waited for") {
    raw_server server({ok_script}, server_tls(good_certificate()));
    blocking_transport transport;
    http_origin origin = server.origin();
    origin.tls = false;
    auto const begin = std::chrono::steady_clock::now();
    auto const answer = transport.send(request_to(origin));
    CHECK(std::chrono::steady_clock::now() - begin < generous);
    REQUIRE(!answer.has_value());
    CHECK((answer.error().code == errc::malformed_response || answer.error().code == errc::connection_closed));
}

TEST_CASE("a server that wants a client certificate is named so") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    raw_server server({ok_script}, server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest).demanding_client_certificate());
    blocking_transport transport{trusting()};
    auto const answer = transport.send(request_to(server.origin(), http_method::put, "{}"));
    REQUIRE(!answer.has_value());
    INFO(answer.error());
    CHECK(contains(answer.error().message, "certificate"));
    CHECK(answer.error().who == fault::transport);
    // With TLS 1.3 the refusal may be lost in a reset, as the request is already on its way.
    if (newest == tls_version::tls_1_2) CHECK(answer.error().code == errc::tls_failed);
    else CHECK((answer.error().code == errc::tls_failed || answer.error().code == errc::connection_closed));
    CHECK(server.all_received().empty());
}

TEST_CASE("a server that merely asks for a client certificate has read the request, whatever breaks TLS afterwards") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    raw_script const broken = {raw_step::read_request(), raw_step::send_beneath_tls("neither an alert nor a record"), raw_step::stay_silent()};
    raw_server server({broken}, server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest).asking_for_client_certificate());
    blocking_transport transport{trusting()};
    auto const answer = transport.send(request_to(server.origin(), http_method::put, "{}"));
    REQUIRE(!answer.has_value());
    INFO(answer.error());
    CHECK(answer.error().code == errc::tls_failed);
    CHECK(answer.error().possibly_applied);
    CHECK(server.accepted() == 1);
    CHECK(contains(server.all_received(), "PUT "));
}

TEST_CASE("sessions are resumed by later connections, with either version of TLS") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    auto const ending = GENERATE(0, 1);
    server_tls const tls = server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest);
    raw_script once = {raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
                       ending == 0 ? raw_step::close() : raw_step::truncate()};
    raw_server server({once}, tls);
    blocking_transport transport{trusting()};
    for (int i = 0; i < 4; ++i) CHECK(transport.send(request_to(server.origin())).has_value());
    CHECK(server.accepted() == 4);
    CHECK(server.resumed() == 3);
    // Another name is another server.
    CHECK(transport.send(request_to(named(server.origin(), "localhost"))).has_value());
    CHECK(server.resumed() == 3);
    // And another transport trusts for itself.
    blocking_transport another;
    CHECK(!another.send(request_to(server.origin())).has_value());
}

TEST_CASE("of calls at once that connect anew each time, nearly all resume a session") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    raw_script const once = {raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
                             raw_step::close()};
    raw_server server({once}, server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest));
    asio::io_context context;
    beast_transport transport(context, trusting());
    constexpr std::size_t at_once = 8;
    constexpr std::size_t each = 25;
    std::size_t answered = 0;
    auto const caller = [&]() -> asio::awaitable<void> {
        for (std::size_t i = 0; i < each; ++i) {
            auto const answer = co_await transport.send(request_to(server.origin()));
            answered += answer.has_value() ? 1 : 0;
        }
    };
    for (std::size_t i = 0; i < at_once; ++i) asio::co_spawn(context, caller(), asio::detached);
    context.run();
    CHECK(answered == at_once * each);
    CHECK(server.accepted() == at_once * each);
    std::size_t const reconnected = server.accepted() - at_once;
    CAPTURE(server.resumed(), reconnected);
    CHECK(server.resumed() * 100 >= reconnected * 95);
}

TEST_CASE("a server that has forgotten a session is negotiated with anew") {
    std::uint16_t port = 0;
    blocking_transport transport{trusting()};
    raw_script const once = {raw_step::read_request(), raw_step::send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
                             raw_step::close()};
    raw_server first({once}, server_tls(good_certificate()));
    raw_server second({once}, server_tls(good_certificate()));
    port = second.port();
    CHECK(transport.send(request_to(first.origin())).has_value());
    CHECK(transport.send(request_to(http_origin(true, "127.0.0.1", port))).has_value());
    CHECK(second.resumed() == 0);
}

TEST_CASE("session tickets do not make an idle connection look alive with words") {
    loopback_server server(echo, loopback_options().with_tls(good_certificate()));
    blocking_transport transport{trusting()};
    for (int i = 0; i < 50; ++i) {
        auto const answer = transport.send(request_to(server.origin(), i % 2 == 0 ? http_method::get : http_method::put, "x"));
        REQUIRE(answer.has_value());
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("an idle TLS connection that was closed, cut or spoken on is not used") {
    auto const ending = GENERATE(raw_script{raw_step::close()}, raw_script{raw_step::truncate()}, raw_script{raw_step::reset()},
                                 raw_script{raw_step::send("stray"), raw_step::close()}, raw_script{raw_step::send("stray"), raw_step::truncate()});
    raw_script first = {raw_step::read_request(), raw_step::send(ok_text)};
    first.insert(first.end(), ending.begin(), ending.end());
    raw_server server({first, ok_script}, server_tls(good_certificate()));
    blocking_transport transport{trusting()};
    REQUIRE(transport.send(request_to(server.origin())).has_value());
    REQUIRE(server.wait_until_finished(1));
    CHECK(transport.send(request_to(server.origin(), http_method::put, "{}")).has_value());
    CHECK(server.connections() == 2);
}

TEST_CASE("an answer without a length over TLS is whole only with a farewell") {
    for (std::string const text : {"HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"}) {
        for (auto const& last : {raw_step::close(), raw_step::truncate(), raw_step::reset()}) {
            raw_server server({{raw_step::read_request(), raw_step::send(text), last}, ok_script}, server_tls(good_certificate()));
            blocking_transport transport{trusting()};
            auto const answer = transport.send(request_to(server.origin()));
            bool const is_whole = last.what == testing::raw_action::close && !contains(text, "9");
            CHECK(answer.has_value() == is_whole);
            if (!answer) CHECK(answer.error().code == errc::connection_closed);
            CHECK(transport.send(request_to(server.origin())).has_value());
        }
    }
}

TEST_CASE("a large answer and a large request cross TLS while either side is slow") {
    loopback_server server([](server_request const& request) { return http_response(200, std::string(5'000'000, 'y') + request.body); },
                           loopback_options().with_tls(good_certificate()));
    blocking_transport transport{trusting()};
    auto const answer = transport.send(request_to(server.origin(), http_method::put, std::string(2'000'000, 'x')));
    REQUIRE(answer.has_value());
    CHECK(answer->body.size() == 7'000'000);
}

TEST_CASE("an early answer over TLS is believed, and tickets are none") {
    auto const newest = GENERATE(tls_version::tls_1_2, tls_version::tls_1_3);
    std::string const refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    raw_server server({{raw_step::read_header(), raw_step::send(refusal), raw_step::stay_silent()}, ok_script},
                      server_tls(good_certificate()).with_versions(tls_version::tls_1_2, newest));
    blocking_transport transport{trusting()};
    auto const answer = transport.send(request_to(server.origin(), http_method::post, std::string(30'000'000, 'x')));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 413);
    CHECK(transport.send(request_to(server.origin())).has_value());
}

TEST_CASE("a server that asks for a new handshake in the middle gets none, and its answer is taken") {
    auto const method = GENERATE(http_method::get, http_method::put);
    raw_server server({{raw_step::read_request(), raw_step::renegotiate(), raw_step::send(ok_text), raw_step::close()}, ok_script},
                      server_tls(good_certificate()).with_versions(tls_version::tls_1_2, tls_version::tls_1_2));
    blocking_transport transport{trusting()};
    auto const begin = std::chrono::steady_clock::now();
    auto const answer = transport.send(request_to(server.origin(), method, method == http_method::put ? "{}" : ""));
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
    INFO((answer ? std::string() : answer.error().to_string()));
    REQUIRE(answer.has_value());
    CHECK(answer->body == "ok");
    CHECK(server.all_received().find(" HTTP/1.1") == server.all_received().rfind(" HTTP/1.1"));
    CHECK(transport.send(request_to(server.origin())).has_value());
    CHECK(server.accepted() == 2);
}

TEST_CASE("a server that waits for the answer to its wish for a new handshake hears that there is none") {
    auto const method = GENERATE(http_method::get, http_method::put);
    raw_server server({{raw_step::read_request(), raw_step::renegotiate(), raw_step::read_bytes(1), raw_step::close()}, ok_script},
                      server_tls(good_certificate()).with_versions(tls_version::tls_1_2, tls_version::tls_1_2));
    blocking_transport transport{trusting()};
    auto const begin = std::chrono::steady_clock::now();
    auto const answer = transport.send(request_to(server.origin(), method, method == http_method::put ? "{}" : ""));
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
    REQUIRE_FALSE(answer.has_value());
    INFO(answer.error().to_string());
    CHECK(answer.error().possibly_applied == (method == http_method::put));
    CHECK(answer.error().who != fault::timeout);
    CHECK(transport.send(request_to(server.origin())).has_value());
}

TEST_CASE("calls in company over TLS find the answer that has come meanwhile, and the one that comes later") {
    raw_script script;
    for (int round = 0; round < 6; ++round) {
        script.push_back(raw_step::read_request());
        if (round % 2 == 1) script.push_back(raw_step::pause(20ms));
        script.push_back(raw_step::send(ok_text));
    }
    script.push_back(raw_step::stay_silent());
    raw_server server({script}, server_tls(good_certificate()));
    asio::io_context context;
    beast_transport transport(context, transport_options(trusting()));
    for (int round = 0; round < 6; ++round) {
        int answered = 0;
        for (int i = 0; i < 3; ++i) {
            asio::co_spawn(context, transport.send(request_to(server.origin())), [&](std::exception_ptr, result<http_response> answer) {
                answered += answer.has_value() && answer->body == "ok" ? 1 : 0;
            });
        }
        if (round % 2 == 0) asio::post(context, [] { std::this_thread::sleep_for(10ms); });
        context.restart();
        context.run();
        CHECK(answered == 3);
    }
    CHECK(server.connections() == 3);
}

TEST_CASE("a server that never says farewell delays nothing") {
    raw_server server({ok_script}, server_tls(good_certificate()));
    auto const begin = std::chrono::steady_clock::now();
    {
        blocking_transport transport{trusting()};
        http_request request = request_to(server.origin());
        request.headers.add("Connection", "close");
        CHECK(transport.send(std::move(request)).has_value());
        CHECK(transport.send(request_to(server.origin())).has_value());
    }
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    CHECK(server.wait_until_finished(2));
}

TEST_CASE("a transport with TLS may be shared by threads, its context and its sessions too", "[threads]") {
    loopback_server server(echo, loopback_options().with_tls(good_certificate()).with_requests_each(3));
    asio::thread_pool pool(3);
    beast_transport transport(pool.get_executor(), trusting());
    std::atomic<int> answered = 0;
    constexpr int calls = 60;
    for (int i = 0; i < calls; ++i)
        asio::co_spawn(asio::make_strand(pool), transport.send(request_to(server.origin())),
                       [&](std::exception_ptr, result<http_response> answer) { answered += answer.has_value() ? 1 : 0; });
    pool.join();
    CHECK(answered == calls);
}

// SPDX-License-Identifier: MIT
// The same by hand, after Beast's examples: a GET over TCP or TLS with deadlines, a bearer token, a bound on the answer, a second
// try on a new connection, and the answer read into a struct with nlohmann/json.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/version.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

struct connection {
    std::string id, alias, name, provider_id;
    bool is_active = true;
    std::map<std::string, nlohmann::json> settings;
};

void from_json(nlohmann::json const& json, connection& into) {
    json.at("id").get_to(into.id);
    json.at("alias").get_to(into.alias);
    json.at("name").get_to(into.name);
    json.at("providerId").get_to(into.provider_id);
    json.at("isActive").get_to(into.is_active);
    if (!json.at("settings").is_null()) json.at("settings").get_to(into.settings);
}

template <class Stream>
asio::awaitable<http::response<http::string_body>> ask(Stream& stream, http::request<http::empty_body> const& request) {
    beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(30));
    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(8 * 1024 * 1024);
    co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
    co_return parser.release();
}

asio::awaitable<connection> get(asio::io_context& io, asio::ssl::context& tls, bool is_tls, std::string host, std::string port, std::string target) {
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, host);
    request.set(http::field::accept, "application/json");
    request.set(http::field::authorization, "Bearer token");
    for (int attempt = 0;; ++attempt) {
        std::optional<http::response<http::string_body>> response;
        try {
            asio::ip::tcp::resolver resolver(io);
            auto const addresses = co_await resolver.async_resolve(host, port, asio::use_awaitable);
            if (is_tls) {
                beast::ssl_stream<beast::tcp_stream> stream(io, tls);
                if (SSL_set_tlsext_host_name(stream.native_handle(), host.c_str()) != 1) throw std::runtime_error("SNI");
                stream.set_verify_callback(asio::ssl::host_name_verification(host));
                beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(30));
                co_await beast::get_lowest_layer(stream).async_connect(addresses, asio::use_awaitable);
                beast::get_lowest_layer(stream).socket().set_option(asio::ip::tcp::no_delay(true));
                co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
                response = co_await ask(stream, request);
            } else {
                beast::tcp_stream stream(io);
                stream.expires_after(std::chrono::seconds(30));
                co_await stream.async_connect(addresses, asio::use_awaitable);
                stream.socket().set_option(asio::ip::tcp::no_delay(true));
                response = co_await ask(stream, request);
            }
        } catch (boost::system::system_error const&) {
            if (attempt == 1) throw;
            continue;
        }
        if (response->result() != http::status::ok) throw std::runtime_error("status");
        co_return nlohmann::json::parse(response->body()).get<connection>();
    }
}

asio::awaitable<void> show(asio::io_context& io, asio::ssl::context& tls, std::string host) {
    connection const found = co_await get(io, tls, true, host, "443", "/umbraco/ai/management/api/v1/connections/openai-prod");
    std::printf("%s\n", found.name.c_str());
}

int main(int count, char** values) {
    if (count < 2) return 2;
    asio::io_context io;
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_default_verify_paths();
    tls.set_verify_mode(asio::ssl::verify_peer);
    asio::co_spawn(io, show(io, tls, values[1]), [](std::exception_ptr thrown) {
        if (thrown) std::printf("failed\n");
    });
    io.run();
}

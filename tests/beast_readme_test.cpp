// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <umbraco_ai/testing.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <iostream>
#include <sstream>

// The README's examples, as they stand there.

#include <umbraco_ai/umbraco_ai.hpp>
namespace ai = umbraco_ai;

boost::asio::awaitable<void> activate(ai::beast_client& cms) {
    ai::connection_draft draft("openai-prod", "OpenAI Production", "openai");
    draft.settings = {{"apiKey", ai::config_reference("OpenAI:ApiKey")}};

    auto made = co_await cms.connections().create(std::move(draft));
    if (!made) { std::cerr << made.error() << '\n'; co_return; }

    auto verdict = co_await cms.connections().test(made->id);
    auto models  = co_await cms.connections().models("openai-prod");
}

namespace {

class my_transport {
public:
    my_transport() = default;
    ai::result<ai::http_response> send(ai::http_request) {
        return ai::http_response(200, R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"n",
            "providerId":"openai","isActive":true,"settings":null})");
    }
};

// What a blocking client prints in the README, caught here.
class coverage_of_cout {
public:
    coverage_of_cout() : before_(std::cout.rdbuf(text_.rdbuf())) {}
    coverage_of_cout(coverage_of_cout const&) = delete;
    coverage_of_cout& operator=(coverage_of_cout const&) = delete;
    ~coverage_of_cout() { std::cout.rdbuf(before_); }
    [[nodiscard]] std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    std::streambuf* before_;
};

constexpr char const* site_token = "a-token-of-this-test";

ai::testing::in_memory_options with_token() {
    ai::testing::in_memory_options options;
    options.token = site_token;
    return options;
}

}  // namespace

TEST_CASE("the README's coroutine creates, tests and lists models over TCP", "[readme]") {
    for (auto const dialect : {ai::testing::dialect::documented, ai::testing::dialect::observed}) {
        ai::testing::in_memory_api site(dialect, with_token());
        site.add_configuration("OpenAI:ApiKey");
        ai::testing::loopback_server server(site);
        boost::asio::io_context io;
        ai::beast_client cms(io, server.base_url(), ai::bearer_token(std::string(site_token)));
        boost::asio::co_spawn(io, activate(cms), boost::asio::detached);
        io.run();
        CHECK(server.requests() == 3);
        CHECK(site.find("openai-prod").has_value());
    }
}

TEST_CASE("the README's loop over a temporary page reads no dead memory", "[readme]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed, with_token());
    ai::testing::loopback_server server(site);
    std::string const token = site_token;
    {
        ai::blocking_client cms(server.base_url(), ai::bearer_token(token));
        REQUIRE(cms.connections().create(ai::connection_draft("first-of-all-the-connections", "First", "openai")));
    }
    auto const run = [&](std::string_view url) {
        coverage_of_cout const caught;
        // The README names https://cms.example.com; the line below it is the README's own.
        ai::blocking_client cms(url, ai::bearer_token(token));
        for (auto const& c : cms.connections().list().value().items) std::cout << c.alias << '\n';   // the first page
        return caught.text();
    };
    CHECK(run(server.base_url()) == "first-of-all-the-connections\n");
}

// Not run, since there is no such server.
[[maybe_unused]] static void list_over_tls(std::string const& token) {
    ai::blocking_client cms("https://cms.example.com", ai::bearer_token(token));
    for (auto const& c : cms.connections().list().value().items) std::cout << c.alias << '\n';   // the first page
}

TEST_CASE("the README's API user over TLS says what is wrong with the certificate file", "[readme]") {
    std::string const password = "not-a-password";
    ai::tls_options trust;
    trust.trust_ca_file("dev-certificate.pem");
    ai::blocking_client cms("https://localhost:44331", ai::client_credentials("umbraco-back-office-deploy", ai::secret(password)), {}, trust);
    auto const answer = cms.connections().list();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("dev-certificate.pem") != std::string::npos);
}

TEST_CASE("the README's changes change one thing", "[readme]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    ai::client cms(site, "https://cms.example.com");
    ai::connection_draft draft("openai-prod", "OpenAI", "openai");
    draft.settings = ai::openai_settings(ai::secret("a-key-of-this-test"));
    REQUIRE(cms.connections().create(draft));
    auto renamed = cms.connections().rename("openai-prod", "OpenAI, Europe");
    auto done    = cms.connections().modify("openai-prod", [](ai::connection& c) { c.settings.set("endpoint", "https://eu.api.openai.com/v1"); });
    auto wanted  = cms.connections().ensure(draft);
    REQUIRE(renamed);
    CHECK(renamed->after.name == "OpenAI, Europe");
    REQUIRE(done);
    CHECK(site.find("openai-prod")->settings == R"({"apiKey":"a-key-of-this-test","endpoint":"https://eu.api.openai.com/v1"})");
    REQUIRE(wanted);
    CHECK(wanted->outcome == ai::ensure_outcome::changed);
    CHECK(cms.connections().ensure(draft)->outcome == ai::ensure_outcome::unchanged);
}

TEST_CASE("the README's own transport is a transport", "[readme]") {
    my_transport t;
    auto r = ai::client(t, "https://cms.example.com").call(ai::connections::get("openai-prod"));
    REQUIRE(r);
    CHECK(r->alias == "openai-prod");
}

TEST_CASE("the README's request and answer need no transport", "[readme]") {
    ai::http_response const response = my_transport().send({}).value();
    auto request = ai::build_request(ai::connections::get("openai-prod"));
    auto answer  = ai::decode<ai::connections::get>(response);
    REQUIRE(request);
    CHECK(request->target == "/umbraco/ai/management/api/v1/connections/openai-prod");
    REQUIRE(answer);
    CHECK(answer->name == "n");
}

TEST_CASE("the README's endpoint of the user's own works beside the library's", "[readme]") {
    ai::testing::in_memory_api site(ai::testing::dialect::observed);
    ai::client cms(site, "https://cms.example.com");
    auto made = cms.connections().create(ai::connection_draft("openai-dev", "OpenAI", "openai"));
    REQUIRE(made);

    using exists = ai::endpoint<"GET /connections/{idOrAlias}/exists", ai::path<ai::id_or_alias>, ai::returns<bool>>;

    ai::result<bool> taken = cms.call(exists("openai-prod"));
    REQUIRE(taken);
    CHECK_FALSE(*taken);
    CHECK(cms.call(exists("openai-dev")).value());
}

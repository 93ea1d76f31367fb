// SPDX-License-Identifier: MIT
// A program whose one source file knows the client, and whose other compiles it.
#include <umbraco_ai/beast/compiled_client.hpp>

#include <chrono>

#if defined(BOOST_CONFIG_HPP) || defined(BOOST_VERSION) || defined(OPENSSL_VERSION_TEXT)
#error "compiled_client.hpp brings Boost or OpenSSL"
#endif

int main() {
    namespace ai = umbraco_ai;
    ai::client_options options;
    options.timeout = std::chrono::seconds(5);
    options.retry = ai::retry_policy::none();
    // Nobody listens on the discard port of this machine.
    ai::compiled_client cms("http://127.0.0.1:9", ai::bearer_token("token"), options);
    auto const found = cms.connections().get("openai-prod");
    return !found && found.error().code == ai::errc::connect_failed ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// A one-file program of a user's: the whole client.
#include <umbraco_ai/umbraco_ai.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>

namespace ai = umbraco_ai;

boost::asio::awaitable<void> show(ai::beast_client& cms) {
    auto const found = co_await cms.connections().get("openai-prod");
    if (found) std::printf("%s\n", found->name.c_str());
}

int main(int count, char** values) {
    if (count < 2) return 2;
    boost::asio::io_context io;
    ai::beast_client cms(io, values[1], ai::bearer_token("token"));
    boost::asio::co_spawn(io, show(cms), boost::asio::detached);
    io.run();
}

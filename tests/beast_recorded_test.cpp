// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/testing/raw_server.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;

namespace {

// Nothing was answered, or the stack trace was shortened after the chunk sizes were written.
std::set<int> const no_answer{437, 515};
std::set<int> const lying_chunks{484, 485};

}  // namespace

TEST_CASE("the transport reads each recorded answer to what the file says, or refuses it", "[recorded]") {
    auto const files = ai::tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR);
    std::vector<ai::testing::raw_script> scripts;
    for (auto const& file : files)
        scripts.push_back({ai::testing::raw_step::read_request(), ai::testing::raw_step::send(file.response_bytes), ai::testing::raw_step::close()});
    ai::testing::raw_server server(std::move(scripts));

    std::size_t read = 0;
    std::size_t refused = 0;
    for (auto const& file : files) {
        INFO(file.name);
        ai::blocking_transport transport;
        ai::http_request request;
        request.origin = server.origin();
        request.target = "/" + file.name;
        auto const answer = transport.send(std::move(request));
        if (no_answer.contains(file.number) || lying_chunks.contains(file.number)) {
            REQUIRE_FALSE(answer);
            CHECK(answer.error().who == ai::fault::transport);
            ++refused;
            continue;
        }
        REQUIRE(answer);
        ai::tests::detail::byte_reader bytes(file.response_bytes);
        auto const expected = ai::tests::detail::read_response(bytes, file.request_bytes.starts_with("HEAD "));
        CHECK(answer->status == expected.status);
        CHECK(answer->body == expected.body);
        for (auto const& header : expected.headers) {
            auto const found = answer->headers.find(header.name);
            REQUIRE(found);
            CHECK(*found == header.value);
        }
        ++read;
    }
    CHECK(read == 349);
    CHECK(refused == 4);
}

// SPDX-License-Identifier: MIT
#include "../examples/awaitables/callback.hpp"
#include "../examples/awaitables/future.hpp"
#include "../examples/awaitables/task.hpp"
#include "support/catch.hpp"

#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/record_transport.hpp>
#include <umbraco_ai/testing/replay_transport.hpp>

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ai = umbraco_ai;

namespace {

/// The API in memory, over a library of callbacks.
class callback_transport {
public:
    later<ai::result<ai::http_response>> send(ai::http_request request) {
        return later<ai::result<ai::http_response>>([this, request](auto use) {
            waiting.emplace_back([this, request, use] { use(site->send(request)); });
        });
    }

    ai::testing::in_memory_api* site;
    std::vector<std::function<void()>> waiting;
};

class future_transport {
public:
    std::future<ai::result<ai::http_response>> send(ai::http_request request) {
        return std::async(std::launch::async, [this, sent = std::move(request)]() mutable { return site->send(std::move(sent)); });
    }

    ai::testing::in_memory_api* site;
};

class task_transport {
public:
    task<ai::result<ai::http_response>> send(ai::http_request request) {
        co_await loop->turn();
        co_return site->send(std::move(request));
    }

    ai::testing::in_memory_api* site;
    event_loop* loop;
};

class site_with_a_connection : public ai::testing::in_memory_api {
public:
    site_with_a_connection() : in_memory_api(ai::testing::dialect::observed) {
        add(ai::testing::stored_connection("openai-prod", "OpenAI", "openai", R"({"apiKey":"k"})"));
    }
};

}  // namespace

TEST_CASE("calls go by callbacks", "[awaitables]") {
    site_with_a_connection site;
    callback_transport wire{&site, {}};
    ai::client cms(wire, "https://cms.example.com");
    std::vector<std::string> seen;
    cms.connections().get("openai-prod").then([&](ai::result<ai::connection> answer) { seen.push_back(answer->name); });
    cms.connections().rename("openai-prod", "Another").then([&](ai::result<ai::modified> answer) { seen.push_back(answer->after.name); });
    CHECK(seen.empty());
    while (!wire.waiting.empty())
        for (auto& event : std::exchange(wire.waiting, {})) event();
    CHECK(seen == std::vector<std::string>{"OpenAI", "Another"});
}

TEST_CASE("calls give futures", "[awaitables]") {
    site_with_a_connection site;
    future_transport wire{&site};
    ai::client cms(wire, "https://cms.example.com");
    auto renamed = cms.connections().rename("openai-prod", "Another");
    auto whole_list = cms.connections().all();
    CHECK(renamed.get()->after.name == "Another");
    CHECK(whole_list.get()->size() == 1);
}

TEST_CASE("calls are tasks of the user's own coroutines", "[awaitables]") {
    site_with_a_connection site;
    event_loop loop;
    task_transport wire{&site, &loop};
    ai::client cms(wire, "https://cms.example.com");
    auto renamed = cms.connections().rename("openai-prod", "Another");
    auto whole_list = cms.connections().all();
    renamed.begin();
    whole_list.begin();
    CHECK_FALSE(renamed.value());
    loop.run();
    REQUIRE(renamed.value());
    CHECK((*renamed.value())->after.name == "Another");
    CHECK((*whole_list.value())->size() == 1);
}

TEST_CASE("a token source of the user's serves each kind", "[awaitables]") {
    site_with_a_connection site;
    ai::token_source const source([](ai::token_source::receiver done) { done(ai::bearer_token(std::string("a-token"))); });
    callback_transport by_callback{&site, {}};
    ai::client first(by_callback, "https://cms.example.com", source);
    bool is_read = false;
    first.connections().get("openai-prod").then([&](ai::result<ai::connection> answer) { is_read = answer.has_value(); });
    while (!by_callback.waiting.empty())
        for (auto& event : std::exchange(by_callback.waiting, {})) event();
    CHECK(is_read);

    future_transport by_future{&site};
    ai::client second(by_future, "https://cms.example.com", source);
    CHECK(second.connections().get("openai-prod").get());

    event_loop loop;
    task_transport by_task{&site, &loop};
    ai::client third(by_task, "https://cms.example.com", source);
    auto read = third.connections().get("openai-prod");
    read.begin();
    loop.run();
    CHECK(read.value()->has_value());
}

TEST_CASE("a transport that is awaited is recorded like any other", "[awaitables][recording]") {
    site_with_a_connection site;
    event_loop loop;
    ai::testing::recording tape;
    ai::testing::record_transport wire(task_transport{&site, &loop}, tape);
    ai::client cms(wire, "https://cms.example.com");
    auto renamed = cms.connections().rename("openai-prod", "Another");
    renamed.begin();
    loop.run();
    REQUIRE(renamed.value());
    CHECK(tape.exchanges.size() == site.log().size());

    ai::testing::replay_transport player(tape);
    ai::client played(player, "https://cms.example.com");
    CHECK(played.connections().rename("openai-prod", "Another")->after.name == "Another");
    CHECK(player.report() == "");
}

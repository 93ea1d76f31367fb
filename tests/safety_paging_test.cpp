// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::dialect;
using testing::scripted_transport;
using tests::both_dialects;
using tests::dice;
using tests::has;
using tests::mishap;
using tests::name_of;
using tests::site;

namespace {

/// A site whose list changes between requests.
class churning_site : public site {
public:
    churning_site(dialect spoken, std::uint64_t seed, std::size_t size, std::size_t chance_percent, std::size_t most_changes = 1) : site(spoken), random(seed) {
        for (std::size_t i = 0; i < size; ++i) create();
        throughout = present;
        transport.before = [this, chance_percent, most_changes](http_request const& request) {
            if (request.method != http_method::get || !random.chance(chance_percent)) return;
            for (std::size_t changes = 1 + random.roll(most_changes); changes > 0; --changes) change();
        };
    }

    dice random;
    std::set<std::string> present;
    std::set<std::string> throughout;
    std::size_t changes_made = 0;

    /// Whether a walk gave nothing twice, and either all that was there throughout or the word that it may not have.
    void judge(std::vector<connection_item> const& items, bool is_incomplete) {
        std::set<std::string> ids;
        for (auto const& each : items) ids.insert(each.id.to_string());
        CHECK(ids.size() == items.size());
        std::size_t missing = 0;
        for (auto const& id : throughout) missing += ids.contains(id) ? 0 : 1;
        if (!is_incomplete) CHECK(missing == 0);
        complete += is_incomplete ? 0 : 1;
    }
    std::size_t complete = 0;

private:
    // Names are few, so that many are the same.
    [[nodiscard]] std::string any_name() { return "Name " + std::to_string(random.roll(20)); }

    void create() {
        std::string const number = std::to_string(++made_);
        present.insert(api.add(testing::stored_connection("a" + number, any_name(), "plain", "{}")));
    }

    void change() {
        ++changes_made;
        std::size_t const what = random.roll(3);
        if (what == 0 || present.empty()) return create();
        std::string const id = *std::next(present.begin(), static_cast<std::ptrdiff_t>(random.roll(present.size())));
        if (what == 2) return foreign_rename(id, any_name());
        api.erase(id);
        present.erase(id);
        throughout.erase(id);
    }

    std::size_t made_ = 0;
};

all_query pages_of(std::int64_t size) {
    all_query made;
    made.page_size = size;
    return made;
}

template <class Site>
std::pair<std::vector<connection_item>, bool> walk(Site& on, all_query wanted) {
    auto cursor = on.cms.connections().pages(std::move(wanted));
    std::vector<connection_item> items;
    for (int i = 0; i < 100'000 && !cursor.is_done(); ++i) {
        auto next = cursor.next();
        REQUIRE(next.has_value());
        items.insert(items.end(), next->begin(), next->end());
    }
    REQUIRE(cursor.is_done());
    return {std::move(items), cursor.is_incomplete()};
}

}  // namespace

TEST_CASE("A list that stays as it is comes whole, in order and once, whatever the size of its pages") {
    for (dialect const spoken : both_dialects) {
        for (std::size_t const size : {0U, 1U, 2U, 3U, 7U, 10U, 25U}) {
            churning_site on(spoken, size, size, 0);
            auto const whole = on.cms.connections().list(take(1000));
            REQUIRE(whole.has_value());
            for (std::int64_t const page : {2, 3, 7, 100}) {
                CAPTURE(name_of(spoken), size, page);
                auto const all = on.cms.connections().all(pages_of(page));
                REQUIRE(all.has_value());
                CHECK_FALSE(all->is_incomplete);
                CHECK(all->items == whole->items);
                auto const [items, is_incomplete] = walk(on, pages_of(page));
                CHECK_FALSE(is_incomplete);
                CHECK(items == whole->items);
            }
        }
    }
}

TEST_CASE("A list that changes comes without duplicates, and whole or with the word that it is not") {
    std::uint64_t const seed = tests::random_seed(8128);
    std::cout << "  paging, seed " << seed << '\n';
    for (dialect const spoken : both_dialects) {
        std::size_t complete = 0, changes = 0;
        for (std::uint64_t run = 0; run < 500; ++run) {
            CAPTURE(name_of(spoken), seed, run);
            churning_site on(spoken, seed + run, static_cast<std::size_t>(run % 20), run % 3 == 0 ? 100 : 30);
            std::int64_t const page = 2 + static_cast<std::int64_t>(run % 4);
            auto const all = on.cms.connections().all(pages_of(page));
            REQUIRE(all.has_value());
            on.judge(all->items, all->is_incomplete);
            on.throughout = on.present;
            auto const [items, is_incomplete] = walk(on, pages_of(page));
            on.judge(items, is_incomplete);
            complete += on.complete;
            changes += on.changes_made;
        }
        CAPTURE(complete, changes);
        CHECK(complete > 250);
        CHECK(changes > 500);
    }
}

TEST_CASE("A list that changes often at once comes without duplicates, and all reads it anew in one answer") {
    std::uint64_t const seed = tests::random_seed(496);
    for (dialect const spoken : both_dialects) {
        for (std::uint64_t run = 0; run < 250; ++run) {
            CAPTURE(name_of(spoken), seed, run);
            churning_site on(spoken, seed + run, static_cast<std::size_t>(10 + run % 10), 50, 4);
            auto const all = on.cms.connections().all(pages_of(3));
            REQUIRE(all.has_value());
            on.judge(all->items, all->is_incomplete);
        }
    }
}

TEST_CASE("A filter and a provider hold for a whole walk") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        for (int i = 0; i < 20; ++i) on.add((i % 3 == 0 ? "x" : "y") + std::to_string(i), i % 2 == 0 ? "plain" : "openai");
        all_query wanted = pages_of(2);
        wanted.name_contains = "of X";
        auto const named = on.cms.connections().all(wanted);
        REQUIRE(named.has_value());
        CHECK(named->size() == 7);
        wanted.provider_id = "plain";
        auto const both = on.cms.connections().all(wanted);
        REQUIRE(both.has_value());
        CHECK(both->size() == 4);
        for (auto const& each : on.transport.requests) CHECK(has(each.target, "filter=of%20X"));
        auto const [items, is_incomplete] = walk(on, wanted);
        CHECK(items.size() == 4);
        CHECK_FALSE(is_incomplete);
    }
}

TEST_CASE("A list of ten thousand comes whole, and one that is longer is cut and says so") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        for (int i = 0; i < 10'000; ++i) on.api.add(testing::stored_connection("a" + std::to_string(i), "N", "plain", "{}"));
        auto const all = on.cms.connections().all(pages_of(1000));
        REQUIRE(all.has_value());
        CHECK(all->size() == 10'000);
        CHECK_FALSE(all->is_incomplete);
        on.api.add(testing::stored_connection("one-more", "N", "plain", "{}"));
        auto const cut = on.cms.connections().all(pages_of(1000));
        REQUIRE(cut.has_value());
        CHECK(cut->size() == 10'000);
        CHECK(cut->is_incomplete);
        auto const [items, is_incomplete] = walk(on, pages_of(1000));
        CHECK(items.size() == 10'000);
        CHECK(is_incomplete);
    }
}

TEST_CASE("The most items that are wanted are a limit") {
    for (dialect const spoken : both_dialects) {
        churning_site on(spoken, 1, 10, 0);
        for (std::int64_t most = 1; most <= 12; ++most) {
            CAPTURE(name_of(spoken), most);
            all_query wanted = pages_of(4);
            wanted.most = most;
            auto const all = on.cms.connections().all(wanted);
            REQUIRE(all.has_value());
            CHECK(all->size() == static_cast<std::size_t>(most < 10 ? most : 10));
            CHECK(all->is_incomplete == (most < 10));
            auto const [items, is_incomplete] = walk(on, wanted);
            CHECK(items.size() == static_cast<std::size_t>(most < 10 ? most : 10));
            CHECK(is_incomplete == (most < 10));
        }
        for (std::int64_t const page : {-1, 0, 1}) {
            auto cursor = on.cms.connections().pages(pages_of(page));
            auto const of_pages = cursor.next();
            REQUIRE_FALSE(of_pages.has_value());
            CHECK(of_pages.error().field == "page_size");
            auto const of_all = on.cms.connections().all(pages_of(page));
            REQUIRE_FALSE(of_all.has_value());
            CHECK(of_all.error().field == "page_size");
        }
        for (std::int64_t const most : {-1, 0}) {
            all_query wanted;
            wanted.most = most;
            auto const of_all = on.cms.connections().all(wanted);
            REQUIRE_FALSE(of_all.has_value());
            CHECK(of_all.error().field == "most");
            auto cursor = on.cms.connections().pages(wanted);
            auto const of_pages = cursor.next();
            REQUIRE_FALSE(of_pages.has_value());
            CHECK(of_pages.error().field == "most");
        }
    }
}

TEST_CASE("A walk of pages goes on after a failure where it was") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        churning_site on(spoken, 3, 10, 0);
        auto cursor = on.cms.connections().pages(pages_of(3));
        std::vector<connection_item> items;
        int failures = 0;
        bool fails = true;
        on.transport.fate = [&](http_request const&) { return (fails = !fails) ? mishap::error_not_applied : mishap::none; };
        for (int i = 0; i < 50 && !cursor.is_done(); ++i) {
            auto next = cursor.next();
            if (!next) {
                ++failures;
                continue;
            }
            items.insert(items.end(), next->begin(), next->end());
        }
        CHECK(failures > 2);
        CHECK_FALSE(cursor.is_incomplete());
        on.judge(items, false);
        CHECK(items.size() == 10);
        auto const after_the_end = cursor.next();
        REQUIRE(after_the_end.has_value());
        CHECK(after_the_end->empty());
    }
}

TEST_CASE("One deadline holds for a whole walk of all, and a failure on the way is the walk's") {
    for (dialect const spoken : both_dialects) {
        churning_site on(spoken, 4, 20, 0);
        on.transport.each_takes = std::chrono::seconds(1);
        auto const late = on.cms.connections(call_options(std::chrono::seconds(5))).all(pages_of(2));
        REQUIRE_FALSE(late.has_value());
        CHECK(late.error().code == make_error_code(errc::deadline_exceeded));
        CHECK(on.transport.requests.size() <= 5);
        CHECK(on.cms.connections(call_options(std::chrono::seconds(50))).all(pages_of(2)).has_value());
    }
}

TEST_CASE("A server that gives less than was asked for, or contradicts itself, ends a walk") {
    std::string const item = R"({"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"p","isActive":true})";
    auto const answers_for_ever = [&](std::string body) {
        CAPTURE(body);
        int requests = 0;
        auto const endless = [&](http_request const&) {
            ++requests;
            http_response made(200, body);
            made.headers.add("Content-Type", "application/json");
            return result<http_response>(std::move(made));
        };
        class transport {
        public:
            explicit transport(std::function<result<http_response>(http_request const&)> f) : f_(std::move(f)) {}
            result<http_response> send(http_request request) { return f_(request); }

        private:
            std::function<result<http_response>(http_request const&)> f_;
        };
        transport endless_transport(endless);
        client cms(endless_transport, "https://cms.example.com", credentials());
        auto const all = cms.connections().all(pages_of(2));
        REQUIRE(all.has_value());
        CHECK(all->is_incomplete);
        CHECK(all->size() <= 1);
        CHECK(requests < 10);
        auto cursor = cms.connections().pages(pages_of(2));
        for (requests = 0; requests < 10 && !cursor.is_done();) REQUIRE(cursor.next().has_value());
        CHECK(cursor.is_done());
        CHECK(cursor.is_incomplete());
    };
    answers_for_ever(R"({"items":[],"total":10})");
    answers_for_ever(R"({"items":[)" + item + R"(],"total":10})");
    answers_for_ever(R"({"items":[)" + item + "," + item + R"(],"total":10})");
    answers_for_ever(R"({"items":[)" + item + R"(],"total":9223372036854775807})");
    answers_for_ever(R"({"items":[)" + item + R"(],"total":-1})");
    answers_for_ever(R"({"items":[)" + item + R"(],"total":0})");
}

TEST_CASE("Connections with a capability come in one answer on both contracts") {
    for (dialect const spoken : both_dialects) {
        CAPTURE(name_of(spoken));
        site on(spoken);
        for (int i = 0; i < 250; ++i) on.add("a" + std::to_string(i), i % 2 == 0 ? "openai" : "google");
        auto const found = on.cms.connections().with_capability(capability::embedding());
        REQUIRE(found.has_value());
        CHECK(found->size() == 125);
        CHECK(found->total == 125);
        auto const none = on.cms.connections().with_capability("Unheard");
        REQUIRE(none.has_value());
        CHECK(none->empty());
    }
}

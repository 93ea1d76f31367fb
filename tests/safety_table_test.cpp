// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::dialect;
using tests::both_dialects;
using tests::has;
using tests::name_of;

namespace {

/// A fresh site for one line of the table.
class bench : public tests::site {
public:
    explicit bench(dialect spoken, testing::in_memory_options setup = {}, credentials auth = {})
        : site(spoken, {}, std::move(setup), std::move(auth)), is_observed(spoken == dialect::observed) {}

    bool is_observed;
    bool may_be_careless = false;  ///< The line is about what somebody else does.

    [[nodiscard]] auto calls() { return cms.connections(); }

    [[nodiscard]] http_response raw(std::string method, std::string const& path, std::string body = {}) {
        testing::server_request request(std::move(method), std::string(api_base_path) + path);
        if (!body.empty()) request.headers.add("Content-Type", "application/json");
        request.body = std::move(body);
        return api.handle(request);
    }

    /// Each write was sent by id.
    void check_by_id(std::string_view id) const {
        for (auto const& each : transport.requests) {
            bool const is_by_id = each.method == http_method::put || each.method == http_method::delete_;
            if (is_by_id) CHECK(each.target == std::string(api_base_path) + "/connections/" + std::string(id));
        }
    }

    void check_each_put_has(std::string_view member) const {
        CHECK(transport.count(http_method::put) > 0);
        for (auto const& each : transport.requests)
            if (each.method == http_method::put) CHECK(has(each.body, member));
    }
};

connection_draft draft(std::string alias = "new") {
    connection_draft made(std::move(alias), "New", "openai");
    made.settings = {{"apiKey", secret("sk-9")}};
    return made;
}

failure why(auto const& answered) {
    REQUIRE_FALSE(answered.has_value());
    return answered.error();
}

/// One way in which servers differ, as one operation meets it.
class line {
public:
    line(int number_in_table, char const* operation_name, void (*rule)(bench&)) : number(number_in_table), operation(operation_name), holds(rule) {}

    int number;
    char const* operation;
    void (*holds)(bench&);
};

constexpr std::string_view stored_settings = R"({"apiKey":"sk-1","endpoint":"https://e"})";

void check_kept(bench& on, std::string_view alias = "main") {
    CHECK(on.stored(alias).settings == stored_settings);
    CHECK(on.api.careless().wiped_credentials == 0);
}

void add_main(bench& on) { on.add("main", "openai", std::string(stored_settings)); }

template <class Call>
void check_missing(bench& on, Call call) {
    failure const reason = why(call());
    CHECK(reason.code == make_error_code(errc::not_found));
    CHECK(reason.status == 404);
    CHECK_FALSE(reason.possibly_applied);
    CHECK((reason.problem.operation_status == "NotFound") == on.is_observed);
    CHECK(reason.problem.title == (on.is_observed ? "Connection not found" : "Not Found"));
}

std::vector<line> const& differences() {
    static std::vector<line> const lines{
        // the route of a capability
        {1, "with_capability", [](bench& on) {
             add_main(on);
             on.add("other", "google");
             auto const found = on.calls().with_capability(capability::embedding());
             REQUIRE(found.has_value());
             REQUIRE(found->size() == 1);
             CHECK(found->items[0].alias == "main");
             CHECK(on.transport.requests.size() == (on.is_observed ? 3U : 1U));
         }},
        {1, "with_capability of one that nothing has", [](bench& on) {
             add_main(on);
             auto const found = on.calls().with_capability("SpeechToText");
             REQUIRE(found.has_value());
             CHECK(found->empty());
         }},
        // lists without an envelope
        {2, "capabilities", [](bench& on) {
             add_main(on);
             auto const found = on.calls().capabilities();
             REQUIRE(found.has_value());
             CHECK(found->items == std::vector<capability>{capability::chat(), capability::embedding()});
             CHECK(found->is_bare_array == on.is_observed);
         }},
        {2, "models", [](bench& on) {
             add_main(on);
             auto const found = on.calls().models("main");
             REQUIRE(found.has_value());
             CHECK(found->size() == 3);
             CHECK(found->is_bare_array == on.is_observed);
         }},
        {2, "modify, which leaves masked settings out where the envelope proves the contract", [](bench& on) {
             add_main(on);
             if (on.is_observed)
                 on.transport.reword = [](http_request const& request, http_response& answer) {
                     if (request.target.ends_with("/main"))
                         if (auto const at = answer.body.find("sk-1"); at != std::string::npos) answer.body.replace(at, 4, "sk-***");
                 };
             auto const done = on.calls().rename("main", "New");
             CHECK(done.has_value() == !on.is_observed);
             if (!done) CHECK(done.error().code == make_error_code(errc::masked_value));
             check_kept(on);
         }},
        // a model
        {3, "models", [](bench& on) {
             add_main(on);
             auto const found = on.calls().models("main");
             REQUIRE(found.has_value());
             for (model const& each : found->items) {
                 CHECK_FALSE(each.id.empty());
                 CHECK_FALSE(each.name.empty());
                 CHECK(each.capabilities.empty() == on.is_observed);
                 CHECK(each.provider_id == (on.is_observed ? "openai" : ""));
             }
         }},
        // what create answers
        {4, "create", [](bench& on) {
             auto const made = on.calls().create(draft());
             REQUIRE(made.has_value());
             CHECK(made->id.to_string() == on.stored("new").id);
             CHECK(made->connection.has_value() == !on.is_observed);
         }},
        {4, "ensure", [](bench& on) {
             auto const made = on.calls().ensure(draft());
             REQUIRE(made.has_value());
             CHECK(made->outcome == ensure_outcome::created);
             CHECK(made->id.to_string() == on.stored("new").id);
         }},
        // what update answers
        {5, "update", [](bench& on) {
             guid const id = on.add("main");
             auto const done = on.calls().update(id, connection_update("main", "New", true, {{"apiKey", secret("sk-2")}}));
             REQUIRE(done.has_value());
             CHECK(done->connection.has_value() == !on.is_observed);
         }},
        {5, "modify", [](bench& on) {
             add_main(on);
             auto const done = on.calls().rename("main", "New");
             REQUIRE(done.has_value());
             CHECK(done->is_verified);
             CHECK(done->after.name == "New");
         }},
        // writes by id
        {6, "update", [](bench& on) {
             guid const id = on.add("main");
             REQUIRE(on.calls().update("main", connection_update("main", "New", true, {{"apiKey", secret("sk-2")}})).has_value());
             on.check_by_id(id.to_string());
         }},
        {6, "remove", [](bench& on) {
             guid const id = on.add("main");
             REQUIRE(on.calls().remove("main").has_value());
             on.check_by_id(id.to_string());
             CHECK(on.api.size() == 0);
         }},
        {6, "modify", [](bench& on) {
             guid const id = on.add("main");
             REQUIRE(on.calls().set_active("main", false).has_value());
             REQUIRE(on.calls().rename("main", "New").has_value());
             on.check_by_id(id.to_string());
         }},
        {6, "ensure", [](bench& on) {
             guid const id = on.add("new");
             REQUIRE(on.calls().ensure(draft()).has_value());
             on.check_by_id(id.to_string());
         }},
        // the alias of a PUT
        {7, "update", [](bench& on) {
             guid const id = on.add("main");
             REQUIRE(on.calls().update(id, connection_update("main", "New", true, {{"apiKey", secret("sk-2")}})).has_value());
             on.check_each_put_has(R"("alias":"main")");
         }},
        {7, "modify", [](bench& on) {
             on.add("MAIN");
             REQUIRE(on.calls().rename("main", "New").has_value());
             on.check_each_put_has(R"("alias":"MAIN")");
         }},
        {7, "ensure", [](bench& on) {
             on.add("NEW");
             REQUIRE(on.calls().ensure(draft()).has_value());
             on.check_each_put_has(R"("alias":"NEW")");
         }},
        {7, "change_alias", [](bench& on) {
             add_main(on);
             auto const done = on.calls().change_alias("main", "renamed");
             on.check_each_put_has(R"("alias":"renamed")");
             CHECK(done.has_value() == on.is_observed);
             if (!done) CHECK(done.error().code == make_error_code(errc::not_applied));
             check_kept(on, on.is_observed ? "renamed" : "main");
         }},
        // a PUT replaces everything
        {8, "set_active", [](bench& on) {
             add_main(on);
             REQUIRE(on.calls().set_active("main", false).has_value());
             CHECK_FALSE(on.stored("main").is_active);
             CHECK(on.stored("main").name == "Name of main");
             check_kept(on);
         }},
        {8, "rename", [](bench& on) {
             add_main(on);
             REQUIRE(on.calls().rename("main", "New").has_value());
             CHECK(on.stored("main").is_active);
             check_kept(on);
         }},
        {8, "ensure", [](bench& on) {
             add_main(on);
             REQUIRE(on.calls().ensure(connection_draft("main", "New", "openai")).has_value());
             CHECK(on.stored("main").is_active);
             check_kept(on);
         }},
        {8, "update", [](bench& on) {
             add_main(on);
             auto read = on.calls().get("main");
             REQUIRE(read.has_value());
             read->name = "New";
             auto const done = on.calls().update(*read);
             CHECK(done.has_value() == on.is_observed);
             CHECK(on.stored("main").is_active);
             check_kept(on);
         }},
        {8, "update from thin air", [](bench& on) {
             guid const id = on.add("main");
             CHECK(why(on.calls().update(id, connection_update("main", "New", true, settings(nullptr)))).who == fault::usage);
             CHECK(on.transport.writes() == 0);
         }},
        // masks
        {9, "get", [](bench& on) {
             add_main(on);
             auto const read = on.calls().get("main");
             REQUIRE(read.has_value());
             CHECK(read->settings.text("apiKey").value() == (on.is_observed ? "sk-1" : "sk-***"));
             CHECK(read->settings.masked().has_value() == !on.is_observed);
             CHECK_FALSE(has(tests::streamed(*read), "sk-1"));
         }},
        {9, "modify", [](bench& on) {
             add_main(on);
             auto const beside = on.calls().modify("main", [](connection& c) { c.settings.set("endpoint", "https://new"); });
             CHECK(beside.has_value() == on.is_observed);
             CHECK(has(on.stored("main").settings, R"("apiKey":"sk-1")"));
         }},
        {9, "update", [](bench& on) {
             add_main(on);
             auto const read = on.calls().get("main");
             REQUIRE(read.has_value());
             CHECK(on.calls().update(*read).has_value() == on.is_observed);
             check_kept(on);
         }},
        {9, "ensure", [](bench& on) {
             add_main(on);
             auto wanted = draft("main");
             wanted.name = "Name of main";
             auto const done = on.calls().ensure(wanted);
             REQUIRE(done.has_value());
             CHECK(done->outcome == (on.is_observed ? ensure_outcome::changed : ensure_outcome::unchanged));
             CHECK(done->not_comparable.size() == (on.is_observed ? 0U : 1U));
         }},
        {9, "create", [](bench& on) {
             auto masked = draft();
             masked.settings = {{"apiKey", secret("sk-***")}};
             CHECK(why(on.calls().create(masked)).code == make_error_code(errc::masked_value));
             CHECK(on.transport.requests.empty());
         }},
        // a connection in use
        {10, "remove", [](bench& on) {
             add_main(on);
             on.api.use_in_profile("main");
             auto const done = on.calls().remove("main");
             CHECK(done.has_value() == !on.is_observed);
             if (!done) {
                 CHECK(done.error().code == make_error_code(errc::conflict));
                 CHECK(done.error().problem.title == "Connection in use");
                 CHECK_FALSE(done.error().possibly_applied);
             }
         }},
        // versions
        {11, "get", [](bench& on) {
             add_main(on);
             CHECK(on.calls().get("main").value().version.has_value() == on.is_observed);
         }},
        {11, "modify", [](bench& on) {
             add_main(on);
             auto const done = on.calls().rename("main", "New");
             REQUIRE(done.has_value());
             CHECK(done->after.version.has_value() == on.is_observed);
             if (on.is_observed) CHECK(done->after.version == 2);
         }},
        {11, "modify, where another wrote in between", [](bench& on) {
             add_main(on);
             on.transport.before = [&](http_request const& request) {
                 if (request.method == http_method::put) on.foreign_rename("main", "Foreign");
             };
             auto const done = on.calls().set_active("main", false);
             CHECK(done.has_value() == !on.is_observed);
             if (!done) CHECK(done.error().code == make_error_code(errc::lost_update));
             check_kept(on);
         }},
        // list items
        {12, "list", [](bench& on) {
             add_main(on);
             auto const found = on.calls().list();
             REQUIRE(found.has_value());
             REQUIRE(found->size() == 1);
             CHECK(found->items[0].version.has_value() == on.is_observed);
             CHECK(found->items[0].date_created.has_value() == on.is_observed);
         }},
        {12, "all", [](bench& on) {
             add_main(on);
             auto const found = on.calls().all();
             REQUIRE(found.has_value());
             REQUIRE(found->size() == 1);
             CHECK(found->items[0].date_modified.has_value() == on.is_observed);
         }},
        {12, "pages", [](bench& on) {
             add_main(on);
             auto cursor = on.calls().pages();
             auto const found = cursor.next();
             REQUIRE(found.has_value());
             REQUIRE(found->size() == 1);
             CHECK(found->front().version.has_value() == on.is_observed);
         }},
        // the query for a capability
        {13, "list and all, which never send it", [](bench& on) {
             add_main(on);
             REQUIRE(on.calls().list(filter("a"), provider_id("openai")).has_value());
             REQUIRE(on.calls().all().has_value());
             for (auto const& each : on.transport.requests) CHECK_FALSE(has(each.target, "capability"));
         }},
        {13, "with_capability, which sends it only where it is known", [](bench& on) {
             add_main(on);
             REQUIRE(on.calls().with_capability("Unheard").has_value());
             REQUIRE(on.calls().with_capability("Chat").has_value());
             for (auto const& each : on.transport.requests) {
                 CHECK_FALSE(has(each.target, "capability=Unheard"));
                 if (!on.is_observed) CHECK_FALSE(has(each.target, "capability="));
             }
         }},
        // whether an alias is taken
        {14, "exists", [](bench& on) {
             guid const id = on.add("main");
             CHECK(on.calls().exists("main").value());
             CHECK_FALSE(on.calls().exists("none").value());
             CHECK_FALSE(on.calls().exists("main", id).value());
         }},
        // the capabilities of one
        {15, "capabilities_of", [](bench& on) {
             add_main(on);
             auto const found = on.calls().capabilities_of("main");
             REQUIRE(found.has_value());
             CHECK(*found == std::vector<capability>{capability::chat(), capability::embedding()});
         }},
        // 404
        {16, "get", [](bench& on) { check_missing(on, [&] { return on.calls().get("none"); }); }},
        {16, "update", [](bench& on) {
             auto const call = [&] { return on.calls().update("none", connection_update("none", "New", true, settings())); };
             check_missing(on, call);
         }},
        {16, "update by id", [](bench& on) {
             guid const id = *guid::parse("3fa85f64-5717-4562-b3fc-2c963f66afa6");
             check_missing(on, [&] { return on.calls().update(id, connection_update("none", "New", true, settings())); });
         }},
        {16, "remove", [](bench& on) { check_missing(on, [&] { return on.calls().remove("none"); }); }},
        {16, "modify", [](bench& on) { check_missing(on, [&] { return on.calls().rename("none", "New"); }); }},
        {16, "set_active", [](bench& on) { check_missing(on, [&] { return on.calls().set_active("none", true); }); }},
        {16, "change_alias", [](bench& on) { check_missing(on, [&] { return on.calls().change_alias("none", "new"); }); }},
        {16, "test", [](bench& on) { check_missing(on, [&] { return on.calls().test("none"); }); }},
        {16, "models", [](bench& on) { check_missing(on, [&] { return on.calls().models("none"); }); }},
        {16, "capabilities_of", [](bench& on) { check_missing(on, [&] { return on.calls().capabilities_of("none"); }); }},
        {16, "diagnose", [](bench& on) { CHECK(on.calls().diagnose("none").value().verdict == diagnosis_verdict::no_such_connection); }},
        {16, "exists", [](bench& on) { CHECK_FALSE(on.calls().exists("none").value()); }},
        {16, "ensure", [](bench& on) { CHECK(on.calls().ensure(draft()).value().outcome == ensure_outcome::created); }},
        // 400
        {17, "create of an alias that is taken", [](bench& on) {
             on.add("new");
             on.may_be_careless = true;
             auto const reason = why(on.calls().create(draft()));
             CHECK(reason.status == 400);
             CHECK(has(reason.problem.detail, "A connection with alias 'new' already exists"));
             CHECK_FALSE(reason.possibly_applied);
         }},
        {17, "create for a provider that is not there", [](bench& on) {
             auto const reason = why(on.calls().create(connection_draft("new", "New", "nobody")));
             CHECK(has(reason.problem.detail, "Provider 'nobody' not found"));
             CHECK((reason.problem.operation_status.empty()) == !on.is_observed);
         }},
        {17, "create with settings that do not fit", [](bench& on) {
             auto unfit = draft();
             unfit.settings = {{"endpoint", "https://e"}};
             auto const reason = why(on.calls().create(unfit));
             CHECK(has(reason.problem.detail, on.is_observed ? "Failed to validate settings" : "Invalid settings"));
         }},
        {17, "ensure with settings that do not fit", [](bench& on) {
             auto unfit = draft();
             unfit.settings = {{"endpoint", "https://e"}};
             CHECK(why(on.calls().ensure(unfit)).status == 400);
             CHECK(on.transport.count(http_method::post) == 1);
         }},
        {17, "modify to settings that do not fit", [](bench& on) {
             add_main(on);
             auto const reason = why(on.calls().modify("main", [](connection& c) { c.settings = {{"endpoint", "https://e"}}; }));
             CHECK(reason.status == 400);
             CHECK_FALSE(reason.possibly_applied);
             check_kept(on);
         }},
        {17, "change_alias to one that is taken", [](bench& on) {
             add_main(on);
             on.add("other");
             auto const done = on.calls().change_alias("main", "other");
             CHECK(why(done).code == make_error_code(on.is_observed ? errc::bad_request : errc::not_applied));
             check_kept(on);
         }},
        // a member that is missing
        {18, "create, which cannot leave one out", [](bench& on) {
             CHECK(why(on.calls().create(connection_draft("", "New", "openai"))).field == "alias");
             CHECK(why(on.calls().create(connection_draft("new", " ", "openai"))).field == "name");
             CHECK(why(on.calls().create(connection_draft("new", "New", ""))).field == "providerId");
             CHECK(on.transport.requests.empty());
         }},
        {18, "decode of what a server says of one", [](bench& on) {
             auto const reason = why(decode<connections::create>(on.raw("POST", "/connections", R"({"name":"x","providerId":"openai"})")));
             CHECK(reason.code == make_error_code(errc::bad_request));
             CHECK(reason.problem.errors.empty() == !on.is_observed);
             CHECK((reason.problem.detail == "Alias is required") == !on.is_observed);
             CHECK(has(reason.to_string(), on.is_observed ? "'alias'" : "Alias"));
         }},
        // a test that fails
        {19, "test", [](bench& on) {
             testing::provider broken("broken");
             broken.capabilities = {{"Chat", {}}};
             broken.refusal = "The provider's own words";
             on.api.add_provider(broken);
             on.add("main", "broken", "{}");
             auto const tested = on.calls().test("main");
             REQUIRE(tested.has_value());
             CHECK_FALSE(tested->success);
             CHECK(tested->error_message == (on.is_observed ? "Connection test failed" : "The provider's own words"));
             CHECK(on.calls().diagnose("main").value().verdict == diagnosis_verdict::test_failed);
         }},
        // capabilities are an open set
        {22, "capabilities, with_capability and capabilities_of", [](bench& on) {
             testing::provider rich("rich");
             rich.capabilities = {{"Media", {{"m", "M"}}}, {"Moderation", {{"o", "O"}}}, {"SpeechToText", {{"s", "S"}}}};
             on.api.add_provider(rich);
             on.add("main", "rich", "{}");
             std::vector<capability> const three{"Media", "Moderation", "SpeechToText"};
             auto const all = on.calls().capabilities();
             REQUIRE(all.has_value());
             CHECK(std::is_permutation(all->items.begin(), all->items.end(), three.begin(), three.end()));
             CHECK(on.calls().capabilities_of("main").value() == three);
             for (capability const& each : three) CHECK(on.calls().with_capability(each).value().size() == 1);
         }},
    };
    return lines;
}

/// Every operation on a site that wants a token, which gives `check` the failure of each.
template <class Check>
void each_operation(bench& on, Check check) {
    guid const id = on.add("main");
    auto api = on.calls();
    check("list", api.list());
    check("get", api.get("main"));
    check("create", api.create(draft()));
    check("update", api.update(id, connection_update("main", "New", true, {{"apiKey", secret("sk-2")}})));
    check("modify", api.modify("main", [](connection& c) { c.name = "New"; }));
    check("set_active", api.set_active("main", false));
    check("rename", api.rename("main", "New"));
    check("change_alias", api.change_alias("main", "renamed"));
    check("ensure", api.ensure(draft()));
    check("all", api.all());
    auto cursor = api.pages();
    check("pages", cursor.next());
    check("find_poisoned", api.find_poisoned());
    check("exists", api.exists("main"));
    check("capabilities_of", api.capabilities_of("main"));
    check("diagnose", api.diagnose("main"));
    check("remove", api.remove("main"));
    check("test", api.test("main"));
    check("capabilities", api.capabilities());
    check("with_capability", api.with_capability("Chat"));
    check("models", api.models("main"));
}

}  // namespace

TEST_CASE("Each difference between the contracts holds for each operation that meets it") {
    for (line const& each : differences()) {
        for (dialect const spoken : both_dialects) {
            CAPTURE(each.number, each.operation, name_of(spoken));
            bench on(spoken);
            each.holds(on);
            auto careless = on.api.careless();
            if (on.may_be_careless) careless.refused_duplicate_aliases = 0;
            CHECK(careless.total() == 0);
        }
    }
}

TEST_CASE("The table has a line for each difference") {
    std::set<int> numbers{20, 21};  // the two test cases below
    for (line const& each : differences()) numbers.insert(each.number);
    for (int number = 1; number <= 22; ++number) {
        CAPTURE(number);
        CHECK(numbers.contains(number));
    }
    CHECK(numbers.size() == 22);
}

TEST_CASE("No operation works without a token or without the right, and each says which it is") {
    for (dialect const spoken : both_dialects) {
        for (bool const is_forbidden : {false, true}) {
            testing::in_memory_options setup;
            setup.token = "good-token";
            setup.forbidden_section = is_forbidden;
            bench on(spoken, setup, bearer_token(is_forbidden ? "good-token" : "bad-token"));
            each_operation(on, [&](char const* operation, auto const& answered) {
                CAPTURE(name_of(spoken), is_forbidden, operation);
                REQUIRE_FALSE(answered.has_value());
                CHECK(answered.error().who == fault::authentication);
                CHECK(answered.error().status == (is_forbidden ? 403 : 401));
                CHECK(answered.error().code == make_error_code(is_forbidden ? errc::forbidden : errc::not_signed_in));
                CHECK_FALSE(answered.error().possibly_applied);
                CHECK_FALSE(has(answered.error().to_string(), "-token"));
            });
            CHECK(on.stored("main").version == 1);
            CHECK(on.api.size() == 1);
            CHECK(on.api.careless().total() == 0);
        }
    }
}

TEST_CASE("Every operation signs each of its requests with the token") {
    for (dialect const spoken : both_dialects) {
        testing::in_memory_options setup;
        setup.token = "good-token";
        bench on(spoken, setup, bearer_token("good-token"));
        on.transport.before = [](http_request const& request) {
            auto const sent = request.headers.find("Authorization");
            REQUIRE(sent);
            CHECK(*sent == "Bearer good-token");
        };
        each_operation(on, [&](char const* operation, auto const& answered) {
            CAPTURE(name_of(spoken), operation);
            bool const signed_in = answered.has_value() || answered.error().who != fault::authentication;
            CHECK(signed_in);
        });
    }
}

// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/faulty_transport.hpp"

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using testing::dialect;
using tests::both_dialects;
using tests::dice;
using tests::has;
using tests::mishap;
using tests::name_of;
using tests::site;

namespace {

// --- what a connection is, to the model ---

/// Settings by top-level key, each value as its text.
using flat_settings = std::vector<std::pair<std::string, std::string>>;

/// One connection as it should be stored.
class row_state {
public:
    row_state() = default;
    explicit row_state(testing::stored_connection const& row) : alias(row.alias), name(row.name), is_active(row.is_active) {
        testing::detail::json_value value;
        static_cast<void>(testing::detail::parse_json(row.settings, value));
        for (std::size_t i = 0; i < value.names.size(); ++i)
            values.emplace_back(value.names[i], testing::detail::to_json(value.items[i], testing::detail::escaping::minimal));
    }

    std::string alias;
    std::string name;
    bool is_active = false;
    flat_settings values;

    /// The text of a value, or an empty one.
    [[nodiscard]] std::string text_of(std::string_view key) const {
        for (auto const& [name_there, value] : values)
            if (name_there == key) return value;
        return {};
    }
    void set(std::string const& key, std::string const& value) {
        for (auto& [name_there, old] : values) {
            if (name_there != key) continue;
            old = value;
            return;
        }
        values.emplace_back(key, value);
    }
    void erase(std::string_view key) {
        std::erase_if(values, [&](auto const& each) { return each.first == key; });
    }

    friend bool operator==(row_state const&, row_state const&) = default;
};

/// What went wrong, by kind. All of it must be zero.
class damages {
public:
    damages() = default;

    std::size_t wrong_writes = 0;             ///< A write that stored something else than what was asked for.
    std::size_t members_lost = 0;             ///< A write without a member of the answer that the library does not know.
    std::size_t unreported_lost_updates = 0;  ///< A foreign write was overwritten, and the call said that all is well.
    std::size_t silent_writes = 0;            ///< A call failed, said that nothing was written, and it was.
    std::size_t pretended_writes = 0;         ///< A call said that it wrote, and nothing was written.
    std::size_t duplicate_creates = 0;        ///< More than one POST for one call.
    std::size_t writes_after_lost = 0;        ///< A PUT after one whose answer was lost.
    std::size_t unasked_changes = 0;          ///< The site differs from what all calls together asked for.
    std::size_t needless_duplicates = 0;      ///< A create of an alias that was taken when the call began.

    [[nodiscard]] std::size_t total() const {
        return wrong_writes + members_lost + unreported_lost_updates + silent_writes + pretended_writes + duplicate_creates + writes_after_lost +
               unasked_changes + needless_duplicates;
    }
};

std::string shown(damages const& found) {
    return "wrong writes " + std::to_string(found.wrong_writes) + ", members lost " + std::to_string(found.members_lost) + ", unreported lost updates " +
           std::to_string(found.unreported_lost_updates) + ", silent writes " + std::to_string(found.silent_writes) + ", pretended writes " +
           std::to_string(found.pretended_writes) + ", duplicate creates " + std::to_string(found.duplicate_creates) + ", writes after lost answers " +
           std::to_string(found.writes_after_lost) + ", unasked changes " + std::to_string(found.unasked_changes) + ", needless duplicates " +
           std::to_string(found.needless_duplicates);
}

/// A member that the library does not know, added to each connection that is read.
constexpr std::string_view future_member = R"("futureMember":{"x":[1.10,"\u00e9"]})";

constexpr std::array<std::string_view, 8> odd_values{"1.10", "1E+2", "123456789012345678901234567890", R"({"x":[1,null,"y"]})", R"("text")", "-0", "true", "[]"};
constexpr std::array<std::string_view, 4> odd_keys{"own", "Own2", "k.3", "endpoint2"};

/// A site, a client that is used at random, others who write too, and a network on which things go wrong.
class world {
public:
    world(dialect spoken, std::uint64_t seed) : on(spoken), is_observed(spoken == dialect::observed), random(seed) {
        on.api.add_configuration("Known:Key");
        for (int i = 0; i < 12; ++i) add_row();
        on.transport.fate = [this](http_request const& request) { return decide(request); };
        on.transport.before = [this](http_request const& request) { on_arrival(request); };
        on.transport.after = [this](http_request const& request) { on_handled(request); };
        on.transport.reword = [](http_request const& request, http_response& answer) {
            bool const is_connection = request.method == http_method::get && answer.status == 200 && has(answer.body, "\"settings\":") && !has(answer.body, "\"items\":");
            if (is_connection) answer.body.insert(1, std::string(future_member) + ',');
        };
    }

    site on;
    bool is_observed;
    dice random;
    damages found;
    std::size_t requests = 0, foreign_writes = 0, errors_applied = 0, errors_not_applied = 0, lost_answers = 0;
    std::size_t overwritten_unnoticeably = 0;  ///< Without versions nobody can tell.
    std::size_t races = 0;                     ///< Creates of an alias that was taken while the call was under way.
    std::map<std::string, std::size_t> succeeded;

    void run(std::size_t operations) {
        for (std::size_t i = 0; i < operations; ++i) step();
        check_site();
    }

private:
    // --- the others ---

    void add_row() {
        std::string const provider = random.chance(50) ? "openai" : random.chance(50) ? "plain" : "google";
        std::string const number = std::to_string(++made_);
        std::string const key = random.chance(30) ? "$Known:Key" : random.chance(10) ? "ENC:" + number : "sk-" + number;
        std::string values = R"({"apiKey":")" + key + '"';
        for (std::string_view const name : odd_keys)
            if (random.chance(30)) values += ",\"" + std::string(name) + "\":" + std::string(random.pick(odd_values));
        guid const id = on.add("a" + number, provider, values + '}');
        expected_[id.to_string()] = row_state(on.stored(id.to_string()));
    }

    [[nodiscard]] std::string any_id() {
        if (expected_.empty()) add_row();
        return std::next(expected_.begin(), static_cast<std::ptrdiff_t>(random.roll(expected_.size())))->first;
    }

    /// Somebody else writes, with all care: mostly the connection that the call is about.
    void interfere() {
        ++foreign_writes;
        std::string const id = target_ && expected_.contains(*target_) && random.chance(70) ? *target_ : any_id();
        std::size_t const what = random.roll(10);
        if (what == 0 && expected_.size() > 4) {
            on.api.erase(id);
            expected_.erase(id);
            return;
        }
        if (what == 1 && !creating_alias_.empty() && !on.api.find(creating_alias_)) {
            on.foreign_create(creating_alias_, creating_provider_, R"({"apiKey":"sk-foreign"})");
            auto const row = on.stored(creating_alias_);
            expected_[row.id] = row_state(row);
            return;
        }
        if (what <= 2 && expected_.size() < 25) {
            add_row();
            return;
        }
        on.foreign_rename(id, "Foreign " + std::to_string(++made_));
        expected_[id] = row_state(on.stored(id));
    }

    // --- the network ---

    mishap decide(http_request const&) {
        ++requests;
        std::size_t const rolled = random.roll(100);
        fate_ = rolled < 7 ? mishap::error_applied : rolled < 14 ? mishap::error_not_applied : rolled < 18 ? mishap::lost_before : rolled < 22 ? mishap::lost_after : mishap::none;
        errors_applied += fate_ == mishap::error_applied ? 1 : 0;
        errors_not_applied += fate_ == mishap::error_not_applied ? 1 : 0;
        lost_answers += fate_ == mishap::lost_before || fate_ == mishap::lost_after ? 1 : 0;
        return fate_;
    }

    [[nodiscard]] static std::string key_of(http_request const& request) {
        std::string const base = std::string(api_base_path) + "/connections/";
        return request.target.starts_with(base) ? request.target.substr(base.size(), request.target.find('?') - base.size()) : std::string();
    }

    void on_arrival(http_request const& request) {
        if (random.chance(8)) interfere();
        version_before_.reset();
        if (request.method == http_method::put) {
            if (had_lost_put_) ++found.writes_after_lost;
            if (auto const row = on.api.find(key_of(request))) {
                version_before_ = row->version;
                state_before_ = row_state(*row);
            }
            bool const lacks_member = reads_ > 0 && has(request.body, "\"settings\"") && !has(request.body, future_member);
            if (lacks_member) ++found.members_lost;
            if (fate_ == mishap::lost_before || fate_ == mishap::lost_after) had_lost_put_ = true;
        }
        if (request.method == http_method::post && key_of(request).empty()) {
            if (++posts_ > 1) ++found.duplicate_creates;
            bool const is_taken = on.api.find(creating_alias_).has_value();
            if (is_taken && was_taken_) ++found.needless_duplicates;
            if (is_taken) ++races;
        }
    }

    void on_handled(http_request const& request) {
        std::string const key = key_of(request);
        if (request.method == http_method::get && !key.empty() && fate_ == mishap::none) {
            if (auto const row = on.api.find(key)) {
                read_[row->id] = {row_state(*row), row->version};
                ++reads_;
            }
        }
        if (request.method == http_method::put && version_before_) {
            auto const row = on.api.find(key);
            if (row && row->version > *version_before_) on_written(*row);
        }
        if (request.method == http_method::post && key.empty()) {
            auto const row = on.api.find(creating_alias_);
            if (row && !expected_.contains(row->id)) {
                ++applied_;
                expected_[row->id] = row_state(*row);
                if (draft_ && !(row_state(*row) == *draft_)) ++found.wrong_writes;
            }
        }
        if (request.method == http_method::delete_ && expected_.contains(key) && !on.api.find(key)) {
            ++applied_;
            if (target_ != key) ++found.wrong_writes;
            expected_.erase(key);
        }
        if (random.chance(3)) interfere();
    }

    void on_written(testing::stored_connection const& row) {
        ++applied_;
        auto const read = read_.find(row.id);
        bool const was_read = read != read_.end();
        row_state const base = was_read ? read->second.first : state_before_;
        row_state wanted = intent_ ? intent_(base) : base;
        if (!is_observed) wanted.alias = base.alias;
        row_state const now(row);
        if (!(now == wanted)) {
            ++found.wrong_writes;
            if (found.wrong_writes < 5) UNSCOPED_INFO("wrong write of " << row.id << " by " << operation_ << ": " << row.settings);
        }
        bool const overwrote = was_read && read->second.second != *version_before_;
        if (overwrote && !is_blind_) overwrote_ = true;
        expected_[row.id] = now;
    }

    // --- the calls ---

    /// What the caller learned.
    class outcome {
    public:
        template <class T>
        outcome(result<T> const& answered) : ok(answered.has_value()), why(answered ? failure() : answered.error()) {}

        bool ok;
        failure why;
        std::optional<bool> has_written;
        bool is_verified = true;  ///< False where the call says itself that nothing proves what is stored.
    };

    void begin(std::string operation) {
        operation_ = std::move(operation);
        target_.reset();
        intent_ = nullptr;
        draft_.reset();
        creating_alias_.clear();
        read_.clear();
        reads_ = posts_ = applied_ = 0;
        had_lost_put_ = overwrote_ = is_blind_ = was_taken_ = false;
    }

    void end(outcome const& told) {
        if (told.ok) ++succeeded[operation_];
        if (!told.ok && !told.why.possibly_applied && applied_ > 0) {
            ++found.silent_writes;
            if (found.silent_writes < 5) UNSCOPED_INFO("silent write by " << operation_ << ": " << told.why.to_string());
        }
        if (told.ok && told.has_written == true && applied_ == 0) ++found.pretended_writes;
        if (told.ok && told.has_written == false && applied_ > 0) ++found.silent_writes;
        if (overwrote_ && !is_observed) ++overwritten_unnoticeably;
        if (overwrote_ && is_observed && told.ok && told.is_verified) {
            ++found.unreported_lost_updates;
            if (found.unreported_lost_updates < 5) UNSCOPED_INFO("unreported lost update by " << operation_);
        }
    }

    [[nodiscard]] id_or_alias any_name_of(std::string const& id) {
        if (random.chance(50)) return *guid::parse(id);
        std::string alias = expected_.at(id).alias;
        if (random.chance(20)) std::transform(alias.begin(), alias.end(), alias.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        return alias;
    }

    template <class Change>
    void modify(std::string operation, std::function<row_state(row_state)> intent, Change change) {
        begin(std::move(operation));
        target_ = any_id();
        intent_ = std::move(intent);
        auto const done = on.cms.connections().modify(any_name_of(*target_), change);
        end(modification(done));
    }

    [[nodiscard]] static outcome modification(result<modified> const& done) {
        outcome told(done);
        if (done) {
            told.has_written = done->changed;
            told.is_verified = done->is_verified;
        }
        return told;
    }

    [[nodiscard]] std::string new_name() { return "Name " + std::to_string(random.roll(1000)); }
    [[nodiscard]] std::string new_key() { return "sk-own-" + std::to_string(++made_); }

    void step() {
        switch (random.roll(28)) {
            case 0:
            case 1:
            case 2: {
                std::string const name = new_name();
                return modify(
                    "rename", [name](row_state s) { return s.name = name, s; }, [name](connection& c) { c.name = name; });
            }
            case 3:
            case 4: return set_active();
            case 5: return change_alias();
            case 6:
            case 7: {
                std::string const key(random.pick(odd_keys));
                std::string const value(random.pick(odd_values));
                return modify(
                    "change settings", [=](row_state s) { return s.set(key, value), s; },
                    [=](connection& c) { c.settings.set(key, settings_value::from_json(value)); });
            }
            case 8: {
                std::string const key = new_key();
                return modify(
                    "change key", [=](row_state s) { return s.set("apiKey", '"' + key + '"'), s; },
                    [=](connection& c) { c.settings.set("apiKey", secret(key)); });
            }
            case 9: {
                std::string const key(random.pick(odd_keys));
                return modify(
                    "erase a setting", [=](row_state s) { return s.erase(key), s; }, [=](connection& c) { c.settings.erase(key); });
            }
            case 10: {
                return modify(
                    "change nothing", [](row_state s) { return s; }, [](connection&) {});
            }
            case 11:
            case 12: return create();
            case 13:
            case 14:
            case 15:
            case 16: return ensure();
            case 17: return update();
            case 18: return update_from_parts();
            case 19: return remove();
            case 20: return copy();
            case 21: return misuse();
            default: return read();
        }
    }

    void set_active() {
        begin("set_active");
        target_ = any_id();
        bool const active = random.chance(50);
        intent_ = [active](row_state s) { return s.is_active = active, s; };
        auto const done = on.cms.connections().set_active(any_name_of(*target_), active);
        end(modification(done));
    }

    void change_alias() {
        begin("change_alias");
        target_ = any_id();
        std::string const alias = "b" + std::to_string(++made_);
        intent_ = [alias](row_state s) { return s.alias = alias, s; };
        auto const done = on.cms.connections().change_alias(any_name_of(*target_), alias);
        end(modification(done));
    }

    [[nodiscard]] connection_draft any_draft(std::string alias, std::string provider) {
        connection_draft made(std::move(alias), new_name(), std::move(provider));
        made.is_active = random.chance(70);
        made.settings = {{"apiKey", random.chance(50) ? settings_value(secret(new_key())) : settings_value(config_reference("Known:Key"))}};
        for (std::string_view const key : odd_keys)
            if (random.chance(30)) made.settings.set(key, settings_value::from_json(random.pick(odd_values)));
        return made;
    }

    /// What a draft asks for, as it would be stored.
    [[nodiscard]] static row_state state_of(connection_draft const& draft) {
        testing::stored_connection row(draft.alias, draft.name, draft.provider_id, draft.settings.json());
        row.is_active = draft.is_active;
        return row_state(row);
    }

    void begin_create(connection_draft const& draft) {
        creating_alias_ = draft.alias;
        creating_provider_ = draft.provider_id;
        was_taken_ = on.api.find(draft.alias).has_value();
        draft_ = state_of(draft);
    }

    void create() {
        begin("create");
        auto const draft = any_draft("c" + std::to_string(++made_), "openai");
        begin_create(draft);
        auto const done = on.cms.connections().create(draft);
        outcome told(done);
        if (done) told.has_written = true;
        end(told);
        keep_small();
    }

    void ensure() {
        begin("ensure");
        bool const is_new = random.chance(40);
        std::string const id = any_id();
        std::string const provider = is_new ? "openai" : on.stored(id).provider_id;
        auto const draft = any_draft(is_new ? "e" + std::to_string(++made_) : expected_.at(id).alias, provider);
        begin_create(draft);
        was_taken_ = false;  // What was taken can be deleted before the create.
        if (!is_new) target_ = id;
        ensure_options how;
        how.replace_settings = random.chance(20);
        how.write_secrets = random.chance(30);
        bool const masks = !is_observed;
        intent_ = [=, wanted = *draft_](row_state s) {
            row_state const before = s;
            s.name = wanted.name;
            s.is_active = wanted.is_active;
            if (how.replace_settings)
                std::erase_if(s.values, [&](auto const& each) { return wanted.text_of(each.first).empty(); });
            for (auto const& [key, value] : wanted.values) {
                std::string const there = before.text_of(key);
                bool const is_masked = masks && provider != "plain" && key == "apiKey" && !there.empty() && !there.starts_with("\"$");
                if (!is_masked || how.write_secrets) s.set(key, value);
            }
            return s;
        };
        auto const done = on.cms.connections().ensure(draft, how);
        outcome told(done);
        if (done) {
            if (done->outcome == ensure_outcome::changed) told.has_written = true;
            told.is_verified = done->is_verified;
        }
        end(told);
        keep_small();
    }

    void update() {
        begin("update");
        target_ = any_id();
        is_blind_ = true;
        auto read = on.cms.connections().get(any_name_of(*target_));
        if (!read || !expected_.contains(*target_) || read->id.to_string() != *target_) return;
        std::string const name = new_name();
        row_state wanted = read_.at(*target_).first;
        wanted.name = name;
        read->name = name;
        intent_ = [wanted](row_state) { return wanted; };
        outcome told(on.cms.connections().update(*read));
        if (told.ok) told.has_written = true;
        end(told);
    }

    void update_from_parts() {
        begin("update from parts");
        target_ = any_id();
        is_blind_ = true;
        row_state wanted = expected_.at(*target_);
        wanted.name = new_name();
        wanted.is_active = random.chance(50);
        std::string const key = new_key();
        wanted.values = {{"apiKey", '"' + key + '"'}};
        intent_ = [wanted](row_state) { return wanted; };
        connection_update const state(wanted.alias, wanted.name, wanted.is_active, {{"apiKey", secret(key)}});
        outcome told(on.cms.connections().update(any_name_of(*target_), state));
        if (told.ok) told.has_written = true;
        end(told);
    }

    /// The settings of one connection for another one. What is masked or unreadable must not arrive.
    void copy() {
        begin("copy");
        std::string const from = any_id();
        auto const read = on.cms.connections().get(*guid::parse(from));
        if (!read || !read_.contains(from)) return;
        row_state const source = read_.at(from).first;
        read_.clear();
        reads_ = 0;
        target_ = any_id();
        if (source.text_of("apiKey").starts_with("\"ENC:") && *target_ != from) return refuse(on.cms.connections().modify(any_name_of(*target_), [&](connection& c) { c.settings = read->settings; }));
        intent_ = [=, to = *target_, masks = !is_observed](row_state s) {
            if (!masks || to != from) s.values = source.values;
            return s;
        };
        end(modification(on.cms.connections().modify(any_name_of(*target_), [&](connection& c) { c.settings = read->settings; })));
    }

    /// What must be refused whatever the server is; nothing of it is asked for, so any write of it is wrong.
    void misuse() {
        begin("misuse");
        target_ = any_id();
        auto api = on.cms.connections();
        id_or_alias const which = any_name_of(*target_);
        guid const id = *guid::parse(*target_);
        settings bad{{"apiKey", secret("sk-own")}};
        switch (random.roll(5)) {
            case 0: bad.set("apiKey", secret("own-***")); break;  // not the server's own, which would be no change
            case 1: bad.set("own", settings_value::from_json(R"({"a":1,"\u0061":2})")); break;
            case 2: bad.set("apiKey", settings_value::from_json(R"("ENC:mine")")); break;
            case 3: bad.set("own", settings{{"deep", "\xE2\x80\xA2\xE2\x80\xA2"}}); break;
            default: bad = settings(nullptr);
        }
        connection_draft draft("m" + std::to_string(++made_), "Misused", "openai");
        if (bad.is_null()) bad = settings{{"a", 1}, {"a", 2}};
        draft.settings = bad;
        switch (random.roll(6)) {
            case 0: return refuse(api.create(draft));
            case 1: return refuse(api.ensure(draft));
            case 2: return refuse(api.modify(which, [&](connection& c) { c.settings = bad; }));
            case 3: return refuse(api.update(which, connection_update("m", "Misused", true, bad)));
            case 4: return refuse(api.update(id, connection_update("m", "Misused", true, settings(nullptr))));
            default: return refuse(api.modify(which, [](connection& c) { c.settings = settings(nullptr); }));
        }
    }

    template <class T>
    void refuse(result<T> const& answered) {
        if (applied_ > 0 || answered.has_value()) ++found.wrong_writes;
        end(outcome(answered));
    }

    void remove() {
        begin("remove");
        if (expected_.size() < 6) return;
        target_ = any_id();
        end(outcome(on.cms.connections().remove(any_name_of(*target_))));
    }

    void read() {
        std::string const id = any_id();
        id_or_alias const which = any_name_of(id);
        auto api = on.cms.connections();
        begin("read");
        switch (random.roll(40)) {
            case 0: return end(outcome(api.list(take(5))));
            case 1: return end(outcome(api.capabilities()));
            case 2: return end(outcome(api.with_capability("Chat")));
            case 3: return end(outcome(api.exists(expected_.at(id).alias)));
            case 4: return end(outcome(api.capabilities_of(which)));
            case 5: return end(outcome(api.models(which)));
            case 6: return end(outcome(api.test(which)));
            case 7: return end(outcome(api.diagnose(which)));
            case 8: return end(outcome(api.all()));
            case 9: {
                all_query small;
                small.page_size = 3;
                auto pages = api.pages(small);
                for (int i = 0; i < 30 && !pages.is_done(); ++i) static_cast<void>(pages.next());
                return end(outcome(result<void>::ok()));
            }
            case 10: return random.chance(10) ? end(outcome(api.find_poisoned())) : end(outcome(api.list()));
            default: return end(outcome(api.get(which)));
        }
    }

    void keep_small() {
        while (expected_.size() > 30) {
            std::string const id = any_id();
            on.api.erase(id);
            expected_.erase(id);
        }
        check_site();
    }

    /// The site holds just what all calls together asked for.
    void check_site() {
        bool is_same = on.api.size() == expected_.size();
        for (auto const& [id, state] : expected_) {
            auto const row = on.api.find(id);
            is_same = is_same && row && row_state(*row) == state;
        }
        if (!is_same) ++found.unasked_changes;
    }

    std::map<std::string, row_state> expected_;
    std::size_t made_ = 0;

    // the call under way
    std::string operation_;
    std::optional<std::string> target_;
    std::function<row_state(row_state)> intent_;
    std::optional<row_state> draft_;
    std::string creating_alias_;
    std::string creating_provider_;
    std::map<std::string, std::pair<row_state, std::uint64_t>> read_;
    std::size_t reads_ = 0, posts_ = 0, applied_ = 0;
    bool had_lost_put_ = false, overwrote_ = false, is_blind_ = false, was_taken_ = false;

    // the request under way
    mishap fate_ = mishap::none;
    std::optional<std::uint64_t> version_before_;
    row_state state_before_;
};

/// Takes a member out of a flat part of a JSON object, with its comma.
void drop_member(std::string& body, std::string_view begin_text, std::string_view end_text) {
    std::size_t const at = body.find(begin_text);
    std::size_t const end = at == std::string::npos ? at : body.find(end_text, at + begin_text.size());
    if (end != std::string::npos) body.erase(at, end - at);
}

void replace_text(std::string& body, std::string_view old_text, std::string_view new_text) {
    if (std::size_t const at = body.find(old_text); at != std::string::npos) body.replace(at, old_text.size(), new_text);
}

}  // namespace

TEST_CASE("Nothing is lost, wiped, masked, poisoned or written unasked in ten thousand calls among others on a bad network") {
    std::uint64_t const seed = tests::random_seed(20260731);
    for (dialect const spoken : both_dialects) {
        std::cout << "  " << name_of(spoken) << ", seed " << seed << '\n';
        CAPTURE(name_of(spoken), seed);
        world all(spoken, seed);
        all.run(10'000);

        INFO(shown(all.found));
        CHECK(all.found.total() == 0);
        auto const& careless = all.on.api.careless();
        CHECK(careless.wiped_credentials == 0);
        CHECK(careless.stored_masks == 0);
        CHECK(careless.stored_foreign_ciphertexts == 0);
        CHECK(careless.deactivated_by_omission == 0);
        CHECK(careless.poisoned_rows == 0);
        // A create can lose a race that it cannot foresee, and nothing else.
        CHECK(careless.refused_duplicate_aliases <= all.races);

        CAPTURE(all.requests, all.foreign_writes, all.errors_applied, all.errors_not_applied, all.lost_answers);
        CHECK(all.foreign_writes * 20 >= all.requests);
        CHECK(all.errors_applied * 20 >= all.requests);
        CHECK(all.errors_not_applied * 20 >= all.requests);
        CHECK(all.lost_answers * 20 >= all.requests);
        for (char const* const each : {"rename", "set_active", "change settings", "change key", "erase a setting", "change nothing", "create", "ensure", "update",
                                       "update from parts", "remove", "copy", "read"}) {
            CAPTURE(each);
            CHECK(all.succeeded[each] >= 20);
        }
        if (spoken == dialect::observed) CHECK(all.succeeded["change_alias"] >= 20);
        CHECK(all.succeeded["misuse"] == 0);
        std::cout << "    " << all.requests << " requests, " << all.foreign_writes << " foreign writes, " << all.races << " races, "
                  << all.overwritten_unnoticeably << " overwritten without a version to tell\n";
    }
}

namespace {

/// Runs a world in which one guard is off.
world& careless_world(std::optional<world>& storage, dialect spoken, std::function<void(http_request&)> rewrite) {
    world& made = storage.emplace(spoken, tests::random_seed(4711));
    made.on.transport.rewrite = std::move(rewrite);
    made.run(400);
    return made;
}

auto in_puts(std::function<void(std::string&)> change) {
    return [change = std::move(change)](http_request& request) {
        if (request.method == http_method::put) change(request.body);
    };
}

}  // namespace

TEST_CASE("Each guard that is switched off makes its counter rise") {
    std::optional<world> storage;
    SECTION("settings left out of a write") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { drop_member(body, R"("settings":)", R"("futureMember")"); }));
        CHECK(off.on.api.careless().wiped_credentials > 0);
        CHECK(off.found.wrong_writes > 0);
    }
    SECTION("a masked value put back, with versions") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { replace_text(body, R"("apiKey":"sk-)", R"("apiKey":"sk-***)"); }));
        CHECK(off.on.api.careless().stored_masks > 0);
    }
    SECTION("a masked value put back, on the documented contract") {
        world& off = careless_world(storage, dialect::documented, in_puts([](std::string& body) {
                                        if (!has(body, "\"settings\"")) body.insert(1, R"("settings":{"apiKey":"sk-***"},)");
                                    }));
        CHECK(off.on.api.careless().stored_masks > 0);
        CHECK(off.found.wrong_writes > 0);
    }
    SECTION("a secret that the server cannot read, sent elsewhere") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { replace_text(body, R"("apiKey":"sk-)", R"("apiKey":"ENC:)"); }));
        CHECK(off.on.api.careless().stored_foreign_ciphertexts > 0);
    }
    SECTION("isActive left out") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { drop_member(body, R"("isActive":)", R"("settings")"); }));
        CHECK(off.on.api.careless().deactivated_by_omission > 0);
    }
    SECTION("a repeated key") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { replace_text(body, R"({"apiKey":)", R"({"apiKey":"x","apiKey":)"); }));
        CHECK(off.on.api.careless().poisoned_rows > 0);
    }
    SECTION("a member that the library does not know left out") {
        storage.emplace(dialect::observed, 4711);
        auto const rule = std::move(storage->on.transport.before);
        storage->on.transport.before = [rule](http_request const& request) {
            http_request without = request;
            replace_text(without.body, std::string(",") + std::string(future_member), "");
            rule(without);
        };
        storage->run(400);
        CHECK(storage->found.members_lost > 0);
    }
    SECTION("an unknown key of the settings left out") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { replace_text(body, R"(,"own":1.10)", ""); }));
        CHECK(off.found.wrong_writes > 0);
    }
    SECTION("number text that is not kept") {
        world& off = careless_world(storage, dialect::observed, in_puts([](std::string& body) { replace_text(body, ":1.10", ":1.1"); }));
        CHECK(off.found.wrong_writes > 0);
    }
    SECTION("versions that are not looked at") {
        storage.emplace(dialect::observed, 4711);
        auto const adds_member = std::move(storage->on.transport.reword);
        storage->on.transport.reword = [adds_member](http_request const& request, http_response& answer) {
            adds_member(request, answer);
            drop_member(answer.body, R"(,"version":)", "}");
        };
        storage->run(1500);
        CHECK(storage->found.unreported_lost_updates > 0);
    }
    SECTION("writes that are sent again") {
        storage.emplace(dialect::observed, 4711);
        storage->on.transport.resends = true;
        storage->run(1500);
        CHECK(storage->found.duplicate_creates > 0);
        CHECK(storage->found.writes_after_lost > 0);
        CHECK(storage->on.api.careless().refused_duplicate_aliases > 0);
    }
}

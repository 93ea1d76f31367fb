// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "interruption.hpp"
#include "models.hpp"
#include "session.hpp"
#include "settings_flags.hpp"

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/model/connection.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

/// A value that the server masks cannot be put back, should the new one fail.
ai::result<void> check_can_be_put_back(ai::settings const& present, std::vector<setting_change> const& changes) {
    for (setting_change const& change : changes) {
        std::string const key = spelling_in(present, change.key);
        auto const text = present.text(key);
        if (text && ai::looks_masked(*text))
            return ai::failure(ai::errc::masked_value, "The server masks the present value, so that it could not be put back if the new one failed; nothing was written. Say connections update, and connections test.")
                .at("settings." + key);
    }
    return ai::result<void>::ok();
}

class rotation {
public:
    rotation(session& on, rotate_arguments const& given) : on_(on), given_(given), changes_(changes_of(given.settings, on)) {}

    exit_code run() {
        auto const answered = write();
        if (!answered) return after_lost_write(answered.error());
        ai::modified const& written = *answered;
        // From here on the connection works, or gets its old secret back.
        undisturbed_.reset();
        auto const verdict = on_.here().connections().test(written.before.id);
        if (verdict && verdict->success) return tell(written, written.changed ? "rotated" : "unchanged", exit_code::done, "");
        std::string why = !verdict ? verdict.error().to_string() : verdict->error_message.value_or("the provider gave no reason");
        if (verdict && !verdict->explanation.empty()) why += ' ' + verdict->explanation;
        exit_code const code = verdict ? exit_code::refused : exit_code_of(verdict.error());
        if (!written.changed) return tell(written, "unchanged", code, why);
        return put_back(written, code, why);
    }

private:
    ai::result<ai::modified> write() {
        return on_.here().connections().modify(given_.which, [this](ai::connection& read) -> ai::result<void> {
            if (auto ok = check_can_be_put_back(read.settings, changes_); !ok) return ok;
            if (interruption::is_wanted()) return ai::failure(ai::errc::cancelled, "Interrupted before the new secret was sent; nothing was written.");
            sent_.before = read;
            make_changes(changes_, read.settings);
            sent_.after = read;
            // The old secret is held here alone now: an interruption waits until it is known what became of the new one.
            if (!undisturbed_) undisturbed_.emplace();
            return ai::result<void>::ok();
        });
    }

    /// The write failed. Where it may have been carried out all the same, an untested secret must not stay.
    exit_code after_lost_write(ai::failure const& reason) {
        bool const can_be_put_back = undisturbed_ && reason.code != ai::make_error_code(ai::errc::lost_update);
        if (!reason.possibly_applied) throw stop(reason);
        if (!can_be_put_back) throw stop(reason, "The new secret may be in place, untested: umbraco-ai connections test " + given_.which);
        is_lost_ = true;
        exit_code const code = put_back(sent_, exit_code::partly_done, reason.to_string());
        if (reason.code != ai::make_error_code(ai::errc::settings_wiped)) on_.out().note("A write that arrives late can still put the new secret in place. To see whether the connection works: umbraco-ai connections test " + given_.which);
        return code;
    }

    exit_code put_back(ai::modified const& written, exit_code code, std::string const& why) {
        interruption::shield const undisturbed;
        auto const undone = on_.here().connections().modify(written.before.id, [&](ai::connection& read) {
            // Whole, where nobody else wrote in between; otherwise key by key.
            if (read.settings == written.after.settings || read.settings.is_null()) {
                read.settings = written.before.settings;
                return ai::result<void>::ok();
            }
            for (setting_change const& change : changes_) put_back_key(read.settings, written.before.settings, change.key);
            return ai::result<void>::ok();
        });
        if (undone) return tell(written, "putBack", code, why);
        on_.out().warn((is_lost_ ? "the new secret may be in place, and the old one could not be put back: " : "the new secret does not work, and the old one could not be put back: ") + undone.error().to_string());
        on_.out().note("The site's version history has the state before.");
        return tell(written, "broken", exit_code::partly_done, why);
    }

    static void put_back_key(ai::settings& target, ai::settings const& before, std::string const& wanted) {
        std::string const key = spelling_in(before, wanted);
        std::string_view const bytes = before.find(key);
        if (bytes.empty()) target.erase(key);
        else target.set(key, ai::settings_value::from_json(bytes));
    }

    exit_code tell(ai::modified const& written, std::string const& outcome, exit_code code, std::string const& why) {
        output& out = on_.out();
        std::string const alias = written.before.alias;
        if (out.is_json()) {
            out.document({{"outcome", outcome}, {"id", written.before.id.to_string()}, {"alias", alias}, {"works", code == exit_code::done}, {"reason", why.empty() ? ordered_json() : ordered_json(why)}});
        } else if (out.is_table()) {
            bool const is_well = code == exit_code::done;
            std::string const words = outcome == "putBack" && is_lost_ ? "The write went wrong; the old secret is in place: "
                                      : outcome == "broken" && is_lost_ ? "The write went wrong; the new secret may be in place, untested: "
                                      : outcome == "putBack" ? "The new secret does not work; the old one is back: "
                                      : outcome == "broken" ? "The new secret does not work, and is in place: "
                                      : outcome == "unchanged" ? (is_well ? "This secret was in place already, and works: " : "This secret was in place already, and does not work: ")
                                                               : "The new secret is in place, and works: ";
            out.line(out.screen().painted(is_well ? style::green : style::red, words) + printable(alias));
            if (!why.empty()) out.line("  " + printable(why));
        } else {
            out.id(written.before.id.to_string());
        }
        return code;
    }

    session& on_;
    rotate_arguments const& given_;
    std::vector<setting_change> changes_;
    ai::modified sent_;                                ///< What was there, and what was sent; set with `undisturbed_`.
    std::optional<interruption::shield> undisturbed_;  ///< From the write until the test.
    bool is_lost_ = false;                             ///< The write was not answered as it should be.
};

}  // namespace

exit_code rotate(session& on, rotate_arguments const& given) {
    if (given.settings.empty()) throw stop(exit_code::usage, "Say which secret: --set-env apiKey=NAME, --set-file apiKey=PATH or --set-ref apiKey=Section:Key.");
    on.out().keep_going();
    return rotation(on, given).run();
}

}  // namespace cli

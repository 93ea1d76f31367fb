// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_SENT_SECRETS_HPP
#define UMBRACO_AI_SENT_SECRETS_HPP

#include <umbraco_ai/json/canonical.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <algorithm>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// The texts of a call that must not come back in a failure: the token, and what was sent as settings.
class sent_secrets {
public:
    sent_secrets() = default;

    void add_settings_of(std::string_view body) {
        if (body.empty()) return;
        std::string_view settings_text;
        json_reader reader(body, 1024);
        static_cast<void>(reader.read_object([&](json_key const& key) {
            std::string_view value;
            if (!reader.read_raw(value)) return false;
            if (key.name == "settings") settings_text = value;
            return true;
        }));
        if (settings_text.empty()) return;
        json_findings unused;
        static_cast<void>(json_inspector(settings_text, {}, unused).each_string([this](std::string_view text) {
            if (!text.starts_with('$')) add(text);
        }));
    }

    void add(std::string_view text) {
        if (text.size() < shortest) return;
        keep(wiping_string(std::string(text)));
        // Texts of a server's are bounded and cleaned before they come here, and a secret quoted in them with them.
        wiping_string bounded_text(bounded(text));
        add_if_other(wiping_string(without_tokens(bounded_text.get())), text);
        add_if_other(std::move(bounded_text), text);
    }

    void scrub(std::string& text) const {
        for (wiping_string const& value : texts_) replace(text, value.get());
        if (text.size() + shortest > most_problem_text)
            for (wiping_string const& value : texts_) cut_tail(text, value.get());
    }

    [[nodiscard]] bool empty() const noexcept { return texts_.empty(); }

    /// Takes the secrets out of a JSON text before its strings are cut and cleaned, so that none is met in part.
    void scrub_json(std::string& body) const {
        std::string scrubbed;
        json_reader reader(body, 1024);
        bool const ok = put_canonical(reader, scrubbed, [this](std::string& text) {
            for (wiping_string const& value : texts_) replace(text, value.get());
        });
        // A body that is no JSON is never shown. Its first character stays: an empty body and a page mean something else.
        if (ok && reader.finish()) body = std::move(scrubbed);
        else body.resize(1);
    }

    void scrub(failure& reason) const {
        auto const clean = [this](std::string& text) { scrub(text); };
        clean(reason.message);
        clean(reason.problem.type);
        clean(reason.problem.title);
        clean(reason.problem.detail);
        clean(reason.problem.operation_status);
        clean(reason.problem.trace_id);
        for (field_error& error : reason.problem.errors) {
            clean(error.field);
            clean(error.text);
        }
    }

private:
    /// Shorter texts occur by chance, in words of the server's own.
    static constexpr std::size_t shortest = 4;

    // The longest first, so that a secret which begins with another one goes as a whole.
    void keep(wiping_string one) {
        auto at = texts_.begin();
        while (at != texts_.end() && at->get().size() >= one.get().size()) ++at;
        texts_.insert(at, std::move(one));
    }

    void add_if_other(wiping_string cleaned, std::string_view text) {
        if (cleaned.get() != text && cleaned.get().size() >= shortest) keep(std::move(cleaned));
    }

    static void replace(std::string& text, std::string_view value) {
        for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) text.replace(at, value.size(), "***");
    }

    /// Takes away the beginning of a secret where the text was cut in the middle of it.
    static void cut_tail(std::string& text, std::string_view value) {
        for (std::size_t size = (std::min)(value.size(), text.size()); size >= shortest; --size) {
            if (!text.ends_with(value.substr(0, size))) continue;
            text.replace(text.size() - size, size, "***");
            return;
        }
    }

    std::list<wiping_string> texts_;
};

}  // namespace detail

UMBRACO_AI_END_NAMESPACE

#endif

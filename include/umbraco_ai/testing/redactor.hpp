// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_REDACTOR_HPP
#define UMBRACO_AI_TESTING_REDACTOR_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

namespace detail {

inline constexpr std::string_view placeholder_prefix = "redacted-";

/// Whether a text is "redacted-" and digits.
[[nodiscard]] inline bool is_placeholder(std::string_view text) noexcept {
    return text.size() > placeholder_prefix.size() && text.starts_with(placeholder_prefix) &&
           text.find_first_not_of("0123456789", placeholder_prefix.size()) == std::string_view::npos;
}

/// The text with every placeholder as "redacted", since which secret it stands for tells nothing.
[[nodiscard]] inline std::string without_placeholder_numbers(std::string_view text) {
    std::string kept;
    for (std::size_t at = text.find(placeholder_prefix); at != std::string_view::npos; at = text.find(placeholder_prefix)) {
        kept.append(text.substr(0, at)).append("redacted");
        text.remove_prefix(at + placeholder_prefix.size());
        text.remove_prefix((std::min)(text.size(), text.find_first_not_of("0123456789")));
    }
    return kept.append(text);
}

[[nodiscard]] inline bool is_one_of(std::string_view name, std::initializer_list<std::string_view> known) noexcept {
    return std::any_of(known.begin(), known.end(), [&](std::string_view one) { return umbraco_ai::detail::equals_ignoring_case(name, one); });
}

/// Header fields whose value is written; any other value is a secret. An allow-list.
[[nodiscard]] inline bool is_public_header(std::string_view name) noexcept {
    return is_one_of(name, {"Accept", "Accept-Charset", "Accept-Language", "Allow", "api-supported-versions", "Cache-Control", "Connection", "Content-Encoding",
                            "Content-Language", "Content-Length", "Content-Type", "Date", "ETag", "Expires", "Host", "Keep-Alive", "Last-Modified", "Pragma",
                            "Retry-After", "Server", "Transfer-Encoding", "User-Agent", "Vary", "WWW-Authenticate"});
}

/// Fields of the query and of a token request whose value is written. An allow-list.
[[nodiscard]] inline bool is_public_parameter(std::string_view name) noexcept {
    return is_one_of(name, {"skip", "take", "filter", "providerId", "capability", "excludeId", "grant_type", "client_id", "scope"});
}

/// Members outside settings that hold a secret by their name.
[[nodiscard]] inline bool is_secret_member(std::string_view name) {
    if (is_one_of(name, {"token_type"})) return false;
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return umbraco_ai::detail::ascii_lower(c); });
    for (std::string_view const part : {"secret", "password", "passwd", "token", "apikey", "api_key", "api-key", "accesskey", "authorization", "credential", "connectionstring"})
        if (lower.find(part) != std::string::npos) return true;
    return false;
}

}  // namespace detail

/// Takes the secrets out of exchanges, so that they can be kept. Each secret becomes a placeholder, "redacted-1" and so on, the
/// same one wherever it comes again. Secrets are: the credentials of Authorization; values of header fields, query parameters
/// and form fields that are not known to hold none; settings, but for booleans, null, `$` references, masks, and keys that are
/// known to hold no secret; members outside of settings that are named like a secret; and all of these wherever else they are
/// met again. A body that is neither JSON nor a form is cut to its first character.
class redactor {
public:
    redactor() = default;

    /// What the server would see, redacted.
    [[nodiscard]] server_request redact(http_request const& request) {
        server_request made(std::string(to_string(request.method)), request.target);
        made.headers.add("Host", request.origin.authority());
        for (header_view const field : request.headers) made.headers.add(field.name, field.value);
        made.body = request.body;
        if (!request.body.empty() || request.method == http_method::post || request.method == http_method::put) made.headers.add("Content-Length", std::to_string(request.body.size()));
        redact(made);
        return made;
    }

    void redact(recorded_exchange& exchange) {
        // What stands last may be the first to tell what is a secret.
        for (std::size_t before = secrets() + 1; before != secrets();) {
            before = secrets();
            redact(exchange.request);
            redact(exchange.response.headers);
            redact_body(exchange.response.body, exchange.response.headers);
        }
    }

    void redact(server_request& request) {
        redact(request.headers);
        redact_body(request.body, request.headers);
        redact_target(request.target);
    }

    /// Changes with each secret that is new, so that what was redacted before can be redacted again.
    [[nodiscard]] std::size_t secrets() const noexcept { return known_.size(); }

private:
    /// Shorter texts occur by chance, in words that are no secret.
    static constexpr std::size_t shortest_echo = 4;

    class known_secret {
    public:
        known_secret(std::string_view secret, std::string stands_for_it) : text(std::string(secret)), placeholder(std::move(stands_for_it)) {}
        umbraco_ai::detail::wiping_string text;
        std::string placeholder;
    };

    [[nodiscard]] std::string placeholder_of(std::string_view secret) {
        if (secret.empty()) return {};
        if (detail::is_placeholder(secret)) {
            std::size_t number = 0;
            std::string_view const digits = secret.substr(detail::placeholder_prefix.size());
            if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc()) last_ = (std::max)(last_, number);
            return std::string(secret);
        }
        for (known_secret const& known : known_)
            if (known.text.get() == secret) return known.placeholder;
        std::string made = std::string(detail::placeholder_prefix) + std::to_string(++last_);
        known_.emplace_back(secret, made);
        // The longest first, so that a secret which begins with another one goes as a whole.
        std::stable_sort(known_.begin(), known_.end(), [](known_secret const& a, known_secret const& b) { return a.text.get().size() > b.text.get().size(); });
        return made;
    }

    static void replace(std::string& text, std::string_view what, std::string_view by) {
        for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
    }

    /// Takes known secrets out of a text, as they are, and as they stand within JSON and within a URL.
    void scrub(std::string& text) const {
        for (known_secret const& known : known_) {
            std::string_view const secret = known.text.get();
            if (secret.size() < shortest_echo) continue;
            replace(text, secret, known.placeholder);
            umbraco_ai::detail::wiping_string quoted;
            umbraco_ai::detail::put_json_string(quoted.get(), secret);
            std::string_view const escaped = std::string_view(quoted.get()).substr(1, quoted.get().size() - 2);
            if (escaped != secret) replace(text, escaped, known.placeholder);
            umbraco_ai::detail::wiping_string encoded;
            umbraco_ai::detail::put_percent_encoded(encoded.get(), secret);
            if (encoded.get() != secret) replace(text, encoded.get(), known.placeholder);
        }
    }

    void redact(http_headers& headers) {
        http_headers kept;
        for (header_view const field : headers) {
            std::string value(field.value);
            if (detail::is_one_of(field.name, {"Authorization", "Proxy-Authorization"})) {
                std::size_t const blank = value.find(' ');
                std::string const scheme = blank == std::string::npos ? std::string() : value.substr(0, blank + 1);
                value = scheme + placeholder_of(std::string_view(value).substr(scheme.size()));
            } else if (detail::is_one_of(field.name, {"Location"})) {
                value.resize((std::min)(value.size(), value.find_first_of("?#")));
                value = umbraco_ai::detail::without_url_secrets(std::move(value));
                scrub(value);
            } else if (detail::is_public_header(field.name)) {
                scrub(value);
            } else {
                value = placeholder_of(value);
            }
            kept.add(field.name, value);
        }
        headers = std::move(kept);
    }

    void redact_target(std::string& target) {
        std::size_t const question = target.find('?');
        if (question != std::string::npos) {
            std::string kept = target.substr(0, question + 1);
            redact_parameters(std::string_view(target).substr(question + 1), kept);
            target = std::move(kept);
        }
        scrub(target);
    }

    void redact_parameters(std::string_view text, std::string& out) {
        for (bool is_first = true; is_first || !text.empty(); is_first = false) {
            std::string_view const pair = text.substr(0, text.find('&'));
            text.remove_prefix((std::min)(text.size(), pair.size() + 1));
            std::string_view const name = pair.substr(0, pair.find('='));
            if (!is_first) out += '&';
            if (name.size() == pair.size()) {
                out += pair;
                continue;
            }
            out.append(name).append(1, '=');
            std::string_view const value = pair.substr(name.size() + 1);
            std::string const decoded = detail::form_decoded(value);
            std::string scrubbed = decoded;
            scrub(scrubbed);
            if (!detail::is_public_parameter(name)) out += placeholder_of(decoded);
            else if (scrubbed == decoded) out += value;
            else umbraco_ai::detail::put_percent_encoded(out, scrubbed);
        }
    }

    void redact_body(std::string& body, http_headers& headers) {
        std::size_t const size = body.size();
        redact_text(body, headers);
        if (body.size() == size) return;
        http_headers kept;
        for (header_view const field : headers)
            kept.add(field.name, detail::is_one_of(field.name, {"Content-Length"}) ? std::to_string(body.size()) : field.value);
        headers = std::move(kept);
    }

    void redact_text(std::string& body, http_headers const& headers) {
        if (body.empty()) return;
        auto const type = headers.find("Content-Type");
        if (type && umbraco_ai::detail::equals_ignoring_case(type->substr(0, 33), "application/x-www-form-urlencoded")) {
            std::string kept;
            redact_parameters(body, kept);
            scrub(kept);
            body = std::move(kept);
            return;
        }
        std::vector<edit> edits;
        json_reader whole(body, 1024);
        if (!whole.skip_value() || !whole.finish()) {
            body.resize(1);
            return;
        }
        // Twice, since a text may quote a secret that stands behind it.
        for (int pass = 0; pass < 2; ++pass) {
            edits.clear();
            visit(body, body, {}, place::outside, edits);
        }
        for (auto one = edits.rbegin(); one != edits.rend(); ++one) body.replace(one->at, one->size, one->text);
    }

    /// Where a value stands: outside of settings, as settings, as a direct member of them, or below a secret.
    enum class place { outside, settings, member, secret };

    class edit {
    public:
        edit(std::size_t offset, std::size_t count, std::string replacement) : at(offset), size(count), text(std::move(replacement)) {}
        std::size_t at;
        std::size_t size;
        std::string text;
    };

    /// Notes what to change of a value, and leaves every other byte as it is. `value` views `body`.
    void visit(std::string_view body, std::string_view value, std::string_view key, place where, std::vector<edit>& edits) {
        json_reader reader(value, 1024);
        switch (reader.peek()) {
            case json_kind::object:
                static_cast<void>(reader.read_object([&](json_key const& member) {
                    std::string_view raw;
                    std::string name(member.name);
                    scrub(name);
                    if (name != member.name) edits.push_back(change(body, member.raw.data() - 1, member.raw.size() + 2, name));
                    if (!reader.read_raw(raw)) return false;
                    visit(body, raw, member.name, below(where, member.name), edits);
                    return true;
                }));
                return;
            case json_kind::array:
                static_cast<void>(reader.read_array([&](std::size_t) {
                    std::string_view raw;
                    if (!reader.read_raw(raw)) return false;
                    visit(body, raw, key, where == place::outside ? where : place::secret, edits);
                    return true;
                }));
                return;
            case json_kind::string: {
                std::string_view raw;
                umbraco_ai::detail::wiping_string text;
                if (!reader.read_string(text.get())) return;
                std::string kept = redacted_text(text.get(), key, where);
                json_reader bytes(value, 1024);
                if (kept != text.get() && bytes.read_raw(raw)) edits.push_back(change(body, raw.data(), raw.size(), kept));
                return;
            }
            case json_kind::number: {
                std::string_view raw;
                if (where != place::outside && reader.read_raw(raw)) edits.push_back(change(body, raw.data(), raw.size(), placeholder_of(raw)));
                return;
            }
            default: return;
        }
    }

    [[nodiscard]] static place below(place where, std::string_view name) {
        if (where == place::settings) return place::member;
        if (where != place::outside) return place::secret;
        if (umbraco_ai::detail::equals_ignoring_case(name, "settings")) return place::settings;
        return detail::is_secret_member(name) ? place::secret : place::outside;
    }

    [[nodiscard]] std::string redacted_text(std::string const& text, std::string_view key, place where) {
        std::string kept = text;
        bool const is_public = where == place::outside || (where == place::member && umbraco_ai::detail::is_public_setting(key) &&
                                                           umbraco_ai::detail::without_url_secrets(text) == text);
        if (is_public) {
            scrub(kept);
            // A server quotes keys that no exchange showed.
            return detail::is_one_of(key, {"detail", "error_description", "errorMessage", "message", "title"}) ? umbraco_ai::detail::without_tokens(kept) : kept;
        }
        if (text.empty() || looks_like_reference(text)) return kept;
        if (looks_masked(text)) return "***";
        if (looks_encrypted(text)) return "ENC:" + placeholder_of(std::string_view(text).substr(4));
        return placeholder_of(text);
    }

    [[nodiscard]] static edit change(std::string_view body, char const* from, std::size_t size, std::string_view text) {
        std::string json;
        umbraco_ai::detail::put_json_string(json, text);
        return edit(static_cast<std::size_t>(from - body.data()), size, std::move(json));
    }

    std::vector<known_secret> known_;
    std::size_t last_ = 0;
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

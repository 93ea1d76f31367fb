// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_IDENTITY_HPP
#define UMBRACO_AI_MODEL_IDENTITY_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <algorithm>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

[[nodiscard]] inline bool has_control(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

[[nodiscard]] inline bool is_blank(std::string_view text) noexcept { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

/// Why no request of this method can mean the connection of this alias, or null. The text is no guid.
[[nodiscard]] inline char const* refusal_of_alias_in_path(std::string_view alias, http_method method) noexcept {
    if (is_blank(alias)) return "It is empty; give the id or the alias of a connection.";
    if (alias == "." || alias == "..") return "A path cannot hold this alias; use the id.";
    if (alias.find('/') != std::string_view::npos) return "An alias with a slash cannot be addressed, and could reach another connection; use the id.";
    if (has_control(alias)) return "It holds a control character; use the id.";
    if (!is_utf8(alias)) return "It is not UTF-8.";
    if (method == http_method::get && equals_ignoring_case(alias, "capabilities")) return "GET on this alias reaches the list of capabilities; use the id.";
    return nullptr;
}

inline constexpr char const* refusal_of_nil = "It is the nil guid, which no connection has; give the id of a connection that was read.";

}  // namespace detail

/// What names a connection in a path: its id, or its alias. Text in the form of a guid is an id, as it is to servers.
class id_or_alias {
public:
    static constexpr fixed_string parameter_name{"idOrAlias"};

    id_or_alias() = default;
    id_or_alias(guid const& id) : id_(id) {}
    id_or_alias(char const* text) : id_or_alias(text == nullptr ? std::string_view() : std::string_view(text)) {}
    id_or_alias(std::string const& text) : id_or_alias(std::string_view(text)) {}
    id_or_alias(std::string_view text)
        : id_(guid::parse(text)), alias_(id_ ? std::string_view() : text), is_unreserved_(detail::unreserved_length(alias_) == alias_.size()) {}

    [[nodiscard]] std::optional<guid> const& id() const noexcept { return id_; }
    [[nodiscard]] std::string const& alias() const noexcept { return alias_; }  ///< Empty where it is an id.
    [[nodiscard]] std::string to_string() const { return id_ ? id_->to_string() : alias_; }

    /// Whether a request of this method can mean the connection.
    /// Errors: usage failures for an alias that would reach another route or another connection.
    [[nodiscard]] result<void> check(http_method method) const {
        if (!id_ && is_unreserved_ && alias_.size() > 2 && !detail::equals_ignoring_case(alias_, "capabilities")) return result<void>::ok();
        char const* const refusal = !id_ ? detail::refusal_of_alias_in_path(alias_, method) : id_->is_nil() ? detail::refusal_of_nil : nullptr;
        if (refusal != nullptr) return failure(errc::invalid_argument, refusal).at("idOrAlias");
        return result<void>::ok();
    }

    template <Sink S>
    void append_to(S& sink) const {
        if (id_) id_->append_to(sink);
        else detail::put(sink, alias_);
    }

    /// As `append_to`, percent-encoded.
    template <Sink S>
    void append_encoded_to(S& sink) const {
        if (id_) id_->append_to(sink);
        else if (is_unreserved_) detail::put(sink, alias_);
        else detail::put_percent_encoded(sink, alias_);
    }

    friend bool operator==(id_or_alias const&, id_or_alias const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, id_or_alias const& value) {
        return out << value.to_string();
    }

private:
    std::optional<guid> id_;
    std::string alias_;
    bool is_unreserved_ = true;  ///< Most aliases need no encoding, and no further look.
};

/// Something a provider can do: "Chat", "Embedding" … An open set: servers add to it, so the text is kept. Compared
/// ignoring case.
class capability {
public:
    static constexpr fixed_string parameter_name{"capability"};

    capability() = default;
    capability(char const* name) : name_(name == nullptr ? "" : name) {}
    explicit capability(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] static capability chat() { return "Chat"; }
    [[nodiscard]] static capability embedding() { return "Embedding"; }
    [[nodiscard]] static capability media() { return "Media"; }
    [[nodiscard]] static capability moderation() { return "Moderation"; }
    [[nodiscard]] static capability speech_to_text() { return "SpeechToText"; }

    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    /// Whether this can be asked for.
    /// Errors: usage failures for what servers would take as another route, as a number, or as several at once.
    [[nodiscard]] result<void> check(http_method) const {
        auto const refuse = [](char const* what) { return failure(errc::invalid_argument, what).at("capability"); };
        if (name_.empty()) return refuse("It is empty; give a name such as Chat.");
        for (std::string_view const route : {"models", "exists", "capabilities", "test"})
            if (detail::equals_ignoring_case(name_, route)) return refuse("This name is a route of the API, not a capability.");
        for (char const c : name_)
            if (!detail::is_alpha(c) && c != '_' && c != '-')
                return refuse("A capability is one name of letters; servers read digits and commas as arithmetic.");
        return result<void>::ok();
    }

    template <Sink S>
    void append_to(S& sink) const {
        detail::put(sink, name_);
    }

    friend bool operator==(capability const& a, capability const& b) noexcept { return detail::equals_ignoring_case(a.name_, b.name_); }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, capability const& value) {
        return out << value.name_;
    }

private:
    friend struct json_codec<capability>;

    std::string name_;
};

template <>
struct json_codec<capability> {
    static bool read(json_reader& reader, capability& out) {
        return reader.read_string(out.name_);
    }
    template <Sink S>
    static void write(S& sink, capability const& value) {
        detail::put_json_string(sink, value.name());
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

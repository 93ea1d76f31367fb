// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_SECRET_HPP
#define UMBRACO_AI_MODEL_SECRET_HPP

#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Text that must not be shown: it streams as `***` and converts to nothing. Its storage is overwritten when it ends.
class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) {}

    /// The text itself; the name is long so that it is seen in a review.
    [[nodiscard]] std::string_view reveal() const noexcept { return text_.get(); }
    [[nodiscard]] bool empty() const noexcept { return text_.get().empty(); }

    /// Takes the same time wherever the texts differ.
    friend bool operator==(secret const& a, secret const& b) noexcept {
        std::string_view const x = a.reveal();
        std::string_view const y = b.reveal();
        if (x.size() != y.size()) return false;
        unsigned difference = 0;
        for (std::size_t i = 0; i < x.size(); ++i) difference |= static_cast<unsigned>(static_cast<unsigned char>(x[i]) ^ static_cast<unsigned char>(y[i]));
        return difference == 0;
    }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, secret const&) {
        return out << "***";
    }

private:
    detail::wiping_string text_;
};

/// A reference into the server's configuration, in place of a secret: `config_reference("Umbraco:AI:Secrets:OpenAI")` is
/// sent as `$Umbraco:AI:Secrets:OpenAI`, and the server resolves it when the connection is saved and when it is used. A
/// leading `$` may be given or left out.
class config_reference {
public:
    explicit config_reference(std::string_view key) : key_(key.starts_with('$') ? key.substr(1) : key) {}

    [[nodiscard]] std::string const& key() const noexcept { return key_; }
    [[nodiscard]] std::string to_string() const { return '$' + key_; }

    friend bool operator==(config_reference const&, config_reference const&) = default;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, config_reference const& value) {
        return out << value.to_string();
    }

private:
    std::string key_;
};

UMBRACO_AI_END_NAMESPACE

#endif

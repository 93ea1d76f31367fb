// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_TLS_HPP
#define UMBRACO_AI_BEAST_TLS_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

using sha256_bytes = std::array<unsigned char, 32>;

[[nodiscard]] constexpr int base64_value(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/// A SHA-256 as people have it: hex digits with or without colons, or base64; after "sha256:", "sha256/", "sha256//" or nothing.
[[nodiscard]] inline std::optional<sha256_bytes> parse_sha256(std::string_view text) {
    if (text.size() > 7 && equals_ignoring_case(text.substr(0, 6), "sha256") && (text[6] == ':' || text[6] == '/')) {
        text.remove_prefix(7);
        if (text.front() == '/' && (text.size() > 44 || (text.size() == 44 && text.back() != '='))) text.remove_prefix(1);
    }
    sha256_bytes bytes{};
    std::size_t filled = 0;
    unsigned bits = 0;
    unsigned held = 0;
    bool const is_hex_form = text.size() >= 64;
    if (!is_hex_form) {
        if (text.size() == 44 && text.back() == '=') text.remove_suffix(1);
        if (text.size() != 43) return std::nullopt;
    }
    for (char const c : text) {
        if (is_hex_form && c == ':') continue;
        int const value = is_hex_form ? hex_value(c) : base64_value(c);
        if (value < 0) return std::nullopt;
        unsigned const width = is_hex_form ? 4 : 6;
        held = (held << width) | static_cast<unsigned>(value);
        bits += width;
        if (bits < 8) continue;
        if (filled == bytes.size()) return std::nullopt;
        bits -= 8;
        bytes[filled++] = static_cast<unsigned char>((held >> bits) & 0xFFU);
        held &= (1U << bits) - 1U;
    }
    if (filled != bytes.size() || held != 0 || bits >= 4) return std::nullopt;
    return bytes;
}

}  // namespace detail

/// Whom a transport trusts. As it is: the certificate authorities that this machine trusts, TLS 1.2 or newer, and a
/// certificate that is valid now and made out for the host of the base URL. A development server with a certificate of its
/// own needs one line:
///
///     tls_options().trust_ca_file("dev-certificate.pem")     // dotnet dev-certs https --export-path … --format PEM
///     tls_options().pin("sha256/AbC…=")                      // this certificate or public key, whoever signed it
///
/// Errors: what is wrong here (no such file, no PEM, no SHA-256) is told by the first call over https.
class tls_options {
public:
    tls_options() = default;

    /// Trusts the authorities in a PEM file, or the server's own certificate, besides those of this machine. The file is
    /// read when the first https call begins.
    tls_options& trust_ca_file(std::string path) {
        ca_files_.push_back(std::move(path));
        return *this;
    }

    /// The same for PEM text.
    tls_options& trust_ca_pem(std::string text) {
        ca_texts_.push_back(std::move(text));
        return *this;
    }

    /// Accepts this certificate or public key and no other. The pin stands in for authority and host name; the dates of
    /// the certificate still count. Of several pins one must match, so that a successor can be named beforehand.
    ///   sha256  of the DER of the certificate or of its public key (SubjectPublicKeyInfo), as hex or base64
    tls_options& pin(std::string sha256) {
        pins_.push_back(std::move(sha256));
        return *this;
    }

    /// Verifies nothing, so that whoever answers on this machine's port gets the credentials. Calls to a host other than
    /// localhost, 127.0.0.0/8 and ::1 are refused while it is set. `trust_ca_file` and `pin` are as easy and safe.
    tls_options& dangerously_accept_any_certificate_on_loopback(bool accept = true) {
        accepts_any_on_loopback_ = accept;
        return *this;
    }

    [[nodiscard]] std::vector<std::string> const& ca_files() const noexcept { return ca_files_; }
    [[nodiscard]] std::vector<std::string> const& ca_texts() const noexcept { return ca_texts_; }
    [[nodiscard]] std::vector<std::string> const& pins() const noexcept { return pins_; }
    [[nodiscard]] bool accepts_any_certificate_on_loopback() const noexcept { return accepts_any_on_loopback_; }

    /// Errors: `errc::invalid_argument` where a pin is no SHA-256.
    [[nodiscard]] result<void> check() const {
        for (std::string const& text : pins_)
            if (!detail::parse_sha256(text))
                return failure(errc::invalid_argument, "It is no SHA-256: give 64 hex digits, or 44 characters of base64.").at("pin");
        return result<void>::ok();
    }

private:
    std::vector<std::string> ca_files_;
    std::vector<std::string> ca_texts_;
    std::vector<std::string> pins_;
    bool accepts_any_on_loopback_ = false;
};

UMBRACO_AI_END_NAMESPACE

#endif

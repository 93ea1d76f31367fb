// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CERTIFICATE_TEXT_HPP
#define UMBRACO_AI_BEAST_DETAIL_CERTIFICATE_TEXT_HPP

#include <umbraco_ai/beast/tls.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What a peer wrote, fit for a failure: bounded, and without control bytes or quotes.
[[nodiscard]] inline std::string certificate_words(std::string_view text) {
    constexpr std::size_t most = 100;
    std::string clean;
    for (char const c : text.substr(0, most)) clean += c >= ' ' && c <= '~' && c != '`' ? c : '?';
    if (text.size() > most) clean += "...";
    return clean;
}

[[nodiscard]] inline std::string common_name(X509_NAME const* name) {
    int const at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    X509_NAME_ENTRY const* const entry = at < 0 ? nullptr : X509_NAME_get_entry(name, at);
    ASN1_STRING const* const data = entry == nullptr ? nullptr : X509_NAME_ENTRY_get_data(entry);
    if (data == nullptr) return {};
    return certificate_words({reinterpret_cast<char const*>(ASN1_STRING_get0_data(data)), static_cast<std::size_t>(ASN1_STRING_length(data))});
}

/// The hosts that a certificate is made out for: its subject alternative names, or else its common name.
[[nodiscard, gnu::cold]] inline std::vector<std::string> certified_hosts(X509* certificate) {
    struct free_names {
        void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    };
    std::vector<std::string> hosts;
    std::unique_ptr<GENERAL_NAMES, free_names> const names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        GENERAL_NAME const* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
        ASN1_STRING const* const value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
        unsigned char const* const data = ASN1_STRING_get0_data(value);
        auto const size = static_cast<std::size_t>(ASN1_STRING_length(value));
        if (name->type == GEN_DNS) {
            hosts.push_back(certificate_words({reinterpret_cast<char const*>(data), size}));
        } else if (size == 4) {
            boost::asio::ip::address_v4::bytes_type bytes{};
            std::copy_n(data, size, bytes.begin());
            hosts.push_back(boost::asio::ip::address_v4(bytes).to_string());
        } else if (size == 16) {
            boost::asio::ip::address_v6::bytes_type bytes{};
            std::copy_n(data, size, bytes.begin());
            hosts.push_back(boost::asio::ip::address_v6(bytes).to_string());
        }
    }
    if (hosts.empty()) {
        std::string name = common_name(X509_get_subject_name(certificate));
        if (!name.empty()) hosts.push_back(std::move(name));
    }
    return hosts;
}

/// "`a`, `b` and 3 more".
[[nodiscard, gnu::cold]] inline std::string list_of_hosts(std::vector<std::string> const& hosts) {
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < (std::min)(hosts.size(), most); ++i) text.append(i == 0 ? "`" : ", `").append(hosts[i]).append("`");
    if (hosts.size() > most) text += " and " + std::to_string(hosts.size() - most) + " more";
    return text.empty() ? "no host at all" : text;
}

/// "2026-03-01 12:00:00 UTC".
[[nodiscard]] inline std::string certificate_time(ASN1_TIME const* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                  parts.tm_min, parts.tm_sec);
    return text;
}

[[nodiscard]] inline sha256_bytes sha256_of(unsigned char const* data, std::size_t size) {
    sha256_bytes digest{};
    unsigned length = 0;
    static_cast<void>(EVP_Digest(data, size, digest.data(), &length, EVP_sha256(), nullptr));
    return digest;
}

[[nodiscard]] inline sha256_bytes certificate_sha256(X509* certificate) {
    unsigned char* der = nullptr;
    int const size = i2d_X509(certificate, &der);
    sha256_bytes const digest = size > 0 ? sha256_of(der, static_cast<std::size_t>(size)) : sha256_bytes{};
    OPENSSL_free(der);
    return digest;
}

[[nodiscard]] inline sha256_bytes public_key_sha256(X509* certificate) {
    unsigned char* der = nullptr;
    int const size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    sha256_bytes const digest = size > 0 ? sha256_of(der, static_cast<std::size_t>(size)) : sha256_bytes{};
    OPENSSL_free(der);
    return digest;
}

[[nodiscard, gnu::cold]] inline std::string hex_of(sha256_bytes const& digest) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned char const byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

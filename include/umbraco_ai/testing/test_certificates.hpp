// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_TEST_CERTIFICATES_HPP
#define UMBRACO_AI_TESTING_TEST_CERTIFICATES_HPP

#include <umbraco_ai/beast/detail/certificate_text.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {
namespace detail {

struct free_openssl {
    void operator()(X509* object) const noexcept { X509_free(object); }
    void operator()(EVP_PKEY* object) const noexcept { EVP_PKEY_free(object); }
    void operator()(BIO* object) const noexcept { BIO_free(object); }
    void operator()(X509_EXTENSION* object) const noexcept { X509_EXTENSION_free(object); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, free_openssl>;

inline void demand(bool is_done, char const* what) {
    if (!is_done) throw std::runtime_error(std::string("umbraco_ai: OpenSSL could not ") + what);
}

[[nodiscard]] inline std::string text_of(BIO* memory) {
    char* data = nullptr;
    long const size = BIO_get_mem_data(memory, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

[[nodiscard]] inline openssl_ptr<BIO> reader_of(std::string const& text) {
    return openssl_ptr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

[[nodiscard]] inline openssl_ptr<X509> certificate_from(std::string const& pem) {
    openssl_ptr<X509> certificate(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
    demand(certificate != nullptr, "read a certificate");
    return certificate;
}

[[nodiscard]] inline openssl_ptr<EVP_PKEY> key_from(std::string const& pem) {
    openssl_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, nullptr, nullptr));
    demand(key != nullptr, "read a key");
    return key;
}

}  // namespace detail

/// What a certificate says: the hosts that it is for, and from when to when, both counted from now.
class certificate_terms {
public:
    certificate_terms() = default;
    /// host_names  names and IP addresses; the first one is the common name too
    certificate_terms(std::vector<std::string> host_names) : hosts(std::move(host_names)) {}

    std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1"};
    std::chrono::seconds begin = -std::chrono::hours(1);
    std::chrono::seconds end = std::chrono::hours(24);

    certificate_terms& valid(std::chrono::seconds from, std::chrono::seconds until) {
        begin = from;
        end = until;
        return *this;
    }
};

/// A certificate and its key in PEM form.
class test_certificate {
public:
    test_certificate() = default;
    test_certificate(std::string certificate_pem, std::string key_pem) : certificate(std::move(certificate_pem)), key(std::move(key_pem)) {}

    std::string certificate;
    std::string key;

    [[nodiscard]] bool empty() const noexcept { return certificate.empty(); }

    /// In hex, of the certificate.
    [[nodiscard]] std::string sha256() const {
        return umbraco_ai::detail::hex_of(umbraco_ai::detail::certificate_sha256(detail::certificate_from(certificate).get()));
    }
    /// In hex, of its public key.
    [[nodiscard]] std::string public_key_sha256() const {
        return umbraco_ai::detail::hex_of(umbraco_ai::detail::public_key_sha256(detail::certificate_from(certificate).get()));
    }

    /// As a development server makes it for itself.
    [[nodiscard]] static test_certificate self_signed(certificate_terms const& terms = {}) { return make(terms, "", nullptr); }

    /// Signed by `issuer`, or by itself. An `authority` is the name of a certificate that may sign others.
    /// Errors: throws `std::runtime_error` where OpenSSL does not do it.
    [[nodiscard]] static test_certificate make(certificate_terms const& terms, std::string const& authority, test_certificate const* issuer) {
        using detail::demand;
        detail::openssl_ptr<EVP_PKEY> const key(EVP_EC_gen("P-256"));
        detail::openssl_ptr<X509> const made(X509_new());
        demand(key && made, "make a key");
        detail::openssl_ptr<X509> const parent = issuer == nullptr ? nullptr : detail::certificate_from(issuer->certificate);
        detail::openssl_ptr<EVP_PKEY> const parent_key = issuer == nullptr ? nullptr : detail::key_from(issuer->key);
        X509* const signer = parent ? parent.get() : made.get();

        std::uint64_t serial = 0;
        demand(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "draw a number");
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial >> 1U);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), static_cast<long>(terms.begin.count()));
        X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(terms.end.count()));
        X509_set_pubkey(made.get(), key.get());
        std::string const name = !authority.empty() ? authority : terms.hosts.empty() ? "nobody" : terms.hosts.front();
        X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                                   reinterpret_cast<unsigned char const*>(name.data()), static_cast<int>(name.size()), -1, 0);
        X509_set_issuer_name(made.get(), X509_get_subject_name(signer));

        extend(made.get(), signer, NID_basic_constraints, authority.empty() ? "critical,CA:FALSE" : "critical,CA:TRUE");
        extend(made.get(), signer, NID_subject_key_identifier, "hash");
        if (authority.empty()) {
            std::string hosts;
            for (std::string const& host : terms.hosts) {
                boost::system::error_code error;
                static_cast<void>(boost::asio::ip::make_address(host, error));
                hosts.append(hosts.empty() ? "" : ",").append(error ? "DNS:" : "IP:").append(host);
            }
            extend(made.get(), signer, NID_key_usage, "critical,digitalSignature");
            extend(made.get(), signer, NID_ext_key_usage, "serverAuth");
            if (!hosts.empty()) extend(made.get(), signer, NID_subject_alt_name, hosts);
        } else {
            extend(made.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
        }
        demand(X509_sign(made.get(), parent_key ? parent_key.get() : key.get(), EVP_sha256()) > 0, "sign a certificate");

        detail::openssl_ptr<BIO> const certificate_text(BIO_new(BIO_s_mem()));
        detail::openssl_ptr<BIO> const key_text(BIO_new(BIO_s_mem()));
        demand(certificate_text && key_text && PEM_write_bio_X509(certificate_text.get(), made.get()) == 1 &&
                   PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
               "write a certificate");
        return test_certificate(detail::text_of(certificate_text.get()), detail::text_of(key_text.get()));
    }

private:
    static void extend(X509* certificate, X509* issuer, int kind, std::string const& value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        detail::openssl_ptr<X509_EXTENSION> const extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
        detail::demand(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extend a certificate");
    }
};

/// A certificate authority that lives as long as a test does: no file, no key that anyone else has.
///
///     test_authority authority;
///     loopback_server server(api, loopback_options().with_tls(authority.issue()));
///     blocking_client cms(server.base_url(), {}, {}, tls_options().trust_ca_pem(authority.pem()));
class test_authority {
public:
    explicit test_authority(std::string const& name = "Test Authority") : own_(test_certificate::make({}, name, nullptr)) {}

    [[nodiscard]] std::string const& pem() const noexcept { return own_.certificate; }

    [[nodiscard]] test_certificate issue(certificate_terms const& terms = {}) const { return test_certificate::make(terms, "", &own_); }

private:
    test_certificate own_;
};

/// A text in a file, for as long as the object lives.
class temporary_file {
public:
    explicit temporary_file(std::string_view text) {
        std::uint64_t number = 0;
        static_cast<void>(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number));
        path_ = std::filesystem::temp_directory_path() / ("umbraco_ai-" + std::to_string(number) + ".pem");
        std::ofstream(path_, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
    }
    temporary_file(temporary_file const&) = delete;
    temporary_file& operator=(temporary_file const&) = delete;
    ~temporary_file() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

enum class tls_version : std::uint8_t { tls_1_0, tls_1_1, tls_1_2, tls_1_3 };

/// How a server of the testing kit speaks TLS; without a certificate it does not.
class server_tls {
public:
    server_tls() = default;
    server_tls(test_certificate server_identity) : identity(std::move(server_identity)) {}

    test_certificate identity;
    tls_version oldest = tls_version::tls_1_2;
    tls_version newest = tls_version::tls_1_3;
    bool asks_for_client_certificate = false;     ///< And takes a client without one.
    bool demands_client_certificate = false;

    server_tls& with_versions(tls_version from, tls_version to) {
        oldest = from;
        newest = to;
        return *this;
    }
    server_tls& asking_for_client_certificate() {
        asks_for_client_certificate = true;
        return *this;
    }
    server_tls& demanding_client_certificate() {
        demands_client_certificate = true;
        return *this;
    }
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

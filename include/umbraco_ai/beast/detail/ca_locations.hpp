// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CA_LOCATIONS_HPP
#define UMBRACO_AI_BEAST_DETAIL_CA_LOCATIONS_HPP

#include <umbraco_ai/beast/detail/paths.hpp>
#include <umbraco_ai/version.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Where this machine keeps the certificates of its authorities, and where they were looked for.
class ca_locations {
public:
    ca_locations() = default;

    /// OpenSSL's own places, which SSL_CERT_FILE and SSL_CERT_DIR replace; where these hold nothing, the places of the
    /// usual distributions.
    void load_into(SSL_CTX* context) {
        ERR_clear_error();
        static_cast<void>(SSL_CTX_set_default_verify_paths(context));
        bool found = look(place_of(X509_get_default_cert_file_env(), X509_get_default_cert_file()), true);
        // A list, as in PATH.
        std::string_view folders = place_of(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
        while (!folders.empty()) {
            std::size_t const end = (std::min)(folders.find(':'), folders.size());
            found = look(std::string(folders.substr(0, end)), false) || found;
            folders.remove_prefix((std::min)(end + 1, folders.size()));
        }
        if (!found && std::getenv(X509_get_default_cert_file_env()) == nullptr && std::getenv(X509_get_default_cert_dir_env()) == nullptr) {
            for (char const* const file :
                 {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                  "/etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/cert.pem", "/usr/local/etc/ssl/cert.pem",
                  "/usr/local/share/certs/ca-root-nss.crt", "/etc/openssl/certs/ca-certificates.crt"}) {
                if (!look(file, true)) continue;
                static_cast<void>(SSL_CTX_load_verify_locations(context, file, nullptr));
                break;
            }
        }
        ERR_clear_error();
    }

    void add(std::string place) { looked_.push_back(std::move(place)); }

    /// "/etc/ssl/certs, /etc/ssl/cert.pem (nothing there)".
    [[nodiscard]] std::string to_string() const {
        std::string text;
        for (std::string const& place : looked_) text.append(text.empty() ? "" : ", ").append(place);
        return text.empty() ? "nowhere" : text;
    }

private:
    [[nodiscard]] static char const* place_of(char const* variable, char const* fallback) {
        char const* const value = std::getenv(variable);
        return value != nullptr ? value : fallback;
    }

    [[nodiscard]] bool look(std::string const& path, bool is_file) {
        bool const is_there = is_file ? holds_file(path) : holds_folder(path);
        looked_.push_back(is_there ? path : path + " (nothing there)");
        return is_there;
    }

    std::vector<std::string> looked_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

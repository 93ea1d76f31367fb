// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP_URI_HPP
#define UMBRACO_AI_HTTP_URI_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

/// The path below which all endpoints of the API stand.
inline constexpr std::string_view api_base_path = "/umbraco/ai/management/api/v1";

namespace detail {

[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

inline constexpr std::array<bool, 256> unreserved_chars = [] {
    std::array<bool, 256> made{};
    for (std::size_t i = 0; i < 128; ++i) made[i] = is_unreserved(static_cast<char>(i));
    return made;
}();

/// The number of unreserved characters that text begins with.
[[nodiscard]] constexpr std::size_t unreserved_length(std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && unreserved_chars[static_cast<unsigned char>(text[length])]) ++length;
    return length;
}

/// Writes text with all but the unreserved characters of RFC 3986 as %XX.
template <Sink S>
void put_percent_encoded(S& sink, std::string_view text) {
    constexpr char hex[] = "0123456789ABCDEF";
    while (true) {
        std::size_t const plain = unreserved_length(text);
        sink.append(text.data(), plain);
        if (plain == text.size()) return;
        auto const byte = static_cast<unsigned char>(text[plain]);
        char const escape[] = {'%', hex[byte >> 4], hex[byte & 15]};
        sink.append(escape, sizeof escape);
        text.remove_prefix(plain + 1);
    }
}

/// A sink that percent-encodes what goes into another.
template <Sink S>
class percent_encoder {
public:
    explicit percent_encoder(S& sink) noexcept : sink_(&sink) {}
    void append(char const* data, std::size_t size) { put_percent_encoded(*sink_, {data, size}); }

private:
    S* sink_;
};

[[nodiscard]] constexpr bool ends_with_ignoring_case(std::string_view text, std::string_view tail) noexcept {
    if (text.size() < tail.size()) return false;
    text.remove_prefix(text.size() - tail.size());
    return equals_ignoring_case(text, tail);
}

[[nodiscard]] inline bool is_ipv4(std::string_view host) noexcept {
    int parts = 0;
    while (true) {
        std::size_t const dot = host.find('.');
        std::string_view const part = host.substr(0, dot);
        unsigned value = 0;
        auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (part.empty() || part.size() > 3 || error != std::errc() || end != part.data() + part.size() || value > 255) return false;
        ++parts;
        if (dot == std::string_view::npos) return parts == 4;
        host.remove_prefix(dot + 1);
    }
}

[[nodiscard]] constexpr bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Eight groups of hex digits, or fewer with one `::` among them; the last two may be an IPv4 address.
[[nodiscard]] inline bool is_ipv6(std::string_view host) noexcept {
    std::size_t groups = 0;
    bool shortened = false;
    if (host.starts_with("::")) {
        shortened = true;
        host.remove_prefix(2);
    }
    while (!host.empty()) {
        std::size_t const colon = host.find(':');
        std::string_view const group = host.substr(0, colon);
        if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
            groups += 2;
            if (!is_ipv4(group)) return false;
            break;
        }
        if (group.empty() || group.size() > 4) return false;
        for (char const c : group)
            if (!is_hex(c)) return false;
        ++groups;
        if (colon == std::string_view::npos) break;
        host.remove_prefix(colon + 1);
        if (host.empty()) return false;
        if (host.front() == ':') {
            if (shortened) return false;
            shortened = true;
            host.remove_prefix(1);
        }
    }
    return shortened ? groups < 8 : groups == 8;
}

}  // namespace detail

/// Whether a host is this machine by its spelling alone: localhost, 127.0.0.0/8 and ::1. Nothing is resolved.
[[nodiscard]] inline bool is_loopback(std::string_view host) noexcept {
    return detail::equals_ignoring_case(host, "localhost") || host == "::1" || (host.starts_with("127.") && detail::is_ipv4(host));
}

/// Where an API is: the origin and the path before `/connections`.
class base_url {
public:
    base_url() = default;

    http_origin origin;
    std::string path{api_base_path};  ///< Without a slash at its end.

    /// Reads what a user gives: an origin (`https://cms.example.com`), an origin with `/umbraco`, or the whole base path.
    /// All three mean the same. A site below a path of its own is given with `/umbraco`: `https://example.com/site/umbraco`.
    /// Errors: `errc::invalid_base_url`, never quoting the text, since people paste credentials into URLs.
    [[nodiscard, gnu::cold]] static result<base_url> parse(std::string_view text) {
        auto refuse = [](char const* what) { return failure(errc::invalid_base_url, what).at("base URL"); };

        base_url made;
        std::size_t const scheme_end = text.find("://");
        if (scheme_end == std::string_view::npos)
            return refuse("It has no scheme; give it as https://host[:port], optionally with /umbraco.");
        std::string_view const scheme = text.substr(0, scheme_end);
        if (detail::equals_ignoring_case(scheme, "https")) made.origin.tls = true;
        else if (detail::equals_ignoring_case(scheme, "http")) made.origin.tls = false;
        else return refuse("Its scheme is neither https nor http.");
        text.remove_prefix(scheme_end + 3);

        if (text.find_first_of("?#") != std::string_view::npos) return refuse("It has a query or a fragment; leave them out.");
        std::size_t const path_begin = text.find('/');
        std::string_view authority = text.substr(0, path_begin);
        std::string_view path = path_begin == std::string_view::npos ? std::string_view() : text.substr(path_begin);

        if (authority.find('@') != std::string_view::npos)
            return refuse("It holds a user name or a password; credentials are given to the client, not in the URL.");
        if (!authority.empty() && authority.front() == '[') {
            std::size_t const close = authority.find(']');
            if (close == std::string_view::npos) return refuse("Its IPv6 address is not closed by ].");
            std::string_view const address = authority.substr(1, close - 1);
            if (!detail::is_ipv6(address)) return refuse("What stands in [ ] is no IPv6 address.");
            set_host(made.origin, address);
            authority.remove_prefix(close + 1);
            if (!authority.empty() && authority.front() != ':') return refuse("After ] only a port may follow.");
        } else {
            std::size_t const colon = authority.find(':');
            std::string_view const host = authority.substr(0, colon);
            if (host.empty()) return refuse("It has no host.");
            for (char const c : host)
                if (!detail::is_unreserved(c)) return refuse("Its host holds a character that no host name has; write an international name in its xn-- form.");
            set_host(made.origin, host);
            authority.remove_prefix(colon == std::string_view::npos ? authority.size() : colon);
        }
        made.origin.port = made.origin.tls ? 443 : 80;
        if (!authority.empty()) {
            std::string_view const port = authority.substr(1);
            unsigned value = 0;
            auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
            if (error != std::errc() || end != port.data() + port.size() || value == 0 || value > 65535)
                return refuse("Its port is not a number from 1 to 65535.");
            made.origin.port = static_cast<std::uint16_t>(value);
        }

        while (!path.empty() && path.back() == '/') path.remove_suffix(1);
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (detail::is_unreserved(path[i]) || path[i] == '/') continue;
            std::string_view const escape = path.substr(i, 3);
            bool const encoded = escape.size() == 3 && escape[0] == '%' && detail::is_hex(escape[1]) && detail::is_hex(escape[2]);
            if (!encoded || detail::equals_ignoring_case(escape, "%2e") || detail::equals_ignoring_case(escape, "%2f"))
                return refuse("Its path holds a character that must be percent-encoded, or an encoded dot or slash.");
            i += 2;
        }
        if (path.find("/../") != std::string_view::npos || path.find("/./") != std::string_view::npos ||
            path.find("//") != std::string_view::npos)
            return refuse("Its path holds an empty or a dot segment.");
        constexpr std::string_view cms = "/umbraco";
        if (path.empty()) {
            made.path = api_base_path;
        } else if (detail::ends_with_ignoring_case(path, api_base_path)) {
            made.path = std::string(path.substr(0, path.size() - api_base_path.size())) + std::string(api_base_path);
        } else if (detail::ends_with_ignoring_case(path, cms)) {
            made.path = std::string(path.substr(0, path.size() - cms.size())) + std::string(api_base_path);
        } else {
            return refuse("Its path ends neither with /umbraco nor with /umbraco/ai/management/api/v1; give the origin alone, or the path of the back office.");
        }
        return made;
    }

    friend bool operator==(base_url const&, base_url const&) = default;

private:
    static void set_host(http_origin& origin, std::string_view host) {
        origin.host.clear();
        for (char const c : host) origin.host += detail::ascii_lower(c);
    }
};

UMBRACO_AI_END_NAMESPACE

#endif

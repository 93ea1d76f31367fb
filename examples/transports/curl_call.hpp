// SPDX-License-Identifier: MIT
#ifndef CURL_CALL_HPP
#define CURL_CALL_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// What both transports over libcurl may be told.
class curl_options {
public:
    curl_options() = default;

    std::string ca_pem;  ///< Certificates to trust instead of the system's, in PEM form.
};

template <auto Free>
struct free_with {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using curl_handle = std::unique_ptr<CURL, free_with<curl_easy_cleanup>>;
using curl_multi_handle = std::unique_ptr<CURLM, free_with<curl_multi_cleanup>>;
using curl_list = std::unique_ptr<curl_slist, free_with<curl_slist_free_all>>;

[[nodiscard]] inline curl_handle make_curl_handle() {
    static CURLcode const begun = curl_global_init(CURL_GLOBAL_DEFAULT);
    return curl_handle(begun == CURLE_OK ? curl_easy_init() : nullptr);
}

/// One request and its answer on a handle of libcurl, however that is driven. Stays where it is while the transfer runs.
class curl_call {
    using failure = umbraco_ai::failure;
    using errc = umbraco_ai::errc;
    using http_method = umbraco_ai::http_method;

public:
    curl_call(CURL* handle, umbraco_ai::http_request request, curl_options const& options)
        : handle_(handle), request_(std::move(request)), options_(options) {}
    curl_call(curl_call const&) = delete;
    curl_call& operator=(curl_call const&) = delete;

    /// Makes the handle ready; gives why nothing is to be sent, if so.
    [[nodiscard]] std::optional<failure> begin() {
        if (handle_ == nullptr) return failure(errc::transport_failed, "libcurl could not be initialised.");
        if (request_.limits.time <= request_.limits.time.zero())
            return failure(errc::deadline_exceeded, "There was no time left for the call.");
        if (is_cancelled()) return failure(errc::cancelled, "The call was cancelled before it began.");
        if (!is_clean(request_.target)) return failure(errc::invalid_argument, "The request target holds a control byte.").at("target");
        for (auto const& field : request_.headers)
            if (!is_clean(field.name) || !is_clean(field.value))
                return failure(errc::invalid_argument, "A header holds a control byte.").at("headers");

        curl_easy_reset(handle_);
        bool const is_ready = set_connection() && set_request() && set_callbacks();
        if (!is_ready) return failure(errc::transport_failed, "This libcurl lacks an option that a safe call needs; use 7.85 or newer.");
        return std::nullopt;
    }

    [[nodiscard]] bool is_cancelled() const { return request_.limits.is_cancelled(); }

    /// What came of the transfer.
    [[nodiscard]] umbraco_ai::result<umbraco_ai::http_response> finish(CURLcode code) {
        if (code == CURLE_OK && has_header_ && answer_.status >= 200 && is_surely_whole()) return std::move(answer_);
        failure reason = reason_of(code);
        long sent = 0;
        curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &sent);
        reason.possibly_applied = is_write() && sent > 0;
        return reason;
    }

private:
    template <class T>
    bool set(CURLoption option, T value) {
        return curl_easy_setopt(handle_, option, value) == CURLE_OK;
    }

    // Nothing from the environment, no other protocol, no resending: where a kept connection was closed without an answer,
    // libcurl sends any request again, so what writes goes over a connection of its own.
    bool set_connection() {
        auto const milliseconds = std::chrono::ceil<std::chrono::milliseconds>(
            (std::min)(request_.limits.time, std::chrono::nanoseconds(std::chrono::hours(24 * 20))));
        bool is_set = set(CURLOPT_URL, request_.origin.to_string().c_str()) &&
                      set(CURLOPT_PROTOCOLS_STR, request_.origin.tls ? "https" : "http") && set(CURLOPT_PROXY, "") &&
                      set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) &&
                      set(CURLOPT_FRESH_CONNECT, is_write() ? 1L : 0L) && set(CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds.count())) &&
                      set(CURLOPT_NOSIGNAL, 1L);
        if (request_.origin.tls) {
            is_set = is_set && set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
            curl_blob trusted{const_cast<char*>(options_.ca_pem.data()), options_.ca_pem.size(), CURL_BLOB_COPY};
            if (!options_.ca_pem.empty()) is_set = is_set && set(CURLOPT_CAINFO_BLOB, &trusted) && set(CURLOPT_CAPATH, nullptr);
        }
        return is_set;
    }

    bool set_request() {
        bool const has_body = !request_.body.empty() || request_.method == http_method::post || request_.method == http_method::put;
        if (has_body &&
            !(set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())) && set(CURLOPT_POSTFIELDS, request_.body.data())))
            return false;
        // Else libcurl would send headers of its own.
        for (char const* const name : {"Accept", "Content-Type", "Expect", "User-Agent"})
            if (!request_.headers.contains(name) && !add(std::string(name) + ':')) return false;
        for (auto const& field : request_.headers)
            if (!add(std::string(field.name).append(field.value.empty() ? ";" : ": ").append(field.value))) return false;
        return set(CURLOPT_CUSTOMREQUEST, std::string(to_string(request_.method)).c_str()) &&
               set(CURLOPT_REQUEST_TARGET, request_.target.c_str()) && set(CURLOPT_HTTPHEADER, fields_.get());
    }

    bool set_callbacks() {
        void* const self = this;
        return set(CURLOPT_HEADERFUNCTION, &curl_call::header_callback) && set(CURLOPT_HEADERDATA, self) &&
               set(CURLOPT_WRITEFUNCTION, &curl_call::body_callback) && set(CURLOPT_WRITEDATA, self) &&
               set(CURLOPT_XFERINFOFUNCTION, &curl_call::cancel_callback) && set(CURLOPT_XFERINFODATA, self) && set(CURLOPT_NOPROGRESS, 0L);
    }

    static std::size_t header_callback(char* data, std::size_t, std::size_t size, void* call) {
        return static_cast<curl_call*>(call)->on_header_line(std::string_view(data, size));
    }
    static std::size_t body_callback(char* data, std::size_t, std::size_t size, void* call) {
        return static_cast<curl_call*>(call)->on_body(std::string_view(data, size));
    }
    static int cancel_callback(void* call, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<curl_call*>(call)->is_cancelled() ? 1 : 0;
    }

    bool add(std::string const& line) {
        curl_slist* const longer = curl_slist_append(fields_.get(), line.c_str());
        if (longer == nullptr) return false;
        static_cast<void>(fields_.release());
        fields_.reset(longer);
        return true;
    }

    // Any number other than the size ends the transfer.
    std::size_t on_header_line(std::string_view line) {
        bool const begins_answer = answer_.status < 200 && line.substr(0, 5) == "HTTP/";
        if (begins_answer) begin_answer(line);
        header_bytes_ += line.size();
        if (header_bytes_ > request_.limits.header_bytes) stopped_by_ = errc::header_too_large;
        if (answers_begun_ > most_interim + 1) stopped_by_ = errc::too_many_interim_responses;
        if (answer_.status == 101) stopped_by_ = errc::protocol_switched;
        if (stopped_by_) return 0;
        std::size_t const colon = line.find(':');
        if (line == "\r\n" || line == "\n") has_header_ = true;
        else if (!begins_answer && !has_header_ && colon != std::string_view::npos)
            answer_.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
        return line.size();
    }

    void begin_answer(std::string_view line) {
        ++answers_begun_;
        answer_ = umbraco_ai::http_response();
        has_header_ = false;
        header_bytes_ = 0;
        std::size_t const blank = (std::min)(line.find(' '), line.size());
        for (char const digit : line.substr(blank).substr(0, 4))
            if (digit >= '0' && digit <= '9') answer_.status = answer_.status * 10 + (digit - '0');
    }

    std::size_t on_body(std::string_view bytes) {
        if (bytes.size() > request_.limits.body_bytes - (std::min)(answer_.body.size(), request_.limits.body_bytes)) {
            stopped_by_ = errc::body_too_large;
            return 0;
        }
        answer_.body.append(bytes);
        return bytes.size();
    }

    [[nodiscard]] failure reason_of(CURLcode code) const {
        if (stopped_by_ == errc::header_too_large)
            return failure(errc::header_too_large, "The header of the answer is larger than this call accepts.");
        if (stopped_by_ == errc::body_too_large)
            return failure(errc::body_too_large,
                           "The body of the answer is larger than this call accepts; ask for less at once, or allow more.");
        if (stopped_by_ == errc::protocol_switched)
            return failure(errc::protocol_switched, "The server switched to another protocol, which nobody asked for.");
        if (stopped_by_) return failure(*stopped_by_, "The server sent more than 5 interim responses (1xx) and no answer.");
        // libcurl is content with a header that is cut.
        if (code == CURLE_OK && !has_header_)
            return failure(errc::connection_closed, "The connection was closed inside the header of the answer.");
        if (code == CURLE_OK) return failure(errc::malformed_response, "The answer came over TLS without a length, so it may have been cut.");
        return failure(errc_of(code),
                       std::string("No answer from ") + request_.origin.authority() + " (libcurl: " + curl_easy_strerror(code) + ").");
    }

    [[nodiscard]] static errc errc_of(CURLcode code) {
        switch (code) {
            case CURLE_COULDNT_RESOLVE_HOST: return errc::resolve_failed;
            case CURLE_COULDNT_CONNECT: return errc::connect_failed;
            case CURLE_OPERATION_TIMEDOUT: return errc::deadline_exceeded;
            case CURLE_ABORTED_BY_CALLBACK: return errc::cancelled;
            case CURLE_GOT_NOTHING:
            case CURLE_PARTIAL_FILE:
            case CURLE_SEND_ERROR:
            case CURLE_RECV_ERROR: return errc::connection_closed;
            case CURLE_UNSUPPORTED_PROTOCOL:
            case CURLE_WEIRD_SERVER_REPLY: return errc::malformed_response;
            case CURLE_PEER_FAILED_VERIFICATION: return errc::certificate_rejected;
            case CURLE_SSL_CONNECT_ERROR: return errc::tls_failed;
            default: return errc::transport_failed;
        }
    }

    // libcurl takes any end of a TLS connection for the end of an answer without a length, even one that an attacker made.
    [[nodiscard]] bool is_surely_whole() const {
        bool const has_no_body = answer_.status == 204 || answer_.status == 304;
        return !request_.origin.tls || has_no_body || answer_.headers.contains("Content-Length") ||
               answer_.headers.contains("Transfer-Encoding");
    }

    [[nodiscard]] bool is_write() const noexcept { return request_.method != http_method::get; }

    [[nodiscard]] static bool is_clean(std::string_view text) {
        return std::none_of(text.begin(), text.end(),
                            [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f'; });
    }

    [[nodiscard]] static std::string_view trimmed(std::string_view text) {
        constexpr std::string_view blanks = " \t\r\n";
        std::size_t const begin = (std::min)(text.find_first_not_of(blanks), text.size());
        text.remove_prefix(begin);
        return text.substr(0, text.find_last_not_of(blanks) + 1);
    }

    static constexpr int most_interim = 5;

    CURL* handle_;
    umbraco_ai::http_request request_;
    curl_options const& options_;
    curl_list fields_;
    umbraco_ai::http_response answer_;
    std::optional<errc> stopped_by_;
    std::size_t header_bytes_ = 0;
    int answers_begun_ = 0;
    bool has_header_ = false;
};

#endif

// SPDX-License-Identifier: MIT
// libcurl: one easy handle that is used again, and 64 of them in a multi handle that is driven by curl_multi_poll, as in its
// manual; each with no-delay (libcurl's default) and 30 s for a call.
#include "calls.hpp"
#include "counters.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

std::string url_of(char const* target, bool tls) {
    return (tls ? "https://127.0.0.1:" + std::to_string(the_server().tls_port()) : "http://127.0.0.1:" + std::to_string(the_server().port())) + target;
}

class handle {
public:
    handle(char const* target, bool tls) : curl_(curl_easy_init()), headers_(curl_slist_append(nullptr, "Accept: application/json")) {
        curl_easy_setopt(curl_, CURLOPT_URL, url_of(target, tls).c_str());
        curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
        curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, 30000L);
        curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &handle::write);
        curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
        curl_easy_setopt(curl_, CURLOPT_PRIVATE, this);
        if (tls) curl_easy_setopt(curl_, CURLOPT_CAINFO, the_server().ca_file().c_str());
    }
    handle(handle const&) = delete;
    handle& operator=(handle const&) = delete;
    ~handle() {
        curl_easy_cleanup(curl_);
        curl_slist_free_all(headers_);
    }

    [[nodiscard]] CURL* get() const noexcept { return curl_; }
    std::string body;
    calls::clock::time_point begin;

private:
    static std::size_t write(char* data, std::size_t size, std::size_t count, void* self) {
        static_cast<handle*>(self)->body.append(data, size * count);
        return size * count;
    }

    CURL* curl_;
    curl_slist* headers_;
};

class easy {
public:
    easy(char const* target, bool tls) : handle_(target, tls) {}
    std::size_t call() {
        handle_.body.clear();
        expect(curl_easy_perform(handle_.get()) == CURLE_OK, "libcurl failed");
        return handle_.body.size();
    }

private:
    handle handle_;
};

class multi final : public calls {
public:
    multi(char const* target, std::size_t expected, std::size_t at_once, bool tls) : expected_(expected), multi_(curl_multi_init()) {
        for (std::size_t i = 0; i < at_once; ++i) handles_.push_back(std::make_unique<handle>(target, tls));
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(at_once));
    }
    multi(multi const&) = delete;
    multi& operator=(multi const&) = delete;
    ~multi() override {
        handles_.clear();
        curl_multi_cleanup(multi_);
    }

    void run(std::size_t times) override {
        std::size_t left = times;
        std::size_t running = 0;
        for (auto const& each : handles_) {
            if (left == 0) break;
            --left;
            ++running;
            start(*each);
        }
        while (running > 0) {
            int active = 0;
            curl_multi_perform(multi_, &active);
            int queued = 0;
            while (CURLMsg* const message = curl_multi_info_read(multi_, &queued)) {
                CURL* const ended = message->easy_handle;
                char* which = nullptr;
                curl_easy_getinfo(ended, CURLINFO_PRIVATE, &which);
                auto& one = *reinterpret_cast<handle*>(which);
                expect(message->data.result == CURLE_OK && one.body.size() == expected_, "an answer of libcurl has the wrong size");
                count(one.begin);
                curl_multi_remove_handle(multi_, ended);
                if (left > 0) {
                    --left;
                    start(one);
                } else {
                    --running;
                }
            }
            if (running > 0) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
        }
    }

private:
    void start(handle& one) {
        one.body.clear();
        one.begin = clock::now();
        curl_multi_add_handle(multi_, one.get());
    }

    std::size_t expected_;
    CURLM* multi_;
    std::vector<std::unique_ptr<handle>> handles_;
};

class cold_easy final : public calls {
public:
    void run(std::size_t times) override {
        for (std::size_t i = 0; i < times; ++i) {
            auto const begin = clock::now();
            expect(easy(small_target, false).call() == small_size(), "an answer of libcurl has the wrong size");
            count(begin);
        }
    }
};

class memory_of_multi final : public contestant {
public:
    void run(std::size_t) override {}

    double bytes() override {
        constexpr std::size_t in_flight = 256;
        start_counting();
        CURLM* const all = curl_multi_init();
        curl_multi_setopt(all, CURLMOPT_MAXCONNECTS, static_cast<long>(in_flight));
        std::vector<std::unique_ptr<handle>> handles;
        for (std::size_t i = 0; i < in_flight; ++i) handles.push_back(std::make_unique<handle>(small_target, false));
        for (int warm = 0; warm < 2; ++warm) drive(all, handles, std::chrono::seconds(5));
        auto const before = counted().bytes;
        std::string const never = url_of("/never", false);
        for (auto const& each : handles) curl_easy_setopt(each->get(), CURLOPT_URL, never.c_str());
        for (auto const& each : handles) curl_multi_add_handle(all, each->get());
        advance(all, std::chrono::milliseconds(300));
        double const found = static_cast<double>(stop_counting().bytes - before) / in_flight;
        for (auto const& each : handles) curl_multi_remove_handle(all, each->get());
        handles.clear();
        curl_multi_cleanup(all);
        return found;
    }

private:
    static void drive(CURLM* all, std::vector<std::unique_ptr<handle>> const& handles, std::chrono::milliseconds most) {
        for (auto const& each : handles) curl_multi_add_handle(all, each->get());
        advance(all, most);
        for (auto const& each : handles) {
            curl_multi_remove_handle(all, each->get());
            each->body = std::string();
        }
    }

    static void advance(CURLM* all, std::chrono::milliseconds most) {
        auto const end = calls::clock::now() + most;
        int active = 1;
        while (active > 0 && calls::clock::now() < end) {
            curl_multi_perform(all, &active);
            if (active > 0) curl_multi_poll(all, nullptr, 0, 50, nullptr);
        }
    }
};

std::unique_ptr<contestant> in_turn(char const* target, std::size_t size, bool tls = false) {
    return std::make_unique<calls_in_turn<easy>>(size, target, tls);
}
std::unique_ptr<contestant> together(char const* target, std::size_t size, bool tls = false) {
    return std::make_unique<multi>(target, size, 64, tls);
}

registration const registered[] = {
    registration("call-small", "libcurl-easy", [] { return in_turn(small_target, small_size()); }),
    registration("call-small-sized", "libcurl-easy", [] { return in_turn(small_sized_target, small_size()); }),
    registration("call-page", "libcurl-easy", [] { return in_turn(page_target, page_size()); }),
    registration("call-page-sized", "libcurl-easy", [] { return in_turn(page_sized_target, page_size()); }),
    registration("call-tls", "libcurl-easy", [] { return in_turn(small_target, small_size(), true); }),
    registration("call-small-64", "libcurl-multi", [] { return together(small_target, small_size()); }),
    registration("call-page-64", "libcurl-multi", [] { return together(page_target, page_size()); }),
    registration("call-tls-64", "libcurl-multi", [] { return together(small_target, small_size(), true); }),
    registration("reconnect-tls", "libcurl-easy", [] { return in_turn(last_target, small_size(), true); }),
    registration("cold-call", "libcurl-easy", []() -> std::unique_ptr<contestant> { return std::make_unique<cold_easy>(); }),
    registration("memory", "libcurl-multi", []() -> std::unique_ptr<contestant> { return std::make_unique<memory_of_multi>(); }),
};

}  // namespace
}  // namespace bench

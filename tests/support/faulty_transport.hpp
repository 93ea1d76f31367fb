// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTS_SUPPORT_FAULTY_TRANSPORT_HPP
#define UMBRACO_AI_TESTS_SUPPORT_FAULTY_TRANSPORT_HPP

#include <umbraco_ai/core.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace umbraco_ai::tests {

inline constexpr std::array both_dialects{testing::dialect::observed, testing::dialect::documented};

[[nodiscard]] inline char const* name_of(testing::dialect spoken) {
    return spoken == testing::dialect::observed ? "observed" : "documented";
}

/// What happens to one request on its way to the server and back.
enum class mishap : std::uint8_t {
    none,
    lost_before,        ///< It never arrives.
    lost_after,         ///< It is carried out, and its answer is lost.
    error_applied,      ///< It is carried out and answered with 500.
    error_not_applied,  ///< It is answered with 500 only.
};

/// A request as it was given to a transport, without what belongs to the client.
class sent_request {
public:
    sent_request(http_method method_sent, std::string target_sent, std::string body_sent)
        : method(method_sent), target(std::move(target_sent)), body(std::move(body_sent)) {}

    http_method method;
    std::string target;
    std::string body;

    [[nodiscard]] std::string line() const { return std::string(to_string(method)) + ' ' + target; }
};

/// A transport to an API in memory on which things go wrong when a test says so.
class faulty_transport {
public:
    explicit faulty_transport(testing::in_memory_api& api) : api_(&api) {}

    std::function<void(http_request const&)> before;             ///< What others do before the request arrives.
    std::function<void(http_request const&)> after;              ///< What others do before the answer is read.
    std::function<void(http_request&)> rewrite;                  ///< Changes what arrives.
    std::function<void(http_request const&, http_response&)> reword;  ///< Changes the answer.
    std::function<mishap(http_request const&)> fate;
    std::chrono::nanoseconds each_takes{0};
    bool resends = false;  ///< Sends a write again that went wrong, as careless clients do.

    result<http_response> send(http_request request) {
        auto answer = send_once(request);
        bool const went_wrong = !answer || answer->status == 500;
        if (resends && went_wrong && request.method != http_method::get) answer = send_once(std::move(request));
        return answer;
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return now_; }
    void wait(std::chrono::nanoseconds duration) noexcept { now_ += duration; }

    [[nodiscard]] std::size_t count(http_method method) const {
        std::size_t found = 0;
        for (auto const& each : requests) found += each.method == method ? 1 : 0;
        return found;
    }
    [[nodiscard]] std::size_t writes() const { return requests.size() - count(http_method::get); }

    std::vector<sent_request> requests;

private:
    result<http_response> send_once(http_request request) {
        requests.emplace_back(request.method, request.target, request.body);
        now_ += each_takes;
        mishap const happens = fate ? fate(request) : mishap::none;
        if (before) before(request);
        if (rewrite) rewrite(request);
        if (happens == mishap::lost_before) return lost();
        if (happens == mishap::error_not_applied) return http_response(500);
        auto answer = api_->send(request);
        if (after) after(request);
        if (happens == mishap::lost_after) return lost();
        if (happens == mishap::error_applied) return http_response(500);
        if (answer && reword) reword(request, *answer);
        return answer;
    }

    static failure lost() { return failure(errc::connection_closed, "The connection was closed before the answer was complete."); }

    testing::in_memory_api* api_;
    std::chrono::nanoseconds now_{0};
};

static_assert(Transport<faulty_transport>);

/// A site in memory, a way to it on which things go wrong, and a client.
class site {
public:
    explicit site(testing::dialect spoken, client_options options = {}, testing::in_memory_options setup = {}, credentials auth = {})
        : api(spoken, std::move(setup)), transport(api), cms(transport, "https://cms.example.com", std::move(auth), std::move(options)) {
        testing::provider plain("plain");
        plain.capabilities = {{"Chat", {{"p-1", "P 1"}}}};
        api.add_provider(std::move(plain));
    }

    testing::in_memory_api api;
    faulty_transport transport;
    client<faulty_transport&> cms;

    /// Adds a connection of a provider without secrets, whose settings therefore come unmasked.
    guid add_plain(std::string alias, std::string settings_json = R"({"a":1})") {
        return add(std::move(alias), "plain", std::move(settings_json));
    }

    guid add(std::string alias, std::string provider = "openai", std::string settings_json = R"({"apiKey":"sk-1"})") {
        std::string const name = "Name of " + alias;
        return *guid::parse(api.add(testing::stored_connection(std::move(alias), name, std::move(provider), std::move(settings_json))));
    }

    [[nodiscard]] testing::stored_connection stored(std::string_view which) { return api.find(which).value(); }

    /// A write of somebody else's, which keeps everything but the name.
    void foreign_rename(std::string_view which, std::string const& name) {
        auto const row = stored(which);
        testing::server_request request("PUT", std::string(api_base_path) + "/connections/" + row.id);
        request.headers.add("Content-Type", "application/json");
        request.body = R"({"alias":)" + quoted(row.alias) + R"(,"name":)" + quoted(name) + R"(,"isActive":)" +
                       (row.is_active ? "true" : "false") + R"(,"settings":)" + row.settings + '}';
        static_cast<void>(api.handle(request));
    }

    /// A create of somebody else's.
    void foreign_create(std::string const& alias, std::string const& provider, std::string const& settings_json) {
        testing::server_request request("POST", std::string(api_base_path) + "/connections");
        request.headers.add("Content-Type", "application/json");
        request.body = R"({"alias":)" + quoted(alias) + R"(,"name":"Foreign","providerId":)" + quoted(provider) + R"(,"settings":)" + settings_json + '}';
        static_cast<void>(api.handle(request));
    }

    [[nodiscard]] static std::string quoted(std::string_view text) {
        std::string out;
        umbraco_ai::detail::put_json_string(out, text);
        return out;
    }
};

[[nodiscard]] inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <class T>
[[nodiscard]] std::string streamed(T const& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

/// The seed of a randomised test: a fixed one, or UMBRACO_AI_TEST_SEED.
[[nodiscard]] inline std::uint64_t random_seed(std::uint64_t fixed) {
    char const* const text = std::getenv("UMBRACO_AI_TEST_SEED");
    return text == nullptr ? fixed : std::strtoull(text, nullptr, 10);
}

/// Random numbers that are the same on every platform.
class dice {
public:
    explicit dice(std::uint64_t seed) : engine_(seed) {}

    /// 0 to `sides` - 1.
    [[nodiscard]] std::size_t roll(std::size_t sides) { return static_cast<std::size_t>(engine_() % sides); }
    [[nodiscard]] bool chance(std::size_t percent) { return roll(100) < percent; }

    template <class List>
    [[nodiscard]] auto const& pick(List const& list) {
        return *(std::begin(list) + static_cast<std::ptrdiff_t>(roll(std::size(list))));
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace umbraco_ai::tests

#endif

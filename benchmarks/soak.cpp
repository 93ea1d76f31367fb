// SPDX-License-Identifier: MIT
// Very many calls, 64 at once, against a server that ends each connection after 200 answers, one in 50 of them instead of an
// answer, and fails one answer in 100. Nothing may be lost, answered to another call, or sent twice where that could do something twice; files and
// memory stay as they are.
#include "server.hpp"

#include <umbraco_ai/umbraco_ai.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace ai = umbraco_ai;
namespace asio = boost::asio;

/// The body of an answer as it is.
class body_text {
public:
    body_text() = default;
    explicit body_text(std::string bytes) : value(std::move(bytes)) {}
    std::string value;
};

}  // namespace

template <>
struct umbraco_ai::answer<body_text> {
    static result<body_text> decode(http_response const& response) { return body_text(response.body); }
};

namespace {

using read_number = ai::endpoint<"GET /connections/{idOrAlias}", ai::path<ai::id_or_alias>, ai::returns<body_text>>;
using do_once = ai::endpoint<"POST /connections/{idOrAlias}/test", ai::path<ai::id_or_alias>, ai::returns<body_text>>;

enum class outcome : std::uint8_t { none, answered, failed_for_certain, failed_perhaps_applied };

std::size_t open_files() {
    auto const all = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(std::filesystem::begin(all), std::filesystem::end(all)));
}

std::size_t heap_bytes() { return mallinfo2().uordblks; }

class soak {
public:
    soak(std::size_t calls, std::size_t at_once)
        : at_once_(at_once), outcomes_(calls, outcome::none), client_(io_, "http://127.0.0.1:" + std::to_string(bench::the_server().port()), {}, limits(calls), network(at_once)) {}

    bool run() {
        for (std::size_t i = 0; i < at_once_; ++i)
            asio::co_spawn(io_, caller(), [](std::exception_ptr thrown) {
                if (thrown) std::rethrow_exception(thrown);
            });
        io_.run();
        std::printf("\n");
        std::string seen;
        asio::co_spawn(io_, fetch_seen(seen), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        io_.restart();
        io_.run();
        judge(seen);
        return findings_ == 0;
    }

private:
    static ai::client_options limits(std::size_t calls) {
        ai::client_options made;
        made.body_bytes = (std::max)(made.body_bytes, calls + 1);
        made.retry.base_delay = std::chrono::milliseconds(20);
        return made;
    }

    static ai::transport_options network(std::size_t at_once) {
        ai::transport_options made;
        made.most_connections = at_once;
        return made;
    }

    // Every fourth call is one that may not be carried out twice.
    static bool is_once(std::size_t which) { return which % 4 == 3; }

    asio::awaitable<void> caller() {
        while (next_ < outcomes_.size()) {
            std::size_t const which = next_++;
            ai::id_or_alias const name("soak-" + std::to_string(which));
            ai::result<body_text> answer;
            if (is_once(which)) answer = co_await client_.call(do_once(name));
            else answer = co_await client_.call(read_number(name));
            note(which, answer);
        }
    }

    void note(std::size_t which, ai::result<body_text> const& answer) {
        expect(outcomes_[which] == outcome::none, "a call ended twice", which);
        if (answer) {
            outcomes_[which] = outcome::answered;
            expect(answer->value == '"' + std::to_string(which) + '"', "a call got the answer of another", which);
        } else {
            outcomes_[which] = answer.error().possibly_applied ? outcome::failed_perhaps_applied : outcome::failed_for_certain;
            if (!is_once(which)) ++failed_reads_;
        }
        if (++ended_ == outcomes_.size() / 5) heap_before_ = heap_bytes();
        if (ended_ % (std::max)(outcomes_.size() / 100, std::size_t(1)) == 0) show();
    }

    void show() const {
        auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        std::printf("\r%3zu %%  %zu calls, %.0f a second, %zu files, %zu KB on the heap ", ended_ * 100 / outcomes_.size(), ended_, static_cast<double>(ended_) / seconds, open_files(),
                    heap_bytes() / 1024);
        std::fflush(stdout);
    }

    asio::awaitable<void> fetch_seen(std::string& seen) {
        auto answer = co_await client_.call(read_number("soak-seen"));
        if (answer) seen = std::move(answer->value);
    }

    void judge(std::string const& seen) {
        std::array<std::size_t, 4> counts{};
        expect(seen.size() == outcomes_.size(), "the server has not seen each call", seen.size());
        for (std::size_t which = 0; which < (std::min)(seen.size(), outcomes_.size()); ++which) {
            int const times = seen[which] - '0';
            outcome const what = outcomes_[which];
            ++counts[static_cast<std::size_t>(what)];
            expect(what != outcome::none, "a call was lost", which);
            if (what == outcome::answered) expect(times >= 1, "a call was answered that never came", which);
            if (!is_once(which)) continue;
            expect(times <= 1, "a call that may be sent once was sent twice", which);
            if (what == outcome::failed_for_certain) expect(times == 0, "a call that failed for certain came all the same", which);
        }
        // Three tries fail one time in a million.
        expect(failed_reads_ <= 5 + outcomes_.size() / 20000, "reads fail that could have been sent again", failed_reads_);
        // Some connections are always gone, and not always as many.
        expect(open_files() <= files_before_ + at_once_, "files are left open", open_files());
        std::size_t const heap = heap_bytes() - (std::min)(seen.capacity(), heap_bytes());
        expect(heap <= heap_before_ + heap_before_ / 20 + 64 * 1024, "memory has grown", heap);
        std::printf("%zu answered, %zu failed for certain, %zu failed after they may have been applied, %zu reads failed; files %zu, then %zu; heap %zu KB, then %zu KB\n",
                    counts[1], counts[2], counts[3], failed_reads_, files_before_, open_files(), heap_before_ / 1024, heap / 1024);
    }

    void expect(bool holds, char const* what, std::size_t which) {
        if (holds) return;
        if (++findings_ <= 20) std::printf("\nFAILED: %s (%zu)\n", what, which);
    }

    std::size_t at_once_;
    std::vector<outcome> outcomes_;
    asio::io_context io_;
    ai::beast_client client_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::size_t next_ = 0;
    std::size_t ended_ = 0;
    std::size_t failed_reads_ = 0;
    std::size_t findings_ = 0;
    std::size_t const files_before_ = open_files();  // Without connections.
    std::size_t heap_before_ = 0;
};

}  // namespace

int main(int count, char** values) {
    try {
        bench::prepare_server(values[0], 0);
        if (count == 3 && std::string_view(values[1]) == "serve") return bench::serve(std::atoi(values[2]));
        soak test(count > 1 ? std::strtoul(values[1], nullptr, 10) : 1'000'000, 64);
        bool const is_good = test.run();
        std::puts(is_good ? "ok" : "FAILED");
        return is_good ? 0 : 1;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "soak: %s\n", error.what());
        return 1;
    }
}

// SPDX-License-Identifier: MIT
// Lists, reads, tests and updates connections from a Cortex-M3, over a serial line that a server is at the other end of.
#include "board.hpp"

#include <umbraco_ai/embedded/answer_reader.hpp>
#include <umbraco_ai/embedded/page_reader.hpp>
#include <umbraco_ai/embedded/requests.hpp>
#include <umbraco_ai/embedded/value_reader.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#ifdef FIRMWARE_UPDATES
#include <umbraco_ai/embedded/update.hpp>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ai = umbraco_ai;
namespace em = umbraco_ai::embedded;

namespace {

// Milliseconds of one call, and of the line being silent in it. A test hurries.
std::uint32_t most_time = 120'000;
std::uint32_t most_silence = 20'000;

constexpr std::uint64_t most_body = 512 * 1024;

std::array<char, 2048> request_memory;
std::array<char, 256> target_memory;
std::array<char, 256> line_memory;
std::array<char, 1024> object_memory;
std::array<char, 512> item_memory;

/// Sends all of it, unless the line stands still.
bool send(std::string_view bytes) {
    std::uint32_t since = board::now();
    for (char const byte : bytes) {
        while (!board::send(byte))
            if (board::now() - since > most_silence) return false;
        since = board::now();
    }
    return true;
}

/// Makes one call. `on_body` takes the pieces of the answer.
template <class F>
em::outcome call(ai::http_method method, std::string_view target, std::string_view body, F&& on_body) {
    std::array const headers{ai::http1::header_view("Accept", "application/json"), ai::http1::header_view("Content-Type", "application/json")};
    ai::http1::request_view request(method, ai::http1::origin_view(false, "cms.example.com", 80), target);
    request.headers = std::span(headers).first(body.empty() ? 1 : 2);
    request.body = body;
    ai::fixed_buffer out(request_memory.data(), request_memory.size());
    if (auto const defect = ai::http1::write_request(out, request)) return em::outcome(ai::errc::invalid_argument, defect.text);
    if (out.overflowed()) return em::outcome(ai::errc::buffer_too_small, "The request does not fit into the buffer; give a larger one.");
    if (!send(out.view())) return em::outcome(ai::errc::deadline_exceeded, "The line takes no more bytes.");

    em::answer_reader answer(line_memory, method, most_body);
    std::uint32_t const begin = board::now();
    std::uint32_t since = begin;
    while (answer.wants_more()) {
        std::string_view const piece = board::receive();
        if (!piece.empty()) since = board::now();
        else if (board::now() - since > most_silence) return em::outcome(ai::errc::deadline_exceeded, "The line is silent.");
        if (board::now() - begin > most_time) return em::outcome(ai::errc::deadline_exceeded, "The answer takes too long.");
        static_cast<void>(answer.push(piece, on_body));
    }
    return answer.result();
}

/// Reads an answer that is one object.
template <class View>
em::outcome read(ai::http_method method, std::string_view target, em::value_reader& into, View& out) {
    into.clear();
    em::outcome const ok = call(method, target, {}, [&into](std::string_view piece) { return into.push(piece); });
    return ok ? into.finish(out) : ok;
}

void print_all() {}
template <class T, class... Rest>
void print_all(T const& first, Rest const&... rest) {
    board::print(first);
    print_all(rest...);
}
template <class... Parts>
void say(Parts const&... parts) {
    print_all(parts..., std::string_view("\n"));
}
constexpr std::string_view operator""_t(char const* text, std::size_t size) { return {text, size}; }

bool failed(std::string_view what, em::outcome const& ok) {
    if (ok) return false;
    say("FAILED "_t, what, ": "_t, ai::to_string(ok.who()), ": "_t, ok.field, ok.field.empty() ? ""_t : ": "_t, ok.message(), " (code "_t, std::int64_t(static_cast<int>(ok.code)), ", HTTP "_t, std::int64_t(ok.status), ")"_t);
    return true;
}

em::outcome list(std::span<char> memory) {
    em::list_query wanted;
    wanted.take = 1000;
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    if (auto ok = em::write_list_target(target, wanted); !ok) return ok;

    em::page_reader page(memory);
    std::int64_t active = 0;
    auto const on_item = [&active](em::connection_item_view const& item) { active += item.is_active ? 1 : 0; };
    if (auto ok = call(ai::http_method::get, target.view(), {}, [&](std::string_view piece) { return page.push(piece, on_item); }); !ok) return ok;
    if (auto ok = page.finish(); !ok) return ok;
    say("list: "_t, std::int64_t(page.count()), " of "_t, page.total().value_or(-1), ", active "_t, active);
    return {};
}

em::outcome get(std::string_view alias, em::value_reader& into, em::connection_view& out) {
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    if (auto ok = em::write_get_target(target, alias); !ok) return ok;
    if (auto ok = read(ai::http_method::get, target.view(), into, out); !ok) return ok;
    say("get "_t, out.alias, ": "_t, out.name, ", "_t, out.provider_id, out.is_active ? ", active"_t : ", inactive"_t, ", version "_t, out.version.value_or(0), ", settings of "_t,
        std::int64_t(out.settings.size()), " bytes"_t);
    return {};
}

em::outcome test(std::string_view alias) {
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    if (auto ok = em::write_test_target(target, alias); !ok) return ok;
    em::value_reader into(item_memory);
    em::test_result_view verdict;
    if (auto ok = read(ai::http_method::post, target.view(), into, verdict); !ok) return ok;
    say("test "_t, alias, ": "_t, verdict.success ? "success"_t : "no success, "_t, verdict.error_message.value_or(""));
    return {};
}

#ifdef FIRMWARE_UPDATES
std::array<char, 1024> body_memory;
std::array<char, 1024> settings_memory;

em::outcome put(em::connection_view const& before, em::connection_change const& change) {
    ai::fixed_buffer body(body_memory.data(), body_memory.size());
    if (auto ok = em::write_update(body, before, change); !ok) return ok;
    ai::fixed_buffer target(target_memory.data(), target_memory.size());
    if (auto ok = em::write_update_target(target, before.id); !ok) return ok;
    return call(ai::http_method::put, target.view(), body.view(), [](std::string_view) { return em::outcome(); });
}

/// Switches a connection off and renames it, and looks whether all else stayed.
em::outcome update(std::string_view alias) {
    em::value_reader into(object_memory);
    em::connection_view read;
    if (auto ok = get(alias, into, read); !ok) return ok;
    ai::fixed_buffer settings(settings_memory.data(), settings_memory.size());
    settings.append(read.settings.data(), read.settings.size());

    em::connection_change change;
    change.name = "Renamed \"on the board\"";
    change.is_active = false;
    if (auto ok = put(read, change); !ok) return ok;
    into.wipe();
    if (auto ok = get(alias, into, read); !ok) return ok;
    bool const is_kept = read.settings == settings.view() && !read.is_active && read.name == *change.name;
    say("update "_t, alias, is_kept ? ": applied, settings as they were"_t : ": NOT AS WRITTEN"_t);
    into.wipe();
    return {};
}

/// Tries to put back what a server may have masked.
em::outcome put_back(std::string_view alias) {
    em::value_reader into(object_memory);
    em::connection_view read;
    if (auto ok = get(alias, into, read); !ok) return ok;
    em::outcome const ok = put(read, {});
    if (ok.code == ai::errc::masked_value) say("put back "_t, alias, ": refused, "_t, ok.field, "."_t, ok.setting, " is masked"_t);
    else if (ok) say("put back "_t, alias, ": applied"_t);
    into.wipe();
    return ok.code == ai::errc::masked_value ? em::outcome() : ok;
}
#endif

/// The words of the command line choose how little memory and time there is.
int run(std::string_view words) {
    if (words.find("hurried") != std::string_view::npos) {
        most_time = 8'000;
        most_silence = 3'000;
    }
    std::span<char> const memory = words.find("small") == std::string_view::npos ? std::span<char>(item_memory) : std::span(item_memory).first(64);
    if (failed("list", list(memory))) return 1;
    em::value_reader into(object_memory);
    em::connection_view connection;
    if (failed("get", get("c-0500", into, connection))) return 1;
    into.wipe();
    if (failed("test", test("c-0500"))) return 1;
#ifdef FIRMWARE_UPDATES
    if (failed("update", update("c-0500"))) return 1;
    if (failed("put back", put_back("plain-key"))) return 1;
#endif
    return 0;
}

}  // namespace

int board::program() {
    std::array<char, 64> words;
    int const status = run(board::command_line(words));
    say("heap: "_t, std::int64_t(board::most_heap()), " bytes at most"_t);
    say("stack: "_t, std::int64_t(board::most_stack()), " bytes at most"_t);
    return status;
}

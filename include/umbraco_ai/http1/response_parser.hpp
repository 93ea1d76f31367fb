// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_HTTP1_RESPONSE_PARSER_HPP
#define UMBRACO_AI_HTTP1_RESPONSE_PARSER_HPP

#include <umbraco_ai/http1/body_meter.hpp>
#include <umbraco_ai/http1/event.hpp>
#include <umbraco_ai/http1/framing.hpp>
#include <umbraco_ai/http1/line_buffer.hpp>
#include <umbraco_ai/http1/lines.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE
namespace http1 {

/// Reads one answer from pieces of any size, with neither memory of its own nor I/O:
///
///     for (;;) {
///         event const found = parser.next(bytes);
///         if (found.what == event_kind::need_more) bytes = more();
///         …
///     }
///
/// The same bytes give the same answer, or the same failure, however they are cut. One parser reads one answer.
/// Strict: lines end with CR LF, and folded fields are errors; see `framing` too.
class response_parser {
public:
    /// `scratch` holds a line that comes in pieces, so it bounds a line with its CR. It must outlive the parser.
    explicit response_parser(std::span<char> scratch, response_limits const& limits = {}) noexcept
        : lines_(scratch, limits.header_bytes), body_(limits.body_bytes, limits.extension_bytes), limits_(limits) {}

    /// Before the first byte: the answer is one to HEAD, so it has no body.
    void expect_no_body() noexcept { expects_no_body_ = true; }

    /// Takes bytes off the front, up to the next event.
    [[nodiscard]] event next(std::string_view& bytes) noexcept {
        one_event found;
        event_kind const why = read(bytes, found);
        if (found.told.what != event_kind::need_more) return found.told;
        event made(why);
        made.error = error_;
        return made;
    }

    /// Takes bytes off the front and tells what it finds by `found.on_status(int)`, `on_field(name, value)`, `on_header_end()` and
    /// `on_body(piece)`, until one of them gives false or there is nothing more to tell. Gives the kind of the last event.
    template <class Found>
    [[nodiscard]] event_kind read(std::string_view& bytes, Found& found) {
        has_begun_ = has_begun_ || !bytes.empty();
        std::string_view line;
        while (true) {
            switch (state_) {
                case state::status_line:
                    if (!begins_like_http(bytes)) return fail(parse_error::not_http);
                    if (!take_line(bytes, line)) return pending();
                    if (!accept(read_status_line(line, is_http_1_1_, status_))) return pending();
                    state_ = state::field;
                    if (!is_interim() && !found.on_status(status_)) return event_kind::status;
                    break;
                case state::field:
                case state::trailer_field: {
                    bool const is_told = tells_fields();
                    std::string_view name;
                    std::string_view value;
                    if (!take_whole_fields(bytes, found, is_told)) return state_ == state::failed ? event_kind::failed : event_kind::field;
                    if (!take_line(bytes, line)) {
                        if (state_ == state::rest_of_field) break;
                        return pending();
                    }
                    if (line.empty()) {
                        if (!end_section()) return pending();
                        if (state_ == state::status_line || state_ == state::complete) break;
                        if (!found.on_header_end()) return event_kind::header_end;
                        break;
                    }
                    if (!read_and_obey_field(line, name, value)) return event_kind::failed;
                    if (is_told && !found.on_field(name, value)) return event_kind::field;
                    break;
                }
                case state::rest_of_field:
                    if (!skip_field(bytes)) return pending();
                    break;
                case state::body:
                case state::chunk_body:
                    if (body_.rest() == 0) {
                        state_ = state_ == state::body ? state::complete : state::chunk_end;
                        break;
                    }
                    if (bytes.empty()) return pending();
                    if (!found.on_body(body_.take(bytes))) return event_kind::body;
                    break;
                case state::body_to_end:
                    if (bytes.empty()) return pending();
                    if (!accept(body_.expect(bytes.size()))) return pending();
                    if (!found.on_body(body_.take(bytes))) return event_kind::body;
                    break;
                case state::chunk_end:
                    if (!take_line_end(bytes)) return pending();
                    break;
                case state::chunk_line:
                    if (!take_line(bytes, line) || !begin_chunk(line)) return pending();
                    break;
                case state::complete: return event_kind::complete;
                case state::failed: return event_kind::failed;
            }
        }
    }

    /// The connection has ended: complete where the answer ends with it, and a failure otherwise.
    [[nodiscard]] event end() noexcept {
        if (state_ == state::body_to_end) state_ = state::complete;
        if (state_ == state::body && body_.rest() == 0) state_ = state::complete;
        if (state_ == state::complete) return event(event_kind::complete);
        if (state_ != state::failed) static_cast<void>(refuse(parse_error::connection_closed));
        event made(event_kind::failed);
        made.error = error_;
        return made;
    }

    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] parse_error error() const noexcept { return error_; }
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
    [[nodiscard]] bool is_header_done() const noexcept { return is_header_done_; }
    [[nodiscard]] bool is_complete() const noexcept { return state_ == state::complete; }

    /// Whether neither a byte of the answer nor of a further interim response has come.
    [[nodiscard]] bool awaits_answer() const noexcept { return state_ == state::status_line && lines_.kept() == 0; }

    /// At the end of the header: the Content-Length of the body, or 0 where none is said.
    [[nodiscard]] std::uint64_t announced_size() const noexcept { return state_ == state::body ? body_.rest() : 0; }

    /// Of a complete answer: whether the connection can carry another one.
    [[nodiscard]] bool keep_alive() const noexcept {
        return state_ == state::complete && !ends_with_connection_ && framing_.keep_alive(is_http_1_1_);
    }

private:
    enum class state : std::uint8_t { status_line, field, trailer_field, rest_of_field, body, body_to_end, chunk_line, chunk_body, chunk_end, complete, failed };

    [[nodiscard]] bool is_interim() const noexcept { return status_ / 100 == 1; }
    [[nodiscard]] bool tells_fields() const noexcept { return state_ == state::field && !is_interim(); }

    // Ends `read` at the first event.
    class one_event {
    public:
        one_event() = default;

        bool on_status(int status) noexcept {
            told.what = event_kind::status;
            told.status = status;
            return false;
        }
        bool on_field(std::string_view name, std::string_view value) noexcept {
            told = event(event_kind::field, value);
            told.name = name;
            return false;
        }
        bool on_header_end() noexcept {
            told.what = event_kind::header_end;
            return false;
        }
        bool on_body(std::string_view piece) noexcept {
            told = event(event_kind::body, piece);
            return false;
        }

        event told;
    };

    event_kind fail(parse_error why) noexcept {
        static_cast<void>(refuse(why));
        return event_kind::failed;
    }
    bool refuse(parse_error why) noexcept {
        error_ = why;
        state_ = state::failed;
        return false;
    }

    [[nodiscard]] bool accept(parse_error why) noexcept { return why == parse_error::none || refuse(why); }

    [[nodiscard]] event_kind pending() const noexcept { return state_ == state::failed ? event_kind::failed : event_kind::need_more; }

    // Noticed at the first byte, so that a server that speaks TLS or SSH here is not waited for.
    [[nodiscard]] bool begins_like_http(std::string_view bytes) const noexcept {
        constexpr std::string_view start = "HTTP/1.";
        if (lines_.kept() >= start.size()) return true;
        std::string_view const wanted = detail::without_prefix(start, lines_.kept());
        return wanted.starts_with(detail::prefix(bytes, wanted.size()));
    }

    // Most fields have arrived whole and have nothing to them: one pass over their bytes takes them, as far as that is so. Whoever
    // looks line by line then knows what to do. False where there is nothing more to tell.
    template <class Found>
    [[nodiscard, gnu::noinline, gnu::flatten]] bool take_whole_fields(std::string_view& bytes, Found& found, bool is_told) {
        if (lines_.kept() != 0) return true;
        char const* begin = bytes.data();
        char const* const end = begin + bytes.size();
        std::size_t const longest = lines_.longest();
        std::uint64_t room = lines_.room();
        std::uint32_t left = limits_.header_fields - fields_;
        bool goes_on = true;
        while (goes_on && left != 0) {
            char const* const colon = detail::skip_token(begin, end);
            if (colon == begin || colon == end || *colon != ':') break;
            char const* text = colon + 1;
            while (text != end && *text == ' ') ++text;
            char const* const at = detail::skip_printable(text, end, ' ');
            if (end - at < 2 || at[0] != '\r' || at[1] != '\n') break;
            auto const count = static_cast<std::size_t>(at + 2 - begin);
            if (count > longest || count > room) break;
            room -= count;
            --left;
            std::string_view const name(begin, static_cast<std::size_t>(colon - begin));
            std::string_view value(text, static_cast<std::size_t>(at - text));
            while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
            begin = at + 2;
            goes_on = obey(name, value) && (!is_told || found.on_field(name, value));
        }
        bytes.remove_prefix(static_cast<std::size_t>(begin - bytes.data()));
        lines_.set_room(room);
        fields_ = limits_.header_fields - left;
        return goes_on;
    }

    // False where the line is not whole yet, or the state has changed because it is too long.
    [[nodiscard]] bool take_line(std::string_view& bytes, std::string_view& line) noexcept {
        switch (lines_.take(bytes, line)) {
            case line_progress::whole: return true;
            case line_progress::part: return false;
            case line_progress::too_long: return drop_field(bytes);
            case line_progress::over_limit: return refuse(parse_error::header_too_large);
            case line_progress::bad_end: return refuse(parse_error::bad_line_end);
        }
        return false;
    }

    // Always false. A field whose name is whole, and means nothing to the parser, can be left out.
    [[gnu::cold, gnu::noinline]] bool drop_field(std::string_view& bytes) noexcept {
        bool const is_field = state_ == state::field || state_ == state::trailer_field;
        std::string_view begin;
        if (!is_field || !limits_.drops_long_fields || !lines_.take_begin(bytes, begin)) return refuse(parse_error::header_too_large);
        std::string_view name;
        std::string_view value;
        bool const ends_with_cr = begin.ends_with('\r');
        if (!read_field(detail::prefix(begin, begin.size() - (ends_with_cr ? 1 : 0)), name, value)) return false;
        if (framing::heeds(name)) return refuse(parse_error::header_too_large);
        had_cr_ = ends_with_cr;
        dropped_in_ = state_;
        state_ = state::rest_of_field;
        return false;
    }

    // False where more is needed, or the field is bad.
    [[nodiscard, gnu::cold, gnu::noinline]] bool skip_field(std::string_view& bytes) noexcept {
        while (!bytes.empty()) {
            char const c = bytes.front();
            if (!lines_.count(1)) return refuse(parse_error::header_too_large);
            bytes.remove_prefix(1);
            if (had_cr_ || c == '\n') {
                if (!had_cr_) return refuse(parse_error::bad_line_end);
                if (c != '\n') return refuse(parse_error::bad_field);
                had_cr_ = false;
                state_ = dropped_in_;
                return true;
            }
            had_cr_ = c == '\r';
            if (!had_cr_ && !detail::is_field_value_char(c)) return refuse(parse_error::bad_field);
        }
        return false;
    }

    [[nodiscard]] bool read_field(std::string_view line, std::string_view& name, std::string_view& value) noexcept {
        if (!accept(split_field(line, name, value))) return false;
        if (fields_ == limits_.header_fields) return refuse(parse_error::too_many_fields);
        ++fields_;
        return true;
    }

    // Of the few fields that `take_whole_fields` leaves.
    [[nodiscard, gnu::noinline]] bool read_and_obey_field(std::string_view line, std::string_view& name, std::string_view& value) noexcept {
        return read_field(line, name, value) && obey(name, value);
    }

    [[nodiscard]] bool obey(std::string_view name, std::string_view value) noexcept { return accept(framing_.obey(name, value)); }

    // The empty line behind the fields.
    [[nodiscard]] bool end_section() noexcept {
        lines_.set_room(limits_.header_bytes);
        fields_ = 0;
        if (state_ == state::trailer_field) {
            state_ = state::complete;
            return true;
        }
        if (is_interim()) return end_interim();
        is_header_done_ = true;
        // What says that it has a body may send it, to be taken for the next answer (RFC 9110, 8.6).
        if (status_ == 204 && (framing_.is_chunked() || framing_.length() != 0)) ends_with_connection_ = true;
        if (expects_no_body_ || status_ == 204 || status_ == 304) {
            state_ = state::body;
        } else if (framing_.is_chunked()) {
            state_ = state::chunk_line;
        } else if (framing_.has_length()) {
            if (!accept(body_.expect(framing_.length()))) return false;
            state_ = state::body;
        } else {
            ends_with_connection_ = true;
            state_ = state::body_to_end;
        }
        return true;
    }

    [[nodiscard, gnu::cold, gnu::noinline]] bool end_interim() noexcept {
        if (status_ == 101) return refuse(parse_error::protocol_switched);
        if (interim_ == limits_.interim_responses) return refuse(parse_error::too_many_interim_responses);
        ++interim_;
        framing_ = framing();
        state_ = state::status_line;
        return true;
    }

    [[nodiscard]] bool begin_chunk(std::string_view line) noexcept {
        lines_.set_room(limits_.header_bytes);
        if (!accept(body_.expect_chunk(line))) return false;
        state_ = body_.rest() == 0 ? state::trailer_field : state::chunk_body;
        return true;
    }

    [[nodiscard]] bool take_line_end(std::string_view& bytes) noexcept {
        while (!bytes.empty()) {
            char const c = bytes.front();
            if (c != (had_cr_ ? '\n' : '\r')) return refuse(parse_error::bad_chunk);
            bytes.remove_prefix(1);
            had_cr_ = !had_cr_;
            if (had_cr_) continue;
            state_ = state::chunk_line;
            return true;
        }
        return false;
    }

    line_buffer lines_;
    body_meter body_;
    response_limits limits_;
    framing framing_;
    std::uint32_t fields_ = 0;  // of this section
    std::uint32_t interim_ = 0;
    int status_ = 0;
    state state_ = state::status_line;
    state dropped_in_ = state::field;
    parse_error error_ = parse_error::none;
    bool expects_no_body_ = false;
    bool has_begun_ = false;
    bool is_header_done_ = false;
    bool is_http_1_1_ = false;
    bool ends_with_connection_ = false;
    bool had_cr_ = false;
};

}  // namespace http1
UMBRACO_AI_END_NAMESPACE

#endif

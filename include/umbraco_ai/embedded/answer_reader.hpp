// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_ANSWER_READER_HPP
#define UMBRACO_AI_EMBEDDED_ANSWER_READER_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/parse_error.hpp>
#include <umbraco_ai/http1/response_parser.hpp>
#include <umbraco_ai/http1/syntax.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// Reads the HTTP answer to one call from the bytes of a connection, and hands on the body of a success, decoded from its
/// chunks, as it comes:
///
///     answer_reader answer(line_memory, http_method::get);
///     while (answer.wants_more()) answer.push(received(), [&](std::string_view piece) { return page.push(piece, on_item); });
///
/// Header fields that its memory does not hold are left out. Bodies of refusals are passed over, so that the connection can
/// carry the next call.
class answer_reader {
public:
    /// scratch     memory of the caller's for a line of the header, which outlives the reader; 256 bytes do
    /// body_bytes  the longest body to accept, after chunk decoding
    explicit answer_reader(std::span<char> scratch, http_method method, std::uint64_t body_bytes = 8 * 1024 * 1024) noexcept
        : parser_(scratch, limits(body_bytes)), method_(method) {}

    /// Whether neither the end of the answer nor a failure has come.
    [[nodiscard]] bool wants_more() const noexcept { return !is_done_; }

    /// Takes bytes that came over the connection.
    ///   on_body  `outcome (std::string_view)`; a failure of its ends the reading
    /// Errors: what a status means, once the answer is whole; transport for what is no HTTP; `not_signed_in` for an HTML page;
    /// `not_json`; those of `on_body`. The first one stays.
    template <class F>
    outcome push(std::string_view bytes, F&& on_body) {
        while (!is_done_) {
            http1::event const found = parser_.next(bytes);
            if (found.what == http1::event_kind::need_more) break;
            take(found, on_body);
        }
        return result();
    }

    /// Says that the connection has ended.
    /// Errors: as `push`; `connection_closed` where the answer is not whole.
    outcome end() noexcept {
        if (!is_done_) take(parser_.end(), [](std::string_view) { return outcome(); });
        return result();
    }

    /// How it went; of an answer that is not whole yet, how it has gone so far.
    [[nodiscard]] outcome result() const noexcept { return ok_; }
    [[nodiscard]] int status() const noexcept { return parser_.status(); }
    /// Whether the connection can carry another call.
    [[nodiscard]] bool keep_alive() const noexcept { return parser_.keep_alive(); }

private:
    [[nodiscard]] static http1::response_limits limits(std::uint64_t body_bytes) noexcept {
        http1::response_limits made;
        made.body_bytes = body_bytes;
        made.drops_long_fields = true;
        return made;
    }

    template <class F>
    void take(http1::event const& found, F&& on_body) {
        switch (found.what) {
            case http1::event_kind::status: refused_ = outcome_of_status(found.status, method_); break;
            case http1::event_kind::field: look_at(found.name, found.value); break;
            case http1::event_kind::body:
                if (refused_) stop(on_body(found.value));
                break;
            case http1::event_kind::complete: finish(refused_); break;
            case http1::event_kind::failed: finish(outcome(http1::code_of(found.error))); break;
            case http1::event_kind::header_end:
            case http1::event_kind::need_more: break;
        }
    }

    /// A page in place of an answer is a login page, or another server.
    void look_at(std::string_view name, std::string_view value) noexcept {
        if (!refused_ || !umbraco_ai::detail::equals_ignoring_case(name, "Content-Type")) return;
        std::string_view const type = umbraco_ai::detail::without_blanks(umbraco_ai::detail::prefix(value, value.find(';')));
        auto const is = [type](std::string_view known) { return umbraco_ai::detail::equals_ignoring_case(type, known); };
        if (is("text/html") || is("application/xhtml+xml"))
            refused_ = outcome(errc::not_signed_in, "The server answered an HTML page: that is not signed in, or not this API.").with_status(parser_.status());
        else if (!is("application/json") && !is("text/json") && !umbraco_ai::detail::ends_with_ignoring_case(type, "+json"))
            refused_ = outcome(errc::not_json).with_status(parser_.status());
    }

    void stop(outcome const& of_body) noexcept {
        if (!of_body) finish(of_body.with_status(parser_.status()));
    }

    void finish(outcome const& how) noexcept {
        is_done_ = true;
        ok_ = how;
    }

    http1::response_parser parser_;
    http_method method_;
    outcome refused_;
    outcome ok_;
    bool is_done_ = false;
};

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif

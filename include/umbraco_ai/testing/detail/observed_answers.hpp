// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_DETAIL_OBSERVED_ANSWERS_HPP
#define UMBRACO_AI_TESTING_DETAIL_OBSERVED_ANSWERS_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/detail/json.hpp>
#include <umbraco_ai/testing/detail/routing.hpp>
#include <umbraco_ai/testing/detail/web.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace testing::detail {

/// The answers that released servers give over and over, with their header fields.
class observed_answers {
protected:
    static void add_page_headers(http_response& answer) {
        answer.headers.add("Cache-Control", "no-store, must-revalidate, no-cache, max-age=0");
        answer.headers.add("Expires", "Mon, 01 Jan 1990 00:00:00 GMT");
        answer.headers.add("Pragma", "no-cache");
    }

    [[nodiscard]] static http_response answer(int status, std::string body) {
        http_response made(status, std::move(body));
        if (!made.body.empty()) made.headers.add("Content-Type", "application/json; charset=utf-8");
        add_page_headers(made);
        made.headers.add("api-supported-versions", "1.0");
        return made;
    }

    [[nodiscard]] static http_response broken() { return http_response(500); }

    static void set_problem_type(call const& asked, http_response& made) {
        bool const is_preferred = prefers_problem_json(asked.request->headers);
        made.headers.add("Content-Type",
                         is_preferred ? "application/problem+json; charset=utf-8" : "application/json; charset=utf-8");
    }

    [[nodiscard]] static http_response problem(call const& asked, int status, std::string_view title, std::string_view detail,
                                               std::string_view operation) {
        object_text body;
        body.text("detail", detail)
            .number("status", static_cast<std::uint64_t>(status))
            .text("title", title)
            .text("type", "Error")
            .text("operationStatus", operation);
        http_response made(status, body.str());
        set_problem_type(asked, made);
        add_page_headers(made);
        made.headers.add("api-supported-versions", "1.0");
        return made;
    }

    [[nodiscard]] static http_response not_found(call const& asked) {
        return problem(asked, 404, "Connection not found", "The specified connection could not be found.", "NotFound");
    }

    [[nodiscard]] static http_response refused(call const& asked, std::string_view detail) {
        return problem(asked, 400, "Invalid settings", detail, "InvalidSettings");
    }
};

}  // namespace testing::detail

UMBRACO_AI_END_NAMESPACE

#endif

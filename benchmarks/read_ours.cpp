// SPDX-License-Identifier: MIT
#include "inputs.hpp"

#include <umbraco_ai/core.hpp>

#include <string>
#include <utility>

namespace bench {
namespace {

/// As a client reads an answer: status and media type are looked at, then the body is read into the model.
std::unique_ptr<contestant> page_reader(std::string text) {
    namespace ai = umbraco_ai;
    ai::http_response response(200, std::move(text));
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    return repeated([response = std::move(response)] {
        auto const read = ai::decode<ai::connections::list>(response);
        keep(read);
    });
}

registration const page("read-page", "ours", [] { return page_reader(page_text()); });
registration const shuffled("read-page-shuffled", "ours", [] { return page_reader(shuffled_page_text()); });
registration const escapes("read-page-escapes", "ours", [] { return page_reader(escaped_page_text()); });
registration const pretty("read-page-pretty", "ours", [] { return page_reader(pretty_page_text()); });

registration const one("read-connection", "ours", [] {
    namespace ai = umbraco_ai;
    ai::http_response response(200, connection_text());
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    return repeated([response = std::move(response)] {
        auto const read = ai::decode<ai::connections::get>(response);
        keep(read);
    });
});

}  // namespace
}  // namespace bench

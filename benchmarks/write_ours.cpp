// SPDX-License-Identifier: MIT
#include "inputs.hpp"

#include <umbraco_ai/core.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace bench {
namespace {

namespace ai = umbraco_ai;

/// From the alias as a user has it to the bytes of the head, token included; checked as each request is.
registration const head("write-get-head", "ours", [] {
    ai::request_writer writer(ai::base_url::parse("https://cms.example.com").value());
    if (!writer.authorize(ai::bearer_token(std::string(43, 't')))) throw std::runtime_error("no token");
    return repeated([writer = std::move(writer)]() mutable {
        if (!writer.write(ai::connections::get("openai-prod"))) throw std::runtime_error("a head that is not written");
        keep(writer.head());
    });
});

/// With the checks of what may be put, which look through the settings.
registration const body("write-put-body", "ours", [] {
    ai::connection const read = ai::read_json<ai::connection>(connection_text()).value();
    return repeated([call = ai::connections::update(read.id, ai::connection_update(read)), body = ai::reused_buffer()]() mutable {
        body.clear();
        if (!call.check()) throw std::runtime_error("a body that is not written");
        call.write_body(body);
        keep(body);
    });
});

}  // namespace
}  // namespace bench

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_TRACE_HPP
#define UMBRACO_AI_CLI_TRACE_HPP

#include "output.hpp"

#include <umbraco_ai/observer.hpp>

namespace cli {

/// What -v shows: each request with its answer; twice, what its time went to as well. The library hands out no secret here.
class trace : public ai::observer {
public:
    trace(output& out, int verbosity) : out_(out), verbosity_(verbosity) {}

    void on_answer(ai::answer_event const& event) noexcept override;
    void on_retry(ai::retry_event const& event) noexcept override;
    void on_token(ai::token_event const& event) noexcept override;

private:
    output& out_;
    int verbosity_;
};

}  // namespace cli

#endif

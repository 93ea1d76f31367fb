// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_TOUR_RECORDING_TRANSPORT_HPP
#define UMBRACO_AI_EXAMPLES_TOUR_RECORDING_TRANSPORT_HPP

#include "interruption.hpp"

#include <umbraco_ai/beast/blocking.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/result.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tour {

namespace ai = umbraco_ai;

/// One request that was really sent, and what came of it. Headers and bodies, which hold secrets, are not kept.
class sent_request {
public:
    sent_request(ai::http_method how, std::string where) : method(how), target(std::move(where)) {}

    ai::http_method method;
    std::string target;
    int status = 0;  ///< 0 where no answer came.
    std::chrono::nanoseconds took{0};
};

/// A transport over another one: anything with `send(http_request)` is a transport, so this is all it takes to watch, change or
/// refuse requests. This one notes each of them, and gives up waiting on Ctrl-C.
class recording_transport {
public:
    ai::result<ai::http_response> send(ai::http_request request) {
        // A write under way is waited for, so that it is known whether it was done; the second Ctrl-C ends that as well.
        bool const is_read = request.method == ai::http_method::get;
        enough_ = tolerated_ + (is_read ? 0 : 1);
        request.limits.cancelled = [](void const* enough) { return interruption::count() > *static_cast<int const*>(enough); };
        request.limits.cancel_context = &enough_;

        sent_request seen(request.method, request.target);
        auto const begin = wire_.now();
        auto answer = wire_.send(std::move(request));
        seen.took = wire_.now() - begin;
        if (answer) seen.status = answer->status;
        bool const was_sent = answer || answer.error().who != ai::fault::usage;
        if (was_sent) sent_.push_back(std::move(seen));
        return answer;
    }

    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return wire_.now(); }

    /// The requests since the last time this was asked.
    [[nodiscard]] std::vector<sent_request> take() { return std::exchange(sent_, {}); }

    /// Lets requests through in spite of the interruptions so far.
    void tolerate_interruptions() noexcept { tolerated_ = interruption::count(); }

private:
    ai::blocking_transport wire_;
    std::vector<sent_request> sent_;
    int tolerated_ = 0;
    int enough_ = 0;
};

}  // namespace tour

#endif

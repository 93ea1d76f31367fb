// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP
#define UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/version.hpp>

#include <string>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The request line and the header of a checked request, up to and including the empty line.
[[nodiscard]] inline std::string request_head(http_request const& request) {
    std::string head;
    head.reserve(512);
    http1::write_head(head, request);
    return head;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP
#define UMBRACO_AI_BEAST_DETAIL_REQUEST_HEAD_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The request line and the header of a checked request, up to and including the empty line.
[[nodiscard]] inline std::string request_head(http_request const& request) {
    std::string head;
    std::size_t size = 96 + request.target.size() + request.origin.host.size();
    for (auto const& field : request.headers) size += field.name.size() + field.value.size() + 4;
    head.reserve(size);
    http1::write_head(head, request);
    return head;
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

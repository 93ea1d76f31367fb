// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_SERVER_REQUEST_HPP
#define UMBRACO_AI_TESTING_SERVER_REQUEST_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace testing {

/// A request as a server of the testing kit sees it: nothing decoded but the framing of the body.
class server_request {
public:
    server_request() = default;
    server_request(std::string method_name, std::string request_target)
        : method(std::move(method_name)), target(std::move(request_target)) {}

    std::string method;  ///< As it came: "GET".
    std::string target;  ///< Origin form, percent-encoded: "/umbraco/ai/management/api/v1/connections?take=50".
    http_headers headers;
    std::string body;

    friend bool operator==(server_request const&, server_request const&) = default;
};

}  // namespace testing
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_MODEL_AI_MODEL_HPP
#define UMBRACO_AI_MODEL_AI_MODEL_HPP

#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/version.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// A model that a connection's provider offers. The documented answer tells its capabilities; the observed one its
/// provider and metadata.
class model {
public:
    model() = default;

    std::string id;    ///< "gpt-4o"
    std::string name;  ///< "GPT-4o"
    std::string provider_id;
    std::vector<capability> capabilities;
    std::optional<std::map<std::string, std::string>> metadata;  ///< Keys come camel-cased.

    friend bool operator==(model const&, model const&) = default;
};

template <>
struct fields<model> : table<field<"id", &model::id, required>,
                             field<"name", &model::name, required>,
                             field<"capabilities", &model::capabilities>,
                             field<"metadata", &model::metadata>,
                             group<"model", field<"modelId", &model::id, required>, field<"providerId", &model::provider_id>>> {};

/// What a provider said when the server tried a connection. A failed test is an answer, not a failure of the call.
class test_result {
public:
    test_result() = default;

    bool success = false;
    std::optional<std::string> error_message;  ///< The server's words, kept to 1 KB and without what looks like a token.
    std::string explanation;                   ///< What the library knows of such words; often empty.

    friend bool operator==(test_result const&, test_result const&) = default;
};

/// Texts of a value that a server wrote, and that may quote what was sent.
template <class F>
void for_each_server_text(test_result& value, F&& f) {
    if (value.error_message) f(*value.error_message);
}

template <>
struct fields<test_result>
    : table<field<"success", &test_result::success, required>, field<"errorMessage", &test_result::error_message>> {};

UMBRACO_AI_END_NAMESPACE

#endif

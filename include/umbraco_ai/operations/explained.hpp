// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_EXPLAINED_HPP
#define UMBRACO_AI_OPERATIONS_EXPLAINED_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// test or models of one connection. Servers say "Connection not found" of a connection that is there but has null settings
/// or a provider that is gone, and fail where a `$` reference no longer resolves; so after such an answer the connection is
/// read, and the failure says which it is.
template <Descriptor D>
class explained_operation : public detail::operation_steps<typename D::answer_type> {
public:
    static constexpr std::string_view name = D::route_text;
    static constexpr bool writes = D::method != http_method::get;

    explicit explained_operation(id_or_alias which) : which_(std::move(which)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) { return this->send(D(which_), base_path); }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        if (reason_.who == fault::none) {
            if (!answer) return this->fail(std::move(answer).error());
            this->result_ = decode<D>(*answer);
            if (this->result_) {
                if (!blames_reference() || !connections::get(which_).check()) return std::nullopt;
                reason_.who = fault::server;
                return this->send(connections::get(which_), base_path);
            }
            reason_ = this->result_.error();
            bool const is_ambiguous = (reason_.status == 404 && !answer->body.empty()) || reason_.status == 500;
            if (!is_ambiguous || !connections::get(which_).check()) return std::nullopt;
            return this->send(connections::get(which_), base_path);
        }
        auto read = answer ? decode<connections::get>(*answer) : result<connection>(std::move(answer).error());
        if (this->result_) {
            if constexpr (std::is_same_v<typename D::answer_type, test_result>) {
                if (read && detail::has_reference(read->settings))
                    this->result_->explanation = "A $ reference of the settings no longer resolves; put its key back into the server's configuration.";
            }
            return std::nullopt;
        }
        if (read) explain(*read);
        return this->fail(std::move(reason_));
    }

private:
    /// Whether a test failed with the words that servers have for a `$` reference that is gone.
    [[nodiscard]] bool blames_reference() const {
        if constexpr (std::is_same_v<typename D::answer_type, test_result>)
            return !this->result_->success && this->result_->error_message && this->result_->error_message->find("target of an invocation") != std::string::npos;
        else return false;
    }

    void explain(connection const& found) {
        if (reason_.status == 404) {
            reason_.message = found.settings.is_null() ? "The connection is there, but has no settings; give it its provider's key."
                                                       : "The connection is there, but the site no longer has its provider.";
        } else if (detail::has_reference(found.settings)) {
            reason_.message = "The server failed, as it does where a $ reference of the settings no longer resolves; put its key back into the server's configuration.";
        }
    }

    id_or_alias which_;
    failure reason_;
};

UMBRACO_AI_END_NAMESPACE

#endif

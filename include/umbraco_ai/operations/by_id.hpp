// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_BY_ID_HPP
#define UMBRACO_AI_OPERATIONS_BY_ID_HPP

#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/operations/modify.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

namespace detail {

/// A write that goes by id; given an alias, it reads the connection first, and refuses where the server answered another.
/// `Derived` has `write_of(guid, connection const*)`, which gives the call, and `D` is its type.
template <class Derived, Descriptor D>
class by_id_operation : public operation_steps<typename D::answer_type> {
public:
    static constexpr bool writes = true;

    explicit by_id_operation(id_or_alias which) : which_(std::move(which)) {}

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        if (auto ok = self().check(); !ok) return this->fail(ok.error());
        if (which_.id()) return this->lock(*which_.id());
        reading_ = true;
        return this->send(connections::get(which_), base_path);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view) {
        if (!answer) return this->fail(std::move(answer).error());
        if (!std::exchange(reading_, false)) {
            this->result_ = decode<D>(*answer);
            if (!this->result_) self().explain(this->result_.error());
            return std::nullopt;
        }
        auto read = decode<connections::get>(*answer);
        if (!read) return this->fail(std::move(read).error());
        if (!equals_ignoring_case(read->alias, which_.alias()))
            return this->fail(failure(errc::invalid_value, "The server answered another connection than the one asked for; nothing was written. Use the id.").at("$.alias"));
        read_ = *std::move(read);
        return this->lock(read_->id);
    }

    [[nodiscard]] std::optional<http_request> locked(bool, std::string_view base_path) {
        return this->send(self().write_of(read_ ? read_->id : *which_.id(), read_ ? &*read_ : nullptr), base_path);
    }

private:
    Derived& self() { return static_cast<Derived&>(*this); }

    id_or_alias which_;
    std::optional<connection> read_;
    bool reading_ = false;
};

}  // namespace detail

/// An update by id or alias. Given an alias, the members of the answer that the library does not know are put back.
class update_operation : public detail::by_id_operation<update_operation, connections::update> {
public:
    static constexpr std::string_view name = "update";

    update_operation(id_or_alias which, connection_update new_state) : by_id_operation(std::move(which)), new_state_(std::move(new_state)) {}

    /// Tells where the client's requests go.
    void called_from(std::uint64_t origin_tag) noexcept { origin_tag_ = origin_tag; }

    [[nodiscard]] result<void> check() const {
        if (auto ok = new_state_.check(); !ok) return ok;
        return new_state_.check_origin(origin_tag_);
    }
    void explain(failure& reason) const { detail::explain_refused_reference(reason, new_state_.settings); }

    [[nodiscard]] connections::update write_of(guid const& id, connection const* read) const {
        connection_update state = new_state_;
        if (read != nullptr && state.unknown.empty()) state.unknown = read->unknown;
        return connections::update(id, std::move(state));
    }

private:
    connection_update new_state_;
    std::uint64_t origin_tag_ = 0;
};

/// A delete by id or alias.
class remove_operation : public detail::by_id_operation<remove_operation, connections::remove> {
public:
    static constexpr std::string_view name = "remove";

    using by_id_operation::by_id_operation;

    [[nodiscard]] static result<void> check() { return result<void>::ok(); }
    static void explain(failure&) {}
    [[nodiscard]] static connections::remove write_of(guid const& id, connection const*) { return connections::remove(id); }
};

UMBRACO_AI_END_NAMESPACE

#endif

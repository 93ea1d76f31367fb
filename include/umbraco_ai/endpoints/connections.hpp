// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ENDPOINTS_CONNECTIONS_HPP
#define UMBRACO_AI_ENDPOINTS_CONNECTIONS_HPP

#include <umbraco_ai/answer.hpp>
#include <umbraco_ai/endpoint.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/model/lists.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/version.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

using skip = count_parameter<"skip", 0>;            ///< How many items of the list to leave out, from 0.
using take = count_parameter<"take", 1>;            ///< How many items to answer at most, from 1; servers answer 100 where it is left out.
using filter = text_parameter<"filter">;            ///< What the name contains, ignoring ASCII case.
using provider_id = text_parameter<"providerId">;   ///< The provider's id, in exact case.

/// What create answers: the connection by the documented contract, its id alone by the observed one.
class created_connection {
public:
    created_connection() = default;

    guid id;
    std::optional<umbraco_ai::connection> connection;

    friend bool operator==(created_connection const&, created_connection const&) = default;
};

/// What update answers: the connection by the documented contract, nothing by the observed one, where only a get shows it.
class updated_connection {
public:
    updated_connection() = default;

    std::optional<umbraco_ai::connection> connection;

    friend bool operator==(updated_connection const&, updated_connection const&) = default;
};

template <>
struct answer<connection> {
    static result<connection> decode(http_response const& response) {
        // One value and one return, so that it is made where it stays.
        auto ok = detail::expect_json(response);
        auto read = ok ? read_json<connection>(response.body) : result<connection>(std::move(ok).error());
        if (read) read->settings.origin_tag_ = response.origin_tag;
        return read;
    }
};

template <>
struct answer<created_connection> {
    static result<created_connection> decode(http_response const& response) {
        created_connection made;
        std::string_view const body = response.body;
        std::size_t const first = body.find_first_not_of(" \t\r\n", body.starts_with("\xEF\xBB\xBF") ? 3 : 0);
        if (first == std::string_view::npos) {
            auto const id = id_of_location(response);
            if (!id) return failure(errc::empty_body, "The answer holds neither the connection nor its id; look for it by its alias.");
            made.id = *id;
            return made;
        }
        if (auto ok = detail::expect_json(response); !ok) return ok.error();
        if (body[first] == '{') {
            auto read = answer<umbraco_ai::connection>::decode(response);
            if (!read) return read.error();
            made.id = read->id;
            made.connection = *std::move(read);
            return made;
        }
        auto id = read_json<guid>(response.body);
        if (!id) return id.error();
        made.id = *id;
        return made;
    }

private:
    /// The last segment; the rest has whatever authority the server believes in.
    static std::optional<guid> id_of_location(http_response const& response) {
        auto const location = response.headers.find("Location");
        if (!location) return std::nullopt;
        return guid::parse(location->substr(location->rfind('/') + 1));
    }
};

template <>
struct answer<updated_connection> {
    static result<updated_connection> decode(http_response const& response) {
        updated_connection made;
        if (response.body.empty()) return made;
        auto read = answer<umbraco_ai::connection>::decode(response);
        if (!read) return read.error();
        made.connection = *std::move(read);
        return made;
    }
};

template <>
struct answer<page<connection_item>> {
    static result<page<connection_item>> decode(http_response const& response) {
        if (auto ok = detail::expect_json(response); !ok) return ok.error();
        return read_json<page<connection_item>>(response.body);
    }
    static void explain(failure& refused) {
        if (refused.status == 500)
            refused.message = "The server failed; its log tells why. One connection with a repeated settings key makes every list fail: find_poisoned tells which.";
    }
};

/// What the provider said may quote a key.
template <>
struct answer<test_result> {
    static result<test_result> decode(http_response const& response) {
        if (auto ok = detail::expect_json(response); !ok) return ok.error();
        auto read = read_json<test_result>(response.body);
        if (read && read->error_message) read->error_message = detail::server_text(*read->error_message);
        return read;
    }
};

/// The endpoints, as the API documentation lists them.
namespace connections {

using list = endpoint<"GET /connections", query<skip, take, filter, provider_id>, returns<page<connection_item>>>;
using get = endpoint<"GET /connections/{idOrAlias}", path<id_or_alias>, returns<connection>>;
using create = endpoint<"POST /connections", body<connection_draft>, returns<created_connection>>;
using update = endpoint<"PUT /connections/{id}", path<guid>, body<connection_update>, returns<updated_connection>>;
using remove = endpoint<"DELETE /connections/{id}", path<guid>, returns<nothing>>;
using test = endpoint<"POST /connections/{idOrAlias}/test", path<id_or_alias>, returns<test_result>>;
using capabilities = endpoint<"GET /connections/capabilities", returns<item_list<capability>>>;
using with_capability = endpoint<"GET /connections/capabilities/{capability}", path<capability>, returns<page<connection_item>>>;
using models = endpoint<"GET /connections/{idOrAlias}/models", path<id_or_alias>, returns<item_list<model>>>;

/// Not documented: what servers of the observed contract know in place of `with_capability`. A server that does not know
/// the parameter answers every connection, so ask only one that is known to.
using list_with_capability = endpoint<"GET /connections", query<capability, skip, take, filter, provider_id>, returns<page<connection_item>>>;

}  // namespace connections

UMBRACO_AI_END_NAMESPACE

#endif

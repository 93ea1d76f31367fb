// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CORE_HPP
#define UMBRACO_AI_CORE_HPP

/// Everything that needs neither Boost nor I/O.
#include <umbraco_ai/answer.hpp>
#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/client.hpp>
#include <umbraco_ai/endpoint.hpp>
#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/exchange.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/canonical.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/json/inspect.hpp>
#include <umbraco_ai/json/reader.hpp>
#include <umbraco_ai/json/text.hpp>
#include <umbraco_ai/json/unknown_members.hpp>
#include <umbraco_ai/machine.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/model/identity.hpp>
#include <umbraco_ai/model/lists.hpp>
#include <umbraco_ai/model/nlohmann.hpp>
#include <umbraco_ai/model/problem.hpp>
#include <umbraco_ai/model/providers.hpp>
#include <umbraco_ai/model/secret.hpp>
#include <umbraco_ai/model/settings.hpp>
#include <umbraco_ai/model/timestamp.hpp>
#include <umbraco_ai/operations/all.hpp>
#include <umbraco_ai/operations/by_id.hpp>
#include <umbraco_ai/operations/call.hpp>
#include <umbraco_ai/operations/ensure.hpp>
#include <umbraco_ai/operations/explained.hpp>
#include <umbraco_ai/operations/find_poisoned.hpp>
#include <umbraco_ai/operations/modify.hpp>
#include <umbraco_ai/operations/pages.hpp>
#include <umbraco_ai/operations/questions.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/operations/with_capability.hpp>
#include <umbraco_ai/options.hpp>
#include <umbraco_ai/parameter.hpp>
#include <umbraco_ai/request_writer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/retry.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/sent_secrets.hpp>
#include <umbraco_ai/sign_in.hpp>
#include <umbraco_ai/transport.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#endif

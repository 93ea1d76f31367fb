// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTING_HPP
#define UMBRACO_AI_TESTING_HPP

/// The testing kit: a scripted transport, the API in memory, servers on loopback, and the rules that a transport is tried by.
#include <umbraco_ai/testing/conformance.hpp>
#include <umbraco_ai/testing/conformance_report.hpp>
#include <umbraco_ai/testing/in_memory_api.hpp>
#include <umbraco_ai/testing/loopback_server.hpp>
#include <umbraco_ai/testing/raw_server.hpp>
#include <umbraco_ai/testing/record_transport.hpp>
#include <umbraco_ai/testing/recording.hpp>
#include <umbraco_ai/testing/recording_file.hpp>
#include <umbraco_ai/testing/redactor.hpp>
#include <umbraco_ai/testing/replay_transport.hpp>
#include <umbraco_ai/testing/scripted_transport.hpp>
#include <umbraco_ai/testing/server_request.hpp>
#include <umbraco_ai/umbraco_ai.hpp>

#endif

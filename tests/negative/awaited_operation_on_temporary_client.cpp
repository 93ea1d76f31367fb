// SPDX-License-Identifier: MIT
// expect: static assertion failed.*an awaited call would outlive this temporary client
#include <umbraco_ai/client.hpp>

namespace ai = umbraco_ai;

/// Stands for any result that is awaited after the call returned.
template <class T>
class task {
public:
    task() = default;
};

template <>
struct ai::io_traits<task<ai::result<ai::http_response>>> {
    static constexpr bool is_awaited = true;

    template <class Transport, class Machine>
    static task<typename Machine::result_type> run(Transport&, Machine) {
        return {};
    }
};

class courier {
public:
    task<ai::result<ai::http_response>> send(ai::http_request) { return {}; }
};

auto call(courier& transport) {
#ifndef UMBRACO_AI_NEGATIVE
    ai::client cms(transport, "https://cms.example.com");
    return cms.run(ai::remove_operation("a"));
#else
    return ai::client(transport, "https://cms.example.com").run(ai::remove_operation("a"));
#endif
}

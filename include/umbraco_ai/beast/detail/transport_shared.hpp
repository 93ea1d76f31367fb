// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_TRANSPORT_SHARED_HPP
#define UMBRACO_AI_BEAST_DETAIL_TRANSPORT_SHARED_HPP

#include <umbraco_ai/beast/detail/connection_pool.hpp>
#include <umbraco_ai/beast/detail/tls_context.hpp>
#include <umbraco_ai/beast/options.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What the calls of one transport share.
class transport_shared {
public:
    transport_shared(boost::asio::any_io_executor executor, std::shared_ptr<connection_pool> connections, transport_options shared_options)
        : io(std::move(executor)), pool(std::move(connections)), tls(std::make_shared<lazy_tls_context>(shared_options.tls)), options(std::move(shared_options)) {}

    boost::asio::any_io_executor const io;  ///< Of sockets and timers.
    std::shared_ptr<connection_pool> const pool;
    std::shared_ptr<lazy_tls_context> const tls;
    transport_options const options;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

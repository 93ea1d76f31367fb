// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_WAKEABLE_HPP
#define UMBRACO_AI_ASIO_WAKEABLE_HPP

#include <umbraco_ai/version.hpp>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Who waits for something that happens elsewhere.
class wakeable {
public:
    wakeable() = default;
    wakeable(wakeable const&) = delete;
    wakeable& operator=(wakeable const&) = delete;

    /// It has happened, or may have. On the strand of who waits; `*this` may be gone afterwards.
    virtual void wake() = 0;

protected:
    ~wakeable() = default;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

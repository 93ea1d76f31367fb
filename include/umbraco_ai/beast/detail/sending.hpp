// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_SENDING_HPP
#define UMBRACO_AI_BEAST_DETAIL_SENDING_HPP

#include <umbraco_ai/beast/detail/http_exchange.hpp>
#include <umbraco_ai/version.hpp>

#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// An exchange with the one who carries it out, such as the frame of a coroutine.
class sending {
public:
    // An exception in `begin` finds a whole object, which is destroyed as such.
    explicit sending(std::shared_ptr<http_exchange> work) : sending(std::move(work), not_begun()) { work_->begin(); }
    sending(sending&&) noexcept = default;
    sending& operator=(sending&&) = delete;
    ~sending() {
        if (work_) work_->leave();
    }

    [[nodiscard]] http_exchange* operator->() const noexcept { return work_.get(); }

private:
    class not_begun {};
    sending(std::shared_ptr<http_exchange>&& work, not_begun) noexcept : work_(std::move(work)) {}

    std::shared_ptr<http_exchange> work_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

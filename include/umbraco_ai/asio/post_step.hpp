// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_POST_STEP_HPP
#define UMBRACO_AI_ASIO_POST_STEP_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What is posted for an object that may be gone by then. One type for all, since each type that is posted is compiled through all
/// layers of Asio's.
class posted_step {
public:
    posted_step(std::weak_ptr<void> who, void (*step)(void*)) noexcept : who_(std::move(who)), step_(step) {}

    void operator()() const {
        if (auto const held = who_.lock()) step_(held.get());
    }

private:
    std::weak_ptr<void> who_;
    void (*step_)(void*);
};

/// Calls the member function `Step` of `who` on `executor`, later, if `who` is still there. False where memory has run out: who waits
/// for the step then goes on at its deadline. It holds `who` for a moment: who calls it under a lock knows of another owner
/// that outlasts the lock.
template <auto Step, class T>
bool post_step(boost::asio::any_io_executor const& executor, std::weak_ptr<T> who) noexcept {
    try {
        boost::asio::post(executor, posted_step(std::move(who), [](void* held) { (static_cast<T*>(held)->*Step)(); }));
        return true;
    } catch (std::exception const&) {
        return false;
    }
}

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

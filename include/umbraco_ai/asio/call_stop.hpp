// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_CALL_STOP_HPP
#define UMBRACO_AI_ASIO_CALL_STOP_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>

#include <memory>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// What cancels a call that completes by a handler, on the strand of the call, which owns it.
class call_stop {
public:
    explicit call_stop(boost::asio::any_io_executor strand) : strand_(std::move(strand)), state_(signal_.slot()) {}

    /// One that the cancellations of `types` reach through a handler's slot; null where nobody can cancel.
    [[nodiscard]] static std::shared_ptr<call_stop> behind(boost::asio::cancellation_slot slot, boost::asio::cancellation_type types,
                                                           boost::asio::any_io_executor const& strand) {
        if (!slot.is_connected()) return nullptr;
        auto made = std::make_shared<call_stop>(strand);
        // The slot may outlive the call, and its context.
        slot.assign([known = std::weak_ptr<call_stop>(made), types](boost::asio::cancellation_type type) {
            if ((type & types) == boost::asio::cancellation_type::none) return;
            if (auto held = known.lock()) request(std::move(held));
        });
        return made;
    }

    [[nodiscard]] boost::asio::cancellation_state const& state() const noexcept { return state_; }

    /// For what was begun after the cancellation.
    void repeat() {
        if (state_.cancelled() != boost::asio::cancellation_type::none) emit();
    }

private:
    static void request(std::shared_ptr<call_stop> self) {
        boost::asio::any_io_executor const strand = self->strand_;
        boost::asio::dispatch(strand, [kept = std::move(self)] { kept->emit(); });
    }

    void emit() { signal_.emit(boost::asio::cancellation_type::terminal); }

    boost::asio::any_io_executor strand_;
    boost::asio::cancellation_signal signal_;
    boost::asio::cancellation_state state_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

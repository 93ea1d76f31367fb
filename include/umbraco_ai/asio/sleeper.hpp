// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_SLEEPER_HPP
#define UMBRACO_AI_ASIO_SLEEPER_HPP

#include <umbraco_ai/version.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Where a coroutine, or any other handler, sleeps until it is woken: what a timer that never expires would do, without a timer. One
/// at a time; all of it on the sleeper's executor. It owns what sleeps.
class sleeper {
public:
    sleeper() = default;
    sleeper(sleeper const&) = delete;
    sleeper& operator=(sleeper const&) = delete;
    ~sleeper() { drop(); }

    /// To be awaited: goes on within the next `wake`. `on_cancel` is called, wherever that happens, when the handler is
    /// cancelled in its sleep, and sees to it that it is woken, but not at once.
    template <class OnCancel>
    [[nodiscard]] auto sleep(OnCancel on_cancel) {
        boost::asio::deferred_t token;
        return boost::asio::async_initiate<boost::asio::deferred_t, void()>(falling_asleep<OnCancel>(*this, std::move(on_cancel)), token);
    }

    /// Goes on with what sleeps, if there is anything; `*this` may be gone afterwards.
    void wake() {
        if (held_ != nullptr) std::exchange(held_, nullptr)->resume();
    }

    /// Destroys what sleeps, with all that it owns.
    void drop() noexcept {
        if (held_ != nullptr) std::exchange(held_, nullptr)->destroy();
    }

private:
    // What Asio keeps of a coroutine is three pointers at most.
    static constexpr std::size_t room = 4 * sizeof(void*);

    class resumption {
    public:
        virtual void resume() = 0;
        virtual void destroy() noexcept = 0;

    protected:
        ~resumption() = default;
    };

    template <class Handler>
    class resumption_of final : public resumption {
    public:
        explicit resumption_of(Handler handler) : handler_(std::move(handler)) {}
        void resume() override {
            Handler moved(std::move(handler_));
            destroy();
            std::move(moved)();
        }
        void destroy() noexcept override {
            if constexpr (sizeof(resumption_of) <= room) this->~resumption_of();
            else delete this;
        }

    private:
        Handler handler_;
    };

    template <class OnCancel>
    class falling_asleep {
    public:
        falling_asleep(sleeper& where, OnCancel on_cancel) : sleeper_(&where), on_cancel_(std::move(on_cancel)) {}

        template <class Handler>
        void operator()(Handler&& handler) {
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) slot.assign([on_cancel = std::move(on_cancel_)](boost::asio::cancellation_type_t) mutable { on_cancel(); });
            sleeper_->keep(std::forward<Handler>(handler));
        }

    private:
        sleeper* sleeper_;
        OnCancel on_cancel_;
    };

    template <class Handler>
    void keep(Handler&& handler) {
        using kept = resumption_of<std::decay_t<Handler>>;
        if constexpr (sizeof(kept) <= room) held_ = ::new (static_cast<void*>(space_)) kept(std::forward<Handler>(handler));
        else held_ = new kept(std::forward<Handler>(handler));
    }

    resumption* held_ = nullptr;
    alignas(std::max_align_t) unsigned char space_[room];
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

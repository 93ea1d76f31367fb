// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_WRITE_QUEUE_HPP
#define UMBRACO_AI_ASIO_WRITE_QUEUE_HPP

#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Lets one coroutine at a time write a connection, in the order in which they came, since servers answer simultaneous PUTs
/// with 500. Also guards what the calls of one client share, so that they may run on several threads.
/// Threading: each coroutine runs on an executor of its own that is a strand, or that one thread runs; they may differ.
class asio_write_queue {
    struct waiter {
        explicit waiter(boost::asio::any_io_executor executor) : timer(std::move(executor)) {}
        boost::asio::steady_timer timer;  ///< Touched on its own executor only.
        bool granted = false;
    };
    struct lines {
        std::mutex guard;
        std::map<guid, std::deque<std::shared_ptr<waiter>>> by_id;
    };

public:
    /// The right to write one connection; given back when it ends.
    class ticket {
    public:
        ticket() = default;
        ticket(std::shared_ptr<lines> all, guid const& id, bool had_to_wait) : lines_(std::move(all)), id_(id), waited_(had_to_wait) {}
        ticket(ticket&& other) noexcept : lines_(std::move(other.lines_)), id_(other.id_), waited_(other.waited_) {}
        ticket& operator=(ticket&& other) noexcept {
            if (this != &other) {
                release();
                lines_ = std::move(other.lines_);
                id_ = other.id_;
                waited_ = other.waited_;
            }
            return *this;
        }
        ~ticket() { release(); }

        [[nodiscard]] bool waited() const noexcept { return waited_; }

    private:
        void release() {
            if (lines_) pass_on(*lines_, id_);
            lines_.reset();
        }

        std::shared_ptr<lines> lines_;
        guid id_;
        bool waited_ = false;
    };

    asio_write_queue() : lines_(std::make_shared<lines>()) {}

    /// Takes one step of a machine of the client, while no other takes one.
    template <class F>
    auto guarded(F&& step) {
        std::lock_guard const locked(steps_);
        in_step const marked(stepping_);
        return step();
    }

    /// Whether this thread is inside a step, as where a `change` begins another call of its client.
    [[nodiscard]] bool is_within_step() const noexcept { return stepping_.load() == std::this_thread::get_id(); }

    /// Waits until the connection is free, for at most `at_most`.
    /// Errors: `deadline_exceeded`; `cancelled`, for coroutines that do not throw when cancelled.
    template <class Executor>
    [[nodiscard, gnu::noinline]] boost::asio::awaitable<result<ticket>, Executor> acquire(guid id, std::chrono::nanoseconds at_most) {
        auto const state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none)
            co_return failure(errc::cancelled, "Cancelled before its turn to write the connection, or to sign in, came; nothing was written.");
        std::shared_ptr<lines> const all = lines_;
        auto const me = std::make_shared<waiter>(boost::asio::any_io_executor(co_await boost::asio::this_coro::executor));
        if (enter(*all, id, me)) co_return ticket(all, id, false);
        place const mine(all, id, me);
        boost::system::error_code ended;
        me->timer.expires_after(at_most);
        co_await me->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>(), ended));
        if (mine.take()) co_return ticket(all, id, true);
        if (ended) co_return failure(errc::cancelled, "Cancelled while another call was writing the connection; nothing was written.");
        co_return failure(errc::deadline_exceeded, "Another call was writing the connection until the deadline passed; nothing was written.");
    }

private:
    class in_step {
    public:
        explicit in_step(std::atomic<std::thread::id>& thread) noexcept : thread_(thread) { thread_ = std::this_thread::get_id(); }
        in_step(in_step const&) = delete;
        in_step& operator=(in_step const&) = delete;
        ~in_step() { thread_ = std::thread::id(); }

    private:
        std::atomic<std::thread::id>& thread_;
    };

    /// A place in a line. It leaves the line when its coroutine ends, however that ends.
    class place {
    public:
        place(std::shared_ptr<lines> all, guid const& id, std::shared_ptr<waiter> me)
            : lines_(std::move(all)), id_(id), me_(std::move(me)) {}
        place(place const&) = delete;
        place& operator=(place const&) = delete;
        ~place() {
            if (taken_) return;
            {
                std::lock_guard const locked(lines_->guard);
                if (!me_->granted) {
                    auto const line = lines_->by_id.find(id_);
                    if (line != lines_->by_id.end()) std::erase(line->second, me_);
                    return;
                }
            }
            pass_on(*lines_, id_);
        }

        /// Whether the right was granted; then it is the caller's to give back.
        [[nodiscard]] bool take() const {
            std::lock_guard const locked(lines_->guard);
            return taken_ = me_->granted;
        }

    private:
        std::shared_ptr<lines> lines_;
        guid id_;
        std::shared_ptr<waiter> me_;
        mutable bool taken_ = false;
    };

    /// Whether nobody has the right yet; otherwise the waiter stands in line.
    static bool enter(lines& all, guid const& id, std::shared_ptr<waiter> const& me) {
        std::lock_guard const locked(all.guard);
        auto const [line, is_free] = all.by_id.try_emplace(id);
        if (!is_free) line->second.push_back(me);
        return is_free;
    }

    static void pass_on(lines& all, guid const& id) {
        std::shared_ptr<waiter> next;
        {
            std::lock_guard const locked(all.guard);
            auto const line = all.by_id.find(id);
            if (line == all.by_id.end()) return;
            if (line->second.empty()) {
                all.by_id.erase(line);
                return;
            }
            next = std::move(line->second.front());
            line->second.pop_front();
            next->granted = true;
        }
        boost::asio::post(next->timer.get_executor(), [next] { next->timer.cancel(); });
    }

    std::shared_ptr<lines> lines_;
    std::mutex steps_;
    std::atomic<std::thread::id> stepping_{};
};

UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_ASIO_WRITE_QUEUE_HPP
#define UMBRACO_AI_ASIO_WRITE_QUEUE_HPP

#include <umbraco_ai/asio/post_step.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Lets one call at a time write a connection, in the order in which they came, since servers answer simultaneous PUTs
/// with 500. Also guards what the calls of one client share, so that they may run on several threads.
/// Threading: each call runs on an executor of its own that is a strand, or that one thread runs; they may differ.
class asio_write_queue {
    struct waiter {
        explicit waiter(boost::asio::any_io_executor executor) : timer(std::move(executor)) {}
        void wake() { timer.cancel(); }

        boost::asio::steady_timer timer;  ///< Touched on its own executor only.
        bool granted = false;
    };
    struct lines {
        std::mutex guard;
        std::map<guid, std::list<std::shared_ptr<waiter>>> by_id;
    };

public:
    /// A place in the line to write one connection, and once it is granted the right to. It leaves the line, or gives the right
    /// back, when it ends.
    class place {
    public:
        place(std::shared_ptr<lines> all, guid const& id, boost::asio::any_io_executor executor)
            : lines_(std::move(all)), id_(id), me_(std::make_shared<waiter>(std::move(executor))) {
            std::lock_guard const locked(lines_->guard);
            auto const [line, is_free] = lines_->by_id.try_emplace(id_);
            if (is_free) me_->granted = true;
            else line->second.push_back(me_);
        }
        place(place&&) noexcept = default;
        place& operator=(place&& other) noexcept {
            if (this != &other) {
                leave();
                lines_ = std::move(other.lines_);
                id_ = other.id_;
                me_ = std::move(other.me_);
            }
            return *this;
        }
        ~place() { leave(); }

        [[nodiscard]] guid const& subject() const noexcept { return id_; }
        [[nodiscard]] bool is_granted() const {
            std::lock_guard const locked(lines_->guard);
            return me_->granted;
        }
        /// To be waited for until it is granted; it is cancelled then.
        [[nodiscard]] boost::asio::steady_timer& timer() const noexcept { return me_->timer; }

    private:
        [[gnu::noinline]] void leave() {
            if (!lines_) return;
            if (!steps_out()) pass_on(*lines_, id_);
            lines_.reset();
        }
        // Unless the right was granted meanwhile.
        [[nodiscard]] bool steps_out() const {
            std::lock_guard const locked(lines_->guard);
            if (me_->granted) return false;
            auto const line = lines_->by_id.find(id_);
            if (line != lines_->by_id.end()) line->second.remove(me_);
            return true;
        }

        std::shared_ptr<lines> lines_;
        guid id_;
        std::shared_ptr<waiter> me_;
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

    /// At the end of the line. `executor` is the call's.
    [[nodiscard]] place enter(guid const& id, boost::asio::any_io_executor executor) { return place(lines_, id, std::move(executor)); }

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

    static void pass_on(lines& all, guid const& id) noexcept {
        // The place of who is next cannot end before the lock does, so its executor is alive, and the timer is not destroyed here.
        std::lock_guard const locked(all.guard);
        auto const line = all.by_id.find(id);
        if (line == all.by_id.end()) return;
        if (line->second.empty()) {
            all.by_id.erase(line);
            return;
        }
        std::shared_ptr<waiter> const next = std::move(line->second.front());
        line->second.pop_front();
        next->granted = true;
        detail::post_step<&waiter::wake>(next->timer.get_executor(), std::weak_ptr(next));
    }

    std::shared_ptr<lines> lines_;
    std::mutex steps_;
    std::atomic<std::thread::id> stepping_{};
};

UMBRACO_AI_END_NAMESPACE

#endif

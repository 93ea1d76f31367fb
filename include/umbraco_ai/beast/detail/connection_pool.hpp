// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP
#define UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP

#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/http_connection.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The connections of a transport: those that lie idle, the most recently used first, and for each origin the right to use
/// one, given to a bounded number of calls at once in the order in which they came. Safe to use from several threads.
class connection_pool {
    class waiter {
    public:
        explicit waiter(std::shared_ptr<call_state> const& owner) : strand(owner->strand), call(owner) {}

        boost::asio::any_io_executor strand;
        std::weak_ptr<call_state> call;
        bool is_granted = false;
    };

    class line {
    public:
        explicit line(http_origin where) : origin(std::move(where)) {}

        http_origin origin;
        std::size_t in_use = 0;
        std::deque<std::shared_ptr<waiter>> waiting;
    };

public:
    using clock = std::chrono::steady_clock;

    connection_pool(std::size_t most_in_use, std::chrono::seconds idle_time)
        : most_in_use_((std::max<std::size_t>)(most_in_use, 1)), idle_time_(idle_time) {}
    connection_pool(connection_pool const&) = delete;
    connection_pool& operator=(connection_pool const&) = delete;
    ~connection_pool() {
        for (entry const& kept : idle_) kept.idle->close();
    }

    [[nodiscard]] std::chrono::seconds idle_time() const noexcept { return idle_time_; }

    /// A call's place in the line for an origin, and then its right to a connection. It is given up when this ends.
    class place {
    public:
        place(std::shared_ptr<connection_pool> pool, std::shared_ptr<call_state> const& owner)
            : pool_(std::move(pool)), me_(pool_->enter(owner)), origin_(owner->request.origin) {}
        place(place const&) = delete;
        place& operator=(place const&) = delete;
        ~place() { pool_->leave(origin_, me_); }

        /// The call is woken when it becomes so.
        [[nodiscard]] bool is_granted() const { return pool_->is_granted(*me_); }

    private:
        std::shared_ptr<connection_pool> pool_;
        std::shared_ptr<waiter> me_;
        http_origin origin_;
    };

    /// An idle connection to the origin on which nothing has arrived, or nothing.
    [[nodiscard]] std::shared_ptr<http_connection> take(http_origin const& origin) {
        while (true) {
            std::shared_ptr<http_connection> candidate;
            bool is_fresh = false;
            {
                std::lock_guard const guard(mutex_);
                auto const now = clock::now();
                auto const found = std::find_if(idle_.rbegin(), idle_.rend(), [&](entry const& kept) { return kept.expiry <= now || kept.origin == origin; });
                if (found == idle_.rend()) return nullptr;
                is_fresh = found->expiry > now;
                candidate = std::move(found->idle);
                idle_.erase(std::next(found).base());
            }
            if (is_fresh && candidate->is_quiet()) return candidate;
            candidate->close();
        }
    }

    /// Keeps a connection on which nothing is pending.
    void give(http_origin origin, std::shared_ptr<http_connection> idle, std::chrono::seconds limit) {
        std::shared_ptr<http_connection> surplus;
        {
            std::lock_guard const guard(mutex_);
            if (is_closed_ || limit <= limit.zero()) {
                surplus = std::move(idle);
            } else {
                if (idle_.size() >= most_in_use_) {
                    surplus = std::move(idle_.front().idle);
                    idle_.erase(idle_.begin());
                }
                idle_.emplace_back(std::move(origin), std::move(idle), clock::now() + limit);
            }
        }
        if (surplus) surplus->close();
    }

    /// The execution context goes down: drops what is idle, and no waiting call may be told anything from here on.
    void shut_down() {
        std::lock_guard const guard(mutex_);
        is_closed_ = true;
        idle_.clear();
        for (line& one : lines_)
            for (auto const& waiting : one.waiting) waiting->strand = boost::asio::any_io_executor();
    }

private:
    class entry {
    public:
        entry(http_origin where, std::shared_ptr<http_connection> kept, clock::time_point end)
            : origin(std::move(where)), idle(std::move(kept)), expiry(end) {}

        http_origin origin;
        std::shared_ptr<http_connection> idle;
        clock::time_point expiry;
    };

    [[nodiscard]] std::shared_ptr<waiter> enter(std::shared_ptr<call_state> const& owner) {
        auto made = std::make_shared<waiter>(owner);
        std::lock_guard const guard(mutex_);
        line& own = line_of(owner->request.origin);
        if (own.in_use < most_in_use_) {
            ++own.in_use;
            made->is_granted = true;
        } else {
            own.waiting.push_back(made);
        }
        return made;
    }

    void leave(http_origin const& origin, std::shared_ptr<waiter> const& who) noexcept {
        std::lock_guard const guard(mutex_);
        auto const own = std::find_if(lines_.begin(), lines_.end(), [&](line const& one) { return one.origin == origin; });
        if (own == lines_.end()) return;
        if (!who->is_granted) {
            std::erase(own->waiting, who);
        } else if (own->waiting.empty()) {
            --own->in_use;
        } else {
            auto const next = std::move(own->waiting.front());
            own->waiting.pop_front();
            next->is_granted = true;
            wake(*next);
        }
        if (own->in_use == 0 && own->waiting.empty()) lines_.erase(own);
    }

    [[nodiscard]] bool is_granted(waiter const& who) {
        std::lock_guard const guard(mutex_);
        return who.is_granted;
    }

    [[nodiscard]] line& line_of(http_origin const& origin) {
        for (line& one : lines_)
            if (one.origin == origin) return one;
        return lines_.emplace_back(origin);
    }

    // With the mutex held: `shut_down` and the end of the waiting call wait for it, so its context is alive.
    static void wake(waiter& who) noexcept {
        if (!who.strand) return;
        try {
            boost::asio::post(who.strand, [call = who.call] {
                if (auto const awake = call.lock()) awake->wake.cancel();
            });
        } catch (std::exception const&) {
            // Out of memory: the call wakes at its deadline.
        }
    }

    std::size_t const most_in_use_;
    std::chrono::seconds const idle_time_;
    std::mutex mutex_;
    std::vector<entry> idle_;
    std::list<line> lines_;
    bool is_closed_ = false;
};

/// Shuts the pools of an execution context down with it, so that a transport may outlive it.
class pool_service : public boost::asio::execution_context::service {
public:
    using key_type = pool_service;
    static inline boost::asio::execution_context::id id;

    explicit pool_service(boost::asio::execution_context& context) : service(context) {}

    [[nodiscard]] std::shared_ptr<connection_pool> make_pool(std::size_t most_in_use, std::chrono::seconds idle_time) {
        auto made = std::make_shared<connection_pool>(most_in_use, idle_time);
        std::lock_guard const guard(mutex_);
        std::erase_if(pools_, [](auto const& pool) { return pool.expired(); });
        pools_.push_back(made);
        return made;
    }

private:
    void shutdown() override {
        std::lock_guard const guard(mutex_);
        for (auto const& pool : pools_)
            if (auto const alive = pool.lock()) alive->shut_down();
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<connection_pool>> pools_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

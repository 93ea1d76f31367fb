// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP
#define UMBRACO_AI_BEAST_DETAIL_CONNECTION_POOL_HPP

#include <umbraco_ai/beast/detail/call_clock.hpp>
#include <umbraco_ai/beast/detail/call_state.hpp>
#include <umbraco_ai/beast/detail/http_connection.hpp>
#include <umbraco_ai/beast/detail/loop_turn.hpp>
#include <umbraco_ai/beast/detail/turn_memory.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/version.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// The connections of a transport: those that lie idle, the most recently used first, and for each origin the right to use
/// one, given to a bounded number of calls at once in the order in which they came. Safe to use from several threads.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
    using clock = call_clock::clock;
    using hold = call_clock::hold;

    // Of the calls to one origin, each of which refers to it.
    class line {
    public:
        explicit line(http_origin where) : origin(std::move(where)) {}

        http_origin origin;
        std::size_t in_use = 0;
        std::list<call_state*> waiting;
    };

    // An idle connection, to be looked at before it is used where it is fresh.
    class offer {
    public:
        std::shared_ptr<http_connection> connection;
        bool is_fresh = false;
        bool was_looked_at = false;
    };

public:
    connection_pool(boost::asio::any_io_executor const& io, std::size_t most_in_use, std::chrono::seconds idle_time)
        : alarms_(std::make_shared<call_clock>(io)), most_in_use_((std::max<std::size_t>)(most_in_use, 1)), idle_time_(idle_time) {}
    connection_pool(connection_pool const&) = delete;
    connection_pool& operator=(connection_pool const&) = delete;
    ~connection_pool() {
        for (entry const& kept : idle_) kept.idle->close();
    }

    /// For so long a GET need not look at its connection once more.
    static constexpr std::chrono::microseconds a_moment{100};

    [[nodiscard]] std::chrono::seconds idle_time() const noexcept { return idle_time_; }
    [[nodiscard]] call_clock& alarms() const noexcept { return *alarms_; }

    /// A call's place in the line for an origin, and then its right to a connection. It is given up when this ends.
    class place {
    public:
        /// Starts the call's clock. Pool and call outlive the place.
        place(connection_pool& pool, call_state& owner) : pool_(pool), owner_(owner), line_(pool_.enter(owner_, offered_, turn_, is_granted_)) {}
        place(place const&) = delete;
        place& operator=(place const&) = delete;
        /// Ends the call's clock.
        ~place() { pool_.leave(owner_, line_, std::move(left_), limit_); }

        /// The call is woken when it becomes so.
        [[nodiscard]] bool is_granted() {
            is_granted_ = is_granted_ || pool_.is_granted(owner_);
            return is_granted_;
        }

        /// An idle connection to the origin on which nothing has arrived, or nothing. Each is looked at; where a request may be sent
        /// again, the read that found no more than the last answer counts as the look for a moment.
        [[nodiscard]] std::shared_ptr<http_connection> take() {
            while (true) {
                offer one = offered_.connection ? std::move(offered_) : pool_.find_idle(owner_);
                if (!one.connection) return nullptr;
                if (one.is_fresh && (one.was_looked_at || one.connection->is_quiet())) return std::move(one.connection);
                one.connection->close();
            }
        }

        /// Holds the call back, where this is true, so that it writes together with those that the next few callers begin: it is woken then,
        /// and also in the next turn of the loop, which comes first where a caller runs the loop itself. Only in the step that made the
        /// place. What a request may change is not held back, so that nothing comes between the look at its connection and the write.
        [[nodiscard]] bool hold_back() {
            loop_turn* const turn = std::exchange(turn_, nullptr);
            if (turn == nullptr || !turn->has_room() || owner_.request.method != http_method::get) return false;
            pool_.wake_later(owner_);
            turn->hold_back(owner_);
            return true;
        }

        /// Who comes next is to find this connection, on which nothing is pending, for as long as `limit`.
        void leave_behind(std::shared_ptr<http_connection> idle, std::chrono::seconds limit) noexcept {
            left_ = std::move(idle);
            limit_ = limit;
        }

    private:
        connection_pool& pool_;
        call_state& owner_;
        offer offered_;
        loop_turn* turn_ = nullptr;  ///< Within which the call begins; gone afterwards.
        bool is_granted_ = false;
        line& line_;
        std::shared_ptr<http_connection> left_;
        std::chrono::seconds limit_{0};
    };

    /// Wakes a call in a later turn of the loop, in one with the others on its strand that have asked for it meanwhile.
    void wake_later(call_state& who) {
        auto const held = alarms_->lock();
        if (auto const turn = next_turn_.lock()) {
            if (turn->strand != who.strand) {
                if (!who.wake_later()) throw std::bad_alloc();
                return;
            }
            turn->join(who);
            return;
        }
        // Owned by what is posted: where that never runs, nobody joins it any more.
        auto const turn = std::make_shared<loop_turn>(who.strand);
        turn->join(who);
        boost::asio::post(who.strand, [turn, weak = weak_from_this()] {
            if (auto const self = weak.lock()) self->run(*turn);
        });
        next_turn_ = turn;
    }

    /// The execution context goes down: drops what is idle and who waits, and nobody may be told anything from here on.
    void shut_down() {
        {
            auto const held = alarms_->lock();
            is_closed_ = true;
            idle_.clear();
        }
        alarms_->shut_down();
    }

private:
    class entry {
    public:
        entry(std::shared_ptr<http_connection> kept, clock::time_point now, std::chrono::seconds limit)
            : idle(std::move(kept)), given(now), expiry(now + limit) {}

        std::shared_ptr<http_connection> idle;
        clock::time_point given;
        clock::time_point expiry;
    };

    void run(loop_turn& turn) {
        turn_memory memory;
        {
            // Who asks from here on takes another turn.
            auto const held = alarms_->lock();
            next_turn_.reset();
        }
        try {
            while (turn.read(memory)) {
                {
                    holding_back const meanwhile(*this, turn);
                    turn.tell();
                }
                turn.write();
            }
        } catch (...) {
            // A handler of the user's threw through a strand; those behind it are not to wait for their deadlines.
            while (auto const left = turn.take_left()) wake(alarms_->lock(), *left);
            throw;
        }
    }

    // While this lives, the turn may hold back calls that begin. Other turns come at the same time on other threads, and also within a
    // caller that runs the loop itself; one of all of them holds calls back.
    class holding_back {
    public:
        holding_back(connection_pool& pool, loop_turn& turn) : pool_(pool), turn_(turn) {
            auto const held = pool_.alarms_->lock();
            if (pool_.holding_ == nullptr) pool_.holding_ = &turn_;
        }
        holding_back(holding_back const&) = delete;
        holding_back& operator=(holding_back const&) = delete;
        ~holding_back() {
            auto const held = pool_.alarms_->lock();
            if (pool_.holding_ == &turn_) pool_.holding_ = nullptr;
        }

    private:
        connection_pool& pool_;
        loop_turn& turn_;
    };

    // Where a call gets its place at once, it is offered a connection with it, and the turn within which it begins.
    [[nodiscard]] line& enter(call_state& who, offer& offered, loop_turn*& turn, bool& is_granted_at_once) {
        auto const held = alarms_->lock();
        line& own = line_of(who.request.origin);
        who.start(held);
        who.has_company = own.in_use != 0;
        if (own.in_use < most_in_use_) {
            offered = find_idle(held, who);
            if (who.has_company && holding_ != nullptr && holding_->is_around(who)) turn = holding_;
            ++own.in_use;
            who.has_place = is_granted_at_once = true;
        } else {
            own.waiting.push_back(&who);
        }
        return own;
    }

    void leave(call_state& who, line& own, std::shared_ptr<http_connection> kept, std::chrono::seconds limit) noexcept {
        std::shared_ptr<http_connection> surplus;
        {
            auto const held = alarms_->lock();
            who.end(held);
            // Who waits for the place finds the connection.
            if (kept) surplus = keep(held, std::move(kept), who.looked(), limit);
            if (!who.has_place) {
                own.waiting.remove(&who);
            } else if (own.waiting.empty()) {
                --own.in_use;
            } else {
                call_state& next = *own.waiting.front();
                own.waiting.pop_front();
                next.has_place = true;
                wake(held, next);
            }
            // Most transports have one origin, whose line stays.
            if (own.in_use == 0 && own.waiting.empty() && lines_.size() > most_kept_lines) lines_.remove_if([&own](line const& one) { return &one == &own; });
        }
        if (surplus) surplus->close();
    }

    [[nodiscard]] offer find_idle(call_state const& who) { return find_idle(alarms_->lock(), who); }
    [[nodiscard]] offer find_idle(hold const&, call_state const& who) {
        offer made;
        auto const now = who.looked();
        // The youngest first.
        std::size_t at = idle_.size();
        while (at != 0 && idle_[at - 1].expiry > now && idle_[at - 1].idle->origin != who.request.origin) --at;
        if (at == 0) return made;
        entry& found = idle_[at - 1];
        made.is_fresh = found.expiry > now;
        // Given on another thread meanwhile, it is younger than now.
        bool const is_a_moment_ago = now >= found.given && now - found.given < a_moment;
        made.was_looked_at = who.request.method == http_method::get && is_a_moment_ago && found.idle->was_read_empty();
        made.connection = std::move(found.idle);
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(at - 1));
        return made;
    }

    // Gives what there is no room for.
    [[nodiscard]] std::shared_ptr<http_connection> keep(hold const&, std::shared_ptr<http_connection>&& idle, clock::time_point now, std::chrono::seconds limit) noexcept {
        if (is_closed_ || limit <= limit.zero()) return std::move(idle);
        std::shared_ptr<http_connection> surplus;
        if (idle_.size() >= most_in_use_) {
            surplus = std::move(idle_.front().idle);
            idle_.erase(idle_.begin());
        }
        try {
            idle_.emplace_back(std::move(idle), now, limit);
        } catch (std::exception const&) {
            // Out of memory.
            return std::move(idle);
        }
        return surplus;
    }

    [[nodiscard]] bool is_granted(call_state const& who) {
        auto const held = alarms_->lock();
        return who.has_place;
    }

    [[nodiscard]] line& line_of(http_origin const& origin) {
        for (line& one : lines_)
            if (one.origin == origin) return one;
        return lines_.emplace_back(origin);
    }

    // `shut_down` and the end of the waiting call wait for the lock, so its context is alive.
    void wake(hold const&, call_state& who) noexcept {
        if (!is_closed_) who.wake_later();
    }

    static constexpr std::size_t most_kept_lines = 16;

    std::shared_ptr<call_clock> const alarms_;
    std::size_t const most_in_use_;
    std::chrono::seconds const idle_time_;
    // Guarded by the lock of the alarms, since a call that comes or goes wants both.
    std::vector<entry> idle_;
    std::list<line> lines_;
    std::weak_ptr<loop_turn> next_turn_;  ///< Which a call on its strand may join.
    loop_turn* holding_ = nullptr;
    bool is_closed_ = false;
};

/// Shuts the pools of an execution context down with it, so that a transport may outlive it.
class pool_service : public boost::asio::execution_context::service {
public:
    using key_type = pool_service;
    static inline boost::asio::execution_context::id id;

    explicit pool_service(boost::asio::execution_context& context) : service(context) {}

    [[nodiscard]] std::shared_ptr<connection_pool> make_pool(boost::asio::any_io_executor const& io, std::size_t most_in_use, std::chrono::seconds idle_time) {
        auto made = std::make_shared<connection_pool>(io, most_in_use, idle_time);
        std::lock_guard const guard(mutex_);
        pools_.remove_if([](auto const& pool) { return pool.expired(); });
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
    std::list<std::weak_ptr<connection_pool>> pools_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

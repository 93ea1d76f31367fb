// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_CALL_MEMORY_HPP
#define UMBRACO_AI_BEAST_DETAIL_CALL_MEMORY_HPP

#include <umbraco_ai/beast/detail/sanitized.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Blocks of one size that calls use one after the other. Safe to use from several threads.
class call_memory {
public:
    call_memory() { spare_.reserve(most_kept); }
    call_memory(call_memory const&) = delete;
    call_memory& operator=(call_memory const&) = delete;
    ~call_memory() {
        for (void* const block : spare_) ::operator delete(block);
    }

    [[nodiscard]] void* take(std::size_t size) {
        {
            std::lock_guard const guard(mutex_);
            if (!spare_.empty() && size == size_) {
                void* const block = spare_.back();
                spare_.pop_back();
                return block;
            }
        }
        return ::operator new(size);
    }

    void give(void* block, std::size_t size) noexcept {
        {
            std::lock_guard const guard(mutex_);
            if (spare_.empty()) size_ = size;
            if (spare_.size() < most_kept && size == size_) {
                spare_.push_back(block);
                return;
            }
        }
        ::operator delete(block);
    }

private:
    static constexpr std::size_t most_kept = is_sanitized ? 0 : 64;

    std::mutex mutex_;
    std::size_t size_ = 0;
    std::vector<void*> spare_;
};

/// For `std::allocate_shared` of one type only, since all blocks have one size.
template <class T>
class call_allocator {
public:
    using value_type = T;

    explicit call_allocator(std::shared_ptr<call_memory> memory) noexcept : memory_(std::move(memory)) {}
    template <class U>
    call_allocator(call_allocator<U> const& other) noexcept : memory_(other.memory()) {}

    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
    void deallocate(T* block, std::size_t count) noexcept { memory_->give(block, count * sizeof(T)); }

    [[nodiscard]] std::shared_ptr<call_memory> const& memory() const noexcept { return memory_; }

    friend bool operator==(call_allocator const& a, call_allocator const& b) noexcept { return a.memory_ == b.memory_; }

private:
    std::shared_ptr<call_memory> memory_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_OPERATION_MEMORY_HPP
#define UMBRACO_AI_BEAST_DETAIL_OPERATION_MEMORY_HPP

#include <umbraco_ai/beast/detail/sanitized.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <new>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// Where Asio keeps one operation while it is pending: what is pending on a connection needs no memory but the connection's.
/// One that is larger than it is anywhere is put on the heap. The next is not begun before the handler of the one before has run:
/// Asio gives the memory back before that, and not on the strand of the handler.
class operation_memory {
public:
    operation_memory() = default;
    operation_memory(operation_memory const&) = delete;
    operation_memory& operator=(operation_memory const&) = delete;

    [[nodiscard]] void* take(std::size_t size) {
        if (is_sanitized || is_taken_ || size > sizeof space_) return ::operator new(size);
        is_taken_ = true;
        return space_;
    }
    void give(void* block) noexcept {
        if (block == space_) is_taken_ = false;
        else ::operator delete(block);
    }

private:
    alignas(std::max_align_t) unsigned char space_[320];
    bool is_taken_ = false;
};

/// The allocator of a handler that owns the memory, or what the memory is in.
template <class T>
class operation_allocator {
public:
    using value_type = T;

    explicit operation_allocator(operation_memory& memory) noexcept : memory_(&memory) {}
    template <class U>
    operation_allocator(operation_allocator<U> const& other) noexcept : memory_(&other.memory()) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(memory_->take(count * sizeof(T)));
    }
    void deallocate(T* block, std::size_t) noexcept { memory_->give(block); }

    [[nodiscard]] operation_memory& memory() const noexcept { return *memory_; }

    friend bool operator==(operation_allocator const& a, operation_allocator const& b) noexcept { return a.memory_ == b.memory_; }

private:
    operation_memory* memory_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif

// SPDX-License-Identifier: MIT
// Start-up code, and what the C library asks a system for.
#include "board.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

extern "C" {
extern std::uint32_t data_begin[], data_end[], bss_begin[], bss_end[], stack_begin[], stack_end[];
extern std::uint32_t const data_in_flash[];
extern char heap_begin[], heap_end[];
using initializer = void (*)();
extern initializer const init_begin[], init_end[];

[[noreturn]] void start();
void* _sbrk(std::ptrdiff_t more);
[[noreturn]] void abort();
}

namespace {

constexpr std::uint32_t paint = 0xA5A5A5A5;

char* heap_top = heap_begin;
char* heap_most = heap_begin;
std::uint32_t volatile milliseconds = 0;

std::uint32_t volatile& word(std::uintptr_t address) { return *reinterpret_cast<std::uint32_t volatile*>(address); }

/// A CMSDK UART.
class uart {
public:
    explicit constexpr uart(std::uintptr_t address) noexcept : address_(address) {}

    void begin() const noexcept {
        word(address_ + divider) = 16;
        word(address_ + control) = sends | receives;
    }
    void interrupt_when_received(bool wanted) const noexcept {
        word(address_ + control) = wanted ? sends | receives | interrupts : sends | receives;
        if (!wanted) word(address_ + cause) = 2;
    }
    [[nodiscard]] bool send(char byte) const noexcept {
        if ((word(address_ + state) & is_full) != 0) return false;
        word(address_ + data) = static_cast<unsigned char>(byte);
        return true;
    }
    [[nodiscard]] bool receive(char& byte) const noexcept {
        if ((word(address_ + state) & has_byte) == 0) return false;
        // Before the byte is taken, since the next one may come at once.
        word(address_ + cause) = 2;
        byte = static_cast<char>(word(address_ + data));
        return true;
    }

private:
    static constexpr std::uintptr_t data = 0, state = 4, control = 8, cause = 12, divider = 16;
    static constexpr std::uint32_t is_full = 1, has_byte = 2;
    static constexpr std::uint32_t sends = 1, receives = 2, interrupts = 8;

    std::uintptr_t address_;
};

constexpr uart console(0x40004000);
constexpr uart line(0x40005000);

/// Bytes that came while nobody asked. One half is filled while the other is looked at.
char received[2][64];
std::size_t volatile received_size = 0;
std::size_t volatile filled = 0;

int semihosting(int operation, void const* argument) {
    register int result __asm__("r0") = operation;
    register void const* second __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(second) : "memory");
    return result;
}

[[noreturn]] void stop(std::string_view why, int status) {
    board::print(why);
    board::print("\n");
    board::exit(status);
}

[[noreturn]] void on_fault() { stop("fault", 70); }
void on_tick() { milliseconds = milliseconds + 1; }

void on_received() {
    std::size_t size = received_size;
    while (size != sizeof received[0] && line.receive(received[filled][size])) ++size;
    received_size = size;
    if (size == sizeof received[0]) line.interrupt_when_received(false);
}

using vector = void (*)();

/// Initial stack pointer, reset, the exceptions of the Cortex-M3, and interrupt 2, which is the line's.
[[gnu::section(".vectors"), gnu::used]] vector const vectors[19] = {
    reinterpret_cast<vector>(stack_end), start, on_fault, on_fault, on_fault, on_fault, on_fault, nullptr,
    nullptr, nullptr, nullptr, on_fault, on_fault, nullptr, on_fault, on_tick,
    on_fault, on_fault, on_received};

}  // namespace

void start() {
    for (std::uint32_t* at = stack_begin; at != static_cast<std::uint32_t*>(__builtin_frame_address(0)) - 16; ++at) *static_cast<std::uint32_t volatile*>(at) = paint;
    std::uint32_t const* from = data_in_flash;
    for (std::uint32_t* at = data_begin; at != data_end; ++at) *at = *from++;
    for (std::uint32_t* at = bss_begin; at != bss_end; ++at) *at = 0;
    for (initializer const* each = init_begin; each != init_end; ++each) (*each)();
    board::begin();
    board::exit(board::program());
}

void* _sbrk(std::ptrdiff_t more) {
    if (more > heap_end - heap_top) {
        errno = ENOMEM;
        return reinterpret_cast<void*>(-1);
    }
    char* const begin = heap_top;
    heap_top += more;
    if (heap_top > heap_most) heap_most = heap_top;
    return begin;
}

void abort() { stop("abort", 71); }

void board::begin() noexcept {
    console.begin();
    line.begin();
    line.interrupt_when_received(true);
    word(0xE000E100) = 1U << 2;
    word(0xE000E014) = 25'000 - 1;  // SysTick: the core runs at 25 MHz.
    word(0xE000E018) = 0;
    word(0xE000E010) = 7;
}

bool board::send(char byte) noexcept { return line.send(byte); }

std::string_view board::receive() noexcept {
    if (received_size == 0) __asm__ volatile("wfi");
    __asm__ volatile("cpsid i" ::: "memory");
    std::string_view const piece(received[filled], received_size);
    filled = 1 - filled;
    received_size = 0;
    line.interrupt_when_received(true);
    // A byte that came while the interrupt was off asks for none.
    on_received();
    __asm__ volatile("cpsie i" ::: "memory");
    return piece;
}

std::uint32_t board::now() noexcept { return milliseconds; }

void board::print(std::string_view text) noexcept {
    for (char const c : text)
        while (!console.send(c)) {
        }
}

void board::print(std::int64_t number) noexcept {
    char digits[20];
    auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    print(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

std::string_view board::command_line(std::span<char> memory) noexcept {
    struct {
        char* text;
        std::size_t size;
    } block{memory.data(), memory.size()};
    return semihosting(0x15, &block) == 0 ? std::string_view(block.text, block.size) : std::string_view();
}

void board::exit(int status) noexcept {
    std::uint32_t const block[] = {0x20026, static_cast<std::uint32_t>(status)};  // ADP_Stopped_ApplicationExit
    semihosting(0x20, block);
    for (;;) {
    }
}

std::size_t board::most_heap() noexcept { return static_cast<std::size_t>(heap_most - heap_begin); }

std::size_t board::most_stack() noexcept {
    std::uint32_t const volatile* at = stack_begin;
    while (at != stack_end && *at == paint) ++at;
    return static_cast<std::size_t>(stack_end - at) * sizeof *at;
}

// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EXAMPLES_FIRMWARE_BOARD_HPP
#define UMBRACO_AI_EXAMPLES_FIRMWARE_BOARD_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The board: two UARTs, a clock, and the debugger's exit.
namespace board {

void begin() noexcept;

/// Sends a byte to the server; false where the line takes none.
[[nodiscard]] bool send(char byte) noexcept;

/// What has come from the server since the last call, where anything has; sleeps up to a millisecond otherwise. Valid until
/// the next call.
[[nodiscard]] std::string_view receive() noexcept;

/// Milliseconds since `begin`; they wrap.
[[nodiscard]] std::uint32_t now() noexcept;

/// Prints where people read.
void print(std::string_view text) noexcept;
void print(std::int64_t number) noexcept;

/// The words that the debugger started the program with.
[[nodiscard]] std::string_view command_line(std::span<char> memory) noexcept;

/// Ends the program, with a status for the debugger.
[[noreturn]] void exit(int status) noexcept;

/// The most bytes that were in use.
[[nodiscard]] std::size_t most_heap() noexcept;
[[nodiscard]] std::size_t most_stack() noexcept;

/// The program, which `start` calls.
int program();

}  // namespace board

#endif

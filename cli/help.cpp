// SPDX-License-Identifier: MIT
#include "help.hpp"

#include "exit_code.hpp"

#include <fmt/format.h>

namespace cli {
namespace {

void add(std::string& text, exit_code code, char const* meaning) {
    if (meaning != nullptr) text += fmt::format("  {:<4} {}\n", static_cast<int>(code), meaning);
}

}  // namespace

std::string examples(std::initializer_list<char const*> lines) {
    std::string text = "Examples:\n";
    for (char const* const line : lines) text.append("  ").append(line).append("\n");
    return text;
}

std::string exit_codes(exit_meanings const& of) {
    std::string text = "Exit codes:\n";
    add(text, exit_code::done, of.done);
    add(text, exit_code::refused, of.refused);
    add(text, exit_code::differs, of.differs);
    add(text, exit_code::not_permitted, of.calls_a_site ? "not signed in, or without the right" : nullptr);
    add(text, exit_code::not_reachable, of.calls_a_site ? "not reachable, or no answer in time" : nullptr);
    add(text, exit_code::partly_done, of.partly_done);
    add(text, exit_code::usage, "usage: nothing was written");
    add(text, exit_code::interrupted, of.is_interrupted ? "interrupted by Ctrl-C (143 by SIGTERM, 129 by SIGHUP)" : nullptr);
    return text;
}

}  // namespace cli

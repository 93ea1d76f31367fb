// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_REGISTRY_HPP
#define UMBRACO_AI_CLI_REGISTRY_HPP

#include "exit_code.hpp"
#include "output.hpp"
#include "site_options.hpp"

#include <CLI/App.hpp>
#include <CLI/Error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace cli {

class session;

/// A mistake in the command line, in words that hold nothing of what was typed.
class argument_error : public CLI::ValidationError {
public:
    explicit argument_error(std::string text) : CLI::ValidationError(std::move(text)) {}
};

/// What the command line asked for.
class invocation {
public:
    invocation() = default;

    site_arguments where;
    std::optional<std::string> env_file;
    output_form form = output_form::table;
    colour_choice colour = colour_choice::automatic;
    std::string command;                            ///< "connections list"
    std::function<exit_code(session&)> run;
};

/// Tells what a subcommand does once the whole command line is understood.
///   name  as it stands in JSON documents: "connections list"
///   run   called with the session after parsing; what it captures by value was filled by then, so capture a shared_ptr
inline void on_chosen(CLI::App& subcommand, invocation& chosen, std::string name, std::function<exit_code(session&)> run) {
    subcommand.final_callback([&chosen, name = std::move(name), run = std::move(run)] {
        chosen.command = name;
        chosen.run = run;
    });
}

}  // namespace cli

#endif

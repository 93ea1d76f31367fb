// SPDX-License-Identifier: MIT
//
// umbraco-ai: the AI connections of an Umbraco site in a terminal. An ordinary user of the library; see docs/cli.md.

#include "arguments.hpp"
#include "interruption.hpp"
#include "session.hpp"

#include <CLI/App.hpp>
#include <CLI/Error.hpp>

#include <clocale>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace cli {
namespace {

/// Before the command line is understood: how a mistake in it is to be told.
output_form form_in(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        std::string_view const next = i + 1 < argc ? argv[i + 1] : "";
        if (argument == "--output=json" || argument == "-ojson" || ((argument == "--output" || argument == "-o") && next == "json")) return output_form::json;
    }
    return output_form::table;
}

/// The deepest command that was named: its help is what a mistake asks for.
CLI::App const* named_command(CLI::App const* from) {
    auto const below = from->get_subcommands();
    return below.empty() ? from : named_command(below.front());
}

/// The option that a message names; the command's own, or one of every command.
std::string option_in(std::string const& message, CLI::App const* command) {
    std::string found;
    for (; command != nullptr; command = command->get_parent())
        for (CLI::Option const* const option : command->get_options())
            for (std::string const& name : option->get_lnames())
                if (name.size() + 2 > found.size() && message.find("--" + name) != std::string::npos) found = "--" + name;
    return found;
}

/// Whether a message is made of names alone. Those about values hold the value.
bool is_about_names(CLI::ParseError const& error) {
    return dynamic_cast<argument_error const*>(&error) != nullptr || dynamic_cast<CLI::RequiredError const*>(&error) != nullptr ||
           dynamic_cast<CLI::RequiresError const*>(&error) != nullptr || dynamic_cast<CLI::ExcludesError const*>(&error) != nullptr || dynamic_cast<CLI::ArgumentMismatch const*>(&error) != nullptr;
}

/// What was wrong with the command line. An argument can be a secret that was put in the wrong place, so of what nobody
/// expected only the name of an option is told.
std::string sentence_of(CLI::ParseError const& error, CLI::App const& root) {
    if (is_about_names(error)) {
        std::string text = error.what();
        if (text.empty() || text.back() != '.') text += '.';
        return text;
    }
    if (dynamic_cast<CLI::ExtrasError const*>(&error) == nullptr) {
        std::string const option = option_in(error.what(), named_command(&root));
        return (option.empty() ? "An argument" : option) + " has a value that does not fit; it is not shown, since it may be a secret.";
    }
    for (std::string const& each : root.remaining(true)) {
        if (!each.starts_with("-") || each.size() == 1) continue;
        // A short option has its value at its back: -phunter2.
        return "There is no option " + (each.starts_with("--") ? each.substr(0, each.find('=')) : each.substr(0, 2)) + " here.";
    }
    return "There is an argument too many; it is not shown, since it may be a secret.";
}

std::string full_name(CLI::App const* command) {
    return command->get_parent() == nullptr ? command->get_name() : full_name(command->get_parent()) + ' ' + command->get_name();
}

int status_of(exit_code code) {
    return code == exit_code::interrupted && interruption::signal() != 0 ? 128 + interruption::signal() : static_cast<int>(code);
}

int run(invocation const& chosen) {
    output out(chosen.form, chosen.colour, chosen.command);
    try {
        variables environment;
        if (chosen.env_file) environment.read(*chosen.env_file);
        session on(chosen.where, std::move(environment), out);
        exit_code const code = chosen.run(on);
        out.progress("");
        return status_of(out.end(code));
    } catch (stop const& why) {
        try {
            out.error(why);
            out.flush();
        } catch (stop const&) {
            // Standard output is gone; the sentence was told.
        }
        return status_of(why.code);
    }
}

int run(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    interruption::watch();
    invocation chosen;
    CLI::App root("The AI connections of an Umbraco site.", "umbraco-ai");
    add_arguments(root, chosen);
    try {
        root.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        // Help and the version, which are no errors.
        if (error.get_exit_code() == 0) return root.exit(error);
        output out(form_in(argc, argv), chosen.colour, full_name(named_command(&root)));
        stop why(exit_code::usage, sentence_of(error, root));
        why.hint = "See " + full_name(named_command(&root)) + " --help.";
        out.error(why);
        out.flush();
        return static_cast<int>(exit_code::usage);
    }
    return run(chosen);
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) {
    try {
        return cli::run(argc, argv);
    } catch (cli::stop const& why) {
        return static_cast<int>(why.code);
    } catch (std::bad_alloc const&) {
        std::fputs("umbraco-ai: Out of memory; what was under way may have been done.\n", stderr);
        return static_cast<int>(cli::exit_code::refused);
    } catch (std::exception const&) {
        // What it says may quote a document or an answer.
        std::fputs("umbraco-ai: Ended by an error in the tool itself, which is not shown, since it may hold a secret; what was under way may have been done.\n", stderr);
        return static_cast<int>(cli::exit_code::refused);
    }
}

// SPDX-License-Identifier: MIT
#include "arguments.hpp"
#include "session.hpp"

#include <CLI/App.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace cli {
namespace {

/// What can follow after a command, and after an option with a value of its own.
class completions {
public:
    explicit completions(CLI::App const& root) {
        for (CLI::Option const* each : root.get_options())
            if (!each->get_group().empty() && !each->check_lname("version") && !each->check_lname("help"))
                for (std::string const& name : each->get_lnames()) of_every_command_ += " --" + name;
        visit(root, root.get_name());
    }

    [[nodiscard]] std::string in_bash() const {
        std::string text = "_umbraco_ai() {\n    local path=umbraco-ai choices= i\n"
                           "    for ((i = 1; i < COMP_CWORD; i++)); do\n        case \"$path ${COMP_WORDS[i]}\" in\n";
        text += "            " + paths() + ") path=\"$path ${COMP_WORDS[i]}\" ;;\n        esac\n    done\n";
        text += "    case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n";
        for (auto const& [options, values] : values_) text += "        " + options + ") choices='" + values + "' ;;\n";
        if (!files_.empty()) text += "        " + files_ + ") COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")); return ;;\n";
        text += "    esac\n    [ -n \"$choices\" ] || case \"$path\" in\n";
        for (auto const& [path, words] : words_) text += "        '" + path + "') choices='" + words + "' ;;\n";
        return text + "    esac\n    COMPREPLY=($(compgen -W \"$choices\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _umbraco_ai umbraco-ai\n";
    }

    [[nodiscard]] std::string in_zsh() const {
        std::string text = "#compdef umbraco-ai\n_umbraco_ai() {\n    local command_path=umbraco-ai i\n"
                           "    for ((i = 2; i < CURRENT; i++)); do\n        case \"$command_path ${words[i]}\" in\n";
        text += "            " + paths() + ") command_path=\"$command_path ${words[i]}\" ;;\n        esac\n    done\n";
        text += "    case \"${words[CURRENT-1]}\" in\n";
        for (auto const& [options, values] : values_) text += "        " + options + ") compadd -- " + values + "; return ;;\n";
        if (!files_.empty()) text += "        " + files_ + ") _files; return ;;\n";
        text += "    esac\n    case \"$command_path\" in\n";
        for (auto const& [path, words] : words_) text += "        '" + path + "') compadd -- " + words + " ;;\n";
        return text + "    esac\n}\n(( $+functions[compdef] )) && compdef _umbraco_ai umbraco-ai\n";
    }

private:
    [[nodiscard]] std::string paths() const {
        std::string text;
        for (auto const& [path, unused] : words_)
            if (path != "umbraco-ai") text += (text.empty() ? "'" : "|'") + path + '\'';
        return text;
    }

    void visit(CLI::App const& command, std::string const& path) {
        std::string words;
        auto const add = [&](std::string const& word) { words += (words.empty() ? "" : " ") + word; };
        auto const below = command.get_subcommands([](CLI::App const*) { return true; });
        for (CLI::App const* each : below) add(each->get_name());
        for (CLI::Option const* each : command.get_options()) {
            if (each->get_group().empty()) continue;
            for (std::string const& name : each->get_lnames()) add("--" + name);
            note_values(*each);
        }
        // These may stand behind a command too.
        bool const does_something = below.empty();
        words_.emplace_back(path, does_something ? words + of_every_command_ : words);
        for (CLI::App const* each : below) visit(*each, path + ' ' + each->get_name());
    }

    void note_values(CLI::Option const& option) {
        std::string names;
        for (std::string const& name : option.get_lnames()) names += (names.empty() ? "--" : "|--") + name;
        for (std::string const& name : option.get_snames()) names += (names.empty() ? "-" : "|-") + name;
        if (names.empty()) return;
        std::string values = option.get_type_name();
        if (values == "FILE") {
            if (('|' + files_ + '|').find('|' + names + '|') == std::string::npos) files_ += (files_.empty() ? "" : "|") + names;
        } else if (values.find('|') != std::string::npos) {
            std::replace(values.begin(), values.end(), '|', ' ');
            values_.emplace_back(names, values);
        }
    }

    std::vector<std::pair<std::string, std::string>> words_;
    std::vector<std::pair<std::string, std::string>> values_;
    std::string files_;
    std::string of_every_command_;
};

}  // namespace

exit_code write_completion(session& on, CLI::App const& root, std::string const& shell) {
    completions const all(root);
    std::string script = shell == "zsh" ? all.in_zsh() : all.in_bash();
    script.pop_back();
    on.out().line(script);
    return exit_code::done;
}

}  // namespace cli

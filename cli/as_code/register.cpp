// SPDX-License-Identifier: MIT
#include "register.hpp"

#include "../help.hpp"
#include "commands.hpp"

#include <CLI/CLI.hpp>

#include <initializer_list>
#include <memory>
#include <string>

namespace cli {
namespace {

using as_code::plan_arguments;

CLI::App& command(CLI::App& parent, std::string const& name, std::string const& about, exit_meanings const& codes, std::initializer_list<char const*> lines) {
    CLI::App& made = *parent.add_subcommand(name, about);
    made.footer(exit_codes(codes) + '\n' + examples(lines) + "\nOptions of every command: umbraco-ai --help. Documents: docs/connections-as-code.md");
    return made;
}

void add_selection(CLI::App& where, std::vector<std::string>& only, std::vector<std::string>& except) {
    where.add_option("--only", only, "Only connections whose alias fits: 'team-*'")->type_name("GLOB")->allow_extra_args(false);
    where.add_option("--exclude", except, "Leaves connections alone whose alias fits")->type_name("GLOB")->allow_extra_args(false);
}

void add_pruning(CLI::App& where, plan_arguments& given) {
    CLI::Option* const prune = where.add_flag("--prune", given.prunes, "Also deletes connections without a document, as far as --scope goes");
    CLI::Option* const scope = where.add_option("--scope", given.scope, "Whose alias fits: 'team-*'")->type_name("GLOB");
    prune->needs(scope);
    scope->needs(prune);
    where.add_flag("--deactivate", given.deactivates, "Deactivates in place of deleting")->needs(prune);
}

void add_comparison(CLI::App& where, plan_arguments& given) {
    where.add_flag("--write-secrets", given.writes_secrets, "Writes secrets that cannot be compared, since the site masks them");
    where.add_flag("--exit-zero", given.exits_zero, "Differences are no error");
}

void add_acting(CLI::App& where, plan_arguments& given) {
    where.add_flag("--dry-run", given.is_dry, "Shows the plan, and ends with 2 where it is not empty");
    where.add_option_function<std::string>("--on-error", [&given](std::string const& text) {
             if (text != "stop" && text != "continue") throw argument_error("--on-error: one of stop|continue");
             given.goes_on = text == "continue";
         }, "Whether an error ends the work (stop)")
        ->type_name("stop|continue");
    where.add_flag("--yes", given.is_sure, "Does not ask");
}

void add_export(CLI::App& root, invocation& chosen) {
    CLI::App& added = command(root, "export", "Writes connections as documents, without secrets.",
                              exit_meanings("done", "the server said no, or no connection could be written down")
                                  .with_partly_done("some connections or files are left out"),
                              {"umbraco-ai export connections/", "umbraco-ai export all.json --force", "umbraco-ai export --only 'team-*'"});
    auto given = std::make_shared<as_code::export_arguments>();
    added.add_option("target", given->target, "A folder, which gets a file for each connection, or one file *.json (standard output)")->type_name("DIR|FILE");
    add_selection(added, given->only, given->except);
    added.add_flag("--force", given->replaces_files, "Replaces files that hold something else");
    on_chosen(added, chosen, "export", [given](session& on) { return as_code::export_connections(on, *given); });
}

void add_diff(CLI::App& root, invocation& chosen) {
    CLI::App& added = command(root, "diff", "Shows what applying documents, or copying from another site, would change.",
                              exit_meanings("no difference, or --exit-zero", "the server said no").with_differs("differences"),
                              {"umbraco-ai diff connections/", "umbraco-ai diff --from staging --to production", "umbraco-ai diff connections/ --prune --scope 'team-*'"});
    auto given = std::make_shared<plan_arguments>();
    CLI::Option* const files = added.add_option("files", given->files, "Documents: files, folders, or - for standard input")->type_name("FILE|DIR");
    CLI::Option* const from = added.add_option("--from", given->from, "A profile, in place of files")->type_name("PROFILE")->excludes(files);
    CLI::Option* const to = added.add_option("--to", given->to, "The profile that it is compared with")->type_name("PROFILE");
    from->needs(to);
    to->needs(from);
    added.add_option("--only", given->only, "Of --from: only connections whose alias fits")->type_name("GLOB")->allow_extra_args(false)->needs(from);
    added.add_option("--exclude", given->except, "Leaves connections alone whose alias fits")->type_name("GLOB")->allow_extra_args(false);
    add_pruning(added, *given);
    add_comparison(added, *given);
    on_chosen(added, chosen, "diff", [given](session& on) {
        if (given->files.empty() && !given->from) throw stop(exit_code::usage, "Say what to compare: documents, or --from and --to.");
        return as_code::diff(on, *given);
    });
}

void add_apply(CLI::App& root, invocation& chosen) {
    CLI::App& added = command(root, "apply", "Makes connections what their documents say, and nothing else.",
                              exit_meanings("done", "the server said no, the plan cannot be carried out, or you said no")
                                  .with_differs("--dry-run: differences").with_partly_done("some of it was done, or may be; the same command again finishes it"),
                              {"umbraco-ai apply connections/ --dry-run", "umbraco-ai apply connections/", "umbraco-ai apply connections/ --prune --scope 'team-*' --exclude team-lab"});
    auto given = std::make_shared<plan_arguments>();
    added.add_option("files", given->files, "Documents: files, folders, or - for standard input")->type_name("FILE|DIR")->required();
    added.add_option("--exclude", given->except, "Never prunes connections whose alias fits")->type_name("GLOB")->allow_extra_args(false);
    add_pruning(added, *given);
    add_comparison(added, *given);
    add_acting(added, *given);
    on_chosen(added, chosen, "apply", [given](session& on) { return as_code::apply(on, *given); });
}

void add_lint(CLI::App& root, invocation& chosen) {
    CLI::App& added = command(root, "lint", "Checks documents without a site.", exit_meanings("no errors", "errors").without_a_site(),
                              {"umbraco-ai lint connections/", "umbraco-ai lint connections/ --allow-reference OpenAI"});
    auto given = std::make_shared<as_code::lint_arguments>();
    added.add_option("files", given->files, "Documents: files, folders, or - for standard input")->type_name("FILE|DIR")->required();
    added.add_option("--allow-reference", given->prefixes, "What references may begin with (Umbraco:AI:Variables; for secrets Umbraco:AI:Secrets too)")->type_name("SECTION")->allow_extra_args(false);
    on_chosen(added, chosen, "lint", [given](session& on) { return as_code::lint(on, *given); });
}

void add_copy(CLI::App& root, invocation& chosen) {
    CLI::App& added = command(root, "copy", "Makes connections of one site what they are on another.",
                              exit_meanings("done", "the server said no, the plan cannot be carried out, or you said no")
                                  .with_differs("--dry-run: differences").with_partly_done("some of it was done, or may be; the same command again finishes it"),
                              {"umbraco-ai copy --from staging --to production --only 'team-*' --dry-run", "umbraco-ai copy --from staging --to production --yes"});
    auto given = std::make_shared<plan_arguments>();
    given->always_asks = true;
    added.add_option("--from", given->from, "The profile that is read")->type_name("PROFILE")->required();
    added.add_option("--to", given->to, "The profile that is written")->type_name("PROFILE")->required();
    add_selection(added, given->only, given->except);
    add_pruning(added, *given);
    add_comparison(added, *given);
    add_acting(added, *given);
    on_chosen(added, chosen, "copy", [given](session& on) { return as_code::apply(on, *given); });
}

}  // namespace

void register_as_code_commands(CLI::App& root, invocation& chosen) {
    add_export(root, chosen);
    add_diff(root, chosen);
    add_apply(root, chosen);
    add_copy(root, chosen);
    add_lint(root, chosen);
}

}  // namespace cli

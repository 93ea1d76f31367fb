// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "as_code/register.hpp"
#include "commands.hpp"
#include "help.hpp"

#include <umbraco_ai/version.hpp>

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>

namespace cli {
namespace {

std::string version_text() {
    std::string text;
    for (int const number : {UMBRACO_AI_VERSION_MAJOR, UMBRACO_AI_VERSION_MINOR, UMBRACO_AI_VERSION_PATCH}) text += (text.empty() ? "" : ".") + std::to_string(number);
    return text;
}

/// Refuses an option that people expect and that would leave a secret in the shell's history and in the list of processes.
void refuse_secret(CLI::App& where, std::string const& option, std::string const& instead) {
    where.add_option_function<std::string>(
             option, [option, instead](std::string const&) { throw argument_error(option + ": a secret on the command line stands in the shell's history and in the list of processes; " + instead); })
        ->group("");
}

template <class Enum>
CLI::Option* add_choice(CLI::App& where, std::string const& names, Enum& value, std::map<std::string, Enum> const& choices, std::string const& about) {
    std::string listed;
    for (auto const& [name, unused] : choices) listed += (listed.empty() ? "" : "|") + name;
    return where.add_option_function<std::string>(
                    names,
                    [&value, choices, names, listed](std::string const& text) {
                        auto const found = choices.find(text);
                        if (found == choices.end()) throw argument_error(names.substr(names.find("--")) + ": one of " + listed);
                        value = found->second;
                    },
                    about)
        ->type_name(listed);
}

void add_common_options(CLI::App& root, invocation& chosen) {
    site_arguments& where = chosen.where;
    root.add_option("--base-url", where.base_url, "The site: https://cms.example.com")->type_name("URL")->group("Where and who");
    root.add_option("--profile", where.profile, "A profile of $XDG_CONFIG_HOME/umbraco-ai/config.ini")->type_name("NAME")->group("Where and who");
    root.add_option("--env-file", chosen.env_file, "Reads variables that are not set from a file such as .env")->type_name("FILE")->group("Where and who");
    root.add_option("--ca-file", where.ca_files, "Trusts the certificates in a PEM file too")->type_name("FILE")->allow_extra_args(false)->group("Where and who");
    root.add_option("--pin", where.pins, "Trusts this certificate or public key and no other: its SHA-256")->type_name("SHA256")->allow_extra_args(false)->group("Where and who");
    root.add_option("--timeout", where.timeout, "For a whole call (30)")->type_name("SECONDS")->check(CLI::Range(0.001, 86400.0))->group("Where and who");
    root.add_option("--retries", where.retries, "How often a request is sent again, where that is safe (2)")->type_name("N")->check(CLI::Range(0U, 100U))->group("Where and who");
    add_choice<output_form>(root, "-o,--output", chosen.form, {{"table", output_form::table}, {"json", output_form::json}, {"ids", output_form::ids}}, "The form of the data (table)")->group("Output");
    add_choice<colour_choice>(root, "--color", chosen.colour, {{"auto", colour_choice::automatic}, {"always", colour_choice::always}, {"never", colour_choice::never}}, "Colour (auto: on a terminal, unless NO_COLOR is set)")->group("Output");
    root.add_flag("-v,--verbose", where.verbosity, "Shows each request on standard error; twice: its phases too")->group("Output");
    std::string const variables_instead = "set UMBRACO_TOKEN, or UMBRACO_CLIENT_ID and UMBRACO_CLIENT_SECRET, or use a profile with a command such as \"pass show …\"";
    for (char const* const name : {"--token", "--client-secret", "--password", "--api-key"}) refuse_secret(root, name, variables_instead);
}

constexpr char const* server_said_no = "the server said no";
constexpr char const* output_is_lost = "done, and the output could not be written";
constexpr char const* exit_codes_elsewhere = "\nExit codes: umbraco-ai --help";

/// A subcommand that has subcommands of its own.
CLI::App& group(CLI::App& parent, std::string const& name, std::string const& about) {
    CLI::App& made = *parent.add_subcommand(name, about);
    made.require_subcommand(1);
    return made;
}

CLI::App& command(CLI::App& parent, std::string const& name, std::string const& about, exit_meanings const& codes, std::initializer_list<char const*> lines) {
    CLI::App& made = *parent.add_subcommand(name, about);
    made.footer(exit_codes(codes) + '\n' + examples(lines) + "\nOptions of every command: umbraco-ai --help");
    return made;
}

void add_which(CLI::App& where, std::string& which) { where.add_option("which", which, "Alias or id")->required()->type_name("CONNECTION"); }

void add_reading_commands(CLI::App& connections, invocation& chosen) {
    {
        CLI::App& list = command(connections, "list", "Lists connections.", {"done", server_said_no},
                                 {"umbraco-ai connections list", "umbraco-ai connections list --provider openai --output json", "umbraco-ai connections list --capability Chat --limit 10"});
        auto given = std::make_shared<list_arguments>();
        list.add_option("--filter", given->filter, "Whose name contains this")->type_name("TEXT");
        list.add_option("--provider", given->provider, "Of this provider, in exact case")->type_name("ID");
        list.add_option("--capability", given->capability, "That can do this: Chat, Embedding …")->type_name("NAME");
        list.add_option("--limit", given->limit, "So many at most")->type_name("N")->check(CLI::Range(std::int64_t{1}, std::int64_t{2147483647}));
        on_chosen(list, chosen, "connections list", [given](session& on) { return list_connections(on, *given); });
    }
    {
        CLI::App& get = command(connections, "get", "Shows a connection; of its settings only what is known to be no secret.",
                                {"done", server_said_no},
                                {"umbraco-ai connections get openai-prod", "umbraco-ai connections get openai-prod --output json"});
        auto given = std::make_shared<get_arguments>();
        add_which(get, given->which);
        get.add_flag("--show-secrets", given->shows_secrets, "Shows every setting in plain; asks first");
        get.add_flag("--yes", given->is_sure, "Does not ask");
        on_chosen(get, chosen, "connections get", [given](session& on) { return get_connection(on, *given); });
    }
    {
        CLI::App& models = command(connections, "models", "Lists the models that a connection's provider offers.", {"done", server_said_no},
                                   {"umbraco-ai connections models openai-prod"});
        auto given = std::make_shared<models_arguments>();
        add_which(models, given->which);
        on_chosen(models, chosen, "connections models", [given](session& on) { return list_models(on, *given); });
    }
    {
        CLI::App& capabilities = command(connections, "capabilities", "Lists what the connections of the site can do, or one of them.",
                                         {"done", server_said_no},
                                         {"umbraco-ai connections capabilities", "umbraco-ai connections capabilities openai-prod"});
        auto given = std::make_shared<capabilities_arguments>();
        capabilities.add_option("which", given->which, "Alias or id")->type_name("CONNECTION");
        on_chosen(capabilities, chosen, "connections capabilities", [given](session& on) { return list_capabilities(on, *given); });
    }
    {
        CLI::App& exists = command(connections, "exists", "Tells whether an alias is taken: exit code 0 if it is, 1 if not.",
                                   {"the alias is taken", "it is not, or the server said no"},
                                   {"umbraco-ai connections exists openai-prod", "if umbraco-ai connections exists openai-prod >/dev/null; then …"});
        auto given = std::make_shared<exists_arguments>();
        exists.add_option("alias", given->alias, "The alias")->required()->type_name("ALIAS");
        exists.add_option("--except", given->except, "By another connection than this one")->type_name("ID");
        on_chosen(exists, chosen, "connections exists", [given](session& on) { return tell_whether_exists(on, *given); });
    }
}

void add_asking_commands(CLI::App& connections, invocation& chosen) {
    {
        CLI::App& test = command(connections, "test", "Lets the server try connections with their providers.",
                                 exit_meanings("all passed", "a test failed, or there is none to do")
                                     .with_partly_done("some have no answer, or the list changed while it was read"),
                                 {"umbraco-ai connections test openai-prod anthropic-dev", "umbraco-ai connections test --all --jobs 16", "umbraco-ai connections test --all --output ids   # those that fail"});
        auto given = std::make_shared<test_arguments>();
        test.add_option("which", given->which, "Aliases or ids")->type_name("CONNECTION");
        test.add_flag("--all", given->tests_all, "Every connection of the site");
        test.add_option("--filter", given->filter, "With --all: whose name contains this")->type_name("TEXT");
        test.add_option("--provider", given->provider, "With --all: of this provider")->type_name("ID");
        test.add_option("--jobs", given->jobs, "So many at once (8)")->type_name("N")->check(CLI::Range(std::size_t{1}, std::size_t{256}));
        on_chosen(test, chosen, "connections test", [given](session& on) { return test_connections(on, *given); });
    }
    {
        CLI::App& diagnosis = command(connections, "diagnose", "Tells why a connection does not work; without one, why the list does not.",
                                      {"it works", "it does not"},
                                      {"umbraco-ai connections diagnose openai-prod", "umbraco-ai connections diagnose"});
        auto given = std::make_shared<diagnose_arguments>();
        diagnosis.add_option("which", given->which, "Alias or id")->type_name("CONNECTION");
        on_chosen(diagnosis, chosen, "connections diagnose", [given](session& on) { return diagnose(on, *given); });
    }
}

void add_settings_flags(CLI::App& where, settings_flags& flags, bool can_remove) {
    char const* const settings = "Settings";
    auto const add = [&](char const* name, std::vector<std::string>& values, char const* about, char const* type) {
        where.add_option(name, values, about)->type_name(type)->allow_extra_args(false)->group(settings);
    };
    add("--set", flags.plain, "A value that is no secret", "KEY=VALUE");
    add("--set-ref", flags.reference, "A reference into the server's configuration", "KEY=Section:Key");
    add("--set-env", flags.variable, "What an environment variable holds", "KEY=NAME");
    add("--set-file", flags.file, "What a file holds, without its last line end", "KEY=PATH");
    if (can_remove) add("--unset", flags.removed, "Takes a key away", "KEY");
}

constexpr char const* document_of_file = "A document as export writes it, or - for standard input; other options come before it";

void add_writing_commands(CLI::App& connections, invocation& chosen) {
    {
        CLI::App& create = command(connections, "create", "Creates a connection.",
                                   exit_meanings("done", server_said_no).with_partly_done(output_is_lost),
                                   {"umbraco-ai connections create openai-prod --provider openai --set-ref apiKey=Umbraco:AI:Secrets:OpenAI",
                                    "umbraco-ai connections create openai-dev --provider openai --name 'OpenAI, for trying' --set-env apiKey=OPENAI_API_KEY",
                                    "umbraco-ai connections create openai-copy --file connections/openai-prod.json"});
        auto given = std::make_shared<create_arguments>();
        create.add_option("alias", given->alias, "1 to 100 lower-case letters, digits and hyphens")->type_name("ALIAS");
        create.add_option("--provider", given->provider, "openai, anthropic, google, amazon, microsoft-foundry …")->type_name("ID");
        create.add_option("--file", given->file, document_of_file)->type_name("FILE");
        create.add_option("--name", given->name, "For people (the alias)")->type_name("TEXT");
        create.add_flag("--inactive", given->is_inactive, "Leaves it switched off");
        create.add_flag("--any-alias", given->any_alias, "Lets an alias through that the back office would refuse");
        add_settings_flags(create, given->settings, false);
        on_chosen(create, chosen, "connections create", [given](session& on) { return create_connection(on, *given); });
    }
    {
        CLI::App& update = command(connections, "update", "Changes what is named, and nothing else.",
                                   exit_meanings("done", server_said_no).with_partly_done(output_is_lost),
                                   {"umbraco-ai connections update openai-prod --inactive", "umbraco-ai connections update openai-prod --set endpoint=https://eu.api.openai.com/v1",
                                    "umbraco-ai connections update openai-prod --set-env apiKey=OPENAI_API_KEY"});
        auto given = std::make_shared<update_arguments>();
        add_which(update, given->which);
        update.add_option("--file", given->file, document_of_file)->type_name("FILE");
        update.add_option("--name", given->name, "The new name")->type_name("TEXT");
        update.add_option("--alias", given->alias, "The new alias; servers before 1.3 keep the old one")->type_name("ALIAS");
        CLI::Option* const active = update.add_flag_callback("--active", [given] { given->is_active = true; }, "Switches it on");
        update.add_flag_callback("--inactive", [given] { given->is_active = false; }, "Switches it off")->excludes(active);
        add_settings_flags(update, given->settings, true);
        on_chosen(update, chosen, "connections update", [given](session& on) { return update_connection(on, *given); });
    }
    {
        CLI::App& removal = command(connections, "delete", "Deletes a connection; asks first.",
                                    exit_meanings("done", "the server said no, or you did; what profiles use is kept")
                                        .with_partly_done(output_is_lost),
                                    {"umbraco-ai connections delete openai-old", "umbraco-ai connections delete openai-old --yes"});
        auto given = std::make_shared<delete_arguments>();
        add_which(removal, given->which);
        removal.add_flag("--yes", given->is_sure, "Does not ask");
        on_chosen(removal, chosen, "connections delete", [given](session& on) { return delete_connection(on, *given); });
    }
}

void add_rotate(CLI::App& root, invocation& chosen) {
    CLI::App& rotation = command(root, "rotate", "Writes a new secret, tests it, and puts the old one back if it does not work.",
                                 exit_meanings("the new secret is in place, and works", "it does not work, and the old one is back; or the server said no")
                                     .with_partly_done("the write went wrong, the old secret could not be put back, or the output could not be written"),
                                 {"umbraco-ai rotate openai-prod --set-env apiKey=NEW_OPENAI_KEY", "umbraco-ai rotate openai-prod --set-ref apiKey=Umbraco:AI:Secrets:OpenAI2"});
    auto given = std::make_shared<rotate_arguments>();
    add_which(rotation, given->which);
    add_settings_flags(rotation, given->settings, false);
    on_chosen(rotation, chosen, "rotate", [given](session& on) { return rotate(on, *given); });
}

void add_login(CLI::App& root, invocation& chosen) {
    CLI::App& login = group(root, "login", "Looks at the sign-in.");
    login.footer(examples({"umbraco-ai login check"}) + exit_codes_elsewhere);
    CLI::App& check = command(login, "check", "Tells who signs in where, whether it works, and what to do if not.",
                              {"signed in, and connections may be read", server_said_no},
                              {"umbraco-ai login check", "umbraco-ai --profile staging login check"});
    on_chosen(check, chosen, "login check", [](session& on) { return check_login(on); });
}

void add_completion(CLI::App& root, invocation& chosen) {
    CLI::App& completion = group(root, "completion", "Writes a completion script for a shell.");
    completion.footer(examples({"eval \"$(umbraco-ai completion bash)\"", "umbraco-ai completion zsh > ~/.zfunc/_umbraco-ai"}) + exit_codes_elsewhere);
    for (char const* const shell : {"bash", "zsh"}) {
        CLI::App& one = command(completion, shell, std::string("For ") + shell + '.', exit_meanings("done", "the output could not be written").without_a_site().without_interruption(),
                                {shell == std::string("bash") ? "eval \"$(umbraco-ai completion bash)\"" : "umbraco-ai completion zsh > ~/.zfunc/_umbraco-ai"});
        on_chosen(one, chosen, std::string("completion ") + shell, [&root, shell](session& on) { return write_completion(on, root, shell); });
    }
}

void add_serve(CLI::App& root, invocation& chosen) {
    CLI::App& serve = command(root, "serve", "Starts a site to try everything on, in memory, on this machine.",
                              exit_meanings("ended, by Ctrl-C too", "the port cannot be had").without_a_site().without_interruption(),
                              {"umbraco-ai serve", "umbraco-ai serve --dialect documented --port 8080", "umbraco-ai serve --tls --seed connections.json"});
    auto given = std::make_shared<serve_arguments>();
    add_choice<bool>(serve, "--dialect", given->is_documented, {{"documented", true}, {"observed", false}}, "What released servers send, or what the documentation says (observed)");
    serve.add_flag("--tls", given->uses_tls, "Speaks https, with a certificate of its own");
    serve.add_option("--token", given->token, "Lets this bearer token in (one made up)")->type_name("TEXT");
    serve.add_option("--client-id", given->client_id, "Lets this API user sign in")->type_name("TEXT");
    serve.add_option("--client-secret", given->client_secret, "The secret of the API user; of no use elsewhere")->type_name("TEXT");
    serve.add_option("--port", given->port, "Of 127.0.0.1 (a free one)")->type_name("N");
    serve.add_option("--seed", given->seed_file, "What the site holds, as JSON; see docs/cli.md (three samples)")->type_name("FILE");
    serve.add_option("--generate", given->generated, "So many connections made up")->type_name("N")->check(CLI::Range(std::size_t{0}, std::size_t{1000000}));
    serve.add_option("--delay", given->delay_ms, "Milliseconds before each answer")->type_name("MS")->check(CLI::Range(0U, 600000U));
    serve.add_option("--for", given->seconds, "Ends after so many seconds (at Ctrl-C)")->type_name("SECONDS")->check(CLI::Range(0.001, 31536000.0));
    on_chosen(serve, chosen, "serve", [given](session& on) { return cli::serve(on, *given); });
}

}  // namespace

void add_arguments(CLI::App& root, invocation& chosen) {
    root.fallthrough();
    root.require_subcommand(1);
    root.set_version_flag("--version", "umbraco-ai " + version_text());
    add_common_options(root, chosen);
    root.footer(exit_codes(exit_meanings("done; no difference", "the server or a test said no, or you did to a question")
                               .with_differs("differences (diff, apply --dry-run, copy --dry-run); --exit-zero makes it 0")
                               .with_partly_done("partly done")) +
                "\n" +
                examples({"umbraco-ai serve --dialect observed", "umbraco-ai --profile staging connections list", "umbraco-ai connections test --all --jobs 16"}) +
                "\nEnvironment: UMBRACO_BASE_URL, UMBRACO_TOKEN, UMBRACO_CLIENT_ID, UMBRACO_CLIENT_SECRET.\n"
                "Options come before the profile, and the profile before the environment.\n"
                "The help of each command says which exit codes it has.");
    CLI::App& connections = group(root, "connections", "Lists, shows, changes and tests connections.");
    connections.footer(examples({"umbraco-ai connections list", "umbraco-ai connections get openai-prod"}) + "\nHelp of one, with its exit codes: umbraco-ai connections list --help");
    add_reading_commands(connections, chosen);
    add_writing_commands(connections, chosen);
    add_asking_commands(connections, chosen);
    register_as_code_commands(root, chosen);
    add_rotate(root, chosen);
    add_login(root, chosen);
    add_serve(root, chosen);
    add_completion(root, chosen);
}

}  // namespace cli

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What umbraco-ai shows, command by command, is what tests/cli/ holds: cli_pages_test.py PATH_TO_UMBRACO_AI [--update] [unittest
arguments]

--update writes what the tool shows now; look at the difference before it is committed.
"""

import itertools
import json
import pathlib
import re
import shlex
import sys
import tempfile
import unittest

import cli_tool
from cli_tool import DIALECTS, TOKEN, Server, run, run_in_terminal, steady, without_progress

UPDATE = False
PAGES = pathlib.Path(__file__).resolve().parent / "cli"
HOW = ("piped", "in a terminal")

# What a person would try, in this order. What stands after <<< is typed where the tool asks.
SESSION = """
--help
login check
connections list
connections list --output ids
connections list --output json
connections list --filter google --output json
connections list --provider openai
connections list --capability Embedding
connections list --limit 1
connections get openai-prod
connections get openai-prod --output json
connections get openai-prod --output ids
connections get nobody
connections get nobody --output json
connections get openai-prod --show-secrets <<< n
connections create dev --provider openai --name Dev --set-env apiKey=TEST_KEY --set endpoint=https://eu.api.openai.com/v1
connections create dev --provider openai --set-env apiKey=TEST_KEY
connections create bad_alias --provider openai
connections create spare --provider google --set-env apiKey=TEST_KEY --inactive --output json
connections update dev --name Developers --set-ref organizationId=Umbraco:AI:Secrets:OpenAI
connections update dev --name Developers
connections update spare --active --output json
connections update spare --unset apiKey --set-env apiKey2=TEST_KEY
connections get dev
connections get dev --output json
connections test openai-prod dev
connections test --all
connections test --all --output json
connections test --all --output ids
connections models dev
connections models dev --output json
connections models dev --output ids
connections capabilities
connections capabilities dev --output json
connections exists dev
connections exists nobody
connections exists nobody --output json
connections diagnose openai-prod
connections diagnose google-old
connections diagnose google-old --output json
connections diagnose nobody
connections diagnose
rotate dev --set-env apiKey=SECOND_KEY
rotate dev --set-env apiKey=SECOND_KEY --output json
connections delete dev <<< n
connections delete dev --yes
connections delete spare <<< y
connections delete spare --yes --output json
connections delete openai-prod --yes
connections list --output ids
export
export --output json
export --output ids
export documents
export documents
lint documents
lint wrong.json
lint wrong.json --output json
diff documents
diff changed
diff changed --output json
diff changed --exit-zero --output ids
apply wrong.json
apply wrong.json --output json
apply changed --dry-run
apply changed
apply changed --output json
apply changed --prune --scope 'anthropic-*' <<< n
apply changed --prune --scope 'anthropic-*' <<< y
apply changed --prune --scope 'anthropic-*' --yes
diff --from here --to there
copy --from here --to there --dry-run
copy --from here --to there <<< n
copy --from here --to there --yes --on-error continue
copy --from here --to there --only 'n*' --yes --output json
completion bash
completion zsh
serve --for 0.01 --token of-the-playground
serve --for 0.01 --token of-the-playground --output json
""".strip().split("\n")

FORMAT = "umbraco-ai.connection/1"
FILES = {
    "changed/google.json": {"format": FORMAT, "alias": "google-old", "name": "Google", "providerId": "google", "settings": {"apiKey": "${env:TEST_KEY}"}},
    "changed/new.json": {"format": FORMAT, "alias": "new", "name": "New", "providerId": "openai", "settings": {"apiKey": "$Umbraco:AI:Secrets:OpenAI", "endpoint": "https://eu.api.openai.com/v1"}},
    "wrong.json": {"format": FORMAT, "alias": "new", "name": "New", "providerId": "openai", "colour": "red", "settings": {"apiKey": "${env:NOT_SET}"}},
}
THERE = {
    "configuration": ["Umbraco:AI:Secrets:OpenAI"],
    "connections": [{"alias": "google-old", "name": "Google, there", "providerId": "google", "settings": {"apiKey": "sk-secret-of-there"}}],
}


def play(dialect, show):
    """Plays the session with two sites: show(line, arguments, answer, surroundings) for each line."""
    with tempfile.TemporaryDirectory() as name, Server("--dialect", dialect) as here:
        folder = pathlib.Path(name)
        for file, document in FILES.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(json.dumps(document, indent=2), encoding="utf-8")
        (folder / "there.json").write_text(json.dumps(THERE), encoding="utf-8")
        (folder / "token").write_text(TOKEN, encoding="utf-8")
        with Server("--dialect", dialect, "--seed", str(folder / "there.json")) as there:
            (folder / "umbraco-ai").mkdir()
            profiles = "".join(f'[{site}]\nbase-url={url}\ntoken-command="cat token"\n' for site, url in (("here", here.url), ("there", there.url)))
            (folder / "umbraco-ai/config.ini").write_text(profiles, encoding="utf-8")
            for line in SESSION:
                typed, _, answer = line.partition(" <<< ")
                show(typed, shlex.split(typed), answer + "\n" if answer else None, {"cwd": name, "XDG_CONFIG_HOME": name, **here.variables})


def shown_piped(line, arguments, answer, where):
    done = run(*arguments, **where)
    if "--output json" in line and "serve" not in line:
        assert done.json["version"] == 1, line
    return done.out + "".join(f"2> {text}\n" for text in done.err.splitlines()) + f"[{done.code}]\n"


def shown_in_terminal(line, arguments, answer, where):
    done = run_in_terminal(*arguments, answer=answer, **where)
    return without_progress(done.out).replace("\x1b", "␛") + f"[{done.code}]\n"


def label(group):
    """Which of the four ways it is shown in; nothing where it is the same in all."""
    everything = list(itertools.product(HOW, DIALECTS))
    if group == everything:
        return ""
    alike = [word for word in (*HOW, *DIALECTS) if group == [each for each in everything if word in each]]
    return "  # " + (alike[0] if alike else "; ".join(", ".join(each) for each in group))


class Pages(unittest.TestCase):
    maxDiff = None

    def check(self, pages, names):
        if UPDATE:
            for name in names - pages.keys():
                (PAGES / name).unlink()
            for name, text in pages.items():
                (PAGES / name).write_text(text, encoding="utf-8")
            return
        self.assertEqual(names, set(pages), "--update writes them anew")
        for name, text in pages.items():
            with self.subTest(name):
                self.assertEqual(text, (PAGES / name).read_text(encoding="utf-8"), f"see {name}; --update writes it anew")

    def test_each_command_piped_and_in_a_terminal_in_both_dialects(self):
        shown = [{} for _ in SESSION]
        for (how, show), dialect in itertools.product(zip(HOW, (shown_piped, shown_in_terminal)), DIALECTS):
            texts = []
            play(dialect, lambda *given: texts.append(steady(show(*given))))
            for ways, text in zip(shown, texts):
                ways.setdefault(text, []).append((how, dialect))
        pages = {}
        for line, ways in zip(SESSION, shown):
            typed = line.partition(" <<< ")[0]
            name = "-".join(cli_tool.path_of(shlex.split(typed)) or ["umbraco-ai"]) + ".txt"
            page = "".join(f"$ umbraco-ai {typed}{label(group)}\n{text}\n" for text, group in ways.items())
            pages[name] = pages.get(name, "") + page
        self.assertEqual({"-".join(path) + ".txt" for path in cli_tool.commands()} | {"umbraco-ai.txt"}, set(pages), "a command without a page")
        self.check(pages, {path.name for path in PAGES.glob("*.txt") if not path.name.startswith("columns-")})

    def test_tables_fit_terminals_wide_and_narrow(self):
        pages = {}
        with Server() as site:
            for columns in (40, 120):
                page = ""
                for line in ("connections list", "connections get openai-prod", "connections test --all", "login check", "connections get nobody"):
                    text = shown_in_terminal(line, line.split(), None, {"columns": columns, **site.variables})
                    page += f"$ umbraco-ai {line}\n{steady(text)}\n"
                    if line == "connections list":
                        for row in re.sub(r"␛\[[0-9;]*m", "", text).split("\n"):
                            self.assertLessEqual(len(row), columns)
                pages[f"columns-{columns}.txt"] = page
        self.check(pages, {path.name for path in PAGES.glob("columns-*.txt")})

    def test_verbose_shows_the_requests_and_no_secret(self):
        for dialect in DIALECTS:
            traced = []
            play(dialect, lambda line, arguments, answer, where: traced.append((line, run("-vv", *arguments, **where).err)))
            for line, err in traced:
                if re.match(r"connections (list|get|test)|login|export|copy", line) and "--show-secrets" not in line:
                    self.assertRegex(err, r"(?m)^(GET|POST) /connections.*: \d+, [0-9.]+ ms\n.* connection, .*bytes out, \d+ in$", line)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    UPDATE = "--update" in sys.argv
    sys.argv = [each for each in sys.argv if each != "--update"]
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    cli_tool.use(sys.argv.pop(1))
    unittest.main()

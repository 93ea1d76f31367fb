#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs umbraco-ai as its users do, against its own server: cli_test.py PATH_TO_UMBRACO_AI [unittest arguments]"""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import cli_tool
from cli_tool import CLIENT_SECRET, KEY, SECOND_KEY, TOKEN, Run, Server, run

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = "/umbraco/ai/management/api/v1"
ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


class Fake:
    """A server that answers what a function says: (status, value), or None to hang up."""

    def __init__(self, answer):
        self.seen = []
        self.is_asked = threading.Event()
        self.let_go = threading.Event()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size)) if size else None
                fake.seen.append((self.command, self.path[len(BASE):]))
                given = answer(self.command, self.path[len(BASE):], body)
                if given is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = b"" if given[1] is None else json.dumps(given[1]).encode()
                try:
                    self.send_response(given[0])
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass

            do_GET = do_POST = do_PUT = do_DELETE = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.variables = {"UMBRACO_BASE_URL": "http://127.0.0.1:%d" % self.server.server_address[1], "UMBRACO_TOKEN": TOKEN}

    def hang(self):
        self.is_asked.set()
        self.let_go.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    def run(self, *arguments, **more):
        return run(*arguments, **{**self.variables, **more})


def connection(**changes):
    return {"id": ID, "alias": "main", "name": "Main", "providerId": "openai", "isActive": True, "settings": {"apiKey": KEY}, **changes}


class Base(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, text, name="file.json"):
        path = pathlib.Path(self.folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def check_refused(self, done, *words, code=64):
        self.assertEqual(done.code, code, done.err)
        for word in words:
            self.assertIn(word, done.err)
        self.assertEqual(done.out, "")


class Manners(Base):
    @classmethod
    def setUpClass(cls):
        cls.site = Server()

    @classmethod
    def tearDownClass(cls):
        cls.site.close()

    def test_colour_is_for_terminals_and_for_those_who_ask(self):
        self.assertNotIn("\x1b", self.site.run("connections", "list").out)
        self.assertIn("\x1b[", self.site.run("connections", "list", "--color", "always").out)
        self.assertIn("\x1b[1m", self.site.terminal("connections", "list").end().out)
        self.assertNotIn("\x1b[1m", self.site.terminal("connections", "list", NO_COLOR="1").end().out)
        self.assertNotIn("\x1b[1m", self.site.terminal("connections", "list", TERM="dumb").end().out)
        self.assertNotIn("\x1b[1m", self.site.terminal("connections", "list", "--color", "never").end().out)

    def test_piped_it_is_quiet(self):
        for line in ("connections list", "connections test openai-prod", "login check"):
            self.assertEqual(self.site.run(*line.split()).err, "")

    def test_progress_is_shown_on_a_terminal_alone(self):
        self.assertIn("of 3 tested", self.site.terminal("connections", "test", "--all").end().out)

    def test_columns_of_the_environment_count(self):
        shown = self.site.terminal("connections", "list", "--color", "never", columns=120, COLUMNS="44").end().out
        self.assertTrue(all(len(line) <= 44 for line in shown.split("\n")), shown)

    def test_verbose_shows_requests_on_standard_error_and_no_secret(self):
        done = self.site.run("-v", "connections", "create", "verbose", "--provider", "openai", "--set-env", "apiKey=TEST_KEY")
        self.assertRegex(done.err, r"^POST /connections: 201, [0-9.]+ ms\n$")
        done = self.site.run("-vv", "connections", "get", "verbose", "--output", "json")
        self.assertRegex(done.err, r"new connection, .*connect .*bytes out")
        self.assertEqual(done.json["connection"]["settings"], {"apiKey": "***"})
        self.site.run("connections", "delete", "verbose", "--yes")

    def test_each_level_has_help_with_examples(self):
        todo, seen = [[]], 0
        while todo:
            path = todo.pop()
            done = run(*path, "--help")
            self.assertEqual((done.code, done.err), (0, ""), path)
            self.assertIn("Examples:\n  ", done.out, path)
            seen += 1
            below = done.out.partition("\nSubcommands:\n")[2].partition("\n\n")[0]
            todo += [[*path, line.split()[0]] for line in below.split("\n") if line.startswith("  ") and line[2] != " "]
        self.assertGreater(seen, 18)
        self.assertEqual(cli_tool.exit_codes_of(()), {0, 1, 2, 3, 4, 5, 64, 129, 130, 143})

    def test_the_version_is_that_of_the_library(self):
        header = (ROOT / "include/umbraco_ai/version.hpp").read_text(encoding="utf-8")
        numbers = re.findall(r"^#define UMBRACO_AI_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.M)
        self.assertEqual(run("--version").out, "umbraco-ai " + ".".join(numbers) + "\n")

    def test_a_reader_that_leaves_ends_it_quietly(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = self.site.run("connections", "list", stdout=writer)
        os.close(writer)
        self.assertEqual((done.code, done.err), (0, ""))

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w") as full:
            done = self.site.run("connections", "list", stdout=full)
            self.assertEqual(run("completion", "bash", stdout=full).code, 1)
        self.assertEqual(done.code, 1)
        self.assertIn("could not be written", done.err)

    def test_a_reader_that_leaves_does_not_keep_a_change_from_being_done(self):
        reader, writer = os.pipe()
        os.close(reader)
        document = {"format": "umbraco-ai.connection/1", "alias": "gone", "name": "Gone", "providerId": "openai"}
        with Server() as site:
            done = site.run("apply", self.file(json.dumps(document)), stdout=writer)
            self.assertEqual(done.code, 0)
            self.assertIn("1 created.", done.err)
            self.assertEqual(site.run("connections", "exists", "gone").code, 0)
            self.assertEqual(site.run("connections", "delete", "gone", "--yes", stdout=writer).code, 0)
            self.assertEqual(site.run("connections", "delete", "gone", "--yes", stdout=writer).code, 1)
        os.close(writer)

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_a_full_disk_does_not_hide_what_was_done(self):
        with Server() as site, open("/dev/full", "w") as full:
            for number, more in enumerate(([], ["--output", "json"], ["--output", "ids"])):
                done = site.run("connections", "create", f"full-{number}", "--provider", "openai", "--set-env", "apiKey=TEST_KEY", *more, stdout=full)
                self.assertEqual(done.code, 5)
                self.assertIn("it was done; the output could not be written: No space left", done.err)
                self.assertEqual(site.run("connections", "exists", f"full-{number}").code, 0)
            self.assertEqual(site.run("rotate", "full-0", "--set-env", "apiKey=SECOND_KEY", stdout=full).code, 5)
            self.assertEqual(site.run("connections", "update", "full-0", "--inactive", stdout=full).code, 5)
            self.assertEqual(site.run("connections", "delete", "full-0", "--yes", stdout=full).code, 5)
            done = site.run("connections", "delete", "nobody", "--yes", stdout=full)
            self.assertEqual(done.code, 1)
            self.assertNotIn("it was done", done.err)

    def test_completion_of_bash(self):
        script = run("completion", "bash").out
        ask = script + '\nCOMP_WORDS=(%s); COMP_CWORD=%d; _umbraco_ai; printf "%%s\\n" "${COMPREPLY[@]}"\n'
        answers = lambda words, at: subprocess.run(["bash", "-c", ask % (words, at)], capture_output=True, encoding="utf-8", timeout=20).stdout.split()
        self.assertIn("connections", answers("umbraco-ai con", 1))
        self.assertEqual(sorted(answers("umbraco-ai connections d", 2)), ["delete", "diagnose"])
        self.assertEqual(answers("umbraco-ai connections test --j", 3), ["--jobs"])
        self.assertEqual(answers("umbraco-ai connections list --out", 3), ["--output"])
        self.assertEqual(sorted(answers("umbraco-ai connections list --output ''", 4)), ["ids", "json", "table"])

    def test_completion_of_zsh_is_well_formed(self):
        script = run("completion", "zsh").out
        self.assertTrue(script.startswith("#compdef umbraco-ai\n"))
        if shutil.which("zsh"):
            self.assertEqual(subprocess.run(["zsh", "-n", self.file(script, "_umbraco-ai")], timeout=20).returncode, 0)


class Refusals(Base):
    """Nothing is sent: there is no server to send it to."""

    def refused(self, *arguments, **variables):
        return run(*arguments, **{"UMBRACO_BASE_URL": "http://127.0.0.1:9", "UMBRACO_TOKEN": TOKEN, **variables})

    def test_secrets_as_arguments(self):
        for arguments in (
            ["connections", "create", "x", "--provider", "openai", "--set", "apiKey=" + KEY],
            ["connections", "create", "x", "--provider", "acme", "--set", "license=" + KEY],
            ["connections", "update", "x", "--set", "endpoint=https://u:" + KEY + "@example.com"],
            ["connections", "update", "x", "--set", "endpoint=https://example.com/?key=" + KEY],
            ["rotate", "x", "--set", "apiKey=" + KEY],
        ):
            self.check_refused(self.refused(*arguments), "an argument stands in the shell's history", "--set-env")
        for arguments in (["--token", TOKEN, "connections", "list"], ["connections", "list", "--token=" + TOKEN], ["connections", "list", "--client-secret", CLIENT_SECRET], ["--password=" + KEY, "login", "check"], ["--api-key", KEY, "login", "check"]):
            self.check_refused(self.refused(*arguments), "a secret on the command line stands in", "UMBRACO_TOKEN")
        self.check_refused(self.refused("connections", "update", "x", "--set", "endpoint=$Umbraco:AI:Secrets:E"), "--set-ref")

    def test_a_secret_in_the_wrong_place_is_not_repeated(self):
        for arguments in (
            ["connections", "list", KEY],
            ["connections", "list", "--apikey=" + KEY],
            ["connections", "update", "x", "--set-ref", "apiKey=" + KEY],
            ["connections", "update", "x", "--set-env", "apiKey=" + KEY],
            ["connections", "update", "x", "--set-file", "apiKey=" + KEY],
            ["connections", "update", "x", "--set", KEY],
            ["connections", "update", "x", "--set-env", KEY],
        ):
            self.check_refused(self.refused(*arguments))

    def test_values_that_do_not_fit_are_not_repeated(self):
        for arguments, option in (
            (["connections", "list", "--timeout", KEY], "--timeout has a value that does not fit"),
            (["connections", "list", "--retries=" + KEY], "--retries has a value that does not fit"),
            (["connections", "delete", "x", "--yes=" + KEY], "--yes has a value that does not fit"),
            (["connections", "list", "--limit", KEY], "--limit has a value that does not fit"),
            (["serve", "--port", KEY], "--port has a value that does not fit"),
            (["connections", "list", "-o", KEY], "--output: one of"),
            (["connections", "list", "-p" + KEY], "There is no option -p here."),
        ):
            for form in ([], ["--output", "json"]):
                done = self.refused(*arguments, *(form if "-o" not in arguments else []))
                self.assertEqual(done.code, 64, arguments)
                self.assertIn(option, done.err)

    def test_what_nobody_knows(self):
        self.check_refused(self.refused("connections", "list", "--output", "xml"), "--output: one of")
        self.check_refused(self.refused("connections", "list", "stray"), "an argument too many", "See umbraco-ai connections list --help.")
        self.check_refused(self.refused("connections", "list", "--nope"), "no option --nope")
        for command in cli_tool.commands():
            self.check_refused(self.refused(*command, "--nope"), f"See umbraco-ai {' '.join(command)} --help.")
        self.check_refused(self.refused("connections"), "subcommand is required", "See umbraco-ai connections --help.")
        self.check_refused(self.refused(), "subcommand is required")
        self.check_refused(self.refused("connections", "list", "--limit", "0"), "--limit")
        self.check_refused(self.refused("connections", "test", "--all", "--jobs", "0"), "--jobs")
        self.check_refused(self.refused("connections", "list", "--timeout", "0"), "--timeout")
        self.check_refused(self.refused("connections", "list", "--color", "maybe"), "--color")

    def test_what_does_not_go_together(self):
        self.check_refused(self.refused("connections", "test"), "--all")
        self.check_refused(self.refused("connections", "test", "x", "--all"), "--all")
        self.check_refused(self.refused("connections", "test", "x", "--provider", "openai"), "--all")
        self.check_refused(self.refused("connections", "update", "x"), "Say what to change")
        self.check_refused(self.refused("connections", "update", "x", "--active", "--inactive"), "--inactive")
        self.check_refused(self.refused("connections", "update", "x", "--unset", "endpoint", "--set", "endpoint=https://example.com"), "named twice")
        self.check_refused(self.refused("rotate", "x"), "Say which secret")
        self.check_refused(self.refused("connections", "exists", "x", "--except", "y"), "--except")

    def test_values_that_servers_take_for_something_else(self):
        self.check_refused(self.refused("connections", "create", "x", "--provider", "openai", "--set-env", "apiKey=MASK", MASK="sk-***"), "masked")
        self.check_refused(self.refused("connections", "create", "x", "--provider", "openai", "--set-env", "apiKey=MASK", MASK="ENC:abc"), "ENC:")
        self.check_refused(self.refused("connections", "create", "capabilities", "--provider", "openai"), "alias")
        self.check_refused(self.refused("connections", "get", "a/b"), "slash")
        self.check_refused(self.refused("connections", "test", "a/b"), "slash")

    def test_questions_without_a_terminal(self):
        self.check_refused(self.refused("connections", "get", "x", "--show-secrets"), "no terminal", "--yes")
        with Server() as site:
            self.check_refused(site.run("connections", "delete", "google-old"), "no terminal", "--yes")
            self.assertEqual(site.run("connections", "exists", "google-old").code, 0)

    def test_where_and_who(self):
        self.check_refused(run("connections", "list"), "--base-url", "umbraco-ai serve")
        self.check_refused(run("--base-url", "ftp://example.com", "connections", "list"), "base URL")
        self.check_refused(run("--base-url", "http://example.com", "connections", "list", UMBRACO_TOKEN=TOKEN), "plain http")
        self.check_refused(run("--base-url", "http://127.0.0.1:9", "login", "check", UMBRACO_CLIENT_ID="x"), "UMBRACO_CLIENT_SECRET is not set")
        self.check_refused(run("--base-url", "http://127.0.0.1:9", "login", "check", UMBRACO_CLIENT_SECRET=CLIENT_SECRET), "UMBRACO_CLIENT_ID is not set")
        self.check_refused(self.refused("--base-url", "http://127.0.0.1:10", "connections", "list"), "belong to UMBRACO_BASE_URL")
        self.check_refused(self.refused("--pin", "nonsense", "--base-url", "https://127.0.0.1:9", "connections", "list", UMBRACO_BASE_URL=None), "pin")
        self.check_refused(self.refused("--env-file", "/nonexistent", "connections", "list"), "cannot be read")
        self.check_refused(self.refused("--env-file", self.file("A=1\n" + KEY + "\n", ".env"), "connections", "list"), ":2: this is no NAME=value")

    def test_errors_have_a_document_of_their_own(self):
        for arguments in (["connections", "get", "a/b"], ["connections", "list", "stray"], ["connections", "list", "--limit", "0"]):
            done = self.refused(*arguments, "--output", "json")
            self.assertEqual(done.code, 64)
            self.assertEqual(done.json["version"], 1)
            self.assertEqual((done.json["error"]["exitCode"], done.json["error"]["fault"]), (64, "usage"))
            self.assertTrue(done.err)


class Profiles(Base):
    def config(self, text):
        self.file(text, "umbraco-ai/config.ini")
        return {"XDG_CONFIG_HOME": self.folder.name}

    def test_a_command_gives_the_secret(self):
        with Server("--client-id", "umbraco-back-office-test", "--client-secret", CLIENT_SECRET, token=None) as site:
            secret = self.file(CLIENT_SECRET + "\nsecond line\n", "secret")
            config = self.config(f'[staging]\nbase-url = "{site.url}"\nclient-id = umbraco-back-office-test\nclient-secret-command = "cat {secret}"\ntimeout = 5\nretries = 0\n')
            done = run("--profile", "staging", "login", "check", **config)
            self.assertEqual(done.code, 0, done.err)
            self.assertIn("umbraco-back-office-test (profile staging)", done.out)
            self.assertEqual(run("--profile", "staging", "connections", "test", "--all", **config).code, 1)

    def test_a_command_gives_the_token(self):
        with Server() as site:
            config = self.config(f'[a]\nbase-url={site.url}\ntoken-command="echo {TOKEN}"\n[b]\nbase-url={site.url}\ntoken-command="exit 3"\n[c]\nbase-url={site.url}\ntoken-command="true"\n')
            self.assertEqual(run("connections", "list", "--profile", "a", **config).code, 0)
            self.check_refused(run("connections", "list", "--profile", "b", **config), "ended with status 3", code=3)
            self.check_refused(run("connections", "list", "--profile", "c", **config), "wrote nothing", code=3)

    def test_options_come_before_profiles_and_profiles_before_the_environment(self):
        with Server() as site:
            config = self.config(f'[here]\nbase-url={site.url}\n[nowhere]\nbase-url=http://127.0.0.1:9\ntimeout=1\n')
            self.assertEqual(run("--profile", "here", "connections", "list", UMBRACO_TOKEN=TOKEN, **config).code, 0)
            self.assertEqual(run("--profile", "nowhere", "--base-url", site.url, "connections", "list", UMBRACO_TOKEN=TOKEN, **config).code, 0)
            self.assertEqual(site.run("--profile", "nowhere", "connections", "list", UMBRACO_BASE_URL=None, **config).code, 4)

    def test_credentials_stay_with_their_site(self):
        config = self.config('[a]\nbase-url=http://127.0.0.1:9\ntoken-command="echo no"\n')
        self.check_refused(run("--profile", "a", "--base-url", "http://127.0.0.1:10", "connections", "list", **config), "belong to another site")
        self.check_refused(run("--profile", "a", "connections", "list", UMBRACO_BASE_URL="http://127.0.0.1:10", **self.config("[a]\nbase-url=http://127.0.0.1:9\n"), UMBRACO_TOKEN=TOKEN), "belong to UMBRACO_BASE_URL")

    def test_a_file_of_variables_does_not_choose_the_profiles(self):
        ran = pathlib.Path(self.folder.name, "ran")
        config = self.config(f'[a]\nbase-url=http://127.0.0.1:9\ntoken-command="touch {ran}"\n')
        for line in (f"XDG_CONFIG_HOME={self.folder.name}", f"HOME={self.folder.name}"):
            self.file(pathlib.Path(self.folder.name, "umbraco-ai/config.ini").read_text(encoding="utf-8"), ".config/umbraco-ai/config.ini")
            self.check_refused(run("--env-file", self.file(line + "\n", ".env"), "--profile", "a", "connections", "list", HOME=None), "no profile a")
            self.assertFalse(ran.exists())
        self.assertEqual(run("--profile", "a", "connections", "list", **config).code, 3)
        self.assertTrue(ran.exists())

    def test_a_file_of_variables_does_not_choose_where_credentials_go(self):
        with Fake(lambda *_: (200, {"items": [], "total": 0})) as fake:
            url = fake.variables["UMBRACO_BASE_URL"]
            address = self.file(f"UMBRACO_BASE_URL={url}\n", ".env")
            self.check_refused(run("--env-file", address, "connections", "list", UMBRACO_TOKEN=TOKEN), "UMBRACO_TOKEN from the environment")
            self.check_refused(run("--env-file", address, "connections", "list", UMBRACO_CLIENT_ID="x", UMBRACO_CLIENT_SECRET=CLIENT_SECRET), "UMBRACO_CLIENT_SECRET from the environment")
            both = self.file(f"UMBRACO_BASE_URL=http://127.0.0.1:9\nUMBRACO_TOKEN={TOKEN}\n", "both.env")
            self.check_refused(run("--env-file", both, "connections", "list", UMBRACO_BASE_URL=url), "belong to UMBRACO_BASE_URL")
            self.assertEqual(fake.seen, [])
            self.assertEqual(run("--env-file", address, "connections", "list", UMBRACO_BASE_URL=url, UMBRACO_TOKEN=TOKEN).code, 0)

    def test_two_profiles_do_not_share_the_credentials_of_the_environment(self):
        with Server() as a, Server() as b:
            config = self.config(f"[a]\nbase-url={a.url}\n[b]\nbase-url={b.url}\n[own]\nbase-url={b.url}\ntoken-command=\"echo {TOKEN}\"\n")
            self.check_refused(run("diff", "--from", "a", "--to", "b", UMBRACO_TOKEN=TOKEN, **config), "would go to two sites")
            self.check_refused(run("copy", "--from", "a", "--to", "own", "--yes", UMBRACO_TOKEN=TOKEN, **config), "would go to two sites")
            self.assertEqual(run("diff", "--from", "a", "--to", "own", "--only", "openai-prod", "--exit-zero", UMBRACO_TOKEN=TOKEN, UMBRACO_BASE_URL=a.url, **config).code, 0)
            self.check_refused(run("diff", "--from", "a", "--to", "b", UMBRACO_TOKEN=TOKEN, UMBRACO_BASE_URL=a.url, **config), "belong to UMBRACO_BASE_URL")

    def test_a_profile_without_a_site_gives_no_secret(self):
        ran = pathlib.Path(self.folder.name, "ran")
        for lines in (f'token-command="touch {ran}"', f'client-id=x\nclient-secret-command="touch {ran}"'):
            config = self.config(f"[a]\n{lines}\n")
            self.check_refused(run("--profile", "a", "--base-url", "http://127.0.0.1:9", "connections", "list", **config), "no base-url")
            self.check_refused(run("--profile", "a", "connections", "list", UMBRACO_BASE_URL="http://127.0.0.1:9", **config), "no base-url")
            self.assertFalse(ran.exists())

    def test_what_a_profile_may_not_hold(self):
        for key in ("token", "client-secret", "password"):
            self.check_refused(run("--profile", "a", "connections", "list", **self.config(f"[a]\nbase-url=http://127.0.0.1:9\n{key}={TOKEN}\n")), key, "a secret does not belong into a file")
        self.check_refused(run("--profile", "a", "connections", "list", **self.config("[a]\nbase-ulr=http://127.0.0.1:9\n")), "base-ulr: no such key")
        self.check_refused(run("--profile", "b", "connections", "list", **self.config("[a]\nbase-url=http://127.0.0.1:9\n")), "no profile b")
        self.check_refused(run("--profile", "a", "connections", "list", XDG_CONFIG_HOME="/nonexistent"), "cannot be read")

    def test_a_file_of_variables_is_read_when_it_is_named(self):
        with Server() as site:
            path = self.file(f"# of the site\nexport UMBRACO_BASE_URL='{site.url}'\nUMBRACO_TOKEN=\"{TOKEN}\"\nFILE_KEY={SECOND_KEY}\n", ".env")
            self.assertEqual(run("--env-file", path, "connections", "list").code, 0)
            self.assertEqual(run("--env-file", path, "connections", "create", "x", "--provider", "openai", "--set-env", "apiKey=FILE_KEY").code, 0)
            self.check_refused(run("--env-file", path, "connections", "list", UMBRACO_TOKEN="another"), "UMBRACO_TOKEN from the environment")
            self.assertEqual(run("--env-file", path, "connections", "list", UMBRACO_BASE_URL=site.url, UMBRACO_TOKEN="another").code, 3)
            self.assertEqual(run("connections", "list").code, 64)


class ExitCodes(Base):
    """That each code a command ends with stands in its help is looked at in every run of every test; see cli_tool.py."""

    def lines(self):
        """A command line for each command that calls a site."""
        document = self.file(json.dumps({"format": "umbraco-ai.connection/1", "alias": "main", "name": "Main", "providerId": "openai"}))
        named = [f"connections {each} main" for each in ("get", "delete --yes", "test", "models", "capabilities", "exists", "diagnose")]
        named += ["connections list", "connections create main --provider openai", "connections update main --name New", "login check", "export"]
        named += ["rotate main --set-env apiKey=TEST_KEY", f"diff {document}", f"apply {document}", "copy --from a --to a --yes"]
        offline = {("lint",), ("serve",), ("completion", "bash"), ("completion", "zsh")}
        self.assertEqual({cli_tool.path_of(line.split()) for line in named} | offline, set(cli_tool.commands()))
        return [line.split() for line in named]

    def profile(self, url, token):
        self.file(f'[a]\nbase-url={url}\ntoken-command="echo {token}"\n', "umbraco-ai/config.ini")
        return {"XDG_CONFIG_HOME": self.folder.name, "UMBRACO_BASE_URL": url, "UMBRACO_TOKEN": token}

    def test_each_command_that_calls_a_site_has_3_4_and_64(self):
        with Server() as site:
            for code, more, url in ((3, [], site.url), (4, ["--retries", "0"], "http://127.0.0.1:9"), (64, ["--no-such-option"], site.url)):
                where = self.profile(url, "wrong")
                for line in self.lines():
                    with self.subTest(code, line=line):
                        self.assertEqual(run(*line, *more, **where).code, code)

    def test_each_command_that_calls_a_site_has_1(self):
        with Fake(lambda *_: (500, None)) as fake:
            where = self.profile(fake.variables["UMBRACO_BASE_URL"], TOKEN)
            for line in self.lines():
                with self.subTest(line=line):
                    self.assertEqual(run(*line, "--retries", "0", **where).code, 1)

    def test_each_command_that_calls_a_site_has_130_and_the_numbers_of_other_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for line in self.lines() if number == signal.SIGINT else [["connections", "list"]]:
                with self.subTest(number, line=line), Fake(lambda *_: fake.hang()) as fake:
                    begun = Run(*line, **self.profile(fake.variables["UMBRACO_BASE_URL"], TOKEN))
                    self.assertTrue(fake.is_asked.wait(20))
                    self.assertEqual(begun.signal(number).end().code, 128 + number)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "needs /proc")
    def test_130_while_nothing_comes_from_standard_input(self):
        for line in ("lint -", "diff -", "apply -", "connections create --file -"):
            with self.subTest(line):
                begun = Run(*line.split(), columns=80, UMBRACO_BASE_URL="http://127.0.0.1:9", UMBRACO_TOKEN=TOKEN)
                done = begun.wait_until_signals_are_heard().signal().end()
                self.assertEqual(done.code, 130, done.out)
                self.assertIn("before anything was sent", done.out)

    def test_3_not_signed_in_and_no_right(self):
        with Server() as site:
            done = site.run("login", "check", UMBRACO_TOKEN="wrong")
            self.assertEqual(done.code, 3)
            self.assertIn("get a new one", done.err)
            done = site.run("login", "check", UMBRACO_TOKEN=None)
            self.assertEqual(done.code, 3)
            self.assertIn("No credentials were given", done.err)
            self.assertEqual(site.run("connections", "test", "--all", UMBRACO_TOKEN="wrong").code, 3)
            self.assertEqual(site.run("connections", "test", "openai-prod", "google-old", UMBRACO_TOKEN="wrong").code, 3)
        with Fake(lambda *_: (403, None)) as fake:
            done = fake.run("login", "check", "--output", "json")
            self.assertEqual(done.code, 3)
            self.assertIn("section AI", done.json["remedy"])
            self.assertEqual((done.json["signedIn"], done.json["section"], done.json["connections"]), (True, False, None))
            self.assertRegex(fake.run("login", "check").out, r"(?m)^signed in +yes\nsection +missing")
            self.assertEqual(done.json["error"]["exitCode"], 3)

    def test_3_client_credentials(self):
        with Server("--client-id", "umbraco-back-office-test", "--client-secret", CLIENT_SECRET, token=None) as site:
            good = {"UMBRACO_CLIENT_ID": "umbraco-back-office-test", "UMBRACO_CLIENT_SECRET": CLIENT_SECRET}
            self.assertEqual(site.run("connections", "list", **good).code, 0)
            self.assertEqual(site.run("-vv", "connections", "test", "openai-prod", **good).code, 0)
            done = site.run("login", "check", **{**good, "UMBRACO_CLIENT_SECRET": KEY})
            self.assertEqual(done.code, 3)
            self.assertIn("Compare client id and secret", done.err)
            done = site.run("login", "check", **{**good, "UMBRACO_CLIENT_ID": "test"})
            self.assertIn("umbraco-back-office-test", done.err)

    def test_4_not_reachable_and_too_late(self):
        self.assertEqual(run("--retries", "0", "connections", "list", UMBRACO_BASE_URL="http://127.0.0.1:9").code, 4)
        self.assertEqual(run("--retries", "0", "connections", "test", "a", "b", UMBRACO_BASE_URL="http://127.0.0.1:9").code, 4)
        self.assertEqual(run("connections", "list", UMBRACO_BASE_URL="http://no-such-host.invalid").code, 64 if False else 4)
        with Fake(lambda *_: fake.hang()) as fake:
            done = fake.run("--timeout", "0.3", "connections", "get", "main", "--output", "json")
            self.assertEqual((done.code, done.json["error"]["fault"]), (4, "timeout"))

    def test_4_a_write_whose_answer_is_lost(self):
        def answer(method, path, body):
            return None if method in ("POST", "PUT", "DELETE") else (200, connection())

        with Fake(answer) as fake:
            for arguments in (["create", "main", "--provider", "openai"], ["delete", "main", "--yes"]):
                done = fake.run("--retries", "0", "connections", *arguments)
                self.assertEqual(done.code, 4, done.err)
                self.assertIn("may have been applied", done.err)
                self.assertIn("umbraco-ai connections get", done.err)

    def test_5_partly_done(self):
        def answer(method, path, body):
            return (401, None) if "second" in path else (200, {"success": True, "errorMessage": None})

        with Fake(answer) as fake:
            done = fake.run("connections", "test", "first", "second", "--output", "json")
            self.assertEqual(done.code, 5, done.err)
            self.assertEqual((done.json["passed"], done.json["failed"], done.json["notTested"]), (1, 0, 1))

    def test_5_a_list_that_changes_while_all_are_tested(self):
        pages = []

        def answer(method, path, body):
            if path.endswith("/test"):
                return 200, {"success": True, "errorMessage": None}
            pages.append(path)
            items = [connection(alias="a"), connection(id=ID[:-1] + "7", alias="b")]
            return 200, {"items": items, "total": 3} if len(pages) == 1 else {"items": items[1:], "total": 2}

        with Fake(answer) as fake:
            done = fake.run("connections", "test", "--all", "--output", "json")
            self.assertEqual((done.code, done.json["complete"], done.json["failed"]), (5, False, 0), done.err)
            self.assertIn("may not be tested", done.err)

    def test_1_nothing_to_test(self):
        with Server() as site:
            for more in (["--filter", "no such name"], ["--provider", "nope"]):
                self.check_refused(site.run("connections", "test", "--all", *more), "No connection fits; nothing was tested.", code=1)

    def test_1_the_server_broke(self):
        with Fake(lambda *_: (500, None)) as fake:
            self.assertEqual(fake.run("connections", "get", "main").code, 1)
        with Fake(lambda *_: (200, {"surprise": KEY})) as fake:
            self.assertEqual(fake.run("connections", "get", "main").code, 1)


class Interruption(Base):
    def interrupted(self, answer, *arguments):
        with Fake(answer) as fake:
            begun = Run(*arguments, **fake.variables)
            self.assertTrue(answer.wait(20))
            begun.signal()
            begin = time.monotonic()
            done = begun.end()
            self.assertLess(time.monotonic() - begin, 3)
            return done

    def test_a_read_is_given_up(self):
        asked = Asked(lambda method, path, body: "hang")
        done = self.interrupted(asked, "connections", "get", "main")
        self.assertEqual((done.code, done.out), (130, ""))
        self.assertIn("cancelled", done.err)

    def test_a_write_says_what_may_have_happened(self):
        asked = Asked(lambda method, path, body: "hang" if method == "POST" else (200, connection()))
        done = self.interrupted(asked, "connections", "create", "main", "--provider", "openai", "--output", "json")
        self.assertEqual(done.code, 130)
        self.assertTrue(done.json["error"]["possiblyApplied"])
        self.assertIn("may have been applied", done.err)

    def test_tests_are_left_out(self):
        asked = Asked(lambda method, path, body: "hang" if "slow" in path else (200, {"success": True, "errorMessage": None}))
        done = self.interrupted(asked, "connections", "test", "fast", "slow", "late", "--jobs", "1")
        self.assertEqual(done.code, 130)
        self.assertIn("1 passed, 0 failed, 2 left out", done.out)
        self.assertIn("Interrupted. The server had been asked for 1 of the tests", done.err)

    def test_a_rotation_is_brought_to_its_end(self):
        state = connection()

        def answer(method, path, body):
            if path.endswith("/test"):
                return "hang" if state["settings"]["apiKey"] == SECOND_KEY else (200, {"success": True, "errorMessage": None})
            if method == "PUT":
                state.update({k: body[k] for k in ("name", "isActive", "settings")})
                return 200, None
            return 200, dict(state)

        done = self.interrupted(Asked(answer), "rotate", "main", "--set-env", "apiKey=SECOND_KEY")
        self.assertEqual(done.code, 130, done.err)
        self.assertEqual(state["settings"]["apiKey"], KEY)
        self.assertIn("the old one is back", done.out)

    def rotated(self, put, *more, is_interrupted=False):
        """What a rotation says, and what it leaves, where the first PUT goes as `put` says and the others well."""
        state, begun, count = connection(), threading.Event(), [0]

        def answer(method, path, body):
            if method == "PUT":
                count[0] += 1
                begun.set()
                if count[0] == 1:
                    return put(state, body)
                state["settings"] = body["settings"]
                return 200, None
            return 200, {"success": True, "errorMessage": None} if path.endswith("/test") else dict(state)

        with Fake(answer) as fake:
            rotation = Run("rotate", "main", "--set-env", "apiKey=SECOND_KEY", *more, **fake.variables)
            self.assertTrue(begun.wait(20))
            if is_interrupted:
                rotation.signal()
            return rotation.end(), state["settings"]

    def test_an_interrupted_write_of_a_rotation_leaves_no_untested_secret(self):
        def slow(state, body):
            time.sleep(0.4)
            state["settings"] = body["settings"]
            return 200, None

        done, left = self.rotated(slow, is_interrupted=True)
        self.assertEqual((done.code, left), (130, {"apiKey": KEY}), done.err)
        self.assertIn("the old one is back", done.out)

    def test_a_lost_write_of_a_rotation_leaves_no_untested_secret(self):
        def lost(state, body):
            state["settings"] = body["settings"]

        def late(state, body):
            state["settings"] = body["settings"]
            time.sleep(1)
            return 200, None

        def wiped(state, body):
            state["settings"] = None
            return 200, None

        for put, more in ((lost, []), (late, ["--timeout", "0.4"]), (wiped, [])):
            for is_interrupted in (False, True):
                with self.subTest(put.__name__, is_interrupted=is_interrupted):
                    done, left = self.rotated(put, *more, is_interrupted=is_interrupted)
                    self.assertEqual((done.code, left), (5, {"apiKey": KEY}), done.err)
                    self.assertIn("The write went wrong; the old secret is in place: main", done.out)
                    self.assertEqual("arrives late" in done.err, put is not wiped)
        done, left = self.rotated(lost, "--output", "json")
        self.assertEqual((done.json["outcome"], done.json["works"]), ("putBack", False))

    def test_a_refused_write_of_a_rotation_is_just_told(self):
        done, left = self.rotated(lambda state, body: (400, {"title": "no", "status": 400}))
        self.assertEqual((done.code, done.out, left), (1, "", {"apiKey": KEY}))

    def test_the_server_ends_well(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            site = Server()
            self.assertEqual(site.process.signal(number).end().code, 0)


class Asked:
    """An answer that notes when it hangs."""

    def __init__(self, answer):
        self.answer = answer
        self.hangs = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, method, path, body):
        given = self.answer(method, path, body)
        if given != "hang":
            return given
        self.hangs.set()
        self.let_go.wait(20)
        return None

    def wait(self, seconds):
        return self.hangs.wait(seconds)


class Secrets(Base):
    def test_server_texts_never_act_on_a_terminal(self):
        name = "a\x1b]0;title\x07b\x9b31mc\u202etxt\r\nd\u2028e"

        def answer(method, path, body):
            if path.startswith("/connections?"):
                return 200, {"items": [connection(name=name, settings=None)], "total": 1}
            if path.endswith("/test"):
                return 200, {"success": False, "errorMessage": name}
            if path.endswith("/models"):
                return 200, [{"metadata": {}, "model": {"modelId": name, "providerId": name}, "name": name}]
            return 200, connection(name=name, settings={"endpoint": name, name: "x"})

        with Fake(answer) as fake:
            for line in ("connections list", "connections get main", "connections test main", "connections models main"):
                for form in ("table", "json", "ids"):
                    for done in (fake.run(*line.split(), "--output", form), Run(*line.split(), "--output", form, "--color", "never", columns=200, **fake.variables).end()):
                        shown = cli_tool.without_progress(done.out + done.err)
                        for bad in ("\x1b", "\x07", "\x9b", "\u202e", "\u2028", "\r"):
                            self.assertNotIn(bad, shown, (line, form))
            found = fake.run("connections", "list", "--output", "json").json["items"][0]["name"]
            self.assertEqual(found, name)

    def test_a_server_that_quotes_what_it_was_sent(self):
        def answer(method, path, body):
            said = f"no luck with {KEY} and {TOKEN} and {SECOND_KEY}"
            if method == "GET":
                return 200, connection()
            return 400, {"title": said, "detail": said, "status": 400, "errors": {KEY: [said]}}

        with Fake(answer) as fake:
            for form in ("table", "json"):
                self.assertEqual(fake.run("connections", "create", "x", "--provider", "openai", "--set-env", "apiKey=TEST_KEY", "--output", form).code, 1)
                self.assertEqual(fake.run("-vv", "rotate", "main", "--set-env", "apiKey=SECOND_KEY", "--output", form).code, 1)
                self.assertEqual(fake.run("connections", "test", "main", "--output", form).code, 1)

    def test_the_list_of_processes_shows_none_while_it_works(self):
        document = self.file(json.dumps({"format": "umbraco-ai.connection/1", "alias": "main", "name": "Main", "providerId": "openai", "settings": {"apiKey": "${env:TEST_KEY}"}}))
        for arguments in (
            ["connections", "create", "main", "--provider", "openai", "--set-env", "apiKey=TEST_KEY"],
            ["connections", "create", "--file", document],
            ["connections", "update", "main", "--set-file", "apiKey=" + self.file(KEY, "key.txt")],
            ["connections", "get", "main", "--show-secrets", "--yes"],
            ["rotate", "main", "--set-env", "apiKey=TEST_KEY"],
            ["export"],
            ["diff", document],
            ["apply", document],
        ):
            with self.subTest(arguments), Fake(lambda *_: fake.hang()) as fake:
                begun = Run(*arguments, **fake.variables)
                self.assertTrue(fake.is_asked.wait(20))
                begun.check_list_of_processes()
                self.assertEqual(begun.signal().end().code, 130)

    @unittest.skipUnless(os.path.exists("/proc/self/environ"), "needs /proc")
    def test_the_command_of_a_profile_is_told_nothing_that_was_not_in_the_environment(self):
        noted = pathlib.Path(self.folder.name, "noted")
        token = self.file(TOKEN, "token")
        script = self.file(f'cat /proc/$PPID/cmdline /proc/$$/cmdline /proc/$$/environ > "{noted}"; cat "{token}"', "token.sh")
        with Server() as site:
            self.file(f'[a]\nbase-url={site.url}\ntoken-command="exec sh {script}"\n', "umbraco-ai/config.ini")
            variables = self.file(f"UMBRACO_CLIENT_SECRET={CLIENT_SECRET}\nFILE_KEY={KEY}\n", ".env")
            arguments = ["--env-file", variables, "--profile", "a", "connections", "create", "new", "--provider", "openai", "--set-env", "apiKey=FILE_KEY"]
            self.assertEqual(run(*arguments, XDG_CONFIG_HOME=self.folder.name, TEST_KEY=None, SECOND_KEY=None).code, 0)
        listed = noted.read_bytes().decode()
        self.assertIn("XDG_CONFIG_HOME=", listed)
        self.assertIn("--set-env", listed)
        self.assertEqual(cli_tool.secrets_in(listed), [])

    def test_a_person_is_asked_before_secrets_are_shown(self):
        seed = self.file(json.dumps({"connections": [connection()]}))
        with Server("--seed", seed) as site:
            for answer, shows in (("n\n", False), ("\n", False), ("y\n", True)):
                terminal = site.terminal("connections", "get", "main", "--show-secrets", shows=(KEY,))
                done = terminal.answer(answer).end()
                self.assertEqual(done.code, 0)
                self.assertEqual(KEY in done.out, shows)
            done = site.run("connections", "get", "main", "--show-secrets", "--yes", "--output", "json", shows=(KEY,))
            self.assertEqual(done.json["connection"]["settings"]["apiKey"], KEY)
            self.assertEqual(site.run("connections", "get", "main").code, 0)


class Changes(Base):
    def test_delete_asks(self):
        with Server() as site:
            for answer, is_left in (("n\n", True), ("y\n", False)):
                terminal = site.terminal("connections", "delete", "google-old")
                terminal.read_until("Delete google-old (Google, before the move, google, active)?")
                self.assertEqual(terminal.answer(answer).end().code, 1 if is_left else 0)
                self.assertEqual(site.run("connections", "exists", "google-old").code, 0 if is_left else 1)

    def test_ctrl_c_at_the_question(self):
        with Server() as site:
            terminal = site.terminal("connections", "delete", "google-old")
            terminal.read_until("[y/N] ")
            done = terminal.signal().end()
            self.assertEqual(done.code, 130)
            self.assertIn("was not done", done.out)
            self.assertEqual(site.run("connections", "exists", "google-old").code, 0)

    def test_update_changes_what_is_named_and_nothing_else(self):
        seed = self.file(json.dumps({"connections": [connection(settings={"apiKey": KEY, "endpoint": "https://a.example", "odd": [1, 1e400 and 2.50, {"x": None}]})]}))
        with Server("--seed", seed) as site:
            before = site.run("connections", "get", "main", "--show-secrets", "--yes", "--output", "json", shows=(KEY,)).json["connection"]
            self.assertEqual(site.run("connections", "update", "main", "--set", "ENDPOINT=https://b.example", "--inactive").code, 0)
            after = site.run("connections", "get", "main", "--show-secrets", "--yes", "--output", "json", shows=(KEY,)).json["connection"]
            before["settings"]["endpoint"] = "https://b.example"
            before.update(isActive=False, version=2, dateModified=after["dateModified"])
            self.assertEqual(after, before)

    def test_values_from_files(self):
        with Server() as site:
            path = self.file(KEY + "\r\n", "key.txt")
            self.assertEqual(site.run("connections", "create", "x", "--provider", "openai", "--set-file", "apiKey=" + path, "--set", "useResponsesApi=true").code, 0)
            done = site.run("connections", "get", "x", "--show-secrets", "--yes", "--output", "json", shows=(KEY,))
            self.assertEqual(done.json["connection"]["settings"], {"useResponsesApi": True, "apiKey": KEY})

    def test_a_document_creates_and_changes(self):
        document = {"format": "umbraco-ai.connection/1", "alias": "main", "name": "Main", "providerId": "openai", "isActive": False, "settings": {"apiKey": "${env:TEST_KEY}", "endpoint": "https://a.example"}}
        path = self.file(json.dumps(document))
        read = lambda alias: site.run("connections", "get", alias, "--show-secrets", "--yes", "--output", "json", shows=(KEY,)).json["connection"]
        with Server() as site:
            self.assertEqual(site.run("connections", "create", "--file", path).code, 0)
            self.assertEqual(site.run("connections", "create", "second", "--file", path, "--name", "Second", "--set", "endpoint=https://b.example").code, 0)
            first, second = read("main"), read("second")
            self.assertEqual((first["name"], first["isActive"], first["settings"]), ("Main", False, {"apiKey": KEY, "endpoint": "https://a.example"}))
            self.assertEqual((second["name"], second["settings"]), ("Second", {"apiKey": KEY, "endpoint": "https://b.example"}))
            self.check_refused(site.run("connections", "update", "second", "--file", path, "--active"), "The document is of another connection, main; nothing was written.")
            self.assertEqual(read("second"), second)
            own = self.file(json.dumps({**document, "alias": "Second", "anyAlias": True}), "own.json")
            self.assertEqual(site.run("connections", "update", "second", "--file", own, "--active").code, 0)
            second = read("second")
            self.assertEqual((second["alias"], second["name"], second["isActive"], second["settings"]["endpoint"]), ("second", "Main", True, "https://a.example"))
            other = self.file(json.dumps({**document, "alias": "google-old"}), "other.json")
            self.check_refused(site.run("connections", "update", "google-old", "--file", other), "another provider")
            self.check_refused(site.run("connections", "create", "third"), "--file")
            self.check_refused(site.run("connections", "create", "third", "--file", path, TEST_KEY=""), "TEST_KEY is not set", ":1:")
            self.check_refused(site.run("connections", "create", "third", "--file", self.file(json.dumps([document, {**document, "alias": "x"}]))), "one document is wanted")

    def test_a_rotation_that_fails_is_taken_back(self):
        seed = self.file(json.dumps({"connections": [connection(providerId="google")], "providers": [{"id": "google", "refusal": "API key not valid: " + SECOND_KEY}]}))
        with Server("--seed", seed) as site:
            done = site.run("rotate", "main", "--set-env", "apiKey=SECOND_KEY")
            self.assertEqual(done.code, 1)
            self.assertIn("The new secret does not work; the old one is back: main", done.out)
            found = site.run("connections", "get", "main", "--show-secrets", "--yes", "--output", "json", shows=(KEY,)).json["connection"]
            self.assertEqual((found["settings"]["apiKey"], found["version"]), (KEY, 3))
            self.assertEqual(site.run("rotate", "main", "--set-env", "apiKey=SECOND_KEY", "--output", "json").json["outcome"], "putBack")

    def test_a_masked_secret_is_not_rotated(self):
        with Server("--dialect", "documented") as site:
            done = site.run("rotate", "anthropic-dev", "--set-env", "apiKey=SECOND_KEY")
            self.check_refused(done, "masks the present value", "nothing was written")


class Servers(Base):
    def test_tls_is_trusted_by_its_pin(self):
        with Server("--tls") as site:
            self.assertTrue(site.url.startswith("https://"))
            self.assertEqual(site.run("--pin", site.told["pin"], "connections", "list").code, 0)
            self.assertEqual(site.run("--pin", site.told["pin"], "connections", "test", "openai-prod").code, 0)
            done = site.run("login", "check")
            self.assertEqual(done.code, 4)
            self.assertIn("--ca-file", done.err)
            self.assertEqual(site.run("--pin", "0" * 64, "connections", "list").code, 4)
            self.assertEqual(site.run("--ca-file", "/nonexistent.pem", "connections", "list").code, 64)

    def test_tls_is_trusted_by_a_file_of_certificates(self):
        with Server("--tls") as site, Server("--tls") as other:
            own, others = (self.file(ssl.get_server_certificate(("127.0.0.1", int(each.url.rpartition(":")[2]))), name) for each, name in ((site, "own.pem"), (other, "other.pem")))
            done = site.run("--ca-file", own, "connections", "list", "--output", "ids")
            self.assertEqual((done.code, done.out.count("\n")), (0, 3), done.err)
            self.assertEqual(site.run("--ca-file", others, "--ca-file", own, "connections", "test", "openai-prod").code, 0)
            self.check_refused(site.run("--ca-file", others, "connections", "list"), "certificate", code=4)
            self.file(f"[a]\nbase-url={site.url}\nca-file=own.pem\n[b]\nbase-url={site.url}\nca-file=../other.pem\n", "umbraco-ai/config.ini")
            self.file(pathlib.Path(own).read_text(encoding="utf-8"), "umbraco-ai/own.pem")
            profiles = {"XDG_CONFIG_HOME": self.folder.name}
            self.assertEqual(site.run("--profile", "a", "connections", "list", **profiles).code, 0)
            self.check_refused(site.run("--profile", "b", "connections", "list", **profiles), "certificate", code=4)

    def test_what_is_printed_works_in_a_shell(self):
        with Server(token="shell-token") as site:
            commands = " && ".join(site.told["commands"][:3]).replace("umbraco-ai", cli_tool.TOOL)
            made = subprocess.run(["sh", "-c", commands], env=cli_tool.environment(), capture_output=True, encoding="utf-8", timeout=30)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertIn("openai-prod", made.stdout)

    def test_it_ends_by_itself(self):
        begin = time.monotonic()
        self.assertEqual(run("serve", "--for", "0.2").code, 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_port_that_is_taken(self):
        with Server() as site:
            self.check_refused(run("serve", "--port", site.url.rpartition(":")[2]), "cannot be had", code=1)

    def test_seeds_that_are_wrong(self):
        for text, word in (("[]", "no JSON object"), ('{"x":[]}', ""), ('{"x":[1]}', "no such member"), ('{"connections":[{}]}', "alias is missing"), ('{"providers":[{"id":"nope","refusal":""}]}', "no provider nope")):
            done = run("serve", "--for", "0.1", "--seed", self.file(text))
            if word:
                self.check_refused(done, word)


class Figures(Base):
    def test_500_tests_take_no_longer_than_twice_what_the_server_does(self):
        delay, jobs, count = 0.05, 16, 500
        with Server("--generate", str(count), "--delay", str(int(delay * 1000))) as site:
            begin = time.monotonic()
            done = site.run("connections", "test", "--all", "--jobs", str(jobs), "--output", "json")
            took = time.monotonic() - begin
            least = -(-count // jobs) * delay
            self.assertEqual((done.code, done.json["passed"]), (0, count))
            self.assertLess(took, 2 * least, f"{took:.2f} s; the server alone takes {least:.2f} s")
            print(f"500 tests, 16 jobs: {took:.2f} s, the server alone {least:.2f} s", file=sys.stderr)

    def test_10000_connections_are_listed_within_a_second_and_in_little_memory(self):
        with Server("--generate", "10000") as site:
            few = self.usage(site, "connections", "list", "--limit", "10")
            for form in ("table", "json"):
                cpu, memory, lines = self.usage(site, "connections", "list", "--output", form)
                self.assertGreaterEqual(lines, 10000)
                self.assertLess(cpu, 1.0)
                self.assertLess(memory - few[1], 16 * 1024)
                print(f"10000 connections as {form}: {cpu:.2f} s of CPU time, {memory - few[1]} KB more than for 10", file=sys.stderr)

    def usage(self, site, *arguments):
        """CPU seconds, peak memory in KB, and lines."""
        with tempfile.TemporaryFile() as out:
            begun = site.begin(*arguments, stdout=out)
            _, status, used = os.wait4(begun.child.pid, 0)
            begun.child.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(begun.end().code, 0)
            out.seek(0)
            return used.ru_utime + used.ru_stime, used.ru_maxrss, out.read().count(b"\n")


if __name__ == "__main__":
    cli_tool.use(sys.argv.pop(1))
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs export, diff, apply, copy and lint as their users do: as_code_cli_test.py PATH_TO_UMBRACO_AI"""

import http.client
import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading
import unittest

import cli_tool
from cli_tool import TOKEN, Run, Server, run, run_in_terminal

SECRETS = {
    "OPENAI_PROD_API_KEY": "sk-secret-one-of-the-test",
    "CLOUD_ACCESS_KEY_ID": "AKIA-secret-two-of-the-test",
    "CLOUD_SECRET_ACCESS_KEY": "sk-secret-three-of-the-test",
    "CLOUD_MORE": '["sk-secret-four-of-the-test",1.50]',
}
SEED = {
    "configuration": ["Umbraco:AI:Secrets:A", "Umbraco:AI:Secrets:B"],
    "connections": [
        {
            "alias": "openai-prod",
            "name": "OpenAI <Production> ä",
            "providerId": "openai",
            "settings": {"apiKey": SECRETS["OPENAI_PROD_API_KEY"], "endpoint": "https://eu.example/v1"},
        },
        {"alias": "by-reference", "name": "By reference", "providerId": "openai", "settings": {"apiKey": "$Umbraco:AI:Secrets:A", "organizationId": None}},
        {
            "alias": "cloud",
            "name": "Cloud",
            "providerId": "amazon",
            "isActive": False,
            "settings": {
                "region": "eu-west-1",
                "accessKeyId": SECRETS["CLOUD_ACCESS_KEY_ID"],
                "secretAccessKey": SECRETS["CLOUD_SECRET_ACCESS_KEY"],
                "more": json.loads(SECRETS["CLOUD_MORE"]),
            },
        },
        {"alias": "bare", "name": "Bare", "providerId": "openai"},
    ],
}
CLOUD_DOCUMENT = """{
  "format": "umbraco-ai.connection/1",
  "alias": "cloud",
  "name": "Cloud",
  "providerId": "amazon",
  "isActive": false,
  "settings": {
    "region": "eu-west-1",
    "accessKeyId": "${env:CLOUD_ACCESS_KEY_ID}",
    "secretAccessKey": "${env:CLOUD_SECRET_ACCESS_KEY}",
    "more": "${env-json:CLOUD_MORE}"
  }
}
"""


class Site(Server):
    """The embedded server, with a way to it on which requests are counted and can go wrong."""

    def __init__(self, folder, seed, dialect="observed", *more):
        self.seed, self.dialect = seed, dialect
        path = pathlib.Path(folder) / f"seed-{id(self)}.json"
        path.write_text(json.dumps(seed), encoding="utf-8")
        super().__init__("--dialect", dialect, "--seed", str(path), *more)
        self.port = int(self.url.rpartition(":")[2])
        self.requests = []
        self.accepted = []
        self.fate = lambda number: "fine"
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def forward(self):
                try:
                    self.carry()
                except (OSError, http.client.HTTPException):
                    # One end is gone; the other one finds out.
                    self.close_connection = True

            def carry(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fate = site.fate(len(site.requests))
                site.requests.append(f"{self.command} {self.path}")
                if fate == "lost before":
                    self.close_connection = True
                    return
                upstream = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
                if fate != "refused":
                    upstream.request(self.command, self.path, body, dict(self.headers))
                    answer = upstream.getresponse()
                    content = answer.read()
                    if answer.status < 300 and self.command in ("POST", "PUT"):
                        site.accepted.append((self.path.rpartition("/")[2], json.loads(body)))
                upstream.close()
                if fate == "lost after":
                    self.close_connection = True
                    return
                if fate in ("refused", "failed after"):
                    self.send_response(500)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = forward

        self.way = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.way.daemon_threads = True
        self.thread = threading.Thread(target=self.way.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.way.server_address[1]}"
        self.here = {"UMBRACO_BASE_URL": self.url, "UMBRACO_TOKEN": TOKEN}
        self.variables = self.here

    def close(self):
        self.way.shutdown()
        self.way.server_close()
        self.thread.join()
        super().close()

    def get(self, path):
        to = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        to.request("GET", f"/umbraco/ai/management/api/v1/connections{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = to.getresponse()
        body = answer.read()
        to.close()
        return json.loads(body) if answer.status == 200 else None

    def connection(self, alias):
        """What the site itself answers of a connection."""
        return self.get(f"/{alias}")

    def aliases(self):
        return sorted(each["alias"] for each in self.get("?take=1000")["items"])

    def settings(self, alias):
        """The settings that the site holds, which one that masks them does not answer: those of the last write that it took."""
        here = self.connection(alias)
        if self.dialect == "observed":
            return here["settings"]
        written = [body["settings"] for last, body in self.accepted if "settings" in body and (last == here["id"] or body.get("alias") == alias)]
        return written[-1] if written else next(each.get("settings") for each in self.seed["connections"] if each["alias"] == alias)

    def writes(self):
        return [each for each in self.requests if not each.startswith("GET")]


def document(alias, **members):
    made = {"format": "umbraco-ai.connection/1", "alias": alias, "name": members.pop("name", f"Name of {alias}"), "providerId": members.pop("providerId", "openai")}
    made.update(members)
    return made


class AsCode(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.held = tempfile.TemporaryDirectory()
        self.addCleanup(self.held.cleanup)
        self.folder = pathlib.Path(self.held.name)

    def site(self, seed=None, dialect="observed", *more):
        made = Site(self.folder, SEED if seed is None else seed, dialect, *more)
        self.addCleanup(made.close)
        return made

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def check(self, done, code):
        self.assertEqual(done.code, code, done.out + done.err)
        return done

    def without_folder(self, text):
        return text.replace(str(self.folder) + "/", "")


class Export(AsCode):
    def test_writes_a_file_for_each_connection_and_names_what_it_leaves_out(self):
        site = self.site()
        done = self.check(run("export", str(self.folder / "out"), **site.here), 0)
        self.assertEqual(sorted(path.name for path in (self.folder / "out").iterdir()), ["bare.json", "by-reference.json", "cloud.json", "openai-prod.json"])
        self.assertEqual((self.folder / "out/cloud.json").read_text(encoding="utf-8"), CLOUD_DOCUMENT)
        self.assertEqual(
            self.without_folder(done.out), "written  out/bare.json\nwritten  out/by-reference.json\nwritten  out/cloud.json\nwritten  out/openai-prod.json\n"
        )
        self.assertIn("openai-prod: settings.apiKey is not written down; ${env:OPENAI_PROD_API_KEY} stands in its place.\n", done.err)
        self.assertIn("cloud: settings.more is not written down; ${env-json:CLOUD_MORE} stands in its place.\n", done.err)
        self.assertTrue(done.err.endswith("4 connections exported.\n"))
        by_reference = json.loads((self.folder / "out/by-reference.json").read_text(encoding="utf-8"))
        self.assertEqual(by_reference["settings"], {"apiKey": "$Umbraco:AI:Secrets:A"})

    def test_replaces_nothing_unasked_and_writes_nothing_then(self):
        site = self.site()
        out = str(self.folder / "out")
        self.write("out/cloud.json", "mine")
        done = self.check(run("export", out, **site.here), 64)
        self.assertIn("There is already something else in", done.err)
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["cloud.json"])
        self.write("out/gone.json", document("gone"))
        done = self.check(run("export", out, "--force", **site.here), 0)
        self.assertIn("out/gone.json is none of the files of this export; it was left as it is.", done.err)
        self.assertEqual((self.folder / "out/cloud.json").read_text(encoding="utf-8"), CLOUD_DOCUMENT)
        done = self.check(run("export", out, **site.here), 0)
        self.assertEqual(done.out.count("unchanged  "), 4)
        self.assertEqual([name for name in os.listdir(out) if name.endswith(".tmp")], [])

    def test_standard_output_one_file_and_json_hold_the_same(self):
        site = self.site()
        piped = self.check(run("export", "--only", "*o*d", **site.here), 0)
        self.assertEqual([each["alias"] for each in json.loads(piped.out)], ["cloud", "openai-prod"])
        self.check(run("export", str(self.folder / "all.json"), "--exclude", "b*", **site.here), 0)
        self.assertEqual((self.folder / "all.json").read_text(encoding="utf-8"), piped.out)
        told = json.loads(self.check(run("export", "--exclude", "b*", "-o", "json", **site.here), 0).out)
        self.assertEqual((told["version"], told["command"], told["leftOut"]), (1, "export", []))
        self.assertEqual(told["documents"], json.loads(piped.out))
        self.assertEqual(told["replaced"][0]["variable"], "CLOUD_ACCESS_KEY_ID")
        self.assertEqual(self.check(run("export", "-o", "ids", **site.here), 0).out, "bare\nby-reference\ncloud\nopenai-prod\n")

    def test_says_which_connections_no_document_can_hold(self):
        site = self.site({"connections": [{"alias": "a/b", "providerId": "openai"}, {"alias": "good", "providerId": "openai"}]})
        done = self.check(run("export", **site.here), 5)
        self.assertIn("a/b is left out", done.err)
        self.assertEqual(len(json.loads(done.out)), 1)
        self.check(run("export", "--only", "a*", **site.here), 1)


class RoundTrip(AsCode):
    def test_export_empty_site_apply_gives_back_the_same_in_both_dialects(self):
        for dialect in ("observed", "documented"):
            with self.subTest(dialect):
                out = str(self.folder / dialect)
                site = self.site(None, dialect)
                self.check(run("export", out, **site.here), 0)
                empty = self.site({"configuration": SEED["configuration"]}, dialect)
                done = self.check(run("apply", out, **empty.here, **SECRETS), 0)
                self.assertTrue(done.out.endswith("created  bare\ncreated  by-reference\ncreated  cloud\ncreated  openai-prod\n"))
                self.assertIn("4 created.", done.err)
                for each in SEED["connections"]:
                    then, now = site.connection(each["alias"]), empty.connection(each["alias"])
                    if each["alias"] == "by-reference":
                        del then["settings"]["organizationId"]
                    for member in ("alias", "name", "providerId", "isActive", "settings"):
                        self.assertEqual(then[member], now[member])
                empty.requests.clear()
                done = self.check(run("apply", out, **empty.here, **SECRETS), 0)
                self.assertEqual(empty.writes(), [])
                self.assertIn("4 unchanged.", done.err)
                self.check(run("diff", out, **empty.here, **SECRETS), 0)
                self.check(run("export", out, **empty.here), 0)


    def test_export_delete_all_apply_gives_back_the_same_on_the_same_site_in_both_dialects(self):
        for dialect in cli_tool.DIALECTS:
            with self.subTest(dialect):
                out = str(self.folder / dialect)
                site = self.site(None, dialect)
                before = {alias: (site.connection(alias), site.settings(alias)) for alias in site.aliases()}
                self.assertEqual(len(before), len(SEED["connections"]))
                self.check(run("export", out, **site.here), 0)
                for alias in before:
                    self.check(run("connections", "delete", alias, "--yes", **site.here), 0)
                self.assertEqual(site.aliases(), [])
                self.check(run("apply", out, **site.here, **SECRETS), 0)
                self.assertEqual(site.aliases(), sorted(before))
                for alias, (then, settings) in before.items():
                    now = site.connection(alias)
                    for member in ("name", "providerId", "isActive"):
                        self.assertEqual(now[member], then[member])
                    # A key that is null is one that is not there.
                    kept = {key: value for key, value in settings.items() if value is not None} if settings else settings
                    self.assertEqual(site.settings(alias), kept, alias)
                self.check(run("diff", out, **site.here, **SECRETS), 0)


class Refusals(AsCode):
    def test_each_fault_of_a_document_is_told_with_its_place_before_anything_is_sent(self):
        site = self.site()
        head = '{"format": "umbraco-ai.connection/1", "alias": "a", "name": "N", "providerId": "openai",\n'
        cases = (
            ("{", "1:2: The text ends early."),
            ("[]", "1:1: The array holds no document."),
            ('{"alias": "a"}', "1:1: format: It is missing"),
            (head + '"colour": 1}', "2:1: colour: No document has this member"),
            (head + '"isActive": 1}', "2:13: isActive: true or false is expected."),
            (head + '"settings": null}', "2:13: settings: Null would wipe"),
            (head + '"settings": {"apiKey": "${env:NOT_SET}"}}', "2:24: settings.apiKey: The environment variable NOT_SET is not set."),
            (head + '"settings": {"apiKey": "${env:MASKED}"}}', "2:24: settings.apiKey: The environment variable MASKED cannot be used. The value is masked"),
            (head + '"settings": {"apiKey": "${env:ENCRYPTED}"}}', "2:24: settings.apiKey: The environment variable ENCRYPTED cannot be used."),
            (head + '"settings": {"apiKey": "sk-***"}}', "2:24: settings.apiKey: The value is masked"),
            (head + '"settings": {"apiKey": "ENC:x"}}', "2:24: settings.apiKey: A text that begins with ENC:"),
            (head + '"settings": {"apiKey": "$ x"}}', "2:24: settings.apiKey: A text that begins with $"),
            (head + '"settings": {"apiKey": "x", "apiKey": "y"}}', "2:29: settings.apiKey: The key stands twice"),
            (head + '"settings": {"apiKey": "x${env:A}"}}', "2:24: settings.apiKey: A placeholder is the whole value"),
            (head.replace('"a"', '"A b"') + '"isActive": true}', "1:48: alias: An alias is 1 to 100"),
            ("[" + head + '"isActive": true},\n' + head + '"isActive": true}]', "3:48: alias: Another document has this alias"),
        )
        for number, (text, expected) in enumerate(cases):
            path = self.write(f"case-{number}.json", text)
            for command in ("apply", "diff"):
                done = self.check(run(command, path, **site.here, MASKED="sk-***", ENCRYPTED="ENC:abc"), 64)
                self.assertIn(f"{path}:{expected}", done.err)
                self.assertIn("nothing was written", done.err)
        told = json.loads(self.check(run("apply", path, "-o", "json", **site.here), 64).out)
        self.assertEqual((told["version"], told["findings"][0]["line"], told["error"]["exitCode"]), (1, 3, 64))
        self.assertIn("No such file", self.check(run("apply", str(self.folder / "none"), **site.here), 64).err)
        (self.folder / "empty").mkdir()
        self.assertIn("holds no file *.json", self.check(run("apply", str(self.folder / "empty"), **site.here), 64).err)
        one, two = self.write("one.json", document("same")), self.write("two.json", document("SAME", anyAlias=True))
        self.assertIn(f"{two}:1:", self.check(run("apply", one, two, **site.here), 64).err)
        self.assertEqual(site.requests, [])

    def test_a_command_line_that_makes_no_sense(self):
        site = self.site()
        path = self.write("d.json", document("a"))
        for arguments in (
            ("apply",),
            ("diff",),
            ("diff", path, "--from", "a", "--to", "b"),
            ("diff", "--from", "a"),
            ("diff", path, "--only", "x"),
            ("apply", path, "--prune"),
            ("apply", path, "--scope", "*"),
            ("apply", path, "--deactivate"),
            ("apply", path, "--on-error", "perhaps"),
            ("copy", "--from", "a"),
            ("copy", "--from", "none", "--to", "none"),
            ("lint",),
            ("export", "a", "b"),
        ):
            with self.subTest(arguments):
                self.check(run(*arguments, **site.here), 64)
        self.assertEqual(site.requests, [])

    def test_documents_are_read_from_standard_input_too(self):
        site = self.site()
        done = self.check(run("diff", "-", text=json.dumps(document("a")), **site.here), 2)
        self.assertIn("+ a  (standard input:1:1)", done.out)
        self.assertIn("standard input:1:1: A document is an object.", self.check(run("diff", "-", text="7", **site.here), 64).err)


GOLDEN_DIFF = """~ openai-prod  (d.json:1:2)
    - name: "OpenAI <Production> ä"
    + name: "OpenAI"
    ~ settings.apiKey: literal changed
    - settings.endpoint: "https://eu.example/v1"
    + settings.endpoint: "https://us.example/v1"
    + settings.note: ***
~ by-reference  (d.json:2:1)
    ~ settings.apiKey: reference changed, "$Umbraco:AI:Secrets:A" -> "$Umbraco:AI:Secrets:B"
~ cloud  (d.json:3:1)
    - isActive: false
    + isActive: true
    - settings.region: "eu-west-1"
      settings.accessKeyId: same
    ~ settings.secretAccessKey: reference changed, *** -> "$Umbraco:AI:Secrets:B"
+ new  (d.json:4:1)
    + name: "Name of new"
    + providerId: "openai"
    + isActive: true
    + settings.apiKey: ***
- team-gone  (no document)
"""


class Diff(AsCode):
    def documents(self):
        return self.write(
            "d.json",
            "["
            + ",\n".join(
                json.dumps(each)
                for each in (
                    document("openai-prod", name="OpenAI", settings={"apiKey": "${env:NEW}", "endpoint": "https://us.example/v1", "note": "sk-secret-note"}),
                    document("by-reference", name="By reference", settings={"apiKey": "$Umbraco:AI:Secrets:B"}),
                    document(
                        "cloud",
                        name="Cloud",
                        providerId="amazon",
                        isActive=True,
                        settings={"region": None, "accessKeyId": "${env:CLOUD_ACCESS_KEY_ID}", "secretAccessKey": "$Umbraco:AI:Secrets:B"},
                    ),
                    document("new", settings={"apiKey": "${env:NEW}"}),
                    document("bare", name="Bare"),
                )
            )
            + "]",
        )

    def seeded(self, dialect="observed"):
        gone = {"alias": "team-gone", "name": "Gone", "providerId": "openai", "settings": {"apiKey": "$Umbraco:AI:Secrets:A"}}
        return self.site({**SEED, "connections": [*SEED["connections"], gone]}, dialect)

    def test_shows_what_would_change_and_of_secrets_the_state_alone(self):
        site = self.seeded()
        path = self.documents()
        arguments = ("diff", path, "--prune", "--scope", "team-*")
        done = self.check(run(*arguments, **site.here, **SECRETS, NEW="sk-secret-new"), 2)
        self.assertEqual(self.without_folder(done.out), GOLDEN_DIFF)
        self.assertEqual(done.err, "1 to create, 3 to update, 1 to delete, 1 the same.\n")
        self.check(run(*arguments, "--exit-zero", **site.here, **SECRETS, NEW="sk-secret-new"), 0)
        coloured = self.check(run(*arguments, "--color", "always", **site.here, **SECRETS, NEW="sk-secret-new"), 2).out
        self.assertIn('\x1b[31m    - name: "OpenAI <Production> ä"\x1b[0m\n\x1b[32m    + name: "OpenAI"\x1b[0m\n', coloured)
        dry = self.check(run("apply", *arguments[1:], "--dry-run", **site.here, **SECRETS, NEW="sk-secret-new"), 2)
        self.assertEqual(self.without_folder(dry.out), GOLDEN_DIFF)
        self.assertEqual(site.writes(), [])
        done = run_in_terminal(*arguments, **site.here, **SECRETS, NEW="sk-secret-new")
        self.assertEqual(done.code, 2)
        self.assertIn("\x1b[32m+ new", done.out)

    def test_json_tells_the_same(self):
        site = self.seeded()
        done = self.check(run("diff", self.documents(), "-o", "json", **site.here, **SECRETS, NEW="sk-secret-new"), 2)
        told = json.loads(done.out)
        self.assertEqual((told["version"], told["command"], told["differs"], told["leftOut"]), (1, "diff", True, []))
        self.assertEqual([each["action"] for each in told["steps"]], ["update", "update", "update", "create", "keep"])
        self.assertEqual(
            told["steps"][0]["members"][0],
            {"path": "name", "state": "changed", "before": "OpenAI <Production> ä", "after": "OpenAI", "isWritten": True},
        )
        self.assertEqual(
            told["steps"][0]["members"][1],
            {"path": "settings.apiKey", "state": "literal changed", "before": "***", "after": "***", "isWritten": True},
        )
        ids = self.check(run("diff", self.documents(), "-o", "ids", **site.here, **SECRETS, NEW="sk-secret-new"), 2)
        self.assertEqual(ids.out, "openai-prod\nby-reference\ncloud\nnew\n")

    def test_what_is_masked_or_unreadable_is_said_to_be(self):
        site = self.seeded("documented")
        path = self.write("d.json", document("openai-prod", name="OpenAI <Production> ä", settings={"apiKey": "${env:NEW}"}))
        done = self.check(run("diff", path, **site.here, NEW="sk-secret-new"), 0)
        self.assertIn("    ? settings.apiKey: not comparable\n", done.out)
        self.assertIn("--write-secrets", done.err)
        done = self.check(run("diff", path, "--write-secrets", **site.here, NEW="sk-secret-new"), 2)
        self.assertIn("    ? settings.apiKey: not comparable, written\n", done.out)
        broken = self.site({"connections": [{"alias": "a", "name": "Name of a", "providerId": "openai", "settings": {"apiKey": "ENC:sk-secret"}}]})
        path = self.write("e.json", document("a", settings={"apiKey": "${env:NEW}"}))
        done = self.check(run("diff", path, **broken.here, NEW="sk-secret-new"), 2)
        self.assertIn("    ~ settings.apiKey: unreadable, given anew\n", done.out)


class Apply(AsCode):
    def test_changes_what_is_named_and_nothing_else(self):
        site = self.site()
        path = self.write("d.json", document("openai-prod", name="New name", settings={"endpoint": "https://us.example/v1"}))
        done = self.check(run("apply", path, **site.here), 0)
        self.assertTrue(done.out.endswith("updated  openai-prod\n"))
        now = site.connection("openai-prod")
        self.assertEqual((now["name"], now["isActive"], now["version"]), ("New name", True, 2))
        self.assertEqual(now["settings"], {"apiKey": SECRETS["OPENAI_PROD_API_KEY"], "endpoint": "https://us.example/v1"})

    def test_exit_codes(self):
        site = self.site()
        good = self.write("good.json", document("a-new", settings={"apiKey": "$Umbraco:AI:Secrets:A"}))
        bad = self.write("bad.json", document("b-bad", settings={"apiKey": "$Umbraco:AI:Secrets:None"}))
        last = self.write("last.json", document("c-last", settings={"apiKey": "$Umbraco:AI:Secrets:A"}))
        self.check(run("apply", good, "--dry-run", **site.here), 2)
        self.check(run("apply", good, "--dry-run", "--exit-zero", **site.here), 0)
        done = self.check(run("apply", bad, **site.here), 1)
        self.assertIn("failed  b-bad: server:", done.out)
        stopped = self.check(run("apply", good, bad, last, **site.here), 5)
        self.assertIn("created  a-new\nfailed  b-bad", stopped.out)
        self.assertIn("not tried  c-last\n", stopped.out)
        self.assertIn("1 created, 1 failed, 1 not tried.", stopped.err)
        self.assertIsNone(site.connection("c-last"))
        went_on = self.check(run("apply", good, bad, last, "--on-error", "continue", **site.here), 5)
        self.assertIn("created  c-last\n", went_on.out)
        self.check(run("apply", bad, good, "--on-error", "continue", **site.here), 1)
        self.check(run("apply", good, **{**site.here, "UMBRACO_TOKEN": "another-token"}), 3)
        self.check(run("diff", good, **{**site.here, "UMBRACO_TOKEN": "another-token"}), 3)
        self.check(run("apply", good, "--retries", "0", **{**site.here, "UMBRACO_BASE_URL": "http://127.0.0.1:1"}), 4)
        self.check(run("diff", good, "--retries", "0", **{**site.here, "UMBRACO_BASE_URL": "http://127.0.0.1:1"}), 4)
        told = json.loads(self.check(run("apply", bad, "-o", "json", **site.here), 1).out)
        self.assertEqual((told["command"], told["dryRun"], told["complete"]), ("apply", False, False))
        self.assertEqual((told["steps"][0]["outcome"], told["steps"][0]["error"]["httpStatus"]), ("failed", 400))

    def test_another_provider_stops_the_work_before_it_begins(self):
        site = self.site()
        path = self.write("d.json", [document("new"), document("cloud", name="Cloud")])
        done = self.check(run("apply", path, **site.here), 1)
        self.assertIn("    ! The connection has another provider", done.out)
        self.assertIn("not tried  new\n", done.out)
        self.assertEqual(site.writes(), [])
        self.check(run("apply", path, "--dry-run", **site.here), 1)

    def test_pruning_asks_and_goes_no_further_than_its_scope(self):
        seed = {"connections": [{"alias": alias, "providerId": "openai", "isInUse": alias == "team-used"} for alias in ("team-a", "team-b", "team-kept", "team-used", "other")]}
        path = self.write("d.json", document("team-a", name="team-a"))
        for how in ("nobody to ask", "no", "yes", "--yes", "--deactivate"):
            with self.subTest(how):
                site = self.site(seed)
                arguments = ["apply", path, "--prune", "--scope", "team-*", "--exclude", "*-kept", "--on-error", "continue"]
                if how == "nobody to ask":
                    done = self.check(run(*arguments, **site.here), 64)
                    self.assertIn("- team-b  (no document)\n- team-used  (no document)\n", done.out)
                    self.assertEqual(site.writes(), [])
                elif how == "no":
                    done = run_in_terminal(*arguments, answer="n\n", **site.here)
                    self.assertIn("Delete 2 connections: team-b, team-used? [y/N]", done.out)
                    self.assertEqual((done.code, site.writes()), (1, []))
                    done = run_in_terminal(*arguments, "-o", "json", answer="n\n", **site.here)
                    self.assertEqual((done.code, site.writes()), (1, []))
                    self.assertIn('"dryRun": false,\n  "complete": false', done.out)
                elif how == "yes":
                    done = run_in_terminal(*arguments, answer="y\n", **site.here)
                    self.assertIn("1 deleted, 1 unchanged, 1 failed.", done.out)
                    self.assertEqual((done.code, site.connection("team-b")), (5, None))
                elif how == "--yes":
                    done = self.check(run(*arguments, "--yes", **site.here), 5)
                    self.assertIn("deleted  team-b\nfailed  team-used: server: Profiles use the connection, so it is kept", done.out)
                    self.assertIsNotNone(site.connection("team-used"))
                else:
                    self.check(run(*arguments, "--deactivate", "--yes", **site.here), 0)
                    self.assertFalse(site.connection("team-used")["isActive"])
                    self.check(run(*arguments, "--deactivate", **site.here), 0)
                for alias in ("team-kept", "other"):
                    self.assertTrue(site.connection(alias)["isActive"])
                self.assertIsNotNone(site.connection("team-a"))

    def test_each_request_that_goes_wrong_and_each_answer_that_is_lost_is_mended_by_running_it_again(self):
        settings = {"apiKey": "${env:NEW}"}
        # Where secrets are masked, one is written with the settings beside it and not for itself.
        changed = {**settings, "endpoint": "https://us.example/v1"}
        path = self.write("d.json", [document("new", settings=settings), document("openai-prod", name="New name", settings=changed)])
        arguments = ("apply", path, "--prune", "--scope", "b*", "--yes")
        once = ("--retries", "0", "--on-error", "continue")
        for dialect in cli_tool.DIALECTS:
            clean = self.site(None, dialect)
            self.check(run(*arguments, **clean.here, NEW="sk-secret-new"), 0)
            self.assertGreater(len(clean.requests), 8)
            for number in range(len(clean.requests)):
                for fate, more in (("lost before", once), ("lost after", once), ("lost after", ()), ("failed after", once), ("refused", once)):
                    with self.subTest(dialect, number=number, fate=fate, more=more):
                        self.check_mended((*arguments, *more), dialect, number, fate)

    def check_mended(self, arguments, dialect, number, fate):
        site = Site(self.folder, SEED, dialect)
        try:
            site.fate = lambda at: fate if at == number else "fine"
            first = run(*arguments, **site.here, NEW="sk-secret-new")
            self.assertIn(first.code, (0, 1, 4, 5))
            self.assertGreater(len(site.requests), number)
            site.fate = lambda at: "fine"
            self.check(run(*arguments, **site.here, NEW="sk-secret-new"), 0)
            self.assertEqual(site.aliases(), ["cloud", "new", "openai-prod"])
            self.assertEqual((site.connection("new")["name"], site.connection("openai-prod")["name"]), ("Name of new", "New name"))
            self.assertEqual(site.settings("new"), {"apiKey": "sk-secret-new"})
            self.assertEqual(site.settings("openai-prod"), {"apiKey": "sk-secret-new", "endpoint": "https://us.example/v1"})
            self.assertEqual(site.settings("cloud"), SEED["connections"][2]["settings"])
            site.requests.clear()
            self.check(run(*arguments, **site.here, NEW="sk-secret-new"), 0)
            self.assertEqual(site.writes(), [])
        finally:
            site.close()

    def test_an_interruption_says_what_was_done_and_what_was_not(self):
        site = self.site(None, "observed", "--delay", "150")
        path = self.write("d.json", [document(f"new-{number}", settings={"apiKey": "$Umbraco:AI:Secrets:A"}) for number in range(8)])
        begun = Run("apply", path, **site.here)
        for _ in range(600):
            if len(site.writes()) >= 2:
                break
            threading.Event().wait(0.02)
        done = self.check(begun.signal().end(), 130)
        self.assertIn("created  new-0\n", done.out)
        self.assertIn("not tried  new-7\n", done.out)
        self.assertIn("not tried.", done.err)


class Copy(AsCode):
    def profiles(self, **sites):
        text = ""
        for name, site in sites.items():
            text += f"[{name}]\nbase-url = {site.url}\ntoken-command = echo {TOKEN}\n"
        path = pathlib.Path(self.write("config/umbraco-ai/config.ini", text))
        path.chmod(0o600)
        return {"XDG_CONFIG_HOME": str(self.folder / "config")}

    def test_from_staging_to_production(self):
        staging = self.site()
        production = self.site({"configuration": SEED["configuration"], "connections": [{"alias": "old", "providerId": "openai"}]})
        here = self.profiles(staging=staging, production=production)
        done = self.check(run("diff", "--from", "staging", "--to", "production", **here), 2)
        self.assertIn("+ cloud  (staging/cloud)\n", done.out)
        done = self.check(run("copy", "--from", "staging", "--to", "production", **here), 64)
        self.assertIn("say --yes instead", done.err)
        self.check(run("copy", "--from", "staging", "--to", "production", "--dry-run", **here), 2)
        self.assertEqual(production.writes(), [])
        done = self.check(run("copy", "--from", "staging", "--to", "production", "--only", "*o*d", "--yes", **here), 0)
        self.assertTrue(done.out.endswith("created  cloud\ncreated  openai-prod\n"))
        self.assertEqual(production.connection("openai-prod")["settings"], staging.connection("openai-prod")["settings"])
        self.check(run("diff", "--from", "staging", "--to", "production", "--only", "*o*d", **here), 0)
        self.check(run("copy", "--from", "staging", "--to", "production", "--only", "none", "--yes", **here), 64)
        self.assertEqual(staging.writes(), [])
        self.check(run("copy", "--from", "staging", "--to", "production", "--prune", "--scope", "old", "--yes", **here), 0)
        self.assertIsNone(production.connection("old"))

    def test_what_was_not_asked_for_is_not_pruned(self):
        made = lambda *aliases: {"connections": [{"alias": alias, "name": alias, "providerId": "openai"} for alias in aliases]}
        staging, production = self.site(made("team-a", "team-b")), self.site(made("team-b", "team-old", "old-a"))
        here = self.profiles(staging=staging, production=production)
        arguments = ("--from", "staging", "--to", "production", "--prune", "--scope", "*")
        done = self.check(run("diff", *arguments, "--only", "team-a", **here), 2)
        self.assertNotIn("- ", done.out)
        self.check(run("copy", *arguments, "--only", "team-a", "--yes", **here), 0)
        for alias in ("team-a", "team-b", "team-old", "old-a"):
            self.assertIsNotNone(production.connection(alias), alias)
        self.check(run("copy", *arguments, "--only", "team-*", "--yes", **here), 0)
        self.assertEqual([production.connection(alias) is None for alias in ("team-a", "team-b", "team-old", "old-a")], [False, False, True, False])

    def test_what_is_masked_or_unreadable_never_travels(self):
        for dialect, value in (("documented", "sk-secret-staging"), ("observed", "ENC:sk-secret-staging")):
            with self.subTest(dialect):
                seed = {"connections": [{"alias": alias, "providerId": "openai", "settings": {"apiKey": value, "endpoint": "https://a.example"}} for alias in ("there", "new")]}
                staging = self.site(seed, dialect)
                kept = {"apiKey": "sk-secret-production", "endpoint": "https://b.example"}
                production = self.site({"connections": [{"alias": "there", "providerId": "openai", "settings": kept}]})
                here = self.profiles(staging=staging, production=production)
                done = self.check(run("copy", "--from", "staging", "--to", "production", "--yes", "--on-error", "continue", **here), 5)
                self.assertIn("set the environment variable NEW_API_KEY", done.out)
                self.assertEqual(production.connection("there")["settings"], {**kept, "endpoint": "https://a.example"})
                self.assertIsNone(production.connection("new"))
                self.check(run("copy", "--from", "staging", "--to", "production", "--yes", **here, NEW_API_KEY="sk-secret-given"), 0)
                self.assertEqual(production.connection("new")["settings"]["apiKey"], "sk-secret-given")


class Lint(AsCode):
    def test_finds_what_a_site_would_refuse_without_one(self):
        good = self.write("good.json", document("good", settings={"apiKey": "${env:NOT_SET}"}))
        self.check(run("lint", good), 0)
        path = self.write(
            "bad.json",
            "["
            + ",\n".join(
                json.dumps(each)
                for each in (
                    document("missing", settings={}),
                    document("plain", settings={"apiKey": "sk-secret-plain"}),
                    document("elsewhere", settings={"apiKey": "$OpenAI:ApiKey"}),
                )
            )
            + "]",
        )
        done = self.check(run("lint", path), 1)
        self.assertEqual(
            self.without_folder(done.out),
            "bad.json:1:2: error: settings.apiKey: The provider requires this key, and it is missing.\n"
            "bad.json:2:129: error: settings.apiKey: A secret stands in the document itself; use a reference, or ${env:NAME}.\n"
            "bad.json:3:137: error: settings.apiKey: The reference is outside the prefixes that servers may resolve.\n",
        )
        self.assertEqual(done.err, "3 documents, 3 errors, 0 warnings.\n")
        self.assertEqual(self.check(run("lint", path, "--allow-reference", "OpenAI"), 1).out.count("error:"), 2)
        told = json.loads(self.check(run("lint", path, "-o", "json"), 1).out)
        self.assertEqual((told["command"], told["documents"], len(told["errors"]), told["errors"][1]["line"]), ("lint", 3, 3, 2))
        self.assertIn(":1:1: error: The text ends early.", self.check(run("lint", self.write("broken.json", "")), 1).out)


if __name__ == "__main__":
    cli_tool.use(sys.argv.pop(1))
    unittest.main()

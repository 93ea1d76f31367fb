#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tour as its users do: tour_test.py PATH_TO_TOUR"""

import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import pseudo_terminal  # noqa: E402

TOUR = ""
BASE = "/umbraco/ai/management/api/v1"
TOKEN = "token-of-the-test-0123456789"
SECRET = "sk-secret-of-the-test-0123456789"
ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def run(*arguments, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UMBRACO_") and k not in ("NO_COLOR", "COLUMNS")}
    environment.update(LC_ALL="C.UTF-8", TERM="xterm")
    environment.update(variables)
    return subprocess.run([TOUR, *arguments], env=environment, capture_output=True, encoding="utf-8", timeout=60)


def run_in_terminal(columns, **variables):
    """What the tour shows in a terminal of so many columns."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm", **variables)
    for name in ("COLUMNS", "UMBRACO_BASE_URL"):
        environment.pop(name, None)
    return pseudo_terminal.run([TOUR], columns, env=environment)


class Fake:
    """A small server of the documented contract that can be told to break."""

    def __init__(self, breaks=None, applies_broken_create=False, hangs_on=None, items=(), provider_says=None):
        self.breaks = breaks or {}  # (method, end of path) -> status
        self.applies_broken_create = applies_broken_create
        self.hangs_on = hangs_on
        self.provider_says = provider_says
        self.connections = {item["id"]: item for item in items}
        self.seen = []
        self.tokens = set()
        self.is_hanging = threading.Event()
        self.let_go = threading.Event()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # header and body leave together

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size)) if size else None
                status, value = fake.handle(self.command, self.path, self.headers.get("Authorization"), body)
                content = b"" if value is None else json.dumps(value).encode()
                try:
                    self.send_response(status)
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

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server.server_address[1]

    def methods(self):
        return [method for method, _ in self.seen]

    def handle(self, method, target, authorization, body):
        parts = urllib.parse.urlsplit(target)
        path = parts.path[len(BASE):]
        self.seen.append((method, path))
        self.tokens.add(authorization)
        if authorization != "Bearer " + TOKEN:
            return 401, None
        if self.hangs_on == (method, path.rsplit("/", 1)[-1]):
            self.is_hanging.set()
            self.let_go.wait(30)
        for (broken_method, end), status in self.breaks.items():
            if method == broken_method and path.endswith(end):
                if method == "POST" and self.applies_broken_create:
                    self.create(body)
                # A server that says too much: the tour must not.
                return status, {"title": "Broken", "status": status, "detail": "no luck with %s and %s" % (SECRET, TOKEN)}
        return self.route(method, path, urllib.parse.parse_qs(parts.query), body)

    def create(self, body):
        made = {"id": ID, "dateCreated": "2024-01-15T10:30:00Z", **body}
        self.connections[ID] = made
        return made

    def find(self, key):
        for item in self.connections.values():
            if key in (item["id"], item["alias"]):
                return item
        return None

    def route(self, method, path, query, body):
        parts = path.strip("/").split("/")
        shown = lambda c: dict(c, settings=c["settings"] and {k: "sk-***" for k in c["settings"]})
        row = lambda c: {k: c[k] for k in ("id", "alias", "name", "providerId", "isActive")}
        listed = lambda found: {"items": [row(c) for c in found], "total": len(found)}
        if path == "/connections" and method == "POST":
            return 201, shown(self.create(body))
        if path == "/connections":
            wanted = query.get("filter", [""])[0].lower()
            return 200, listed([c for c in self.connections.values() if wanted in c["name"].lower()])
        if path == "/connections/capabilities":
            return 200, {"items": ["Chat"]}
        if path.startswith("/connections/capabilities/"):
            return 200, listed(list(self.connections.values()))
        found = self.find(parts[1])
        if found is None:
            return 404, {"title": "Not Found", "status": 404, "detail": "Connection not found"}
        if parts[-1] == "test":
            return 200, {"success": self.provider_says is None, "errorMessage": self.provider_says}
        if parts[-1] == "models":
            return 200, {"items": [{"id": "gpt-4o", "name": "GPT-4o", "capabilities": ["Chat"]}]}
        if method == "PUT":
            found.update({k: body[k] for k in ("name", "isActive", "settings")})
        if method == "DELETE":
            del self.connections[found["id"]]
            return 200, None
        return 200, shown(found)


def site_item(**changes):
    return {"id": ID, "alias": "main", "name": "Main", "providerId": "openai", "isActive": True,
            "settings": {"apiKey": SECRET}, **changes}


class Tour(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def file(self, text, name="settings.json"):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def on(self, fake, *arguments, token=TOKEN):
        done = run("--base-url", fake.url, *arguments, UMBRACO_TOKEN=token)
        for secret in (TOKEN, SECRET):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done

    def with_settings(self):
        return ("--settings", self.file(json.dumps({"apiKey": SECRET})))

    def assert_refused(self, done, words):
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(words, done.stderr)


class Embedded(Tour):
    def test_all_went_well_on_both_contracts(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertIn("The documented contract", done.stdout)
        self.assertIn("The observed contract", done.stdout)
        self.assertIn("✓ All went as it should", done.stdout)
        self.assertNotIn("✗", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_no_secret_and_no_token_is_shown(self):
        for arguments in ((), ("--json",)):
            done = run(*arguments)
            shown = done.stdout + done.stderr
            self.assertNotIn("sk-tour", shown)
            self.assertIsNone(re.search(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", shown))

    def test_json_lines_have_the_nine_endpoints_of_each_contract(self):
        done = run("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        seen = {"documented": set(), "observed": set()}
        for line in done.stdout.splitlines():
            step = json.loads(line)
            self.assertEqual(list(step), ["contract", "step", "method", "target", "status", "milliseconds", "ok", "result"])
            self.assertIs(step["ok"], True)
            self.assertGreater(step["milliseconds"], 0)
            path = step["target"].split("?")[0]
            self.assertTrue(path.startswith(BASE + "/connections"), path)
            path = re.sub(r"/connections/(tour-[0-9a-f]{8}|[0-9a-f-]{36})", "/connections/{idOrAlias}", path[len(BASE):])
            path = re.sub(r"/capabilities/.+", "/capabilities/{capability}", path)
            # Of a step with several requests, the last is told.
            known = {"update": "PUT /connections/{idOrAlias}", "with_capability": "GET /connections/capabilities/{capability}"}
            seen[step["contract"]].add(known.get(step["step"], step["method"] + " " + path))
        nine = {"GET /connections", "GET /connections/{idOrAlias}", "POST /connections", "PUT /connections/{idOrAlias}",
                "DELETE /connections/{idOrAlias}", "POST /connections/{idOrAlias}/test", "GET /connections/capabilities",
                "GET /connections/capabilities/{capability}", "GET /connections/{idOrAlias}/models"}
        self.assertEqual(seen, {"documented": nine, "observed": nine})

    def test_the_table_shows_every_request_of_a_call(self):
        shown = run(COLUMNS="120").stdout
        self.assertEqual(len(re.findall(r"PUT +/connections/", shown)), 2)
        self.assertIn("/connections?capability=Chat", shown)
        self.assertRegex(shown, r"with_capability GET +/connections/capabilities/Chat +404")

    def test_the_table_fits_the_terminal(self):
        for columns, most in ((40, 80), (80, 80), (97, 97), (120, 120), (300, 120)):
            code, shown = run_in_terminal(columns)
            self.assertEqual(code, 0)
            self.assertIn("\x1b[32m", shown)
            widths = [len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()]
            self.assertEqual(max(widths), most)

    def test_no_color_means_none(self):
        code, shown = run_in_terminal(100, NO_COLOR="1")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", shown)

    def test_without_utf8_the_table_is_ascii(self):
        done = run(LC_ALL="C")
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.isascii())


class Refusals(Tour):
    def test_help_tells_it_all(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--base-url", "--provider", "--settings", "--read-only", "--timeout", "--json", "UMBRACO_TOKEN",
                     "UMBRACO_BASE_URL", "NO_COLOR", "Examples:", "Exit codes:", "64", "130"):
            self.assertIn(word, done.stdout)
        self.assertLessEqual(max(len(line) for line in done.stdout.splitlines()), 80)

    def test_a_token_on_the_command_line_is_refused_and_not_repeated(self):
        for arguments in (("--token", SECRET), ("--token=" + SECRET,)):
            done = run(*arguments)
            self.assert_refused(done, "UMBRACO_TOKEN")
            self.assertNotIn(SECRET, done.stderr)

    def test_what_nobody_knows_is_refused(self):
        self.assert_refused(run("--verbose"), "--verbose")
        self.assert_refused(run("surplus"), "surplus")
        self.assert_refused(run("--base-url"), "--base-url needs")
        self.assert_refused(run("--base-url", "--json"), "--base-url needs")
        self.assert_refused(run("--json=1"), "--json")

    def test_times_that_are_none_are_refused(self):
        for text in ("0", "-1", "x", "3601", "1.5", "99999999999999999999"):
            self.assert_refused(run("--timeout", text), "1 to 3600")

    def test_options_that_need_a_server_are_refused_without_one(self):
        self.assert_refused(run("--read-only"), "--read-only needs a server")
        self.assert_refused(run("--provider", "openai"), "--provider needs a server")
        self.assert_refused(run("--read-only", "--provider", "openai", UMBRACO_BASE_URL="http://localhost:9"), "no use")

    def test_urls_that_are_none_are_refused(self):
        for url in ("cms.example.com", "ftp://cms.example.com", "http://", "http://h:0", "http://u:pass-word@h", "http://h/elsewhere"):
            done = run("--base-url", url)
            self.assert_refused(done, "base URL")
            self.assertNotIn("pass-word", done.stderr)
        self.assert_refused(run(UMBRACO_BASE_URL="nowhere"), "base URL")

    def test_settings_that_cannot_be_sent_are_refused_before_anything_is(self):
        cases = {"{": "JSON", "[]": "object", "null": "null", "": "JSON", '{"a":1,"a":2}': "twice", '{"apiKey":"sk-***"}': "masked"}
        with Fake() as fake:
            for text, words in cases.items():
                done = self.on(fake, "--settings", self.file(text))
                self.assert_refused(done, words)
            self.assert_refused(self.on(fake, "--settings", self.folder.name), "folder")
            self.assert_refused(self.on(fake, "--settings", os.path.join(self.folder.name, "absent")), "No such file")
            self.assertEqual(fake.seen, [])


class OnAServer(Tour):
    def test_all_steps_with_settings(self):
        with Fake() as fake:
            done = self.on(fake, *self.with_settings())
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(fake.connections, {})
            self.assertEqual(fake.tokens, {"Bearer " + TOKEN})
            self.assertNotIn("skipped", done.stdout)

    def test_the_url_may_come_from_the_environment(self):
        with Fake() as fake:
            done = run("--json", UMBRACO_BASE_URL=fake.url + "/umbraco", UMBRACO_TOKEN=TOKEN)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual({json.loads(line)["contract"] for line in done.stdout.splitlines()}, {"server"})

    def test_without_settings_test_and_models_are_skipped(self):
        with Fake() as fake:
            done = self.on(fake, "--provider", "anthropic")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("No --settings", done.stdout)
            self.assertFalse([path for _, path in fake.seen if path.endswith(("/test", "/models"))])
            self.assertEqual(fake.connections, {})

    def test_read_only_sends_nothing_but_get(self):
        with Fake(items=[site_item()]) as fake:
            done = self.on(fake, "--read-only")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(set(fake.methods()), {"GET"})
            self.assertEqual({path for _, path in fake.seen},
                             {"/connections", "/connections/" + ID, "/connections/main", "/connections/capabilities",
                              "/connections/capabilities/Chat", "/connections/%s/models" % ID})

    def test_read_only_on_an_empty_site(self):
        with Fake() as fake:
            done = self.on(fake, "--read-only")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(set(fake.methods()), {"GET"})

    def test_text_of_the_server_cannot_steer_the_terminal(self):
        with Fake(items=[site_item(name="\x1b[31mred\x07 ü \x9b", alias="main")]) as fake:
            done = self.on(fake, "--read-only")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout))


class OnABrokenServer(Tour):
    def assert_names(self, done, step):
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("step '%s' failed" % step, done.stderr)
        self.assertIn("why:", done.stderr)
        self.assertRegex(done.stderr, r"what to do: \S")

    def test_a_failing_update_still_deletes(self):
        with Fake(breaks={("PUT", ID): 500}) as fake:
            done = self.on(fake, *self.with_settings())
            self.assert_names(done, "update")
            self.assertIn("HTTP 500", done.stderr)
            self.assertIn("DELETE", fake.methods())
            self.assertEqual(fake.connections, {})

    def test_json_tells_the_failure(self):
        with Fake(breaks={("PUT", ID): 500}) as fake:
            done = self.on(fake, "--json", *self.with_settings())
            self.assert_names(done, "update")
            failed = [step for step in map(json.loads, done.stdout.splitlines()) if not step["ok"]]
            self.assertEqual([(s["step"], s["method"], s["status"]) for s in failed], [("update", "PUT", 500)])
            self.assertIn("no luck with *** and ***", failed[0]["error"])

    def test_each_failing_step_still_deletes(self):
        steps = {"get by id": ("GET", ID), "list": ("GET", "/connections"), "test": ("POST", "/test"),
                 "capabilities": ("GET", "/capabilities"), "with_capability": ("GET", "/capabilities/Chat"), "models": ("GET", "/models")}
        for step, broken in steps.items():
            for status in (500, 403, 302):
                with self.subTest(step=step, status=status), Fake(breaks={broken: status}) as fake:
                    self.assert_names(self.on(fake, *self.with_settings()), step)
                    self.assertEqual(fake.connections, {})

    def test_a_provider_that_refuses_the_key_and_repeats_it(self):
        with Fake(provider_says="Incorrect API key: open sesame") as fake:
            done = self.on(fake, "--settings", self.file(json.dumps({"nested": {"keys": ["open sesame"]}})))
            self.assert_names(done, "test")
            self.assertIn("Incorrect API key: ***", done.stderr)
            self.assertNotIn("sesame", done.stdout + done.stderr)
            self.assertIn("--settings", done.stderr)
            self.assertEqual(fake.connections, {})

    def test_a_create_that_failed_but_was_done_is_found_and_deleted(self):
        with Fake(breaks={("POST", "/connections"): 500}, applies_broken_create=True) as fake:
            done = self.on(fake, *self.with_settings())
            self.assert_names(done, "create")
            self.assertEqual(fake.connections, {})
            self.assertIn("was deleted", done.stderr)

    def test_a_create_that_failed_and_was_not_done_leaves_nothing(self):
        with Fake(breaks={("POST", "/connections"): 500}) as fake:
            done = self.on(fake, *self.with_settings())
            self.assert_names(done, "create")
            self.assertIn("There is no connection", done.stderr)
            self.assertNotIn("DELETE", fake.methods())

    def test_a_refused_create_is_not_looked_for(self):
        with Fake(breaks={("POST", "/connections"): 400}) as fake:
            self.assert_names(self.on(fake, *self.with_settings()), "create")
            self.assertEqual(fake.methods(), ["POST"])

    def test_what_cannot_be_deleted_is_named(self):
        with Fake(breaks={("DELETE", ID): 500}) as fake:
            done = self.on(fake, *self.with_settings())
            self.assert_names(done, "remove")
            self.assertIn("LEFT BEHIND", done.stderr)
            self.assertIn(ID, done.stderr)
            self.assertIn(fake.connections[ID]["alias"], done.stderr)

    def test_a_wrong_token(self):
        with Fake() as fake:
            done = self.on(fake, token="another-token")
            self.assert_names(done, "create")
            self.assertIn("UMBRACO_TOKEN", done.stderr)
            self.assertEqual(fake.methods(), ["POST"])
            self.assertNotIn("another-token", done.stdout + done.stderr)

    def test_an_empty_token_is_refused_before_anything_is_sent(self):
        with Fake() as fake:
            self.assert_names(self.on(fake, token=""), "create")
            self.assertEqual(fake.seen, [])

    def test_a_port_where_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            for scheme in ("http", "https"):
                done = run("--base-url", "%s://127.0.0.1:%d" % (scheme, taken.getsockname()[1]), UMBRACO_TOKEN=TOKEN)
                self.assert_names(done, "create")

    def test_a_token_does_not_travel_in_the_clear(self):
        done = run("--base-url", "http://cms.invalid", UMBRACO_TOKEN=TOKEN)
        self.assert_names(done, "create")
        self.assertIn("plain http", done.stderr)

    def test_a_server_that_does_not_answer(self):
        with Fake(hangs_on=("GET", "capabilities")) as fake:
            done = self.on(fake, "--timeout", "1")
            self.assert_names(done, "capabilities")
            self.assertIn("--timeout", done.stderr)
            self.assertEqual(fake.connections, {})


class Interrupted(Tour):
    def interrupt(self, hangs_on, signal_number, let_go_first):
        with Fake(hangs_on=hangs_on) as fake:
            environment = dict(os.environ, UMBRACO_TOKEN=TOKEN, LC_ALL="C.UTF-8")
            # Programs started in the background of a shell ignore SIGINT, and so do their children.
            child = subprocess.Popen([TOUR, "--base-url", fake.url, *self.with_settings()], env=environment, encoding="utf-8",
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            self.assertTrue(fake.is_hanging.wait(30))
            child.send_signal(signal_number)
            if let_go_first:
                fake.let_go.set()
            output, errors = child.communicate(timeout=30)
            self.assertEqual(child.returncode, 128 + signal_number, output + errors)
            self.assertIn("interrupted", errors)
            self.assertIn("was deleted", errors)
            self.assertEqual(fake.connections, {})
            self.assertIn("DELETE", fake.methods())

    def test_during_a_read(self):
        self.interrupt(("GET", "capabilities"), signal.SIGINT, False)

    def test_during_a_write(self):
        self.interrupt(("POST", "connections"), signal.SIGINT, True)

    def test_by_another_signal(self):
        self.interrupt(("GET", "models"), signal.SIGTERM, False)

    def test_a_reader_that_went_away(self):
        with Fake() as fake:
            reading, writing = os.pipe()
            os.close(reading)
            child = subprocess.Popen([TOUR, "--base-url", fake.url], env=dict(os.environ, UMBRACO_TOKEN=TOKEN), stdout=writing,
                                     stderr=subprocess.PIPE, encoding="utf-8")
            os.close(writing)
            _, errors = child.communicate(timeout=30)
            self.assertEqual(child.returncode, 1, errors)
            self.assertIn("could not be written", errors)
            self.assertEqual(fake.connections, {})


def main():
    global TOUR
    if len(sys.argv) != 2:
        sys.exit("usage: tour_test.py PATH_TO_TOUR")
    TOUR = os.path.abspath(sys.argv[1])
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    bad = len(outcome.failures) + len(outcome.errors)
    print("tour_test: %d tests, %d failed" % (outcome.testsRun, bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

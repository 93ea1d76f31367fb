#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the headers under include/: layers, guards, licence line, includes, macros and words that some compiler refuses.

Prints one line per finding; exit code 1 where there is one.
"""

import argparse
import fnmatch
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import amalgamate  # noqa: E402

# From low to high. A header includes headers of its own layer (without a cycle) or of a lower one. The first pattern
# that matches counts, exact names before patterns.
LAYERS = (
    ("version", ("version.hpp", "sixteen_bytes.hpp")),
    ("errc, result", ("errc.hpp", "result.hpp", "wipe.hpp")),
    ("http", ("http/headers.hpp", "http/message.hpp", "http/origin.hpp", "http/sink.hpp", "http/trace.hpp", "http/uri.hpp")),
    ("http1", ("http1/*.hpp",)),
    ("json", ("json/*.hpp",)),
    ("model", ("model/*.hpp",)),
    ("endpoint", ("route.hpp", "parameter.hpp", "answer.hpp", "descriptor.hpp", "endpoint_declaration.hpp", "endpoint.hpp")),
    ("endpoints", ("endpoints/*.hpp",)),
    ("embedded", ("embedded/*.hpp",)),
    ("auth, retry", ("auth.hpp", "observer.hpp", "options.hpp", "request_writer.hpp", "retry.hpp", "sign_in.hpp")),
    ("machines", ("machine.hpp", "call_report.hpp", "sent_secrets.hpp", "client_context.hpp", "call_machine.hpp", "exchange.hpp", "operations/*.hpp")),
    ("transport", ("transport.hpp", "byte_pipe.hpp", "pipe_transport.hpp")),
    ("client", ("client.hpp", "stepper.hpp")),
    ("testing", ("testing/*.hpp",)),
    ("core", ("core.hpp",)),
    ("asio, beast", ("asio/*.hpp", "beast/*.hpp")),
    ("testing servers", ("testing/detail/server_thread.hpp", "testing/loopback_server.hpp", "testing/raw_server.hpp", "testing/test_certificates.hpp")),
    ("testing of transports", ("testing/conformance.hpp", "testing/detail/conformance_bench.hpp", "testing/detail/conformance_declared.hpp", "testing/detail/conformance_failures.hpp", "testing/detail/conformance_messages.hpp")),
    ("umbraco_ai", ("umbraco_ai.hpp",)),
    ("testing umbrella", ("testing.hpp",)),
)
NAMES = tuple(name for name, _ in LAYERS)
FIRST_WITH_BOOST = NAMES.index("asio, beast")
TESTING = ("testing", "testing servers", "testing of transports")

# Headers that a user includes on purpose, because they need more than the umbrella does, or not to need what it does.
IN_NO_UMBRELLA = ("beast/compiled_client.hpp", "beast/compiled_client_source.hpp")

FORBIDDEN = {
    "iostream": "brings static objects; use <iosfwd> and templates over the stream",
    "regex": "is slow and large",
    "boost/asio.hpp": "is everything at once; include fine-grained headers",
    "boost/beast.hpp": "is everything at once; include fine-grained headers",
}
# What some compiler or platform takes for a macro or does not know. Outside of string literals.
NOT_PORTABLE = (
    (re.compile(r"(?<!\()\bstd::(?:ranges::)?(min|max)\("), "write (std::{0})(…), since {0} is a macro on some platforms"),
    (re.compile(r"::(min|max)\(\)"), "write (…::{0})(), since {0} is a macro on some platforms"),
    (re.compile(r"\b(interface|small|near|far|DELETE|ERROR|IN|OUT|OPTIONAL|TRUE|FALSE|BOOL|GetObject|GetMessage|SendMessage)\b"),
     "{0} is a macro on some platforms"),
    (re.compile(r"\b(__(?!cpp_|cplusplus\b|has_include\b|has_feature\b|SANITIZE_ADDRESS__\b|has_cpp_attribute\b|GNUC__\b|clang__\b|SSE2__\b|ARM_NEON\b|ARM_BIG_ENDIAN\b|builtin_ia32_(?:pmovmskb|packuswb)128\b)\w+)"), "{0} is not known to every compiler"),
    (re.compile(r"\b(typeof|alloca|asm)\b"), "{0} is not known to every compiler"),
)
LITERAL = re.compile(r'''"(?:\\.|[^"\\])*"''')
FORBIDDEN_IN_CORE = ("thread", "mutex", "shared_mutex", "condition_variable", "future")
FORBIDDEN_FOLDERS_IN_CORE = ("boost/", "openssl/")


def layer_of(name):
    """The number of the layer of a header (its path below umbraco_ai/), or None."""
    for exact in (True, False):
        for number, (_, patterns) in enumerate(LAYERS):
            for pattern in patterns:
                if ("*" not in pattern) == exact and fnmatch.fnmatchcase(name, pattern):
                    return number
    return None


def names(root):
    base = root / "include" / "umbraco_ai"
    return sorted(path.relative_to(base).as_posix() for path in base.rglob("*.hpp"))


def needs_boost(name):
    layer = layer_of(name)
    return layer is not None and layer >= FIRST_WITH_BOOST


class Checker:
    def __init__(self, root):
        self.root = root
        self.findings = []
        self.includes = {}  # name: [(line number, own name)]

    def find(self, where, text):
        self.findings.append(f"{where}: {text}")

    def run(self):
        base = self.root / "include"
        for path in sorted(path for path in base.rglob("*") if path.is_file()):
            name = path.relative_to(base).as_posix()
            if not amalgamate.OWN.fullmatch(name):
                self.find(f"include/{name}", "not a header of this library: umbraco_ai/<lower_case>.hpp")
        for name in names(self.root):
            self.check_one(name)
        self.check_layers()
        self.check_cycles()
        self.check_umbrellas()
        return self.findings

    def check_one(self, name):
        where = f"include/umbraco_ai/{name}"
        path = self.root / where
        try:
            text = amalgamate.read(path, where)
            lines = amalgamate.logical_lines(text, where)
        except amalgamate.Problem as problem:
            self.findings.append(str(problem))
            self.includes[name] = []
            return
        if text.split("\n", 1)[0] != amalgamate.LICENCE:
            self.find(f"{where}:1", f"the first line is not {amalgamate.LICENCE}")
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b", line):
                self.find(f"{where}:{number}", f"says that something is unfinished: {line.strip()}")
        self.check_guard(where, name, lines)

        own = self.includes[name] = []
        for line in lines:
            for pattern, why in NOT_PORTABLE:
                found = pattern.search(LITERAL.sub('""', line.code))
                if found:
                    self.find(f"{where}:{line.number}", why.format(found.group(1)))
            directive = line.directive()
            if directive is None:
                continue
            what, rest = directive
            if what == "pragma" and rest.split()[:1] == ["once"]:
                self.find(f"{where}:{line.number}", "#pragma once")
            if what == "define" and not rest.startswith("UMBRACO_AI_"):
                macro = re.match(r"\w*", rest).group()
                self.find(f"{where}:{line.number}", f"macro {macro} does not begin with UMBRACO_AI_")
            if what == "include":
                try:
                    target = amalgamate.include_target(line, where)
                except amalgamate.Problem as problem:
                    self.findings.append(str(problem))
                    continue
                self.check_include(f"{where}:{line.number}", name, target)
                if target.startswith("<umbraco_ai/"):
                    own.append((line.number, target[len("<umbraco_ai/"):-1]))

    def check_guard(self, where, name, lines):
        guard = amalgamate.guard_of(f"umbraco_ai/{name}")
        code = [line for line in lines if line.code]
        opening = [line.directive() for line in code[:2]]
        if opening != [("ifndef", guard), ("define", guard)]:
            number = code[0].number if code else 1
            self.find(f"{where}:{number}", f"the include guard of this path is {guard}")
        elif code[-1].directive() is None or code[-1].directive()[0] != "endif":
            self.find(f"{where}:{code[-1].number}", "code after the include guard")

    def check_include(self, where, name, target):
        inner = target[1:-1]
        if target.startswith('"'):
            self.find(where, f"#include {target}: use <umbraco_ai/…>")
        if inner in FORBIDDEN:
            self.find(where, f"<{inner}> {FORBIDDEN[inner]}")
        if not needs_boost(name):
            if inner in FORBIDDEN_IN_CORE:
                self.find(where, f"<{inner}> in the core, which runs where there are no threads")
            if inner.startswith(FORBIDDEN_FOLDERS_IN_CORE):
                self.find(where, f"<{inner}> in the core, which needs neither Boost nor OpenSSL")

    def check_layers(self):
        for name, own in self.includes.items():
            layer = layer_of(name)
            if layer is None:
                self.find(f"include/umbraco_ai/{name}", "in no layer: add it to the table in tools/check_headers.py")
                continue
            for number, included in own:
                where = f"include/umbraco_ai/{name}:{number}"
                if included not in self.includes:
                    self.find(where, f"<umbraco_ai/{included}> does not exist")
                    continue
                other = layer_of(included)
                if other is not None and other > layer:
                    self.find(where, f"<umbraco_ai/{included}> is of a higher layer: {NAMES[other]}, above {NAMES[layer]}")

    def check_cycles(self):
        done, reported = set(), set()

        def visit(name, chain):
            if name in chain:
                cycle = chain[chain.index(name):]
                if frozenset(cycle) not in reported:
                    reported.add(frozenset(cycle))
                    first = cycle.index(min(cycle))
                    cycle = cycle[first:] + cycle[:first]
                    self.find(f"include/umbraco_ai/{cycle[0]}", "include cycle: " + " → ".join(cycle + cycle[:1]))
                return
            if name in done:
                return
            for _, included in self.includes.get(name, ()):
                visit(included, chain + [name])
            done.add(name)

        for name in self.includes:
            visit(name, [])

    def reached_from(self, name):
        reached, open_ = set(), [name]
        while open_:
            current = open_.pop()
            if current not in reached:
                reached.add(current)
                open_ += [included for _, included in self.includes.get(current, ())]
        return reached

    def check_umbrellas(self):
        def wanted(name, umbrella):
            layer = layer_of(name)
            if layer is None or name in IN_NO_UMBRELLA or layer > layer_of(umbrella):
                return False
            return umbrella == "testing.hpp" or NAMES[layer] not in TESTING

        for umbrella in (f"{name}.hpp" for name in amalgamate.UMBRELLAS):
            if umbrella not in self.includes:
                self.find(f"include/umbraco_ai/{umbrella}", "the umbrella is missing")
                continue
            reached = self.reached_from(umbrella)
            for name in self.includes:
                if wanted(name, umbrella) and name not in reached:
                    self.find(
                        f"include/umbraco_ai/{umbrella}",
                        f"does not reach <umbraco_ai/{name}>: include it, or name it in IN_NO_UMBRELLA in tools/check_headers.py",
                    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks the headers under include/.")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", choices=("core", "boost"), help="print the headers that need no Boost, or that do")
    options = parser.parse_args(arguments)
    if options.list:
        for name in names(options.root):
            if needs_boost(name) == (options.list == "boost"):
                print(name)
        return 0
    findings = Checker(options.root).run()
    for finding in findings:
        print(finding)
    if not findings:
        print(f"{len(names(options.root))} headers, nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())

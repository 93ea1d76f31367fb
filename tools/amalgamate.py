#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes single_include/umbraco_ai/{core,umbraco_ai,testing}.hpp from the headers under include/.

Each header is inlined once, in dependency order, inside its own include guard, so that the results can be included
together, in any order, and beside the headers they were made from. Whatever cannot be inlined without guessing is an
error.

Exit code: 0 done, or nothing stale; 1 stale (--check); 2 the headers cannot be amalgamated.
"""

import argparse
import difflib
import pathlib
import re
import sys

UMBRELLAS = ("core", "umbraco_ai", "testing")
LICENCE = "// SPDX-License-Identifier: MIT"
OWN = re.compile(r"umbraco_ai/[a-z0-9_]+(?:/[a-z0-9_]+)*\.hpp")
KNOWN_DIRECTIVES = frozenset(
    "if ifdef ifndef elif elifdef elifndef else endif define undef include error warning pragma".split()
)


class Problem(Exception):
    """Something in a header that this tool does not guess about."""


class Line:
    """A logical line: `text` as written, `code` without comments and joined over line splices."""

    def __init__(self, number, text, code):
        self.number = number
        self.text = text
        self.code = code.strip()

    def directive(self):
        """(name, rest) of a preprocessor line, else None."""
        if not self.code.startswith("#"):
            return None
        found = re.fullmatch(r"#\s*(\w*)\s*(.*)", self.code, re.S)
        return found.group(1), found.group(2)


TOKEN = re.compile(
    r"""
      (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
    | (?P<splice>\\\n)
    | (?P<literal>
          (?:u8|[uUL])?R"(?P<tag>[^()\\\s"]{0,16})\(.*?\)(?P=tag)"
        | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*"
        | (?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
    | (?P<number>\.?[0-9](?:[eEpP][+-]|'?[0-9A-Za-z_]|\.)*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<newline>\n)
    | (?P<other>.)
    """,
    re.S | re.X,
)


def logical_lines(text, name):
    """Splits a source into logical lines; a newline inside a comment, a raw string or a splice does not end one."""
    lines = []
    number = start = 1
    whole, code = [], []
    for token in TOKEN.finditer(text):
        kind, spelling = token.lastgroup, token.group()
        if kind == "tag":
            kind = "literal"
        if kind == "other" and (spelling in "\"'" or text.startswith("/*", token.start())):
            raise Problem(f"{name}:{number}: a literal or a comment that does not end")
        if kind == "newline":
            lines.append(Line(start, "".join(whole), "".join(code)))
            whole, code = [], []
            number += 1
            start = number
            continue
        number += spelling.count("\n")
        whole.append(spelling)
        code.append({"comment": " ", "splice": ""}.get(kind, spelling))
    return lines


def read(path, name):
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except FileNotFoundError:
        raise Problem(f"{name}: no such file") from None
    except UnicodeDecodeError:
        raise Problem(f"{name}: not UTF-8") from None
    if text.startswith("\ufeff"):
        raise Problem(f"{name}: begins with a byte order mark")
    if "\r" in text:
        raise Problem(f"{name}: carriage returns; lines end in \\n")
    if not text.endswith("\n"):
        raise Problem(f"{name}: the last line does not end")
    return text


def guard_of(name):
    """The include guard that the path asks for: umbraco_ai/http/uri.hpp gives UMBRACO_AI_HTTP_URI_HPP."""
    return "UMBRACO_AI_" + re.sub(r"[/.]", "_", name[len("umbraco_ai/"):]).upper()


def include_target(line, name):
    """What an #include names, with its brackets or quotes."""
    rest = line.directive()[1]
    found = re.fullmatch(r"<[^<>\"\s]+>|\"[^\"\s]+\"", rest)
    if not found:
        raise Problem(f"{name}:{line.number}: #include by macro, or not readable: {line.code}")
    return rest


class Header:
    """One header taken apart: its guard, its includes, what stands before the guard and between guard and end."""

    def __init__(self, name, text):
        self.name = name
        self.guard = guard_of(name)
        self.own_includes = []  # (line number, name)
        self.other_includes = []
        self.before = []
        self.body = []
        self._parse(logical_lines(text, name))

    def _fail(self, line, text):
        raise Problem(f"{self.name}:{line.number}: {text}")

    def _parse(self, lines):
        depth = 0
        asks = False  # whether the branch around begins by #if __has_include(…), or is the #else to it
        state = "before"
        seen_code = seen_declaration = False
        for line in lines:
            if line.code.startswith(("%:", "??=")):
                self._fail(line, "a directive written with a digraph or trigraph")
            directive = line.directive()

            if state == "before":
                if not line.code:
                    self.before.append(line.text)
                elif directive == ("ifndef", self.guard):
                    state = "define"
                else:
                    self._check_allowed(line, directive)
                    self._fail(line, f"no include guard: expected #ifndef {self.guard}")
                continue
            if state == "define":
                if directive != ("define", self.guard):
                    self._fail(line, f"no include guard: expected #define {self.guard} right after its #ifndef")
                state = "inside"
                depth = 1
                continue
            if state == "after":
                if line.code:
                    self._fail(line, "code after the end of the include guard")
                continue

            if directive is not None:
                self._check_allowed(line, directive)
                what = directive[0]
                if what in ("if", "ifdef", "ifndef"):
                    depth += 1
                    if depth == 2:
                        asks = self._asks_for_header(directive)
                elif what.startswith("el") and depth == 1:
                    self._fail(line, f"#{what} of the include guard")
                elif what.startswith("elif") and depth == 2:
                    asks = self._asks_for_header(directive)
                elif what == "endif":
                    depth -= 1
                    if depth == 0:
                        state = "after"
                        continue
                elif what == "include":
                    if depth == 2 and asks and not seen_declaration and self._is_of_system(line):
                        self.body.append(line.text)
                    else:
                        self._include(line, depth, seen_code)
                    continue
            elif line.code:
                seen_declaration = True
            if line.code:
                seen_code = True
            self.body.append(line.text)
        if state in ("before", "define"):
            raise Problem(f"{self.name}: no include guard: expected #ifndef {self.guard}")
        if state == "inside":
            raise Problem(f"{self.name}: an #if that does not end")

    def _check_allowed(self, line, directive):
        if directive is None:
            return
        what, rest = directive
        if what and what not in KNOWN_DIRECTIVES:
            self._fail(line, f"#{what} is not handled")
        if what == "pragma" and rest.split()[:1] == ["once"]:
            self._fail(line, "#pragma once; use the include guard only")
        if what in ("undef", "define") and re.match(r"\w*", rest).group() == self.guard:
            self._fail(line, "the include guard is defined again, or undefined")
        if what in ("if", "elif") and "__has_include" in rest and "umbraco_ai/" in rest:
            self._fail(line, "__has_include of a header that is inlined")

    @staticmethod
    def _asks_for_header(directive):
        what, rest = directive
        return what in ("if", "elif") and re.match(r"__has_include\s*\(", rest) is not None

    def _is_of_system(self, line):
        """A header that not every system has stays where it stands, under the question for it."""
        target = include_target(line, self.name)
        return target.startswith("<") and not target.startswith("<umbraco_ai/")

    def _include(self, line, depth, seen_code):
        target = include_target(line, self.name)
        if depth != 1:
            self._fail(line, f"#include {target} inside a conditional")
        if seen_code:
            self._fail(line, f"#include {target} below other code; hoisting it could change its meaning")
        if target.startswith('"'):
            self._fail(line, f"#include {target} with quotes; use <umbraco_ai/…> or a system include")
        inner = target[1:-1]
        if not inner.startswith("umbraco_ai/"):
            self.other_includes.append(inner)
        elif OWN.fullmatch(inner):
            self.own_includes.append((line.number, inner))
        else:
            self._fail(line, f"#include {target} is no plain path of a header")


class Tree:
    def __init__(self, include):
        self.include = include
        self.headers = {}
        self.guards = {}

    def header(self, name):
        if name not in self.headers:
            made = Header(name, read(self.include / name, name))
            other = self.guards.setdefault(made.guard, name)
            if other != name:
                raise Problem(f"{name}: the same include guard as {other}")
            self.headers[name] = made
        return self.headers[name]

    def in_order(self, name):
        """The header and all it includes, each after what it includes."""
        done, order = set(), []

        def visit(current, chain):
            if current in chain:
                raise Problem("include cycle: " + " → ".join(chain[chain.index(current):] + [current]))
            if current in done:
                return
            for number, included in self.header(current).own_includes:
                if not (self.include / included).is_file():
                    raise Problem(f"{current}:{number}: #include <{included}>: no such file")
                visit(included, chain + [current])
            done.add(current)
            order.append(self.headers[current])

        visit(name, [])
        return order


def version_of(tree):
    text = "\n".join(tree.header("umbraco_ai/version.hpp").body)
    parts = []
    for part in ("MAJOR", "MINOR", "PATCH"):
        found = re.findall(rf"^#define UMBRACO_AI_VERSION_{part} ([0-9]+)$", text, re.M)
        if len(found) != 1:
            raise Problem(f"umbraco_ai/version.hpp: expected one line #define UMBRACO_AI_VERSION_{part} <number>")
        parts.append(found[0])
    return ".".join(parts)


def include_group(name):
    if name.startswith("nlohmann/"):
        return 0
    if name.startswith("boost/"):
        return 1
    return 2 if "/" in name or "." in name else 3


def trimmed(lines):
    """The lines without blank ones at either end, and without two blank ones in a row."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() if not line.strip() else line for line in lines))
    return text.strip("\n").split("\n") if text.strip("\n") else []


def amalgamate(tree, umbrella):
    order = tree.in_order(f"umbraco_ai/{umbrella}.hpp")
    out = [
        LICENCE,
        f"// Generated by tools/amalgamate.py from version {version_of(tree)}, do not edit.",
        "",
    ]
    others = sorted({name for header in order for name in header.other_includes}, key=lambda n: (include_group(n), n))
    for index, name in enumerate(others):
        if index and include_group(name) != include_group(others[index - 1]):
            out.append("")
        out.append(f"#include <{name}>")
    for header in order:
        before = trimmed([line for line in header.before if line.strip() != LICENCE])
        out += ["", f"// ---- {header.name} ----", *before]
        out += [f"#ifndef {header.guard}", f"#define {header.guard}"]
        body = trimmed(header.body)
        if body:
            out += ["", *body, ""]
        out += [f"#endif  // {header.guard}"]
    return "\n".join(out) + "\n"


def generate(root):
    """{path relative to the root: text} of every output."""
    tree = Tree(root / "include")
    return {f"single_include/umbraco_ai/{name}.hpp": amalgamate(tree, name) for name in UMBRELLAS}


def check(root, outputs, shown=12):
    """Prints what is stale; whether nothing is."""
    fresh = True
    folder = root / "single_include"
    for extra in sorted(path.relative_to(root).as_posix() for path in folder.rglob("*") if path.is_file()):
        if extra not in outputs:
            print(f"stale: {extra}: not made by tools/amalgamate.py")
            fresh = False
    for name, text in outputs.items():
        path = root / name
        if not path.is_file():
            print(f"stale: {name}: missing")
            fresh = False
            continue
        there = path.read_bytes().decode("utf-8", "replace")
        if there == text:
            continue
        fresh = False
        diff = list(difflib.unified_diff(there.split("\n"), text.split("\n"), "committed", "generated", n=1, lineterm=""))
        changed = [line for line in diff[2:] if line[:1] in "+-"]
        added = sum(line.startswith("+") for line in changed)
        print(f"stale: {name}: {added} lines to add, {len(changed) - added} to remove")
        for line in diff[:shown]:
            print("    " + line)
        if len(diff) > shown:
            print(f"    … {len(diff) - shown} more lines of diff")
    if not fresh:
        print("run tools/amalgamate.py and commit the result")
    return fresh


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Makes the headers under single_include/.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a header is stale")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args(arguments)
    try:
        outputs = generate(options.root)
    except Problem as problem:
        print(f"amalgamate: {problem}", file=sys.stderr)
        return 2
    if options.check:
        return 0 if check(options.root, outputs) else 1
    for name, text in outputs.items():
        path = options.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        print(f"{name}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stderr.reconfigure(encoding="utf-8")
    sys.exit(main())

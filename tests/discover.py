#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""discover.py <program> <prefix> <list.cmake>: writes one ctest test for each test case of a Catch2 program.

The lists that Catch2 makes lose names with a semicolon, and a name that the program does not find again passes without
running in Catch2 2. Here every unusual name is asked for once, and must be found, alone.
"""

import pathlib
import re
import subprocess
import sys

TIMEOUT = 120


def ask(program, *arguments):
    """The exit code and the lines that a program printed."""
    made = subprocess.run([program, *arguments], stdout=subprocess.PIPE, encoding="utf-8")
    return made.returncode, [line for line in made.stdout.split("\n") if line.strip()]


def options_for_names(program):
    help_lines = "\n".join(ask(program, "--help")[1])
    if "--list-test-names-only" in help_lines:
        return ["--list-test-names-only"]
    return ["--list-tests", "--verbosity", "quiet"]


def names_of(program, options, *spec):
    code, lines = ask(program, *spec, *options)
    # Catch2 2 exits with the number of names, so only a signal tells that it failed.
    if code < 0:
        sys.exit(f"{program} crashed while it listed its test cases")
    # Catch2 2 quotes a name that would read as a comment.
    return [line[1:-1] if line.startswith('"#') else line for line in lines]


def spec_of(name):
    return re.sub(r"([\\,\[])", r"\\\1", name)


def bracket(text):
    return f"[===[{text}]===]"


def main(program, prefix, output):
    options = options_for_names(program)
    names = names_of(program, options)
    if not names:
        sys.exit(f"{program} has no test cases")
    out = []
    for name in names:
        spec = spec_of(name)
        if not re.fullmatch(r"[A-Za-z0-9 .:_()/'-]*", name) and names_of(program, options, spec) != [name]:
            sys.exit(f"{program} does not find this test case by its name; change the name: {name}")
        test = bracket(f"{prefix}: {name}")
        out.append(f"add_test({test} {bracket(program)} {bracket(spec)})")
        out.append(f"set_tests_properties({test} PROPERTIES LABELS case TIMEOUT {TIMEOUT} FAIL_REGULAR_EXPRESSION [===[No test cases matched|No tests ran]===])")
    pathlib.Path(output).write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py <case.cpp> -- <compiler> <flags…>: what must not compile does not, and says why.

A case begins with comment lines, of which at least one is

    // expect: <regular expression>          for every compiler
    // expect clang: <regular expression>    for one only: clang, or gcc

and holds `#ifndef UMBRACO_AI_NEGATIVE`, code that compiles, `#else`, its twin that does not, `#endif`. Each expectation
must match one line of the compiler's messages; source lines that a compiler quotes do not count.
"""

import os
import pathlib
import re
import subprocess
import sys


class Malformed(Exception):
    pass


def read_case(path, compiler):
    """The expectations for a compiler."""
    lines = path.read_text(encoding="utf-8").split("\n")
    expected = []
    for line in lines:
        if not line.startswith("//"):
            break
        found = re.fullmatch(r"// expect(?: (clang|gcc))?: (.+)", line)
        if found:
            if found.group(1) in (None, compiler):
                expected.append(re.compile(found.group(2)))
        elif line.startswith("// expect"):
            raise Malformed(f"not understood: {line}")
    if not expected:
        raise Malformed(f"no line // expect: <regular expression> for {compiler}")
    directives = [line.strip() for line in lines if re.match(r"\s*#\s*(if|el|endif)", line)]
    if directives != ["#ifndef UMBRACO_AI_NEGATIVE", "#else", "#endif"]:
        raise Malformed("expected #ifndef UMBRACO_AI_NEGATIVE, #else, #endif, and no other conditional")
    return expected


def kind_of(compiler):
    said = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return "clang" if "clang" in said else "gcc"


def compile_case(command, kind, path, negative):
    quoting = "-fno-caret-diagnostics" if kind == "clang" else "-fno-diagnostics-show-caret"
    made = subprocess.run(
        [*command, quoting, "-fsyntax-only", *(["-DUMBRACO_AI_NEGATIVE"] if negative else []), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    # The name of the case must not be what matches.
    return made.returncode, made.stdout.replace(str(path), "case.cpp")


def run(path, command):
    """What is wrong, as one text; empty where all is right."""
    kind = kind_of(command[0])
    try:
        expected = read_case(path, kind)
    except Malformed as malformed:
        return f"{path.name}: {malformed}"
    code, said = compile_case(command, kind, path, negative=False)
    if code != 0:
        return f"{path.name}: the twin that must compile does not:\n{said}"
    code, said = compile_case(command, kind, path, negative=True)
    if code == 0:
        return f"{path.name}: compiles, and must not"
    if code < 0 or "internal compiler error" in said or "PLEASE submit a bug report" in said:
        return f"{path.name}: the compiler crashed:\n{said}"
    for pattern in expected:
        if not any(pattern.search(line) for line in said.split("\n")):
            return f"{path.name}: does not compile, but no message matches {pattern.pattern!r}:\n{said}"
    return ""


def main(arguments):
    if len(arguments) < 3 or arguments[1] != "--":
        print(__doc__)
        return 2
    wrong = run(pathlib.Path(arguments[0]), arguments[2:])
    if wrong:
        print(wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""macros.py <include folder> <umbrella> <compiler> <flags…>: an umbrella leaves only macros that begin with UMBRACO_AI_.

What it includes of others comes first, and is not counted.
"""

import pathlib
import re
import subprocess
import sys


def macros(text, command):
    made = subprocess.run([*command, "-E", "-dM", "-x", "c++", "-"], input=text, stdout=subprocess.PIPE, encoding="utf-8")
    if made.returncode != 0:
        sys.exit("does not preprocess")
    found = (re.fullmatch(r"#define (\w+)(.*)", line) for line in made.stdout.split("\n"))
    return {match.group(1): match.group(2) for match in found if match}


def main():
    folder, umbrella, command = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    header = folder / "umbraco_ai" / f"{umbrella}.hpp"
    others = "".join(f"{line}\n" for line in header.read_text(encoding="utf-8").split("\n") if line.startswith("#include <"))
    if "#include <umbraco_ai/" in others or "#include <nlohmann/" not in others:
        sys.exit(f"{header} is no single header")
    before = macros(others, command)
    after = macros(f'{others}#include "{header}"\n', command)
    findings = [f"leaves the macro {name}" for name in sorted(after.keys() - before.keys()) if not name.startswith("UMBRACO_AI_")]
    findings += [f"takes away the macro {name}" for name in sorted(before.keys() - after.keys())]
    findings += [f"changes the macro {name}" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    for finding in findings:
        print(f"{umbrella}.hpp {finding}")
    own = sum(name.startswith("UMBRACO_AI_") for name in after)
    print(f"{len(before)} macros before, {own} of its own after")
    return 1 if findings or own == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

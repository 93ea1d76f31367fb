#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""orders.py <root> <compiler> <flags…>: the single headers, in any order, beside the headers they were made from, give the
same code as one alone.

Everything that is not of this library is an empty file here, so that only its own text is compared, and quickly.
"""

import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

UMBRELLAS = ("core", "umbraco_ai", "testing")


def code_of(includes, stubs, command):
    """The own lines that a compiler sees, sorted: the order of the sections may differ, what they say may not."""
    made = subprocess.run(
        [*command, "-E", "-P", "-nostdinc", "-I", str(stubs), "-x", "c++", "-"],
        input="".join(f'#include "{path}"\n' for path in includes),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if made.returncode != 0:
        sys.exit("does not preprocess: " + ", ".join(map(str, includes)))
    return sorted(line.strip() for line in made.stdout.split("\n") if line.strip())


def main():
    root, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    single = {name: root / "single_include/umbraco_ai" / f"{name}.hpp" for name in UMBRELLAS}
    original = {name: root / "include/umbraco_ai" / f"{name}.hpp" for name in UMBRELLAS}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        stubs = pathlib.Path(folder)
        text = single["testing"].read_text(encoding="utf-8")
        for name in re.findall(r"^#include <(.+)>$", text, re.M):
            (stubs / name).parent.mkdir(parents=True, exist_ok=True)
            (stubs / name).write_text("")
        command = [*(part for part in command if not part.startswith("-I")), "-I", str(root / "include")]

        alone = {name: code_of([single[name]], stubs, command) for name in UMBRELLAS}
        # An empty answer would equal another empty answer.
        if not all(any("namespace umbraco_ai" in line for line in lines) for lines in alone.values()):
            sys.exit("the preprocessor shows none of the library's code")
        cases = [[single[name] for name in order] for size in (2, 3) for order in itertools.permutations(UMBRELLAS, size)]
        for one, other in itertools.product(UMBRELLAS, repeat=2):
            cases += [[single[one], original[other]], [original[one], single[other]]]
        cases += [[original[name]] for name in UMBRELLAS]
        for case in cases:
            largest = max((path.stem for path in case), key=UMBRELLAS.index)
            if code_of(case, stubs, command) != alone[largest]:
                failed += 1
                print("differs from " + largest + " alone: " + ", ".join(path.relative_to(root).as_posix() for path in case))
    print(f"{len(cases)} orders, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

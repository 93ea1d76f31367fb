#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each C++ block of README.md and docs/ stands, line by line, in a file that the tests compile."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPILED = ("tests/*_test.cpp", "examples/*.cpp")


def lines_of(text):
    return [stripped for line in text.splitlines() if (stripped := line.strip())]


def contains(haystack, needle):
    return any(haystack[i : i + len(needle)] == needle for i in range(len(haystack) - len(needle) + 1))


def main():
    compiled = [lines_of(path.read_text(encoding="utf-8")) for pattern in COMPILED for path in sorted(ROOT.glob(pattern))]
    checked = 0
    missing = 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(r"^```cpp\n(.*?)^```", text, re.S | re.M):
            checked += 1
            if any(contains(lines, lines_of(block.group(1))) for lines in compiled):
                continue
            missing += 1
            line = text.count("\n", 0, block.start()) + 1
            print(f"{page.relative_to(ROOT)}:{line}: this block stands in no compiled file; put it into a test or an example")
    if checked == 0:
        print("no C++ block was found: is the pattern still right?")
        return 1
    print(f"{checked - missing} of {checked} C++ blocks are compiled")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

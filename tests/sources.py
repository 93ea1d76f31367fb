#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sources.py <kind>: prints what tests/meson.build builds and runs, one path a line, relative to tests/ or include/.

Meson has no glob of its own. A test compares what comes out with what CMake finds.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parent
sys.path.insert(0, str(ROOT / "tools"))

import check_headers  # noqa: E402

NOT_IN_A_PROGRAM = ("consumers", "headers", "mixed", "negative")


def relative(paths):
    return sorted(path.relative_to(TESTS).as_posix() for path in paths)


def catch_sources(with_boost):
    found = []
    for name in relative(TESTS.rglob("*_test.cpp")):
        path = pathlib.PurePosixPath(name)
        if path.parts[0] not in NOT_IN_A_PROGRAM and path.name.startswith(("beast_", "live_")) == with_boost:
            found.append(name)
    return found


KINDS = {
    "core": lambda: catch_sources(False),
    "beast": lambda: catch_sources(True),
    "python": lambda: relative((TESTS / "tools").glob("*_test.py")),
    "negative": lambda: relative((TESTS / "negative").glob("*.cpp")),
    "headers": lambda: check_headers.names(ROOT),
    "cli": lambda: sorted(path.relative_to(ROOT / "cli").as_posix() for path in (ROOT / "cli").rglob("*.cpp")),
    "benchmarks": lambda: sorted(path.name for path in (ROOT / "benchmarks").glob("*.cpp")),
    "examples": lambda: sorted(path.name for path in (ROOT / "examples").glob("*.cpp")),
}


if __name__ == "__main__":
    print("\n".join(KINDS[sys.argv[1]]()))

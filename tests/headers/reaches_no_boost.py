#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reaches_no_boost.py <include folder> <compiler> <flags…>: no header of Boost or OpenSSL is behind <umbraco_ai/core.hpp>."""

import pathlib
import re
import subprocess
import sys


def main():
    include, command = sys.argv[1], sys.argv[2:]
    made = subprocess.run(
        [*command, f"-I{include}", "-M", "-x", "c++", "-"],
        input="#include <umbraco_ai/core.hpp>\n",
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    if made.returncode != 0:
        return 1
    paths = re.sub(r"\\\n", " ", made.stdout).split()
    project = str(pathlib.Path(include).resolve().parent)
    if not any(path.endswith("/umbraco_ai/core.hpp") for path in paths):
        print("the compiler lists no core.hpp")
        return 1
    others = [path for path in paths if not path.startswith(project + "/")]
    reached = [path for path in others if re.search(r"/(boost|openssl)/", path)]
    for path in reached:
        print(f"core.hpp reaches {path}")
    print(f"{len(paths)} headers, {len(reached)} of Boost or OpenSSL")
    return 1 if reached else 0


if __name__ == "__main__":
    sys.exit(main())

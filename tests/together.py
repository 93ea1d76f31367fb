#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""together.py <unit> <source>…: writes the sources into one that is compiled in a fraction of the time, as what they share is
instantiated once.

What they include comes first; the rest of each stands in a namespace of its own, so that their names do not meet. Those that
specialise templates of the library, which only the global namespace may do, come last.
"""

import pathlib
import re
import sys

# Lines of the preprocessor, comments and blank lines.
HEAD = re.compile(r"(?:[ \t]*(?:#(?:[^\n]*\\\n)*[^\n]*|//[^\n]*)?\n)*")
SPECIALISATION = re.compile(r"^(?:struct|class) (?:ai|umbraco_ai)::\w+<", re.M)
# For the compiler what #line names is a header, whose types should not contain those of an anonymous namespace.
BEGIN = """\
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
"""


def written(sources):
    heads, own, shared = [BEGIN], [], []
    for source in sources:
        text = source.read_text(encoding="utf-8")
        head = HEAD.match(text).group()
        body = text[len(head):]
        if re.search(r"^[ \t]*#[ \t]*include\b", body, re.M):
            sys.exit(f"{source}: includes something after other code")
        heads.append(f'#line 1 "{source.as_posix()}"\n{head}')
        line = head.count("\n") + 1
        body = f'#line {line} "{source.as_posix()}"\n{body}\n'
        if SPECIALISATION.search(body):
            shared.append(body)
        else:
            own.append(f"namespace {source.stem} {{\n{body}}}\n")
    return "".join(heads + own + shared)


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(written(map(pathlib.Path, sys.argv[2:])), encoding="utf-8")

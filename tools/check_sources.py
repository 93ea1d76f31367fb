#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks every file of the tree: licence line, one version number, words that do not belong.

Prints one line per finding; exit code 1 where there is one.
"""

import argparse
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import amalgamate  # noqa: E402

LICENCE = "SPDX-License-Identifier: MIT"
COMMENTS = {
    "//": (".c", ".cpp", ".h", ".hpp", ".js"),
    "#": (".bash", ".cmake", ".in", ".py", ".sh", ".toml", ".wrap", ".yaml", ".yml"),
}
NAMES_WITH_HASH = ("CMakeLists.txt", "Doxyfile", "meson.build", "meson_options.txt")
# Read by people or by machines that know no comments.
WITHOUT_LICENCE = (".http", ".json", ".jsonl", ".md", ".svg", ".txt", ".csv", ".bin", ".pem", ".ld", ".mem")

# Where the version stands besides version.hpp; a test compares these with it.
MAY_STATE_VERSION = ("CHANGELOG.md", "packaging/vcpkg/umbraco-ai/vcpkg.json")
GENERATED = ("single_include/",)

WORDS = (
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"), "says that something is unfinished"),
    (re.compile(r"(?<![\w.~/])/(home|root|Users)/\w"), "names a folder of one machine"),
)
SHOWN = 160


def files(root):
    """All files of the tree that git does not ignore, or simply all."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode("utf-8").split("\0")
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
        names = [name for name in names if not re.match(r"build|\.git/", name) and "__pycache__" not in name]
    return sorted(name for name in set(names) if name and (root / name).is_file())


def comment_of(name, text):
    """The beginning of a comment in a file of this kind; None where it needs no licence line."""
    path = pathlib.PurePosixPath(name)
    if path.name in NAMES_WITH_HASH or text.startswith("#!"):
        return "#"
    for comment, suffixes in COMMENTS.items():
        if path.suffix in suffixes and not path.name.endswith((".pc.in", ".hpp.in")):
            return comment
    return None


def check_file(name, text, version):
    """The findings of one file, each as (line number, text)."""
    lines = text.split("\n")
    comment = comment_of(name, text)
    if comment is not None:
        place = 1 if lines[0].startswith("#!") else 0
        if len(lines) <= place or lines[place] != f"{comment} {LICENCE}":
            yield place + 1, f"the line {comment} {LICENCE} belongs here"
    states_version = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d.]*\d)")
    for number, line in enumerate(lines, 1):
        if name not in MAY_STATE_VERSION and states_version.search(line):
            yield number, f"states the version {version}; read it from include/umbraco_ai/version.hpp"
        if comment is not None:
            for pattern, why in WORDS:
                if pattern.search(line):
                    yield number, f"{why}: {line.strip()[:SHOWN]}"
    if comment is not None and not text.endswith("\n"):
        yield len(lines), "the last line does not end"
    if comment is not None and "\r" in text:
        yield 1, "carriage returns; lines end in \\n"


def check(root):
    version = amalgamate.version_of(amalgamate.Tree(root / "include"))
    findings, count = [], 0
    for name in files(root):
        if name.startswith(GENERATED):
            continue
        path = pathlib.PurePosixPath(name)
        try:
            text = (root / name).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            if comment_of(name, "") is not None:
                findings.append(f"{name}: not UTF-8")
            continue
        count += 1
        known = comment_of(name, text) is not None or path.suffix in WITHOUT_LICENCE or path.name.endswith((".pc.in", ".hpp.in"))
        if not known and not path.name.startswith(".") and path.suffix:
            findings.append(f"{name}: a kind of file that tools/check_sources.py does not know")
        findings += [f"{name}:{number}: {finding}" for number, finding in check_file(name, text, version)]
    return findings, count


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks licence lines, the version number and stray words.")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args(arguments)
    try:
        findings, count = check(options.root)
    except amalgamate.Problem as problem:
        print(problem)
        return 1
    for finding in findings:
        print(finding)
    print(f"{count} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Configures this project with CMake and with Meson, and compares what they would build, run and install.

Exit code: 0 the same, 1 not, 77 where Meson 1.0 is not there.
"""

import collections
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77


def run(*command, **variables):
    made = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **variables},
    )
    if made.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{made.stdout}")
    return made.stdout


class Build:
    """What one build system makes of this project."""

    def __init__(self, folder):
        self.folder = folder
        self.tests = set()
        self.programs = set()
        self.flags = {}
        self.installed = {}

    def read_commands(self):
        """For each source of ours the flags that change what it means, or whether it compiles."""
        commands = self.folder / "compile_commands.json"
        if not commands.exists():
            return
        found = collections.defaultdict(set)
        for entry in json.loads(commands.read_text(encoding="utf-8")):
            source = pathlib.Path(os.path.normpath(os.path.join(entry["directory"], entry["file"])))
            if ROOT not in source.parents:
                continue
            flags = (re.match(r"-W[\w=-]+|-std=\S+|-f(?:no-)?(?:exceptions|rtti)|-D\w+", part) for part in shlex.split(entry["command"]))
            found[source.relative_to(ROOT).as_posix()].update(flag.group() for flag in flags if flag)
        self.flags = {source: frozenset(flags) for source, flags in found.items()}

    def read_installed(self, stage):
        for path in sorted(stage.rglob("*")):
            if path.is_file():
                self.installed[path.relative_to(stage).as_posix()] = path.read_bytes()


def stand_in_for_programs(build):
    """What is installed is compared without building it."""
    for name in ("cli/umbraco-ai",):
        if name.rpartition("/")[2] in build.programs:
            (build.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (build.folder / name).touch()


def cmake(folder, *options):
    build = Build(folder / "cmake")
    query = build.folder / ".cmake/api/v1/query/codemodel-v2"
    query.parent.mkdir(parents=True)
    query.touch()
    run("cmake", "-S", ROOT, "-B", build.folder, "-G", "Ninja", "-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_CXX_EXTENSIONS=OFF",
        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options)
    for reply in (build.folder / ".cmake/api/v1/reply").glob("target-*.json"):
        target = json.loads(reply.read_text(encoding="utf-8"))
        if target["type"] == "EXECUTABLE":
            build.programs.add(target["name"])
    listed = json.loads(run("ctest", "--test-dir", build.folder, "--show-only=json-v1"))
    build.tests = {test["name"] for test in listed["tests"] if not test["name"].endswith(": not built")}
    build.read_commands()
    stand_in_for_programs(build)
    run("cmake", "--install", build.folder, DESTDIR=str(folder / "cmake-stage"))
    build.read_installed(folder / "cmake-stage")
    return build


def meson(folder, *options):
    build = Build(folder / "meson")
    run("meson", "setup", "--prefix=/usr", "-Dwarning_level=0", *options, build.folder, ROOT)
    for target in json.loads(run("meson", "introspect", "--targets", build.folder)):
        if target["type"] == "executable":
            build.programs.add(target["name"])
    for test in json.loads(run("meson", "introspect", "--tests", build.folder)):
        build.tests.add(test["suite"][0].partition(":")[2] + ": " + test["name"])
    build.read_commands()
    stand_in_for_programs(build)
    run("meson", "install", "-C", build.folder, "--no-rebuild", "--destdir", folder / "meson-stage")
    build.read_installed(folder / "meson-stage")
    return build


# What only one of the two can have: CMake's own package, and what Meson defines for every program.
def shared_files(installed):
    return {name: content for name, content in installed.items() if not name.startswith("usr/share/cmake/")}


def shared_flags(flags):
    return flags - {"-D_FILE_OFFSET_BITS", "-D_GLIBCXX_ASSERTIONS", "-DBOOST_ALL_NO_LIB", "-Winvalid-pch", "-DFMT_SHARED"}


def compare(what, one, other):
    findings = [f"{what}: only CMake has {name}" for name in sorted(one - other)]
    return findings + [f"{what}: only Meson has {name}" for name in sorted(other - one)]


def main():
    if shutil.which("meson") is None:
        print("meson is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        whole, core = pathlib.Path(name, "whole"), pathlib.Path(name, "core")
        one, other = cmake(whole), meson(whole)
        cores = [cmake(core, "-DUMBRACO_AI_CORE_ONLY=ON"), meson(core, "-Dcore_only=true")]
    findings = compare("tests", one.tests, other.tests)
    findings += compare("programs", one.programs, other.programs)
    findings += compare("sources", set(one.flags), set(other.flags))
    for source in sorted(one.flags.keys() & other.flags.keys()):
        findings += compare(f"flags of {source}", shared_flags(one.flags[source]), shared_flags(other.flags[source]))
    files = [shared_files(build.installed) for build in (one, other)]
    findings += compare("installed files", *map(set, files))
    findings += [f"installed files: {name} differs" for name in sorted(files[0].keys() & files[1].keys()) if files[0][name] != files[1][name]]
    cores = [set(shared_files(build.installed)) for build in cores]
    findings += compare("installed files, core only", *cores)
    if not cores[0] < set(files[0]) or any("/beast/" in name for name in cores[0]):
        findings.append("installed files, core only: not a part of all")
    for finding in findings:
        print(finding)
    counts = {"tests": one.tests, "programs": one.programs, "sources": one.flags, "installed files": files[0]}
    print(", ".join(f"{len(found)} {what}" for what, found in counts.items()) + f": {len(findings)} differences")
    return 1 if findings or not all(counts.values()) else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())

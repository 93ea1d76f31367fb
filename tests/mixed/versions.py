#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""versions.py <root> <compiler> <flags…>: two versions, or two exception modes, share no function, and an object of the one
passed to the other does not link."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Inline functions, templates and a type with a v-table: what a linker merges by name.
USER = """\
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/model/guid.hpp>
namespace ai = umbraco_ai;
int NAME(char const* text);
int NAME(char const* text) {
    auto const parsed = ai::guid::parse(text);
    ai::result<ai::guid> const read = parsed ? ai::result<ai::guid>(*parsed) : ai::failure(ai::errc::not_found, "nothing");
    return read.has_value() && !ai::error_category().message(1).empty() ? static_cast<int>(read->to_string().size()) : 0;
}
"""
TAKES = "#include <umbraco_ai/result.hpp>\nint take(umbraco_ai::failure const&);\nint take(umbraco_ai::failure const& given) { return given.status; }\n"
GIVES = "#include <umbraco_ai/result.hpp>\nint take(umbraco_ai::failure const&);\nint main() { return take(umbraco_ai::failure()); }\n"
MAIN = """\
int one(char const*);
int two(char const*);
int main() {
    char const* const text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    return one(text) == 36 && two(text) == 36 ? 0 : 1;
}
"""


class Builder:
    def __init__(self, folder, command):
        self.folder = folder
        self.command = command
        self.count = 0

    def compile(self, text, include, *flags):
        self.count += 1
        source, made = self.folder / f"{self.count}.cpp", self.folder / f"{self.count}.o"
        source.write_text(text)
        subprocess.run([*self.command, *flags, "-O0", f"-I{include}", "-c", str(source), "-o", str(made)], check=True)
        return made

    def link(self, *objects):
        """The exit code of the program, or what the linker said."""
        program = self.folder / "program"
        made = subprocess.run([*self.command, *map(str, objects), "-o", str(program)], stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        if made.returncode != 0:
            return made.stderr
        return subprocess.run([str(program)], timeout=60).returncode


def functions(made):
    """The library's functions that an object brings along."""
    said = subprocess.run(["nm", "-C", "--defined-only", str(made)], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    names = (line.split(" ", 2)[2] for line in said.split("\n") if line.count(" ") >= 2)
    # A template of the standard library over one of our types names the type, and with it the version.
    return {name for name in names if "umbraco_ai::" in name}


def with_another_version(include, folder, part):
    shutil.copytree(include, folder)
    header = folder / "umbraco_ai/version.hpp"
    text = header.read_text(encoding="utf-8")
    changed = re.sub(rf"(#define UMBRACO_AI_VERSION_{part} )([0-9]+)", lambda found: found.group(1) + str(int(found.group(2)) + 1), text)
    assert changed != text
    header.write_text(changed, encoding="utf-8")
    return folder


def main():
    include, command = pathlib.Path(sys.argv[1]) / "include", sys.argv[2:]
    findings = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build = Builder(folder, command)
        this_one = build.compile(USER.replace("NAME", "one"), include)
        program = build.compile(MAIN, include)
        takes = build.compile(TAKES, include)
        if build.link(build.compile(GIVES, include), takes) != 0 or not functions(this_one):
            findings.append("the twin that must link, or the list of symbols, shows nothing")
        twin = build.compile(USER.replace("NAME", "two"), include)
        if build.link(program, this_one, twin) != 0 or not functions(this_one) & functions(twin):
            findings.append("two units of one version do not share functions: the test shows nothing")

        others = {
            "the next major version": (with_another_version(include, folder / "major", "MAJOR"), ()),
            "the next minor version": (with_another_version(include, folder / "minor", "MINOR"), ()),
            "the next patch version": (with_another_version(include, folder / "patch", "PATCH"), ()),
            "no exceptions": (include, ("-fno-exceptions",)),
        }
        for title, (other, flags) in others.items():
            that_one = build.compile(USER.replace("NAME", "two"), other, *flags)
            shared = functions(this_one) & functions(that_one)
            findings += [f"{title}: {len(shared)} functions of the same name, such as {min(shared)}"] if shared else []
            for order in ((this_one, that_one), (that_one, this_one)):
                if build.link(program, *order) != 0:
                    findings.append(f"{title}: both in one program, and it does not work")
            said = build.link(build.compile(GIVES, other, *flags), takes)
            if not isinstance(said, str) or not re.search(r"undefined (reference|symbol).*take\(umbraco_ai::", said):
                findings.append(f"{title}: an object passed across links, or fails for another reason: {said}")
    for finding in findings:
        print(finding)
    print(f"{len(others)} ways to mix, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

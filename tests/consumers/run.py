#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py [--only NAME]… [--keep FOLDER]: uses the library as its users do, from a clone or from an installed tree, in folders
of its own, and prints what compiling each consumer took.

Each consumer makes one call against the server of the testing kit; the one without Boost makes it in memory.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NO_EXTRAS = ("-DUMBRACO_AI_BUILD_TESTS=OFF", "-DUMBRACO_AI_BUILD_EXAMPLES=OFF", "-DUMBRACO_AI_BUILD_BENCHMARKS=OFF", "-DUMBRACO_AI_CLI=OFF")


class Failed(Exception):
    pass


def run(*command, cwd, fails=False, **variables):
    """What a command said, the seconds it took and the most memory that one of its processes held, in MB."""
    environment = {key: value for key, value in os.environ.items() if key not in ("CPATH", "CPLUS_INCLUDE_PATH", "CXXFLAGS")}
    environment.update(CCACHE_DISABLE="1", LC_ALL="C.UTF-8", **variables)
    with tempfile.TemporaryFile() as output:
        begin = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if (process.returncode != 0) != fails:
        raise Failed(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{said}")
    return said, seconds, usage.ru_maxrss / 1024


class Consumers:
    def __init__(self, work):
        self.work = work
        self.clone = work / "clone"
        self.installed = work / "installed"
        self.rows = []

    # --- what they start from ---

    def make_clone(self):
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if listed.returncode == 0 and listed.stdout:
            for name in listed.stdout.decode("utf-8").split("\0"):
                if name and (ROOT / name).is_file():
                    (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, self.clone / name)
        else:
            shutil.copytree(ROOT, self.clone, ignore=shutil.ignore_patterns("build*", ".git", "__pycache__"))

    def install(self):
        build = self.work / "build-to-install"
        run("cmake", "-G", "Ninja", "-S", self.clone, "-B", build, "-DCMAKE_INSTALL_PREFIX=/usr", *NO_EXTRAS, cwd=self.work)
        run("cmake", "--install", build, cwd=self.work, DESTDIR=str(self.installed))
        found = sorted(path.relative_to(self.installed).as_posix() for path in self.installed.rglob("*") if path.is_file())
        package = ["config", "config-version", "core-targets", "dependencies", "targets"]
        expected = ["usr/include/" + path.relative_to(self.clone / "include").as_posix() for path in (self.clone / "include").rglob("*.hpp")]
        expected += [f"usr/share/cmake/umbraco_ai/umbraco_ai-{name}.cmake" for name in package]
        expected += ["usr/share/doc/umbraco_ai/LICENSE", "usr/share/pkgconfig/umbraco_ai-core.pc", "usr/share/pkgconfig/umbraco_ai.pc"]
        if found != sorted(expected):
            raise Failed(f"installed below DESTDIR: {sorted(set(found) ^ set(expected))} should not, or should, be there")
        for name in found:
            if str(self.work).encode() in (self.installed / name).read_bytes():
                raise Failed(f"installed below DESTDIR: {name} names a folder of the build")

    # --- the consumers ---

    def folder(self, name, *sources):
        made = self.work / name
        if (HERE / name).is_dir():
            shutil.copytree(HERE / name, made)
        else:
            made.mkdir()
        for source in sources:
            shutil.copy2(HERE / source, made)
        return made

    def record(self, name, measured):
        self.rows.append((name, measured[1], measured[2]))

    def call(self, program):
        said, _, _ = run(program, cwd=program.parent)
        if said != "main: Main\n":
            raise Failed(f"{program} said {said!r}")

    def single_header(self):
        folder = self.folder("single_header", "call.cpp")
        self.record("single_header", run("./build.sh", cwd=folder, UMBRACO_AI=str(self.clone)))
        self.call(folder / "call")

    def pkg_config(self):
        folder = self.folder("pkg_config", "call.cpp")
        self.record("pkg_config", run("./build.sh", cwd=folder, PKG_CONFIG_PATH=str(self.installed / "usr/share/pkgconfig")))
        self.call(folder / "call")

    def cmake(self, name, *options):
        folder = self.folder(name, "call.cpp")
        said, _, _ = run("cmake", "-G", "Ninja", "-S", ".", "-B", "build", *options, cwd=folder)
        self.record(name, run("cmake", "--build", "build", cwd=folder))
        self.call(folder / "build/call")
        return folder, said

    def cmake_subdirectory(self):
        folder, _ = self.cmake("cmake_subdirectory", f"-DUMBRACO_AI={self.clone}")
        run("cmake", "--install", "build", "--prefix", folder / "prefix", cwd=folder)
        if (folder / "prefix").exists():
            raise Failed("cmake_subdirectory: installs the library with the consumer")

    def cmake_fetchcontent(self):
        folder, said = self.cmake("cmake_fetchcontent", f"-DUMBRACO_AI={self.clone}", "-DFETCHCONTENT_FULLY_DISCONNECTED=ON")
        if "installed package used: FALSE" not in said:
            raise Failed(f"cmake_fetchcontent: did not use the clone\n{said}")
        said, _, _ = run("cmake", "-G", "Ninja", "-S", ".", "-B", "installed", f"-DCMAKE_PREFIX_PATH={self.installed}/usr", "-DUMBRACO_AI=/nowhere", cwd=folder)
        if "installed package used: TRUE" not in said:
            raise Failed(f"cmake_fetchcontent: FIND_PACKAGE_ARGS did not find the installed package\n{said}")

    def cmake_find_package(self):
        prefix = f"-DCMAKE_PREFIX_PATH={self.installed}/usr"
        self.cmake("cmake_find_package", prefix)

        no_boost = "-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON"
        self.ask("umbraco_ai COMPONENTS core REQUIRED", "umbraco_ai::core", prefix, no_boost)
        self.ask("umbraco_ai 0.1 COMPONENTS core umbraco_ai REQUIRED", "umbraco_ai::umbraco_ai", prefix)
        self.ask("umbraco_ai COMPONENTS core OPTIONAL_COMPONENTS umbraco_ai REQUIRED", "umbraco_ai::core", prefix, no_boost)
        self.ask("umbraco_ai REQUIRED", None, prefix, no_boost, says="needs Boost 1.81")
        self.ask("umbraco_ai REQUIRED", None, prefix, "-DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON", says="needs OpenSSL")
        self.ask("umbraco_ai COMPONENTS nonsense REQUIRED", None, prefix, says="nonsense")
        self.ask("umbraco_ai 0.0 REQUIRED", None, prefix, says="version")
        self.ask("umbraco_ai 9.0 REQUIRED", None, prefix, says="version")

        # Boost without its config file: only CMake's own module can find it.
        cache = (self.work / "cmake_find_package/build/CMakeCache.txt").read_text(encoding="utf-8")
        config_dir = re.search(r"^Boost_DIR:PATH=(.*)$", cache, re.M).group(1)
        self.ask("umbraco_ai REQUIRED", "umbraco_ai::umbraco_ai", prefix, f"-DCMAKE_IGNORE_PATH={config_dir};/usr{config_dir};{config_dir.removeprefix('/usr')}",
                 says="by Boost_DIR-NOTFOUND")

    def ask(self, question, target, *options, says=""):
        """Whether find_package gives a target, or fails and says why."""
        folder = self.work / f"question-{len(list(self.work.glob('question-*')))}"
        folder.mkdir()
        expected = f"if(NOT TARGET {target})\n  message(FATAL_ERROR \"no {target}\")\nendif()\n" if target else ""
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(question LANGUAGES CXX)\n"
            f"find_package({question})\n{expected}"
            "message(STATUS \"Boost found by ${Boost_DIR}\")\n")
        said, _, _ = run("cmake", "-G", "Ninja", "-S", ".", "-B", "build", *options, cwd=folder, fails=target is None)
        if says not in said:
            raise Failed(f"find_package({question}) does not say {says!r}:\n{said}")

    def meson_subproject(self):
        folder = self.folder("meson_subproject", "call.cpp")
        (folder / "subprojects").mkdir()
        shutil.copy2(self.clone / "packaging/umbraco_ai.wrap", folder / "subprojects")
        (folder / "subprojects/umbraco_ai").symlink_to(self.clone)
        run("meson", "setup", "--wrap-mode=nodownload", "build", cwd=folder)
        self.record("meson_subproject", run("meson", "compile", "-C", "build", cwd=folder))
        self.call(folder / "build/call")
        run("meson", "install", "-C", "build", "--destdir", folder / "stage", cwd=folder)
        if any(path.is_file() for path in (folder / "stage").rglob("*")):
            raise Failed("meson_subproject: installs the library with the consumer")

    def core_only(self):
        folder = self.folder("core_only", "core_call.cpp")
        (folder / "include/umbraco_ai").mkdir(parents=True)
        shutil.copy2(self.clone / "single_include/umbraco_ai/core.hpp", folder / "include/umbraco_ai")
        (folder / "json").mkdir()
        (folder / "json/nlohmann").symlink_to(header_folder("nlohmann/json.hpp") / "nlohmann")
        flags = ["-std=c++20", *without_libraries(folder / "system"), "-isystem", folder / "json"]

        core = [*flags, "-I", folder / "include", "only_core.cpp"]
        reached = re.findall(r"\S*/(?:boost|openssl)/\S+", run("g++", "-M", *core, cwd=folder)[0])
        if reached:
            raise Failed(f"core_only: reaches {reached[0]}")
        self.record("core_only (one header)", run("g++", *core, "-o", "only_core", cwd=folder))
        self.call(folder / "only_core")

        kit = [*flags, "-DUMBRACO_AI_CONSUMER_WITHOUT_BOOST", "-I", self.clone / "include", "core_call.cpp", "-o", "core_call"]
        self.record("core_only (include, testing kit)", run("g++", *kit, cwd=folder))
        self.call(folder / "core_call")


def searched():
    said = subprocess.run(["g++", "-E", "-v", "-x", "c++", "/dev/null"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", env={**os.environ, "LC_ALL": "C"})
    listed = said.stderr.split("#include <...> search starts here:\n")[1].split("End of search list.")[0]
    return [pathlib.Path(line.strip()) for line in listed.strip().split("\n")]


def header_folder(name):
    for folder in searched():
        if (folder / name).is_file():
            return folder
    raise Failed(f"<{name}> is not where g++ looks")


def without_libraries(view):
    """Flags for g++ that show the system's headers, save those of libraries that we know."""
    hidden = ("boost", "nlohmann", "openssl", "umbraco_ai")
    flags = ["-nostdinc", "-nostdinc++"]
    for number, folder in enumerate(searched()):
        if any((folder / name).exists() for name in hidden):
            made = view / str(number)
            made.mkdir(parents=True)
            for entry in folder.iterdir():
                if entry.name not in hidden:
                    (made / entry.name).symlink_to(entry)
            folder = made
        flags += ["-isystem", folder]
    return flags


NAMES = ("single_header", "cmake_subdirectory", "cmake_fetchcontent", "cmake_find_package", "meson_subproject", "pkg_config", "core_only")


def main():
    parser = argparse.ArgumentParser(description="Uses the library as its users do.")
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this new folder, and leave it there")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
        return consume(options.keep.resolve(), options.only or NAMES)
    with tempfile.TemporaryDirectory() as name:
        return consume(pathlib.Path(name), options.only or NAMES)


def consume(work, names):
    consumers = Consumers(work)
    failed = []
    try:
        consumers.make_clone()
        consumers.install()
    except Failed as failure:
        print(f"before any consumer: {failure}")
        return 1
    for name in names:
        begin = time.monotonic()
        try:
            getattr(consumers, name)()
            print(f"ok      {name}: {time.monotonic() - begin:.0f} s in all", flush=True)
        except Failed as failure:
            failed.append(name)
            print(f"FAILED  {name}: {failure}", flush=True)
    print("\nto compile and link              seconds  peak MB")
    for name, seconds, memory in consumers.rows:
        print(f"{name:32} {seconds:7.1f} {memory:8.0f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())

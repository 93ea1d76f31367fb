#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes under packaging/, as far as they can be tried without their package managers and without a network."""

import configparser
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import amalgamate  # noqa: E402

VERSION = amalgamate.version_of(amalgamate.Tree(ROOT / "include"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def headers(folder):
    return sorted(path.relative_to(folder).as_posix() for path in pathlib.Path(folder).rglob("*.hpp"))


class Record:
    """Takes any attribute, and remembers what was set by set_property."""

    def __init__(self):
        self.properties = {}
        self.components = {}

    def set_property(self, name, value):
        self.properties[name] = value


class CppInfo(Record):
    def __init__(self):
        super().__init__()
        self.components = {name: Record() for name in ("core", "umbraco_ai")}


def copy(_, pattern, source, destination):
    for path in pathlib.Path(source).rglob("*"):
        name = path.relative_to(source)
        if path.is_file() and (name.match(pattern) or name.as_posix().startswith(pattern.rstrip("*")) and pattern.endswith("/*")):
            (pathlib.Path(destination) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, pathlib.Path(destination) / name)


def recipe():
    """The class in conanfile.py, over the few things of Conan that it uses."""
    modules = {
        "conan": {"ConanFile": object},
        "conan.tools": {},
        "conan.tools.build": {"check_min_cppstd": lambda *_: None},
        "conan.tools.files": {"copy": copy, "load": lambda _, path: pathlib.Path(path).read_text(encoding="utf-8")},
        "conan.tools.layout": {"basic_layout": lambda *_: None},
    }
    for name, content in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(content)
    spec = importlib.util.spec_from_file_location("conanfile", ROOT / "packaging/conan/conanfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in modules:
        del sys.modules[name]
    return module.UmbracoAiConan


class Conan(unittest.TestCase):
    def make(self, core_only=False):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        made = recipe()()
        made.recipe_folder = str(ROOT / "packaging/conan")
        made.export_sources_folder = made.source_folder = folder.name + "/exported"
        made.package_folder = folder.name + "/package"
        made.options = types.SimpleNamespace(core_only=core_only)
        made.settings = types.SimpleNamespace(os="Linux")
        made.cpp_info = CppInfo()
        made.required = {}
        made.requires = lambda reference, **_: made.required.update([reference.split("/")])
        return made

    def test_the_version_is_the_one_of_the_headers(self):
        made = self.make()
        made.set_version()
        self.assertEqual(made.version, VERSION)

    def test_it_is_a_header_library_for_conan_2(self):
        self.assertEqual(recipe().package_type, "header-library")
        self.assertEqual(recipe().name, "umbraco_ai")
        self.assertEqual(recipe().license, "MIT")

    def test_it_packages_every_header_and_the_licence(self):
        made = self.make()
        made.export_sources()
        made.package()
        self.assertEqual(headers(made.package_folder + "/include"), headers(ROOT / "include"))
        self.assertTrue(pathlib.Path(made.package_folder, "licenses/LICENSE").is_file())

    def test_only_the_core_needs_neither_boost_nor_openssl(self):
        made = self.make()
        made.requirements()
        self.assertEqual(set(made.required), {"nlohmann_json", "boost", "openssl"})
        made = self.make(core_only=True)
        made.requirements()
        self.assertEqual(set(made.required), {"nlohmann_json"})

    def test_its_targets_have_the_names_that_cmake_gives_them(self):
        made = self.make()
        made.package_info()
        self.assertEqual(made.cpp_info.properties["cmake_file_name"], "umbraco_ai")
        for name, info in made.cpp_info.components.items():
            self.assertEqual(info.properties["cmake_target_name"], f"umbraco_ai::{name}")
            self.assertTrue((ROOT / "packaging/pkg-config" / (info.properties["pkg_config_name"] + ".pc.in")).is_file())


class Vcpkg(unittest.TestCase):
    port = "packaging/vcpkg/umbraco-ai"

    def test_the_manifest(self):
        manifest = json.loads(read(f"{self.port}/vcpkg.json"))
        self.assertEqual(manifest["version"], VERSION)
        self.assertEqual(manifest["license"], "MIT")
        self.assertRegex(manifest["name"], r"^[a-z0-9]+(-[a-z0-9]+)*$")
        self.assertEqual(manifest["name"], pathlib.PurePosixPath(self.port).name)
        self.assertLessEqual(set(manifest["default-features"]), set(manifest["features"]))
        names = [entry if isinstance(entry, str) else entry["name"] for entry in manifest["dependencies"]]
        self.assertEqual(names, ["nlohmann-json", "vcpkg-cmake", "vcpkg-cmake-config"])
        self.assertEqual(manifest["features"]["transport"]["dependencies"], ["boost-asio", "boost-beast", "openssl"])

    def test_the_port_gives_only_options_that_there_are(self):
        options = set(re.findall(r"option\((UMBRACO_AI_\w+)", read("CMakeLists.txt")))
        given = set(re.findall(r"UMBRACO_AI_\w+", read(f"{self.port}/portfile.cmake")))
        self.assertLessEqual(given, options)
        self.assertIn("UMBRACO_AI_CORE_ONLY", given)

    def test_the_portfile_runs_over_stubs(self):
        stubs = """
        function(vcpkg_check_features)
        endfunction()
        function(vcpkg_cmake_configure)
          cmake_parse_arguments(given "" "SOURCE_PATH" "OPTIONS" ${ARGN})
          foreach(name IN ITEMS CMakeLists.txt LICENSE include/umbraco_ai/version.hpp)
            if(NOT EXISTS "${given_SOURCE_PATH}/${name}")
              message(FATAL_ERROR "no ${name} in ${given_SOURCE_PATH}")
            endif()
          endforeach()
        endfunction()
        foreach(name IN ITEMS vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig)
          cmake_language(EVAL CODE "function(${name})\\nendfunction()")
        endforeach()
        function(vcpkg_install_copyright)
          cmake_parse_arguments(given "" "" "FILE_LIST" ${ARGN})
          file(INSTALL ${given_FILE_LIST} DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
        endfunction()
        """
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "run.cmake")
            script.write_text(f'{stubs}\nset(CURRENT_PACKAGES_DIR "{folder}/package")\nset(PORT umbraco-ai)\ninclude("{ROOT}/{self.port}/portfile.cmake")\n')
            made = subprocess.run(["cmake", "-P", str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
            self.assertEqual(made.returncode, 0, made.stdout)
            self.assertEqual(sorted(path.name for path in pathlib.Path(folder, "package/share/umbraco-ai").iterdir()), ["LICENSE", "usage"])

    def test_what_it_tells_its_users_names_our_targets(self):
        usage = read(f"{self.port}/usage")
        for target in re.findall(r"umbraco_ai::(\w+)", usage):
            self.assertIn(f"umbraco_ai::{target} ALIAS", read("CMakeLists.txt"))


class Meson(unittest.TestCase):
    def test_the_wrap_provides_both_dependencies(self):
        wrap = configparser.ConfigParser()
        wrap.read_string(read("packaging/umbraco_ai.wrap"))
        provided = {name.strip() for name in wrap["provide"]["dependency_names"].split(",")}
        overridden = set(re.findall(r"override_dependency\('([^']+)'", read("meson.build")))
        self.assertEqual(provided, overridden)
        self.assertEqual(wrap["wrap-git"]["directory"], "umbraco_ai")

    def test_the_wraps_of_dependencies_provide_what_is_asked_for(self):
        for path in sorted((ROOT / "subprojects").glob("*.wrap")):
            wrap = configparser.ConfigParser()
            wrap.read_string(path.read_text(encoding="utf-8"))
            asked = set(re.findall(r"dependency\('([^']+)'", read("meson.build")))
            self.assertLessEqual(set(wrap["provide"]), asked, path.name)
            self.assertRegex(wrap["wrap-file"]["source_hash"], r"^[0-9a-f]{64}$")
            self.assertTrue(wrap["wrap-file"]["source_url"].startswith("https://"))

    def test_the_options_are_those_of_cmake(self):
        meson = set(re.findall(r"^option\('(\w+)'", read("meson_options.txt"), re.M))
        cmake = set(re.findall(r"^option\(UMBRACO_AI_(\w+)", read("CMakeLists.txt") + read("tests/CMakeLists.txt"), re.M))
        of_meson_itself = {"TESTS_TOGETHER"}  # unity
        of_a_preset = {"CALL_TESTS_ONLY"}
        self.assertEqual(meson, {re.sub("^BUILD_", "", name).lower() for name in cmake - of_meson_itself - of_a_preset})


class PkgConfig(unittest.TestCase):
    def test_what_is_required_is_what_cmake_links(self):
        self.assertIn("Requires: nlohmann_json >= 3.11", read("packaging/pkg-config/umbraco_ai-core.pc.in"))
        self.assertIn("Requires: umbraco_ai-core = @version@, openssl >= 3.0", read("packaging/pkg-config/umbraco_ai.pc.in"))


if __name__ == "__main__":
    unittest.main()

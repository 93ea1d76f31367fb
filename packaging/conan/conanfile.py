# SPDX-License-Identifier: MIT
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class UmbracoAiConan(ConanFile):
    name = "umbraco_ai"
    description = "C++20 client of the Umbraco.AI Management API"
    license = "MIT"
    topics = ("umbraco", "ai", "rest", "http", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"core_only": [True, False]}
    default_options = {"core_only": False}
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "..", "..", "include", "umbraco_ai", "version.hpp"))
        self.version = ".".join(re.findall(r"^#define UMBRACO_AI_VERSION_(?:MAJOR|MINOR|PATCH) ([0-9]+)$", header, re.M))

    def layout(self):
        basic_layout(self)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("LICENSE", "include/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def requirements(self):
        self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
        if not self.options.core_only:
            self.requires("boost/[>=1.81 <2]", transitive_headers=True)
            self.requires("openssl/[>=3 <4]", transitive_headers=True, transitive_libs=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "umbraco_ai")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "umbraco_ai::core")
        core.set_property("pkg_config_name", "umbraco_ai-core")
        core.bindirs = core.libdirs = []
        core.requires = ["nlohmann_json::nlohmann_json"]
        if not self.options.core_only:
            whole = self.cpp_info.components["umbraco_ai"]
            whole.set_property("cmake_target_name", "umbraco_ai::umbraco_ai")
            whole.set_property("pkg_config_name", "umbraco_ai")
            whole.bindirs = whole.libdirs = []
            whole.requires = ["core", "boost::headers", "openssl::openssl"]
            if self.settings.os in ("Linux", "FreeBSD"):
                whole.system_libs = ["pthread"]

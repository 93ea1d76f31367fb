#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import check_sources  # noqa: E402

VERSION = """\
// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_VERSION_HPP
#define UMBRACO_AI_VERSION_HPP
#define UMBRACO_AI_VERSION_MAJOR 1
#define UMBRACO_AI_VERSION_MINOR 2
#define UMBRACO_AI_VERSION_PATCH 3
#endif
"""


class CheckSources(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.put("include/umbraco_ai/version.hpp", VERSION)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    def finds(self, *parts):
        findings, _ = check_sources.check(self.root)
        self.assertEqual(len(findings), 1, findings)
        for part in parts:
            self.assertIn(part, findings[0])

    def finds_nothing(self):
        self.assertEqual(check_sources.check(self.root)[0], [])

    def test_nothing_in_a_sound_tree(self):
        self.put("a.py", "#!/usr/bin/env python3\n# SPDX-License-Identifier: MIT\n")
        self.put("CMakeLists.txt", "# SPDX-License-Identifier: MIT\n")
        self.put("README.md", "Hello.\n")
        self.put("CHANGELOG.md", "## 1.2.3\n")
        self.finds_nothing()

    def test_the_licence_line_of_each_kind_of_file(self):
        wrong = {
            "a.cpp": "// MIT\n",
            "a.py": "# Spdx-License-Identifier: MIT\n",
            "meson.build": "project('x')\n",
            "run": "#!/bin/sh\necho\n",
            "b.cpp": "\n// SPDX-License-Identifier: MIT\n",
        }
        for name, text in wrong.items():
            self.put(name, text)
            self.finds(name, "SPDX-License-Identifier: MIT belongs here")
            (self.root / name).unlink()

    def test_the_version_stands_in_one_place(self):
        for line in ("version 1.2.3", '"1.2.3"', "v1.2.3."):
            self.put("README.md", line + "\n")
            self.finds("README.md:1", "states the version 1.2.3")
        for line in ("1.2.34", "11.2.3", "1.2.3.4", "0.1.2.3"):
            self.put("README.md", line + "\n")
            self.finds_nothing()

    def test_words_that_do_not_belong(self):
        self.put("a.py", "# SPDX-License-Identifier: MIT\n# TO" "DO: more\n")
        self.finds("a.py:2", "unfinished")
        self.put("a.py", "# SPDX-License-Identifier: MIT\nx = '/ho" "me/me'\n")
        self.finds("a.py:2", "one machine")

    def test_how_lines_end(self):
        self.put("a.py", "# SPDX-License-Identifier: MIT\nx = 1")
        self.finds("a.py", "does not end")
        self.put("a.py", "# SPDX-License-Identifier: MIT\nx = 1\r\n")
        self.finds("a.py", "carriage returns")

    def test_kinds_of_files_it_does_not_know(self):
        self.put("a.odd", "")
        self.finds("a.odd", "does not know")

    def test_bytes_that_are_no_text(self):
        self.put("a.bin", b"\xff")
        self.finds_nothing()
        self.put("a.cpp", b"\xff")
        self.finds("a.cpp", "UTF-8")


if __name__ == "__main__":
    unittest.main()

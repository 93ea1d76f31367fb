#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import amalgamate  # noqa: E402
import check_headers  # noqa: E402


class CheckHeaders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.put("version.hpp")
        self.put("errc.hpp", "#include <umbraco_ai/version.hpp>\n")
        self.put("result.hpp", "#include <umbraco_ai/errc.hpp>\n")
        self.put("beast/x.hpp", "#include <umbraco_ai/result.hpp>\n#include <boost/asio/awaitable.hpp>\n#include <mutex>\n")
        self.put("testing/script.hpp", "#include <umbraco_ai/result.hpp>\n")
        self.put("testing/raw_server.hpp", "#include <umbraco_ai/beast/x.hpp>\n")
        self.put("core.hpp", "#include <umbraco_ai/result.hpp>\n")
        self.put("umbraco_ai.hpp", "#include <umbraco_ai/core.hpp>\n#include <umbraco_ai/beast/x.hpp>\n")
        self.put(
            "testing.hpp",
            "#include <umbraco_ai/testing/raw_server.hpp>\n#include <umbraco_ai/testing/script.hpp>\n#include <umbraco_ai/umbraco_ai.hpp>\n",
        )

    def put(self, name, body=""):
        guard = amalgamate.guard_of(f"umbraco_ai/{name}")
        self.put_raw(name, f"{amalgamate.LICENCE}\n#ifndef {guard}\n#define {guard}\n{body}#endif\n")

    def put_raw(self, name, text):
        path = self.root / "include" / "umbraco_ai" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def finds(self, *parts):
        findings = check_headers.Checker(self.root).run()
        self.assertEqual(len(findings), 1, findings)
        for part in parts:
            self.assertIn(part, findings[0])

    def test_nothing_in_a_sound_tree(self):
        self.assertEqual(check_headers.Checker(self.root).run(), [])

    def test_an_include_of_a_higher_layer(self):
        self.put("version.hpp", "#include <umbraco_ai/testing/script.hpp>\n")
        findings = "\n".join(check_headers.Checker(self.root).run())
        self.assertIn("version.hpp:4: <umbraco_ai/testing/script.hpp> is of a higher layer: testing, above version", findings)

    def test_the_testing_kit_does_not_need_the_transport_of_beast(self):
        self.put("testing/script.hpp", "#include <umbraco_ai/beast/x.hpp>\n")
        self.finds("testing/script.hpp:4", "higher layer")

    def test_a_cycle_within_a_layer(self):
        self.put("errc.hpp", "#include <umbraco_ai/result.hpp>\n#include <umbraco_ai/version.hpp>\n")
        self.finds("include cycle: errc.hpp → result.hpp → errc.hpp")

    def test_a_header_that_is_in_no_layer(self):
        self.put("new.hpp")
        self.finds("new.hpp", "add it to the table")

    def test_a_header_that_does_not_exist(self):
        self.put("errc.hpp", "#include <umbraco_ai/json/nowhere.hpp>\n#include <umbraco_ai/version.hpp>\n")
        self.finds("errc.hpp:4", "does not exist")

    def test_a_header_that_no_umbrella_reaches(self):
        self.put("testing/forgotten.hpp")
        self.finds("testing.hpp", "does not reach <umbraco_ai/testing/forgotten.hpp>")

    def test_a_layer_that_the_umbrella_above_it_forgets(self):
        self.put("umbraco_ai.hpp", "#include <umbraco_ai/core.hpp>\n")
        self.finds("umbraco_ai.hpp", "does not reach <umbraco_ai/beast/x.hpp>")

    def test_a_missing_umbrella(self):
        (self.root / "include/umbraco_ai/testing.hpp").unlink()
        self.finds("testing.hpp", "missing")

    def test_the_licence_line(self):
        guard = "UMBRACO_AI_VERSION_HPP"
        self.put_raw("version.hpp", f"// hello\n#ifndef {guard}\n#define {guard}\n#endif\n")
        self.finds("version.hpp:1", "SPDX")

    def test_the_guard(self):
        for text in ("", "#ifndef X\n#define X\n#endif\n", "#ifndef UMBRACO_AI_VERSION_HPP\n#endif\n"):
            self.put_raw("version.hpp", f"{amalgamate.LICENCE}\n{text}")
            findings = check_headers.Checker(self.root).run()
            self.assertIn("the include guard of this path is UMBRACO_AI_VERSION_HPP", findings[0])
        self.put("version.hpp", "#endif\nint x();\n#if 1\n")
        self.put_raw("version.hpp", (self.root / "include/umbraco_ai/version.hpp").read_text() + "int y();\n")
        self.finds("code after the include guard")

    def test_pragma_once(self):
        self.put("version.hpp", "#pragma once\n")
        self.finds("version.hpp:4", "#pragma once")

    def test_forbidden_includes(self):
        for name in ("iostream", "regex", "thread", "mutex", "boost/asio/awaitable.hpp", "openssl/ssl.h"):
            self.put("version.hpp", f"#include <{name}>\n")
            self.finds("version.hpp:4", f"<{name}>")
        for name in ("iostream", "regex", "boost/asio.hpp", "boost/beast.hpp"):
            self.put("version.hpp")
            self.put("beast/x.hpp", f"#include <umbraco_ai/result.hpp>\n#include <{name}>\n")
            self.finds("beast/x.hpp:5", f"<{name}>")

    def test_an_include_with_quotes(self):
        self.put("version.hpp", '#include "errc.hpp"\n')
        self.finds("version.hpp:4", "use <umbraco_ai/…>")

    def test_a_macro_of_a_foreign_name(self):
        self.put("version.hpp", "#define MY_MAX 3\n")
        self.finds("version.hpp:4", "MY_MAX")

    def test_words_that_say_unfinished(self):
        word = "TO" + "DO"
        self.put("version.hpp", f"// {word}: later\n")
        self.finds("version.hpp:4", word)

    def test_what_another_compiler_refuses(self):
        for code, part in (
            ("inline int a = std::max(1, 2);", "write (std::max)"),
            ("inline int a = std::numeric_limits<int>::max();", "write (…::max)()"),
            ("enum class a { ERROR };", "ERROR is a macro"),
            ("struct a { int small; };", "small is a macro"),
            ("inline void a() __attribute__((cold));", "__attribute__ is not known"),
            ("inline int a = __builtin_clz(1);", "__builtin_clz is not known"),
        ):
            self.put("version.hpp", code + "\n")
            self.finds("version.hpp:4", part)
        self.put("version.hpp", 'inline int a = (std::max)(1, 2);  // std::max(1, 2), ERROR\ninline char const* b = "DELETE \\" ERROR";\n#ifdef __cpp_exceptions\n#endif\n')
        self.assertEqual(check_headers.Checker(self.root).run(), [])

    def test_a_file_that_is_no_header(self):
        self.put_raw("notes.txt", "")
        self.finds("notes.txt", "not a header")

    def test_which_headers_need_boost(self):
        for name in ("asio/x.hpp", "beast/x.hpp", "testing/raw_server.hpp", "testing/loopback_server.hpp", "umbraco_ai.hpp", "testing.hpp"):
            self.assertTrue(check_headers.needs_boost(name), name)
        for name in ("core.hpp", "transport.hpp", "testing/in_memory_api.hpp", "json/reader.hpp"):
            self.assertFalse(check_headers.needs_boost(name), name)


if __name__ == "__main__":
    unittest.main()

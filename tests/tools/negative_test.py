#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The harness of tests/negative, with a compiler that answers what the test tells it."""

import os
import pathlib
import stat
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "negative"))

import run  # noqa: E402

COMPILER = """\
#!{python}
import sys
if "--version" in sys.argv:
    print("{version}")
    sys.exit(0)
negative = "-DUMBRACO_AI_NEGATIVE" in sys.argv
print("some_sends.cpp:3: error: no send in sight" if negative else "")
sys.exit({negative} if negative else {positive})
"""
CASE = "// expect: {expect}\n#ifndef UMBRACO_AI_NEGATIVE\n#else\n#endif\n"


class Negative(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def outcome(self, text, positive=0, negative=1, version="g++ 12"):
        case = self.folder / "case_name.cpp"
        case.write_text(text)
        compiler = self.folder / "compiler"
        compiler.write_text(COMPILER.format(python=os.path.realpath(sys.executable), version=version, negative=negative, positive=positive))
        compiler.chmod(compiler.stat().st_mode | stat.S_IXUSR)
        return run.run(case, [str(compiler)])

    def test_twin_compiles_and_case_does_not_for_the_expected_reason(self):
        self.assertEqual(self.outcome(CASE.format(expect="no send")), "")

    def test_a_case_that_compiles(self):
        self.assertIn("compiles, and must not", self.outcome(CASE.format(expect="no send"), negative=0))

    def test_a_twin_that_does_not_compile(self):
        self.assertIn("the twin", self.outcome(CASE.format(expect="no send"), positive=1))

    def test_another_reason(self):
        self.assertIn("no message matches", self.outcome(CASE.format(expect="no wait")))

    def test_a_compiler_killed_by_a_signal_is_no_answer(self):
        text = CASE.format(expect="no send")
        self.assertIn("crashed", self.outcome(text, negative="__import__('os').kill(__import__('os').getpid(), 9)"))

    def test_an_expectation_of_one_compiler(self):
        text = "// expect clang: no wait\n" + CASE.format(expect="no send")
        self.assertEqual(self.outcome(text), "")
        self.assertIn("no message matches", self.outcome(text, version="clang version 16"))

    def test_cases_that_are_not_understood(self):
        self.assertIn("no line", self.outcome(CASE.replace("expect", "hope").format(hope="x", expect="x")))
        self.assertIn("not understood", self.outcome(CASE.format(expect="x").replace("expect:", "expect msvc:")))
        self.assertIn("expected #ifndef", self.outcome("// expect: x\n#ifdef UMBRACO_AI_NEGATIVE\n#endif\n"))


if __name__ == "__main__":
    unittest.main()

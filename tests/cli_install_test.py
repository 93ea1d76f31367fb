#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs umbraco-ai alone and uses it from there: cli_install_test.py PATH_TO_UMBRACO_AI -- COMMAND…

COMMAND is what installs the tool's component; @ in it is the folder to install into.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import cli_tool
from cli_tool import Server, run

INSTALL = []
PLACES = {"bash": "share/bash-completion/completions/umbraco-ai", "zsh": "share/zsh/site-functions/_umbraco-ai"}


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.held.cleanup)
        made = subprocess.run([part.replace("@", cls.held.name) for part in INSTALL], capture_output=True, encoding="utf-8", timeout=120)
        assert made.returncode == 0, made.stdout + made.stderr
        # Meson stages below the prefix that it was configured with.
        cls.root = next(pathlib.Path(cls.held.name).rglob("bin/umbraco-ai")).parent.parent
        cls.built, cli_tool.TOOL = cli_tool.TOOL, str(cls.root / "bin/umbraco-ai")

    def ask(self, shell, *more):
        """What a shell says that has nothing but the installed files."""
        environment = cli_tool.environment(PATH=f"{self.root / 'bin'}:{os.environ['PATH']}")
        made = subprocess.run([shell, *more], env=environment, capture_output=True, encoding="utf-8", timeout=30)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        return made.stdout.split()

    def test_the_component_is_the_tool_and_its_completions_and_nothing_else(self):
        found = {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(found, {"bin/umbraco-ai", *PLACES.values()})

    def test_it_runs_from_there(self):
        self.assertEqual(run("--version").out, subprocess.run([self.built, "--version"], capture_output=True, encoding="utf-8", timeout=30).stdout)
        with Server() as site:
            self.assertEqual(site.run("connections", "list", "--output", "ids").out.count("\n"), 3)

    def test_bash_completes_a_subcommand_and_an_option(self):
        script = 'source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); _umbraco_ai; printf "%s\\n" "${COMPREPLY[@]}"'
        complete = lambda *words: self.ask("bash", "--norc", "-c", script, "bash", str(self.root / PLACES["bash"]), "umbraco-ai", *words)
        self.assertEqual(complete("connections", "mod"), ["models"])
        self.assertEqual(complete("apply", "--dry"), ["--dry-run"])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completes_a_subcommand_and_an_option(self):
        # compadd can be called by completion alone; here it says what it would offer.
        script = "fpath=(${1:h}); autoload -U _umbraco-ai; compadd() { print -l -- ${@:#--}; }; words=(${@:2}); CURRENT=$#words; _umbraco-ai"
        complete = lambda *words: self.ask("zsh", "-f", "-c", script, "zsh", str(self.root / PLACES["zsh"]), "umbraco-ai", *words)
        self.assertIn("models", complete("connections", "mod"))
        self.assertIn("--dry-run", complete("apply", "--dry"))


if __name__ == "__main__":
    split = sys.argv.index("--")
    INSTALL = sys.argv[split + 1 :]
    del sys.argv[split:]
    cli_tool.use(sys.argv.pop(1))
    unittest.main()

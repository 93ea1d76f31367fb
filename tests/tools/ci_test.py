#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_SECONDS = 85 * 60


class Ci(unittest.TestCase):
    def test_the_legs_end_in_time_even_where_each_is_as_slow_as_it_may_be(self):
        text = (ROOT / ".ci/run").read_text(encoding="utf-8")
        legs = re.findall(r"^( *)leg '([^']+)' ([0-9]+) (\S+)", text, re.M)
        self.assertGreater(len(legs), 5)
        for _, name, _, command in legs:
            self.assertTrue((ROOT / command).is_file(), f"{name}: no {command}")
        logs = [re.sub("[^a-z0-9]", "-", name) for _, name, _, _ in legs]
        self.assertEqual(len(logs), len(set(logs)))
        shown = re.findall(r'\$logs/([a-z0-9-]+)\.log', text)
        self.assertTrue(shown)
        self.assertLessEqual(set(shown), set(logs))
        beside = sum(int(limit) for indent, _, limit, _ in legs if indent)
        meanwhile = text.partition("\nof_one_core &\n")[2].partition("\nwait ")[0]
        self.assertLess(beside, sum(int(limit) for limit in re.findall(r"^leg '[^']+' ([0-9]+)", meanwhile, re.M)))
        self.assertLess(sum(int(limit) for indent, _, limit, _ in legs if not indent), MOST_SECONDS)

    def test_the_figures_of_the_firmware_are_printed_and_must_be_there(self):
        script = (ROOT / ".ci/run").read_text(encoding="utf-8")
        (line,) = [line for line in script.splitlines() if "LastTest.log" in line]
        with tempfile.TemporaryDirectory() as name:
            log = pathlib.Path(name, "build/dev/Testing/Temporary/LastTest.log")
            log.parent.mkdir(parents=True)
            for logged, code, said in (
                ("7/9 Test: firmware: on a board\nfirmware: 5 bytes of flash\n8/9 Test: other\n", 0, "firmware: 5 bytes of flash\n"),
                ("7/9 Test: other\n", 1, "FAILED: no figures of the firmware\n"),
            ):
                log.write_text(logged, encoding="utf-8")
                ended = subprocess.run(["bash", "-c", line], cwd=name, stdout=subprocess.PIPE, encoding="utf-8")
                self.assertEqual((ended.returncode, ended.stdout), (code, said))


if __name__ == "__main__":
    unittest.main()

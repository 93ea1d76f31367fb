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
        legs = re.findall(r"^leg '([^']+)' ([0-9]+) (\S+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.M)
        self.assertGreater(len(legs), 5)
        self.assertLess(sum(int(seconds) for _, seconds, _ in legs), MOST_SECONDS)
        for name, _, command in legs:
            self.assertTrue((ROOT / command).is_file(), f"{name}: no {command}")
        logs = [re.sub("[^a-z0-9]", "-", name) for name, _, _ in legs]
        self.assertEqual(len(logs), len(set(logs)))
        shown = re.findall(r'\$logs/([a-z0-9-]+)\.log', (ROOT / ".ci/run").read_text(encoding="utf-8"))
        self.assertTrue(shown)
        self.assertLessEqual(set(shown), set(logs))

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

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import pathlib
import re
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


if __name__ == "__main__":
    unittest.main()

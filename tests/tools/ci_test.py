#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import pathlib
import re
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


if __name__ == "__main__":
    unittest.main()

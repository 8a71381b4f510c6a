#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The list of panics has each of them, and sees one that input decides."""
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.dirname(HERE))
import panics  # noqa: E402  pylint: disable=wrong-import-position


def of(path, text):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.dirname(os.path.join(root, path)))
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)
        return [(reach, claim) for reach, _, _, claim in panics.stops(root)]


class Panics(unittest.TestCase):
    def test_each_is_found_with_its_reach(self):
        line = "    ASSERT(core->current != NONE);\n"
        self.assertEqual(of("kernel/gate/a.c", line), [("internal", "core->current != NONE")])
        self.assertEqual(of("kernel/boot.c", line), [("boot", "core->current != NONE")])
        self.assertEqual(of("kernel/core/check.c", line), [("test", "core->current != NONE")])
        self.assertEqual(of("kernel/core/test/a.c", line), [])

    def test_a_claim_goes_on_in_the_next_line(self):
        self.assertEqual(of("kernel/gate/a.c", "ASSERT(f(a) ||\n       b);\n"),
                         [("internal", "f(a) || b")])

    def test_one_that_input_decides_is_told(self):
        for claim in ("request->sqe.method < 5", "params->size != 0", "input->now_ns > 0"):
            self.assertEqual(of("kernel/core/a.c", f"    ASSERT({claim});\n"), [("input", claim)])

    def test_the_kernel_has_some_and_none_by_input(self):
        found = panics.stops(ROOT)
        self.assertGreater(len(found), 50)
        self.assertEqual([one for one in found if one[0] == "input"], [])


if __name__ == "__main__":
    unittest.main()

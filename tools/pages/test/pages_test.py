#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tour's recording and the picture are those of now; one that is not is seen."""
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))
import pages  # noqa: E402  pylint: disable=wrong-import-position

PAGE = "words\n\n```\n$ caps\n  at 17\n```\n"
SCRIPT = "boot tour\nexpect [2] typist: | $ caps\nexpect [2] typist: |   at *\nexpect [1] x: y\n"


class Pages(unittest.TestCase):
    def test_the_pages_show_what_the_system_does(self):
        done = subprocess.run([HERE.parents[1] / "pages.py", "--check"], capture_output=True,
                              check=False, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_numbers_may_be_others(self):
        pages.tour_check(PAGE, SCRIPT)
        pages.tour_check(PAGE.replace("17", "18"), SCRIPT)

    def test_a_recording_that_is_not_true_is_seen(self):
        for page in (PAGE.replace("at 17", "at 17 18"), PAGE.replace("$ caps\n", ""), "words\n",
                     PAGE.replace("  at 17\n", ""), PAGE.replace("17\n", "17\nmore\n")):
            with self.assertRaises(pages.Old, msg=page):
                pages.tour_check(page, SCRIPT)

    def test_long_rows_are_folded_and_unfolded(self):
        row = "$ run it with { " + ", ".join(f"name-{i}: @name-{i}" for i in range(12)) + " }"
        block = pages.recording(f"{pages.SAID}{row}\n")
        self.assertLessEqual(max(map(len, block.splitlines())), 100)
        pages.tour_check(f"```\n{block}```\n", f"expect {pages.SAID}{row}\n")


if __name__ == "__main__":
    unittest.main()

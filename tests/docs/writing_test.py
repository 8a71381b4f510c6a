#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pages about writing programs and services do what they say; one that does not is seen."""
import pathlib
import sys
import tempfile
import unittest

import page


class Pages(unittest.TestCase):
    def setUp(self):
        self.addCleanup(page.alone().close)

    def test_writing_a_program_is_as_the_page_says(self):
        self.assertGreater(page.check(page.ROOT / "docs/writing-a-program.md"), 9)

    def test_writing_a_service_is_as_the_page_says(self):
        self.assertGreater(page.check(page.ROOT / "docs/writing-a-service.md"), 3)

    def test_a_page_that_is_not_true_is_seen(self):
        for text in ("```sh\necho a\n```\n```text\nb\n```\n", "```sh\nfalse\n```\n",
                     "```sh\necho a; echo b\n```\n```text\nb\na\n```\n",
                     "```sh\necho a b\n```\n```text\na\n```\n"):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "page.md")
                path.write_text(text, encoding="utf-8")
                with self.assertRaises(page.Untrue, msg=text):
                    page.check(path)


if __name__ == "__main__":
    sys.exit(unittest.main())

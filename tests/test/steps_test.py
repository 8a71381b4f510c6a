#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A property test that is told to do nothing, or what is no number, fails and says why."""
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEST = "build/host-asan/test/tests/property/core_test"


class Steps(unittest.TestCase):
    def test_other_numbers_of_steps_are_refused(self):
        for name, value in (("STEPS", "abc"), ("STEPS", "10^8"), ("STEPS", "0"), ("STEPS", ""),
                            ("STEPS", "-1"), ("SEED", "seven"), ("SEED", "99999999999999999999")):
            done = subprocess.run([TEST], cwd=ROOT, env={**os.environ, "STEPS": "1", name: value},
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(f"{name}: '{value}'", done.stderr)


if __name__ == "__main__":
    unittest.main()

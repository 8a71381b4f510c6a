#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What can't be started is refused in one line that names it, or with the machine's own reason."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def boot(*arguments):
    done = subprocess.run([sys.executable, "-B", "tools/boot/boot.py", *arguments], cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.strip().splitlines()


class Boot(unittest.TestCase):
    def test_what_is_no_number_or_name_is_refused_in_one_line(self):
        for option, value in (("--seed", "x"), ("--cpus", "two"), ("--loader", "floppy")):
            code, lines = boot("sim", "--package", "first-call", option, value)
            self.assertEqual((code, len(lines)), (2, 1), lines)
            self.assertIn(option, lines[0])
            self.assertIn(f"'{value}'", lines[0])
        code, lines = boot("toaster", "--package", "first-call")
        self.assertEqual((code, len(lines)), (2, 1), lines)

    def test_a_package_that_is_not_there_is_named(self):
        code, lines = boot("sim", "--package", "absent")
        self.assertEqual((code, len(lines)), (1, 1), lines)
        self.assertIn("build/sim/absent.pkg isn't there", lines[0])

    def test_rules_are_judged_over_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            rules, log = pathlib.Path(folder, "rules"), pathlib.Path(folder, "run.log")
            for text, found in (("only init-min holds Job", 0), ("never ping holds Timer", 1)):
                rules.write_text(text, encoding="utf-8")
                code, lines = boot("sim", "--package", "first-call", "--log", str(log), "--assert",
                                   str(rules))
                self.assertEqual((code, lines[-1].endswith(f"1 rules, {found} broken")),
                                 (found, True), lines[-4:])

    def test_a_machine_that_does_not_start_gives_its_reason(self):
        code, lines = boot("x86_64", "--package", "first-call", "--cpu", "abacus")
        self.assertEqual(code, 1, lines)
        self.assertTrue(any("unable to find CPU model 'abacus'" in line for line in lines), lines)
        self.assertEqual(lines[-1], "The machine did not run to its end: status 1 of "
                                    "qemu-system-x86_64.")


if __name__ == "__main__":
    unittest.main()

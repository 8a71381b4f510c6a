#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The runners refuse what they must refuse: counts, time limits, transcripts, host commands."""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
SCRIPT = "platform sim\nboot p\n"


def run(command, folder):
    done = subprocess.run([sys.executable, "-B", *command], cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Lists(unittest.TestCase):
    def of(self, *lines):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "a.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
            status, text = run([TESTS / "run_all.py", "a.list"], folder)
        return status, text.splitlines()[-1]

    def test_commands_count_one_and_cmocka_lines_each(self):
        self.assertEqual(self.of("a|9|true", r"b|9|printf '[       OK ] x\n[       OK ] y\n'"),
                         (0, "3 passed, 0 failed"))

    def test_failures_are_counted_once(self):
        text = (r"printf '[       OK ] x\n[  FAILED  ] y\n[  FAILED  ] tests: 1 test(s), listed "
                r"below:\n[  FAILED  ] y\n'; exit 1")
        self.assertEqual(self.of("a|9|" + text, "b|9|false"), (1, "1 passed, 2 failed"))

    def test_a_skip_is_a_failure(self):
        self.assertEqual(self.of(r"a|9|printf '[  SKIPPED ] x\n'"), (1, "0 passed, 1 failed"))

    def test_a_signal_after_good_lines_is_a_failure(self):
        self.assertEqual(self.of(r"a|9|printf '[       OK ] x\n'; kill -9 $$"),
                         (1, "1 passed, 1 failed"))

    def test_time_is_limited(self):
        self.assertEqual(self.of("a|0.2|read -r x < /dev/tty || tail -f /dev/null"),
                         (1, "0 passed, 1 failed"))

    def test_an_empty_list_has_not_passed(self):
        self.assertEqual(self.of(""), (1, "0 passed, 0 failed"))


class Runs(unittest.TestCase):
    def of(self, script, console="a 0x1f\nb\n", status=0, log="log"):
        """Runs a script against a simulator that prints `console`."""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "x.run").write_text(script, encoding="utf-8")
            pathlib.Path(folder, "console").write_text(console, encoding="utf-8")
            machine = pathlib.Path(folder, "build/sim/tessera-sim")
            os.makedirs(machine.parent)
            machine.write_text("#!/bin/sh\nseed=$4\n[ $# = 12 ] || exit 9\n. ./more\n"
                               f"printf '{log}' >\"${{10}}\"\ncat console\nexit {status}\n",
                               encoding="utf-8")
            machine.chmod(machine.stat().st_mode | stat.S_IXUSR)
            pathlib.Path(folder, "more").write_text(self.more, encoding="utf-8")
            return run([TESTS / "run/runner.py", "x.run"], folder)

    more = ""

    def assert_refused(self, result, text):
        self.assertEqual(result[0], 1, result[1])
        self.assertIn(text, result[1])

    def test_expected_lines_in_order_pass(self):
        self.assertEqual(self.of(SCRIPT + "exact\nexpect a *\nexpect b\nexit 0\n"
                                 "host cat $LOG\nprints l*\n"),
                         (0, "[       OK ] x-sim\n"))

    def test_a_missing_line_is_shown(self):
        self.assert_refused(self.of(SCRIPT + "expect b\nexpect a *\n"), "  - a *")

    def test_a_wildcard_is_one_word_and_the_rest_is_literal(self):
        self.assert_refused(self.of(SCRIPT + "expect *\n", "a b\n"), "  - *")
        self.assert_refused(self.of(SCRIPT + "expect a.c\n", "abc\n"), "  - a.c")

    def test_another_line_is_refused_where_the_script_is_exact(self):
        self.assert_refused(self.of(SCRIPT + "exact\nexpect a *\n"), "+ b")

    def test_a_line_that_may_come_is_not_compared(self):
        script = SCRIPT + "exact\nexpect b\nmay a *\n"
        self.assertEqual(self.of(script)[0], 0)
        self.assertEqual(self.of(script, console="b\n")[0], 0)

    def test_the_exit_code_is_compared(self):
        self.assert_refused(self.of(SCRIPT, status=2), "expected 0")
        self.assertEqual(self.of(SCRIPT + "exit 2\n", status=2)[0], 0)

    def test_host_commands_must_succeed_and_print(self):
        self.assert_refused(self.of(SCRIPT + "host false\n"), "status 1")
        self.assert_refused(self.of(SCRIPT + "host cat $LOG\nprints other\n"), "+ log")

    def test_a_silent_machine_ends_at_the_deadline(self):
        self.more = "tail -f /dev/null\n"
        self.assert_refused(self.of(SCRIPT + "deadline 1\nexpect a *\n"), "not over after 1")

    def test_transcripts_are_compared_between_runs(self):
        self.more = 'printf "sim: %s\\n" $seed; [ $seed = 1 ] || echo c\n'
        script = SCRIPT + "seed 1 2\nexpect b\n"
        self.assertEqual(self.of(script)[0], 0)
        self.assert_refused(self.of(script + "same-transcript\n"), "line 1 differs")
        self.more = 'printf "sim: %s\\n0x%s\\n" $seed $seed\n'
        self.assertEqual(self.of(script + "same-transcript\nexpect a 0x1f\n", "b\na 0x1f\n")[0], 1)
        self.assertEqual(self.of(SCRIPT + "seed 1 2\nexpect 0x*\nsame-transcript\n")[0], 0)

    def test_lines_of_who_speaks_for_several_are_compared_in_any_order(self):
        script = SCRIPT + "seed 1 2\nby-program\nsame-transcript\n"
        said = '[ $seed = {} ] || printf "[1] b: x\\n"\n'
        self.more = said.format(2)
        console = "[1] b: y\n"
        self.assert_refused(self.of(script + "mixed b\n", console), "line 1 differs")
        self.more += f'printf "[1] b: y\\n"\n{said.format(1)}'
        self.assertEqual(self.of(script + "mixed b\n", "c\n")[0], 0)
        self.assert_refused(self.of(script + "mixed c\n", "c\n"), "line 1 differs")

    def test_a_line_that_is_not_understood_is_refused(self):
        self.assert_refused(self.of(SCRIPT + "expects a\n"), "x.run:3: not understood")
        self.assert_refused(self.of("boot p\n"), "needs a `platform`")


if __name__ == "__main__":
    unittest.main()

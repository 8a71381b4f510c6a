#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody at a terminal: what is typed reaches the machine, what it sends is shown, and the
terminal is afterwards as it was before."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOL = [sys.executable, "-B", "tools/run/terminal.py"]
SECONDS = 60


class Person:
    """Sits at a pseudo-terminal in which a program runs."""

    def __init__(self, *arguments, tool=TOOL):
        self.master, child = pty.openpty()
        self.before = termios.tcgetattr(child)
        self.child = child
        self.program = subprocess.Popen([*tool, *arguments], cwd=ROOT, stdin=child, stdout=child,
                                        stderr=child, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.seen = b""

    def types(self, data):
        os.write(self.master, data)

    def sees(self, wanted):
        """Waits until the text is shown; what stands before it is not looked at again."""
        end = time.monotonic() + SECONDS
        while wanted not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"never shown: {wanted!r}; at last {self.seen[-300:]!r}")
            self.seen += os.read(self.master, 65536)
        before, _, self.seen = self.seen.partition(wanted)
        return before

    def resizes(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.program.pid, signal.SIGWINCH)

    def ends(self):
        """The program's exit code; whether the terminal is as it was."""
        code = self.program.wait(SECONDS)
        is_same = termios.tcgetattr(self.child) == self.before
        os.close(self.master)
        os.close(self.child)
        return code, is_same


class Terminal(unittest.TestCase):
    def test_two_people_at_two_ports(self):
        first = Person("sim", "--package", "serial", "--log", "build/test/terminal.log")
        said = first.sees(b"echo: ")
        self.assertIn(b"C-a x leaves", said)
        path = re.search(rb"--connect (\S+)", said)[1].decode()
        second = Person("--connect", path)
        second.sees(b"C-a x leaves")
        second.sees(b"echo: ")
        second.types(b"third")
        second.sees(b"third")
        first.types(b"hello\r")
        first.sees(b"hello\r")
        first.types(b"\x01\x01x")  # C-a itself, and an x
        first.sees(b"\x01x")
        first.resizes(50, 132)
        first.sees(b"\x1b[8;50;132t")
        first.types(b"\x01h")
        first.sees(b"C-a b holds the line")
        third = Person("--connect", path)
        third.sees(b"Somebody else is at this port.")
        third.sees(b"Left.")
        self.assertEqual(third.ends(), (0, True))
        second.types(b"\x01x")
        second.sees(b"Left.")
        self.assertEqual(second.ends(), (0, True))
        first.types(b"still here")
        first.sees(b"still here")
        first.types(b"\x01x")
        first.sees(b"The machine was left before it halted.")
        self.assertEqual(first.ends(), (0, True))

    def test_a_prompt_that_was_typed_to_before_it_was_there(self):
        first = Person("sim", "--log", "build/test/terminal.log")
        first.types(b"say typed early\r")
        first.sees(b"\x1b[?2004ltyped early\r\n")
        first.sees(b"$ ")
        first.types(b"exit\r")
        first.sees(b"shell-2 ended: code 0")
        first.sees(b"equal")
        self.assertEqual(first.ends(), (0, True))

    def test_input_that_is_no_terminal_ends_the_session(self):
        run = subprocess.run([*TOOL, "sim", "--log", "build/test/terminal.log"], cwd=ROOT,
                             input=b"say one\r", capture_output=True, timeout=SECONDS, check=True)
        self.assertIn(b"$ say one\r\n\x1b[?2004lone\r\n\x1b[?2004h$ ", run.stdout)
        self.assertIn(b"shell-2 ended: code 0", run.stdout)

    def test_a_machine_that_halts_gives_the_terminal_back(self):
        first = Person("sim", "--package", "serial", "--log", "build/test/terminal.log")
        path = re.search(rb"--connect (\S+)", first.sees(b"echo: "))[1].decode()
        second = Person("--connect", path)
        second.sees(b"C-a x leaves")
        second.sees(b"echo: ")
        second.types(b"\x04")
        first.types(b"\x04")
        first.sees(b"The machine has halted")
        first.sees(b"equal")
        self.assertEqual(first.ends(), (0, True))
        self.assertEqual(second.ends()[1], True)

    def test_a_port_that_is_not_there_is_said(self):
        alone = Person("--connect", "build/run/nothing.sock")
        alone.sees(b"does a machine run that was started by terminal.py?")
        self.assertEqual(alone.ends(), (1, True))


if __name__ == "__main__":
    unittest.main()

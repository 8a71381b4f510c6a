#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of `make debug`, by gdb in batch mode on a machine that is stopped in the middle of
its life: when the second of its programs ends. Needs the built kernel."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/boot"))
import boot  # noqa: E402  pylint: disable=wrong-import-position

KERNEL = "build/x86_64/kernel.elf"
DEADLINE_SECONDS = 60
FIRST = ["-ex", "hbreak kernel_turn", "-ex", "continue", "-ex", "delete"]
STOP = ["-ex", "hbreak process_exit", "-ex", "continue", "-ex", "continue"]
FIRST_COMMANDS = ["tessera queue", "backtrace"]
COMMANDS = ["check", "processes", "capabilities 3", "capabilities 99", "facets", "endpoints",
            "queue", "syslog 12", "commits 8", "objects", "commits two"]


def gdb(*arguments):
    done = subprocess.run(["gdb", "-q", "-nx", "-batch", KERNEL, "-x", "tools/gdb/tessera.py",
                           *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_SECONDS,
                          check=False)
    return done.stdout


def ask(name, command):
    return ["-ex", f"echo @{name}\\n", "-ex", command]


def session():
    """What each command printed on a stopped machine, by command."""
    with tempfile.TemporaryDirectory(prefix="gdb-") as folder:
        socket = os.path.join(folder, "gdb")
        line = boot.command("x86_64", "first-call", os.path.join(folder, "log"), serial="null")
        line += ["-S", "-gdb", f"unix:{socket},server=on,wait=off"]
        machine = subprocess.Popen(line, stdin=subprocess.DEVNULL)
        try:
            while not os.path.exists(socket):
                if machine.poll() is not None:
                    raise RuntimeError("QEMU did not start")
                os.sched_yield()
            first = [ask(f"first {command}", command) for command in FIRST_COMMANDS]
            words = [ask(command, f"tessera {command}") for command in COMMANDS]
            text = gdb("-ex", f"target remote {socket}", *FIRST, *sum(first, []), *STOP,
                       *ask("backtrace", "backtrace"), *sum(words, []))
        finally:
            machine.kill()
            machine.wait()
    parts = [part.partition("\n") for part in text.split("@")[1:]]
    return {name: rest.strip() for name, _, rest in parts}


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.chdir(ROOT)
        cls.said = session()

    def assert_says(self, command, *patterns):
        for pattern in patterns:
            self.assertRegex(self.said[command], pattern)

    def test_every_name_that_is_used_is_in_the_image(self):
        self.assert_says("check", r"\Aall \d+ names are there\Z")

    def test_a_name_that_is_gone_is_said(self):
        text = gdb("-ex", "python NAMES['struct core'] += ('vanished',)",
                   "-ex", "python ENUMS['stage'] = ('PROCESS_VANISHED', 'PROCESS_')",
                   "-ex", "tessera check")
        self.assertIn("struct core has no vanished", text)
        self.assertIn('No symbol "PROCESS_VANISHED"', text)

    def test_processes_and_their_capabilities_are_shown(self):
        for process in ("0", "3"):
            self.assert_says("processes", rf"(?m)^{process}\.1: .*state=running ")
        self.assert_says("capabilities 3", r"\(endpoint\): Ping\.echo,greet\b",
                         r"\(console\): DebugConsole\.writeLine", r"\(timer\): Timer\.now")
        self.assert_says("capabilities 99", "there is no process 99")

    def test_facets_objects_and_endpoints_are_shown(self):
        self.assert_says("facets", r"interface=Ping methods=3 ")
        self.assert_says("objects", r"kind=endpoint ", r"kind=process ")
        self.assert_says("endpoints", r"\d server holds, \d+ calls queued, \d+ receivers")

    def test_the_run_queue_is_shown(self):
        self.assert_says("queue", r"(?m)^current: thread \d+ of process \d+ \(ready\)$",
                         r"(?m)^next: ")
        self.assert_says("first tessera queue", r"(?m)^current: nobody$",
                         r"(?m)^ready at priority \d+: thread 0 of process 0 \(ready\)$")

    def test_a_backtrace_ends_at_the_entry(self):
        for command, entry in (("first backtrace", "start_higher"),
                               ("backtrace", "entry_system_call")):
            self.assert_says(command, r"in kernel_turn \(|#0  kernel_turn", rf" {entry} \(\)")
            self.assertNotIn("stopped", self.said[command])

    def test_the_last_records_are_shown(self):
        self.assertEqual(len(self.said["syslog 12"].splitlines()), 12, self.said)
        self.assert_says("syslog 12", r"(?m)ns process 3 call Ping\.greet object \d+ status \d+$",
                         r"(?m)ns process 2 recv Endpoint object \d+ status \d+$",
                         r"(?m)ns process 3 call object - status -5 refused: [a-z-]+$",
                         r"ns process \d exit object - status 0 cause called$")
        self.assertEqual(len(self.said["commits 8"].splitlines()), 8, self.said)
        self.assert_says("commits 8", r"(?m)^\d+ \d+ ns process 3: facet-create facet=\d+\.\d+ ",
                         r" how=mint ")

    def test_a_wrong_argument_is_said(self):
        self.assert_says("commits two", "takes at most one number")


if __name__ == "__main__":
    unittest.main()

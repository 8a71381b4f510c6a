#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How machines end when no test device is there to tell: what the command line asks for happens,
as the emulator itself sees it (QEMU machine protocol: the reason of its SHUTDOWN event). And what
no program causes: an NMI is survived, a machine check ends the machine."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/boot"))
import boot  # noqa: E402  pylint: disable=wrong-import-position

DEADLINE_SECONDS = 60
HALTED = "the CPU stands still"


class Machine:
    """A machine of the smallest system with a hand on QEMU's protocol; a context manager."""

    def __init__(self, append, package="first-call", **options):
        self.folder = tempfile.TemporaryDirectory(prefix="power-")
        self.console = os.path.join(self.folder.name, "console")
        path = os.path.join(self.folder.name, "qmp")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(DEADLINE_SECONDS)
        line = boot.command("x86_64", package, os.path.join(self.folder.name, "log"),
                            serial=f"file:{self.console}", append=append, **options)
        place = line.index("isa-debug-exit,iobase=0xf4,iosize=4")
        del line[place - 1:place + 1]
        line += ["-S", "-chardev", f"socket,id=qmp,path={path}", "-qmp", "chardev:qmp"]
        self.machine = subprocess.Popen(line, stdin=subprocess.DEVNULL)
        self.link, _ = listener.accept()
        listener.close()
        self.link.settimeout(DEADLINE_SECONDS)
        self.lines = self.link.makefile("rw", encoding="utf-8")
        self.lines.readline()  # the greeting
        self.events = []
        self.ask("qmp_capabilities")
        self.ask("cont")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.link.close()
        self.machine.kill()
        self.machine.wait()
        self.folder.cleanup()

    def ask(self, command, **arguments):
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        while True:
            answer = json.loads(self.lines.readline())
            if "event" not in answer:
                return answer["return"]
            self.events.append(answer)

    def monitor(self, line):
        return self.ask("human-monitor-command", **{"command-line": line})

    def text(self):
        return pathlib.Path(self.console).read_text(encoding="utf-8", errors="replace")

    def wait(self, text):
        """Until the console says so. Each question is a round trip to the machine."""
        while text not in self.text():
            self.ask("query-status")
            if self.machine.poll() is not None:
                raise AssertionError(f"it ended before it said {text!r}:\n{self.text()}")

    def end(self):
        """Why it ended."""
        while True:
            for event in self.events:
                if event["event"] == "SHUTDOWN":
                    return event["data"]["reason"]
            line = self.lines.readline()
            if not line:
                return "no reason"
            self.events.append(json.loads(line))

    def stands_still(self):
        """Waits until the processor is halted with interrupts off: nothing can wake it."""
        self.wait("tessera: head ")
        while True:
            registers = self.monitor("info registers")
            flags = int(registers.split("RFL=")[1].split()[0], 16)
            if "HLT=1" in registers and not flags & 0x200:
                return HALTED


class Power(unittest.TestCase):
    def end_of(self, append, **options):
        with Machine(append, **options) as machine:
            return machine.end()

    def test_a_machine_without_test_device_is_switched_off(self):
        for name in ("pc", "q35", "microvm"):
            with self.subTest(machine=name):
                self.assertEqual(self.end_of("", machine=name), "guest-shutdown")

    def test_off_and_reboot_are_told_apart(self):
        for name in ("pc", "q35", "microvm"):
            with self.subTest(machine=name):
                self.assertEqual(self.end_of("tessera.end=off", machine=name), "guest-shutdown")
                self.assertEqual(self.end_of("tessera.end=reboot", machine=name), "guest-reset")

    def test_a_machine_without_acpi_stands_still_and_said_so(self):
        with Machine("", machine="pc,acpi=off") as machine:
            self.assertEqual(machine.stands_still(), HALTED)
            self.assertIn("can't be switched off: there is no ACPI", machine.text())

    def test_stop_stands_still(self):
        with Machine("tessera.end=stop") as machine:
            self.assertEqual(machine.stands_still(), HALTED)


class Injected(unittest.TestCase):
    def test_an_nmi_is_survived_wherever_it_comes(self):
        with Machine("", package="measure") as machine:
            machine.wait("x86_64: memory ")
            for _ in range(200):
                machine.monitor("nmi")
            self.assertEqual(machine.end(), "guest-shutdown", machine.text())
            self.assertNotIn("panic", machine.text())

    def test_a_machine_check_ends_the_machine_with_a_report(self):
        with Machine("", package="measure") as machine:
            machine.wait("x86_64: memory ")
            # CPU, bank, status: valid, uncorrected, enabled, context corrupt; fatal.
            machine.monitor("mce 0 1 0xb200000000000000 0x4 0 0")
            machine.wait("panic: machine check")


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()

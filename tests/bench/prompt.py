#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what somebody at a prompt waits for: the boot, the echo of a key, the first line of a
program; and what an idle machine does. Exit code 1 when a limit is missed. README.md says how."""
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.abspath(__file__)) + "/../.."
sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest"),
                *(os.path.join(ROOT, name) for name in ("tools/boot", "tools/run", "tests/run"))]
import boot    # noqa: E402  pylint: disable=wrong-import-position
import far     # noqa: E402  pylint: disable=wrong-import-position
import guest   # noqa: E402  pylint: disable=wrong-import-position
import play    # noqa: E402  pylint: disable=wrong-import-position
import runner  # noqa: E402  pylint: disable=wrong-import-position

RINGTAP = "build/host/tools/ringtap"
HELLO = "run hello with { console: @console }"
IDLE_NS = (3_000_000_000, 33_000_000_000)
# Processes of the manifest, in its order; what the shell starts comes after them.
DRIVER, PROCESSES = 1, range(1, 13)
TASKS = range(13, 64)
# Both sessions are at their prompts, and nothing else goes on, when anything is typed.
BOTH = {port: [r"wait $\x20", "meet idle"] for port in (2, 3)}
# What others do in the background once the prompt is there is done by then.
LATER = [r"send sleep 2s\r", r"wait $\x20"]
BELL = "wait Notification"
# name: (limit, aim, what it is)
LIMITS = {
    "boot_to_prompt": (200_000_000, 50_000_000, "clock started to the first shell asks a line"),
    "key_to_echo": (30_000, None, "interrupt to the echo's way into the device"),
    "hello_first": (400_000, None, "`run hello`: enter to first output, the first time"),
    "hello_again": (400_000, None, "... the second time"),
    "idle_timer": (10, None, "timer interrupts of 30 s in which a call waits"),
}
RECORD = re.compile(r"\d+ (\d+) ns process (\d+) thread \d+: (.*)")
AFTER = re.compile(r", after (\d+) ns")
# A line of QEMU's: what interrupts programs and kernel.
TIMER = b"40"  # VECTOR_TIMER of hal/x86_64
INTERRUPT = re.compile(rb"Servicing hardware INT=0x([0-9a-f]+)")


def boot_and_type(folder, steps, more=(), memory="128M"):
    """The last records of the SysLog, as (ns, process, text), of a machine at whose second port the
    steps were done."""
    log = os.path.join(folder, "log")
    script = runner.Script.__new__(runner.Script)
    script.expected, script.optional = [], []
    script.by_program = script.exact = script.rows = False
    script.deadline = 120
    ends = far.open_ends("x86_64")
    line = boot.command("x86_64", "prompt", log, memory=memory, far=ends) + guest.ICOUNT
    player = play.Player([play.Step(port, step) for port, started in BOTH.items()
                          for step in (started if port == 3 else started + steps)], ends)
    child = runner.start(line + list(more), log + ".transcript", ends)
    try:
        runner.follow(child, runner.Matcher(script), log + ".transcript",
                      time.monotonic() + script.deadline, player)
        child.wait(script.deadline)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        ends.close()
    boot.collect("x86_64", log)
    player.end()
    told = subprocess.run([RINGTAP, boot.syslog_path(log)], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return [(int(match[1]), int(match[2]), match[3]) for match in map(RECORD.match,
                                                                      told.splitlines()) if match]


def last_before(records, place, text, processes):
    """The last record before a place that begins with a text and is of one of these processes."""
    return next(at for at in range(place - 1, -1, -1)
                if records[at][2].startswith(text) and records[at][1] in processes)


def measure_boot(folder):
    records = boot_and_type(folder, [r"send exit\r"])
    asked = [record for record in records if "TerminalSession.readLine" in record[2]]
    return {"boot_to_prompt": asked[0][0] - int(AFTER.search(asked[0][2])[1])}


def enter_to_hello(records):
    """The driver's bell before the line was read, to the line that hello prints."""
    printed = last_before(records, len(records), "call DebugConsole.writeLine", TASKS)
    line = last_before(records, printed, "call TerminalSession.readLine", PROCESSES)
    return records[printed][0] - records[last_before(records, line, BELL, (DRIVER,))][0]


def measure_hello(folder):
    def measure(*steps):
        return enter_to_hello(boot_and_type(folder, [*LATER, *steps, r"send exit\r"]))
    once = [f"send {HELLO}", "wait }", r"send \r", r"wait $\x20"]
    return {"hello_first": measure(*once),
            "hello_again": measure(*once, *LATER, *once)}


def measure_echo(folder):
    """Of keys that come alone: from the driver's bell to the first byte that goes out."""
    records = boot_and_type(folder, [*LATER, "send e", "wait e", "send x", "wait x", r"send it\r"])
    line = last_before(records, len(records), "call TerminalSession.readLine", PROCESSES)
    spans, end = [], line
    for _ in range(2):
        end = last_before(records, last_before(records, end, BELL, (DRIVER,)), "call IoPorts.write",
                          (DRIVER,))
        spans.append(records[end][0] - records[last_before(records, end, BELL, (DRIVER,))][0])
    return {"key_to_echo": max(spans)}


def measure_idle(folder):
    """A call that waits for a deadline, and nothing else, for one time and a longer one: QEMU tells
    each interrupt."""
    told = []
    for wait in IDLE_NS:
        path = os.path.join(folder, f"interrupts-{wait}")
        boot_and_type(folder, [rf"send call timer sleepUntil {wait}\r", r"wait $\x20",
                               r"send exit\r"], ["-d", "int", "-D", path])
        with open(path, "rb") as file:
            told.append(sum(match[1] == TIMER for match in INTERRUPT.finditer(file.read())))
    return {"idle_timer": max(0, told[1] - told[0])}


def main():
    values = {}
    os.chdir(ROOT)
    for measure in (measure_boot, measure_echo, measure_hello, measure_idle):
        with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
            values.update(measure(folder))
    missed = [name for name, (limit, _, _) in LIMITS.items() if limit and values[name] > limit]
    print(f"{'':16}{'value':>13}{'limit':>13}{'aim':>13}")
    for name, (limit, aim, what) in LIMITS.items():
        numbers = "".join(f"{number:13,}" if number else f"{'-':>13}"
                          for number in (values[name], limit, aim))
        print(f"{name:16}{numbers}  {what}{'  MISSED' if name in missed else ''}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the guest instructions of the basic operations and of the boot, against their limits.

    instructions.py [--memory M]

Prints a table, another one with Linux beside it, and writes build/bench/COMMIT.json. Exit code 1
when a value is worse than it once was, or a limit that was met is missed. README.md says how the
numbers come about.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
                for name in ("guest", "linux")]
import blocks  # noqa: E402  pylint: disable=wrong-import-position
import guest  # noqa: E402  pylint: disable=wrong-import-position
import linux  # noqa: E402  pylint: disable=wrong-import-position
import table  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = "build/bench"
# The first one tells the share of the fast path.
PACKAGES = ("measure", "measure-spawn", "measure-batch", "measure-job")
BOOT_PACKAGE = "first-call"
DEADLINE_SECONDS = 300
INSTRUCTIONS, PERCENT = "instructions", "%"
# name: (limit, aim, unit, what it is). Values must stay at or below a limit, shares above it.
LIMITS = {
    "enter": (None, None, INSTRUCTIONS, "cap_enter with nothing submitted"),
    "nop_batch_16": (100, 50, INSTRUCTIONS, "NOP, one of a batch of 16"),
    "timer_now": (600, 300, INSTRUCTIONS, "typed call to a kernel object"),
    "ping_pong_32": (2000, 900, INSTRUCTIONS, "round trip, 32 bytes each way"),
    "ping_pong_80": (None, 950, INSTRUCTIONS, "round trip, 80 bytes each way"),
    "ping_pong_960": (None, 1300, INSTRUCTIONS, "round trip, 960 bytes each way"),
    "spawn_elf": (250000, 100000, INSTRUCTIONS, "ELF file: load, start, exit, wait"),
    "calls_batch_8": (None, 400, INSTRUCTIONS, "call, one of 8 in a submission"),
    "capability_round_trip": (None, 2000, INSTRUCTIONS, "a capability moved there and back"),
    "signal_to_waiter": (None, 500, INSTRUCTIONS, "signal, and own wait, to other thread"),
    "process": (60000, 25000, INSTRUCTIONS, "process: build, start, exit, reap"),
    "fresh_page": (2000, 1000, INSTRUCTIONS, "fresh page: map, touch, give back"),
    "fast_path_share": (95, None, PERCENT, "deliveries by the fast path"),
    "boot_to_first_program": (8000000, 3000000, INSTRUCTIONS, "kernel entry to first program"),
}
# What each once was, with a little room: whoever makes it worse than that is told. When a value has
# become better, its number here is lowered with it.
REACHED = {
    "enter": 142,
    "nop_batch_16": 98,
    "timer_now": 571,
    "ping_pong_32": 1995,
    "ping_pong_80": 2342,
    "ping_pong_960": 2848,
    "spawn_elf": 125300,
    "calls_batch_8": 1940,
    "capability_round_trip": 6305,
    "signal_to_waiter": 1380,
    "process": 34450,
    "fresh_page": 850,
}
# name: (of, to)
RATIOS = {
    "call to entry": ("timer_now", "enter"),
    "round trip to call": ("ping_pong_32", "timer_now"),
    "960 to 32 bytes": ("ping_pong_960", "ping_pong_32"),
}
MEASURE = re.compile(r"(?:\[\d+\] )?measure: (\w+) (\d+) ps\r?$")
CALLS = re.compile(r"tessera: calls delivered (\d+), by the fast path (\d+)\r?$")
CLOCK = re.compile(r"x86_64: clock (\d+) MHz")


class Broken(Exception):
    """Why there are no numbers."""


def operations(package, memory):
    """name -> value, from what a package prints; and how many percent went by the fast path."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        line = guest.command(package, memory, os.path.join(folder, "log"))
        run = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             errors="replace", timeout=DEADLINE_SECONDS, check=False)
    values, calls, clock = {}, None, None
    for text in run.stdout.splitlines():
        if found := MEASURE.match(text):
            values[found[1]] = int(found[2]) / 1000
        calls = CALLS.match(text) or calls
        clock = CLOCK.match(text) or clock
    if guest.boot.exit_code("x86_64", run.returncode) != 0 or not calls or not clock:
        raise Broken(f"the package {package} did not end well:\n{run.stdout}")
    if clock[1] not in ("999", "1000", "1001"):
        raise Broken(f"the clock does not count instructions: it runs at {clock[1]} MHz")
    return values, 100 * int(calls[2]) / max(1, int(calls[1]))


def measure(memory):
    values, share = operations(PACKAGES[0], memory)
    for package in PACKAGES[1:]:
        values.update(operations(package, memory)[0])
    values["fast_path_share"] = share
    values["boot_to_first_program"] = float(sum(blocks.count_boot(BOOT_PACKAGE, memory).values()))
    missing = sorted(set(LIMITS) - set(values))
    if missing:
        raise Broken(f"not measured: {', '.join(missing)}")
    return values


def is_met(name, value):
    limit, _, unit, _ = LIMITS[name]
    return limit is None or (value > limit if unit == PERCENT else value <= limit)


def verdict(name, value):
    """What is said of a value: nothing, if nobody set a limit."""
    if value > REACHED.get(name, value):
        return "WORSE"
    if LIMITS[name][0] is None:
        return ""
    return "pass" if is_met(name, value) else "missed"


def number(value, unit):
    if value is None:
        return "-"
    if unit == PERCENT:
        return f"{value:.2f} %"
    return f"{value:,.0f}" if value >= 10000 or value == int(value) else f"{value:,.1f}"


def print_table(values):
    print(f"{'guest instructions':34} {'value':>12} {'limit':>12} {'aim':>12} {'reached':>12}")
    for name, (limit, aim, unit, what) in LIMITS.items():
        print(f"{what:34} {number(values[name], unit):>12} {number(limit, unit):>12} "
              f"{number(aim, unit):>12} {number(REACHED.get(name), unit):>12}  "
              f"{verdict(name, values[name])}".rstrip())
    for name, (of, to) in RATIOS.items():
        print(f"{name:34} {values[of] / values[to]:12.2f} x")


def commit_name():
    def git(*words):
        return subprocess.run(["git", *words], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()
    name = git("rev-parse", "--short=12", "HEAD")
    return f"{name}-changed" if git("status", "--porcelain", "-uno") else name


def write_json(values, memory, beside):
    commit = commit_name()
    path = os.path.join(FOLDER, f"{commit}.json")
    results = {name: {"value": values[name], "unit": unit, "limit": limit, "aim": aim,
                      "pass": is_met(name, values[name]), "reached": REACHED.get(name),
                      "what": what}
               for name, (limit, aim, unit, what) in LIMITS.items()}
    ratios = {name: values[of] / values[to] for name, (of, to) in RATIOS.items()}
    os.makedirs(FOLDER, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"commit": commit, "memory": memory, "results": results, "ratios": ratios,
                   "beside": beside}, file, indent=2)
        file.write("\n")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--memory", default="512M")
    arguments = parser.parse_args()
    try:
        values = measure(arguments.memory)
        print_table(values)
        peer = linux.row()
    except (Broken, linux.Broken, RuntimeError, subprocess.TimeoutExpired) as error:
        print(error)
        return 1
    beside = table.beside(values, peer)
    print()
    table.show(beside)
    print(write_json(values, arguments.memory, beside))
    # A limit that was never met is missed until it is; what was reached must not be lost.
    is_kept = all(is_met(name, value) or name in REACHED for name, value in values.items())
    return 0 if is_kept and "WORSE" not in map(verdict, values, values.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

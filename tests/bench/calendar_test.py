#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of hard calendar questions, against the limit; part of the tests too.

    calendar_test.py [PATH TO calendar_cost]

callgrind runs calendar_cost, which asks each question once, and writes one file for each call of
calendar_next(). Its text is compiled by gcc with -O2.
"""
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = "build/host-gcc/tests/bench/calendar_cost"
ZONES = "/usr/share/zoneinfo"
LIMIT = 20000
TOTAL = re.compile(r"^(?:totals|summary): (\d+)$", re.MULTILINE)


def measure(program):
    """[(question and answer, instructions)], in the order in which they are asked."""
    with tempfile.TemporaryDirectory(dir="build") as folder:
        out = os.path.join(folder, "calls")
        run = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
             "--toggle-collect=calendar_next", "--dump-after=calendar_next",
             f"--callgrind-out-file={out}", program, ZONES],
            stdout=subprocess.PIPE, text=True, check=True)
        names = run.stdout.splitlines()
        counts = []
        for number in range(1, len(names) + 1):
            with open(f"{out}.{number}", encoding="utf-8") as file:
                counts.append(int(TOTAL.search(file.read())[1]))
    return list(zip(names, counts))


def main():
    values = measure(sys.argv[1] if len(sys.argv) > 1 else PROGRAM)
    for name, count in values:
        print(f"{name:76} {count:7,}{'' if count <= LIMIT else '  FAIL'}")
    worst = max(count for _, count in values)
    print(f"{'the worst of ' + str(len(values)):76} {worst:7,}  limit {LIMIT:,}")
    return 0 if values and worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())

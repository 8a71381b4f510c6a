#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of keys of the line editor, against their limits; part of the tests too.

    line_test.py [PATH TO line_cost]

callgrind runs line_cost, which feeds each key once, and writes one file for each call of
line_feed(). The editor is compiled by gcc with -O2; what it sends goes nowhere.
"""
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = "build/host-gcc/tests/bench/line_cost"
TOTAL = re.compile(r"^(?:totals|summary): (\d+)$", re.MULTILINE)


def measure(program):
    """[(what, limit, instructions)], in the order in which they are fed."""
    with tempfile.TemporaryDirectory(dir="build") as folder:
        out = os.path.join(folder, "calls")
        run = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
             "--toggle-collect=line_feed", "--dump-after=line_feed",
             f"--callgrind-out-file={out}", program],
            stdout=subprocess.PIPE, text=True, check=True)
        values = []
        for number, line in enumerate(run.stdout.splitlines(), 1):
            what, limit = line.split("|")
            with open(f"{out}.{number}", encoding="utf-8") as file:
                values.append((what, int(limit), int(TOTAL.search(file.read())[1])))
    return values


def main():
    values = measure(sys.argv[1] if len(sys.argv) > 1 else PROGRAM)
    for what, limit, count in values:
        print(f"{what:56} {count:9,}  limit {limit:9,}{'' if count <= limit else '  FAIL'}")
    return 0 if values and all(count <= limit for _, limit, count in values) else 1


if __name__ == "__main__":
    sys.exit(main())

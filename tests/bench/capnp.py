#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares lib/capnp with Debian's libcapnp, and counts the instructions of its shortest use.

    capnp.py <bench program> <four program>

Prints a table and writes build/bench/capnp.json; exit code 1 when a limit is missed. The times are
medians of 21 runs in turns, in one process, so that only their ratio means anything;
capnp/README.md says what is measured. Instructions are callgrind's.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

INSTRUCTIONS_MAX = 80
# What keeps a ratio of two equal times from failing.
NOISE = 1.05
TIMES = 1000


def instructions(program):
    """Of opening a message of one struct of four 64-bit fields and reading all four."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=read_four",
             f"--callgrind-out-file={folder}/out", program, str(TIMES)],
            capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1]) / TIMES


def main():
    bench, four = sys.argv[1:3]
    run = subprocess.run([bench], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(run.stderr)
    rows, missed = [], []
    print(f"{'operation':<14}{'fields':>8}{'ours, ns':>12}{'libcapnp, ns':>14}{'ratio':>8}")
    for line in run.stdout.splitlines():
        operation, fields, ours, theirs = line.split()
        ratio = float(ours) / float(theirs)
        rows.append({"operation": operation, "fields": int(fields), "ours_ns": float(ours),
                     "libcapnp_ns": float(theirs)})
        is_missed = ratio > NOISE
        missed += [f"{operation} of {fields} fields"] if is_missed else []
        print(f"{operation:<14}{fields:>8}{ours:>12}{theirs:>14}{ratio:>8.2f}"
              f"{'  MISSED: at most 1' if is_missed else ''}")
    count = instructions(four)
    missed += ["open and read four"] if count > INSTRUCTIONS_MAX else []
    print(f"open and read four 64-bit fields: {count:g} instructions, at most {INSTRUCTIONS_MAX}")
    folder = pathlib.Path("build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "capnp.json").write_text(
        json.dumps({"instructions_open_read_4": count, "operations": rows}, indent=1) + "\n")
    print(f"missed: {', '.join(missed)}" if missed else "every limit kept")
    return 1 if missed else 0


os.chdir(pathlib.Path(__file__).resolve().parents[2])
sys.exit(main())

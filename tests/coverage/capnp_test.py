#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Branch coverage of lib/capnp by the unit tests of the library and of what is generated for it.
#
# Runs the programs, which were compiled for clang's source-based coverage, merges what they saw,
# prints a table of the library's files with the lines of branches that were taken one way only,
# and fails if less than 98 % of all branches were taken.
#
# usage: capnp_test.py <program>...

import json
import os
import pathlib
import subprocess
import sys

LIMIT = 98.0
FOLDER = pathlib.Path("build/test/coverage-capnp")


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options)


def measure(programs):
    """What llvm-cov exports, of all programs together."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw = []
    for number, program in enumerate(programs):
        raw.append(str(FOLDER / f"{number}.profraw"))
        run([program], env={**os.environ, "LLVM_PROFILE_FILE": raw[-1]})
    merged = str(FOLDER / "all.profdata")
    run(["llvm-profdata-14", "merge", "-o", merged, *raw])
    objects = [word for program in programs[1:] for word in ("-object", program)]
    return json.loads(run(["llvm-cov-14", "export", "-instr-profile", merged, programs[0],
                           *objects]).stdout)["data"][0]


def one_way(entry):
    """Lines with branches that were never true or never false."""
    return sorted({branch[0] for branch in entry["branches"] if 0 in (branch[4], branch[5])})


def main():
    count = covered = 0
    print(f"{'branches':>8} {'taken':>6} {'':>8}  file: lines with branches taken one way only")
    for entry in measure(sys.argv[1:])["files"]:
        name = os.path.relpath(entry["filename"])
        if not name.startswith("lib/capnp/") or "/test/" in name:
            continue
        branches = entry["summary"]["branches"]
        count += branches["count"]
        covered += branches["covered"]
        lines = ", ".join(str(line) for line in one_way(entry))
        print(f"{branches['count']:8} {branches['covered']:6} {branches['percent']:7.1f}%  {name}"
              f"{': ' if lines else ''}{lines}")
    percent = 100.0 * covered / count if count else 0.0
    is_enough = percent >= LIMIT
    print(f"{count:8} {covered:6} {percent:7.2f}%  all, at least {LIMIT} %")
    print(f"{'[       OK ]' if is_enough else '[  FAILED  ]'} branch coverage of lib/capnp")
    return 0 if is_enough else 1


sys.exit(main())

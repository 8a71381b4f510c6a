#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the authoritative state costs: commits replayed a second with the chain verified, and the
instructions of a hold's insertion and removal, from few holds to many.

Prints a table; exit code 1 when a limit is missed. Instructions decide; the second is this
machine's.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = "build/bench"
PROGRAM = f"{OUT}/commits"
SOURCES = ["tests/bench/commits.c", "lib/replay/test/sample_log.c", "lib/replay/log.c",
           "lib/replay/replay.c", "lib/replay/wellformed.c", "lib/sha256/sha256.c",
           *(f"kernel/core/state/{name}.c"
             for name in ("arena", "digest", "recount", "reduce", "state"))]
# As the build compiles for this machine; valgrind reads the older form of debugging information.
COMPILE = ["clang-14", "-std=c17", "-O2", "-gdwarf-4", "-fno-omit-frame-pointer", "-I.",
           "-Ibuild/gen", "-D_POSIX_C_SOURCE=200809L", "-fuse-ld=lld", "-o", PROGRAM]
REPLAYED_AT_LEAST = 1000000
INSTRUCTIONS_AT_MOST = 150
COUNT = 100
PRESENT = (100, 1000, 10000)
COLLECTED = re.compile(r"Collected : (\d+)")


def instructions(operation, present, count):
    """Of all reductions of such a run."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=reduce",
                          "--callgrind-out-file=/dev/null", PROGRAM, operation, str(present),
                          str(count)], capture_output=True, text=True, check=True, timeout=120)
    return int(COLLECTED.search(run.stderr)[1])


def verdict(is_met):
    return "pass" if is_met else "FAIL"


def main():
    os.chdir(ROOT)
    os.makedirs(OUT, exist_ok=True)
    subprocess.run([*COMPILE, *SOURCES], check=True)
    replay = subprocess.run([PROGRAM, "replay"], capture_output=True, text=True, check=True,
                            timeout=120)
    commits, nanoseconds = map(int, replay.stdout.split())
    rate = commits * 1000000000 // nanoseconds
    is_met = rate >= REPLAYED_AT_LEAST
    print(f"{'commits replayed a second':34} {rate:>12,} {REPLAYED_AT_LEAST:>12,}  "
          f"{verdict(is_met)}")
    for operation in ("insert", "remove"):
        for present in PRESENT:
            of_one = (instructions(operation, present, COUNT)
                      - instructions(operation, present, 0)) / COUNT
            is_met = is_met and of_one <= INSTRUCTIONS_AT_MOST
            what = f"hold {operation}, instructions, of {present}"
            print(f"{what:34} {of_one:12.1f} {INSTRUCTIONS_AT_MOST:12}  "
                  f"{verdict(of_one <= INSTRUCTIONS_AT_MOST)}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())

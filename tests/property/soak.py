#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Says how long a soak will take, before it begins.

    soak.py STEPS TEST...

Runs the beginning of each property test (one step in a thousand, 20,000 to 1,000,000 of them), and
tells from the processor time that this took what STEPS steps take. Small worlds have a number of
steps of their own.
"""
import os
import resource
import subprocess
import sys

PART, LEAST, MOST = 1000, 20000, 1000000
OTHERWISE = ("small_test", "tree_test")


def processor_seconds(test, steps):
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    before = used()
    subprocess.run([test], env=dict(os.environ, STEPS=str(steps)), check=True,
                   stdout=subprocess.DEVNULL)
    return used() - before


def duration(seconds):
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def main():
    steps, tests = int(sys.argv[1]), sys.argv[2:]
    part = min(steps, max(LEAST, min(MOST, steps // PART)))
    total = 0
    for test in tests:
        name = os.path.basename(test)
        if name in OTHERWISE:
            continue
        seconds = processor_seconds(test, part) * steps / part
        total += seconds
        print(f"{name:14} {part:,} steps measured: {steps:,} take about {duration(seconds)}",
              flush=True)
    print(f"all together about {duration(total)} of one processor, beside small worlds, which have "
          "steps of their own")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers for long, part of `make soak`: in the simulator with many seeds, on one CPU and on
several, then on QEMU with two CPUs, again and again.

    STEPS=N SECONDS=N stranger_soak.py

STEPS / 100,000 seeds, each a system with random requests of its own, which build/sim/tessera-sim
does the same again; then SECONDS (600) of QEMU. Fails at the first that ends otherwise than it
should, and says which.
"""
import os
import sys
import time

import machine

STEPS_PER_SEED = 100000
CPUS = (1, 2, 4)
LAST = "warden: the bystander kept its number, answered every question, and has left"


def check(platform, package, **options):
    run = machine.Run(platform, package, "soak", **options)
    if run.code != 0 or not any(line.endswith(LAST) for line in run.lines):
        raise SystemExit(f"{package} on {platform}, {options}: code {run.code}\n" +
                         "\n".join(run.lines) + run.errors)
    if machine.boot.verify(run.log) != 0:
        raise SystemExit(f"{package} on {platform}, {options}: its log doesn't verify")


def main():
    machine.DEADLINE_SECONDS = 300
    seeds = max(1, int(os.environ.get("STEPS", "0")) // STEPS_PER_SEED)
    end = int(os.environ.get("SECONDS", "600"))
    for seed in range(1, seeds + 1):
        check("sim", "stranger", seed=seed, cpus=CPUS[seed % len(CPUS)])
    begin, boots = time.monotonic(), 0
    while time.monotonic() - begin < end:
        check("x86_64", ("stranger", "stranger-machine")[boots % 2], cpus=2)
        boots += 1
    print(f"{seeds + boots} passed, 0 failed: {seeds} seeds, {boots} boots with two CPUs")
    return 0


if __name__ == "__main__":
    sys.exit(main())

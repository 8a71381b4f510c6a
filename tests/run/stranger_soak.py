#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers against the simulator with many seeds, part of `make soak`.

Each seed is a system of its own, with random requests of its own: build/sim/tessera-sim --seed N
does the same again. Fails at the first that ends otherwise than it should, and says which.
"""
import os
import subprocess
import sys

STEPS_PER_SEED = 100000
SECONDS = 300
LAST = "warden: the bystander kept its number, answered every question, and has left"


def run(seed):
    """What is wrong with this seed; None: nothing."""
    command = ["build/sim/tessera-sim", "--package", "build/sim/stranger.pkg", "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode == 0 and LAST in done.stdout:
        return None
    return f"{' '.join(command)}: code {done.returncode}\n{done.stdout}{done.stderr}"


def main():
    seeds = max(1, int(os.environ.get("STEPS", "0")) // STEPS_PER_SEED)
    for seed in range(1, seeds + 1):
        wrong = run(seed)
        if wrong:
            print(wrong)
            return 1
    print(f"{seeds} passed, 0 failed: a seed each")
    return 0


if __name__ == "__main__":
    sys.exit(main())

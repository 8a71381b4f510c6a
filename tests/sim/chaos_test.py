#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every package in the simulator, on one CPU and on several, with faults by the seed and stopped at
any turn: however a run ends, the commits replay to the machine's digest and the invariants hold;
and a run that is asked for twice is the same twice.

    chaos_test.py [SEEDS]
"""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIMULATOR = "build/sim/tessera-sim"
ENDS = re.compile(r"^sim: (the machine halted|the machine stopped|nobody can go on) after (\d+) "
                  r"turns and (\d+) faults: (\d+) commits replay to the digest [0-9a-f]{32}, "
                  r"and the invariants hold$", re.MULTILINE)
# Packages whose programs do what the simulator is no prison for, or only measure.
WITHOUT = ("fault-trap", "measure")
RATES = (15, 60, 400)
STEPS = (40, 300, 2000, 6000)
CPUS = (1, 2, 1, 4, 2)
SECONDS = 120


def run(package, seed, steps, faults, cpus):
    """(how it ended, turns, faults, the console)"""
    command = [SIMULATOR, "--package", package, "--memory", "128M", "--seed", str(seed),
               "--steps", str(steps), "--faults", str(faults), "--cpus", str(cpus)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=SECONDS, check=False)
    end = ENDS.search(done.stderr)
    if end is None or done.returncode == 127:
        print(done.stdout[-1500:] + done.stderr[-1500:])
        raise SystemExit(f"[  FAILED  ] {' '.join(command)}: status {done.returncode}")
    return end[1], int(end[2]), int(end[3]), done.stdout


def main():
    os.chdir(ROOT)
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    packages = [path for path in sorted(glob.glob("build/sim/*.pkg"))
                if os.path.basename(path)[:-4] not in WITHOUT]
    ends, turns, faults, runs = {}, 0, 0, 0
    for number, package in enumerate(packages):
        for seed in range(1, seeds + 1):
            choice = number + seed
            steps = STEPS[choice % len(STEPS)] + choice
            wanted = (package, seed, steps, RATES[choice % len(RATES)],
                      CPUS[choice % len(CPUS)])
            how, took, had, console = run(*wanted)
            ends[how] = ends.get(how, 0) + 1
            turns, faults, runs = turns + took, faults + had, runs + 1
            if choice % 8 == 0 and run(*wanted) != (how, took, had, console):
                raise SystemExit(f"[  FAILED  ] {wanted} is another run the second time")
    print(f"{runs} runs, {turns} turns, {faults} faults; " +
          ", ".join(f"{how}: {count}" for how, count in sorted(ends.items())))
    if runs == 0 or faults < runs or len(ends) < 2:
        raise SystemExit("[  FAILED  ] hardly anything was tried")
    print("[       OK ] whatever fails, replay and invariants hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())

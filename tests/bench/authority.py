#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the history of a million commits answers, against its limits: verified, replayed and
indexed in 2 s; then who, path (from every capability of a process back to genesis) and holds, at
any moment, in 20 ms; 64 bytes a commit. `assert` looks at 200,000 states a second with ten rules.
Times are of the host, the least of three runs. Prints a table and a line of JSON."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITER = ROOT / "build/host/tests/authority/random_log"
COST = ROOT / "build/host/tests/bench/authority_cost"
TOOL = ROOT / "build/host/tools/authority"
RULES = """never any holds Relay, Measure
never process(3) reaches Relay
always process(1) or process(2) holds Timer
only process(0) reaches Job
never session(1) holds Ping.echo
only any holds Timer
never process(1, 2, 3) holds LogReader through process(4)
never any reaches Job.kill through session(1)
never process(7) reaches MemoryObject
never not process(0) holds Process
"""
COMMITS, SEED, ROUNDS = 1000000, "3", 3
STATES_A_SECOND = 200_000  # at least
LIMITS = {"index": 2_000_000_000, "who": 20_000_000, "path": 20_000_000, "holds": 20_000_000,
          "bytes_a_commit": 64}


def measure(log):
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run([COST, log], check=True, capture_output=True, text=True)
        runs.append({name: int(value) for name, value in
                     (line.split() for line in done.stdout.splitlines())})
    best = {name: min(run[name] for run in runs) for name in runs[0]}
    best["bytes_a_commit"] = best.pop("bytes") / best["commits"]
    return best


def states_a_second(log, folder):
    """Of a whole run: the log is verified and indexed before, which counts."""
    rules = os.path.join(folder, "rules")
    pathlib.Path(rules).write_text(RULES, encoding="utf-8")
    least = None
    for _ in range(ROUNDS):
        start = time.monotonic()
        subprocess.run([TOOL, "assert", rules, log], stdout=subprocess.DEVNULL, check=False)
        taken = time.monotonic() - start
        least = taken if least is None else min(least, taken)
    return COMMITS / least


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "million.log")
        subprocess.run([WRITER, SEED, str(COMMITS), log], check=True)
        best = measure(log)
        best["assert"] = states_a_second(log, folder)
    missed = [name for name, limit in LIMITS.items() if best[name] > limit]
    for name, limit in LIMITS.items():
        unit = "bytes" if name == "bytes_a_commit" else "ns"
        print(f"authority: {name:15} {best[name]:>15.1f} {unit:5} of {limit}"
              f"{'  MISSED' if name in missed else ''}")
    if best["assert"] < STATES_A_SECOND:
        missed.append("assert")
    print(f"authority: {'assert':15} {best['assert']:>15.1f} states a second, at least "
          f"{STATES_A_SECOND}{'  MISSED' if 'assert' in missed else ''}")
    print(json.dumps(best))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

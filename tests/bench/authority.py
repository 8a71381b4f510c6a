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

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITER = ROOT / "build/host/tests/authority/random_log"
COST = ROOT / "build/host/tests/bench/authority_cost"
COMMITS, SEED, ROUNDS = 1000000, "3", 3
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


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "million.log")
        subprocess.run([WRITER, SEED, str(COMMITS), log], check=True)
        best = measure(log)
    missed = [name for name, limit in LIMITS.items() if best[name] > limit]
    for name, limit in LIMITS.items():
        unit = "bytes" if name == "bytes_a_commit" else "ns"
        print(f"authority: {name:15} {best[name]:>15.1f} {unit:5} of {limit}"
              f"{'  MISSED' if name in missed else ''}")
    print(json.dumps(best))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

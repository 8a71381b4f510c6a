#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The table of boots: which machines `make test` starts, so that every pair of properties meets.

    table.py             prints a table that covers every allowed pair, for table.txt
    table.py --check     checks table.txt, and says what of it could not be shorter

Three ways to start a machine, three sizes, four numbers of processors and so on are 216 machines;
a defect usually needs two properties at once, so a table in which each pair stands in some row
finds most of what all of them would.
"""
import itertools
import os
import random
import sys

AXES = {
    "memory": ("small", "512M", "16G"),
    "cpus": ("1", "2", "4", "8"),
    "cpu": ("qemu64", "max"),
    "machine": ("q35", "pc", "microvm"),
    "loader": ("pvh", "bios", "uefi"),
}
# What "small" means: OVMF itself needs more than the kernel does.
SMALL = {"pvh": "24M", "bios": "24M", "uefi": "64M"}
# (pair that no machine has, reason)
FORBIDDEN = [
    ({"machine": "microvm", "loader": "bios"}, "it has no drive that its firmware starts from"),
    ({"machine": "microvm", "loader": "uefi"}, "Debian's OVMF has no image for it"),
]
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "table.txt")
SEEDS = 200


def is_allowed(row):
    return not any(pair.items() <= row.items() for pair, _ in FORBIDDEN)


def machines():
    rows = (dict(zip(AXES, values)) for values in itertools.product(*AXES.values()))
    return [row for row in rows if is_allowed(row)]


def pairs(row):
    return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}


def allowed_pairs():
    return set().union(*map(pairs, machines()))


def meet(pair, other):
    """Whether one machine can have both pairs."""
    both = dict(pair) | dict(other)
    return (pair | other == frozenset(both.items())
            and any(both.items() <= row.items() for row in machines()))


def apart():
    """Allowed pairs of which no machine has two: any table has at least as many rows."""
    best = []
    candidates = sorted(allowed_pairs(), key=sorted)
    clashes = {pair: {other for other in candidates if other != pair and not meet(pair, other)}
               for pair in candidates}
    for seed in range(SEEDS):
        order = random.Random(seed).sample(candidates, len(candidates))
        found = []
        for pair in order:
            if clashes[pair].issuperset(found):
                found.append(pair)
        best = max(best, found, key=len)
    return best


def generate():
    """Rows by greed, each that covers most of what is left; the shortest of many tries."""
    rows, best = machines(), None
    for seed in range(SEEDS):
        chance, left, table = random.Random(seed), allowed_pairs(), []
        while left:
            most = max(len(pairs(row) & left) for row in rows)
            row = chance.choice([row for row in rows if len(pairs(row) & left) == most])
            table.append(row)
            left -= pairs(row)
        if best is None or len(table) < len(best):
            best = table
    return best


def read(path=TABLE):
    with open(path, encoding="utf-8") as lines:
        words = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    if words[0] != list(AXES):
        raise ValueError(f"{path}: the columns must be {' '.join(AXES)}")
    return [dict(zip(AXES, row)) for row in words[1:]]


def faults(table):
    """What is wrong with a table, as sentences."""
    for number, row in enumerate(table, 1):
        for axis, value in row.items():
            if value not in AXES[axis]:
                yield f"row {number}: there is no {axis} {value}"
        if not is_allowed(row):
            yield f"row {number}: no such machine: {row['machine']} with {row['loader']}"
    for pair in sorted(allowed_pairs() - set().union(*map(pairs, table)), key=sorted):
        yield "no row has " + " and ".join(f"{axis} {value}" for axis, value in sorted(pair))
    if len(table) > len(apart()):
        yield f"{len(table)} rows where {len(apart())} may do: see table.py"


def text(table):
    widths = {axis: max(map(len, (axis, *values))) for axis, values in AXES.items()}
    lines = [dict(zip(AXES, AXES)), *table]
    return "\n".join("  ".join(row[axis].ljust(widths[axis]) for axis in AXES).rstrip()
                     for row in lines)


def main():
    if sys.argv[1:] != ["--check"]:
        print(text(generate()))
        return 0
    table = read()
    wrong = list(faults(table))
    print("\n".join(wrong) if wrong else
          f"{len(table)} boots cover all {len(allowed_pairs())} pairs; fewer can't: there are "
          f"{len(apart())} pairs of which no machine has two")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

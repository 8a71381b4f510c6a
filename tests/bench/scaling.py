#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much sooner a piece of computing is done by two CPUs than by one: by processes that have
nothing to do with each other, and by threads of one process. What is computed is the work of
programs/crowd, on QEMU with two processors.

    scaling.py

Each QEMU processor is a thread of this machine, so nothing else should run on it meanwhile: of
some boots the best time that one needs is compared with the best that two need. Exit code 1 when
the limit is missed.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../run"))
import machine  # noqa: E402  pylint: disable=wrong-import-position

BOOTS = 5
# kind: (limit, aim), times as fast
LIMITS = {"processes": (1.7, 1.9), "threads": (None, 1.9)}
SAYS = re.compile(r"\[\d+\] crowd: 2 (\w+) compute .* in (\d+) ns; one needs (\d+) % of it$")


def boots():
    """What one needed and what two did, in nanoseconds, by kind."""
    found = {kind: [] for kind in LIMITS}
    for number in range(BOOTS):
        run = machine.Run("x86_64", "smp", f"scaling-{number}", cpus=2, memory="64M")
        if run.code != 0:
            raise SystemExit(f"a boot ended with {run.code}:\n" + "\n".join(run.lines))
        for match in filter(None, map(SAYS.match, run.lines)):
            found[match[1]].append((int(match[2]) * int(match[3]) / 100, int(match[2])))
    return found


def main():
    missed = 0
    print(f"two CPUs, best of {BOOTS} boots      times as fast   limit     aim")
    for kind, values in boots().items():
        limit, aim = LIMITS[kind]
        best = min(one for one, _ in values) / min(two for _, two in values)
        missed |= limit is not None and best < limit
        word = "" if limit is None else "pass" if best >= limit else "MISSED"
        print(f"{kind:34s} {best:7.2f} {limit or '-':>7} {aim:7.1f}  {word}")
    return missed


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lists every assertion and panic of the kernel and of the first program, with its reachability.

    panics.py [ROOT]

A claim about what a program wrote, its SQE, the parameters of its call, or the input itself, would
be a check of input that stops the machine: exit code 1. Sources and headers of tests are left out.
"""
import os
import re
import sys

FOLDERS = ("kernel", "ring", "lib/package", "lib/sha256", "hal/x86_64", "system/init-min")
MORE = ("lib/capnp/plain.c", "lib/capnp/plain.h")
STOP = re.compile(r"(?<![#\w])(ASSERT|hal_panic|assert_fail)\((.*)")
NOT_A_CALL = re.compile(r"#define|_Noreturn|^static void |^void ")
# What a program wrote; a count or state of the kernel's own is none.
INPUT = re.compile(r"\b(?:sqe|params|input|enter|header)(?:->|\.)(?!count\b)"
                   r"|\bcq_head\b|\bsq_tail\b")
# By file; all others are internal.
REACH = {
    "kernel/core/check.c": "test",
    "kernel/boot.c": "boot", "kernel/genesis.c": "boot",
    **{f"hal/x86_64/{name}.c": "boot" for name in ("acpi", "boot", "command", "cpu", "loader",
                                                   "memory", "time")},
}


def sources(root):
    for folder in FOLDERS:
        for at, _, names in os.walk(os.path.join(root, folder)):
            if "/test" not in at[len(root):]:
                yield from (os.path.join(at, name) for name in names if name.endswith((".c", ".h")))
    yield from (os.path.join(root, path) for path in MORE)


def stops(root):
    """[(reach, path, line, claim)]"""
    found = []
    for source in sorted(filter(os.path.exists, sources(root))):
        path = os.path.relpath(source, root)
        with open(source, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines, 1):
            line = line.partition("//")[0]
            match = STOP.search(line)
            if match is None or NOT_A_CALL.search(line):
                continue
            claim, next_line = match[2], number
            while claim.count("(") >= claim.count(")") and next_line < len(lines):
                claim += " " + lines[next_line].strip()
                next_line += 1
            claim = claim.rpartition(")")[0]
            reach = REACH.get(path, "internal")
            if path.startswith("hal/") and not claim.startswith('"'):
                reach = "internal"  # the contract of hal.h: what a machine lacks is said in words
            found.append(("input" if reach == "internal" and INPUT.search(claim) else reach,
                          path, number, claim))
    return found


def main():
    found = stops(sys.argv[1] if len(sys.argv) > 1 else ".")
    for reach, path, number, claim in sorted(found):
        print(f"{reach:9} {path}:{number}: {claim}")
    counts = {reach: sum(one[0] == reach for one in found)
              for reach in ("internal", "boot", "test", "input")}
    print(", ".join(f"{count} {reach}" for reach, count in counts.items()))
    return 1 if counts["input"] or not found else 0


if __name__ == "__main__":
    sys.exit(main())

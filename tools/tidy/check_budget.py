#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lines of code, as cloc counts them, stay within the budget of the kernel, of hal/x86_64, and of
the model of the core that the property test has.

    check_budget.py ROOT [FILES OF lib/ THAT THE KERNEL LINKS...]

A header beside such a file counts with it. Tests don't count, nor do the assertions of
kernel/core/check.c and what they ask of kernel/core/state/recount.c: the image has neither. Of the
model what says what must happen is counted, not the records in its header. The other half of the
budget (executable lines, bytes) is in budget.py.
"""
import fnmatch
import json
import os
import subprocess
import sys
import tempfile

import tree

# name, folders, limit in lines of code.
KERNEL, CORE, HAL = "kernel, ring and their lib", "kernel/core", "hal/x86_64"
MODEL = "tests/property/model*.c"
LIMITS = {KERNEL: 6000, CORE: 4500, HAL: 3500, MODEL: 800}
SOURCES = (".c", ".h", ".S", ".ld", ".def")
UNCOUNTED = ("kernel/core/check.c", "kernel/core/state/recount.c")


def counted(path):
    return path.endswith(SOURCES) and "/test/" not in path and path not in UNCOUNTED


def parts(files, kernel_lib):
    """Which files belong to each row of LIMITS."""
    lib = {os.path.splitext(path)[0] + suffix for path in kernel_lib for suffix in (".c", ".h")}
    return {
        KERNEL: [p for p in files.paths
                 if counted(p) and (p.startswith(("kernel/", "ring/")) or p in lib)],
        CORE: [p for p in files.under("kernel/core") if counted(p)],
        HAL: [p for p in files.under("hal/x86_64") if counted(p)],
        MODEL: fnmatch.filter(files.paths, MODEL),
    }


def count_lines(root, paths):
    """Lines of code of each path."""
    if not paths:
        return {}
    with tempfile.NamedTemporaryFile("w", suffix=".list") as names:
        names.write("\n".join(paths) + "\n")
        names.flush()
        run = subprocess.run(["cloc", "--json", "--by-file", "--quiet", "--skip-uniqueness",
                              f"--list-file={names.name}"], cwd=root, check=True,
                             capture_output=True, text=True)
    report = json.loads(run.stdout) if run.stdout.strip() else {}
    return {os.path.normpath(path): row["code"] for path, row in report.items()
            if path not in ("header", "SUM")}


def totals(files, kernel_lib):
    """Lines of code of each row of LIMITS."""
    rows = parts(files, kernel_lib)
    lines = count_lines(files.root, sorted(set().union(*rows.values())))
    return {name: sum(lines.get(path, 0) for path in paths) for name, paths in rows.items()}


def check(files):
    for name, total in totals(files, sys.argv[2:]).items():
        if total > LIMITS[name]:
            yield name, 1, (f"{total} lines of code, {LIMITS[name]} are allowed; leave "
                            "functionality out, don't write denser")


if __name__ == "__main__":
    tree.main("budget", check)

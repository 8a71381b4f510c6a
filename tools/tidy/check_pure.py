#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The core is pure: its objects need nothing of the world, and hold no writable data.

Read from the symbol tables of objects for x86_64, which must have been built. They are machine
code: the kernel's own, which is optimised at its link, don't tell constants from variables.
* kernel/core/state needs only the memory functions, assert_fail, and itself;
* the rest of kernel/core and kernel/device also kernel/core/state, the effects of hal.h, and what
  the kernel links of lib/, which is held to the same rule: the memory functions and itself, no
  writable data.
"""
import os
import subprocess

import tree

OBJECTS = "build/x86_64-core/obj"
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "assert_fail"}
WRITABLE = set("bBdDgGsSC")
GENERATED = ("gen/schema/kernel.plain.c",)
LIBRARY = ("lib/capnp/plain.c", "lib/sha256/sha256.c")


def symbols(object_path):
    """(name, type letter) of each symbol."""
    listed = subprocess.run(["llvm-nm-14", "--format=posix", object_path], check=True,
                            capture_output=True, text=True).stdout
    return [tuple(line.split()[:2]) for line in listed.splitlines()]


def undefined(listed):
    return {name for name, kind in listed if kind in "Uwv"}


def defined(listed):
    return {name for name, kind in listed if kind not in "Uwv"}


def check(files):
    tables = {}
    for path in files.under("kernel/core", "kernel/device", "lib"):
        if not path.endswith(".c") or "/test/" in path:
            continue
        if path.startswith("lib/") and path not in LIBRARY:
            continue
        object_path = os.path.join(files.root, OBJECTS, path + ".o")
        if not os.path.exists(object_path):
            yield path, 1, f"{OBJECTS}/{path}.o isn't built; run `make tidy`"
            continue
        tables[path] = symbols(object_path)

    for path in GENERATED: # not built: the core then needs what nobody has
        if os.path.exists(object_path := os.path.join(files.root, OBJECTS, path + ".o")):
            tables[path] = symbols(object_path)

    def defined_in(prefix):
        return set().union(*(defined(t) for p, t in tables.items() if p.startswith(prefix)))

    state, library = defined_in("kernel/core/state/"), defined_in("lib/")
    core = defined_in("kernel/core/") | defined_in("kernel/device/") | library | defined_in("gen/")
    for path, table in tables.items():
        is_closed = path.startswith(("lib/", "kernel/core/state/"))
        own = library if path.startswith("lib/") else state if is_closed else core
        for name in sorted(undefined(table) - MEMORY - own):
            if is_closed or not name.startswith("hal_"):
                yield path, 1, f"the core may not need {name}; let its caller pass the value in"
        for name, kind in table:
            if kind in WRITABLE:
                yield path, 1, f"{name} is writable data; state is passed in by the caller"


if __name__ == "__main__":
    tree.main("pure", check)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Include arrows point one way: which folder may include which.

The table gives, for the longest matching folder of an including file, what it may include besides
its own folder. `schema` stands for generated code, which speaks of abi only. Tests and host tools
may include anything.
"""
import os
import re

import tree

LAYERS = {
    "abi": [],
    "ring": ["abi"],
    "kernel/core/state": ["abi", "schema", "lib"],
    "kernel/core": ["abi", "schema", "ring", "lib", "kernel/core/state", "kernel/log/log.h",
                    "hal/hal.h"],
    "kernel/device": ["abi", "schema", "kernel/core"],
    "kernel/gate": ["abi", "schema", "lib", "ring", "kernel/core",
                    "kernel/kernel.h"],
    "kernel/log": ["abi", "lib"],
    "kernel": ["abi", "schema", "lib", "ring", "kernel", "hal/hal.h"],
    "hal/hal.h": ["abi"],
    "hal": ["abi", "hal/hal.h", "kernel/kernel.h", "lib/package", "lib/sha256"],
    "lib/replay": ["abi", "lib", "kernel/core/state"],
    "lib/authority": ["abi", "lib", "kernel/core/state"],
    "lib": ["abi", "schema", "lib"],
    "runtime": ["abi", "schema", "ring", "lib", "runtime"],
    "system": ["abi", "schema", "lib", "runtime"],
    "system/init/manager": ["lib"],
    "system/init/format": ["lib", "system/init/manager"],
    "system/init/world": ["lib", "system/init/manager"],
    "drivers": ["abi", "schema", "lib", "runtime"],
    "programs": ["abi", "schema", "lib", "runtime"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def layer_of(path):
    """The longest entry of the table that holds path, or None where anything goes."""
    if "/test/" in path:
        return None
    found = [layer for layer in LAYERS if path == layer or path.startswith(layer + "/")]
    return max(found, key=len, default=None)


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def resolve(root, including, name):
    """The included file from the root of the tree; None if there is none."""
    if name.startswith("schema/"):
        return name
    beside = os.path.normpath(os.path.join(os.path.dirname(including), name))
    for candidate in (name, beside):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check(files):
    for path in files.paths:
        layer = layer_of(path)
        if layer is None or not path.endswith((".c", ".h", ".S")):
            continue
        for number, line in enumerate(files.lines(path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = resolve(files.root, path, match[1])
            if target is None:
                yield path, number, f'"{match[1]}" isn\'t in the tree; name it from the root'
            elif not (inside(target, os.path.dirname(path))
                      or inside(target, layer) and layer in ("abi", "ring")
                      or any(inside(target, allowed) for allowed in LAYERS[layer])):
                allowed = ", ".join(LAYERS[layer]) or "nothing"
                yield path, number, (f"{layer} may not include {target} (it may include: "
                                     f"{allowed}); move what is shared down, or pass it in")


if __name__ == "__main__":
    tree.main("layers", check)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file says its licence in one of its first three lines."""
import tree

LINE = "SPDX-License-Identifier: " + "Apache-2.0"


def check(files):
    for path in files.paths:
        if tree.is_data(path) or not files.is_code(path):
            continue
        if not any(LINE in line for line in files.lines(path)[:3]):
            yield path, 1, f"the licence is missing; open the file with a comment `{LINE}`"


if __name__ == "__main__":
    tree.main("spdx", check)

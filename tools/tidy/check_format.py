#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""C sources are as clang-format leaves them; `make format` mends it."""
import re
import subprocess

import tree

FINDING = re.compile(r"^(.*?):(\d+):\d+: (?:error|warning)")


def check(files):
    sources = [path for path in files.paths
               if path.endswith(tree.C_SUFFIXES) and not tree.is_data(path)]
    if not sources:
        return
    run = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *sources], cwd=files.root,
                         stderr=subprocess.PIPE, text=True, check=False)
    for line in run.stderr.splitlines():
        if match := FINDING.match(line):
            yield match[1], match[2], "not as clang-format leaves it; run `make format`"


if __name__ == "__main__":
    tree.main("format", check)

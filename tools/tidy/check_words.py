#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No notes to oneself and no paths of somebody's machine in the tree."""
import re

import tree

# Spelt in parts, so that this file keeps its own rule.
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
PATHS = re.compile(r"(?<![\w.*/-])/(wor" r"k|hom" r"e)/\w")


def check(files):
    for path in files.paths:
        if tree.is_data(path) or path == "LICENSE":
            continue
        for number, line in enumerate(files.lines(path), 1):
            if match := NOTES.search(line):
                yield path, number, f"{match[1]}: do it now, or open an issue"
            if match := PATHS.search(line):
                yield path, number, f"/{match[1]}/ is a path of one machine; make it relative"


if __name__ == "__main__":
    tree.main("words", check)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lines: at most 100 columns, no tabs in C, no trailing blanks, and a newline at the end of a file.

Rows of tables and lines with an address in Markdown may be longer, and what a run script expects of
a console.
"""
import tree

COLUMNS = 100
TEXT_SUFFIXES = tree.CODE_SUFFIXES + (".md", ".json", ".css", ".html", ".yml")


def may_be_long(path, line):
    if path.endswith(".run"):
        return line.startswith(("expect ", "prints "))
    return path.endswith(".json") or path.endswith(".md") and (
        line.lstrip().startswith("|") or "://" in line)


def check(files):
    for path in files.paths:
        if tree.is_data(path) or not (path.endswith(TEXT_SUFFIXES) or files.is_code(path)):
            continue
        lines = files.lines(path)
        if lines[-1] != "":
            yield path, len(lines), "no newline at the end of the file; add one"
        elif len(lines) > 1 and lines[-2] == "":
            yield path, len(lines) - 1, "empty lines at the end of the file; remove them"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS and not may_be_long(path, line):
                yield path, number, f"{len(line)} columns, {COLUMNS} are allowed; wrap it"
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line; remove them"
            if "\t" in line and path.endswith((".c", ".h")):
                yield path, number, "a tab; indent with four spaces"


if __name__ == "__main__":
    tree.main("width", check)

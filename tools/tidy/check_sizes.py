#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Files and functions stay small enough to be read at once.

Files: 500 lines in kernel/ and ring/, 800 elsewhere. Functions: 60 lines in kernel/, 70 elsewhere,
from the first line of the signature to the closing brace. C functions are found by the braces that
clang-format puts in the first column.
"""
import ast

import tree


def file_limit(path):
    return 500 if path.startswith(("kernel/", "ring/")) else 800


def function_limit(path):
    return 60 if path.startswith("kernel/") else 70


def c_functions(lines):
    """(first line, number of lines) of each function definition."""
    opened = None
    for index, line in enumerate(lines):
        if line.rstrip() == "{":
            opened = index
            while opened > 0 and is_signature(lines[opened - 1]):
                opened -= 1
        elif line.startswith("}") and opened is not None:
            yield opened + 1, index - opened + 1
            opened = None


def is_signature(line):
    return bool(line.strip()) and not line.startswith(("//", "#", "}", "/*", " *")) \
        and not line.rstrip().endswith(";")


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.lineno, node.end_lineno - node.lineno + 1


def check(files):
    for path in files.paths:
        if tree.is_data(path) or not files.is_code(path):
            continue
        lines = files.lines(path)
        count = len(lines) - (lines[-1] == "")
        if count > file_limit(path):
            yield path, count, (f"{count} lines, {file_limit(path)} are allowed; split it by "
                                "concept")
        functions = ()
        if path.endswith(tree.C_SUFFIXES):
            functions = c_functions(lines)
        elif path.endswith(".py"):
            functions = python_functions(files.text(path))
        for first, length in functions:
            if length > function_limit(path):
                yield path, first, (f"a function of {length} lines, {function_limit(path)} are "
                                    "allowed; name its parts")


if __name__ == "__main__":
    tree.main("sizes", check)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules and tests of the service manager name each other.

Every rule of docs/rules/init.md that works, wholly or partly, is named by its id in a test, and the
tests that its row names are there; every id that a test names is a rule; no id is given twice.
"""
import re

import tree

PAGE = "docs/rules/init.md"
ROW = re.compile(r"^\| (INIT-\d+\.\d+) \|[^|]*\| ([^|]*?) \| ?([^|]*?) ?\|$")
ID = re.compile(r"\bINIT-\d+\.\d+\b")
NAME = re.compile(r"`(\w+)`")


def is_test(path):
    return "/test/" in path or path.startswith("tests/")


def ids_in_tests(files):
    """id -> the first (path, line) of a test that names it."""
    found = {}
    for path in files.paths:
        if is_test(path) and path.endswith((".c", ".py")) and "tools/tidy/" not in path:
            for number, line in enumerate(files.lines(path), 1):
                for rule in ID.findall(line):
                    found.setdefault(rule, (path, number))
    return found


def words_of_tests(files):
    return {word for path in files.paths if is_test(path) and path.endswith((".c", ".py"))
            for word in re.findall(r"\w+", files.text(path))}


def check(files):
    if PAGE not in files.paths:
        return
    named, words, rules = ids_in_tests(files), words_of_tests(files), set()
    for number, line in enumerate(files.lines(PAGE), 1):
        match = ROW.match(line)
        if not match:
            if ID.search(line) and line.startswith("|"):
                yield PAGE, number, "a row must read | id | rule | state | shown by |"
            continue
        rule, state, shown = match.groups()
        if rule in rules:
            yield PAGE, number, f"{rule} is there already; an id is given once"
        rules.add(rule)
        if state.startswith("not yet"):
            continue
        if rule not in named:
            yield PAGE, number, f"no test names {rule}; write one, or say \"not yet\""
        for name in NAME.findall(shown):
            if name not in words:
                yield PAGE, number, f"there is no test {name}; name one that is there"
    for rule, (path, number) in sorted(named.items()):
        if rule not in rules:
            yield path, number, f"{rule} is no rule of {PAGE}; correct the id"


if __name__ == "__main__":
    tree.main("rules", check)

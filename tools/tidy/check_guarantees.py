#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/guarantees.md promises what the rules and tests say, and no more.

A row of a table there that says "guaranteed" or "tested" names, somewhere in it, what shows it: the
id of a rule that works, or works in part, or a test in backquotes that exists.

    check_guarantees.py ROOT            the check
    check_guarantees.py ROOT --rules    lists the rules that no test names, by state (make rules)
"""
import re
import sys

import check_rules
import tree

PAGE = "docs/guarantees.md"
PROMISE = re.compile(r"\b(guaranteed|tested)\b")
STATES = check_rules.STATES


def rules(files):
    """{id: (state, what shows it)}"""
    found = {}
    for path in files.under("docs/rules"):
        for line in files.lines(path):
            if row := check_rules.ROW.match(line):
                found[f"{row[1]}-{row[2]}.{row[3]}"] = (row[5], row[6])
    return found


def is_shown(row, known, names):
    ids = check_rules.ID.findall(row)
    return (any(known.get(name, ("",))[0].startswith(("works", "partly")) for name in ids)
            or any(names.has(name) for name in check_rules.QUOTED.findall(row)))


def check(files):
    if PAGE not in files.paths:
        return
    known, names = rules(files), check_rules.Names(files)
    for line, text in enumerate(files.lines(PAGE), 1):
        if text.startswith("| ") and PROMISE.search(text) and not is_shown(text, known, names):
            yield PAGE, line, "it promises something, and names no rule that works and no test"


def print_rules(files):
    known = rules(files)
    for state in STATES:
        of_state = {name: shown for name, (said, shown) in known.items() if said.startswith(state)}
        untested = [name for name, shown in of_state.items()
                    if not check_rules.QUOTED.search(shown)]
        print(f"{state:8} {len(of_state):4} rules, named by no test: "
              f"{', '.join(untested) or 'none'}")


if __name__ == "__main__":
    if "--rules" in sys.argv:
        print_rules(tree.Tree(sys.argv[1]))
    else:
        tree.main("guarantees", check)

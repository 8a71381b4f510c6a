# SPDX-License-Identifier: Apache-2.0
"""Where the kernel refuses: each place in its sources that names a fact, and how often the tests
got there, by the regions of clang's coverage.

A place is a STATUS_... that is returned, chosen or handed on; comparisons, and tables of facts
outside of functions, are none.
"""
import bisect
import os
import re

PLACE = re.compile(r"(?<![=!]= )\bSTATUS_(?!OK\b|LIMIT\b)[A-Z_]+\b(?! *(?:[=!]=|\]|-))")


def code_lines(path):
    """(number, text) of the file, comments blanked."""
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            yield number, re.sub(r"//.*", lambda match: " " * len(match[0]), text)


def places(path):
    """[(line, column, fact)] of the file."""
    return [(number, match.start() + 1, match[0])
            for number, text in code_lines(path) for match in PLACE.finditer(text)]


def count_at(segments, starts, line, column):
    """How often the code there ran; None: it is in no function."""
    index = bisect.bisect_right(starts, (line, column)) - 1
    if index < 0 or not segments[index][3]:
        return None
    return segments[index][2]


def find(export, folders):
    """[(path, line, fact, count)] of the folders, from what llvm-cov exports."""
    found = {}
    for file in export["files"]:
        path = os.path.relpath(file["filename"])
        if os.path.dirname(path) not in folders:
            continue
        segments = file["segments"]
        starts = [(segment[0], segment[1]) for segment in segments]
        for line, column, fact in places(path):
            count = count_at(segments, starts, line, column)
            if count is not None:
                key = (path, line, column, fact)
                found[key] = found.get(key, 0) + count
    return [(path, line, fact, count) for (path, line, _, fact), count in sorted(found.items())]


def report(refusals, reason_of):
    """Prints the facts with their places, then the places that no test reaches."""
    by_fact = {}
    for _, _, fact, count in refusals:
        reached, total = by_fact.get(fact, (0, 0))
        by_fact[fact] = (reached + (count > 0), total + 1)
    print("places that refuse, by fact: reached of all")
    for fact, (reached, total) in sorted(by_fact.items()):
        print(f"    {fact:32} {reached:3} of {total:3}")
    missed = [(path, line, fact) for path, line, fact, count in refusals if count == 0]
    for path, line, fact in missed:
        print(f"    {path}:{line} never refuses with {fact}: {reason_of(path, line)}")
    print(f"{len(refusals) - len(missed)} of {len(refusals)} places that refuse are reached\n")
    return missed

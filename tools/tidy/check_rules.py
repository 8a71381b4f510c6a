#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The numbered rules of docs/rules/ are in order, and what they say shows them is there.

On each page a row is `| PAGE-section.number | rule | state | shown by |`, under the heading
`## section`; numbers count on from 1, so that none is given twice. A state begins with works,
partly or not yet, and a rule that works says what shows it: names in backquotes, of which

- `a_claim` is a function of a test, `anything()` or `A_NAME` is in some source,
- `name.suffix` and `folder/name` are files or folders, `check_x` is a checker of this folder,
- anything else with blanks is the name of a step of the platform suite.

Each section has a row in docs/status.md, and each id that a file of the tree names is a rule. The
rules of the service manager that work are named by their ids in tests, too.
"""
import os
import re

import tree

FOLDER, STATUS = "docs/rules/", "docs/status.md"
NAMED_BY_TESTS = "INIT"
ROW = re.compile(r"\| ([A-Z]+)-(\d+)\.(\d+) \| (.+) \| (.*?) ?\| (.*?) ?\|$")
SECTION = re.compile(r"## (\d+) ")
STATES = ("works", "partly", "not yet")
QUOTED = re.compile(r"`([^`]+)`")
WORD = re.compile(r"\w+")
ID = re.compile(r"\b[A-Z]+-\d+\.\d+\b")
SOURCES = (".c", ".h", ".S", ".py", ".cc", ".def")


class Names:
    """What a backquoted name may lead to."""

    def __init__(self, files):
        self.files = set(files.paths)
        for path in files.paths:
            self.files.add(os.path.basename(path))
            while path := os.path.dirname(path):
                self.files.add(path)
        sources = [p for p in files.paths if p.endswith(SOURCES) and not tree.is_data(p)]
        tests = [p for p in sources if "test" in p]
        self.words = self._words(files, sources)
        self.tests = self._words(files, tests)
        self.ids = {name for path in tests if path.endswith((".c", ".py"))
                    for name in ID.findall(files.text(path))}
        self.steps = "".join(files.text(p) for p in tests if p.startswith("tests/platform/"))

    @staticmethod
    def _words(files, paths):
        return {word for path in paths for word in WORD.findall(files.text(path))}

    def has(self, name):
        if " " in name:
            return f'"{name}"' in self.steps
        if name.endswith("()"):
            return name[:-2] in self.words
        if WORD.fullmatch(name):
            return (name in (self.words if name.isupper() else self.tests)
                    or name in self.files or name + ".py" in self.files)
        return name in self.files


def row_faults(row, expected, names):
    """What is wrong with a row, whose id should be `expected`."""
    page, section, number, _, state, shown = row.groups()
    if (page, section, number) != expected:
        yield f"{page}-{section}.{number} should be {expected[0]}-{expected[1]}.{expected[2]}"
    if not state.startswith(STATES):
        yield f"the state must begin with one of: {', '.join(STATES)}"
    if state.startswith("works") and not shown:
        yield "a rule that works says what shows it, if only a review"
    for name in QUOTED.findall(shown):
        if not names.has(name):
            yield f"`{name}` shows nothing: it isn't in the tree"


def check_page(files, path, names, known):
    """Checks a page, and adds its ids to `known`."""
    page, section, number = os.path.basename(path)[:-3].upper(), "0", 0
    for line, text in enumerate(files.lines(path), 1):
        if heading := SECTION.match(text):
            section, number = heading[1], 0
        elif row := ROW.match(text):
            number += 1
            known |= {f"{row[1]}-{row[2]}", f"{row[1]}-{row[2]}.{row[3]}"}
            for fault in row_faults(row, (page, section, str(number)), names):
                yield path, line, fault
            if (page == NAMED_BY_TESTS and not row[5].startswith("not yet")
                    and f"{page}-{row[2]}.{row[3]}" not in names.ids):
                yield path, line, "no test names its id; write one, or say \"not yet\""
        elif text.startswith(f"| {page}-"):
            yield path, line, "a row is | id | rule | state | shown by |"


def check(files):
    pages = [p for p in files.under("docs/rules") if not p.endswith("README.md")]
    names, known = Names(files), set()
    for path in pages:
        yield from check_page(files, path, names, known)
    prefixes = sorted({name.partition("-")[0] for name in known})
    named = re.compile(rf"\b(?:{'|'.join(prefixes)})-\d+(?:\.\d+)?\b") if prefixes else None
    for path in files.paths if named else ():
        if not tree.is_data(path) and path not in pages and "tools/tidy/test" not in path:
            for line, text in enumerate(files.lines(path), 1):
                for name in named.findall(text):
                    if name not in known:
                        yield path, line, f"there is no rule {name} in {FOLDER}"
    stated = set(named.findall(files.text(STATUS))) if named and STATUS in files.paths else set()
    for name in sorted(known - stated):
        if "." not in name:
            yield STATUS, 1, f"no row says how far {name} is"


if __name__ == "__main__":
    tree.main("rules", check)

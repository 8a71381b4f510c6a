#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a page points at is there.

In each Markdown file: every relative link leads to a file or folder of the tree, and `#heading` to
a heading of that page. In ARCHITECTURE.md: every `function()` in backquotes is in a source of the
tree, defined or called (generated functions are only called). Fenced blocks are not read.
"""
import os
import re

import tree

PAGE_OF_FUNCTIONS = "ARCHITECTURE.md"
LINK = re.compile(r"\[[^\]]*\]\(<?([^()\s>]+)>?\)")
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:")
FUNCTION = re.compile(r"`(\w+)\([^`]*\)`")
CODE = re.compile(r"`[^`]*`")
SOURCES = (".c", ".h", ".S", ".py")
IN_C = re.compile(r"\b(\w+)\(")
IN_ASSEMBLER = re.compile(r"^(\w+):", re.MULTILINE)


def prose(lines):
    """(number, line) of the lines outside of fenced blocks."""
    is_fenced = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
        elif not is_fenced:
            yield number, line


def anchors(lines):
    """What `#` may name: headings in small letters, blanks as hyphens, no other signs."""
    for _, line in prose(lines):
        if line.startswith("#"):
            words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            yield words.replace(" ", "-")


def functions(files):
    """Every name that a source has before a parenthesis, or as a label of assembler."""
    found = set()
    for path in files.paths:
        if path.endswith(SOURCES) and not tree.is_data(path):
            found |= set((IN_ASSEMBLER if path.endswith(".S") else IN_C).findall(files.text(path)))
    return found


def what_is_wrong(files, places, path, target):
    """Why the link doesn't lead anywhere; None if it does."""
    name, _, anchor = target.partition("#")
    place = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if place not in places:
        return f"{target} isn't in the tree; mend the link or drop it"
    if anchor and (not place.endswith(".md") or anchor not in anchors(files.lines(place))):
        return f"{place} has no heading #{anchor}; name one that it has"
    return None


def check(files):
    places = {"."} | set(files.paths)
    for path in files.paths:
        while path := os.path.dirname(path):
            places.add(path)
    known = functions(files) if PAGE_OF_FUNCTIONS in places else set()
    for path in files.paths:
        if not path.endswith(".md") or tree.is_data(path):
            continue
        for number, line in prose(files.lines(path)):
            for target in LINK.findall(CODE.sub("", line)):
                wrong = None if ADDRESS.match(target) else what_is_wrong(files, places, path,
                                                                         target)
                if wrong:
                    yield path, number, wrong
            for name in FUNCTION.findall(line) if path == PAGE_OF_FUNCTIONS else ():
                if name not in known:
                    yield path, number, f"{name}() isn't in the tree; name what is"


if __name__ == "__main__":
    tree.main("links", check)

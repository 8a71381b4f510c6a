#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each folder has a README.md that opens, after its title, with one sentence saying what it is for.

Not needed in folders whose name begins with a dot, in `test` folders without folders of their own,
and in folders of test inputs: corpora and what is inside `test`.
"""
import os

import tree


def needs_readme(folder, folders):
    parts = folder.split("/")
    if any(part.startswith(".") for part in parts) or "corpus" in parts or "test" in parts[1:-1]:
        return False
    is_leaf = not any(other.startswith(folder + "/") for other in folders)
    return not (parts[-1] == "test" and is_leaf)


def opening(lines):
    """The first paragraph that isn't a title."""
    paragraph = []
    for line in lines:
        if line.startswith("#") or not line.strip():
            if paragraph:
                break
        else:
            paragraph.append(line.strip())
    return " ".join(paragraph)


def check(files):
    folders = set()
    for path in files.paths:
        folder = os.path.dirname(path)
        while folder:
            folders.add(folder)
            folder = os.path.dirname(folder)
    for folder in sorted(folders):
        readme = f"{folder}/README.md"
        if not needs_readme(folder, folders):
            continue
        if readme not in files.paths:
            yield readme, 1, "missing; say in one sentence what the folder is for"
        elif "." not in opening(files.lines(readme)).rstrip() \
                or not opening(files.lines(readme))[0].isalnum() \
                and opening(files.lines(readme))[0] not in "`*\"[":
            yield readme, 1, "must open, after its title, with a sentence saying what this is for"


if __name__ == "__main__":
    tree.main("readme", check)

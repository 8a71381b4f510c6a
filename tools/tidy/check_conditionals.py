#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No conditional compilation in kernel/, ring/ and lib/: platforms differ by files.

Only the guard of a header is allowed: `#ifndef NAME` and `#define NAME` as the first two
directives, `#endif` as the last.
"""
import re

import tree

DIRECTIVE = re.compile(r"^\s*#\s*(\w+)\s*(\w*)")
CONDITIONAL = {"if", "ifdef", "ifndef", "elif", "else", "endif"}


def check(files):
    for path in files.under("kernel", "ring", "lib"):
        if not path.endswith((".c", ".h", ".S")):
            continue
        directives = [(number, match[1], match[2])
                      for number, line in enumerate(files.lines(path), 1)
                      if (match := DIRECTIVE.match(line))]
        guarded = (path.endswith(".h") and len(directives) >= 3
                   and directives[0][1] == "ifndef" and directives[1][1] == "define"
                   and directives[0][2] == directives[1][2] and directives[-1][1] == "endif")
        for number, word, _ in directives[2:-1] if guarded else directives:
            if word in CONDITIONAL:
                yield path, number, (f"#{word} isn't allowed here; put what differs into a file "
                                     "per platform, or pass it as a value")


if __name__ == "__main__":
    tree.main("conditionals", check)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a failing sequence of the property test short, and a unit test in C of it.

    shrink.py SEED STEPS [TREE [FROM]]

The numbers are what the failure says: "again: SEED=1 FROM=17 STEPS=259". Without FROM all that
was before is done once more. Steps are left out, first many
at once and at last one by one, as long as what is left fails in the same way; what chance brings in
a step does not depend on the others. The run is then written down as C (record.h), compiled with
the kernel of the tree, and must fail. It stays in build/shrink/reproducer.c and is printed.
"""
import glob
import os
import re
import subprocess
import sys
import time

TEST = "build/host-gcc/test/tests/property/core_test"
FOLDER = "build/shrink"
AGAIN = re.compile(r"^again: SEED=(\d+) FROM=(\d+) STEPS=(\d+)$", re.MULTILINE)
LIBRARIES = ("random", "support", "kernel", "manager", "lib", "gen", "runtime")
SECONDS_MOST = 120  # for leaving out
HEAD = """// SPDX-License-Identifier: Apache-2.0
//
// What failed with SEED={seed} STEPS={steps}: {left} of {world} steps of its world are left.
//     {failure}
#include "tests/property/reproduce.h"

int main(void)
{{
{body}    return 0;
}}
"""


def run(tree, command, **environment):
    """(exit status, what it said)"""
    done = subprocess.run(command, cwd=tree, env=dict(os.environ, **environment), text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, check=False)
    return done.returncode, done.stdout


def failure_of(said):
    """The line that says what failed, without numbers: two failures of one kind are alike."""
    line = next((line for line in said.splitlines() if not line.startswith(("==", "again: "))), "")
    return line, re.sub(r"0x[0-9a-f]+|\b[0-9a-f]*\d[0-9a-f]*\b", "n", line)


class Sequence:
    def __init__(self, tree, seed, steps, first):
        self.tree, self.seed, self.steps = tree, seed, steps
        status, said = run(tree, [TEST], SEED=seed, FROM=first, STEPS=steps)
        again = AGAIN.search(said)
        if status == 0 or again is None:
            sys.exit(f"shrink: SEED={seed} STEPS={steps} does not fail")
        self.failure, self.kind = failure_of(said)
        self.numbers = list(range(int(again[2]), int(again[3])))
        self.world = len(self.numbers)

    def fails(self, numbers, **environment):
        path = os.path.join(FOLDER, "steps")
        with open(os.path.join(self.tree, path), "w", encoding="utf-8") as file:
            file.write("\n".join(map(str, numbers)))
        status, said = run(self.tree, [TEST], SEED=self.seed, ONLY=path, **environment)
        return status not in (0, 2) and failure_of(said)[1] == self.kind

    def shrink(self):
        """Leaves out parts of half the length, then of a quarter, ... at last single steps. The
        first step stays: the world begins with its chance."""
        if not self.fails(self.numbers):
            sys.exit("shrink: the world alone does not fail")
        size, until = len(self.numbers) // 2, time.monotonic() + SECONDS_MOST
        while size > 0 and time.monotonic() < until:
            at, has_shrunk = 1, False
            while at < len(self.numbers) and time.monotonic() < until:
                less = self.numbers[:at] + self.numbers[at + size:]
                if len(less) < len(self.numbers) and self.fails(less):
                    self.numbers, has_shrunk = less, True
                else:
                    at += size
            size = size if has_shrunk and size == 1 else size // 2

    def write(self, path):
        body = os.path.join(FOLDER, "body.c")
        if not self.fails(self.numbers, RECORD=body):
            sys.exit("shrink: it does not fail while it is written down")
        with open(os.path.join(self.tree, body), encoding="utf-8") as file:
            lines = file.read()
        text = HEAD.format(seed=self.seed, steps=self.steps, left=len(self.numbers),
                           world=self.world, failure=self.failure, body=lines)
        with open(os.path.join(self.tree, path), "w", encoding="utf-8") as file:
            file.write(text)
        return text


def compile_at(tree, path, program):
    """With the kernel of the tree."""
    archives = [f"build/host-gcc/lib{name}.a" for name in LIBRARIES]
    own = [name for name in archives if glob.glob(os.path.join(tree, name))]
    status, said = run(tree, ["gcc-12", "-std=c17", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
                              "-I.", "-Ibuild/gen", path, "-o", program, "-Wl,--start-group", *own,
                              "-Wl,--end-group", "-lcmocka", "-lm"])
    if status != 0:
        sys.exit(f"shrink: what was written is no C:\n{said[-2000:]}")


def shrink(tree, seed, steps, first="0"):
    """(the C, how many steps it has, whether it fails with the kernel of the tree)"""
    os.makedirs(os.path.join(tree, FOLDER), exist_ok=True)
    sequence = Sequence(tree, seed, steps, first)
    sequence.shrink()
    path, program = f"{FOLDER}/reproducer.c", f"{FOLDER}/reproducer"
    text = sequence.write(path)
    compile_at(tree, path, program)
    return text, len(sequence.numbers), run(tree, [program])[0] != 0


def main():
    if len(sys.argv) not in (3, 4, 5):
        sys.exit(__doc__)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    text, left, does_fail = shrink(sys.argv[3] if len(sys.argv) > 3 else root, *sys.argv[1:3],
                                   *sys.argv[4:])
    print(text)
    print(f"shrink: {left} steps; the program {FOLDER}/reproducer "
          + ("fails" if does_fail else "does NOT fail: what failed is nothing that it looks at"))
    return 0 if does_fail else 1


if __name__ == "__main__":
    sys.exit(main())

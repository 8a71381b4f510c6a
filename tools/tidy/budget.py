#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the kernel costs, against its limits and the previous commit; fails when over.

    budget.py FILES OF lib/ THAT THE KERNEL LINKS...

Run by `make budget`, which builds what is read here: the kernel image, its link map, and gcov's
notes of the kernel compiled by gcc (build/host-cov), which say for which lines there is code.
Results are kept in build/budget/<commit>.json; a commit without them is compared by cloc alone.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import check_budget
import tree

KIB = 1024
ELF, MAP, NOTES = "build/x86_64/kernel.elf", "build/x86_64/kernel.map", "build/host-cov/obj"
LIMITS = {
    "executable lines, " + check_budget.KERNEL: 3000,
    "executable lines, " + check_budget.CORE: 2400,
    "image, text and data, bytes": 384 * KIB,
    "generated code in the image, bytes": 128 * KIB,
}
GENERATED = "build/x86_64/libgen.a"
# A function's section in the link map: VMA LMA size alignment file:(section). After optimisation
# at the link the file says nothing, so the function's name has to.
FUNCTION = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ +\S+:\(\.text\.([\w.$]+)\)")


def executable_lines(sources):
    """The (file, line) pairs of `sources` and their headers that gcov counts."""
    notes = [os.path.join(NOTES, source + ".gcno") for source in sources]
    run = subprocess.run(["gcov-12", "--json-format", "--stdout", *notes], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = set()
    for document in filter(None, run.stdout.splitlines()):
        for file in json.loads(document)["files"]:
            found |= {(os.path.normpath(file["file"]), line["line_number"])
                      for line in file["lines"]}
    return found


def image_bytes():
    run = subprocess.run(["llvm-size-14", ELF], check=True, capture_output=True, text=True)
    text, data = run.stdout.splitlines()[1].split()[:2]
    return int(text) + int(data)


def generated_bytes():
    """Functions of generated code in the image; those that became part of others are theirs."""
    listed = subprocess.run(["llvm-nm-14", "--format=just-symbols", "--defined-only", GENERATED],
                            check=True, capture_output=True, text=True).stdout
    generated = set(listed.split())
    with open(MAP, encoding="utf-8") as link_map:
        rows = [match for line in link_map if (match := FUNCTION.match(line))]
    if not rows:
        raise SystemExit(f"{MAP} lists no function: its format is another one")
    return sum(int(row[1], 16) for row in rows if row[2] in generated)


def measure(kernel_lib):
    """Every number of the budget, cloc's first."""
    files = tree.Tree(".")
    numbers = {"lines, " + name: total
               for name, total in check_budget.totals(files, kernel_lib).items()}
    rows = check_budget.parts(files, kernel_lib)
    kernel = set(rows[check_budget.KERNEL])
    code = executable_lines([path for path in sorted(kernel) if path.endswith(".c")])
    names = list(LIMITS)
    numbers[names[0]] = sum(path in kernel for path, _ in code)
    numbers[names[1]] = sum(path in set(rows[check_budget.CORE]) for path, _ in code)
    numbers[names[2]] = image_bytes()
    numbers[names[3]] = generated_bytes()
    return numbers


def git(*arguments):
    run = subprocess.run(["git", *arguments], capture_output=True, check=False)
    return run.stdout if run.returncode == 0 else b""


def previous(is_clean, kernel_lib):
    """(name, numbers) of the commit to compare with: HEAD, or the one before it if HEAD is here."""
    commit = git("rev-parse", "--short", "HEAD~1" if is_clean else "HEAD").decode().strip()
    if not commit:
        return "", {}
    kept = f"build/budget/{commit}.json"
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            return commit, json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        folders = ("kernel", "ring", "lib", "hal", "tests/property")
        archive = git("archive", commit, *[name for name in folders
                                           if git("ls-tree", commit, name)])
        if archive:
            subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        lines = check_budget.totals(tree.Tree(folder), kernel_lib)
    return commit, {"lines, " + name: total for name, total in lines.items()}


def main():
    kernel_lib = sys.argv[1:]
    numbers = measure(kernel_lib)
    limits = {"lines, " + name: limit for name, limit in check_budget.LIMITS.items()} | LIMITS
    is_clean = not git("status", "--porcelain")
    commit, before = previous(is_clean, kernel_lib)
    print(f"{'':46} {'now':>8} {'limit':>8}   {'since ' + commit if commit else ''}")
    for name, number in numbers.items():
        change = f"{number - before[name]:+}" if name in before else ""
        mark = "OVER" if number > limits[name] else ""
        print(f"{name:46} {number:8} {limits[name]:8}   {change:>8} {mark}".rstrip())
    if is_clean:
        head = git("rev-parse", "--short", "HEAD").decode().strip()
        os.makedirs("build/budget", exist_ok=True)
        with open(f"build/budget/{head}.json", "w", encoding="utf-8") as file:
            json.dump(numbers, file, indent=4)
    return any(numbers[name] > limits[name] for name in numbers)


if __name__ == "__main__":
    sys.exit(main())

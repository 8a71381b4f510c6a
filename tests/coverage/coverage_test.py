#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs unit tests that were compiled to count, and prints the branches taken by file and folder.

    coverage_test.py FOLDER=PERCENT ... -- PROGRAM ...

Fails when a folder has less than its percentage, when a program fails, and when a folder has no
branches at all. `--missing` before the folders shows the branches that nobody takes; those of the
kernel and the ring are always shown, with the reason that reasons.txt gives, and so are the places
where the kernel refuses something (refusals.py): each must be reached, or have a reason.
"""
import json
import os
import subprocess
import sys
import tempfile

import refusals

PROFDATA, COV = "llvm-profdata-14", "llvm-cov-14"
KERNEL = ("kernel", "ring")
REASONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reasons.txt")


def run_all(programs, folder):
    """Runs the programs; the merged profile's path."""
    profiles = []
    for number, program in enumerate(programs):
        profiles.append(os.path.join(folder, f"{number}.profraw"))
        subprocess.run([program], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "LLVM_PROFILE_FILE": profiles[-1]})
    merged = os.path.join(folder, "merged")
    subprocess.run([PROFDATA, "merge", "-o", merged, *profiles], check=True)
    return merged


def export_of(programs, profile):
    """What llvm-cov says of all programs together."""
    objects = [word for program in programs[1:] for word in ("-object", program)]
    export = subprocess.run([COV, "export", f"-instr-profile={profile}", programs[0], *objects],
                            check=True, stdout=subprocess.PIPE).stdout
    return json.loads(export)["data"][0]


def branches_by_file(export):
    """{path: [(line, column, taken when true, taken when false)]}"""
    found = {}
    for file in export["files"]:
        path = os.path.relpath(file["filename"])
        # What an earlier program didn't link another may have taken: the branch counts once.
        places = found.setdefault(path, {})
        for line, column, _, _, taken, not_taken, *_ in file["branches"]:
            before = places.get((line, column), (0, 0))
            places[line, column] = (before[0] + taken, before[1] + not_taken)
    return {path: [(*place, *counts) for place, counts in sorted(places.items())]
            for path, places in found.items()}


class Reasons:
    """Why some lines are not reached: `path | text of the line`, and below it, indented, why."""

    def __init__(self):
        self.rows, self.used, self.sources = {}, set(), {}
        with open(REASONS, encoding="utf-8") as file:
            for row in file:
                if row.startswith(" "):
                    self.rows[key] = f"{self.rows[key]} {row.strip()}".strip()
                elif " | " in row and not row.startswith("#"):
                    key = tuple(word.strip() for word in row.split(" | ", 1))
                    self.rows[key] = ""

    def of(self, path, line):
        if path not in self.sources:
            with open(path, encoding="utf-8") as file:
                self.sources[path] = file.read().splitlines()
        key = path, self.sources[path][line - 1].strip()
        self.used.add(key)
        return self.rows.get(key, "NO REASON GIVEN")

    def needless(self):
        return sorted(set(self.rows) - self.used)


def count(branches):
    """(branches taken, all branches): each condition has two."""
    return (sum((taken > 0) + (not_taken > 0) for _, _, taken, not_taken in branches),
            2 * len(branches))


def row(name, taken, total):
    percent = 100 * taken / total if total else 100
    return f"{name:40} {taken:5} of {total:5}  {percent:6.2f} %"


def missing_print(path, found, reasons):
    for line, column, taken, not_taken in found:
        if not taken or not not_taken:
            way = "true" if not taken else "false"
            why = f": {reasons.of(path, line)}" if path.startswith(KERNEL) else ""
            print(f"    {path}:{line}:{column} is never {way}{why}")


def refusals_check(export, folders, reasons):
    """Whether each place where the kernel refuses is reached, or has a reason."""
    found = refusals.find(export, [folder for folder in folders if folder.startswith(KERNEL)])
    missed = refusals.report(found, reasons.of) if found else []
    for path, text in reasons.needless() if found else []:
        print(f"    {path}: a reason that is not needed: {text}")
    return all("NO REASON" not in reasons.of(path, line) for path, line, _ in missed)


def main():
    words = sys.argv[1:]
    show_missing = "--missing" in words
    split = words.index("--", words.index("--missing") + 1 if show_missing else 0)
    limits = dict(word.split("=") for word in words[:split] if "=" in word)
    programs, reasons = words[split + 1:], Reasons()
    with tempfile.TemporaryDirectory(dir="build") as folder:
        export = export_of(programs, run_all(programs, folder))
    branches = branches_by_file(export)
    failed = False
    for folder, limit in limits.items():
        inside = {path: found for path, found in sorted(branches.items())
                  if os.path.dirname(path) == folder}
        for path, found in inside.items():
            print(row(path, *count(found)))
            if show_missing or path.startswith(KERNEL):
                missing_print(path, found, reasons)
        taken, total = (sum(numbers) for numbers in zip((0, 0), *map(count, inside.values())))
        is_good = total and 100 * taken >= float(limit) * total
        failed = failed or not is_good
        print(row(folder, taken, total) + f"  limit {limit} %{'' if is_good else '  FAIL'}\n")
    failed = not refusals_check(export, limits, reasons) or failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

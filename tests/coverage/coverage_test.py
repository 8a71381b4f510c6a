#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs unit tests that were compiled to count, and prints the branches taken by file and folder.

    coverage_test.py FOLDER=PERCENT ... -- PROGRAM ...

Fails when a folder has less than its percentage, when a program fails, and when a folder has no
branches at all. `--missing` before the folders shows the branches that nobody takes.
"""
import json
import os
import subprocess
import sys
import tempfile

PROFDATA, COV = "llvm-profdata-14", "llvm-cov-14"


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


def branches_by_file(programs, profile):
    """{path: [(line, column, taken when true, taken when false)]}"""
    objects = [word for program in programs[1:] for word in ("-object", program)]
    export = subprocess.run([COV, "export", f"-instr-profile={profile}", programs[0], *objects],
                            check=True, stdout=subprocess.PIPE).stdout
    found = {}
    for file in json.loads(export)["data"][0]["files"]:
        path = os.path.relpath(file["filename"])
        # What an earlier program didn't link another may have taken: the branch counts once.
        places = found.setdefault(path, {})
        for line, column, _, _, taken, not_taken, *_ in file["branches"]:
            before = places.get((line, column), (0, 0))
            places[line, column] = (before[0] + taken, before[1] + not_taken)
    return {path: [(*place, *counts) for place, counts in sorted(places.items())]
            for path, places in found.items()}


def count(branches):
    """(branches taken, all branches): each condition has two."""
    return (sum((taken > 0) + (not_taken > 0) for _, _, taken, not_taken in branches),
            2 * len(branches))


def row(name, taken, total):
    percent = 100 * taken / total if total else 100
    return f"{name:40} {taken:5} of {total:5}  {percent:6.2f} %"


def main():
    words = sys.argv[1:]
    show_missing = "--missing" in words
    split = words.index("--", words.index("--missing") + 1 if show_missing else 0)
    limits = dict(word.split("=") for word in words[:split] if "=" in word)
    programs = words[split + 1:]
    with tempfile.TemporaryDirectory(dir="build") as folder:
        branches = branches_by_file(programs, run_all(programs, folder))
    failed = False
    for folder, limit in limits.items():
        inside = {path: found for path, found in sorted(branches.items())
                  if os.path.dirname(path) == folder}
        for path, found in inside.items():
            print(row(path, *count(found)))
            for line, column, taken, not_taken in found if show_missing else []:
                if not taken or not not_taken:
                    print(f"    {path}:{line}:{column} is never {'true' if not taken else 'false'}")
        taken, total = (sum(numbers) for numbers in zip((0, 0), *map(count, inside.values())))
        is_good = total and 100 * taken >= float(limit) * total
        failed = failed or not is_good
        print(row(folder, taken, total) + f"  limit {limit} %{'' if is_good else '  FAIL'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

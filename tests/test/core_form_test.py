#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The form of kernel/core that its rules promise, read from its sources: what checks changes
nothing and what commits can't fail (CORE-2.4); each kind of object is one file with one table of
methods (CORE-4.1). What the form can't show, `unchanged.h` does while the kernel runs.
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = [path for folder in ("core", "core/state", "device")
        for path in sorted((ROOT / "kernel" / folder).glob("*.c"))]
# A function as clang-format leaves it: its head begins a line, its body ends with one brace.
FUNCTION = re.compile(r"^(?P<head>[a-z_][^;{}()=#]*?\b(?P<name>\w+)\([^;{}]*\))\n"
                      r"\{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
# What writes authoritative state: the reducer, and what is made of it.
COMMITS = {"reduce", "core_apply", "core_commit", "core_commit_on", "hold_insert", "hold_remove",
           "object_create"}
CALL = re.compile(r"\b(\w+)\(")
REFUSAL = re.compile(r"\bSTATUS_(?!OK\b)[A-Z_]+\b|\bstatus = ")
METHODS = re.compile(r"CLASS\((\w+), [A-Z_]+, [A-Z]+\)")
RUN = re.compile(r"\b(\w+)_run$")


def functions():
    """(file, head, name, body) of every function of the core."""
    for path in CORE:
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        for found in FUNCTION.finditer(text):
            yield path.name, found["head"], found["name"], found["body"]


class Form(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.functions = list(functions())

    def test_the_sources_were_understood(self):
        names = {name for _, _, name, _ in self.functions}
        self.assertGreater(len(names), 250)
        self.assertLessEqual({"reduce", "core_apply", "hold_insert", "transfer_check"}, names)

    def test_what_checks_commits_nothing(self):
        for file, _, name, body in self.functions:
            if name.endswith("_check") or name.startswith("core_has_"):
                self.assertFalse(COMMITS & set(CALL.findall(body)), f"{file}: {name}")
                self.assertNotRegex(body, r"\bhal_(?!frames\b)", f"{file}: {name}")

    def test_what_commits_returns_no_status(self):
        for file, head, name, _ in self.functions:
            if name in COMMITS:
                self.assertNotIn("enum status", head, f"{file}: {name}")

    def test_nothing_is_refused_after_the_first_commit(self):
        for file, head, name, body in self.functions:
            calls = [found for found in CALL.finditer(body) if found[1] in COMMITS]
            if head.startswith(("enum status", "static enum status")) and calls:
                self.assertNotRegex(body[calls[0].end():], REFUSAL, f"{file}: {name}")

    def test_each_kind_of_object_is_one_file_with_one_table(self):
        registered = METHODS.findall((ROOT / "kernel/core/object.c").read_text(encoding="utf-8"))
        files = {name: set() for name in registered}
        for file, _, name, _ in self.functions:
            method = RUN.search(name)
            kind = max((k for k in files if method and method[1].startswith(k + "_")), key=len,
                       default=None)
            # Whoever makes an object stands beside what is made.
            if kind and not method[1].startswith("job_make_"):
                files[kind].add(file)
        self.assertEqual(len(registered), len(set(registered)))
        self.assertGreater(len(registered), 12)
        for kind, where in files.items():
            self.assertEqual(len(where), 1, f"{kind}: {sorted(where)}")


if __name__ == "__main__":
    unittest.main()

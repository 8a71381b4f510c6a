# SPDX-License-Identifier: Apache-2.0
"""What the checkers share: the files of a tree, and how a finding is reported.

A checker is a module check_<rule>.py with a function `check(tree)` that yields (path, line,
message), and ends with `tree.main("<rule>", check)`. It is run with the root folder of a tree:
a git repository (tracked and new files count, ignored ones don't) or any folder.
"""
import os
import subprocess
import sys

C_SUFFIXES = (".c", ".h")
CODE_SUFFIXES = (".c", ".h", ".S", ".py", ".sh", ".ld", ".capnp", ".mk", ".def", ".run", ".gdb",
                 ".jsonnet", ".libsonnet", ".ts", ".pml")


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._list())
        self._lines = {}

    def _list(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            listed = subprocess.run(["git", "-C", self.root, "ls-files", "-co", "-z",
                                     "--exclude-standard"], check=False, capture_output=True)
            names = set(listed.stdout.decode().split("\0")) - {""}
            if listed.returncode == 0:
                return [name for name in names if os.path.isfile(os.path.join(self.root, name))]
        found = []
        for folder, inner, names in os.walk(self.root):
            inner[:] = [name for name in inner if name not in (".git", "build")]
            found += [os.path.relpath(os.path.join(folder, name), self.root) for name in names]
        return found

    def under(self, *prefixes):
        """The paths in these folders."""
        return [path for path in self.paths if path.startswith(tuple(p + "/" for p in prefixes))]

    def text(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, path):
        if path not in self._lines:
            self._lines[path] = self.text(path).split("\n")
        return self._lines[path]

    def is_script(self, path):
        """A program without a suffix, such as tools/setup."""
        return "." not in os.path.basename(path) and self.text(path).startswith("#!")

    def is_code(self, path):
        return (path.endswith(CODE_SUFFIXES) or os.path.basename(path) == "Makefile"
                or self.is_script(path))


def is_data(path):
    """Test inputs and recorded logs are kept as they were found; no rule reads them."""
    return "/corpus/" in path or path.startswith("tests/replay/")


def main(rule, check):
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else ".")
    findings = list(check(tree))
    for path, line, message in findings:
        print(f"{path}:{line}: {rule}: {message}")
    sys.exit(1 if findings else 0)

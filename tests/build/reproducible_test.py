#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two trees with the same sources, in folders of different names, give the same bytes; and where
nothing changed, or only a little, hardly anything is built again."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of each platform kernel or simulator, programs, a package; and a tool of each compiler.
GOALS = ["build/x86_64/kernel.elf", "build/x86_64/first-call.pkg",
         "build/x86_64/first-call.iso", "build/sim/tessera-sim",
         "build/sim/first-call.pkg", "build/host/tools/authority", "build/host-gcc/tools/authority"]
OUTPUTS = GOALS + ["build/x86_64/programs/*.elf", "build/sim/programs/*.elf"]


def copy_sources(to):
    """What is in the tree and not ignored, as it stands."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "-z", "--exclude-standard"],
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def make(tree, *goals):
    """Builds `goals`, if none are said all; returns the lines that say what was made."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", *(goals or GOALS)], cwd=tree, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    return [line.split() for line in done.stdout.splitlines()
            if line.split()[:1] and line.split()[0].isupper()]


def outputs(tree):
    found = {str(path.relative_to(tree)): path.read_bytes()
             for pattern in OUTPUTS for path in tree.glob(pattern)}
    assert found.keys() > set(GOALS), found.keys()
    return found


class Reproducible(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (ROOT / "build").mkdir(exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=ROOT / "build")
        cls.addClassCleanup(folder.cleanup)
        cls.trees = [pathlib.Path(folder.name, name) for name in ("a", "another/one")]
        for tree in cls.trees:
            copy_sources(tree)
            make(tree)

    def test_two_trees_give_the_same_bytes(self):
        first, second = map(outputs, self.trees)
        self.assertEqual(first.keys(), second.keys())
        self.assertEqual([name for name in first if first[name] != second[name]], [])

    def test_only_what_is_needed_is_built_again(self):
        tree = self.trees[0]
        before = outputs(tree)
        self.assertEqual(make(tree), [], "a second make does nothing")
        source = tree / "programs/hello/hello.c"
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace("print this line", "print that line"), encoding="utf-8")
        made = make(tree)
        self.assertEqual({words[1] for words in made if words[0] == "CC"},
                         {"programs/hello/hello.c"})
        linked = {words[1] for words in made if words[0] == "LINK"}
        self.assertEqual(linked, {f"build/{platform}/programs/hello.elf"
                                  for platform in ("x86_64", "sim")})
        changed = {name for name, data in outputs(tree).items() if data != before[name]}
        self.assertIn("build/x86_64/first-call.pkg", changed)
        self.assertNotIn("build/x86_64/kernel.elf", changed)
        source.write_text(text, encoding="utf-8")
        make(tree)
        self.assertEqual(outputs(tree), before)

    def test_a_program_that_reaches_past_the_gate_is_not_built(self):
        tree = self.trees[0]
        source = tree / "programs/hello/hello.c"
        text = source.read_text(encoding="utf-8")
        entry = "int tsr_main(struct start *start)\n{\n"
        self.assertIn(entry, text)
        program = tree / "build/sim/programs/hello.elf"
        before = program.read_bytes()
        source.write_text(text.replace(entry, f"void gate_exit(void);\n{entry}    gate_exit();\n"),
                          encoding="utf-8")
        with self.assertRaisesRegex(AssertionError, "undefined symbol: gate_exit"):
            make(tree, "build/sim/programs/hello.elf")
        self.assertEqual(program.read_bytes(), before)
        source.write_text(text, encoding="utf-8")
        make(tree)


if __name__ == "__main__":
    unittest.main()

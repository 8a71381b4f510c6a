#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each fault of tests/canary/faults, put into a copy of the tree, makes a test of the kernel fail.

    faults_test.py [NAME...]

A fault is a sentence and a patch. Its lines are looked for by what they say, not by where they
stand, and have to be there once: a fault that the code grew away from fails this test. The unit
tests of the kernel are run first, then the property test and the small worlds; the first that
fails has found it. Without any fault all of them pass. The first that the property test finds is
made short, and a unit test in C (tests/property/shrink.py), which has to fail with the fault and
pass without.
"""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/property"))
import shrink  # noqa: E402 pylint: disable=wrong-import-position

FAULTS = os.path.join(ROOT, "tests/canary/faults")
COPY = os.path.join(ROOT, "build/test/faults")
# What a copy needs of a build; make takes up from there.
BUILT = ["build/gen", "build/host-gcc", "build/host"]
ENVIRONMENTS = {"core_test": {"STEPS": "40000", "SEED": "1"},
                "memory_test": {"STEPS": "20000", "SEED": "1"}, "small_test": {"STEPS": "400"}}


def make(*targets):
    return subprocess.run(["make", "-j", str(os.cpu_count()), *targets], cwd=COPY, text=True,
                          env={k: v for k, v in os.environ.items() if k != "MAKEFLAGS"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500)


def copy_tree():
    shutil.rmtree(COPY, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
                           check=True, stdout=subprocess.PIPE).stdout.splitlines()
    for file in filter(lambda f: os.path.isfile(os.path.join(ROOT, f)), files):
        os.makedirs(os.path.dirname(os.path.join(COPY, file)), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, file), os.path.join(COPY, file))
    for folder in BUILT:
        shutil.copytree(os.path.join(ROOT, folder), os.path.join(COPY, folder), symlinks=True)


def tests():
    """Programs that look at the kernel, the quickest first."""
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, "kernel")):
        if os.path.basename(folder) == "test":
            found += [os.path.relpath(os.path.join(folder, name[:-2]), ROOT)
                      for name in names if name.endswith("_test.c")]
    programs = sorted(found) + [f"tests/property/{name}_test"
                                for name in ("core", "memory", "small")]
    return [f"build/host-gcc/test/{program}" for program in programs]


def hunks(patch):
    """(file, old text, new text) of each hunk."""
    for part in re.split(r"^--- a/", patch, flags=re.M)[1:]:
        path, rest = part.split("\n", 1)
        for hunk in re.split(r"^@@.*@@.*\n", rest, flags=re.M)[1:]:
            lines = hunk.splitlines(keepends=True)
            yield (path.split("\t")[0].strip(),
                   "".join(line[1:] for line in lines if line[0] in " -"),
                   "".join(line[1:] for line in lines if line[0] in " +"))


def edit(path, old, new):
    full = os.path.join(COPY, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        return f"its lines stand {text.count(old)} times in {path}: the fault has to be made anew"
    with open(full, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    return None


def run_tests(programs):
    """The first test that fails, and the line in which it says what."""
    for program in programs:
        environment = dict(os.environ, **ENVIRONMENTS.get(os.path.basename(program), {}))
        done = subprocess.run([os.path.join(COPY, program)], cwd=COPY, env=environment, text=True,
                              errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=500)
        if done.returncode != 0:
            failed = re.search(r"^\[  FAILED  \] (\w+)", done.stdout, re.M)
            return os.path.basename(program), failed[1] if failed else "it ended"
    return None


def reproduce():
    """What becomes of the property test's failure in C: (whether it is one, what to say of it)."""
    steps = ENVIRONMENTS["core_test"]
    text, left, does_fail = shrink.shrink(COPY, steps["SEED"], steps["STEPS"])
    path = os.path.join(ROOT, "build/test/reproducer")
    with open(path + ".c", "w", encoding="utf-8") as file:
        file.write(text)
    shrink.compile_at(ROOT, path + ".c", path)
    does_pass = shrink.run(ROOT, [path])[0] == 0
    return (does_fail and does_pass,
            f"as C of {left} steps, {text.count(chr(10))} lines, it "
            + ("fails" if does_fail else "passes") + " with the fault and "
            + ("passes" if does_pass else "fails") + " without")


def examine(name, programs, can_reproduce):
    """(whether the fault was found, what to say of it, whether there is C of it)."""
    with open(os.path.join(FAULTS, f"{name}.patch"), encoding="utf-8") as file:
        changes = list(hunks(file.read()))
    trouble = [said for change in changes if (said := edit(*change))]
    if trouble or not changes:
        return False, "; ".join(trouble) or "it changes nothing", False
    built = make(*programs)
    found = run_tests(programs) if built.returncode == 0 else None
    is_short, how = (reproduce() if found and found[0] == "core_test" and can_reproduce
                     else (True, ""))
    for path, old, new in changes:
        edit(path, new, old)
    if built.returncode != 0:
        return False, f"with it nothing is built:\n{built.stdout[-2000:]}", False
    return (found is not None and is_short,
            "found by " + ": ".join((*found, how) if how else found) if found
            else "no test found it", bool(how))


def main():
    every = sorted(name[:-6] for name in os.listdir(FAULTS) if name.endswith(".patch"))
    wanted = sys.argv[1:] or every
    programs = tests()
    copy_tree()
    built = make(*programs)
    if built.returncode != 0:
        sys.exit(f"the copy isn't built:\n{built.stdout[-2000:]}")
    found = run_tests(programs)
    print(f"[  FAILED  ] without_a_fault: {found}" if found else "[       OK ] without_a_fault",
          flush=True)
    missed = [] if found is None else ["without a fault"]
    was_reproduced = False
    for name in wanted:
        is_found, said, is_reproduced = examine(name, programs, not was_reproduced)
        was_reproduced = was_reproduced or is_reproduced
        print(f"[{'       OK ' if is_found else '  FAILED  '}] {name}: {said}", flush=True)
        missed += [] if is_found else [name]
    sys.exit(1 if missed or not every else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each case of reduce() matters: without any one of them a recorded log no longer replays."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = "build/test/canary"
REDUCE = "kernel/core/state/reduce.c"
RECORDERS = ["build/host-asan/test/tests/property/core_test",
             "build/host-gcc/test/tests/property/core_test"]
LOG = "build/test/canary.log"
SOURCES = ["tests/canary/replay.c", "lib/replay/log.c", "lib/replay/replay.c",
           "lib/replay/wellformed.c", "lib/sha256/sha256.c", "kernel/core/state/arena.c",
           "kernel/core/state/digest.c", "kernel/core/state/state.c"]
ROW = re.compile(r"^    \[(COMMIT_\w+)\] = \{(reduce_\w+), (ARENA_\w+), (\w+)\},$", re.M)
TABLE = "// What a kind does to the record"
NOTHING = """static void reduce_nothing(struct state *state, const struct commit *commit)
{
    (void)state;
    (void)commit;
}

"""
# A fresh slot already says what this one writes as long as the root job is the only one. As soon as
# there are others the mutant is found, and this line has to go.
EQUIVALENT = {"commit_job_create_function"}
COMPILE = ["clang-14", "-std=c17", "-O1", "-w", "-I.", "-Ibuild/gen", "-D_POSIX_C_SOURCE=200809L"]


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}")


def record():
    recorder = next((r for r in RECORDERS if os.path.exists(os.path.join(ROOT, r))), None)
    if recorder is None:
        sys.exit("the property test must be built first: make check")
    must(os.path.join(ROOT, recorder),
         env=dict(os.environ, LOG=LOG, STEPS="30000", SEED="1"))


def objects():
    made = []
    for source in SOURCES:
        made.append(f"{OUT}/{os.path.basename(os.path.dirname(source))}-"
                    f"{os.path.basename(source)}.o")
        must(*COMPILE, "-c", source, "-o", made[-1])
    return made


def replay(name, text, linked):
    """The exit code of the replay with this reducer, and what it said."""
    with open(os.path.join(ROOT, OUT, f"{name}.c"), "w", encoding="utf-8") as file:
        file.write(text)
    must(*COMPILE, "-o", f"{OUT}/{name}", f"{OUT}/{name}.c", *linked)
    done = run(f"{OUT}/{name}", LOG)
    return done.returncode, done.stdout.strip()


def mutants(text):
    """(name, source) for each row, with a function or a row that does nothing."""
    with_nothing = text.replace(TABLE, NOTHING + TABLE)
    for row in ROW.finditer(text):
        kind, function, arena, effect = row.groups()
        for what, values in (("function", f"reduce_nothing, {arena}, {effect}"),
                             ("row", "reduce_nothing, ARENA_COUNT, NO_RECORD")):
            if values != f"{function}, {arena}, {effect}":
                line = f"    [{kind}] = {{{values}}},"
                yield f"{kind.lower()}_{what}", with_nothing.replace(row[0], line)


def main():
    os.makedirs(os.path.join(ROOT, OUT), exist_ok=True)
    with open(os.path.join(ROOT, REDUCE), encoding="utf-8") as file:
        text = file.read()
    rows = ROW.findall(text)
    if TABLE not in text or len(rows) != text.count("    [COMMIT_") or len(rows) < 20:
        sys.exit(f"{REDUCE} has no table of the form that this test knows")
    record()
    linked = objects()
    code, said = replay("unmutated", text, linked)
    print(f"unmutated: {said}")
    missed = ["unmutated"] if code != 0 else []
    for name, source in mutants(text):
        code, said = replay(name, source, linked)
        is_found = code in (1, 2) or code < 0
        verdict = f"found: {said}" if is_found else f"not found ({code})"
        print(f"{name}: {verdict}{', as expected' if name in EQUIVALENT else ''}")
        missed += [] if is_found != (name in EQUIVALENT) else [name]
    if missed:
        sys.exit(f"wrong: {', '.join(missed)}")


if __name__ == "__main__":
    main()

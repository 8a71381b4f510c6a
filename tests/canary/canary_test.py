#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each case and each count of reduce() matters: without any one of them a log no longer replays."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = "build/test/canary"
REDUCE = "kernel/core/state/reduce.c"
RECORDERS = ["build/host-asan/test/tests/property/core_test",
             "build/host-gcc/test/tests/property/core_test"]
LOGS = ["build/test/canary.log", "build/test/canary-sample.log"]
LINKED = ["lib/replay/log.c", "lib/replay/replay.c", "lib/replay/wellformed.c",
          "lib/sha256/sha256.c", "kernel/core/state/arena.c", "kernel/core/state/digest.c",
          "kernel/core/state/recount.c", "kernel/core/state/state.c"]
ROW = re.compile(r"^    \[(COMMIT_\w+)\] = \{(\w+), (ARENA_\w+), (\w+)\},$", re.M)
# What a kind changes: where to, how many words, and the word that says how far the record has come.
CHANGED = re.compile(r"^    \[(COMMIT_\w+)\] = \{([^{}]+?), (\d), ([^{}]+?),\s+(\w+)\},$", re.M)
RECORD = re.compile(r"^    \[(ARENA_\w+)\] = \{(.+), (\w+_count)\},$", re.M)
# A statement that counts: a charge, or something else that is derived.
COUNT = re.compile(r"^ +[^\n;]*\b(used\[\w+\]|list\[1\]|\w+_count)(\+\+|--| \+= [^;]+);$", re.M)
# What a row says that does nothing, as the table's rows for such kinds do.
NOTHING = "run, ARENA_COUNT, NULL"
COMPILE = ["clang-14", "-std=c17", "-O1", "-w", "-I.", "-Ibuild/gen", "-D_POSIX_C_SOURCE=200809L"]


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}")


def record():
    """The log of a kernel, and one in which every kind of commit occurs."""
    recorder = next((r for r in RECORDERS if os.path.exists(os.path.join(ROOT, r))), None)
    if recorder is None:
        sys.exit("the property test must be built first: make check")
    must(os.path.join(ROOT, recorder),
         env=dict(os.environ, LOG=LOGS[0], STEPS="100000", SEED="1"))
    must(*COMPILE, "-o", f"{OUT}/sample", "tests/canary/sample.c",
         "lib/replay/test/sample_log.c", REDUCE, *LINKED)
    with open(os.path.join(ROOT, LOGS[1]), "wb") as file:
        subprocess.run([f"{OUT}/sample"], cwd=ROOT, check=True, stdout=file, timeout=60)


def objects():
    made = []
    for source in ["tests/canary/replay.c", *LINKED]:
        made.append(f"{OUT}/{os.path.basename(os.path.dirname(source))}-"
                    f"{os.path.basename(source)}.o")
        must(*COMPILE, "-c", source, "-o", made[-1])
    return made


def replay(name, text, linked):
    """What the replays with this reducer say: (exit code, text) of each log, to the first fault."""
    with open(os.path.join(ROOT, OUT, f"{name}.c"), "w", encoding="utf-8") as file:
        file.write(text)
    must(*COMPILE, "-o", f"{OUT}/{name}", f"{OUT}/{name}.c", *linked)
    for log in LOGS:
        done = run(f"{OUT}/{name}", log)
        if done.returncode != 0:
            break
    return done.returncode, done.stdout.strip()


def without(text, match):
    return f"{text[:match.start()]}        ;{text[match.end():]}"


def mutants(text):
    """(name, source) for each row without its function and without effect, each change without its
    words and without its stage, each kind of record that is counted nowhere, and each statement
    that counts."""
    for row in ROW.finditer(text):
        kind, effect, arena, function = row.groups()
        for what, values in (("function", f"{effect}, {arena}, NULL"), ("row", NOTHING)):
            if values != f"{effect}, {arena}, {function}":
                yield (f"{kind.lower()}_{what}",
                       text.replace(row[0], f"    [{kind}] = {{{values}}},"))
    for row in CHANGED.finditer(text):
        kind, place, count, stage_at, stage = row.groups()
        for what, values in (("words", f"{place}, 0, {stage_at}, {stage}"),
                             ("stage", f"{place}, {count}, {stage_at}, 0")):
            if values != f"{place}, {count}, {stage_at}, {stage}":
                yield (f"{kind.lower()}_{what}",
                       text.replace(row[0], f"    [{kind}] = {{{values}}},"))
    for row in RECORD.finditer(text):
        yield row[1].lower(), text.replace(row[0], f"    [{row[1]}] = {{{row[2]}, NULL}},")
    for count in COUNT.finditer(text):
        line = text.count("\n", 0, count.start()) + 1
        yield f"count_of_line_{line}", without(text, count)


def main():
    os.makedirs(os.path.join(ROOT, OUT), exist_ok=True)
    with open(os.path.join(ROOT, REDUCE), encoding="utf-8") as file:
        text = file.read()
    rows, counts = ROW.findall(text), COUNT.findall(text)
    changed = CHANGED.findall(text)
    if (len(rows) + len(changed) != text.count("    [COMMIT_") or len(rows) < 29
            or len(changed) < 7 or len(counts) < 14 or len(RECORD.findall(text)) < 6):
        sys.exit(f"{REDUCE} has no tables of the form that this test knows")
    record()
    linked = objects()
    code, said = replay("unmutated", text, linked)
    print(f"unmutated: {said}")
    missed = ["unmutated"] if code != 0 else []
    for name, source in mutants(text):
        code, said = replay(name, source, linked)
        is_found = code in (1, 2) or code < 0
        print(f"{name}: {'found' if is_found else 'not found'}: {said}")
        missed += [] if is_found else [name]
    if missed:
        sys.exit(f"wrong: {', '.join(missed)}")


if __name__ == "__main__":
    main()

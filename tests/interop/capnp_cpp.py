#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Our Cap'n Proto reader and builder against Debian's libcapnp (C++), both ways, with random
# messages of every feature of the schema language, in many small segments with single and double
# far pointers. Each message is followed by its canonical form, which the other side must make of it
# too: two messages have the same one if, and only if, they say the same.
#
# usage: capnp_cpp.py <capnp_interop> <capnp_cpp> [count [seed]]

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = "tools/capnpc-c/test/"
STRUCTS = [("test.capnp", "All"), ("whole.capnp", "Whole"), ("whole.capnp", "Open"),
           ("evolve.capnp", "NewRecord")]


def run(name, writer, reader):
    made = subprocess.run(writer, cwd=ROOT, capture_output=True, check=False)
    if made.returncode != 0:
        sys.exit(f"{name}: {writer}: {made.stderr.decode()[-500:]}")
    read = subprocess.run(reader, cwd=ROOT, input=made.stdout, capture_output=True, check=False)
    if read.returncode != 0:
        sys.exit(f"{name}: {reader}: {read.stderr.decode()[-500:]}")
    said = (made.stderr + read.stderr).decode().splitlines()
    facts = ", ".join(line for line in said if line.endswith((" messages", " segments")))
    print(f"{name}: {len(made.stdout)} bytes{', ' if facts else ''}{facts}")
    return made.stdout


def main():
    ours, theirs = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    count = sys.argv[3] if len(sys.argv) > 3 else "2000"
    seed = sys.argv[4] if len(sys.argv) > 4 else "1"
    for form in ("binary", "packed"):
        flag = ["packed"] if form == "packed" else []
        for schema, struct in STRUCTS:
            run(f"theirs to ours, {struct}, {form}",
                [theirs, "generate", SCHEMAS + schema, struct, seed, count, *flag],
                [ours, "verify", form])
        run(f"ours to theirs, All, {form}", [ours, "pairs", form, seed, count],
            [theirs, "check", *flag])
    run("capabilities, theirs to ours", [theirs, "caps-generate"], [ours, "caps-check"])
    run("capabilities, ours to theirs", [ours, "caps-build"], [theirs, "caps-check"])


main()

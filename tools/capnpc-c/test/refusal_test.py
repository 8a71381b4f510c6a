#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What the generator refuses, it names; what it refuses leaves no files; and requests that the
# compiler writes in several segments are read like others.
#
# usage: refusal_test.py <capnpc-c>

import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
plugin = pathlib.Path(sys.argv[1]).resolve()


def compile_schema(schema, folder):
    return subprocess.run(
        ["capnp", "compile", f"-o{plugin}:{folder}", f"--src-prefix={schema.parent}",
         f"-I{here.parent}", schema],
        capture_output=True, text=True, check=False)


def check_refused(schema):
    expected = schema.read_text().split("# SPDX")[0].splitlines()
    wanted = " ".join(line.removeprefix("# ") for line in expected)
    with tempfile.TemporaryDirectory() as folder:
        run = compile_schema(schema, folder)
        left = list(pathlib.Path(folder).iterdir())
        return run.returncode != 0 and wanted in run.stderr and not left, run.stderr


def check_large():
    """Thousands of fields make a request of several segments; all of them must come out."""
    with tempfile.TemporaryDirectory() as folder:
        schema = pathlib.Path(folder) / "large.capnp"
        lines = ["@0x8f1de3a95a3c0008;"]
        for number in range(300):
            lines.append(f"struct Large{number} {{")
            lines += [f"  someField{i} @{i} :Text = \"default {i}\";" for i in range(20)]
            lines.append("}")
        schema.write_text("\n".join(lines))
        request = subprocess.run(["capnp", "compile", "-o-", schema], capture_output=True,
                                 check=True).stdout
        segments = int.from_bytes(request[:4], "little") + 1
        if segments < 2:
            return False, "the request has one segment: the test tests nothing"
        run = compile_schema(schema, folder)
        header = (pathlib.Path(folder) / "large.capnp.h").read_text() if not run.returncode else ""
        found = sum(f"large{n}_get_some_field{i}(" in header and f'"default {i}"' in header
                    for n in range(300) for i in range(20))
        return found == 6000, f"{found} of 6000 fields; {run.stderr}"


def check_bytes(name, data):
    run = subprocess.run([plugin], input=data, capture_output=True, check=False)
    return run.returncode == 1 and run.stderr.startswith(b"capnpc-c: "), (name, run)


def main():
    checks = [(schema.name, check_refused(schema))
              for schema in sorted((here / "refused").glob("*.capnp"))]
    checks.append(("large request", check_large()))
    for name, data in [("empty input", b""), ("cut table", b"\xff\0\0\0\0\0\0\0"),
                       ("cut segment", b"\0\0\0\0\2\0\0\0" + bytes(8)),
                       ("many segments", b"\xff\xff\xff\xff" + bytes(4)),
                       ("pointer outside", b"\0\0\0\0\1\0\0\0\0\0\0\0\0\0\4\0")]:
        checks.append((name, check_bytes(name, data)))
    for name, (is_right, seen) in checks:
        print(f"{'[       OK ]' if is_right else '[  FAILED  ]'} {name}")
        if not is_right:
            print(seen)
    return 0 if all(is_right for _, (is_right, _) in checks) else 1


sys.exit(main())

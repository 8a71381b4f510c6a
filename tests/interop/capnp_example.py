#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What lib/capnp/README.md promises to somebody new: in an empty directory, one command makes a
# program on the library, which runs, and whose file the stock tool reads. In one that is not empty
# it leaves everything as it is.

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def example(folder):
    # PWD is what a shell would have set.
    return subprocess.run(["make", "-C", ROOT / "lib/capnp", "example"], cwd=folder,
                          env={"PATH": "/usr/bin:/bin", "PWD": folder}, capture_output=True,
                          text=True, check=False)


def main():
    with tempfile.TemporaryDirectory() as folder:
        run = example(folder)
        if run.returncode != 0 or "Alice (123) alice@example.com" not in run.stdout:
            sys.exit(run.stdout + run.stderr)
        if "warning" in run.stderr:
            sys.exit(run.stderr)
        path = pathlib.Path(folder)
        text = subprocess.run(["capnp", "convert", "binary:json", path / "contacts.capnp",
                               "Contacts"], input=(path / "contacts.bin").read_bytes(),
                              capture_output=True, check=True).stdout.decode()
        if '"name":"Bob"' not in text.replace('": "', '":"'):
            sys.exit(text)
        before = sorted(path.rglob("*"))
        again = example(folder)
        if again.returncode == 0 or "not empty" not in again.stderr or \
                sorted(path.rglob("*")) != before:
            sys.exit(f"an example where there is something already: {again}")
    print("[       OK ] an example in an empty directory")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what Linux needs for counterparts of our operations: Debian's cloud kernel in the same
QEMU, with the same clock, and init.c as its only program. The row is kept in build/bench/linux.

    linux.py [--again]

Imported by tests/bench/instructions.py. README.md says what is compared with what.
"""
import argparse
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "init.c")
FOLDER = "build/bench/linux"
ROW = f"{FOLDER}/row.json"
PACKAGE = "linux-image-cloud-amd64"  # depends on the newest kernel of its kind
MEMORY = "512M"
WORDS = "console=ttyS0 quiet mitigations=off panic=-1"
COMPILE = ["gcc-12", "-std=c17", "-O2", "-static", "-Wall", "-Wextra", "-Werror"]
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-m", MEMORY, "-cpu", "max",
        "-display", "none", "-no-reboot", "-nodefaults", "-serial", "stdio",
        "-icount", "shift=0,sleep=off"]
DEADLINE_SECONDS = 300
VERSION = re.compile(r"linux: (.+)")
MEASURE = re.compile(r"measure: (\w+) (\d+) ps")
END = "linux: all measured"


class Broken(Exception):
    """Why there is no row."""


def run(*command, folder=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def kernel_package():
    """The package with the kernel itself, which the other one's newest version depends on."""
    found = re.search(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", PACKAGE))
    if not found:
        raise Broken(f"{PACKAGE} is not known to apt; `apt-get update` brings the lists")
    return found[1]


def kernel():
    """The kernel's file, downloaded once."""
    found = glob.glob(f"{FOLDER}/boot/vmlinuz-*")
    if not found:
        run("apt-get", "download", kernel_package(), folder=FOLDER)
        for package in glob.glob(f"{FOLDER}/*.deb"):
            files = f"{FOLDER}/files"
            run("dpkg-deb", "-x", package, files)
            shutil.copytree(f"{files}/boot", f"{FOLDER}/boot", dirs_exist_ok=True)
            shutil.rmtree(files)
            os.unlink(package)
        found = glob.glob(f"{FOLDER}/boot/vmlinuz-*")
    if not found:
        raise Broken(f"{PACKAGE} brought no kernel")
    return found[0]


def archive_entry(name, mode, data):
    """One file of an initial RAM disk: Linux, Documentation/driver-api/early-userspace/
    buffer-format.rst, "newc"."""
    name = name.encode() + b"\0"
    numbers = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def disk():
    """An initial RAM disk with init.c as /init."""
    program, path = f"{FOLDER}/init", f"{FOLDER}/disk"
    run(*COMPILE, "-o", program, SOURCE)
    with open(program, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(archive_entry("init", 0o100755, data) + archive_entry("TRAILER!!!", 0, b""))
    return path


def conditions():
    """What a row depends on, but for the kernel."""
    with open(SOURCE, "rb") as source, open(__file__, "rb") as harness:
        files = hashlib.sha256(source.read() + harness.read()).hexdigest()
    return {"files": files, "qemu": run(QEMU[0], "--version").splitlines()[0]}


def measure():
    os.makedirs(FOLDER, exist_ok=True)
    command = [*QEMU, "-kernel", kernel(), "-initrd", disk(), "-append", WORDS]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=DEADLINE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Broken(f"Linux did not end within {DEADLINE_SECONDS} seconds") from error
    version = VERSION.search(done.stdout)
    if not version or END not in done.stdout:
        raise Broken(f"Linux did not end well:\n{done.stdout}\n{done.stderr}")
    return {"version": version[1].strip(), **conditions(),
            "values": {name: int(value) / 1000 for name, value in MEASURE.findall(done.stdout)}}


def row(is_again=False):
    """{"version": the kernel, "values": name -> instructions}; measured where it has to be."""
    if not is_again and os.path.exists(ROW):
        with open(ROW, encoding="utf-8") as file:
            kept = json.load(file)
        if {name: kept.get(name) for name in conditions()} == conditions():
            return kept
    measured = measure()
    with open(ROW, "w", encoding="utf-8") as file:
        json.dump(measured, file, indent=2)
        file.write("\n")
    return measured


def main():
    os.chdir(os.path.join(HERE, "../../.."))
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--again", action="store_true")
    try:
        found = row(parser.parse_args().again)
    except Broken as error:
        print(error)
        return 1
    print(f"Linux {found['version']}, {found['qemu']}")
    for name, value in found["values"].items():
        print(f"{name:24} {value:18,.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Runs what a page tells to type, and compares what it prints with what the page says.

A block marked `sh` is a script for bash; the lines of the block marked `text` behind it have to be
among the lines that it prints, in their order; `*` stands for the rest of a word, and `...` at the
end for the rest of a line. `site/` is another folder, below build/, so that nothing of the tree is
touched.
"""
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SITE = "build/test/docs/site"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def alone():
    """Pages share build/run/, so one test at a time runs them, until the result is closed."""
    (ROOT / SITE).parent.mkdir(parents=True, exist_ok=True)
    lock = open(ROOT / f"{SITE}.lock", "wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


class Untrue(Exception):
    """What a page says and its commands don't do."""


def pattern(line):
    words = re.escape(line.removesuffix("...")).replace(r"\*", r"\S*")
    return re.compile(words + (".*" if line.endswith("...") else ""))


def run(script):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["bash", "-e", "-c", script.replace("site/", f"{SITE}/")],
                          env={**environment, "SITE": SITE}, cwd=ROOT, check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    printed = done.stdout.replace(f"{SITE}/", "site/")
    if done.returncode != 0:
        raise Untrue(f"this ends with {done.returncode}:\n{script}\n{printed}")
    return printed


def compare(expected, printed):
    lines = iter(printed.splitlines())
    for line in expected.splitlines():
        if not any(pattern(line).fullmatch(said) for said in lines):
            raise Untrue(f"this is not printed, or not in this order:\n{line}\nbut:\n{printed}")


def check(path):
    """Runs a page from its first block to its last; returns how many there are."""
    shutil.rmtree(ROOT / SITE, ignore_errors=True)
    blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
    printed = ""
    for kind, text in blocks:
        if kind == "sh":
            printed = run(text)
        else:
            compare(text, printed)
    return len(blocks)

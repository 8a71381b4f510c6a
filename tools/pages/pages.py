#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what pages show of the running system, or with --check says what of it is out of date:

docs/tour.md             the block in it: what the tour printed
docs/authority.svg       who holds what in `first-call`, when all its programs run

Both come from runs in the simulator, which must have been built, with `authority`.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIM, AUTHORITY = ROOT / "build/sim/tessera-sim", ROOT / "build/host/tools/authority"
TOUR, PICTURE = "docs/tour.md", "docs/authority.svg"
EXPECTED = "tests/run/tour.run"
SAID = "[2] typist: | "    # rows of the terminal in the simulator's console
WIDTH, INDENT = 98, " " * 6
BLOCK = re.compile(r"(?<=^```\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
STARTS = re.compile(r"^(\d+) .* process-start ", re.MULTILINE)
PROGRAMS = 4               # of first-call that are started, with the first one


class Old(Exception):
    """What a page shows and the system doesn't do."""


def simulate(folder, package):
    """What the console shows, and the path of the log."""
    image, log = ROOT / f"build/sim/{package}.pkg", pathlib.Path(folder, f"{package}.log")
    done = subprocess.run([SIM, "--package", image, "--seed", "1", "--memory", "128M",
                           "--log", log], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout, log


def rows(lines):
    """What the terminal showed; the tour's own words are enough once."""
    return [line.removeprefix(SAID) for line in lines
            if line.startswith(SAID) and not line.startswith(SAID + "$ say ")]


def recording(console):
    """The block of the page: long rows go on in the next line."""
    return "".join("\n".join(textwrap.wrap(row, WIDTH, subsequent_indent=INDENT,
                                           break_on_hyphens=False, drop_whitespace=True)
                             if len(row) > WIDTH else [row]) + "\n"
                   for row in rows(console.splitlines()))


def tour_check(page, script):
    """The lines of the page's block against those that the script expects."""
    block = BLOCK.search(page)
    if block is None:
        raise Old(f"{TOUR}: there is no block for the recording")
    shown = block[0].replace("\n" + INDENT, " ").splitlines()
    wanted = rows(line.removeprefix("expect ") for line in script.splitlines())
    for number, line in enumerate(wanted):
        pattern = re.escape(line).replace(r"\*", r"\S*")
        if number >= len(shown) or not re.fullmatch(pattern, shown[number].rstrip()):
            found = repr(shown[number]) if number < len(shown) else "its end"
            raise Old(f"{TOUR}: line {number + 1} of the recording is {found}, and the tour says\n"
                      f"    {line}")
    if len(shown) > len(wanted):
        raise Old(f"{TOUR}: the tour does not say {shown[len(wanted)]!r}")


def picture(log):
    """Without its first line, which has the head: that one differs with every byte of a program."""
    def ask(*words):
        return subprocess.run([AUTHORITY, *words, "--package", ROOT / "build/sim/first-call.pkg"],
                              check=True, stdout=subprocess.PIPE, text=True).stdout
    started = STARTS.findall(ask("verify", log, "--commits"))
    moment = str(int(started[PROGRAMS - 1]) + 1)
    return ask("graph", log, "--format", "svg", "--at", moment).partition("\n")[2]


def main(words):
    check = words == ["--check"]
    if words and not check:
        sys.exit(__doc__)
    page = (ROOT / TOUR).read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        drawn = picture(simulate(folder, "first-call")[1])
        if not check:
            console = simulate(folder, "tour")[0]
            page = BLOCK.sub(lambda _: recording(console), page, count=1)
            (ROOT / TOUR).write_text(page, "utf-8")
            (ROOT / PICTURE).write_text(drawn, "utf-8")
    try:
        tour_check(page, (ROOT / EXPECTED).read_text("utf-8"))
        if drawn != (ROOT / PICTURE).read_text("utf-8"):
            raise Old(f"{PICTURE}: `authority graph` draws another picture now")
    except Old as old:
        sys.exit(f"{old}\nwrite what is true now: make docs")


if __name__ == "__main__":
    main(sys.argv[1:])

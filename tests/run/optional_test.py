#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A prompt comes, whatever is broken of what it can do without: each such program's file is damaged
in turn, and somebody types at what is left."""
import os
import pathlib
import sys
import unittest

from machine import FOLDER, ROOT

sys.path[:0] = [str(ROOT / "tools/mkimage"), str(ROOT / "tools/methods")]
import mkimage  # noqa: E402  pylint: disable=wrong-import-position
import runner   # noqa: E402  pylint: disable=wrong-import-position

OPTIONAL = ("broker", "chat-bot", "chat-server", "clock", "launcher", "schemas")
WHY = "failed (the program's checksum or layout is wrong)"
SCRIPT = """
platform sim
boot {package}
rows
by-program
expect [0] init-min: {program}: cannot load this program: {why}
expect port 2| Tessera: what this shell can do is what it holds, * capabilities.
expect port 2| still here
port 2 wait $\\x20
port 2 send say still here\\r
port 2 wait still here\\x0d
port 2 wait $\\x20
port 2 send exit\\r
"""


def damaged(package, program):
    """The package's bytes with one of this program's changed."""
    data = bytearray(pathlib.Path(package).read_bytes())
    parsed = mkimage.parse(bytes(data))
    entry = next(entry for entry in parsed.entries if entry.name == program)
    data[parsed.table + entry.offset + len(entry.blob) // 2] ^= 0x20
    return data


class Optional(unittest.TestCase):
    def test_each_program_that_a_prompt_can_do_without(self):
        os.makedirs(ROOT / FOLDER, exist_ok=True)
        os.chdir(ROOT)
        for program in OPTIONAL:
            with self.subTest(program):
                path = f"{FOLDER}/without-{program}"
                pathlib.Path(path + ".pkg").write_bytes(damaged("build/sim/clock.pkg", program))
                pathlib.Path(path + ".run").write_text(
                    SCRIPT.format(package=path + ".pkg", program=program, why=WHY),
                    encoding="utf-8")
                script = runner.Script(path + ".run")
                (platform, options), = script.runs(None)
                runner.run_once(script, platform, options, path)


if __name__ == "__main__":
    unittest.main()

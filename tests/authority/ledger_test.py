#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger's checkpoint stands for the pages that it gave away: with it the tool answers from a
log without its beginning, up to the digest that the machine stated; and it is the same after the
ledger was started again in the middle."""

import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/run"))
import machine  # noqa: E402  pylint: disable=wrong-import-position

TOOL = ROOT / "build/host/tools/authority"
VERIFY = ROOT / "build/host/tools/authority-verify"


def checkpoints_of(lines):
    """The checkpoints that scribe printed, the newest last."""
    found = []
    for line in lines:
        text = line.partition("scribe: ")[2]
        if text == "checkpoint:":
            found.append(bytearray())
        elif found and re.fullmatch("(?:[0-9a-f]{2})+", text):
            found[-1] += bytes.fromhex(text)
    return sorted(found, key=lambda data: struct.unpack_from("<Q", data, 16))


class Ledger(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.runs = {platform: machine.Run(platform, "checkpoint", "checkpoint-kept", memory="32M",
                                          **options)
                    for platform, options in (("sim", {"seed": 2}), ("x86_64", {}))}

    def each(self):
        for platform, run in self.runs.items():
            self.assertEqual(run.code, 0, run.lines[-10:])
            path = self.folder / platform
            found = checkpoints_of(run.lines)
            self.assertEqual(len(found), 2)
            path.write_bytes(found[-1])
            more = "--package", ROOT / f"build/{platform}/checkpoint.pkg", "--checkpoint", path
            yield run, path, more

    def run_tool(self, *words):
        return subprocess.run([TOOL, *map(str, words)], capture_output=True, check=False, text=True)

    def test_with_it_the_rest_of_the_log_leads_to_the_digest_of_the_machine(self):
        for run, path, more in self.each():
            stated = re.search(r"log of (\d+) commits in (\d+) pages, digest (\w+)",
                               "\n".join(run.lines))
            done = self.run_tool("verify", run.log, *more)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"log: {stated[2]} pages, {stated[1]} commits", done.stdout)
            self.assertIn(f"digest: live {stated[3]} replayed {stated[3]} equal", done.stdout)
            first = struct.unpack_from("<Q", path.read_bytes(), 24)[0]
            self.assertIn(f"checkpoint: stands for pages 0 to {first - 1}", done.stdout)
            self.assertGreater(first, 200)
            self.assertLess(len(run.log_bytes()), 40 * 4096)

    def test_questions_are_answered_from_there_on(self):
        for run, path, more in self.each():
            begins = struct.unpack_from("<Q", path.read_bytes(), 16)[0]
            done = self.run_tool("who", run.log, "Timer", "--at", begins, "--json", *more)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            answer = json.loads(done.stdout)
            self.assertEqual((answer["seq"], answer["begins"]), (begins, begins))
            self.assertEqual({row["program"] for row in answer["rows"]},
                             {"init-min", "ledger", "scribe"})
            self.assertTrue(all(row["since"] < begins for row in answer["rows"]))
            done = self.run_tool("path", run.log, "scribe", "Timer", "--at", begins, *more)
            self.assertIn(f"before seq {begins}, where this log begins", done.stdout)
            done = self.run_tool("who", run.log, "Timer", "--at", begins - 1, *more)
            self.assertIn("is before its checkpoint", done.stderr)

    def test_what_the_checkpoint_says_is_proven_to_who_has_its_hash(self):
        for run, path, more in self.each():
            bundle = self.folder / "bundle"
            done = self.run_tool("prove", run.log, bundle, "who", "LogReader", *more)
            head = re.search(r"head (\w+)", done.stdout)[1]
            done = subprocess.run([VERIFY, bundle, "--head", head, "--state",
                                   path.read_bytes()[-32:].hex()], capture_output=True,
                                  check=False, text=True)
            self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "proven"))

    def test_a_ledger_that_is_started_again_goes_on_with_its_state(self):
        for run, _, _ in self.each():
            said = [line.partition("ledger: ")[2] for line in run.lines if "] ledger: " in line]
            self.assertIn("ends after 150 pages, as it was told", said)
            again = re.fullmatch("begins at page (\\d+): with the state that was kept", said[2])
            self.assertTrue(again, said)
            self.assertTrue(100 < int(again[1]) <= 150, said)


if __name__ == "__main__":
    unittest.main(verbosity=1)

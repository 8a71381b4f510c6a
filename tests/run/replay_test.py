#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The log of a real run tells all: replayed elsewhere, by programs of two compilers, it leads to
the state that the machine had; no byte of it can be changed unseen; it answers for any moment."""
import pathlib
import re
import subprocess
import unittest

from machine import FOLDER, Run

TOOLS = [f"build/{variant}/tools/authority" for variant in ("host", "host-gcc")]
PAGE, TRAILER = 4096, 128
HEADER, RECORD = 64, 64


def verify(tool, log, *arguments):
    done = subprocess.run([tool, "verify", log, *map(str, arguments)], capture_output=True,
                          check=False, text=True)
    return done.returncode, done.stdout, done.stderr


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = {"sim": Run("sim", "first-call", "replay", seed=7),
                    "sim-asan": Run("sim-asan", "first-call", "replay", seed=7),
                    "x86_64": Run("x86_64", "first-call", "replay", memory="24M"),
                    "faults": Run("x86_64", "fault-memory", "replay-faults", cpu="qemu64")}

    def stated(self, run):
        """(commits, pages, digest, head) as the machine printed them."""
        text = "\n".join(run.lines)
        log = re.search(r"log of (\d+) commits in (\d+) pages, digest ([0-9a-f]{32})", text)
        return *log.groups(), re.search(r"head ([0-9a-f]{64})", text)[1]

    def test_both_compilers_replay_what_each_machine_stated(self):
        for name, run in self.runs.items():
            commits, pages, digest, head = self.stated(run)
            for tool in TOOLS:
                with self.subTest(machine=name, tool=tool):
                    code, out, err = verify(tool, run.log, "--head", head)
                    self.assertEqual((code, err), (0, ""))
                    self.assertIn(f"log: {pages} pages, {commits} commits, ", out)
                    self.assertIn(f"chain: intact, head {head} (stated by the machine, as given)",
                                  out)
                    self.assertIn(f"digest: live {digest} replayed {digest} equal", out)

    def test_a_seed_gives_one_log_and_another_seed_another(self):
        first = self.runs["sim"].log_bytes()
        self.assertEqual(Run("sim", "first-call", "replay-again", seed=7).log_bytes(), first)
        self.assertEqual(self.runs["sim-asan"].log_bytes(), first)
        self.assertNotEqual(Run("sim", "first-call", "replay-other", seed=8).log_bytes(), first)

    def test_machines_commit_the_same_number_of_changes(self):
        self.assertEqual(self.stated(self.runs["sim"])[:2], self.stated(self.runs["x86_64"])[:2])

    def test_a_flipped_byte_is_refused_and_located(self):
        for name in ("sim", "x86_64"):
            good = self.runs[name].log_bytes()
            last = (len(good) - TRAILER) // PAGE - 1
            self.assertGreaterEqual(last, 2, "a log with a page in the middle")
            # Where trailer and last page disagree, either may be the changed one.
            trailer = f"the |page {last}: its SHA-256 is not what the trailer says"
            places = [(HEADER + RECORD * 5 + 24, "page 0: "), (HEADER, "page 0: "),
                      *((PAGE + offset, "page 1: ") for offset in range(HEADER)),
                      (last * PAGE + HEADER + 24, f"page {last}: "),
                      (last * PAGE + PAGE - 1, f"page {last}: "),
                      *((len(good) - TRAILER + offset, trailer) for offset in range(TRAILER))]
            for place, where in places:
                with self.subTest(machine=name, place=place):
                    bad = bytearray(good)
                    bad[place] ^= 0x10
                    path = f"{FOLDER}/replay-flipped.log"
                    pathlib.Path(path).write_bytes(bad)
                    for tool in TOOLS:
                        code, out, err = verify(tool, path)
                        self.assertEqual((code, out, err.count("\n")), (1, "", 1), err)
                        self.assertRegex(err, f"^authority: {path}: ({where})")

    def test_the_log_says_who_held_what_at_any_moment(self):
        for name in ("sim", "x86_64"):
            log = self.runs[name].log
            total = int(self.stated(self.runs[name])[0])
            holding, revoked = [], []
            for seq in range(total + 1):
                code, out, _ = verify(TOOLS[0], log, "--at", seq)
                self.assertEqual(code, 0)
                count = re.search(rf"^holds at seq {seq}: (\d+)$", out, re.M)
                self.assertEqual(len(re.findall(r"^  process ", out, re.M)), int(count[1]))
                pong = re.findall(r"^  process 3 +cap \S+ +Ping +(?:.*)$", out, re.M)
                if any("methods 0x3" in line and "granted from" in line for line in pong):
                    holding.append(seq)
                if any(line.endswith("revoked") for line in pong):
                    revoked.append(seq)
            with self.subTest(machine=name):
                # One stretch in the middle: from the grant until ping has ended.
                self.assertEqual(holding, list(range(holding[0], holding[-1] + 1)))
                self.assertTrue(0 < holding[0] < revoked[0] <= revoked[-1] < holding[-1] < total)
                code, _, err = verify(TOOLS[0], log, "--at", total + 1)
                self.assertEqual(code, 1)
                self.assertIn(f"there is no seq {total + 1}", err)


if __name__ == "__main__":
    unittest.main()

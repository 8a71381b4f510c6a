#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""On whose behalf: a human has an agent hired, the agent a tool, each in a session that comes from
the one before, and the tool works for the human at a desk. A path says of each step for which of
them it was made, on both machines."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/run"))
import machine  # noqa: E402  pylint: disable=wrong-import-position

TOOL = ROOT / "build/host/tools/authority"


class Lineage(unittest.TestCase):
    def ask(self, run, *words):
        done = subprocess.run([TOOL, words[0], run.log, *map(str, words[1:])], check=True,
                              capture_output=True, text=True, cwd=ROOT)
        return done.stdout

    def rows(self, run, *words):
        return json.loads(self.ask(run, *words, "--json"))["rows"]

    def parties(self, run):
        """(process, session, seq by which it runs) of the human, the agent and the tool."""
        starts = re.findall(r"^(\d+) .*process-start process ([\d.]+)",
                            self.ask(run, "verify", "--commits"), re.M)[-3:]
        found = []
        for seq, process in starts:
            at = int(seq) + 1
            sessions = {row["process"]: row["session"] for row in self.rows(run, "at", at)
                        if row["row"] == "process"}
            found.append((process, sessions[process], at))
        return found

    def test_each_step_says_for_whom_it_was_made(self):
        for platform, options in (("sim", {"seed": 2}), ("x86_64", {})):
            run = machine.Run(platform, "session", "session-lineage", **options)
            self.assertEqual(run.code, 0, run.lines[-10:])
            human, agent, tool = self.parties(run)
            desk = next(row["object"] for row in self.rows(run, "holds", tool[0], "--at", tool[2])
                        if row["interface"] == "Desk")
            steps = self.rows(run, "path", tool[0], desk, "--at", tool[2])
            told = [(row["how"], row["process"], row["acted_for"]) for row in steps]
            desk_keeper = "0.1", "0.1"  # the first program, in the first session
            self.assertEqual(told[:5], [("grant", tool[0], desk_keeper[1]),
                                        ("call", desk_keeper[0], agent[1]),
                                        ("grant", agent[0], desk_keeper[1]),
                                        ("call", desk_keeper[0], human[1]),
                                        ("grant", human[0], desk_keeper[1])])
            self.assertEqual(told[-1][::2], ("genesis", None))
            # An agent's session comes from the human's, and so says the step that it acted for.
            names = [re.sub(r"\.1$", "", f"session {session}") for _, session, _ in (agent, human)]
            self.assertEqual(steps[1]["lineage"], " of ".join([*names, "session 0"]))
            self.assertEqual(steps[3]["lineage"], " of ".join([names[1], "session 0"]))


if __name__ == "__main__":
    unittest.main(verbosity=1)

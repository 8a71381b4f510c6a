#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `authority` answers of random histories, against the brute-force oracle beside this file;
and that no answer about a moment depends on what came later. SEEDS=n: so many histories."""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402  pylint: disable=wrong-import-position

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/host/tools/authority"
WRITER = ROOT / "build/host/tests/authority/random_log"
CORE = ROOT / "build/host-gcc/test/tests/property/core_test"
SEEDS = int(os.environ.get("SEEDS", "12"))
COMMITS, MOMENTS, ASKED = 1200, 8, 4
# What is looked at closely: just before, just after, and one later.
RARE = (oracle.JOB_KILL, oracle.SESSION_END, oracle.PROCESS_START, oracle.PROCESS_EXIT,
        oracle.FACET_LEASE, oracle.FACET_REVOKE)
HOLD = ("process", "cap", "methods", "object", "facet", "revoker", "since", "since_ns", "how",
        "use")


def hold_rows(rows, kinds=("hold", "holder")):
    return sorted(tuple(row[key] for key in HOLD) for row in rows if row.get("row", "hold") in
                  kinds)


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def write(self, seed, commits=COMMITS):
        path = self.folder / f"{seed}-{commits}.log"
        subprocess.run([WRITER, str(seed), str(commits), path], check=True)
        return path, path.read_bytes()

    def ask(self, *words):
        done = subprocess.run([TOOL, *map(str, words), "--json"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return json.loads(done.stdout)["rows"]

    def moments(self, chance, data):
        """(seq, what to say for it, the world then): by number, and by the time of a commit."""
        times = [commit[0] for commit in oracle.commits_of(data)]
        rare = [seq for seq, commit in enumerate(oracle.commits_of(data)) if commit[1] in RARE]
        ends = [expiry for expiry in oracle.expiries_of(data) if expiry < times[-1]]
        for _ in range(MOMENTS):
            seq = chance.randrange(len(times) + 1)
            if rare and chance.random() < 0.5:
                seq = min(chance.choice(rare) + chance.randrange(3), len(times))
            if chance.random() < 0.5:
                yield str(seq), oracle.World(data, seq)
            else:
                time = times[seq - 1] + chance.randrange(300)
                time = chance.choice(ends) if ends and chance.random() < 0.5 else time
                world = oracle.World(data, sum(at <= time for at in times))
                world.now = time
                yield f"{time}ns", world

    def same_histories(self, seed, path, data):
        chance = random.Random(seed)
        for moment, world in self.moments(chance, data):
            rows = self.ask("at", path, moment)
            self.assertEqual(hold_rows(rows), hold_rows(world.holds_of(None)), (seed, moment))
            stages = sorted((row["process"], row["stage"]) for row in rows
                            if row["row"] == "process")
            self.assertEqual(stages, sorted(
                (known["id"], world.stage(index)) for index, known in world.processes.items()
                if world.stage(index) != "dead"), (seed, moment))
            for process in chance.sample(sorted(world.processes),
                                         min(ASKED, len(world.processes))):
                self.same_process(path, moment, world, process, chance)
            for target in chance.sample(sorted(world.objects), min(ASKED, len(world.objects))):
                rows = self.ask("who", path, world.objects[target]["id"], "--at", moment)
                self.assertEqual(hold_rows(rows), hold_rows(world.who(target)), (seed, moment))

    def same_process(self, path, moment, world, process, chance):
        name = world.processes[process]["id"]
        rows = self.ask("holds", path, name, "--at", moment)
        self.assertEqual(hold_rows(rows), hold_rows(world.holds_of(process)), (path, moment))
        targets = [world.facets[hold["facet"]]["object"] for hold in world.holds.values()
                   if hold["process"] == process] or list(world.objects)
        if targets:
            target = chance.choice(targets)
            rows = self.ask("path", path, name, world.objects[target]["id"], "--at", moment)
            paths = {}
            for row in rows:
                paths.setdefault(row["path"], []).append(
                    (row["seq"], row["process"], row["cap"], row["how"], row["moved"],
                     row["facet"], row["acted_for"]))
            self.assertEqual(sorted(map(tuple, paths.values())), world.paths(process, target),
                             (path, moment, name))

    def test_answers_are_those_of_the_oracle(self):
        for seed in range(SEEDS):
            self.same_histories(seed, *self.write(seed))

    def test_reach_is_that_of_the_oracle(self):
        most = 0
        for seed in range(SEEDS):
            path, data = self.write(seed)
            chance = random.Random(seed)
            for moment, world in self.moments(chance, data):
                for process in chance.sample(sorted(world.processes),
                                             min(ASKED, len(world.processes))):
                    if world.stage(process) == "dead":
                        continue
                    rows = self.ask("reach", path, world.processes[process]["id"], "--at", moment)
                    found = sorted(row["since"] for row in rows if row["row"] == "reach")
                    self.assertEqual(found, world.reach(process), (seed, moment, process))
                    most = max(most, sum(row["row"] == "process" for row in rows))
        self.assertGreater(most, 3)

    def test_answers_about_the_real_core_are_those_of_the_oracle(self):
        path = self.folder / "core.log"
        subprocess.run([CORE], check=True, stdout=subprocess.DEVNULL,
                       env={"LOG": str(path), "STEPS": "10000", "SEED": "3"})
        self.same_histories(3, path, path.read_bytes())

    def test_differences_are_those_of_the_oracle(self):
        for seed in range(SEEDS):
            path, data = self.write(seed)
            chance = random.Random(seed)
            for _ in range(MOMENTS):
                first, second = chance.randrange(COMMITS + 1), chance.randrange(COMMITS + 1)
                rows = self.ask("diff", path, first, second)
                self.assertEqual(
                    sorted((row["row"], row["since"]) for row in rows if row["row"] != "process"),
                    oracle.diff(oracle.World(data, first), oracle.World(data, second)),
                    (seed, first, second))

    def test_an_answer_does_not_depend_on_what_came_later(self):
        for seed in range(SEEDS):
            early, data = self.write(seed, 700)
            late, _ = self.write(seed, 1000)
            world = oracle.World(data, 700)
            self.assertEqual(self.ask("at", early, 700), self.ask("at", late, 700), seed)
            for target in list(world.objects.values())[:ASKED]:
                self.assertEqual(self.ask("who", early, target["id"]),
                                 self.ask("who", late, target["id"], "--at", 700), seed)


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: what stands for a log's first pages leads to the same states and the same answers,
is the same whoever makes it, and is refused where any byte of it was changed."""

import hashlib
import json
import pathlib
import random
import re
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/host/tools/authority"
VERIFY = ROOT / "build/host/tools/authority-verify"
WRITER = ROOT / "build/host/tests/authority/random_log"
PAGE, SUM, COMMITS, SEEDS = 4096, 32, 1200, 6
BEFORE = ("since_ns", "time_ns", "acted_for")  # not known of what is older than the checkpoint


class Checkpoint(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def run_tool(self, *words):
        return subprocess.run([TOOL, *map(str, words)], capture_output=True, check=False, text=True)

    def ask(self, *words):
        done = self.run_tool(*words, "--json")
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return json.loads(done.stdout)

    def make(self, log, out, at, *more):
        return self.ask("checkpoint", log, out, "--at", at, *more)

    def log(self, seed):
        path = self.folder / f"{seed}.log"
        if not path.exists():
            subprocess.run([WRITER, str(seed), str(COMMITS), path], check=True)
        return path

    def trimmed(self, seed, at):
        """A log, its later pages, what stands for the first, and after how many commits."""
        log = self.log(seed)
        out, less = self.folder / f"{seed}-{at}.checkpoint", self.folder / f"{seed}-{at}.log"
        answer = self.make(log, out, at)
        less.write_bytes(log.read_bytes()[(answer["rows"][0]["last"] + 1) * PAGE:])
        return log, less, out, answer["seq"]

    def comparable(self, rows, begins):
        """Rows without what is not known of what is older than a checkpoint."""
        return [{key: value for key, value in row.items()
                 if not (key in BEFORE and row.get("since", row.get("seq", 0)) < begins)}
                for row in rows]

    def same(self, whole, less, checkpoint, begins, *words):
        verb, *rest = words
        one = self.ask(verb, whole, *rest)
        other = self.ask(verb, less, *rest, "--checkpoint", checkpoint)
        self.assertEqual((one["seq"], one["time_ns"], one["head"], begins),
                         (other["seq"], other["time_ns"], other["head"], other["begins"]), words)
        order = lambda row: json.dumps(row, sort_keys=True)
        self.assertEqual(sorted(self.comparable(one["rows"], begins), key=order),
                         sorted(self.comparable(other["rows"], begins), key=order), words)
        return one["rows"]

    def test_answers_are_those_of_the_whole_log(self):
        rows = 0
        for seed in range(SEEDS):
            chance = random.Random(seed)
            log, less, checkpoint, begins = self.trimmed(seed, chance.randrange(300, 1000))
            where = (log, less, checkpoint, begins)
            for _ in range(3):
                moment = ["--at", chance.randrange(begins, COMMITS + 1)]
                found = self.same(*where, "at", moment[1])
                rows += len(found)
                holds = [row for row in found if row["row"] == "hold"]
                for row in chance.sample(holds, min(3, len(holds))):
                    self.same(*where, "who", row["object"], *moment)
                    self.same(*where, "holds", row["process"], *moment)
                    self.same(*where, "reach", row["process"], *moment)
                self.same(*where, "diff", chance.randrange(begins, COMMITS + 1), moment[1])
            self.same(*where, "at", begins)
        self.assertGreater(rows, 200)

    def test_a_path_ends_where_the_log_begins(self):
        ends = 0
        for seed in range(SEEDS):
            log, less, checkpoint, begins = self.trimmed(seed, 700)
            for row in self.ask("at", log, COMMITS)["rows"]:
                if row["row"] != "hold":
                    continue
                words = row["process"], row["object"]
                paths = [{}, {}]
                for found, place in zip(paths, ([log], [less, "--checkpoint", checkpoint])):
                    answer = self.ask("path", place[0], *words, *place[1:])
                    for step in answer["rows"]:
                        found.setdefault(step["path"], []).append((step["seq"], step["process"],
                                                                   step["cap"], step["facet"]))
                whole, part = (sorted(found.values()) for found in paths)
                self.assertEqual(len(whole), len(part))
                for steps, known in zip(whole, part):
                    self.assertEqual(steps[:len(known)], known)
                    self.assertTrue(len(known) == len(steps) or steps[len(known)][0] < begins)
                    ends += len(known) < len(steps)
        self.assertGreater(ends, 3)

    def test_a_checkpoint_is_the_same_whoever_makes_it(self):
        for seed in range(SEEDS):
            log, less, checkpoint, _ = self.trimmed(seed, 500)
            again, direct = self.folder / "again", self.folder / "direct"
            for at in (500, 800, COMMITS):
                self.make(log, direct, at)
                self.make(less, again, at, "--checkpoint", checkpoint)
                self.assertEqual(direct.read_bytes(), again.read_bytes(), (seed, at))

    def test_rules_are_judged_from_there_on(self):
        rules = self.folder / "rules"
        rules.write_text("never process(0) holds Job\nalways any holds any\n", "utf-8")
        broken = 0
        for seed in range(SEEDS):
            log, less, checkpoint, begins = self.trimmed(seed, 600)
            whole = json.loads(self.run_tool("assert", rules, log, "--json").stdout)
            part = json.loads(self.run_tool("assert", rules, less, "--checkpoint", checkpoint,
                                            "--json").stdout)
            for one, other in zip(whole[0]["rows"], part[0]["rows"]):
                self.assertEqual(one["last"] if one["last"] >= begins else 0, other["last"])
                broken += not other["holds"]
        self.assertGreater(broken, 0)

    def verify(self, bundle, *words):
        done = subprocess.run([VERIFY, bundle, *words], capture_output=True, check=False, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_a_proof_with_a_checkpoint_needs_its_state_from_elsewhere(self):
        bundle = self.folder / "bundle"
        for seed in range(SEEDS):
            _, less, checkpoint, begins = self.trimmed(seed, 700)
            state = checkpoint.read_bytes()[-SUM:].hex()
            rows = self.ask("at", less, 1000, "--checkpoint", checkpoint)["rows"]
            for row in [row for row in rows if row["row"] == "hold"][:4]:
                for question in (["at"], ["who", row["object"]],
                                 ["path", row["process"], row["object"]]):
                    for moment in (begins, 1000):
                        done = self.run_tool("prove", less, bundle, *question, "--at", moment,
                                             "--checkpoint", checkpoint)
                        if "there was no" in done.stderr:  # not yet, then
                            continue
                        head = re.search(r"head (\w+)", done.stdout)[1]
                        code, out, err = self.verify(bundle, "--head", head, "--state", state)
                        self.assertEqual((code, err, out.splitlines()[-1]), (0, "", "proven"))
            self.assertEqual(self.verify(bundle, "--head", head)[0], 3)
            code, _, err = self.verify(bundle, "--head", head, "--state", head)
            self.assertEqual(code, 1)
            self.assertIn("another state than the given one", err)

    def refused(self, data, less):
        """With a sentence that names the checkpoint or the page that doesn't follow."""
        path = self.folder / "changed"
        path.write_bytes(data)
        done = self.run_tool("at", less, COMMITS, "--checkpoint", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1),
                         done.stderr)
        return done.stderr

    def test_any_changed_byte_is_refused_with_a_new_checksum_too(self):
        _, less, checkpoint, _ = self.trimmed(2, 400)
        data = checkpoint.read_bytes()
        chance = random.Random(2)
        for place in chance.sample(range(len(data)), 60):
            changed = bytearray(data)
            changed[place] ^= 1 << chance.randrange(8)
            self.refused(changed, less)
            if place < len(data) - SUM:
                self.refused(changed[:-SUM] + hashlib.sha256(changed[:-SUM]).digest(), less)

    def test_what_is_no_checkpoint_is_refused_by_name(self):
        log, less, checkpoint, begins = self.trimmed(3, 400)
        data = checkpoint.read_bytes()
        self.assertIn("truncated", self.refused(data[:-1], less))
        self.assertIn("truncated", self.refused(data[:100], less))
        self.assertIn("it is none", self.refused(log.read_bytes(), less))
        future = data[:4] + struct.pack("<I", 77) + data[8:]
        self.assertIn("its version is 77; this tool knows", self.refused(future, less))
        other = self.trimmed(4, 400)[2].read_bytes()
        self.assertTrue(self.refused(other, less))
        done = self.run_tool("at", less, begins - 1, "--checkpoint", checkpoint)
        self.assertIn("is before its checkpoint", done.stderr)
        done = self.run_tool("at", less, begins)
        self.assertIn("--checkpoint", done.stderr)
        early = self.trimmed(3, 100)[2]
        done = self.run_tool("at", less, COMMITS, "--checkpoint", early)
        self.assertRegex(done.stderr, r"stands for the pages before page \d+; the log has pages")


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random rules over random histories: `authority assert` finds the same first state, and as many
states that break them, as the brute-force oracle that looks at each. SEEDS=n: so many histories."""

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
SEEDS = int(os.environ.get("SEEDS", "12"))
COMMITS, RULES = 500, 10
INTERFACES = {"DebugConsole": 0x101, "Timer": 0x102, "Endpoint": 0x103, "Revoker": 0x109,
              "Notification": 0x10a, "Ping": 0x201, "Locker": 0x205}
METHODS = {"Timer": ("now", "sleepUntil"), "Ping": ("echo", "greet", "reset"),
           "Locker": ("put", "take", "leave")}


def atom(chance):
    number = chance.randrange(5)
    if chance.random() < 0.3:
        return "any", lambda index, sessions: True
    if chance.random() < 0.4:
        return f"session({number})", lambda index, sessions: number in sessions
    return f"process({number}, 3)", lambda index, sessions: index in (number, 3)


def some_set(chance):
    """A set as text, and as a question."""
    text, asked = atom(chance)
    other_text, other = atom(chance)
    choice = chance.randrange(4)
    if choice == 0:
        return f"not {text}", lambda *known: not asked(*known)
    if choice == 1:
        return f"{text} or {other_text}", lambda *known: asked(*known) or other(*known)
    if choice == 2:
        return (f"not ({text} and {other_text})",
                lambda *known: not (asked(*known) and other(*known)))
    return text, asked


def some_targets(chance):
    texts, targets = [], []
    for name in chance.sample(sorted(INTERFACES), chance.randrange(1, 3)):
        method = chance.randrange(len(METHODS[name])) if name in METHODS else None
        method = method if chance.random() < 0.5 else None
        texts.append(name if method is None else f"{name}.{METHODS[name][method]}")
        targets.append((0x9f4b3c0000000000 + INTERFACES[name], method))
    return ("any", None) if chance.random() < 0.1 else (", ".join(texts), targets)


class Rule:
    """One rule, as text and as what the oracle asks."""

    def __init__(self, chance):
        quantifier = chance.choice(("never", "only", "always"))
        verb = chance.choice(("holds", "reaches"))
        subject, asked = some_set(chance)
        target, targets = some_targets(chance)
        through, between = some_set(chance) if chance.random() < 0.4 else ("", None)
        self.first, self.last = 0, COMMITS
        self.text = f"{quantifier} {subject} {verb} {target}"
        self.text += f" through {through}" if between else ""
        if chance.random() < 0.3:
            self.first, self.last = sorted(chance.sample(range(COMMITS), 2))
            self.text += f" from {self.first} to {self.last}"
        self.asked = (quantifier, asked, verb, targets, between)
        self.states = []

    def look(self, world, count):
        if self.first <= count <= self.last and world.breaks(*self.asked):
            self.states.append(count)


class Assert(unittest.TestCase):
    def test_verdicts_are_those_of_the_oracle(self):
        broken = 0
        with tempfile.TemporaryDirectory() as folder:
            log, text = pathlib.Path(folder, "log"), pathlib.Path(folder, "rules")
            for seed in range(SEEDS):
                chance = random.Random(seed)
                rules = [Rule(chance) for _ in range(RULES)]
                text.write_text("# random\n" + "\n".join(rule.text for rule in rules), "utf-8")
                subprocess.run([WRITER, str(1000 + seed), str(COMMITS), log], check=True)
                data = log.read_bytes()
                world = oracle.World(data)
                for count in world.states(data):
                    for rule in rules:
                        rule.look(world, count)
                done = subprocess.run([TOOL, "assert", text, log, "--json"], capture_output=True,
                                      check=False)
                self.assertIn(done.returncode, (0, 3), done.stderr)
                found = json.loads(done.stdout)[0]["rows"]
                for rule, row in zip(rules, found, strict=True):
                    states = rule.states
                    self.assertEqual((row["rule"], row["states"], row["first"], row["last"]),
                                     (rule.text, len(states), states[0] if states else 0,
                                      states[-1] if states else 0), seed)
                    broken += bool(states) and len(states) < COMMITS / 2
                self.assertEqual(done.returncode, 3 if any(rule.states for rule in rules) else 0)
        self.assertGreater(broken, SEEDS)


if __name__ == "__main__":
    unittest.main(verbosity=1)

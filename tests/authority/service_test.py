#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""authorityd says, inside the system, what the tool `authority` says of the same log afterwards: to
who may see all, all of it; to who may see one job, what concerns that job's processes."""

import ast
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/run"), str(ROOT / "tools/mkimage")]
import machine  # noqa: E402  pylint: disable=wrong-import-position
import oracle  # noqa: E402  pylint: disable=wrong-import-position
import source as sources  # noqa: E402  pylint: disable=wrong-import-position

TOOL = ROOT / "build/host/tools/authority"
VERIFY = ROOT / "build/host/tools/authority-verify"
PAGE = 4096
HOWS = ("genesis", "grant", "call", "return", "mint")
USES = ("works", "revoked", "expired", "session over")
STAGES = ("dead", "building", "running", "killed")
CHANGES = ("gained", "lost", "changed")
WHY = (None, "revoker", "interface", "method", "revoked", "expired", "session", "never", "gone",
       "gone", "dead", "building", "killed", "unserved")
RULES_COLUMN = 19  # of the word in NOT_RULES that names nothing
PROCESS_CREATE, MEMORY_MAP = 8, 25
SERVICE = 1  # the process that authorityd is
PAGES_MAX = 1024
CALLS = 600  # as programs/asker has it
LOCK = (ROOT / "abi/methods.lock").read_text("utf-8")
PROOFS = ("who", "holds", "path", "at")  # enum authority_proof_kind
ASKER = (ROOT / "programs/asker/report.c").read_text("utf-8")
RULES = "".join(ast.literal_eval(part) for part in re.findall(
    r'"[^"]*"', re.search(r" RULES\[\] =([^;]*);", ASKER)[1]))
INTERFACES = {name: int(number, 16)
              for number, name in re.findall(r"INTERFACE\((0x\w+), (\w+)\)", LOCK)}


def ident(number):
    return f"{number & 0xffffffff}.{number >> 32}"


def number_of(text):
    """2^32 * generation + index; of nothing 0."""
    if text is None:
        return 0
    index, generation = map(int, text.split("."))
    return generation << 32 | index


class Asked:
    """What the program asker printed: rows of numbers, by question; those of one job apart. Where
    names stand behind the numbers, rows are pairs of both."""

    def __init__(self, lines):
        self.rows, self.own = {}, {}
        self.said = [line.partition("asker: ")[2] for line in lines if "asker: " in line]
        part = self.rows
        for text in self.said:
            words = text.split()
            numbers = [int(word, 16) for word in words[1:] if word.startswith("0x")]
            names = [word for word in words[1:] if not word.startswith("0x")]
            if text.startswith("sees one job"):
                part = self.own
            elif text.startswith("asks on"):  # what it asked first was only to know of something
                part.pop("at"), part.pop("holds")
            elif numbers and words[0] in ("names", "verdict", "graph", "assert"):
                part.setdefault(words[0], []).append((numbers, names))
            elif numbers and not names:
                part.setdefault(words[0], []).append(numbers)
        self.seq = self.rows["seq"][0][0]


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = {}
        for platform, options in (("sim", {"seed": 4}), ("x86_64", {})):
            run = machine.Run(platform, "authorityd", "authorityd-asked", **options)
            cls.runs[platform] = run, Asked(run.lines)

    def ask(self, run, *words):
        done = subprocess.run([TOOL, *map(str, words[:1]), run.log, *map(str, words[1:]), "--json",
                               "--package", f"build/{run.platform}/authorityd.pkg"],
                              capture_output=True, check=False, text=True, cwd=ROOT)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return json.loads(done.stdout)["rows"]

    def each(self):
        for platform, (run, asked) in self.runs.items():
            run.platform = platform
            self.assertEqual(run.code, 0, run.lines[-20:])
            self.assertIn("asked all", asked.said)
            yield run, asked

    def hold(self, row):
        """A row of the tool as the service's numbers."""
        return (number_of(row["process"]), int(row["cap"], 16), number_of(row["object"]),
                number_of(row["facet"]), INTERFACES[row["interface"]], int(row["methods"], 16),
                row["since"], HOWS.index(row["how"]), USES.index(row["use"]), int(row["revoker"]))

    def grouped(self, rows):
        """The rows of a question by what it was about."""
        found = {}
        for row in rows:
            found.setdefault(row[0], []).append(tuple(row[1:]))
        return found

    def same_holds(self, run, rows, question, seq, seen=None):
        """Of each process or object that was asked about. Returns how many rows there were."""
        count = 0
        for about, found in self.grouped(rows).items():
            told = [self.hold(row) for row in self.ask(run, question, ident(about), "--at", seq)
                    if row["row"] != "process"]
            told = [row for row in told if seen is None or row[0] in seen]
            self.assertEqual(sorted(row[:-1] for row in found), sorted(told), (question, about))
            count += len(found)
        return count

    def same_paths(self, run, rows, seq, seen=None):
        count = 0
        by_pair = {}
        for process, target, *step in rows:
            by_pair.setdefault((process, target), []).append(step)
        for (process, target), steps in by_pair.items():
            told = [[row["path"] - 1, row["seq"], row["time_ns"], number_of(row["process"]),
                     int(row["cap"], 16), number_of(row["facet"]), HOWS.index(row["how"]),
                     int(row["moved"]), number_of(row["acted_for"])]
                    for row in self.ask(run, "path", ident(process), ident(target), "--at", seq)]
            for step in told:
                if seen is not None and step[3] not in seen:
                    step[3] = step[4] = step[5] = step[8] = 0
            self.assertEqual(steps, told, (process, target))
            count += len(steps)
        return count

    def test_who_may_see_all_is_told_what_the_tool_says(self):
        for run, asked in self.each():
            processes = [[number_of(row["process"]), number_of(row["session"]),
                          STAGES.index(row["stage"])]
                         for row in self.ask(run, "at", asked.seq) if row["row"] == "process"]
            self.assertEqual(asked.rows["at"], processes)
            for question in ("holds", "who", "reach"):
                self.assertGreater(self.same_holds(run, asked.rows[question], question, asked.seq),
                                   20)
            self.assertGreater(self.same_paths(run, asked.rows["path"], asked.seq), 40)

    def test_what_changed_is_what_the_tool_says(self):
        for run, asked in self.each():
            told = [self.hold(row) + (CHANGES.index(row["row"]),)
                    for row in self.ask(run, "diff", asked.seq // 2, asked.seq)
                    if row["row"] in CHANGES]
            self.assertEqual(sorted(tuple(row[1:]) for row in asked.rows["diff"]), sorted(told))
            self.assertGreater(len(told), 5)

    def test_why_not_is_what_the_tool_says(self):
        for run, asked in self.each():
            for process, target, cap, why, giver in asked.rows["why-not"]:
                rows = self.ask(run, "why-not", ident(process), ident(target),
                                "DebugConsole.writeLine", "--at", asked.seq)
                self.assertIn(WHY[why], [row["why"] for row in rows if row["row"] == "reason"])
                givers = [int(row["cap"], 16) for row in rows if row["row"] == "giver"]
                self.assertEqual(givers, [giver] if giver else [])
                self.assertEqual(bool(cap), WHY[why] == "interface")

    def test_who_sees_one_job_is_told_of_its_processes_alone(self):
        for run, asked in self.each():
            seen = {generation << 32 | index for index, generation, job in
                    (struct.unpack_from("<III", body) for _, kind, _, body in
                     oracle.commits_of(run.log_bytes()) if kind == PROCESS_CREATE) if job == 1}
            rows = asked.own
            self.assertEqual([row for row in asked.rows["at"] if row[0] in seen], rows["at"])
            self.assertLess(len(rows["at"]), len(asked.rows["at"]))
            for question in ("holds", "who", "reach"):
                self.assertGreater(self.same_holds(run, rows[question], question, asked.seq, seen),
                                   2)
            self.assertGreater(self.same_paths(run, rows["path"], asked.seq, seen), 20)
            self.assertIn(0, [row[5] for row in rows["path"]])
            self.assertIn("refresh refused: the capability does not include this method",
                          asked.said)
            self.assertIn("holds of the first program refused: there was no such process, or it is "
                          "not to be seen", asked.said)

    def test_uses_are_counted_beyond_what_the_syslog_keeps(self):
        for run, asked in self.each():
            state = [count for process, _, method, count, missed in asked.rows["uses"]
                     if method == 0 and count == CALLS and missed == 0]
            self.assertEqual(len(state), 1, asked.rows["uses"])
            done = subprocess.run([TOOL, "suggest", run.log, "--json", "--package",
                                   f"build/{run.platform}/authorityd.pkg"],
                                  capture_output=True, check=True, text=True, cwd=ROOT)
            self.assertTrue(json.loads(done.stdout)["rows"][-1]["cut"])

    def test_a_grant_counts_as_used_as_the_tool_says(self):
        """Of programs whose every use the last records of the SysLog still show."""
        for run, asked in self.each():
            unused = [row for row in asked.rows["suggest"] if not row[4]]
            self.assertIn(INTERFACES["DebugConsole"], [row[1] for row in unused])
            told = {number_of(row["process"]): row["program"]
                    for row in self.ask(run, "at", asked.seq) if row["row"] == "process"}
            relays = [process for process, program in told.items() if program == "relay"]
            self.assertTrue(relays)  # the others may have ended
            for process in relays:  # each serves; only the third hands nothing on; none speaks
                rows = [row for row in asked.rows["suggest"] if row[0] == process]
                used = sorted((row[1], bool(row[4])) for row in rows)
                self.assertIn((INTERFACES["Endpoint"], True), used)
                self.assertIn((INTERFACES["DebugConsole"], False), used)
                relay = [row for row in rows if row[1] == INTERFACES["Relay"]]
                self.assertTrue(all(row[5] and row[3] & ~row[2] == 0 for row in relay), rows)

    def cut(self, run, folder, pages):
        """The log as it was when it had so many pages, and its head."""
        data = run.log_bytes()[:pages * PAGE]
        (folder / "cut.log").write_bytes(data)
        return folder / "cut.log", hashlib.sha256(data[-PAGE:]).hexdigest()

    def pages_until(self, run, seq):
        count, data = 0, run.log_bytes()
        for page in range(len(data) // PAGE):
            if count == seq:
                return page
            count += struct.unpack_from("<H", data, page * PAGE + 6)[0]
        self.assertEqual(count, seq)
        return len(data) // PAGE

    def test_names_are_those_of_the_tool(self):
        for run, asked in self.each():
            programs = {number_of(row["process"]): row["program"]
                        for row in self.ask(run, "at", asked.seq) if row["row"] == "process"}
            told = {row[0]: name[0] for row, name in asked.rows["names"] if row[0]}
            self.assertEqual(told, programs)
            endpoints = {name[1] for row, name in asked.rows["names"] if row[1]}
            self.assertLessEqual({"history", "relay-1", "relay-2", "relay-3"}, endpoints)
            self.assertEqual({tuple(name[2:]) for _, name in asked.rows["names"]},
                             {("AuthorityHistory", "names")})
            relays = [process for process, program in programs.items() if program == "relay"]
            self.assertEqual(sorted(row[0] for row in asked.rows["named"]), sorted(relays))
            self.assertIn("rleay refused: the boot package, if it was granted, has no such program",
                          asked.said)

    def test_rules_are_judged_as_by_the_tool(self):
        for run, asked in self.each():
            (seq, states, line, _), _ = asked.rows["assert"][0]
            self.assertEqual(line, 0)
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                (folder / "rules").write_text(RULES, "utf-8")
                log, head = self.cut(run, folder, self.pages_until(run, seq))
                done = subprocess.run([TOOL, "assert", folder / "rules", log, "--json", "--head",
                                       head, "--package", f"build/{run.platform}/authorityd.pkg"],
                                      capture_output=True, check=False, text=True, cwd=ROOT)
            self.assertEqual(done.returncode, 3, done.stderr)
            rows = json.loads(done.stdout)[0]["rows"]
            told = [([row["line"], row["states"]] + [0] * 4, ["-"]) if row["holds"] else
                    ([row["line"], row["states"], row["first"], row["last"],
                      number_of(row["process"]), int(row["cap"], 16)], [row["program"]])
                    for row in rows]
            self.assertEqual(asked.rows["verdict"], told)
            self.assertEqual(states, seq)
            self.assertEqual({row["holds"] for row in rows}, {True, False})
            self.assertEqual(asked.rows["assert"][1][0][2:], [1, RULES_COLUMN])

    def test_the_picture_is_the_tools(self):
        for run, asked in self.each():
            rows = self.ask(run, "graph", "--at", asked.seq)
            self.assertEqual(len(rows), len(asked.rows["graph"]))
            for (numbers, (name,)), row in zip(asked.rows["graph"], rows):
                kind, works, _, process, target, cap, _, _ = numbers
                if kind == 2:
                    self.assertEqual((f"p{ident(process)}", f"o{ident(target)}", cap, bool(works)),
                                     (row["from"], row["to"], int(row["cap"], 16), row["works"]))
                else:
                    letter, number = ("p", process) if kind == 0 else ("o", target)
                    self.assertEqual(letter + ident(number), row["id"])
                    if name != "-":
                        self.assertTrue(row["label"].startswith(name + " ("), row)
            seen = {row[0] for row in asked.own["at"]}
            own = [row for row, _ in asked.own["graph"]]
            self.assertLess(len(own), len(rows))
            self.assertLessEqual({row[3] for row in own if row[0] != 1}, seen)

    def test_a_proof_is_the_tools_byte_for_byte(self):
        for run, asked in self.each():
            self.assertEqual([row[0] for row in asked.rows["prove"]], [0, 1, 2, 3])
            for kind, process, target, pages, size, *words in asked.rows["prove"]:
                question = [PROOFS[kind]] + [ident(process)] * (kind in (1, 2)) \
                    + [ident(target)] * (kind in (0, 2))
                with tempfile.TemporaryDirectory() as name:
                    folder = pathlib.Path(name)
                    log, head = self.cut(run, folder, pages)
                    bundle = folder / "bundle"
                    subprocess.run([TOOL, "prove", log, bundle, *question, "--at", str(asked.seq),
                                    "--head", head], check=True, capture_output=True)
                    data = bundle.read_bytes()
                    verified = subprocess.run([VERIFY, bundle, "--head", head], check=False,
                                              capture_output=True)
                self.assertEqual(len(data), size)
                self.assertEqual(hashlib.sha256(data).digest(), struct.pack("<4Q", *words))
                self.assertEqual(verified.returncode, 0, verified)
            for question in ("assert", "prove"):
                self.assertIn(f"{question} refused: it speaks of everybody: only who may see all "
                              "is answered", asked.said)

    def test_it_stands_beside_a_ledger_that_gives_pages_away(self):
        """More changes than the log or the history hold, while a program asks about a moment: pages
        are read before they go, and what is too old is refused as that."""
        both = {}
        for name in ("authorityd", "checkpoint"):
            path = ROOT / f"system/manifests/{name}.jsonnet"
            both[name] = json.loads(sources.read(path, sources.Options()).text)
        # asker is refused before it ends the relays; here chain does.
        own = [dict(program, arguments="") if program["name"] == "chain" else program
               for program in both["authorityd"]["programs"]]
        manifest = dict(both["checkpoint"], endpoints=both["authorityd"]["endpoints"],
                        programs=both["checkpoint"]["programs"] + own)
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("m.json", "m.pkg", "m.log")]
            paths[0].write_text(json.dumps(manifest), "utf-8")
            subprocess.run(["/usr/bin/python3", "-B", ROOT / "tools/mkimage/mkimage.py",
                            "--manifest", paths[0], "--programs", ROOT / "build/sim/programs",
                            "--out", paths[1]], check=True)
            done = subprocess.run([ROOT / "build/sim/tessera-sim", "--package", paths[1], "--seed",
                                   "1", "--memory", "32M", "--log", paths[2]], check=False,
                                  capture_output=True, text=True, timeout=60)
        self.assertIn("ledger: 256 pages of the log are verified", done.stdout)
        self.assertIn("failed (the history begins after that seq)", done.stdout)
        self.assertNotIn("authorityd ended", done.stdout)
        self.assertNotIn("were gone before they were read", done.stdout)

    def test_the_service_has_four_mebibytes(self):
        for run, _ in self.each():
            pages = sum(struct.unpack_from("<I", body, 24)[0] for _, kind, _, body in
                        oracle.commits_of(run.log_bytes())
                        if kind == MEMORY_MAP and struct.unpack_from("<I", body, 8)[0] == SERVICE)
            self.assertGreater(pages, 500)
            self.assertLessEqual(pages, PAGES_MAX)


if __name__ == "__main__":
    unittest.main(verbosity=1)

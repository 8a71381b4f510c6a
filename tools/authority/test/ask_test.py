#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The verbs of `authority` as their user meets them, on the log of the first-call system in the
simulator: names, sentences, JSON, pictures, and what is refused."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOL = ROOT / "build/host/tools/authority"
SIM = ROOT / "build/sim/tessera-sim"
PACKAGE = ROOT / "build/sim/first-call.pkg"
WRITER = ROOT / "build/host/tests/authority/random_log"


class Ask(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.log = cls.folder / "first.log"
        subprocess.run([SIM, "--package", PACKAGE, "--seed", "1", "--memory", "128M", "--log",
                        cls.log, "--syslog", cls.folder / "first.syslog"], check=True,
                       stdout=subprocess.DEVNULL)
        shutil.copy(PACKAGE, cls.folder / "first.pkg")
        commits = cls.tool("verify", cls.log, "--commits")[1]
        # When ping has all its grants and runs, and when it has just revoked its facet.
        cls.runs = int(re.findall(r"^(\d+) .*process-start", commits, re.M)[3]) + 1
        cls.revoked = int(re.findall(r"^(\d+) .*facet-revoke", commits, re.M)[0]) + 1

    @classmethod
    def tool(cls, *words):
        done = subprocess.run([TOOL, *map(str, words)], capture_output=True, check=False, text=True)
        return done.returncode, done.stdout, done.stderr

    def says(self, *words):
        code, out, err = self.tool(words[0], self.log, *words[1:])
        self.assertEqual((code, err), (0, ""), words)
        return out

    def rows(self, *words):
        return json.loads(self.says(*words, "--json"))["rows"]

    def refused(self, *words, code=1):
        found, out, err = self.tool(words[0], self.log, *words[1:])
        self.assertEqual((found, out), (code, ""), words)
        return err

    def test_an_answer_names_its_seq_and_head(self):
        head = re.search(r"head (\w{64})", self.says("verify"))[1]
        self.assertIn(f"seq {self.runs} of ", self.says("who", "Timer", "--at", self.runs))
        self.assertIn(head, self.says("who", "Timer", "--at", self.runs))
        whole = json.loads(self.says("at", self.runs, "--json"))
        self.assertEqual((whole["verb"], whole["seq"], whole["head"]), ("at", self.runs, head))

    def test_every_question_answers_with_json(self):
        head = json.loads(self.says("verify", "--json"))["head"]
        for words in (["verify"], ["who", "Timer"], ["holds", "ping"], ["path", "ping", "Timer"],
                      ["at", self.runs], ["diff", 0, self.runs], ["reach", "ping"], ["digests"],
                      ["why-not", "ping", "ping", "reset"], ["what-if", "kill", "pong"],
                      ["suggest"], ["graph"], ["prove", self.folder / "a", "at"],
                      ["checkpoint", self.folder / "b"]):
            whole = json.loads(self.says(*words, "--json"))
            self.assertEqual((whole["verb"], whole["head"]), (words[0], head))
            self.assertTrue(all("row" in row for row in whole["rows"]), words)
        for words in (["replay-with", TOOL, self.log], ["assert", self.rule("never any holds Job"),
                                                        self.log]):
            code, out, err = self.tool(*words, "--json")
            self.assertIn((code, err), ((0, ""), (3, "")))
            self.assertIn(head, json.dumps(json.loads(out)))

    def rule(self, text):
        path = self.folder / "a-rule"
        path.write_text(text + "\n", "utf-8")
        return path

    def test_programs_capabilities_and_methods_have_names(self):
        out = self.says("who", "ping", "--at", self.runs)
        self.assertRegex(out, r"ping \(process 3\) +0x\w+ `pong` +Ping: echo, greet +of ping ")
        self.assertRegex(out, r"pong \(process 2\) +0x\w+ `server` +Endpoint: ")
        self.assertEqual({row["program"] for row in self.rows("who", "Timer", "--at", self.runs)},
                         {"init-min", "ping"})

    def test_what_the_machine_gives_has_the_names_of_manifests(self):
        names = {row["name"]: row["interface"] for row in self.rows("holds", "init-min", "--at",
                                                                    self.runs)}
        for name, interface in (("console", "DebugConsole"), ("package", "MemoryObject"),
                                ("log", "LogReader"), ("space", "AddressSpace")):
            self.assertEqual(names.get(name), interface)

    def test_without_a_package_there_are_numbers(self):
        bare = self.folder / "bare.log"
        shutil.copy(self.log, bare)
        out = self.tool("who", bare, "Timer", "--at", self.runs)[1]
        self.assertIn("process 3 ", out)
        self.assertNotIn("ping", out)

    def test_a_process_and_an_object_have_many_names(self):
        by = [self.rows("path", process, target, "--at", self.runs)
              for process in ("ping", "3", "3.1", "ping#1")
              for target in ("Timer", "ping/timer", "5", "5.1")]
        self.assertTrue(by[0])
        self.assertEqual([by[0]] * len(by), by)

    def test_a_path_goes_back_to_genesis(self):
        steps = [row["how"] for row in self.rows("path", "ping", "Timer", "--at", self.runs)]
        self.assertEqual(steps, ["grant", "genesis"])
        out = self.says("path", "ping", "Timer", "--at", self.runs)
        self.assertIn("granted by init-min (process 0) before it started; for session 0", out)

    def test_a_time_is_a_moment(self):
        rows = self.rows("holds", "ping", "--at", self.runs)
        time = json.loads(self.says("at", self.runs, "--json"))["time_ns"]
        self.assertEqual(self.rows("holds", "ping", "--at", f"{time}ns"), rows)

    def test_a_revocation_is_a_difference(self):
        rows = self.rows("diff", self.revoked - 1, self.revoked)
        self.assertEqual({(row["row"], row["use"]) for row in rows}, {("changed", "revoked")})
        self.assertTrue(all(row["program"] == "ping" for row in rows))

    def test_why_not_says_what_is_missing(self):
        self.assertIn("does not include the method reset",
                      self.says("why-not", "ping", "ping", "reset", "--at", self.runs))
        self.assertIn(f"was revoked at seq {self.revoked - 1} (facet ",
                      self.says("why-not", "ping", "ping", "Ping.echo", "--at", self.revoked))
        self.assertIn("never did", self.says("why-not", "hello", "Timer", "now", "--at", "104"))
        self.assertIn("it may", self.says("why-not", "ping", "Timer", "now", "--at", self.runs))
        building = self.says("why-not", "ping", "Timer", "now", "--at", self.runs - 1)
        self.assertIn("was not started yet", building)
        self.assertNotIn("it may", building)
        self.assertRegex(self.says("why-not", "ping", "Timer", "now"),
                         r"it held Timer: now, sleepUntil .* until seq \d+, when it was given back")
        self.assertIn("nobody serves the endpoint", self.says("why-not", "ping", "ping", "echo"))
        self.assertIn("has ended", self.says("why-not", "ping", "Timer", "now"))

    def test_a_picture_has_what_the_moment_has(self):
        holds = len([row for row in self.rows("at", self.runs) if row["row"] == "hold"])
        dot = self.says("graph", "--at", self.runs, "--format", "dot")
        self.assertEqual(dot.count(" -> "), holds)
        drawn = self.rows("graph", "--at", self.runs, "--format", "json")
        self.assertEqual(len([row for row in drawn if row["row"] == "hold"]), holds)
        self.assertEqual(self.drawn(self.runs, "path"), holds)
        self.assertEqual(self.drawn(0, "path"), 0)

    def drawn(self, moment, kind, style=None):
        """How much of a kind the picture has; all that it has is within its edges."""
        picture = xml.etree.ElementTree.fromstring(
            self.says("graph", "--at", moment, "--format", "svg"))
        edges = [int(edge) for edge in picture.get("viewBox").split()]
        for box in picture.iterfind("{*}rect[@x]"):
            self.assertLessEqual(int(box.get("x")) + int(box.get("width")), edges[2])
            self.assertLessEqual(int(box.get("y")) + int(box.get("height")), edges[3])
        return sum(style in (None, part.get("class")) for part in picture.iterfind(f"{{*}}{kind}"))

    def test_a_picture_shows_what_does_not_work_any_more(self):
        self.assertEqual(self.drawn(self.revoked - 1, "path", "x"), 0)
        self.assertGreater(self.drawn(self.revoked, "path", "x"), 0)

    def test_the_page_has_every_moment_and_loads_nothing(self):
        page = self.says("graph", "--format", "html")
        self.assertNotRegex(page, r'src=|href=|@import|url\(|fetch|XMLHttp')
        data = json.loads(re.search(r'application/json">\n(.*?)</script>', page, re.S)[1])
        for seq in range(0, len(data["commits"]) + 1, 7):
            there = [life for life in data["lives"] if life[0] == "h" and life[1] <= seq <= life[2]]
            rows = [row for row in self.rows("at", seq) if row["row"] == "hold"]
            self.assertEqual(sorted(life[1] - 1 for life in there),
                             sorted(row["since"] for row in rows), seq)
            self.assertEqual(sorted(life[1] - 1 for life in there if life[6] < seq),
                             sorted(row["since"] for row in rows if row["use"] != "works"), seq)

    def test_suggest_says_how_far_the_syslog_reaches(self):
        self.assertIn("last 512 records, since", self.says("suggest", "ping"))
        less = self.folder / "less.json"
        given = self.folder / "given.json"
        given.write_text('{"first": "init-min"}', "utf-8")
        code, _, err = self.tool("suggest", self.log, "--manifest", given, "--out", less)
        self.assertEqual((code, less.exists()), (1, False))
        self.assertIn("older records are missing", err)
        bare = self.folder / "silent.log"
        shutil.copy(self.log, bare)
        self.assertIn("there is no SysLog", self.tool("suggest", bare)[2])

    def test_another_build_is_compared_commit_by_commit(self):
        code, out, _ = self.tool("replay-with", TOOL, self.log)
        self.assertEqual(code, 0)
        self.assertIn("lead to the same states", out)
        other = self.folder / "other-build"
        other.write_text(f'#!/bin/sh\n{TOOL} "$@" | sed "100s/.$/x/"\n', encoding="utf-8")
        other.chmod(0o755)
        code, out, _ = self.tool("replay-with", other, self.log)
        self.assertEqual(code, 3)
        self.assertIn("different after seq 100: here 100 ", out)

    def test_verify_gives_its_rows_to_programs(self):
        rows = self.rows("verify", "--commits", "--at", self.runs)
        self.assertEqual(len([row for row in rows if row["row"] == "commit"]), self.runs)
        holds = [row for row in self.rows("at", self.runs) if row["row"] == "hold"]
        self.assertEqual(sorted(row["since"] for row in rows if row["row"] == "hold"),
                         sorted(row["since"] for row in holds))

    def test_of_a_log_without_its_first_pages_only_the_chain_is_known(self):
        data = self.log.read_bytes()
        rest = self.folder / "rest.log"
        rest.write_bytes(data[4096:])
        code, out, _ = self.tool("verify", rest)
        self.assertEqual(code, 0)
        self.assertIn("state: unknown", out)
        rules = self.folder / "none"
        rules.write_text("never any holds Job\n", encoding="utf-8")
        for words in (("who", rest, "2"), ("path", rest, "3", "2"), ("holds", rest, "3"),
                      ("at", rest, "9"), ("diff", rest, "1", "2"), ("reach", rest, "3"),
                      ("why-not", rest, "3", "2", "now"), ("what-if", rest, "kill", "3"),
                      ("suggest", rest), ("graph", rest), ("assert", rules, rest),
                      ("prove", rest, self.folder / "p", "at"), ("digests", rest),
                      ("replay-with", TOOL, rest)):
            code, _, err = self.tool(*words)
            self.assertEqual(code, 1, words)
            self.assertIn("begins after page 0", err)

    def assert_rules(self, text, code):
        rules = self.folder / "rules"
        rules.write_text(text, encoding="utf-8")
        found, out, err = self.tool("assert", rules, self.log)
        self.assertEqual(found, code, out + err)
        return out if code != 1 else err.replace(str(rules), "rules")

    def test_rules_speak_of_programs(self):
        self.assertIn("0 broken", self.assert_rules(
            "let own = program(init-*)\nonly own holds Job, LogReader\n"
            "never hello reaches Timer\nalways pong holds Endpoint\n", 0))
        out = self.assert_rules("never p*g holds Timer through init-min\n", 3)
        self.assertIn("line 1: never p*g holds Timer through init-min", out)
        self.assertIn(f"does not hold at seq {self.runs}: ping (process 3) holds 0x", out)

    def test_rules_hold_in_all_logs_of_a_folder(self):
        folder = self.folder / "logs"
        folder.mkdir()
        for seed in (1, 2):
            subprocess.run([WRITER, str(seed), "300", folder / f"{seed}.log"], check=True)
        rules = self.folder / "numbers"
        rules.write_text("never any holds LogReader\n", encoding="utf-8")
        code, out, _ = self.tool("assert", rules, folder)
        self.assertEqual((code, out.count("300 states, 1 rules, 0 broken")), (0, 2))

    def test_a_rule_that_does_not_parse_is_located(self):
        for text, said in (
                ("\n  never helo holds Timer", "rules:2:9: a program of the boot package or a "
                 "defined set is needed, not `helo`; did you mean `hello`?"),
                ("never any holds Timr", "rules:1:17: an interface, object(n) or any is needed, "
                 "not `Timr`; did you mean `Timer`?"),
                ("never any holds Timer.nwo", "rules:1:23: a method of the interface is needed, "
                 "not `nwo`; did you mean `now`?"),
                ("never any holds", "rules:1:16: an interface, object(n) or any is needed, but "
                 "the line ends here"),
                ("never any holds Timer \x07", "rules:1:23: the end of the line is needed, not "
                 "`?`"),
                ("let a = any\nlet a = any", "rules:2:5: a name that is not defined yet")):
            self.assertIn(said, self.assert_rules(text, 1))

    def test_rules_about_programs_need_to_know_them(self):
        bare = self.folder / "nameless.log"
        shutil.copy(self.log, bare)
        rules = self.folder / "named"
        rules.write_text("never ping holds Timer\n", encoding="utf-8")
        code, _, err = self.tool("assert", rules, bare)
        self.assertEqual(code, 1)
        self.assertIn("there is no boot package", err)

    def test_what_does_not_exist_is_refused_with_the_nearest(self):
        self.assertIn("did you mean `ping`?", self.refused("holds", "pign"))
        self.assertIn("did you mean `Timer`?", self.refused("who", "Timmer"))
        self.assertIn("there was no process 77 up to seq", self.refused("holds", "77"))
        self.assertIn("there was no object 999", self.refused("who", "999"))
        self.assertIn("there is no seq 99999", self.refused("who", "Timer", "--at", "99999"))
        self.assertIn("has no capability `tmer`", self.refused("who", "ping/tmer", "--at",
                                                               self.runs))
        self.assertIn("say which", self.refused("who", "MemoryObject", "--at", self.runs))
        self.assertIn("did you mean `holds`?", self.refused("hlds", "3", code=2))
        self.assertIn("a time such as 5ms", self.refused("who", "Timer", "--at", "5mn", code=2))
        self.assertIn("is no method of", self.refused("why-not", "ping", "Timer", "nwo"))

    def test_a_foreign_package_is_refused(self):
        other = ROOT / "build/sim/transfer.pkg"
        self.assertIn("is not the boot package that this log's machine started with",
                      self.refused("who", "Timer", "--package", other))
        self.assertIn("is not a boot package", self.refused("who", "Timer", "--package", self.log))

    def test_a_broken_log_answers_nothing(self):
        data = bytearray(self.log.read_bytes())
        bad = self.folder / "bad.log"
        for at, said in ((4096 + 200, "SHA-256"), (4, "version"), (0, "not a page of a log")):
            changed = bytes(data[:at]) + bytes([data[at] ^ 0x41]) + bytes(data[at + 1:])
            bad.write_bytes(changed)
            for verb in (("who", bad, "2"), ("at", bad, "3"), ("graph", bad)):
                code, out, err = self.tool(*verb)
                self.assertEqual((code, out, err.count("\n")), (1, "", 1), verb)
                self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main(verbosity=1)

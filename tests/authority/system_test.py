#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that are put to the test in another run of the same system, in the simulator: what
`suggest` leaves is enough, and nothing of it can go; the command of `why-not` makes the call
succeed; and who is stopped by a revocation was named by `what-if`."""

import json
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/host/tools/authority"
SIM = ROOT / "build/sim/tessera-sim"
MKIMAGE = ROOT / "tools/mkimage/mkimage.py"


class System(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def run_system(self, manifest, name="run"):
        """What each program says, in order, by the process's number; the log is name.log."""
        text, package, log = (self.folder / f"{name}{end}" for end in (".json", ".pkg", ".log"))
        text.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
        subprocess.run(["/usr/bin/python3", "-B", MKIMAGE, "--manifest", text,
                        "--programs", ROOT / "build/sim/programs", "--out", package], check=True)
        done = subprocess.run([SIM, "--package", package, "--seed", "1", "--memory", "128M",
                               "--log", log, "--syslog", self.folder / f"{name}.syslog"],
                              capture_output=True, check=False, text=True, timeout=60)
        said = {}
        for line in done.stdout.splitlines():
            if line.startswith("["):
                said.setdefault(int(line[1:line.index("]")]), []).append(line)
        return said

    def ask(self, *words):
        done = subprocess.run([TOOL, *map(str, words), "--json"], capture_output=True, check=False,
                              text=True)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return json.loads(done.stdout)["rows"]

    def when_all_run(self, name):
        """The seq by which the last program of the run was started."""
        done = subprocess.run([TOOL, "verify", self.folder / f"{name}.log", "--commits"],
                              capture_output=True, check=True, text=True)
        return int(re.findall(r"^(\d+) .*process-start", done.stdout, re.M)[-1]) + 1

    def manifest(self, name):
        plan = ["/usr/bin/python3", "-B", "tools/plan/plan.py", name, "--json"]
        done = subprocess.run(plan, capture_output=True, check=True, cwd=ROOT)
        return json.loads(done.stdout)

    def test_a_suggested_manifest_serves_the_run_and_nothing_of_it_can_go(self):
        whole = self.run_system(self.manifest("pipeline"), "whole")
        (self.folder / "given.json").write_text(json.dumps(self.manifest("pipeline"), indent=2),
                                                "utf-8")
        rows = self.ask("suggest", self.folder / "whole.log", "--manifest",
                        self.folder / "given.json", "--out", self.folder / "less.json")
        self.assertFalse(rows[-1]["cut"])
        text = (self.folder / "less.json").read_text("utf-8")
        less = json.loads(text)
        count = sum(len(program["grants"]) for program in less["programs"])
        self.assertEqual(count, rows[-1]["used_grants"])
        self.assertLess(count, rows[-1]["grants"])
        self.assertEqual(self.run_system(text, "less"), whole)
        for i, program in enumerate(less["programs"]):
            for j in range(len(program["grants"])):
                fewer = json.loads(text)
                del fewer["programs"][i]["grants"][j]
                self.assertNotEqual(self.run_system(fewer, "fewer"), whole, (i, j))

    def test_a_method_that_is_suggested_is_needed(self):
        whole = self.run_system(self.manifest("pipeline"), "whole")
        (self.folder / "given.json").write_text(json.dumps(self.manifest("pipeline")), "utf-8")
        self.ask("suggest", self.folder / "whole.log", "--manifest", self.folder / "given.json",
                 "--out", self.folder / "less.json")
        text = (self.folder / "less.json").read_text("utf-8")
        for i, program in enumerate(json.loads(text)["programs"]):
            for j, grant in enumerate(program["grants"]):
                for method in range(len(grant.get("client", {}).get("methods", ()))):
                    fewer = json.loads(text)
                    del fewer["programs"][i]["grants"][j]["client"]["methods"][method]
                    self.assertNotEqual(self.run_system(fewer, "fewer"), whole, (i, j, method))

    def why_not(self, change, *question):
        """Runs a changed system, asks why not, does what the answer says: the manifest then."""
        manifest = self.manifest("first-call")
        change(manifest["programs"])
        self.run_system(manifest, "lacking")
        rows = self.ask("why-not", self.folder / "lacking.log", *question, "--at",
                        self.when_all_run("lacking"), "--manifest", self.folder / "lacking.json")
        command = [row["command"] for row in rows if row["row"] == "command"]
        self.assertEqual(len(command), 1, rows)
        words = shlex.split(command[0])
        self.assertEqual(words[0], "authority")
        done = subprocess.run([TOOL, *words[1:]], capture_output=True, check=True, text=True)
        return done.stdout

    def test_the_command_of_why_not_gives_a_capability_that_was_not_granted(self):
        whole = self.run_system(self.manifest("first-call"), "whole")

        def take_away(programs):
            programs[2]["grants"] = [grant for grant in programs[2]["grants"]
                                     if grant["name"] != "timer"]

        mended = self.why_not(take_away, "ping", "Timer", "now")
        self.assertNotEqual(self.run_system((self.folder / "lacking.json").read_text(), "again"),
                            whole)
        self.assertEqual(self.run_system(mended, "mended"), whole)

    def test_the_command_of_why_not_adds_a_method_that_is_missing(self):
        refused = "[3] ping: reset refused: unimplemented (the capability does not include this "
        whole = self.run_system(self.manifest("first-call"), "whole")
        self.assertIn(refused + "method)", whole[3])
        mended = self.why_not(lambda programs: None, "ping", "ping", "reset")
        grants = {grant["name"]: grant for grant in json.loads(mended)["programs"][2]["grants"]}
        self.assertEqual(grants["pong"]["client"]["methods"], ["echo", "greet", "reset"])
        said = self.run_system(mended, "mended")
        self.assertFalse([line for line in said[3] if line.startswith(refused)], said[3])

    def test_whom_a_revocation_stops_what_if_has_named(self):
        manifest = self.manifest("pipeline")
        whole = self.run_system(manifest, "whole")
        log = self.folder / "whole.log"
        stopped = 0
        programs = ("relay#1", "relay#2", "relay#3", "chain")
        for place, program in enumerate(programs):
            for j, grant in enumerate(manifest["programs"][place]["grants"]):
                rows = self.ask("what-if", log, "revoke", f"{program}/{grant['name']}", "--at",
                                self.when_all_run("whole"))
                named = {int(row["process"].split(".")[0]) for row in rows
                         if row["row"] == "stops"}
                fewer = self.manifest("pipeline")
                del fewer["programs"][place]["grants"][j]
                said = self.run_system(fewer, "fewer")
                changed = {process for process in whole.keys() | said.keys()
                           if process != 0 and whole.get(process) != said.get(process)}
                self.assertLessEqual(changed, named, (program, grant["name"]))
                stopped += len(changed)
        self.assertGreater(stopped, 2)


if __name__ == "__main__":
    unittest.main(verbosity=1)

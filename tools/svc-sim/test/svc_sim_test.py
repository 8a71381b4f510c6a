#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tool `svc-sim` as its user meets it: a crash, `why`, a hang, a clock that jumps."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SIM = ROOT / "build" / "host" / "tools" / "svc-sim"
FIVE = """{"services": {
  "web": {"ImagePath": "web", "Requires": "app", "Triggers": "boot"},
  "app": {"ImagePath": "app", "Requires": "db", "Triggers": "boot"},
  "db": {"ImagePath": "db", "RestartMaxRetries": 1},
  "tick": {"ImagePath": "tick", "Type": "Oneshot", "Triggers": "timer:*:0/5"},
  "slow": {"ImagePath": "slow", "StartTimeout": 5, "RestartPolicy": "Never"}
}}
"""


def sim(script, *words, text=FIVE):
    with tempfile.TemporaryDirectory() as folder:
        definitions, events = pathlib.Path(folder, "five.json"), pathlib.Path(folder, "script")
        definitions.write_text(text, encoding="utf-8")
        events.write_text(script, encoding="utf-8")
        return subprocess.run([SIM, definitions, "--script", events, *words], capture_output=True,
                              text=True, check=False)


class Sim(unittest.TestCase):
    def test_a_crash_is_told_and_why_explains_it(self):
        run = sim("at 10 crash web 3\nat 12 why web\nend 15\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("[  10.002] web: Active -> Starting, ProcessCrash: its process ended: exit "
                      "code 3; next try in 1.000 s. Done: ", run.stdout)
        why = run.stdout[run.stdout.index("> why web"):]
        self.assertIn("web is Active.\n", why)
        self.assertIn("1.998 s ago: web: Active -> Starting", why)
        self.assertIn("To do: Look at its output", why)

    def test_why_leads_to_the_service_that_failed_first(self):
        run = sim("behave db step build fails\nat 20 why web\n")
        why = run.stdout[run.stdout.index("> why web"):]
        self.assertLess(why.index("web: Inactive -> Failed"), why.index("app: Inactive -> Failed"))
        self.assertLess(why.index("app: Inactive -> Failed"),
                        why.index("db: Starting -> Failed, RestartBudgetExhausted"))
        self.assertIn("building its process: status -2, not found", why)
        self.assertIn("svc reset db, svc start db", why)

    def test_hangs_late_services_clocks_and_commands(self):
        run = sim("behave slow ready never\nat 2 start slow\nat 10 status slow\n"
                  "at 20 clock 3600\nat 21 clock -3600\nat 30 plan web\nat 31 stop db\n"
                  "at 32 list\nat 40 shutdown\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("slow: Starting -> Failed, ReadinessTimeout", run.stdout)
        self.assertIn('"state":"failed","cause":"readiness_timeout"', run.stdout)
        self.assertIn("keep  db, because of app", run.stdout)
        self.assertIn('{"service":"db","state":"inactive","cause":"explicit_stop"}', run.stdout)
        self.assertIn("machine: power off", run.stdout)

    def test_equal_seeds_give_equal_transcripts(self):
        runs = [sim("end 100\n", "--seed", seed).stdout for seed in ("3", "3", "4")]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_scripts_that_make_no_sense_are_refused_by_line(self):
        for script in ("dance\n", "at x crash web\n", "at 1 dance web\n", "behave none ready 1\n",
                       "behave web ready soon\n", "at 1 crash slow\n", "at 1 start\n",
                       "behave web hooks maybe\n", "end -1\n"):
            run = sim("\n" + script)
            self.assertEqual(run.returncode, 2, script)
            self.assertIn("line 2 of the script", run.stderr)


if __name__ == "__main__":
    unittest.main()

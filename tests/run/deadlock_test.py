#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A system in which everybody waits ends in the simulator with a reason and code 3, and
its logs say who holds what, just when one wants to ask them."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/mkimage"))
import source as sources  # noqa: E402  pylint: disable=wrong-import-position

SERVER = "pong"
DEADLOCK = 3


class Deadlock(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def package(self):
        """first-call without its clients: a server that nobody will ever call."""
        manifest = json.loads(sources.read(ROOT / "system/manifests/first-call.jsonnet",
                                           sources.Options()).text)
        manifest["programs"] = [program for program in manifest["programs"]
                                if program["name"] == SERVER]
        (self.folder / "m.json").write_text(json.dumps(manifest), "utf-8")
        subprocess.run(["/usr/bin/python3", "-B", ROOT / "tools/mkimage/mkimage.py", "--manifest",
                        self.folder / "m.json", "--programs", ROOT / "build/sim/programs", "--out",
                        self.folder / "m.pkg"], check=True)
        return self.folder / "m.pkg"

    def test_the_logs_leave_a_machine_where_everybody_waits(self):
        log = self.folder / "m.log"
        done = subprocess.run([ROOT / "build/sim/tessera-sim", "--package", self.package(),
                               "--seed", "1", "--memory", "128M", "--log", log, "--syslog",
                               log.with_suffix(".syslog")],
                              check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, DEADLOCK, done.stdout)
        self.assertIn("every thread waits and nothing is due", done.stderr)
        tool = ROOT / "build/host/tools/authority"
        verified = subprocess.run([tool, "verify", log], check=False, capture_output=True,
                                  text=True)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("equal", verified.stdout)
        holds = subprocess.run([tool, "holds", log, SERVER], check=True, capture_output=True,
                               text=True).stdout
        self.assertIn("Endpoint", holds)
        last = subprocess.run([ROOT / "build/host/tools/ringtap", log.with_suffix(".syslog")],
                              check=True, capture_output=True, text=True).stdout
        self.assertIn("recv", last)


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a plan says of a manifest: all of it, each grant with what it allows and why."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tools" / "plan")]

import plan  # noqa: E402


def said(*arguments):
    """(exit code, what was printed, what went wrong)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = plan.main(list(arguments))
    return code, out.getvalue(), err.getvalue()


class Plans(unittest.TestCase):
    def test_each_program_with_its_grants_and_why(self):
        code, out, err = said("first-call")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("the kernel starts init-min", out)
        self.assertIn("ping: messages of at most 4096 bytes; served by pong; called by ping", out)
        self.assertIn("2. pong (an ELF file, at random addresses)\n", out)
        self.assertIn("   pong: Ping, a client of endpoint ping\n"
                      "      calls echo, greet; not reset\n"
                      "      because: reset is left out, to be refused\n", out)

    def test_drivers_and_sessions(self):
        code, out, err = said("prompt")
        self.assertEqual((code, err), (0, ""))
        for lines in ("1. serial-2 (16550, an ELF file, at random addresses)\n"
                      "   is started again when it ends, and ended when all others have\n",
                      "   ports: IoPorts 0x2f8 to 0x2ff, of init-min's own ports\n"
                      "      reads and writes these registers, and can do with them what the "
                      "machine does\n      because: the registers of COM2\n",
                      "   interrupt: Interrupt 3, of init-min's own interrupts\n",
                      "   bell: Notification, its own, another one for each start\n",
                      "stream-2: messages of at most 640 bytes; served by serial-2; called by "
                      "terminal-2\n",
                      "init-min: its own; served by init-min itself; called by broker\n",
                      "   is somebody's seat: it starts again when it fails; the end of the "
                      "first one is the end of all\n"
                      "   in a session of its own: operator at COM3, profile operator\n",
                      "   callers: SessionMinter, of callers that say so\n"
                      "      acts for who calls it and lets it, no longer than their session\n",
                      "broker holds system: can halt the machine"):
            self.assertIn(lines, out)
        self.assertNotIn("hold the same ports", out)

    def test_presets_and_overlays_show(self):
        self.assertIn("ping (an ELF file, at known addresses)",
                      said("first-call", "--preset", "fixed")[1])
        with_timer, without = said("first-call")[1], said(
            "first-call", "--overlay",
            str(ROOT / "system/manifests/site-example/overlay.libsonnet"))[1]
        self.assertIn("timer: Timer", with_timer)
        self.assertNotIn("timer: Timer", without)

    def test_what_asks_for_attention(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "m.json")
            path.write_text(json.dumps({
                "first": "init-min",
                "endpoints": [{"name": "a", "messageMax": 64}, {"name": "b", "messageMax": 64}],
                "programs": [{"name": "q"},
                             {"name": "p", "grants": [{"name": "s", "server": "a"},
                                                      {"name": "o", "own": "programs"}]},
                             {"name": "d", "label": "left",
                              "grants": [{"name": "p", "ports": {"first": 96, "count": 5}}]},
                             {"name": "d", "label": "right",
                              "grants": [{"name": "p", "ports": {"first": 100, "count": 1}}]}],
            }), encoding="utf-8")
            code, out, _ = said(str(path))
        self.assertEqual(code, 0)
        for line in ("endpoint a has no clients", "endpoint b has no server: calls to it end",
                     "p holds programs: can end every program", "is granted nothing",
                     "left and right hold the same ports: 0x60 to 0x64, 0x64 to 0x64"):
            self.assertIn(line, out)

    def test_each_capability_of_the_first_program_is_told(self):
        self.assertEqual(tuple(plan.OWN), plan.manifests.FIRST_OWN)

    def test_json_is_what_other_tools_read(self):
        code, out, _ = said("pipeline", "--json")
        self.assertEqual(code, 0)
        self.assertEqual(len(json.loads(out)["programs"]), 4)

    def test_a_manifest_that_is_refused(self):
        code, out, err = said("nix")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("nix.jsonnet: No such file or directory", err)


if __name__ == "__main__":
    unittest.main()

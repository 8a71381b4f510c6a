#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lock of method numbers only grows: what is locked can't change unseen, what is new is
appended, and the tree's own lock says what the tree's schemas say."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tools" / "methods")]

import methods  # noqa: E402

FILE = "@0x9f4b3c00000000f0;\n"
DOOR = "interface Door @0x9f4b3c00000002f0 {{ {} }}\n"
OPEN_SHUT = DOOR.format("open @0 () -> (); shut @1 () -> ();")
CHANGES = [
    (DOOR.format("open @0 () -> ();"), "method Door.shut (number 1) is locked and has vanished"),
    (DOOR.format("open @0 () -> (); close @1 () -> ();"), "method Door.shut (number 1) is locked"),
    (DOOR.format("shut @0 () -> (); open @1 () -> ();"),
     "method Door.open is locked as number 0, now number 1"),
    (OPEN_SHUT.replace("Door", "Gate"), "is locked as Door, now Gate"),
    ("struct Nothing {}\n", "interface Door (0x9f4b3c00000002f0) is locked and has vanished"),
]


class Methods(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.schema = pathlib.Path(folder.name) / "door.capnp"
        self.lock = pathlib.Path(folder.name) / "methods.lock"

    def run_tool(self, what, schema):
        """(exit code, what was said)"""
        self.schema.write_text(FILE + schema, encoding="utf-8")
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = methods.main([what, "--lock", str(self.lock), str(self.schema)])
        return code, said.getvalue()

    def lock_lines(self):
        return [line for line in self.lock.read_text(encoding="utf-8").splitlines()
                if not line.startswith("//")]

    def test_update_locks_what_check_then_accepts(self):
        self.assertEqual(self.run_tool("--check", OPEN_SHUT)[0], 1)
        self.assertEqual(self.run_tool("--update", OPEN_SHUT), (0, ""))
        self.assertEqual(self.run_tool("--check", OPEN_SHUT), (0, ""))
        self.assertEqual(self.lock_lines(), ["INTERFACE(0x9f4b3c00000002f0, Door)",
                                             "METHOD(Door, 0, open)", "METHOD(Door, 1, shut)"])

    def test_change_of_what_is_locked_is_refused_and_not_updated(self):
        self.run_tool("--update", OPEN_SHUT)
        before = self.lock.read_bytes()
        for schema, sentence in CHANGES:
            for what in ("--check", "--update"):
                with self.subTest(sentence, what=what):
                    code, said = self.run_tool(what, schema)
                    self.assertEqual(code, 1)
                    self.assertIn(sentence, said)
                    self.assertEqual(self.lock.read_bytes(), before)

    def test_what_is_new_is_appended_and_nothing_else_moves(self):
        self.run_tool("--update", OPEN_SHUT)
        before = self.lock.read_text(encoding="utf-8")
        schema = DOOR.format("open @0 () -> (); shut @1 () -> (); lock @2 () -> ();") + \
            "interface Bell @0x9f4b3c00000002f1 {}\n"
        code, said = self.run_tool("--check", schema)
        self.assertEqual(code, 1)
        self.assertIn("not locked yet: METHOD(Door, 2, lock)", said)
        self.assertEqual(self.run_tool("--update", schema), (0, ""))
        after = self.lock.read_text(encoding="utf-8")
        self.assertTrue(after.startswith(before))
        self.assertEqual(after[len(before):],
                         "METHOD(Door, 2, lock)\nINTERFACE(0x9f4b3c00000002f1, Bell)\n")
        self.assertEqual(self.run_tool("--check", schema), (0, ""))

    def test_inherited_methods_come_first_and_later_ones_at_the_end(self):
        heir = "interface Safe @0x9f4b3c00000002f2 extends(Door) { count @0 () -> (); }\n"
        self.run_tool("--update", DOOR.format("open @0 () -> ();") + heir)
        safe = methods.read_lock(self.lock)[0x9f4b3c00000002f2]
        self.assertEqual(safe.methods, ["open", "count"])
        self.assertEqual(self.run_tool("--update", OPEN_SHUT + heir), (0, ""))
        safe = methods.read_lock(self.lock)[0x9f4b3c00000002f2]
        self.assertEqual(safe.methods, ["open", "count", "shut"])
        self.assertEqual(self.run_tool("--check", OPEN_SHUT + heir), (0, ""))

    def test_more_than_64_methods_are_refused(self):
        many = "".join(f"m{i} @{i} () -> ();" for i in range(65))
        self.assertIn("65 methods; 64 at most", self.run_tool("--update", DOOR.format(many))[1])

    def test_broken_schema_is_refused(self):
        code, said = self.run_tool("--check", "interface Door {")
        self.assertEqual(code, 1)
        self.assertIn("methods: ", said)

    def test_broken_lock_is_refused_with_its_line(self):
        for text, sentence in (
                ("INTERFACE(0x1, A)\nINTERFACE(0x1, B)\n", ":2: interface B or its id is locked"),
                ("METHOD(A, 0, a)\n", ":1: no interface A is locked above"),
                ("INTERFACE(0x1, A)\nMETHOD(A, 1, a)\n", ":2: method a has number 1; the next"),
                ("INTERFACE(0x1, A)\nMETHOD(A, 0, a)\nMETHOD(A, 1, a)\n",
                 ":3: method a is locked twice"),
                ("INTERFACE(x, A)\n", ":1: neither"), ("something\n", ":1: neither")):
            with self.subTest(sentence):
                self.lock.write_text(text, encoding="utf-8")
                self.assertIn(sentence, self.run_tool("--check", OPEN_SHUT)[1])

    def test_mask_follows_the_numbers(self):
        ping = methods.read_lock()[0x9f4b3c0000000201]
        self.assertEqual(ping.mask(["echo", "greet"]), 0b011)
        self.assertEqual(ping.mask(["reset"]), 0b100)
        with self.assertRaises(KeyError):
            ping.mask(["halt"])

    def test_lock_of_the_tree_says_what_its_schemas_say(self):
        self.assertEqual(methods.main(["--check"]), 0)


if __name__ == "__main__":
    unittest.main()

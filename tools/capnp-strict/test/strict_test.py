#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line of capnp-strict: what it writes, refuses, and says."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "build/host/tools/capnp-strict"
BOOT = ROOT / "abi/schema/boot.capnp"
GOOD = b'{"programs": [{"name": "ping", "grants": [{"name": "c", "own": "console"}]}]}'


def run(*arguments, data=b""):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=data, capture_output=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr.decode()


class Strict(unittest.TestCase):
    def test_binary_is_what_the_other_tool_reads(self):
        code, binary, _ = run("json:binary", BOOT, "BootManifest", data=GOOD)
        self.assertEqual(code, 0)
        text = subprocess.run(["capnp", "convert", "--short", "binary:text", BOOT, "BootManifest"],
                              input=binary, capture_output=True, check=True).stdout
        self.assertEqual(run("-s", "binary:text", BOOT, "BootManifest", data=binary)[1], text)
        self.assertEqual(run("json:flat", BOOT, "BootManifest", data=GOOD)[1], binary[8:])

    def test_packed_and_flat_are_read_and_written(self):
        binary = run("json:binary", BOOT, "BootManifest", data=GOOD)[1]
        code, packed, _ = run("json:packed", BOOT, "BootManifest", data=GOOD)
        self.assertEqual(code, 0)
        other = subprocess.run(["capnp", "convert", "json:packed", BOOT, "BootManifest"],
                               input=GOOD, capture_output=True, check=True).stdout
        self.assertEqual(run("packed:binary", BOOT, "BootManifest", data=other)[1], binary)
        self.assertEqual(run("packed:binary", BOOT, "BootManifest", data=packed * 2)[1], binary * 2)
        self.assertEqual(run("flat:packed", BOOT, "BootManifest", data=binary[8:])[1], packed)
        for source, data in (("packed", packed[:-1]), ("packed", packed + b"\x10"),
                             ("flat", binary[8:-1]),
                             ("packed", b"\0\xff" * (1 << 21))):
            code, out, err = run(f"{source}:json", BOOT, "BootManifest", data=data)
            self.assertEqual((code, out), (1, b""), source)
            self.assertIn("capnp-strict: standard input: ", err)

    def test_stream_of_values_is_taken_whole_or_not_at_all(self):
        self.assertEqual(run("-s", "json:json", BOOT, "StartInfo", data=b'{"arguments":"a"} {}')[1],
                         b'{"arguments":"a"}\n{}\n')
        code, out, err = run("json:json", BOOT, "StartInfo", data=b'{}\n{"argument": ""}')
        self.assertEqual((code, out), (1, b""))
        self.assertIn('standard input:2:2: unknown field "argument"; did you mean arguments?', err)
        code, out, err = run("json:flat", BOOT, "StartInfo", data=b"{} {}")
        self.assertEqual((code, out), (1, b""))
        self.assertIn("more than one value", err)

    def test_file_is_named_and_nothing_is_written_when_it_is_refused(self):
        with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
            path, out = pathlib.Path(folder) / "m.json", pathlib.Path(folder) / "out"
            path.write_bytes(b'{"programs": [\n {"nmae": "ping"}]}')
            code, _, err = run("json:binary", "-o", out, BOOT, "BootManifest", path)
            self.assertEqual(code, 1)
            self.assertIn(f'{path}:2:3: programs[0]: unknown field "nmae"; did you mean name?', err)
            self.assertFalse(out.exists())
            path.write_bytes(GOOD)
            self.assertEqual(run("json:nothing", f"-o{out}", BOOT, "BootManifest", path),
                             (0, b"", ""))
            self.assertEqual(run("json:binary", "-o", out, BOOT, "BootManifest", path)[0], 0)
            self.assertEqual(run("binary:nothing", BOOT, "BootManifest", out)[0], 0)

    def test_large_values_find_room(self):
        text = b'{"arguments": "' + b"x" * 3_000_000 + b'"}'
        code, out, _ = run("-s", "json:json", BOOT, "StartInfo", data=text)
        self.assertEqual((code, len(out)), (0, len(text)))

    def test_broken_messages_and_schemas_are_refused_with_a_reason(self):
        for data in (b"\0" * 3, b"\xff" * 16, b"\0\0\0\0\5\0\0\0" + b"\0" * 8):
            code, out, err = run("binary:json", BOOT, "StartInfo", data=data)
            self.assertEqual((code, out), (1, b""), data)
            self.assertIn("capnp-strict: standard input: ", err)
        code, _, err = run("json:json", "/dev/null", "StartInfo", data=b"{}")
        self.assertEqual(code, 1)
        self.assertIn("/dev/null: ", err)
        code, _, err = run("json:json", ROOT / "no/such.capnp", "StartInfo", data=b"{}")
        self.assertEqual(code, 1)
        self.assertIn("capnp compile refused the schema", err)
        code, _, err = run("json:json", BOOT, "StratInfo", data=b"{}")
        self.assertEqual(code, 1)
        self.assertIn("there is no struct StratInfo; the schema has: ", err)
        self.assertIn("StartInfo", err)
        self.assertEqual(run("json:json", BOOT, "StartInfo", ROOT / "no/such.json")[0], 1)

    def test_compiled_schema_does_as_well_as_its_source(self):
        request = subprocess.run(["capnp", "compile", "-o-", BOOT], capture_output=True,
                                 check=True).stdout
        with tempfile.NamedTemporaryFile(dir=ROOT / "build") as file:
            file.write(request)
            file.flush()
            self.assertEqual(run("json:binary", file.name, "BootManifest", data=GOOD),
                             run("json:binary", BOOT, "BootManifest", data=GOOD))

    def test_interfaces_are_listed(self):
        code, out, _ = run("-I", ROOT / "abi/schema", "list", ROOT / "abi/schema/ping.capnp")
        self.assertEqual(code, 0)
        self.assertIn(b"interface Ping @0x9f4b3c0000000201\n", out)
        self.assertIn(b"  greet @1 (name :Text) -> (answer :Text)\n    A greeting by name", out)

    def test_usage_errors_exit_with_2(self):
        for arguments in ((), ("json:json",), ("json:xml", BOOT, "StartInfo"), ("-x",), ("-I",),
                          ("json", BOOT, "StartInfo"), ("list",), ("list", "a", "b"),
                          ("json:json", BOOT, "StartInfo", "a", "b"), ("xml:json", "a", "b"),
                          (*(["-Ia"] * 33), "list", BOOT)):
            self.assertEqual(run(*arguments)[0], 2, arguments)
        self.assertEqual(run("--help")[0], 0)


if __name__ == "__main__":
    unittest.main()

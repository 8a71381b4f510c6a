#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boot packages: a good one says what went in; everything that can't be honoured is refused with
its reason; no bytes of a program make the tool fail otherwise. Programs are built here, byte by
byte, so that each test controls the one field that it is about."""

import contextlib
import copy
import io
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tools" / "mkimage"), str(ROOT / "tools" / "methods")]

import elf  # noqa: E402
import mkimage  # noqa: E402
import source as sources  # noqa: E402

READ, WRITE, EXECUTE = 4, 2, 1
TEXT = (elf.PT_LOAD, READ | EXECUTE, 0x1010, 0x1010, b"text" * 8, 32)
DATA = (elf.PT_LOAD, READ | WRITE, 0x2000, 0x3000, b"data" * 4, 0x2000)
CLIENT = {"endpoint": "ping", "interface": "Ping", "methods": ["echo", "greet"]}
GOOD = {
    "first": "init-min",
    "endpoints": [{"name": "ping", "messageMax": 4096}],
    "programs": [
        {"name": "pong", "arguments": "-v", "fixed": True,
         "grants": [{"name": "server", "server": "ping"}]},
        {"name": "ping", "grants": [{"name": "pong", "client": CLIENT},
                                    {"name": "console", "own": "console"}]},
    ],
}


def elf_file(segments=(TEXT, DATA), entry=0x1010, kind=elf.ET_DYN, machine=elf.EM_X86_64):
    """segments: (type, flags, offset, address, bytes, memory size)"""
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, kind, machine, 1, entry, 64,
                       0, 0, 64, 56, len(segments), 64, 0, 0)
    rows = b"".join(struct.pack("<IIQQQQQQ", what, flags, offset, address, address, len(data),
                                memory, 4096)
                    for what, flags, offset, address, data, memory in segments)
    image = bytearray(head + rows)
    for _, _, offset, _, data, _ in segments:
        image = image.ljust(offset + len(data), b"\0")
        image[offset:offset + len(data)] = data
    return bytes(image)


def elf_with_dynamic(*pairs, extra=b""):
    """A program whose data segment holds the dynamic section and, 256 bytes on, `extra`."""
    rows = b"".join(struct.pack("<QQ", *pair) for pair in (*pairs, (0, 0)))
    data = rows.ljust(256, b"\0") + extra
    load = (elf.PT_LOAD, READ | WRITE, 0x2000, 0x3000, data, len(data))
    return elf_file((TEXT, load, (elf.PT_DYNAMIC, READ | WRITE, 0x2000, 0x3000, rows, len(rows))))


def relocated(place, kind):
    """A program with one relocation."""
    return elf_with_dynamic((elf.DT_RELA, 0x3000 + 256), (elf.DT_RELASZ, 24),
                            extra=struct.pack("<QQq", place, kind, 0))


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("init-min", "pong", "ping"):
            (self.folder / f"{name}.elf").write_bytes(elf_file())

    def run_tool(self, value=None, text=None, data=None):
        """(exit code, what was printed, what went wrong)"""
        path = self.folder / "manifest.json"
        text = json.dumps(GOOD if value is None else value) if text is None else text
        path.write_bytes(text.encode() if data is None else data)
        arguments = ["--manifest", str(path), "--programs",
                     str(self.folder), "--out", str(self.folder / "out.pkg"), "--list"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = mkimage.main(arguments)
        return code, out.getvalue(), err.getvalue()

    def assert_refused(self, sentence, value=None, **options):
        code, _, err = self.run_tool(value, **options)
        self.assertEqual(code, 1, err)
        self.assertIn(sentence, err)
        self.assertFalse((self.folder / "out.pkg").exists())


class Packages(Folder):
    def test_package_says_what_went_in(self):
        code, listing, err = self.run_tool()
        self.assertEqual((code, err), (0, ""))
        self.assertIn("first init-min: entry 0x1010, 2 pages of text, 2 of data, 3 of memory",
                      listing)
        data = (self.folder / "out.pkg").read_bytes()
        package = mkimage.parse(data)
        self.assertEqual([entry.name for entry in package.entries], ["manifest", "pong", "ping"])
        self.assertEqual([entry.kind for entry in package.entries], [1, 3, 2])
        self.assertEqual(package.name, "init-min")
        self.assertEqual(len(data) % 4096, 0)
        for entry in package.entries[1:]:
            self.assertEqual(entry.blob, elf.trim(elf_file()))
        first = package.first
        self.assertEqual((first.entry, first.memory_pages), (0x1010, 3))
        self.assertEqual(first.text, bytes(0x1010) + b"text" * 8 + bytes(0xfd0))
        self.assertEqual(first.data, bytes(0x1000) + b"data" * 4 + bytes(0xff0))

    def test_manifest_is_the_message_that_capnp_reads_back(self):
        self.run_tool()
        message = mkimage.parse((self.folder / "out.pkg").read_bytes()).entries[0].blob
        framed = struct.pack("<II", 0, len(message) // 8) + message
        text = subprocess.run(
            ["capnp", "convert", "binary:json", str(ROOT / "abi/schema/boot.capnp"),
             "BootManifest"], input=framed, capture_output=True, check=True).stdout
        value = json.loads(text)
        self.assertEqual(value["endpoints"], GOOD["endpoints"])
        client = value["programs"][1]["grants"][0]["client"]
        self.assertEqual(int(client["interface"]), 0x9f4b3c0000000201)
        self.assertEqual(int(client["methods"]), 0b011)
        self.assertEqual(value["programs"][0]["arguments"], "-v")
        self.assertNotIn("first", value)

    def test_scripts_are_entries_of_their_own(self):
        value = copy.deepcopy(GOOD)
        value["scripts"] = [{"name": "first", "text": "caps\n"}, {"name": "x", "text": "say é"}]
        self.assertEqual(self.run_tool(value)[0], 0)
        entries = mkimage.parse((self.folder / "out.pkg").read_bytes()).entries
        self.assertEqual([(entry.name, entry.kind, entry.blob) for entry in entries[3:]],
                         [("first", 4, b"caps\n"), ("x", 4, "say é".encode())])
        (self.folder / "out.pkg").unlink()
        for script, why in (({"name": "ping", "text": "a"}, "something else in the package"),
                            ({"name": "manifest", "text": "a"}, "something else in the package"),
                            ({"name": "first", "text": "b"}, "something else in the package"),
                            ({"name": "y", "text": ""}, "is empty"),
                            ({"name": "", "text": "a"}, "a name is missing"),
                            ({"name": "y", "text": "a" * 8192}, "8191 fit")):
            value["scripts"][1] = script
            self.assert_refused(why, value)

    def test_same_inputs_give_the_same_bytes(self):
        self.run_tool()
        once = (self.folder / "out.pkg").read_bytes()
        self.run_tool()
        self.assertEqual((self.folder / "out.pkg").read_bytes(), once)

    def test_flipped_byte_of_a_package_is_seen(self):
        self.run_tool()
        data = (self.folder / "out.pkg").read_bytes()
        table = mkimage.parse(data).table
        for place in [*range(0, 100, 3), *range(table, table + 400, 5), *range(0, len(data), 97)]:
            broken = bytearray(data)
            broken[place] ^= 0x80
            with self.assertRaises(mkimage.ImageError, msg=f"byte {place}"):
                mkimage.parse(bytes(broken))

    def test_shipped_manifests_are_accepted(self):
        for path in sorted((ROOT / "system/manifests").glob("*.json*")):
            value = json.loads(sources.read(path, sources.Options()).text)
            for name in [value["first"], *(program["name"] for program in value["programs"]),
                         *value.get("also", [])]:
                (self.folder / f"{name}.elf").write_bytes(elf_file())
            code, _, err = self.run_tool(value)
            self.assertEqual(code, 0, err)

    def test_too_many_entries(self):
        value = copy.deepcopy(GOOD)
        value["also"] = [f"p{i}" for i in range(32)]
        self.assert_refused("a package has 32 entries at most", value)

    def test_usage_errors_exit_with_2(self):
        for arguments in ([], ["--list"], ["--manifest", "x.json"], ["--list", "a", "--out", "b"]):
            with contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as stopped:
                    mkimage.main(arguments)
            self.assertEqual(stopped.exception.code, 2)


def changed(path, value):
    """GOOD with one place changed; `None` removes it."""
    manifest = copy.deepcopy(GOOD)
    place = manifest
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return manifest


GRANT = ("programs", 1, "grants", 0)
METHODS = GRANT + ("client", "methods")
REFUSED = [
    (("frist",), "x", 'unknown field "frist"; did you mean first?'),
    (("first",), None, "first: a name is missing"),
    (("first",), "/bin/init", "first: '/bin/init' is an absolute path"),
    (("first",), "../init", "first: '../init' contains `..`"),
    (("first",), "a b", "first: 'a b' is not a name"),
    (("first",), "ping", "programs[1].name: 'ping' is the first program"),
    (("first",), 3, "first: Text is wanted, not a number"),
    (("programs",), {}, "programs: List is wanted, not a struct"),
    (("programs", 0), [], "programs[0]: struct Program is wanted, not a list"),
    (("programs", 0, "name"), "nobody", "unknown program 'nobody'"),
    (("programs", 0, "name"), "manifest", "can't be named 'manifest'"),
    (("programs", 0, "name"), "p" * 32, "programs[0].name: 32 bytes are too long; 31 fit"),
    (("programs", 0, "arguments"), "x" * 496, "programs[0].arguments: 496 bytes are too long"),
    (("programs", 0, "arguments"), "a\0b", "programs[0].arguments: contains a zero byte"),
    (("programs", 0, "stack"), 1, 'programs[0]: unknown field "stack"'),
    (("endpoints", 0, "messageMax"), 65537, "messageMax: 65537 is out of range"),
    (("endpoints", 0, "messageMax"), 0, "messageMax: 0 is out of range"),
    (("endpoints", 0, "messageMax"), 2**64, 'messageMax: "18446744073709551616" is out of range'),
    (("endpoints", 0, "messageMax"), 1e300, 'messageMax: "1e+300" is out of range'),
    (("endpoints", 0, "messageMax"), 1.5, 'messageMax: "1.5" is no whole number'),
    (("endpoints", 0, "messageMax"), True, "messageMax: UInt32 is wanted, not true"),
    (("endpoints",), [GOOD["endpoints"][0]] * 2, "endpoints[1].name: endpoint 'ping' is declared"),
    (("memories",), [{"name": "kept", "pages": 0}], "memories[0].pages: 0 is out of range"),
    (("memories",), [{"name": "kept", "pages": 1025}], "pages: 1025 is out of range, 1 to 1024"),
    (("memories",), [{"name": "kept", "pages": 1}] * 2, "memory 'kept' is declared twice"),
    (("programs", 1, "grants", 1), {"name": "log", "memory": {"of": "kept"}},
     "programs[1].grants[1].memory.of: unknown memory 'kept'"),
    (("endpoints",), [], "programs[0].grants[0].server: unknown endpoint 'ping'"),
    (GRANT + ("own",), "timer", "programs[1].grants[0]: own and client exclude each other"),
    (GRANT + ("client",), None, "programs[1].grants[0]: one of own, server, client"),
    (GRANT + ("name",), "console", "programs[1].grants[1].name: 'console' is granted twice"),
    (GRANT + ("client", "endpoint"), "pong", "client.endpoint: unknown endpoint 'pong'"),
    (GRANT + ("client", "interface"), "Pong", "client.interface: unknown interface 'Pong'"),
    (GRANT + ("client", "interface"), 7, "client.interface: Text is wanted, not a number"),
    (GRANT + ("client", "receiverData"), -1, 'client.receiverData: "-1" is out of range'),
    (GRANT + ("client", "endpoint"), "init-min", "interface: init-min serves System, not Ping"),
    (("endpoints", 0, "name"), "init-min", "'init-min' is the endpoint of the first program"),
    (("programs", 1, "grants", 1), {"name": "p", "ports": {"first": 96}},
     "grants[1].ports.count: 0 ports from 0x60 on; there are ports 0 to 0xffff"),
    (("programs", 1, "grants", 1), {"name": "p", "ports": {"first": 65535, "count": 2}},
     "ports.count: 2 ports from 0xffff on"),
    (("programs", 1, "grants", 1), {"name": "p", "ports": {"first": -1, "count": 2}},
     'ports.first: "-1" is out of range'),
    (("programs", 1, "grants", 1), {"name": "l", "line": 64}, "line: 64 is out of range, 0 to 63"),
    (("programs", 1, "grants", 1), {"name": "l", "line": 3, "bell": None},
     "grants[1]: bell and line exclude each other"),
    (("programs", 1, "seat"), 1, "seat: Bool is wanted, not a number"),
    (("programs", 1, "seat"), True, "programs[1].seat: who sits there has a session; say its name"),
    (("programs", 1, "session"), True, "session: struct Session is wanted, not true"),
    (("programs", 1, "session"), {}, "programs[1].session.name: a name for people is missing"),
    (("programs", 1, "session"), {"name": "x" * 64, "profile": "p"},
     "session.name: 64 bytes are too long; 63 fit"),
    (("programs", 1, "session"), {"name": "a\x1b[2J", "profile": "p"}, "can't be shown"),
    (("programs", 1, "session"), {"name": "x"}, "programs[1].session.profile: a name is missing"),
    (("programs", 1, "session"), {"name": "x", "profile": "a b"}, "session.profile: 'a b' is not"),
    (("programs", 1, "session"), {"name": "x", "profile": "p", "until": 1},
     'programs[1].session: unknown field "until"'),
    (("programs", 1, "label"), "a/b", "programs[1].label: 'a/b' is not a name"),
    (("programs", 1, "label"), "pong", "programs[1].label: another program is called 'pong', too"),
    (("programs",), [{"name": "pong"}] * 21, "programs: 21 of them; init-min has room for 20"),
    (("memories",), [{"name": f"m{i}", "pages": 1} for i in range(9)],
     "memories: 9 of them; init-min has room for 8"),
    (("endpoints",), [{"name": f"e{i}", "messageMax": 1} for i in range(17)],
     "endpoints: 17 of them; init-min has room for 16"),
    (GRANT + ("client", "depth"), 1, 'programs[1].grants[0].client: unknown field "depth"'),
    (METHODS, ["echo", "halt"], "client.methods[1]: Ping has no method 'halt'"),
    (METHODS, ["echo", "echo"], "client.methods[1]: 'echo' is listed twice"),
    (METHODS, [], "client.methods: is empty"),
    (METHODS, 8, "client.methods: List is wanted, not a number"),
    (("programs", 1, "grants", 1, "own"), "root", "own: 'root' is not a capability of the first"),
    (("programs", 1, "grants", 1, "own"), ["console"], "own: Text is wanted, not a list"),
]


class Manifests(Folder):
    def test_each_refusal_names_the_file_and_the_place(self):
        for path, value, sentence in REFUSED:
            with self.subTest(sentence):
                self.assert_refused(sentence, changed(path, value))
                if "program '" not in sentence and "named" not in sentence:
                    self.assert_refused("manifest.json:1:", changed(path, value))

    def test_what_is_not_json_is_refused(self):
        for text in ("", "{", "[1, 2]", '"x"', "[" * 100000, '{"first": NaN}', "\ufeff{}"):
            with self.subTest(text[:10]):
                self.assert_refused("manifest.json:1:", text=text)

    def test_text_that_is_not_utf_8_is_refused(self):
        for data, sentence in ((b'{"first": "init-\xff"}', "1:11: first: the text is not UTF-8"),
                               (b'{"f\xc3(": "x"}', "1:2: unknown field"),
                               (b'{"first": "\\ud800"}', "1:12: first: half of a surrogate pair"),
                               ('{"first": "x"}'.encode("utf-16"), "1:1: struct Manifest is")):
            with self.subTest(sentence):
                self.assert_refused(f"manifest.json:{sentence}", data=data)

    def test_what_is_far_too_long_is_refused(self):
        self.assert_refused("first: 1000000 bytes are too long; 31 fit",
                            changed(("first",), "a" * 10**6))
        self.assert_refused('"9999', changed(("endpoints", 0, "messageMax"), 10**4000 - 1))
        grants = [{"name": f"{i:030}", "own": "console"} for i in range(64)]
        self.assert_refused("bytes in a package; init-min has room for 16384", changed(
            ("programs",), [{"name": "pong", "grants": grants} for i in range(4)]))

    def test_field_that_stands_twice_is_refused(self):
        self.assert_refused("field first stands twice", text='{"first": "a", "first": "b"}')

    def test_line_and_column_of_what_has_no_meaning_are_told(self):
        text = json.dumps(changed(METHODS, ["echo", "halt"]), indent=1)
        line = next(number for number, line in enumerate(text.split("\n"), 1) if "halt" in line)
        column = text.split("\n")[line - 1].index('"') + 1
        self.assert_refused(f"manifest.json:{line}:{column}: programs[1].grants[0].client."
                            "methods[1]: Ping has no method 'halt'", text=text)

    def test_two_ways_to_go_on_are_refused(self):
        both = changed(("programs", 1, "keep"), True)
        both["programs"][1]["seat"] = True
        self.assert_refused("programs[1].seat: keep and seat are two ways to go on", both)

    def test_too_many_grants(self):
        grants = [{"name": f"g{i}", "own": "console"} for i in range(65)]
        self.assert_refused("65 grants; 64 fit", changed(("programs", 1, "grants"), grants))


def with_segment(**changes):
    fields = dict(zip(("what", "flags", "offset", "address", "data", "memory"), DATA))
    fields.update(changes)
    return elf_file((TEXT, tuple(fields.values())))


BAD_PROGRAMS = [
    (b"", "not an ELF file"),
    (b"#!/bin/sh\n", "not an ELF file"),
    (elf_file()[:40], "truncated: the ELF header"),
    (elf_file()[:100], "truncated: the table of program headers"),
    (elf_file()[:0x1020], "segment 0 at 0x1010 ends at byte 4144 of a file of 4128 bytes"),
    (elf_file(kind=2), "only position-independent ones"),
    (elf_file(machine=183), "wrong machine: 183"),
    (elf_file()[:4] + b"\1" + elf_file()[5:], "not a little-endian 64-bit ELF file"),
    (elf_file(entry=0x3000), "which is not executable"),
    (elf_file(entry=0x9000), "the entry 0x9000 is out of range"),
    (elf_file(entry=2**64 - 1), "the entry 0xffffffffffffffff is out of range"),
    (elf_file(()), "it has no segments to load"),
    (elf_file((TEXT, DATA, (elf.PT_INTERP, READ, 0x2000, 0x3000, b"/lib/ld.so\0", 11))),
     "it asks for an interpreter"),
    (elf_file((TEXT, DATA, (elf.PT_TLS, READ, 0x2000, 0x3000, b"x", 1))), "thread-local storage"),
    (with_segment(flags=READ | WRITE | EXECUTE), "is writable and executable"),
    (with_segment(flags=WRITE), "is not readable"),
    (with_segment(memory=8), "has 16 bytes in the file and only 8 in memory"),
    (with_segment(address=0x1800), "overlap in page 0x1"),
    (with_segment(address=0x40000000), "is out of range"),
    (with_segment(address=2**64 - 4096), "is out of range"),
    (with_segment(memory=2**62), "is out of range"),
    (with_segment(memory=898 * 4096), "an image may take 0x384000 bytes (900 pages)"),
    (with_segment(address=0, memory=4096), "segment 1 at 0x0 is writable and before one that"),
    (elf_file((TEXT,)), "none of its segments is writable"),
    (elf_with_dynamic((elf.DT_NEEDED, 1)), "it needs a shared library"),
    (elf_with_dynamic((elf.DT_TEXTREL, 0)), "its text would have to be relocated"),
    (elf_with_dynamic((elf.DT_FLAGS, elf.DF_TEXTREL)), "its text would have to be relocated"),
    (elf_with_dynamic((elf.DT_RELR, 0x3000)), "a program can't apply them"),
    (elf_with_dynamic((elf.DT_RELA, 0x3000), (elf.DT_RELASZ, 24000)), "in no segment"),
    (relocated(0x3000, 37), "relocation of type 37 at 0x3000"),
    (relocated(0x1010, elf.R_X86_64_RELATIVE), "0x1010 is not in a writable segment"),
    (relocated(0x3000, 6), "relocation of type 6 at 0x3000"),
]


class Programs(Folder):
    def test_each_bad_program_is_refused_with_its_reason(self):
        for data, sentence in BAD_PROGRAMS:
            with self.subTest(sentence):
                (self.folder / "init-min.elf").write_bytes(data)
                self.assert_refused(sentence)
                self.assert_refused("init-min.elf: ")

    def test_what_the_loader_would_refuse_is_refused_in_its_words(self):
        for data, sentence in ((elf_file(machine=183), "ping.elf: file (byte 18): made for another "
                                "machine (x86-64 is 62): 183; build it for x86_64-none-elf"),
                               (b"", "too short for an ELF header: 0")):
            (self.folder / "ping.elf").write_bytes(data)
            self.assert_refused(sentence)

    def test_an_elf_file_is_left_without_its_sections(self):
        whole = elf_file() + b"sections and symbols"
        self.assertEqual(elf.trim(whole), elf.trim(elf_file()))
        self.assertEqual(len(elf.trim(whole)), 0x2010)
        for size in range(0, len(whole), 7):
            self.assertLessEqual(len(elf.trim(whole[:size])), max(size, 64))

    def test_relocations_by_the_base_are_accepted(self):
        data = relocated(0x3000, elf.R_X86_64_RELATIVE)
        self.assertEqual(elf.prepare(data, elf.EM_X86_64).entry, 0x1010)

    def test_segment_without_bytes_in_the_file_takes_no_page_of_the_package(self):
        program = elf.prepare(with_segment(data=b"", memory=0x5000), elf.EM_X86_64)
        self.assertEqual((program.data, program.memory_pages), (b"", 6))

    def test_constants_are_in_the_pages_that_are_executed(self):
        constants = (elf.PT_LOAD, READ, 0x3000, 0x2004, b"constant", 8)
        data = (elf.PT_LOAD, READ | WRITE, 0x4000, 0x3000, b"data", 4)
        program = elf.prepare(elf_file((TEXT, constants, data)), elf.EM_X86_64)
        self.assertEqual(len(program.text), 0x3000)
        self.assertEqual(program.text[0x2004:0x200c], b"constant")
        self.assertEqual((program.data[:4], program.memory_pages), (b"data", 1))

    def test_no_bytes_make_it_fail_otherwise(self):
        """Truncated and with random bytes changed: prepared, or refused with a reason."""
        good = relocated(0x3000, 6)
        lengths = [*range(400), *range(400, len(good), 61)]
        samples = [good[:length] for length in lengths]
        chance = random.Random(1)
        interesting = [*range(64 + 3 * 56), *range(0x2000, len(good))]
        for _ in range(3000):
            data = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                data[chance.choice(interesting)] = chance.choice((0, 1, 0x7f, 0x80, 0xff,
                                                                  chance.randrange(256)))
            samples.append(bytes(data))
        refused = 0
        for data in samples:
            try:
                program = elf.prepare(data, elf.EM_X86_64)
                self.assertLessEqual(len(program.text + program.data), 900 * 4096)
                self.assertLessEqual(len(program.data), program.memory_pages * 4096)
            except elf.ElfError:
                refused += 1
        self.assertGreater(refused, len(lengths) // 2)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A machine starts only from a sound header and first program, its first program reads only a sound
table, and starts only sound programs: on every platform, with the same words and exit code 1."""
import hashlib
import json
import pathlib
import random
import subprocess
import struct
import sys
import unittest

from machine import FOLDER, ROOT, Run

sys.path[:0] = [str(ROOT / "tools/mkimage"), str(ROOT / "tools/methods")]
import elf  # noqa: E402  pylint: disable=wrong-import-position
import mkimage  # noqa: E402  pylint: disable=wrong-import-position

OTHER = "tessera: this is no boot package, or one of another version than the kernel's"
CUT = "tessera: the boot package is broken: it is cut short, or its header's sizes are wrong"
CHANGED = ("tessera: the boot package is broken: its header or its first program does not have the "
           "hash that it states")
TABLE = "[0] init-min: package: cannot be read: failed (its table {})"
PROGRAM = ("[0] init-min: pong: cannot load this program: failed (the program's checksum or layout "
           "is wrong)")
MANIFEST = "[0] init-min: manifest: cannot be read: failed ({})"
HELLO = "[0] init-min: hello ended: code 0"
PLATFORMS = ("sim", "sim-asan", "x86_64")
STRICTEST = ("sim-asan",)  # for more of the same
STRICT = ["build/host/tools/capnp-strict", "-s", "json:flat", "abi/schema/boot.capnp",
          "BootManifest"]
CHANGES = 60  # of a manifest's bytes, each another boot
# Where fields are in the header, in the table and in one of its entries.
VERSION, PAGES, TEXT, DATA, MEMORY, ENTRY = 40, 44, 48, 52, 56, 60
TABLE_VERSION, TABLE_COUNT, TABLE_ENTRIES = 32, 36, 72
ENTRY_KIND, ENTRY_OFFSET, ENTRY_SIZE = 32, 40, 48


def set32(data, place, value):
    struct.pack_into("<I", data, place, value)


def table_place(data):
    return mkimage.parse(bytes(data)).table


def entry_place(data, name):
    package = mkimage.parse(bytes(data))
    index = [entry.name for entry in package.entries].index(name)
    return package.table + TABLE_ENTRIES + index * mkimage.ENTRY.size


def blob_place(data, name):
    package = mkimage.parse(bytes(data))
    return package.table + next(entry.offset for entry in package.entries if entry.name == name)


def seal(data, table):
    """Makes the hashes of both parts right again."""
    data[:32] = hashlib.sha256(data[32:table]).digest()
    data[table:table + 32] = hashlib.sha256(data[table + 32:table + elf.PAGE]).digest()
    return data


def flipped(place):
    def change(data):
        data[place(data) if callable(place) else place] ^= 0x20
        return data
    return change


def hostile(place, value, form="<I"):
    """Another number in a field, behind right hashes."""
    def change(data):
        table = table_place(data)
        struct.pack_into(form, data, place(data) if callable(place) else place, value)
        return seal(data, table)
    return change


def in_table(place):
    return lambda data: table_place(data) + place


def in_entry(name, place):
    return lambda data: entry_place(data, name) + place


def manifested(blob):
    """The package with another manifest, behind right checksums."""
    def change(data):
        package = mkimage.parse(bytes(data))
        package.entries[0].blob = blob
        return package.encode()
    return change


def message(manifest):
    """The bytes of a BootManifest of which nobody has asked whether it means anything."""
    return subprocess.run(STRICT, input=json.dumps(manifest).encode(), check=True, cwd=ROOT,
                          capture_output=True).stdout


def granted(**grant):
    """A manifest that grants something to hello."""
    return {"programs": [{"name": "hello", "grants": [{"name": "x", **grant}]}]}


RANGE = "invalid argument (a value in the message is out of its range)"
NO_SUCH_PROGRAM = "cannot load this program: failed (nothing has this name)"
# What a manifest says, and what is said of it.
HOSTILE = [
    ({"endpoints": [{"name": f"e{i}", "messageMax": 8} for i in range(17)]},
     "manifest: has more than 16 endpoints"),
    ({"memories": [{"name": f"m{i}", "pages": 1} for i in range(9)]},
     "manifest: has more than 8 memories"),
    ({"programs": [{"name": "hello"}] * 21}, "manifest: has more than 20 programs"),
    ({"programs": [{"name": "hello", "arguments": "x" * 17000}]},
     "manifest: is larger than 16384 bytes"),
    ({"programs": [{"name": "hello", "arguments": "x" * 496}]},
     "hello: its arguments are too long"),
    ({"memories": [{"name": "m", "pages": 2**32 - 1}]}, f"m: cannot make this memory: {RANGE}"),
    ({"endpoints": [{"name": "e", "messageMax": 2**32 - 1}]},
     f"e: cannot make this endpoint: {RANGE}"),
    ({"programs": [{"name": "../hello"}]}, f"../hello: {NO_SUCH_PROGRAM}"),
    ({"programs": [{"name": "manifest"}]}, f"manifest: {NO_SUCH_PROGRAM}"),
    ({"programs": [{"name": "init-min"}]}, f"init-min: {NO_SUCH_PROGRAM}"),
    ({"programs": [{"name": "\x1b[2J\x07"}]}, f".[2J.: {NO_SUCH_PROGRAM}"),
    ({"programs": [{"name": "n" * 300}]}, f"{'n' * 40}...: {NO_SUCH_PROGRAM}"),
    (granted(own="root"), "root: cannot grant what was not granted to me"),
    (granted(server="e"), "e: no endpoint has this name"),
    (granted(client={"endpoint": "e"}), "e: no endpoint has this name"),
    (granted(memory={"of": "m"}), "m: no memory has this name"),
    (granted(ports={"first": 0, "count": 65536}),
     "x: cannot have these ports: failed (the machine itself needs this part of it)"),
    (granted(ports={"first": 2**32 - 1, "count": 2**32 - 1}),
     f"x: cannot have these ports: {RANGE}"),
    (granted(line=2**32 - 1), f"x: cannot have this interrupt line: {RANGE}"),
    (granted(name="x" * 100, own="console"), f"{'x' * 40}...: cannot grant this: {RANGE}"),
    (granted(name="", own="console"), f": cannot grant this: {RANGE}"),
    ({"programs": [{"name": "hello", "grants": [{"name": "x", "own": "console"}] * 2}]},
     "x: cannot grant this: failed (this name is given already)"),
    ({"programs": [{"name": "hello", "grants": [{"name": f"x{i}", "own": "console"}
                                                for i in range(65)]}]},
     f"x64: cannot grant this: {RANGE}"),
]


class Package(unittest.TestCase):
    def assert_said(self, change, *expected, platforms=PLATFORMS):
        """Boots what `change` makes of a good package: among its lines are those expected, and the
        machine ends with code 1."""
        for platform in platforms:
            folder = platform.removesuffix("-asan")
            data = bytearray((ROOT / f"build/{folder}/first-call.pkg").read_bytes())
            path = f"{FOLDER}/package-{platform}.pkg"
            (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
            pathlib.Path(ROOT, path).write_bytes(change(data))
            with self.subTest(platform=platform):
                run = Run(platform, path, "package")
                said = "\n".join(run.lines)
                self.assertEqual(run.code, 1, said + run.errors)
                for line in expected:
                    self.assertIn(line, run.lines, said)
                if expected[0].startswith("tessera: "):
                    self.assertEqual(run.lines[-1], expected[0])

    def test_none(self):
        for platform in PLATFORMS:
            with self.subTest(platform=platform):
                run = Run(platform, None, "package")
                self.assertEqual(run.code, 1)
                self.assertRegex(run.lines[-1], r"there is no boot package")

    def test_what_is_no_package_of_this_version(self):
        self.assert_said(flipped(VERSION), OTHER)
        self.assert_said(flipped(32), OTHER, platforms=STRICTEST)  # magic

    def test_truncated(self):
        self.assert_said(lambda data: data[:-1], CUT)
        self.assert_said(lambda data: data[:-4096], CUT, platforms=STRICTEST)
        self.assert_said(lambda data: data[:100], OTHER, platforms=STRICTEST)

    def test_flipped_bytes_of_header_and_first_program(self):
        self.assert_said(flipped(lambda data: table_place(data) - 1), CHANGED)  # its last
        # The hash, the entry, two bytes of nothing, the first program's first.
        for place in (0, ENTRY, 64, 4095, 4096):
            self.assert_said(flipped(place), CHANGED, platforms=STRICTEST)

    def test_hostile_layouts_of_the_first_program(self):
        self.assert_said(hostile(MEMORY, 900), CUT)
        for place, value in ((PAGES, 2**32 - 1), (PAGES, 3), (TEXT, 0), (TEXT, 2**32 - 1),
                             (DATA, 2**32 - 1), (MEMORY, 0), (ENTRY, 2**31)):
            self.assert_said(hostile(place, value), CUT, platforms=STRICTEST)

    def test_flipped_bytes_of_the_table(self):
        line = TABLE.format("does not have the hash that it states")
        self.assert_said(flipped(in_table(TABLE_COUNT)), line)
        # Its hash, an entry, the last byte of its page.
        for place in (0, TABLE_ENTRIES + ENTRY_OFFSET, 4095):
            self.assert_said(flipped(in_table(place)), line, platforms=STRICTEST)

    def test_hostile_tables(self):
        self.assert_said(hostile(in_table(TABLE_COUNT), 33),
                         TABLE.format("says that it has more entries than fit"))
        self.assert_said(hostile(in_table(TABLE_VERSION), 1), TABLE.format("is of another version"),
                         platforms=STRICTEST)
        self.assert_said(hostile(in_table(TABLE_COUNT), 0),
                         MANIFEST.format("nothing has this name"), platforms=STRICTEST)

    def test_hostile_entries(self):
        self.assert_said(hostile(in_entry("pong", ENTRY_SIZE), 2**40, "<Q"), PROGRAM, HELLO)
        for place, value in ((ENTRY_OFFSET, 0), (ENTRY_OFFSET, 8), (ENTRY_OFFSET, 2**64 - 4096),
                             (ENTRY_SIZE, 2**64 - 1)):
            self.assert_said(hostile(in_entry("pong", place), value, "<Q"), PROGRAM, HELLO,
                             platforms=STRICTEST)
        self.assert_said(hostile(in_entry("manifest", ENTRY_SIZE), 2**63, "<Q"),
                         MANIFEST.format("the program's checksum or layout is wrong"),
                         platforms=STRICTEST)
        self.assert_said(hostile(in_entry("pong", ENTRY_KIND), 2**31),
                         "[0] init-min: pong: cannot load this program: "
                         "failed (nothing has this name)", HELLO, platforms=STRICTEST)

    def test_flipped_bytes_of_other_programs_and_the_manifest(self):
        self.assert_said(flipped(lambda data: blob_place(data, "pong") + 5000), PROGRAM, HELLO)
        self.assert_said(flipped(lambda data: blob_place(data, "ping") - 1), PROGRAM, HELLO,
                         platforms=STRICTEST)  # behind pong's last byte, in its last page
        self.assert_said(flipped(lambda data: blob_place(data, "manifest") + 8),
                         MANIFEST.format("the program's checksum or layout is wrong"))

    def test_elf_file_that_is_none_behind_right_checksums(self):
        def change(data):
            package = mkimage.parse(bytes(data))
            pong = next(entry for entry in package.entries if entry.name == "pong")
            pong.blob = pong.blob[:18] + b"\xb7" + pong.blob[19:]
            return package.encode()
        self.assert_said(change, "[0] init-min: pong: cannot load this program: file (byte 18): "
                         "made for another machine (x86-64 is 62): 183; build it for "
                         "x86_64-none-elf", HELLO)

    def test_manifests_that_are_no_messages_behind_right_checksums(self):
        for data, why in ((b"\xff" * 64, "a pointer is of another kind than its field"),
                          ((1 << 62 | 4).to_bytes(8, "little"),
                           "a pointer leads outside the message")):
            self.assert_said(manifested(data), f"[0] init-min: manifest: {why}",
                             platforms=STRICTEST)

    def test_hostile_manifests_behind_right_checksums(self):
        for number, (manifest, line) in enumerate(HOSTILE):
            self.assert_said(manifested(message(manifest)), f"[0] init-min: {line}",
                             platforms=STRICTEST if number else PLATFORMS)

    def test_always_a_system_or_a_reason_whatever_the_manifest_is(self):
        """Some may wait for what the manifest does not start any more: code 3."""
        draw = random.Random(1)
        data = (ROOT / "build/sim/first-call.pkg").read_bytes()
        manifest = mkimage.parse(data).entries[0].blob
        path = f"{FOLDER}/package-random.pkg"
        (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
        ends = []
        for turn in range(CHANGES):
            changed = bytearray(manifest)
            for _ in range(draw.randrange(1, 5)):
                place = draw.randrange(len(changed) // 8) * 8
                changed[place + draw.randrange(8)] ^= 1 << draw.randrange(8)
                if turn % 3 == 0:
                    changed[place:place + 8] = draw.choice((bytes(8), b"\xff" * 8, manifest[:8]))
            pathlib.Path(ROOT, path).write_bytes(manifested(bytes(changed))(data))
            run = Run("sim-asan", path, "package-random")
            said = "\n".join(run.lines) + run.errors
            ends.append(run.code)
            self.assertIn(run.code, (0, 1, 3), said)
            self.assertTrue(any(line.startswith("tessera: head ") for line in run.lines), said)
            if "[0] init-min: manifest: " in said:  # it gave up, and nothing is left behind
                self.assertEqual(run.code, 1, said)
        self.assertEqual({0, 1}, set(ends) & {0, 1})

    def test_more_bytes_than_the_package_are_ignored(self):
        path = f"{FOLDER}/package-longer.pkg"
        data = (ROOT / "build/x86_64/first-call.pkg").read_bytes()
        (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
        pathlib.Path(ROOT, path).write_bytes(data + bytes(5000))
        self.assertEqual(Run("x86_64", path, "package-longer").code, 0)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A machine starts only from a sound boot package, and says why it doesn't: on every platform, with
the same words and exit code 1."""
import hashlib
import pathlib
import struct
import sys
import unittest

from machine import FOLDER, ROOT, Run

sys.path[:0] = [str(ROOT / "tools/mkimage"), str(ROOT / "tools/methods")]
import mkimage  # noqa: E402  pylint: disable=wrong-import-position

BROKEN = "tessera: the boot package is broken: its size, its table or its table's hash is wrong"
PLATFORMS = ("sim", "sim-asan", "x86_64")


class Package(unittest.TestCase):
    def assert_said(self, change, expected, is_last=True):
        """Boots what `change` makes of a good package: its lines end with, or have, `expected`."""
        for platform in PLATFORMS:
            folder = platform.removesuffix("-asan")
            data = bytearray((ROOT / f"build/{folder}/first-call.pkg").read_bytes())
            path = f"{FOLDER}/package-{platform}.pkg"
            (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
            pathlib.Path(ROOT, path).write_bytes(change(data))
            with self.subTest(platform=platform):
                run = Run(platform, path, "package")
                said = "\n".join(run.lines)
                self.assertEqual(run.code, 1, said + run.errors)
                self.assertIn(expected, run.lines[-1:] if is_last else run.lines, said)

    def entry(self, data, name):
        return next(entry for entry in mkimage.parse(bytes(data))[1] if entry.name == name)

    def flipped(self, place):
        def change(data):
            at = place(data) if callable(place) else place
            data[at] ^= 0x20
            return data
        return change

    def test_none(self):
        for platform in PLATFORMS:
            with self.subTest(platform=platform):
                run = Run(platform, None, "package")
                self.assertEqual(run.code, 1)
                self.assertRegex(run.lines[-1], r"there is no boot package")

    def test_wrong_magic(self):
        self.assert_said(self.flipped(0), BROKEN)

    def test_another_version(self):
        self.assert_said(self.flipped(8), BROKEN)

    def test_flipped_bytes_of_header_and_table(self):
        # Count, size, first, hash; the first entry's name, the last entry's last segment.
        for place in (12, 16, 24, 32, 63, 64, 64 + 5 * mkimage.ENTRY_SIZE - 25):
            self.assert_said(self.flipped(place), BROKEN)

    def test_flipped_byte_of_the_first_program(self):
        for back in (0, 1):  # the blob's first and last byte
            self.assert_said(
                self.flipped(lambda data, back=back: self.entry(data, "init-min").offset
                             + back * (self.entry(data, "init-min").size - 1)),
                "tessera: the first program's checksum or layout is wrong")

    def test_flipped_byte_of_another_program(self):
        change = self.flipped(lambda data: self.entry(data, "pong").offset + 5000)
        self.assert_said(change, "[0] init-min: pong: cannot load this program: "
                         "failed (the program's checksum or layout is wrong)", is_last=False)
        self.assert_said(change, "[0] init-min: hello ended: code 0", is_last=False)

    def test_elf_file_that_is_none_behind_right_checksums(self):
        def change(data):
            first, entries = mkimage.parse(bytes(data))
            at = next(i for i, entry in enumerate(entries) if entry.name == "pong")
            data[entries[at].offset + 18] = 183
            blob = bytes(data[entries[at].offset:entries[at].offset + entries[at].size])
            row = mkimage.HEADER.size + at * mkimage.ENTRY_SIZE
            place = row + mkimage.ENTRY.size - 32
            data[place:place + 32] = hashlib.sha256(blob).digest()
            table = bytes(data[mkimage.HEADER.size:
                               mkimage.HEADER.size + len(entries) * mkimage.ENTRY_SIZE])
            data[mkimage.HEADER.size - 32:mkimage.HEADER.size] = hashlib.sha256(table).digest()
            self.assertEqual(mkimage.parse(bytes(data))[0], first)
            return data
        for line in ("pong: cannot load this program: file (byte 18): made for another machine "
                     "(x86-64 is 62): 183; build it for x86_64-none-elf", "hello ended: code 0"):
            self.assert_said(change, f"[0] init-min: {line}", is_last=False)

    def test_truncated(self):
        for cut in (1, 4096, None):
            self.assert_said(lambda data, cut=cut: data[:-cut] if cut else data[:100], BROKEN)

    def test_a_size_that_wraps(self):
        def change(data):
            struct.pack_into("<Q", data, 16, 2**64 - 4096)
            return data
        self.assert_said(change, BROKEN)

    def test_more_bytes_than_the_package_are_ignored(self):
        path = f"{FOLDER}/package-longer.pkg"
        data = (ROOT / "build/x86_64/first-call.pkg").read_bytes()
        (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
        pathlib.Path(ROOT, path).write_bytes(data + bytes(5000))
        self.assertEqual(Run("x86_64", path, "package-longer").code, 0)


if __name__ == "__main__":
    unittest.main()

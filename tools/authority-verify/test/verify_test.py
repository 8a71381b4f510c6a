#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proofs: what `authority prove` writes is proven, whatever was asked; nothing that was changed is,
not even with its checksum made good; and the verifier shares nothing but abi/."""

import concurrent.futures
import hashlib
import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tools/authority-verify"
TOOL = ROOT / "build/host/tools/authority"
VERIFY = ROOT / "build/host/tools/authority-verify"
WRITER = ROOT / "build/host/tests/authority/random_log"
HEADER, SUM, LINES_MAX = 96, 32, 1500
EVERY = int(os.environ.get("EVERY", "17"))  # of the pages' bytes, so many-th are changed


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def log(self, seed, commits):
        path = self.folder / f"{seed}-{commits}.log"
        subprocess.run([WRITER, str(seed), str(commits), path], check=True)
        return path

    def prove(self, log, *question):
        """The bundle, the head that it is for."""
        path = self.folder / "bundle"
        done = subprocess.run([TOOL, "prove", log, path, *map(str, question)], check=True,
                              capture_output=True, text=True)
        return path, re.search(r"head (\w+)", done.stdout)[1]

    def verify(self, path, *more):
        done = subprocess.run([VERIFY, path, *more], capture_output=True, check=False, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_what_was_asked_is_proven(self):
        lines = 0
        for seed in range(8):
            chance = random.Random(seed)
            log = self.log(seed, 900)
            for _ in range(6):
                at = chance.choice((chance.randrange(16, 901), f"{chance.randrange(99999)}ns"))
                numbers = [row.split()[1].rstrip(",") for row in subprocess.run(
                    [TOOL, "at", log, str(at)], check=True, capture_output=True,
                    text=True).stdout.splitlines() if row.startswith("process ")]
                holds = subprocess.run([TOOL, "at", log, str(at)], check=True,
                                       capture_output=True, text=True).stdout
                objects = re.findall(r"\(object ([\d.]+)\)", holds) or ["x"]
                process, target = chance.choice(numbers or ["x"]), chance.choice(objects)
                for question in (["at"], ["holds", process], ["who", target],
                                 ["path", process, target]):
                    if "x" in question:
                        continue
                    path, head = self.prove(log, *question, "--at", at)
                    code, out, err = self.verify(path, "--head", head)
                    self.assertEqual((code, err), (0, ""), (seed, question, at))
                    self.assertTrue(out.endswith("proven\n"))
                    lines += out.count("\nprocess ") + out.count("\nstep ")
        self.assertGreater(lines, 500)

    def small(self):
        log = self.log(5, 100)
        path, head = self.prove(log, "at")
        return path.read_bytes(), head

    def refused(self, data, head):
        """Whether it is, with a sentence."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(data)
            file.flush()
            code, out, err = self.verify(file.name, "--head", head)
            return code == 1 and out == "" and ": refused: " in err and err.count("\n") == 1

    def all_refused(self, changed, head):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for place, is_refused in pool.map(
                    lambda one: (one[0], self.refused(one[1], head)), changed):
                self.assertTrue(is_refused, place)

    def test_any_changed_byte_is_refused(self):
        data, head = self.small()
        answer = HEADER + sum(struct.unpack_from("<IQ", data, 12))
        places = [*range(answer), *range(answer, len(data) - SUM, EVERY),
                  *range(len(data) - SUM, len(data))]
        chance = random.Random(1)
        self.all_refused(((at, data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) +
                           data[at + 1:]) for at in places), head)

    def test_a_changed_answer_or_page_is_refused_with_a_new_checksum(self):
        data, head = self.small()
        first = HEADER + struct.unpack_from("<I", data, 12)[0]

        def sealed(at):
            body = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:-SUM]
            return at, body + hashlib.sha256(body).digest()

        self.all_refused(map(sealed, range(first, len(data) - SUM, EVERY)), head)

    def test_a_cut_or_longer_bundle_is_refused(self):
        data, head = self.small()
        for size in (0, 1, 95, 96, 128, 500, len(data) - 4096, len(data) - 1):
            self.assertTrue(self.refused(data[:size], head), size)
        self.assertTrue(self.refused(data + b"\0", head))

    def test_another_head_is_refused_and_none_proves_nothing(self):
        data, head = self.small()
        self.assertTrue(self.refused(data, head[::-1]))
        path = self.folder / "unconfirmed"
        path.write_bytes(data)
        code, out, _ = self.verify(path)
        self.assertEqual(code, 3)
        self.assertIn("NOT confirmed", out)

    def test_it_shares_nothing_but_abi_and_stays_small(self):
        sources = [path for path in FOLDER.iterdir() if path.suffix in (".c", ".h")]
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources)
        self.assertLessEqual(lines, LINES_MAX)
        for path in sources:
            for name in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")):
                self.assertTrue(name.startswith(("abi/", "tools/authority-verify/")), name)

    def test_it_compiles_without_the_rest_of_the_tree(self):
        sources = sorted(FOLDER.glob("*.c"))
        subprocess.run(["clang-14", "-std=c17", "-D_POSIX_C_SOURCE=200809L", f"-I{ROOT}", "-o",
                        self.folder / "alone", *sources], check=True)


if __name__ == "__main__":
    unittest.main(verbosity=1)

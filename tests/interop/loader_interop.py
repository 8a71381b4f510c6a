#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The loader against `readelf` (package binutils): segments, thread-local storage, relocations.

Read are the guests of tests/loader, every program of the tree for x86_64, and some of the host's
programs, which ask for an interpreter and must be refused for that, at the right program header.

usage: loader_interop.py <path to loader_interop>
"""

import glob
import re
import subprocess
import sys

ROW = re.compile(r"  (\S+)\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3}) ?(0x\w+|0)$")
RELA = re.compile(r"(\w{16})  (\w{16}) (\S+)\s+(\w+)$")
RIGHTS = {"R": 1, "W": 2, "E": 4}
PAGE = 4096


class Elf:
    """What readelf says of a file."""

    def __init__(self, path):
        text = subprocess.run(["readelf", "-lrW", path], check=True, capture_output=True,
                              text=True).stdout
        self.data = open(path, "rb").read()
        self.headers = []
        self.relas, self.relrs = [], []
        self.entry = int(re.search(r"^Entry point (0x\w+)", text, re.M)[1], 16)
        section = ""
        for line in text.splitlines():
            section = line if line.startswith("Relocation section") else section
            if row := ROW.match(line):
                numbers = [int(row[place], 16) for place in (2, 3, 4, 5)]
                rights = sum(RIGHTS[letter] for letter in row[6] if letter != " ")
                self.headers.append((row[1], *numbers, rights, int(row[7], 16)))
            elif row := RELA.match(line):
                assert row[3] == "R_X86_64_RELATIVE", line
                self.relas.append((int(row[1], 16), int(row[4], 16)))
            elif "'.relr.dyn'" in section and re.match(r"[0-9a-f]{16}\b", line):
                address = int(line.split()[0], 16)
                self.relrs.append((address, self.word(address)))

    def of(self, kind):
        return [(place, *row[1:]) for place, row in enumerate(self.headers) if row[0] == kind]

    def word(self, address):
        """What the file has for the word at an address, zeros where it has nothing."""
        for _, offset, start, file_bytes, memory_bytes, _, _ in self.of("LOAD"):
            if start <= address < start + memory_bytes:
                there = self.data[offset:offset + file_bytes] + bytes(8)
                return int.from_bytes(there[address - start:][:8].ljust(8, b"\0"), "little")
        raise ValueError(f"{address:#x} is in no segment")

    def expected(self):
        """The lines of loader_interop.c, but for those of words."""
        lines = [f"entry {self.entry:x}"]
        for place, offset, start, file_bytes, memory_bytes, rights, _ in self.of("LOAD"):
            lines.append(f"segment {place} {offset:x} {start:x} {file_bytes:x} {memory_bytes:x} "
                         f"{rights:x}")
        for _, _, start, file_bytes, memory_bytes, _, align in self.of("TLS"):
            distance = memory_bytes + (-start - memory_bytes) % align
            lines.append(f"tls {start:x} {file_bytes:x} {memory_bytes:x} {align:x} {distance:x}")
        lines.append(f"relocations {len(self.relas) + len(self.relrs)}")
        for _, offset, start, file_bytes, memory_bytes, rights, _ in self.of("LOAD"):
            if not rights & 2 and file_bytes == memory_bytes:
                end = (start + memory_bytes + PAGE - 1) // PAGE * PAGE
                lines.append(f"share {start // PAGE * PAGE:x} {end:x} {rights:x} "
                             f"{offset // PAGE * PAGE:x}")
        for _, _, start, _, memory_bytes, _, _ in self.of("GNU_RELRO"):
            low, high = start // PAGE * PAGE, (start + memory_bytes) // PAGE * PAGE
            if low < high:
                lines.append(f"protect {low:x} {high:x} 1")
        return lines


def compare(path, lines):
    """What is wrong with the lines that the loader has for a file."""
    elf = Elf(path)
    if elf.of("INTERP"):
        wanted = f"refused program header {elf.of('INTERP')[0][0]} "
        return "" if lines[0].startswith(wanted) else f"{lines} is not {wanted}"
    words = [tuple(int(word, 16) for word in line.split()[1:])
             for line in lines if line.startswith("word ")]
    relocations = elf.relrs + elf.relas
    if words[len(words) - len(relocations):] != relocations:
        return f"{words} does not end with {relocations}"
    rest = [line for line in lines if not line.startswith("word ")]
    return "" if rest == elf.expected() else f"{rest} is not {elf.expected()}"


def main():
    good = sorted(glob.glob("build/loader/*.elf") + glob.glob("build/x86_64/programs/*.elf"))
    host = ["/usr/bin/readelf", "/usr/bin/env", "/usr/bin/python3"]
    output = subprocess.run([sys.argv[1], *good, *host], check=True, capture_output=True,
                            text=True).stdout
    files = [block.splitlines() for block in output.split("file ")[1:]]
    failed, seen = 0, {"LOAD": 0, "TLS": 0, "GNU_RELRO": 0, "INTERP": 0, "relr": 0, "rela": 0}
    for path, *lines in files:
        elf = Elf(path)
        for kind in ("LOAD", "TLS", "GNU_RELRO", "INTERP"):
            seen[kind] += len(elf.of(kind))
        seen["relr"] += len(elf.relrs)
        seen["rela"] += len(elf.relas)
        if wrong := compare(path, lines):
            failed += 1
            print(f"[  FAILED  ] {path}: {wrong}")
    print(f"{len(files)} files, {failed} differ; " +
          ", ".join(f"{count} {kind}" for kind, count in seen.items()))
    # A comparison of nothing shows nothing.
    return failed > 0 or len(files) != len(good) + len(host) or 0 in seen.values()


if __name__ == "__main__":
    sys.exit(main())

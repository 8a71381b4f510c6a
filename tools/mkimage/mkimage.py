#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes boot packages (abi/package.h): a manifest and the programs that it names, as one file.

    mkimage.py --manifest M.jsonnet --programs DIR --out F.pkg [--list]
    mkimage.py --list F.pkg

DIR/<name>.elf is the program <name>. The first one is in the package although the manifest starts
it nowhere: the kernel does, and finds it in the package's first part, as text and data. The others
are ELF files in the second, as the linker made them but for what nobody loads. The same inputs give
the same bytes. Exit code 1: something was refused, said in one sentence; nothing is written then.
"""

import argparse
import hashlib
import os
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "mkimage"), str(ROOT / "tools" / "methods")]

import elf  # noqa: E402
import manifest as manifests  # noqa: E402
import methods  # noqa: E402
import source as sources  # noqa: E402

MAGIC = 0x31474b5041535354
VERSION = 2
ENTRIES_MAX = 32
KIND_MANIFEST, KIND_ELF, KIND_ELF_FIXED, KIND_SCRIPT = 1, 2, 3, 4
KIND_NAMES = {KIND_MANIFEST: "manifest", KIND_ELF: "ELF file",
              KIND_ELF_FIXED: "ELF file at known addresses", KIND_SCRIPT: "script"}
MANIFEST_NAME = "manifest"
HASH_SIZE = 32                                # each part begins with that of what follows
HEADER = struct.Struct("<QIIIIII")     # magic, version, pages: all, text, data, memory; entry
TABLE = struct.Struct("<II32s")               # version, entries, the first program's name
ENTRY = struct.Struct("<32sIIQQ32s")          # name, kind, 0, offset, size, hash


class ImageError(Exception):
    """Why there is no package."""


class Entry:
    """One row of the table, with its bytes."""

    def __init__(self, name, kind, blob, offset=0):
        self.name = name
        self.kind = kind
        self.blob = blob
        self.offset = offset  # from the table on

    @property
    def pages(self):
        return self.blob + bytes(-len(self.blob) % elf.PAGE)

    def encode(self):
        return ENTRY.pack(self.name.encode(), self.kind, 0, self.offset, len(self.blob),
                          hashlib.sha256(self.pages).digest())


class Package:
    """What there is in a package: the first program by its name, and the table's entries, which
    stand behind the byte `table`."""

    def __init__(self, name, first, entries, table=0):
        self.name = name
        self.first = first
        self.entries = entries
        self.table = table

    def encode(self):
        blobs = []
        for entry in self.entries:
            entry.offset = elf.PAGE + sum(map(len, blobs))
            blobs.append(entry.pages)
        table = TABLE.pack(VERSION, len(self.entries), self.name.encode())
        table += b"".join(entry.encode() for entry in self.entries)
        table = sealed(table.ljust(elf.PAGE - HASH_SIZE, b"\0")) + b"".join(blobs)
        image = self.first.text + self.first.data
        header = HEADER.pack(
            MAGIC, VERSION, 1 + (len(image) + len(table)) // elf.PAGE,
            len(self.first.text) // elf.PAGE, len(self.first.data) // elf.PAGE,
            self.first.memory_pages, self.first.entry)
        return sealed(header.ljust(elf.PAGE - HASH_SIZE, b"\0") + image) + table


def sealed(data):
    """A part: its hash, then what that is of."""
    return hashlib.sha256(data).digest() + data


def elf_check(path, data, planner):
    """Raises ImageError if the loader would refuse these bytes."""
    try:
        done = subprocess.run([planner, "-"], input=data, capture_output=True, check=False)
    except FileNotFoundError:
        raise ImageError(f"{planner} is not built; `make` builds it") from None
    if done.returncode != 0:
        raise ImageError(f"{path}: {done.stderr.decode(errors='replace').strip()[3:]}")


def program_read(name, folder):
    path = folder / f"{name}.elf"
    try:
        return path, path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"unknown program {name!r}: there is no {path}") from None


def first_program(name, folder):
    path, data = program_read(name, folder)
    try:
        return elf.prepare(data, elf.EM_X86_64)
    except elf.ElfError as error:
        raise ImageError(f"{path}: {error}") from None


def program_entry(name, folder, is_fixed, planner):
    path, data = program_read(name, folder)
    data = elf.trim(data)
    elf_check(path, data, planner)
    return Entry(name, KIND_ELF_FIXED if is_fixed else KIND_ELF, data)


def build(manifest, folder, planner):
    """The package's bytes."""
    if MANIFEST_NAME in manifest.programs:
        raise ImageError(f"a program can't be named {MANIFEST_NAME!r}: the manifest's entry is")
    if len(manifest.programs) + len(manifest.scripts) + 1 > ENTRIES_MAX:
        scripts = f", {len(manifest.scripts)} scripts" if manifest.scripts else ""
        raise ImageError(f"{len(manifest.programs)} programs{scripts} and the manifest; a package "
                         f"has {ENTRIES_MAX} entries at most")
    entries = [Entry(MANIFEST_NAME, KIND_MANIFEST, manifest.message)]
    entries += [program_entry(name, folder, name in manifest.fixed, planner)
                for name in manifest.programs]
    entries += [Entry(name, KIND_SCRIPT, text.encode()) for name, text in manifest.scripts.items()]
    return Package(manifest.first, first_program(manifest.first, folder), entries).encode()


def parse(data):
    """The Package in these bytes; every hash, size and offset is checked."""
    if len(data) < elf.PAGE:
        raise ImageError(f"{len(data)} bytes are too few for a package")
    magic, version, pages, text, more, memory, start = HEADER.unpack_from(data, HASH_SIZE)
    if magic != MAGIC:
        raise ImageError(f"not a package: its magic is {magic:#x}")
    if version != VERSION:
        raise ImageError(f"its version is {version}; {VERSION} is understood")
    table = (1 + text + more) * elf.PAGE
    if pages * elf.PAGE != len(data) or table >= len(data):
        raise ImageError(f"says {pages} pages, {1 + text + more} of them before the table; it has "
                         f"{len(data)} bytes")
    if sealed(data[HASH_SIZE:table]) != data[:table]:
        raise ImageError("its header and its first program do not have the hash that it states")
    image = data[elf.PAGE:table]
    first = elf.Program(start, image[:text * elf.PAGE], image[text * elf.PAGE:], memory)
    return Package(*parse_table(data[table:], first), table)


def label_of(name):
    return name.rstrip(b"\0").decode(errors="backslashreplace")


def parse_table(data, first):
    """What a Package is made of: the first program's name, itself, the entries that the bytes from
    the table on have."""
    if sealed(data[HASH_SIZE:elf.PAGE]) != data[:elf.PAGE]:
        raise ImageError("its table does not have the hash that it states")
    version, count, name = TABLE.unpack_from(data, HASH_SIZE)
    if version != VERSION or count > ENTRIES_MAX:
        raise ImageError(f"its table is of version {version} and has {count} entries")
    begin = HASH_SIZE + TABLE.size
    rows = ENTRY.iter_unpack(data[begin:begin + count * ENTRY.size])
    return label_of(name), first, [parse_entry(data, row) for row in rows]


def parse_entry(data, row):
    name, kind, _, offset, size, stated = row
    label = label_of(name)
    if offset % elf.PAGE or offset + size > len(data):
        raise ImageError(f"entry {label!r} is out of range")
    entry = Entry(label, kind, data[offset:offset + size], offset)
    if hashlib.sha256(data[offset:offset + len(entry.pages)]).digest() != stated:
        raise ImageError(f"entry {label!r} does not have the hash that the table states")
    return entry


def describe(data):
    """A package for people's eyes."""
    package = parse(data)
    first = package.first
    lines = [f"package: version {VERSION}, {len(data)} bytes, {len(package.entries)} entries",
             f"first {package.name}: entry {first.entry:#x}, {len(first.text) // elf.PAGE} pages "
             f"of text, {len(first.data) // elf.PAGE} of data, {first.memory_pages} of memory"]
    for entry in package.entries:
        kind = KIND_NAMES.get(entry.kind, f"kind {entry.kind}")
        lines.append(f"{entry.name}: {kind}, {len(entry.blob)} bytes at "
                     f"{package.table + entry.offset:#x}, "
                     f"sha256 {hashlib.sha256(entry.pages).hexdigest()}")
    return "\n".join(lines)


def depends(options, evaluated, manifest):
    """A rule for make: what the package is made of, none of which has to exist later."""
    read = [options.programs / f"{name}.elf" for name in (manifest.first, *manifest.programs)]
    if options.manifest.suffix == ".jsonnet":
        read += [os.path.relpath(path) for path in evaluated.files()]
    return "".join([f"{options.out}: {' '.join(map(str, read))}\n",
                    *(f"{path}:\n" for path in read)]).encode()


def write(path, data):
    """All or nothing: an interrupted run leaves no half package behind."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    os.replace(partial, path)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--manifest", type=pathlib.Path)
    parser.add_argument("--programs", type=pathlib.Path, help="the folder of the programs")
    parser.add_argument("--schema", type=pathlib.Path, default=ROOT / "abi/schema/boot.capnp")
    parser.add_argument("--strict", type=pathlib.Path, help="the program capnp-strict",
                        default=ROOT / "build/host/tools/capnp-strict")
    parser.add_argument("--planner", type=pathlib.Path, help="the program elf-plan",
                        default=ROOT / "build/host/tools/elf-plan")
    parser.add_argument("--methods", type=pathlib.Path, default=methods.LOCK)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--depends", type=pathlib.Path, help="where to tell make what was read")
    sources.Options.add_to(parser)
    parser.add_argument("--list", nargs="?", const=True, metavar="F.pkg",
                        help="print a package: this one, or the one that was written")
    options = parser.parse_args(arguments)
    given = (options.manifest, options.programs, options.out)
    if isinstance(options.list, str) == any(given) or (any(given) and not all(given)):
        parser.error("either --list F.pkg, or all of --manifest, --programs, --out")
    try:
        if isinstance(options.list, str):
            print(describe(pathlib.Path(options.list).read_bytes()))
            return 0
        interfaces = methods.read_lock(options.methods)
        evaluated = sources.Options.of(options)
        manifest = manifests.read(options.manifest, evaluated, options.schema, interfaces,
                                  options.strict)
        data = build(manifest, options.programs, options.planner)
        write(options.out, data)
        if options.depends:
            write(options.depends, depends(options, evaluated, manifest))
        if options.list:
            print(describe(data))
    except (ImageError, manifests.ManifestError, methods.MethodsError, OSError) as error:
        print(f"mkimage: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

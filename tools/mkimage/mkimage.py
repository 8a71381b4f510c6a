#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes boot packages (abi/package.h): a manifest and the programs that it names, as one file.

    mkimage.py --manifest M.jsonnet --programs DIR --out F.pkg [--list]
    mkimage.py --list F.pkg

DIR/<name>.elf is the program <name>. The first one is in the package although the manifest starts
it nowhere: the kernel does, and finds it as prepared segments. The others are ELF files, as the
linker made them but for what nobody loads. The same inputs give the same bytes. Exit code 1:
something was refused, said in one sentence; nothing is written then.
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
VERSION = 1
ENTRIES_MAX = 21
FIRST = 1  # which entry the kernel starts; its bytes are the last, where nobody else sees them
KIND_MANIFEST, KIND_PROGRAM, KIND_ELF = 1, 2, 3
KIND_NAMES = {KIND_MANIFEST: "manifest", KIND_PROGRAM: "program", KIND_ELF: "ELF file"}
MANIFEST_NAME = "manifest"
HEADER = struct.Struct("<QIIQQ32s")           # magic, version, entries, size, first, hash
ENTRY = struct.Struct("<32sIIQQQ32s")         # name, kind, segments, offset, size, entry, hash
SEGMENT = struct.Struct("<IIIIII")            # blob_page, page, file and memory bytes, rights, 0
ENTRY_SIZE = ENTRY.size + elf.SEGMENTS_MAX * SEGMENT.size


class ImageError(Exception):
    """Why there is no package."""


class Entry:
    """One row of the table, with its bytes."""

    def __init__(self, name, kind, blob, entry=0, segments=()):
        self.name = name
        self.kind = kind
        self.blob = blob
        self.entry = entry
        self.segments = segments
        self.offset = 0
        self.size = len(blob)
        self.sha256 = hashlib.sha256(blob).digest()

    def encode(self):
        rows = b"".join(SEGMENT.pack(*segment, 0) for segment in self.segments)
        row = ENTRY.pack(self.name.encode(), self.kind, len(self.segments), self.offset, self.size,
                         self.entry, self.sha256)
        return (row + rows).ljust(ENTRY_SIZE, b"\0")


def elf_check(path, data, planner):
    """Raises ImageError if the loader would refuse these bytes."""
    try:
        done = subprocess.run([planner, "-"], input=data, capture_output=True, check=False)
    except FileNotFoundError:
        raise ImageError(f"{planner} is not built; `make` builds it") from None
    if done.returncode != 0:
        raise ImageError(f"{path}: {done.stderr.decode(errors='replace').strip()[3:]}")


def program_entry(name, folder, is_prepared, planner):
    path = folder / f"{name}.elf"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"unknown program {name!r}: there is no {path}") from None
    if not is_prepared:
        data = elf.trim(data)
        elf_check(path, data, planner)
        return Entry(name, KIND_ELF, data)
    try:
        program = elf.prepare(data, elf.EM_X86_64)
    except elf.ElfError as error:
        raise ImageError(f"{path}: {error}") from None
    return Entry(name, KIND_PROGRAM, program.blob, program.entry, program.segments)


def build(manifest, folder, planner):
    """The package's bytes."""
    names = [manifest.first, *manifest.programs]
    if MANIFEST_NAME in names:
        raise ImageError(f"a program can't be named {MANIFEST_NAME!r}: the manifest's entry is")
    if len(names) + 1 > ENTRIES_MAX:
        raise ImageError(f"{len(names)} programs and the manifest; a package has {ENTRIES_MAX} "
                         "entries at most")
    entries = [Entry(MANIFEST_NAME, KIND_MANIFEST, manifest.message)]
    entries += [program_entry(name, folder, name == manifest.first or name in manifest.prepared,
                              planner) for name in names]
    blobs, offset = [], elf.PAGE
    for entry in [*entries[:FIRST], *entries[FIRST + 1:], entries[FIRST]]:
        entry.offset = offset
        blobs.append(entry.blob + bytes(-entry.size % elf.PAGE))
        offset += len(blobs[-1])
    table = b"".join(entry.encode() for entry in entries)
    header = HEADER.pack(MAGIC, VERSION, len(entries), offset, FIRST,
                         hashlib.sha256(table).digest())
    return (header + table).ljust(elf.PAGE, b"\0") + b"".join(blobs)


def parse(data):
    """(first, entries) of a package; every hash and offset is checked."""
    if len(data) < elf.PAGE:
        raise ImageError(f"{len(data)} bytes are too few for a package")
    magic, version, count, size, first, table_hash = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise ImageError(f"not a package: its magic is {magic:#x}")
    if version != VERSION:
        raise ImageError(f"its version is {version}; {VERSION} is understood")
    if size != len(data) or not 1 <= count <= ENTRIES_MAX or first >= count:
        raise ImageError(f"says {size} bytes, {count} entries, first {first}; it has "
                         f"{len(data)} bytes")
    table = data[HEADER.size:HEADER.size + count * ENTRY_SIZE]
    if hashlib.sha256(table).digest() != table_hash:
        raise ImageError("its table does not have the hash that its header states")
    return first, [parse_entry(data, table[i * ENTRY_SIZE:(i + 1) * ENTRY_SIZE])
                   for i in range(count)]


def parse_entry(data, row):
    name, kind, count, offset, size, start, stated = ENTRY.unpack_from(row)
    label = name.rstrip(b"\0").decode(errors="backslashreplace")
    if offset % elf.PAGE or offset + size > len(data) or count > elf.SEGMENTS_MAX:
        raise ImageError(f"entry {label!r} is out of range")
    segments = [SEGMENT.unpack_from(row, ENTRY.size + i * SEGMENT.size)[:5] for i in range(count)]
    entry = Entry(label, kind, data[offset:offset + size], start, segments)
    entry.offset = offset
    if entry.sha256 != stated:
        raise ImageError(f"entry {label!r} does not have the hash that the table states")
    return entry


def describe(data):
    """A package for people's eyes."""
    first, entries = parse(data)
    lines = [f"package: version {VERSION}, {len(data)} bytes, {len(entries)} entries, "
             f"first {entries[first].name}"]
    for entry in entries:
        kind = KIND_NAMES.get(entry.kind, f"kind {entry.kind}")
        lines.append(f"{entry.name}: {kind}, {entry.size} bytes at {entry.offset:#x}, "
                     f"sha256 {entry.sha256.hex()}")
        if entry.kind == KIND_PROGRAM:
            lines.append(f"  entry {entry.entry:#x}")
        for blob_page, page, file_bytes, memory_bytes, rights in entry.segments:
            flags = "".join(letter if rights & bit else "-" for letter, bit in
                            (("r", elf.RIGHT_READ), ("w", elf.RIGHT_WRITE),
                             ("x", elf.RIGHT_EXECUTE)))
            lines.append(f"  {flags} page {page:#x}, {memory_bytes} bytes, {file_bytes} of them "
                         f"from page {blob_page} of the blob")
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

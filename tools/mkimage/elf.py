# SPDX-License-Identifier: Apache-2.0
"""Programs of a package: an ELF64 file in, the image of abi/package.h or a shorter file out.

The kernel knows no ELF, so for the program that it starts itself, everything a loader would have to
decide is decided here, once, and what can't be honoured is refused with the reason: such programs
are position independent, need no other file, relocate themselves, and never have a page that is
writable and executable. Their image is in two parts: all that is never written, which is mapped to
be read and executed, then all that may be. The file is not trusted: every offset is checked before
it is followed.
"""

import struct

PAGE = 4096
IMAGE_PAGES_MAX = 900
IMAGE_MAX = IMAGE_PAGES_MAX * PAGE

RIGHT_READ, RIGHT_WRITE, RIGHT_EXECUTE = 1, 2, 4

ET_DYN = 3
EM_X86_64 = 62
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_TLS = 1, 2, 3, 7
PF_X, PF_W, PF_R = 1, 2, 4
DT_NEEDED, DT_PLTRELSZ = 1, 2
DT_RELA, DT_RELASZ, DT_REL, DT_TEXTREL, DT_JMPREL, DT_FLAGS, DT_RELR = 7, 8, 17, 22, 23, 30, 36
DF_TEXTREL = 4
R_X86_64_RELATIVE = 8
RELOCATION_SIZE, DYNAMIC_SIZE, HEADER_SIZE = 24, 16, 56


class ElfError(Exception):
    """Why a file can't be a program."""


class Segment:
    """One PT_LOAD. Pages are counted from the image's base."""

    def __init__(self, place, fields, file_size):
        (_, flags, offset, address, _, file_bytes, memory_bytes, _) = fields
        self.name = f"segment {place} at {address:#x}"
        self.address = address
        self.offset = offset
        self.file_bytes = file_bytes
        self.memory_bytes = memory_bytes
        self.rights = sum(right for bit, right in
                          ((PF_R, RIGHT_READ), (PF_W, RIGHT_WRITE), (PF_X, RIGHT_EXECUTE))
                          if flags & bit)
        if file_bytes > memory_bytes:
            raise ElfError(f"{self.name} has {file_bytes} bytes in the file and only "
                           f"{memory_bytes} in memory")
        if offset + file_bytes > file_size:
            raise ElfError(f"{self.name} ends at byte {offset + file_bytes} of a file of "
                           f"{file_size} bytes")
        if address + memory_bytes > IMAGE_MAX:
            raise ElfError(f"{self.name} is out of range: it ends at {address + memory_bytes:#x}, "
                           f"an image may take {IMAGE_MAX:#x} bytes ({IMAGE_PAGES_MAX} pages)")
        if self.rights & RIGHT_WRITE and self.rights & RIGHT_EXECUTE:
            raise ElfError(f"{self.name} is writable and executable")
        if not self.rights & RIGHT_READ:
            raise ElfError(f"{self.name} is not readable")

    @property
    def page(self):
        return self.address // PAGE

    @property
    def page_end(self):
        return (self.address + self.memory_bytes + PAGE - 1) // PAGE

    def holds(self, address, size):
        """Whether the file says what these bytes are."""
        return self.address <= address and address + size <= self.address + self.file_bytes


class Program:
    """What a package says of the first program: whole pages of text, of data, and how many of
    memory the data is the beginning of."""

    def __init__(self, entry, text, data, memory_pages):
        self.entry = entry
        self.text = text
        self.data = data
        self.memory_pages = memory_pages


class Elf:
    """A file that passed the checks of its header and its segments."""

    def __init__(self, data, machine):
        self.data = data
        self.entry, headers = self.read_header(machine)
        self.segments = [Segment(place, fields, len(data))
                         for place, fields in enumerate(headers)
                         if fields[0] == PT_LOAD and fields[6] != 0]
        self.check_segments()
        self.dynamic = self.read_dynamic(headers)

    def bytes_at(self, offset, size, what):
        if offset + size > len(self.data):
            raise ElfError(f"truncated: {what} ends at byte {offset + size} of a file of "
                           f"{len(self.data)} bytes")
        return self.data[offset:offset + size]

    def read_header(self, machine):
        if self.data[:4] != b"\x7fELF":
            raise ElfError("not an ELF file")
        header = self.bytes_at(0, 64, "the ELF header")
        (kind, found, _, entry, table, _, _, _, entry_size, count) = \
            struct.unpack_from("<HHIQQQIHHH", header, 16)
        if header[4] != 2 or header[5] != 1:
            raise ElfError("not a little-endian 64-bit ELF file")
        if kind != ET_DYN:
            raise ElfError(f"its type is {kind}; only position-independent ones (ET_DYN, "
                           f"{ET_DYN}) can be mapped anywhere")
        if found != machine:
            raise ElfError(f"wrong machine: {found}, this platform's is {machine}")
        if entry_size != HEADER_SIZE:
            raise ElfError(f"program headers of {entry_size} bytes; {HEADER_SIZE} are understood")
        rows = self.bytes_at(table, count * HEADER_SIZE, "the table of program headers")
        headers = list(struct.iter_unpack("<IIQQQQQQ", rows))
        for fields in headers:
            if fields[0] == PT_INTERP:
                raise ElfError("it asks for an interpreter; there is none")
            if fields[0] == PT_TLS and fields[6] != 0:
                raise ElfError("it has thread-local storage; nothing would set it up")
        return entry, headers

    def check_segments(self):
        if not self.segments:
            raise ElfError("it has no segments to load")
        ordered = sorted(self.segments, key=lambda segment: segment.address)
        for low, high in zip(ordered, ordered[1:]):
            if low.page_end > high.page:
                raise ElfError(f"{low.name} and {high.name} overlap in page {high.page:#x}")
        inside = [segment for segment in self.segments if segment.holds(self.entry, 1)]
        if not inside:
            raise ElfError(f"the entry {self.entry:#x} is out of range: in no segment")
        if not inside[0].rights & RIGHT_EXECUTE:
            raise ElfError(f"the entry {self.entry:#x} is in {inside[0].name}, "
                           "which is not executable")

    def bytes_mapped(self, address, size, what):
        for segment in self.segments:
            if segment.holds(address, size):
                return self.bytes_at(segment.offset + address - segment.address, size, what)
        raise ElfError(f"{what} at {address:#x} is out of range: in no segment")

    def read_dynamic(self, headers):
        found = {}
        for fields in headers:
            if fields[0] != PT_DYNAMIC:
                continue
            size = fields[5] // DYNAMIC_SIZE * DYNAMIC_SIZE
            for tag, value in struct.iter_unpack("<QQ", self.bytes_at(fields[2], size,
                                                                      "the dynamic section")):
                if tag == 0:
                    break
                found[tag] = value
        if DT_NEEDED in found:
            raise ElfError("it needs a shared library; programs are whole")
        if DT_TEXTREL in found or found.get(DT_FLAGS, 0) & DF_TEXTREL:
            raise ElfError("its text would have to be relocated; build it position-independent")
        if DT_RELR in found or DT_REL in found:
            raise ElfError("it has relocations without addends or packed ones (DT_REL, DT_RELR); "
                           "a program can't apply them")
        return found

    def check_relocations(self):
        """Programs relocate themselves by the base alone, so that is all a relocation may ask."""
        tables = ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ))
        for table, size in tables:
            count = self.dynamic.get(size, 0) // RELOCATION_SIZE
            rows = self.bytes_mapped(self.dynamic.get(table, 0), count * RELOCATION_SIZE,
                                     "the table of relocations") if count else b""
            for place, info, _ in struct.iter_unpack("<QQq", rows):
                self.check_relocation(place, info & 0xffffffff)

    def check_relocation(self, place, kind):
        if kind != R_X86_64_RELATIVE:
            raise ElfError(f"relocation of type {kind} at {place:#x}: a program can apply "
                           f"relative ones ({R_X86_64_RELATIVE}) only")
        if not any(segment.rights & RIGHT_WRITE and segment.address <= place and
                   place + 8 <= segment.address + segment.memory_bytes
                   for segment in self.segments):
            raise ElfError(f"a relocation at {place:#x} is not in a writable segment")

    def flat(self, segments, first, last):
        """The pages from one to another as these segments fill them, zeros between them."""
        pages = bytearray((last - first) * PAGE)
        for segment in segments:
            at = segment.address - first * PAGE
            pages[at:at + segment.file_bytes] = \
                self.data[segment.offset:segment.offset + segment.file_bytes]
        return bytes(pages)

    def prepare(self):
        """What is never written, then what may be."""
        text = [segment for segment in self.segments if not segment.rights & RIGHT_WRITE]
        data = [segment for segment in self.segments if segment.rights & RIGHT_WRITE]
        if not data:
            raise ElfError("none of its segments is writable; start-up code needs one")
        text_end = max(segment.page_end for segment in text)
        for segment in data:
            if segment.page < text_end:
                raise ElfError(f"{segment.name} is writable and before one that is not; link it "
                               "behind")
        filled = max([text_end, *((segment.address + segment.file_bytes + PAGE - 1) // PAGE
                                  for segment in data if segment.file_bytes)])
        return Program(self.entry, self.flat(text, 0, text_end), self.flat(data, text_end, filled),
                       max(segment.page_end for segment in data) - text_end)


def prepare(data, machine):
    """The program in the bytes of an ELF file; raises ElfError."""
    elf = Elf(data, machine)
    elf.check_relocations()
    return elf.prepare()


def trim(data):
    """The same file without what no loader reads: sections, symbols, what is there to debug with.
    A file that is no ELF64 stays as it is; whoever loads it says so."""
    if len(data) < 64 or data[:4] != b"\x7fELF":
        return data
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    end = table + size * count
    if size != HEADER_SIZE or end > len(data):
        return data
    for row in struct.iter_unpack("<IIQQQQQQ", data[table:end]):
        end = max(end, row[2] + row[5])
    trimmed = bytearray(data[:max(end, 64)])
    struct.pack_into("<Q", trimmed, 40, 0)      # e_shoff
    struct.pack_into("<HHH", trimmed, 58, 0, 0, 0)
    return bytes(trimmed)

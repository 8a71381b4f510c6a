#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the names of a kernel image's functions into the image, for its backtraces.

    symbols.py KERNEL.elf

The section .symbols has a fixed size, so nothing moves and nothing has to be linked again. Its
format is `struct symbols` of hal/x86_64/panic.c: the count, a word of zero, (address - KERNEL_BASE,
place of the name) in ascending order, then the names. ELF-64 Object File Format 1.5, chapters 3
to 5.
"""
import struct
import sys

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
TABLE = struct.Struct("<II")
TYPES = (0, 2)  # STT_NOTYPE: assembly has no other; STT_FUNC
SYMTAB = 2
ADDRESS_MASK = 0x7fffffff  # KERNEL_BASE is 2 GiB below the end


def text_at(data, start):
    return data[start:data.index(b"\0", start)].decode()


class Image:
    def __init__(self, data):
        self.data = data
        header = HEADER.unpack_from(data)
        if header[0][:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a little-endian ELF64 file")
        places = [header[6] + i * header[11] for i in range(header[12])]
        self.sections = [SECTION.unpack_from(data, place) for place in places]
        names = self.sections[header[13]]
        self.by_name = {text_at(data, names[4] + section[0]): number
                        for number, section in enumerate(self.sections)}

    def functions(self):
        """(address, name) of everything in .text that has a name; of several at one place the
        first by name."""
        table = next(section for section in self.sections if section[1] == SYMTAB)
        strings = self.sections[table[6]][4]
        found = {}
        for at in range(table[4], table[4] + table[5], SYMBOL.size):
            name, info, _, section, address, _ = SYMBOL.unpack_from(self.data, at)
            if section == self.by_name[".text"] and info & 15 in TYPES and name:
                text = text_at(self.data, strings + name)
                found[address] = min(text, found.get(address, text))
        return sorted(found.items())


def table_of(functions):
    """The bytes of the section."""
    names, places = b"", []
    start = TABLE.size * (1 + len(functions))
    for address, name in functions:
        places.append(TABLE.pack(address & ADDRESS_MASK, start + len(names)))
        names += name.encode() + b"\0"
    return TABLE.pack(len(functions), 0) + b"".join(places) + names


def fill(data):
    """The image with its table."""
    image = Image(data)
    if ".symbols" not in image.by_name:
        raise ValueError("there is no section .symbols")
    section = image.sections[image.by_name[".symbols"]]
    table = table_of(image.functions())
    if len(table) > section[5]:
        raise ValueError(f"the names take {len(table)} bytes and .symbols has {section[5]}: "
                         "raise SYMBOLS_SIZE in kernel.ld")
    return data[:section[4]] + table.ljust(section[5], b"\0") + data[section[4] + section[5]:]


def main():
    path = sys.argv[1]
    with open(path, "rb") as file:
        data = file.read()
    try:
        data = fill(data)
    except ValueError as error:
        sys.exit(f"symbols: {path}: {error}")
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()

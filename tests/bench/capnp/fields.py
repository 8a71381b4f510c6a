#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes what nobody writes by hand: to <folder>, a schema `fields.capnp` of structs of 1, 8, 64 and
# 10,000 fields, and `ours_fields.h` and `theirs_fields.h`, which set and read all of them.
#
# usage: fields.py <folder>

import pathlib
import sys

SIZES = [1, 8, 64, 10000]
LETTERS = "0123456789"


def is_text(index):
    return index % 8 == 7


def schema():
    lines = ["@0xc4f1b06d2a8e9753;"]
    for size in SIZES:
        lines.append(f"struct Fields{size} {{")
        lines += [f"  f{i} @{i} :{'Text' if is_text(i) else 'UInt64'};" for i in range(size)]
        lines.append("}")
    return lines


def ours():
    for size in SIZES:
        yield f"static void ours_set_{size}(struct fields{size}_builder root)"
        yield "{"
        # A parameter of this size lies in memory. The compiler keeps a copy in registers, even in
        # a function of 10,000 calls.
        yield f"    struct fields{size}_builder b = root;"
        for i in range(size):
            value = f'(struct capnp_text){{"{LETTERS}", 10}}' if is_text(i) else f"{i * 7 + 1}"
            yield f"    fields{size}_set_f{i}(b, {value});"
        yield "}"
        yield f"static uint64_t ours_get_{size}(struct fields{size}_reader r)"
        yield "{"
        yield "    uint64_t sum = 0;"
        for i in range(size):
            get = f"fields{size}_get_f{i}(r)"
            yield f"    sum += {f'{get}.size' if is_text(i) else get};"
        yield "    return sum;"
        yield "}"


def theirs():
    for size in SIZES:
        yield f"static void set_fields(Fields{size}::Builder root) {{"
        yield f"    Fields{size}::Builder b = root;"
        for i in range(size):
            value = f'capnp::Text::Reader("{LETTERS}", 10)' if is_text(i) else f"{i * 7 + 1}"
            yield f"    b.setF{i}({value});"
        yield "}"
        yield f"static uint64_t get_fields(Fields{size}::Reader r) {{"
        yield "    uint64_t sum = 0;"
        for i in range(size):
            get = f"r.getF{i}()"
            yield f"    sum += {f'{get}.size()' if is_text(i) else get};"
        yield "    return sum;"
        yield "}"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("fields.capnp", schema()), ("ours_fields.h", ours()),
                        ("theirs_fields.h", theirs())):
        (folder / name).write_text("\n".join(lines) + "\n")


main()

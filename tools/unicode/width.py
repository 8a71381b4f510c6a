#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of lib/line/width.h in C from the Unicode Character Database.

    width.py FOLDER > width_table.c

FOLDER holds UnicodeData.txt and EastAsianWidth.txt (UAX #44; Debian's package unicode-data).

wide     East_Asian_Width W or F (UAX #11).
nothing  general categories Mn, Me and Cf, and the vowels and final consonants of Hangul, which are
         drawn into the syllable's cell. But the soft hyphen and the signs that enclose numbers
         (Prepended_Concatenation_Mark) are drawn.
hostile  Zl, Zp, and the format characters that change the order of what is shown (Bidi_Control but
         for the three marks): shown as they ask, a line reads otherwise than it is.
"""
import os
import sys

WIDE, NOTHING, HOSTILE = "WIDE", "NOTHING", "HOSTILE"
DRAWN = {0xAD, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x600, 0x606)}
ORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
HANGUL_JOINING = (range(0x1160, 0x1200), range(0xD7B0, 0xD7C7), range(0xD7CB, 0xD7FC))


def class_of(code, category, bidi):
    if category in ("Zl", "Zp") or bidi in ORDERING:
        return HOSTILE
    if code in DRAWN:
        return None
    if category in ("Mn", "Me", "Cf") or any(code in part for part in HANGUL_JOINING):
        return NOTHING
    return None


def read_wide(path, classes):
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.split("#")[0].replace(" ", "").strip().split(";")
            if len(fields) == 2 and fields[1] in ("W", "F"):
                first, _, last = fields[0].partition("..")
                for code in range(int(first, 16), int(last or first, 16) + 1):
                    classes[code] = WIDE


def read_categories(path, classes):
    first = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.split(";")
            code = int(fields[0], 16)
            if fields[1].endswith(", First>"):
                first = code
                continue
            for one in range(code if first is None else first, code + 1):
                found = class_of(one, fields[2], fields[4])
                if found:
                    classes[one] = found
            first = None


def ranges_of(classes):
    ranges = []
    for code in sorted(classes):
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == classes[code]:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, classes[code]])
    return ranges


def main():
    classes = {}
    read_wide(os.path.join(sys.argv[1], "EastAsianWidth.txt"), classes)
    read_categories(os.path.join(sys.argv[1], "UnicodeData.txt"), classes)
    ranges = ranges_of(classes)
    if len(ranges) < 100:
        sys.exit(f"{sys.argv[1]}: only {len(ranges)} ranges; this is no character database")
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Made by tools/unicode/width.py.")
    print('#include "lib/line/width.h"\n')
    print("const struct width_range width_table[] = {")
    for first, last, kind in ranges:
        print(f"    {{0x{first:05x}, 0x{last:05x}, WIDTH_{kind}}},")
    print("};")
    print(f"const uint32_t width_table_count = {len(ranges)};")


if __name__ == "__main__":
    main()

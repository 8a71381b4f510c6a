#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Our Cap'n Proto reader and builder against Debian's `capnp` tool, both ways, with random values of
# the struct All in tools/capnpc-c/test/test.capnp.
#
#   ours to theirs: capnp_interop builds messages and says what it put in; the tool turns them
#                   into JSON; the JSON must say the same.
#   theirs to ours: random JSON; the tool turns it into messages; capnp_interop says what it
#                   reads; that must be what the JSON says.
#
# Messages travel as binary (several segments from us), packed, flat and canonical; the last two
# have no frame, so that a process is needed for each message, and there are fewer of them.
#
# Both sides are compared as lines "path value", which `flatten` makes of JSON by the table below.
#
# usage: capnp_interop.py <path to capnp_interop> [count [seed]]

import json
import pathlib
import random
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tools/capnpc-c/test/test.capnp"

COLORS = ("enum", ["red", "green", "blue", "darkGrey"])
KINDS = ("enum", ["near", "away"])
POINT = ("struct", "Point")

# Struct: fields as (name, type, default); a union is a list of members under its name, "" if it
# has none. A default of None makes a field that is behind a pointer absent.
STRUCTS = {
    "Point": [("x", "i32", 0), ("y", "i32", 0)],
    "Empty": [],
    "Scalars": [("flag", "bool", False), ("int8", "i8", 0), ("int16", "i16", 0),
                ("int32", "i32", 0), ("int64", "i64", 0), ("uint8", "u8", 0), ("uint16", "u16", 0),
                ("uint32", "u32", 0), ("uint64", "u64", 0), ("float32", "f32", 0.0),
                ("float64", "f64", 0.0), ("color", COLORS, "red"), ("otherFlag", "bool", False)],
    "Defaults": [("flag", "bool", True), ("int8", "i8", -8), ("int16", "i16", -1600),
                 ("int32", "i32", -320000), ("int64", "i64", -64000000000), ("uint8", "u8", 200),
                 ("uint16", "u16", 65535), ("uint32", "u32", 4000000000),
                 ("uint64", "u64", 2**64 - 1), ("float32", "f32", 1.5), ("float64", "f64", -2.25),
                 ("color", COLORS, "green"), ("text", "text", "default"),
                 ("data", "data", [1, 2, 3]), ("point", POINT, {"x": 7, "y": 8}),
                 ("numbers", ("list", "u32"), [1, 2, 3]),
                 ("points", ("list", POINT), [{"x": 1, "y": 2}, {"x": 3}])],
    "Lists": [("voids", ("list", "void"), None), ("flags", ("list", "bool"), None),
              ("int8s", ("list", "i8"), None), ("uint16s", ("list", "u16"), None),
              ("int32s", ("list", "i32"), None), ("uint64s", ("list", "u64"), None),
              ("float32s", ("list", "f32"), None), ("float64s", ("list", "f64"), None),
              ("colors", ("list", COLORS), None), ("texts", ("list", "text"), None),
              ("datas", ("list", "data"), None), ("points", ("list", POINT), None),
              ("nested", ("list", ("list", "u8")), None),
              ("trees", ("list", ("struct", "Tree")), None), ("bytes", ("list", "u8"), None)],
    "Tree": [("value", "i64", 0), ("label", "text", None), ("left", ("struct", "Tree"), None),
             ("right", ("struct", "Tree"), None)],
    "Circle": [("radius", "f64", 0.0), ("filled", "bool", False)],
    "Pen": [("", ("union", [("solid", "void"), ("dashed", "u8"), ("stamp", "text")]), None)],
    "Style": [("color", COLORS, "blue"), ("width", "u16", 1), ("pen", ("group", "Pen"), {})],
    "Shape": [("name", "text", ""),
              ("", ("union", [("unknown", "void"), ("circle", ("group", "Circle")),
                              ("square", "u32"), ("label", "text"), ("corner", POINT),
                              ("corners", ("list", POINT))]), None),
              ("style", ("group", "Style"), {})],
    "Deeper": [("leaf", "text", "")],
    "Inner": [("depth", "u8", 0), ("deeper", ("struct", "Deeper"), None)],
    "Foreign": [("kind", KINDS, "near"), ("point", POINT, {})],
    "Outer": [("kind", ("enum", ["plain", "fancy"]), "plain"), ("foreignKind", KINDS, "near"),
              ("inner", ("struct", "Inner"), None), ("foreign", ("struct", "Foreign"), None)],
    "All": [("scalars", ("struct", "Scalars"), {}), ("defaults", ("struct", "Defaults"), {}),
            ("lists", ("struct", "Lists"), {}), ("tree", ("struct", "Tree"), {}),
            ("shapes", ("list", ("struct", "Shape")), []), ("outer", ("struct", "Outer"), {}),
            ("data", "data", []), ("empty", ("struct", "Empty"), None)],
}

SPECIAL_FLOATS = [0.0, -0.0, 1.0, -1.5, 1e30, float("inf"), float("-inf")]


# ---- JSON to lines ----

def flatten_value(path, kind, value, lines):
    if kind == "bool":
        lines.append(f"{path} {'true' if value else 'false'}")
    elif kind == "f32":
        lines.append(f"{path} f{struct.pack('>f', float(value)).hex()}")
    elif kind == "f64":
        lines.append(f"{path} d{struct.pack('>d', float(value)).hex()}")
    elif kind == "text":
        lines.append(f"{path} x{value.encode().hex()}")
    elif kind == "data":
        lines.append(f"{path} x{bytes(value).hex()}")
    elif kind == "void":
        pass
    elif isinstance(kind, str):
        lines.append(f"{path} {int(value)}")
    elif kind[0] == "enum":
        lines.append(f"{path} {kind[1].index(value)}")
    elif kind[0] == "list":
        lines.append(f"{path} {len(value)}")
        for index, element in enumerate(value):
            flatten_value(f"{path}.{index}", kind[1], element, lines)
    else:
        flatten(path + ".", kind[1], value, lines)


def flatten(path, name, value, lines):
    for field, kind, default in STRUCTS[name]:
        if kind[0] == "union":
            present = [i for i, (member, _) in enumerate(kind[1]) if member in value] or [0]
            assert len(present) == 1, (path, value)
            member, member_kind = kind[1][present[0]]
            lines.append(f"{path}which {present[0]}")
            flatten_value(path + member, member_kind, value.get(member), lines)
        elif field in value:
            flatten_value(path + field, kind, value[field], lines)
        elif default is None:
            lines.append(f"{path}{field} absent")
        else:
            flatten_value(path + field, kind, default, lines)


def lines_of(value):
    lines = []
    flatten("", "All", value, lines)
    return lines


# ---- random JSON ----

def any_integer(rng, kind):
    bits = int(kind[1:])
    low, high = (0, 2**bits - 1) if kind[0] == "u" else (-2**(bits - 1), 2**(bits - 1) - 1)
    number = rng.choice([low, high, 0, 1, rng.randint(low, high), rng.randint(low, high)])
    return str(number) if bits == 64 else number


def any_float(rng, kind):
    value = rng.choice(SPECIAL_FLOATS + [rng.uniform(-1e9, 1e9)] * 7)
    value = struct.unpack("f", struct.pack("f", value))[0] if kind == "f32" else value
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, value)


def any_value(rng, kind, depth):
    if kind == "bool":
        return rng.random() < 0.5
    if kind in ("f32", "f64"):
        return any_float(rng, kind)
    if kind == "text":
        return "".join(rng.choice("aZ \"\\\n\té€") for _ in range(rng.randrange(12)))
    if kind == "data":
        return list(rng.randbytes(rng.randrange(20)))
    if kind == "void":
        return None
    if isinstance(kind, str):
        return any_integer(rng, kind)
    if kind[0] == "enum":
        return rng.choice(kind[1])
    if kind[0] == "list":
        return [any_value(rng, kind[1], depth + 1) for _ in range(rng.randrange(9 - depth))]
    return any_struct(rng, kind[1], depth + 1)


def any_struct(rng, name, depth):
    value = {}
    for field, kind, _ in STRUCTS[name]:
        if kind[0] == "union":
            member, member_kind = rng.choice(kind[1])
            value[member] = any_value(rng, member_kind, depth)
        elif kind[0] == "group" or (rng.random() < 0.7 and not (kind[0] == "struct" and depth > 6)):
            value[field] = any_value(rng, kind, depth)
    return value


# ---- the two directions ----

def convert(formats, data):
    return subprocess.run(["capnp", "convert", formats, SCHEMA, "All"], input=data,
                          stdout=subprocess.PIPE, check=True).stdout


def ours(program, *arguments, data=b""):
    run = subprocess.run([program, *arguments], input=data, capture_output=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{program} {arguments}: {run.stderr.decode()[-500:]}")
    *blocks, rest = run.stderr.decode().split("\n.\n")
    assert rest == "", rest
    return run.stdout, [block.split("\n") for block in blocks]


def read_stream(text):
    # The tool writes minus zero without a point, and Python would read that as an integer.
    decoder = json.JSONDecoder(parse_int=lambda text: -0.0 if text == "-0" else int(text))
    at, values = 0, []
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return values


def compare(direction, seed, wanted, seen):
    if len(wanted) != len(seen):
        sys.exit(f"{direction}, seed {seed}: {len(wanted)} messages became {len(seen)}")
    for number, (wanted_lines, seen_lines) in enumerate(zip(wanted, seen)):
        if sorted(wanted_lines) != sorted(seen_lines):
            difference = sorted(set(wanted_lines) ^ set(seen_lines))[:10]
            sys.exit(f"{direction}, seed {seed}, message {number}: {difference}")
    lines = sum(len(block) for block in wanted)
    print(f"{direction}: {len(wanted)} messages, {lines} values, seed {seed}")


def ours_to_theirs(program, form, seed, count):
    stream, said = ours(program, "build", form, str(seed), str(count))
    decoded = read_stream(convert(f"{form}:json", stream).decode())
    return said, [lines_of(value) for value in decoded]


def theirs_to_ours(program, form, seed, count):
    rng = random.Random(seed)
    values = [any_struct(rng, "All", 0) for _ in range(count)]
    # The tool (0.9.2) decodes \u escapes above ASCII wrongly, so that they are written as they are.
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    _, read = ours(program, "dump", form, data=convert(f"json:{form}", text.encode()))
    return [lines_of(value) for value in values], read


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    for way in (ours_to_theirs, theirs_to_ours):
        for form in ("binary", "packed", "flat", "canonical"):
            # Messages by process, and processes.
            batch, batches = (count, 1) if form in ("binary", "packed") else (1, count // 20)
            wanted, seen = [], []
            for number in range(batches):
                blocks = way(program, form, seed + number, batch)
                wanted += blocks[0]
                seen += blocks[1]
            compare(f"{way.__name__.replace('_', ' ')}, {form}", seed, wanted, seen)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The dynamic side (lib/capnp/dynamic.h, through tools/capnp-strict) against Debian's `capnp` tool,
# with random values of the struct Every of lib/capnp/test/dynamic.capnp, which has every feature
# that values can have. For each batch:
#
#   JSON in:   random JSON through both makes messages with the same JSON and text.
#   JSON out:  both print each message as the same bytes.
#   text out:  the same, in the text form.
#   text in:   the other tool's text through ours makes messages that it prints as before.
#
# Values are made by walking the schema as JSON. Floats of 32 bits are chosen
# among those that eight digits tell apart: the other tool prints no more, ours prints nine then.
#
# usage: dynamic_interop.py <path to capnp-strict> [count [seed]]

import json
import pathlib
import random
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "lib/capnp/test/dynamic.capnp"
SCHEMA_OF_SCHEMAS = "/usr/include/capnp/schema.capnp"
TYPE = "Every"
DEPTH_MAX = 5

INTEGERS = {"int8": (8, True), "int16": (16, True), "int32": (32, True), "int64": (64, True),
            "uint8": (8, False), "uint16": (16, False), "uint32": (32, False),
            "uint64": (64, False)}
LETTERS = "aZ \"\\/'\n\t\r\b\f\x01\x11\x7fé€𐍈"


def run(*command, data):
    done = subprocess.run([str(word) for word in command], input=data, capture_output=True,
                          check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')[-800:]}")
    return done.stdout


def read_nodes(program):
    request = run("capnp", "compile", "-o-", SCHEMA, data=b"")
    # Default values that are pointers have no form in JSON: ours shows the rest, and says so.
    done = subprocess.run([program, "binary:json", SCHEMA_OF_SCHEMAS, "CodeGeneratorRequest"],
                          input=request, capture_output=True, check=False)
    return {node["id"]: node for node in json.loads(done.stdout)["nodes"]}


class Maker:
    """Random values, as JSON, of the types of the schema."""

    def __init__(self, nodes, seed):
        self.nodes = nodes
        self.random = random.Random(seed)

    def integer(self, kind):
        bits, is_signed = INTEGERS[kind]
        low, high = (-2**(bits - 1), 2**(bits - 1) - 1) if is_signed else (0, 2**bits - 1)
        number = self.random.choice([low, high, 0, 1, self.random.randint(low, high)])
        # As this: a number where readers of all makes keep its bits, text elsewhere.
        return str(number) if bits == 64 else number

    def float64(self):
        kind = self.random.randrange(6)
        if kind == 0:
            return self.random.choice(["NaN", "Infinity", "-Infinity", "1.25", "-1e-7"])
        if kind == 1:
            return self.random.choice([0.0, -0.0, 1.0, 1e15, 1e16, -1e21, 5e-324, 2.0**-1022,
                                       1.7976931348623157e308])
        if kind == 2:
            return self.random.uniform(-1e6, 1e6)
        if kind == 3:
            return self.random.randint(-10**17, 10**17) / 10
        while True:
            value = struct.unpack("d", self.random.randbytes(8))[0]
            if value == value and abs(value) != float("inf"):
                return value

    def float32(self):
        if self.random.random() < 0.2:
            return self.random.choice(["NaN", "Infinity", "-Infinity", "0.5", 0.0, -0.0])
        while True:
            raw = self.random.randbytes(4)
            value = struct.unpack("f", raw)[0]
            if value == value and abs(value) != float("inf") \
                    and struct.pack("f", float(f"{value:.8g}")) == raw:
                return value

    def text(self):
        return "".join(self.random.choice(LETTERS) for _ in range(self.random.randrange(12)))

    def value(self, kind, brand, depth):
        """A value of a type; brand: what the parameters of each scope are, by the scope's id."""
        kind, brand = self.bound(kind, brand)
        (name, detail), = kind.items()
        if name == "void":
            return None
        if name == "bool":
            return self.random.random() < 0.5
        if name in INTEGERS:
            return self.integer(name)
        if name in ("float32", "float64", "text"):
            return getattr(self, name)()
        if name == "data":
            return list(self.random.randbytes(self.random.randrange(9)))
        if name == "enum":
            names = [each["name"] for each in self.nodes[detail["typeId"]]["enum"]["enumerants"]]
            return self.random.choice(names)
        if name == "list":
            count = self.random.choice([0, 1, 2, 3, 9]) if depth < DEPTH_MAX else 0
            return [self.value(detail["elementType"], brand, depth + 1) for _ in range(count)]
        return self.struct(self.nodes[detail["typeId"]], self.inner_brand(detail, brand), depth + 1)

    @staticmethod
    def bound(kind, brand):
        """The type that a type parameter stands for, and the brand that it is meant in."""
        while kind and "parameter" in kind.get("anyPointer", {}):
            parameter = kind["anyPointer"]["parameter"]
            types, brand = brand.get(parameter["scopeId"], ([], {}))
            kind = types[parameter["parameterIndex"]] if types else None
        return kind, brand

    @staticmethod
    def inner_brand(detail, brand):
        inner = {}
        for scope in detail.get("brand", {}).get("scopes", []):
            if "inherit" in scope:
                if scope["scopeId"] in brand:
                    inner[scope["scopeId"]] = brand[scope["scopeId"]]
            else:
                inner[scope["scopeId"]] = ([each.get("type") for each in scope["bind"]], brand)
        return inner

    def has_form(self, field, brand, depth):
        """Whether something can be written for a field here."""
        if "group" in field:
            return True
        kind, _ = self.bound(field["slot"]["type"], brand)
        (name, detail), = (kind or {"anyPointer": {}}).items()
        if name == "list" and "interface" in detail["elementType"]:
            return False
        return name not in ("interface", "anyPointer") and \
            not (name == "struct" and depth >= DEPTH_MAX)

    def struct(self, node, brand, depth):
        found = {}
        fields = [field for field in node["struct"]["fields"] if self.has_form(field, brand, depth)]
        members = [field for field in fields if field.get("discriminantValue", 65535) != 65535]
        chosen = self.random.choice(members) if members and self.random.random() < 0.8 else None
        self.random.shuffle(fields)
        for field in fields:
            if field in members and field is not chosen:
                continue
            if field is not chosen and self.random.random() < 0.4 + depth * 0.08:
                continue
            if "group" in field:
                found[field["name"]] = self.struct(self.nodes[field["group"]["typeId"]], brand,
                                                   depth)
            else:
                found[field["name"]] = self.value(field["slot"]["type"], brand, depth)
        return found


def compare(what, seed, theirs, ours):
    if theirs == ours:
        return
    at = next((i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b),
              min(len(theirs), len(ours)))
    sys.exit(f"{what}, seed {seed}, byte {at} of {len(theirs)} and {len(ours)}:\n"
             f"theirs ...{theirs[max(0, at - 60):at + 60]!r}\n"
             f"ours   ...{ours[max(0, at - 60):at + 60]!r}")


def batch(program, nodes, seed, count):
    maker = Maker(nodes, seed)
    root = next(node for node in nodes.values() if node["displayName"].endswith(f":{TYPE}"))
    # As one value: the other tool loses its way in long streams of JSON.
    values = {"everies": [maker.struct(root, {}, 0) for _ in range(count)]}
    # The other tool misreads \\u with letters among its digits, or above ASCII: up to \\u0011.
    text = json.dumps(values, ensure_ascii=False).encode()

    def theirs(formats, data):
        return run("capnp", "convert", "--short", formats, SCHEMA, TYPE, data=data)

    def ours(formats, data):
        return run(program, "-s", formats, SCHEMA, TYPE, data=data)

    binary = theirs("json:binary", text)
    parsed = ours("json:binary", text)
    as_json, as_text = theirs("binary:json", binary), theirs("binary:text", binary)
    compare("JSON in, as JSON", seed, as_json, theirs("binary:json", parsed))
    compare("JSON in, as text", seed, as_text, theirs("binary:text", parsed))
    compare("JSON out", seed, as_json, ours("binary:json", binary))
    compare("text out", seed, as_text, ours("binary:text", binary))
    compare("text in", seed, as_text, theirs("binary:text", ours("text:binary", as_text)))
    # In lines it is the same, once read again.
    lines = run(program, "binary:text", SCHEMA, TYPE, data=binary)
    compare("lines of text", seed, as_text, ours("text:text", lines))
    lines = run(program, "binary:json", SCHEMA, TYPE, data=binary)
    compare("lines of JSON", seed, as_json, ours("json:json", lines))
    return len(binary)


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    nodes = read_nodes(program)
    size = 0
    per_batch = 250
    for seed in range(first, first + (count + per_batch - 1) // per_batch):
        size += batch(program, nodes, seed, per_batch)
    print(f"{count} values, {size} bytes as messages, equal in JSON and text, both ways")


main()

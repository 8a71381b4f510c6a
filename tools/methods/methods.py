#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps abi/methods.lock: the number of every method of every interface, for ever.

A facet's method set is a mask over these numbers, and masks are written into manifests and logs.
So a number, once given, never names another method: the lock only grows.

    methods.py --check     say what the schemas changed; exit 1 if anything that is locked changed
                           or vanished, or if something new is not locked yet
    methods.py --update    append what is new; refuses what --check calls changed or vanished

An interface's methods are numbered in one flat table: those of its superclasses first, in the
order of declaration, then its own; methods that come later get the next free number. Without
inheritance a method's number is its ordinal in the schema, and --check insists on that. The lock
has one line per fact, so that C can include it like abi/errors.def:

    INTERFACE(ID, NAME)
    METHOD(INTERFACE, NUMBER, NAME)

Schemas are read by `capnp`, whose answer is decoded with the schema of schemas that Debian's
libcapnp-dev ships. Other tools import read_lock() and read_schemas().
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCK = ROOT / "abi" / "methods.lock"
SCHEMA_OF_SCHEMAS = "/usr/include/capnp/schema.capnp"
METHODS_MAX = 64
HEADING = """\
// SPDX-License-Identifier: Apache-2.0
//
// The number of every method, for ever. Only tools/methods/methods.py writes here, at the end.
// Define INTERFACE(id, name) and METHOD(interface, number, name), include this file, undefine them.
"""
LOCKED_INTERFACE = re.compile(r"INTERFACE\((0x[0-9a-f]+), (\w+)\)")
LOCKED_METHOD = re.compile(r"METHOD\((\w+), (\d+), (\w+)\)")


class MethodsError(Exception):
    """What the reader of the message has to mend."""


class Interface:
    """An interface with its flat method table: methods[number] is a name."""

    def __init__(self, identity, name, methods, inherits=False):
        self.identity = identity
        self.name = name
        self.methods = methods
        self.inherits = inherits

    def mask(self, names):
        """The method set that admits these methods; KeyError names an unknown one."""
        return sum(1 << number for number in {self.number(name) for name in names})

    def number(self, name):
        if name not in self.methods:
            raise KeyError(name)
        return self.methods.index(name)


# --- What the schemas say ---------------------------------------------------------------------

TEXT, OPAQUE, MARK, WORD = r'"(?:[^"\\]|\\.)*"', r"<[^>]*>", r"[()\[\],=]", r'[^\s()\[\],="]+'
TOKEN = re.compile(rf"\s*(?:{TEXT}|{OPAQUE}|{MARK}|{WORD})", re.DOTALL)


def tokens(text):
    place, end = 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None:
            raise MethodsError(f"capnp's answer is not understood at byte {place}")
        yield match.group(0).strip()
        place = match.end()
    yield ""


def parse_value(stream, token):
    """One value of Cap'n Proto's text form: structs become dicts, lists lists, the rest text."""
    if token == "[":
        values, token = [], next(stream)
        while token != "]":
            values.append(parse_value(stream, token))
            token = next(stream)
            token = next(stream) if token == "," else token
        return values
    if token == "(":
        fields, token = {}, next(stream)
        while token != ")":
            if next(stream) != "=":
                raise MethodsError(f"capnp's answer is not understood at {token!r}")
            fields[token] = parse_value(stream, next(stream))
            token = next(stream)
            token = next(stream) if token == "," else token
        return fields
    if token in ("", "]", ")", ",", "="):
        raise MethodsError("capnp's answer ends early")
    return token.strip('"')


def run(command, given=None):
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise MethodsError(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise MethodsError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def read_schemas(paths):
    """All interfaces of these schemas, by id, their methods in flat order."""
    if not paths:
        raise MethodsError("no schemas are given")
    request = run(["capnp", "compile", "-o-", f"-I{ROOT}/tools/capnpc-c", *map(str, paths)])
    text = run(["capnp", "decode", "--short", SCHEMA_OF_SCHEMAS, "CodeGeneratorRequest"], request)
    stream = tokens(text.decode())
    nodes = {int(node["id"]): node for node in parse_value(stream, next(stream))["nodes"]}
    found = {identity: interface_of(node, nodes)
             for identity, node in nodes.items() if "interface" in node}
    names = [interface.name for interface in found.values()]
    for name in names:
        if names.count(name) > 1:
            raise MethodsError(f"two interfaces are named {name}; manifests could not tell them")
    return found


def interface_of(node, nodes):
    name = node["displayName"][int(node["displayNamePrefixLength"]):]
    methods = flat_methods(node, nodes, set())
    for method in methods:
        if methods.count(method) > 1:
            raise MethodsError(f"interface {name} has two methods named {method}")
    if len(methods) > METHODS_MAX:
        raise MethodsError(f"interface {name} has {len(methods)} methods; {METHODS_MAX} at most")
    return Interface(int(node["id"]), name, methods, bool(node["interface"]["superclasses"]))


def flat_methods(node, nodes, seen):
    if int(node["id"]) in seen:
        return []
    seen.add(int(node["id"]))
    methods = []
    for parent in node["interface"]["superclasses"]:
        methods += flat_methods(nodes[int(parent["id"])], nodes, seen)
    return methods + [method["name"] for method in node["interface"]["methods"]]


# --- The lock ---------------------------------------------------------------------------------

def read_lock(path=LOCK):
    """The interfaces of a lock, by id, in the order of the file."""
    found = {}
    named = {}
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("//"):
            continue
        try:
            read_lock_line(line, found, named)
        except ValueError as error:
            raise MethodsError(f"{path}:{number}: {error}") from None
    return found


def read_lock_line(line, found, named):
    interface, method = LOCKED_INTERFACE.fullmatch(line), LOCKED_METHOD.fullmatch(line)
    if interface:
        identity, name = int(interface[1], 16), interface[2]
        if identity in found or name in named:
            raise ValueError(f"interface {name} or its id is locked twice")
        found[identity] = named[name] = Interface(identity, name, [])
    elif method:
        _, number, name = method.groups()
        if method[1] not in named:
            raise ValueError(f"no interface {method[1]} is locked above")
        methods = named[method[1]].methods
        if int(number) != len(methods):
            raise ValueError(f"method {name} has number {number}; the next one is {len(methods)}")
        if name in methods:
            raise ValueError(f"method {name} is locked twice")
        methods.append(name)
    else:
        raise ValueError("neither INTERFACE(ID, NAME) nor METHOD(INTERFACE, NUMBER, NAME)")


def compare(locked, present):
    """(sentences about what broke, lines that the lock lacks)"""
    broken, lines = [], []
    for identity, old in locked.items():
        new = present.get(identity)
        if new is None:
            broken.append(f"interface {old.name} ({identity:#x}) is locked and has vanished")
        elif new.name != old.name:
            broken.append(f"interface {identity:#x} is locked as {old.name}, now {new.name}")
        else:
            broken += compare_methods(old, new)
    for identity in sorted(present):
        new = present[identity]
        known = locked[identity].methods if identity in locked else []
        if identity not in locked:
            lines.append(f"INTERFACE({identity:#x}, {new.name})")
        fresh = [name for name in new.methods if name not in known]
        lines += [f"METHOD({new.name}, {len(known) + place}, {name})"
                  for place, name in enumerate(fresh)]
    return broken, lines


def compare_methods(old, new):
    sentences = []
    for number, name in enumerate(old.methods):
        if name not in new.methods:
            sentences.append(f"method {old.name}.{name} (number {number}) is locked and has "
                             "vanished or was renamed")
        elif not new.inherits and new.methods.index(name) != number:
            sentences.append(f"method {old.name}.{name} is locked as number {number}, "
                             f"now number {new.methods.index(name)}")
    return sentences


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="compare; exit 1 on any difference")
    what.add_argument("--update", action="store_true", help="append what is new")
    parser.add_argument("--lock", type=pathlib.Path, default=LOCK)
    parser.add_argument("schema", nargs="*", type=pathlib.Path,
                        help="default: all of abi/schema")
    options = parser.parse_args(arguments)
    try:
        return work(options)
    except (MethodsError, OSError) as error:
        print(f"methods: {error}", file=sys.stderr)
        return 1


def work(options):
    schemas = options.schema or sorted((ROOT / "abi" / "schema").glob("*.capnp"))
    locked = read_lock(options.lock) if options.lock.exists() else {}
    broken, lines = compare(locked, read_schemas(schemas))
    for sentence in broken:
        print(f"methods: {sentence}", file=sys.stderr)
    if options.check:
        for line in lines:
            print(f"methods: not locked yet: {line}", file=sys.stderr)
        return 1 if broken or lines else 0
    if broken:
        return 1
    if lines:
        text = options.lock.read_text(encoding="utf-8") if options.lock.exists() else HEADING
        options.lock.write_text(text + "".join(line + "\n" for line in lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

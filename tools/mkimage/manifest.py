# SPDX-License-Identifier: Apache-2.0
"""Checks a boot manifest in JSON and turns it into the BootManifest message of boot.capnp.

The JSON has the fields of the schema and one more, `first`: the program that the kernel starts.
For people's sake an interface may be given by its name and a method set as a list of method names;
abi/methods.lock says what they mean. Everything is checked here, before a machine sees it: an
unknown field, a name that means nothing, a value out of range are refused with their place.
"""

import json
import re
import struct
import subprocess

NAME_BYTES_MAX = 31      # NAME_SIZE without the final NUL
MESSAGE_MAX = 65536      # MESSAGE_SIZE_MAX
METHODS_MAX = 64
GRANTS_MAX = 64          # as ProcessBuilder.grant says
START_INFO_MAX = 512     # as ProcessBuilder.setInfo says
ARGUMENTS_MAX = START_INFO_MAX - 16 - 1  # without the root pointer, the text's and its final NUL
FIRST_OWN = ("console", "timer", "job", "capabilities", "manifest")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class ManifestError(Exception):
    """The file, the place in it and what is wrong there."""


class Manifest:
    """A checked manifest: `programs` names the programs in order, `message` is for init-min."""

    def __init__(self, first, programs, message):
        self.first = first
        self.programs = programs
        self.message = message


class Checker:
    """Walks the JSON value. `place` is a path such as programs[0].grants[1].name."""

    def __init__(self, path, interfaces):
        self.path = path
        self.interfaces = {interface.name: interface for interface in interfaces.values()}
        self.by_id = interfaces
        self.endpoints = []

    def refuse(self, place, sentence):
        raise ManifestError(f"{self.path}: {place}: {sentence}")

    def fields(self, place, value, required, optional=()):
        if not isinstance(value, dict):
            self.refuse(place, "must be an object")
        for name in value:
            if name not in required and name not in optional:
                self.refuse(place, f"unknown field {name!r}")
        for name in required:
            if name not in value:
                self.refuse(place, f"field {name!r} is missing")
        return value

    def list_of(self, place, value):
        if not isinstance(value, list):
            self.refuse(place, "must be a list")
        return value

    def number(self, place, value, least, most):
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(place, "must be a whole number")
        if not least <= value <= most:
            self.refuse(place, f"{value} is out of range, {least} to {most}")
        return value

    def text(self, place, value, most):
        if not isinstance(value, str):
            self.refuse(place, "must be text")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            self.refuse(place, "is not valid text")
        if size > most:
            self.refuse(place, f"{size} bytes are too long; {most} fit")
        if "\0" in value:
            self.refuse(place, "contains a zero byte")
        return value

    def name(self, place, value):
        self.text(place, value, NAME_BYTES_MAX)
        if value.startswith("/"):
            self.refuse(place, f"{value!r} is an absolute path; a name is asked for")
        if ".." in value:
            self.refuse(place, f"{value!r} contains `..`; a name is asked for")
        if not NAME.fullmatch(value):
            self.refuse(place, f"{value!r} is not a name (letters, digits, `_`, `.`, `-`)")
        return value

    def manifest(self, value):
        self.fields("manifest", value, ("first", "programs"), ("endpoints",))
        first = self.name("first", value["first"])
        endpoints = [self.endpoint(f"endpoints[{i}]", endpoint) for i, endpoint in
                     enumerate(self.list_of("endpoints", value.get("endpoints", [])))]
        programs = [self.program(f"programs[{i}]", program) for i, program in
                    enumerate(self.list_of("programs", value["programs"]))]
        for i, program in enumerate(programs):
            if program["name"] == first:
                self.refuse(f"programs[{i}].name", f"{first!r} is the first program; "
                            "the kernel starts it")
        return first, {"programs": programs, "endpoints": endpoints}

    def endpoint(self, place, value):
        self.fields(place, value, ("name", "messageMax"))
        name = self.name(f"{place}.name", value["name"])
        if name in self.endpoints:
            self.refuse(f"{place}.name", f"endpoint {name!r} is declared twice")
        self.endpoints.append(name)
        size = self.number(f"{place}.messageMax", value["messageMax"], 1, MESSAGE_MAX)
        return {"name": name, "messageMax": size}

    def program(self, place, value):
        self.fields(place, value, ("name",), ("arguments", "grants"))
        grants = [self.grant(f"{place}.grants[{i}]", grant) for i, grant in
                  enumerate(self.list_of(f"{place}.grants", value.get("grants", [])))]
        names = [grant["name"] for grant in grants]
        for i, name in enumerate(names):
            if name in names[:i]:
                self.refuse(f"{place}.grants[{i}].name", f"{name!r} is granted twice")
        if len(grants) > GRANTS_MAX:
            self.refuse(f"{place}.grants", f"{len(grants)} grants; {GRANTS_MAX} fit")
        arguments = self.text(f"{place}.arguments", value.get("arguments", ""), ARGUMENTS_MAX)
        return {"name": self.name(f"{place}.name", value["name"]), "arguments": arguments,
                "grants": grants}

    def grant(self, place, value):
        members = ("own", "server", "client")
        self.fields(place, value, ("name",), members)
        given = [member for member in members if member in value]
        if len(given) != 1:
            self.refuse(place, f"exactly one of own, server, client is asked for; found "
                        f"{' and '.join(given) or 'none'}")
        member = given[0]
        checked = getattr(self, f"grant_{member}")(f"{place}.{member}", value[member])
        return {"name": self.name(f"{place}.name", value["name"]), member: checked}

    def grant_own(self, place, value):
        if value not in FIRST_OWN:
            self.refuse(place, f"{value!r} is not a capability of the first program; it has "
                        f"{', '.join(FIRST_OWN)}")
        return value

    def grant_server(self, place, value):
        if value not in self.endpoints:
            self.refuse(place, f"unknown endpoint {value!r}")
        return value

    def grant_client(self, place, value):
        self.fields(place, value, ("endpoint", "interface", "methods"), ("receiverData",))
        interface = self.interface(f"{place}.interface", value["interface"])
        data = self.number(f"{place}.receiverData", value.get("receiverData", 0), 0, 2**64 - 1)
        methods = self.methods(f"{place}.methods", value["methods"], interface)
        # As text: the JSON numbers of other readers lose bits above 2^53.
        return {"endpoint": self.grant_server(f"{place}.endpoint", value["endpoint"]),
                "interface": str(interface), "methods": str(methods), "receiverData": str(data)}

    def interface(self, place, value):
        if isinstance(value, str):
            if value not in self.interfaces:
                self.refuse(place, f"unknown interface {value!r}; abi/methods.lock lists them")
            return self.interfaces[value].identity
        return self.number(place, value, 1, 2**64 - 1)

    def methods(self, place, value, identity):
        known = self.by_id.get(identity)
        if not isinstance(value, list):
            most = 2**(len(known.methods) if known else METHODS_MAX) - 1
            return self.number(place, value, 1, most)
        if known is None:
            self.refuse(place, f"interface {identity:#x} is not in abi/methods.lock, so that its "
                        "methods have no names; give a number")
        if not value:
            self.refuse(place, "is empty: a capability that admits nothing")
        mask = 0
        for i, name in enumerate(value):
            if not isinstance(name, str) or name not in known.methods:
                self.refuse(f"{place}[{i}]", f"{known.name} has no method {name!r}")
            if mask & known.mask([name]):
                self.refuse(f"{place}[{i}]", f"{name!r} is listed twice")
            mask |= known.mask([name])
        return mask


def pairs_once(pairs):
    """JSON lets a field stand twice and readers pick one; here it is an error."""
    found = {}
    for name, value in pairs:
        if name in found:
            raise ManifestError(f"field {name!r} stands twice in one object")
        found[name] = value
    return found


def encode(schema, value):
    """The message of a checked value: one segment, without the frame of a stream."""
    command = ["capnp", "convert", "json:binary", str(schema), "BootManifest"]
    try:
        done = subprocess.run(command, input=json.dumps(value).encode(), capture_output=True,
                              check=False)
    except FileNotFoundError:
        raise ManifestError("capnp is not installed") from None
    if done.returncode != 0:
        raise ManifestError(f"{schema}: {done.stderr.decode(errors='replace').strip()}")
    if len(done.stdout) < 8:
        raise ManifestError(f"{schema}: capnp answered with {len(done.stdout)} bytes")
    segments, words = struct.unpack_from("<II", done.stdout)
    if segments != 0 or len(done.stdout) != 8 + 8 * words:
        raise ManifestError(f"{schema}: the manifest does not fit into one segment")
    return done.stdout[8:]


def read(path, schema, interfaces):
    """The manifest in a file. interfaces: of abi/methods.lock, by id. Raises ManifestError."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file, object_pairs_hook=pairs_once)
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not JSON: {error}") from None
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from None
    first, checked = Checker(path, interfaces).manifest(value)
    programs = list(dict.fromkeys(program["name"] for program in checked["programs"]))
    return Manifest(first, programs, encode(schema, checked))

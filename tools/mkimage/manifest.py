# SPDX-License-Identifier: Apache-2.0
"""Checks a boot manifest and turns it into the BootManifest message of boot.capnp.

It is written in JSON or Jsonnet (source.py). The JSON has the fields of manifest.capnp of
system/manifests: tools/capnp-strict holds it against that schema and refuses unknown fields, two
members of a union, wrong types. What is checked here is what the words mean: names of endpoints,
capabilities, interfaces, methods (abi/methods.lock). Both say the file and the place in it.
"""

import json
import json.decoder
import pathlib
import re
import subprocess

import source as sources

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "system/manifests/manifest.capnp"
INIT = ROOT / "system/init-min/init.h"
NAME_BYTES_MAX = 31      # NAME_SIZE without the final NUL
MESSAGE_MAX = 65536      # MESSAGE_SIZE_MAX
MEMORY_PAGES_MAX = 1024
SCRIPT_MAX = 8191        # SHELL_TEXT_MAX without a final NUL
PORTS_MAX = 65536
LINES_MAX = 64           # HAL_LINES
GRANTS_MAX = 64          # as ProcessBuilder.grant says
START_INFO_MAX = 512     # as ProcessBuilder.setInfo says
SESSION_NAME_MAX = 63
SESSION_BYTES = 16 + (SESSION_NAME_MAX + 1) + (NAME_BYTES_MAX + 1)  # of start-info: two texts
ARGUMENTS_MAX = START_INFO_MAX - 24 - SESSION_BYTES - 1  # without three pointers and the final NUL
FIRST_OWN = ("console", "timer", "job", "capabilities", "package", "log", "log-pages", "space",
             "ports", "interrupts", "clock", "programs", "callers")
FIRST_SERVES = "System"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
BLANKS = re.compile(r"[ \t\n\r]*")
STEP = re.compile(r"\.?([A-Za-z0-9_]+)|\[([0-9]+)\]")


class ManifestError(Exception):
    """The file, the place in it and what is wrong there."""


class Manifest:
    """A checked manifest: `value` is its JSON, `programs` names the programs in order, `fixed`
    those of them whose addresses are always the same, `message` is for init-min, `scripts` are
    texts by their names."""

    def __init__(self, value, first, programs, fixed, message, scripts):
        self.value = value
        self.first = first
        self.programs = programs
        self.fixed = fixed
        self.message = message
        self.scripts = scripts


def blanks_end(text, at):
    return BLANKS.match(text, at).end()


def value_of_step(text, at, step):
    """Where the value of a field or the element at an index starts, in the value at `at`."""
    decoder = json.JSONDecoder()
    at = blanks_end(text, at + 1)
    index = 0
    while text[at] not in "]}":
        name = index
        if isinstance(step, str):
            name, at = json.decoder.scanstring(text, at + 1)
            at = blanks_end(text, blanks_end(text, at) + 1)
        if name == step:
            return at
        at = blanks_end(text, decoder.raw_decode(text, at)[1])
        at = blanks_end(text, at + 1) if text[at] == "," else at
        index += 1
    return None


def position(text, place):
    """line:column of a place such as programs[0].name, or of what is nearest around it."""
    at = blanks_end(text, 0)
    for match in STEP.finditer(place):
        inner = value_of_step(text, at, match[1] or int(match[2]))
        if inner is None:
            break
        at = inner
    line_start = text.rfind("\n", 0, at) + 1
    return f"{text.count(chr(10), 0, at) + 1}:{at - line_start + 1}"


class Checker:
    """Walks the manifest. `place` is a path such as programs[0].grants[1].name."""

    def __init__(self, source, interfaces):
        self.source = source
        self.interfaces = {interface.name: interface for interface in interfaces.values()}
        self.endpoints = []
        self.first = ""
        self.memories = []
        self.labels = {}  # by what a program is called
        self.most = {kind: init_limit(f"{kind.upper()}_MAX")
                     for kind in ("endpoints", "memories", "programs")}
        self.fixed = {}  # whether a program's addresses are always the same, by its name

    def refuse(self, place, sentence):
        at = position(self.source.text, place)
        raise ManifestError(self.source.told(f"{self.source.path}:{at}: {place}: {sentence}"))

    def text_of(self, place, value, most):
        size = len(value.encode())
        if size > most:
            self.refuse(place, f"{size} bytes are too long; {most} fit")
        if "\0" in value:
            self.refuse(place, "contains a zero byte")
        return value

    def name(self, place, value):
        self.text_of(place, value, NAME_BYTES_MAX)
        if value == "":
            self.refuse(place, "a name is missing")
        if value.startswith("/"):
            self.refuse(place, f"{value!r} is an absolute path; a name is asked for")
        if ".." in value:
            self.refuse(place, f"{value!r} contains `..`; a name is asked for")
        if not NAME.fullmatch(value):
            self.refuse(place, f"{value!r} is not a name (letters, digits, `_`, `.`, `-`)")
        return value

    def manifest(self, value):
        first = self.first = self.name("first", value.get("first", ""))
        for kind, most in self.most.items():
            if len(value.get(kind, [])) > most:
                self.refuse(kind, f"{len(value[kind])} of them; init-min has room for {most}")
        for kind, what in (("programs", "the first program; the kernel starts it"),
                           ("endpoints", "the endpoint of the first program")):
            for i, entry in enumerate(value.get(kind, [])):
                if entry.get("name") == first:
                    self.refuse(f"{kind}[{i}].name", f"{first!r} is {what}")
        endpoints = [self.endpoint(f"endpoints[{i}]", endpoint) for i, endpoint in
                     enumerate(value.get("endpoints", []))]
        memories = [self.memory(f"memories[{i}]", memory) for i, memory in
                    enumerate(value.get("memories", []))]
        programs = [self.program(f"programs[{i}]", program) for i, program in
                    enumerate(value.get("programs", []))]
        also = [self.name(f"also[{i}]", name) for i, name in enumerate(value.get("also", []))]
        return first, {"programs": programs, "endpoints": endpoints, "memories": memories,
                       "also": also}

    def scripts(self, values, taken):
        """{name: text}; no name is `taken` in the package."""
        scripts = {}
        for i, value in enumerate(values):
            place = f"scripts[{i}]"
            name = self.name(f"{place}.name", value.get("name", ""))
            if name in taken or name in scripts:
                self.refuse(f"{place}.name", f"something else in the package is called {name!r}")
            if not value.get("text", ""):
                self.refuse(f"{place}.text", "is empty: a script does something")
            scripts[name] = self.text_of(f"{place}.text", value.get("text", ""), SCRIPT_MAX)
        return scripts

    def endpoint(self, place, value):
        name = self.name(f"{place}.name", value.get("name", ""))
        if name in self.endpoints:
            self.refuse(f"{place}.name", f"endpoint {name!r} is declared twice")
        self.endpoints.append(name)
        size = value["messageMax"]
        if not 1 <= size <= MESSAGE_MAX:
            self.refuse(f"{place}.messageMax", f"{size} is out of range, 1 to {MESSAGE_MAX}")
        return {"name": name, "messageMax": size}

    def memory(self, place, value):
        name = self.name(f"{place}.name", value.get("name", ""))
        if name in self.memories:
            self.refuse(f"{place}.name", f"memory {name!r} is declared twice")
        self.memories.append(name)
        pages = value["pages"]
        if not 1 <= pages <= MEMORY_PAGES_MAX:
            self.refuse(f"{place}.pages", f"{pages} is out of range, 1 to {MEMORY_PAGES_MAX}")
        return {"name": name, "pages": pages}

    def program(self, place, value):
        grants = [self.grant(f"{place}.grants[{i}]", grant) for i, grant in
                  enumerate(value.get("grants", []))]
        names = [grant["name"] for grant in grants]
        for i, name in enumerate(names):
            if name in names[:i]:
                self.refuse(f"{place}.grants[{i}].name", f"{name!r} is granted twice")
        if len(grants) > GRANTS_MAX:
            self.refuse(f"{place}.grants", f"{len(grants)} grants; {GRANTS_MAX} fit")
        arguments = self.text_of(f"{place}.arguments", value.get("arguments", ""), ARGUMENTS_MAX)
        name = self.name(f"{place}.name", value.get("name", ""))
        is_fixed = value.get("fixed", False)
        if self.fixed.setdefault(name, is_fixed) != is_fixed:
            self.refuse(f"{place}.fixed", f"{name!r} is listed in the other form, too")
        checked = {"name": name, "arguments": arguments, "grants": grants,
                   "keep": value.get("keep", False), "seat": value.get("seat", False),
                   "label": self.label(place, value.get("label", ""), name)}
        if "session" in value:
            checked["session"] = self.session(f"{place}.session", value["session"])
        if checked["keep"] and checked["seat"]:
            self.refuse(f"{place}.seat", "keep and seat are two ways to go on; choose one")
        if checked["seat"] and "session" not in value:
            self.refuse(f"{place}.seat", "who sits there has a session; say its name and profile")
        return checked

    def label(self, place, label, name):
        if label:
            self.name(f"{place}.label", label)
        called = label or name
        if called in self.labels and (label or self.labels[called]):
            self.refuse(f"{place}.{'label' if label else 'name'}",
                        f"another program is called {called!r}, too")
        self.labels[called] = label
        return label

    def session(self, place, value):
        name = self.text_of(f"{place}.name", value.get("name", ""), SESSION_NAME_MAX)
        if not name or not name.isprintable():
            self.refuse(f"{place}.name", "a name for people is missing" if not name else
                        f"{name!r} can't be shown")
        return {"name": name, "profile": self.name(f"{place}.profile", value.get("profile", ""))}

    def grant(self, place, value):
        kinds = ("own", "server", "client", "memory", "ports", "line", "bell")
        member = next((each for each in kinds if each in value), None)
        if member is None:
            self.refuse(place, f"one of {', '.join(kinds)} is asked for; found none")
        checked = getattr(self, f"grant_{member}")(f"{place}.{member}", value[member])
        return {"name": self.name(f"{place}.name", value.get("name", "")), member: checked}

    def grant_own(self, place, value):
        if value not in FIRST_OWN:
            self.refuse(place, f"{value!r} is not a capability of the first program; it has "
                        f"{', '.join(FIRST_OWN)}")
        return value

    def grant_server(self, place, value):
        if value not in self.endpoints:
            self.refuse(place, f"unknown endpoint {value!r}")
        return value

    def grant_memory(self, place, value):
        if value.get("of", "") not in self.memories:
            self.refuse(f"{place}.of", f"unknown memory {value.get('of', '')!r}")
        return {"of": value["of"], "write": value["write"]}

    def grant_ports(self, place, value):
        first, count = value["first"], value["count"]
        if count == 0 or first + count > PORTS_MAX:
            self.refuse(f"{place}.count", f"{count} ports from {first:#x} on; there are ports 0 to "
                        f"{PORTS_MAX - 1:#x}")
        return {"first": first, "count": count}

    def grant_line(self, place, value):
        if value >= LINES_MAX:
            self.refuse(place, f"{value} is out of range, 0 to {LINES_MAX - 1}")
        return value

    def grant_bell(self, _place, _value):
        return None

    def grant_client(self, place, value):
        endpoint = value.get("endpoint", "")
        if endpoint != self.first:
            self.grant_server(f"{place}.endpoint", endpoint)
        name = value.get("interface", "")
        if name not in self.interfaces:
            self.refuse(f"{place}.interface",
                        f"unknown interface {name!r}; abi/methods.lock lists them")
        if endpoint == self.first and name != FIRST_SERVES:
            self.refuse(f"{place}.interface", f"{self.first} serves {FIRST_SERVES}, not {name}")
        interface = self.interfaces[name]
        methods = self.methods(f"{place}.methods", value.get("methods", []), interface)
        # 64-bit numbers are text: the JSON numbers of other readers lose bits above 2^53.
        return {"endpoint": endpoint, "interface": str(interface.identity),
                "methods": str(methods), "receiverData": value["receiverData"]}

    def methods(self, place, value, interface):
        if not value:
            self.refuse(place, "is empty: a capability that admits nothing")
        mask = 0
        for i, name in enumerate(value):
            if name not in interface.methods:
                self.refuse(f"{place}[{i}]", f"{interface.name} has no method {name!r}")
            if mask & interface.mask([name]):
                self.refuse(f"{place}[{i}]", f"{name!r} is listed twice")
            mask |= interface.mask([name])
        return mask


def init_limit(name):
    """A number of init-min's own: what it would refuse is refused before there is a package."""
    return int(re.search(rf"\b{name} = (\d+),", INIT.read_text(encoding="utf-8"))[1])


def strictly(strict, forms, schema, kind, source, data):
    """What capnp-strict makes of the bytes, which it calls by their source."""
    try:
        done = subprocess.run([strict, "-s", forms, schema, kind], input=data, capture_output=True,
                              check=False)
    except FileNotFoundError:
        raise ManifestError(f"{strict} is not built; `make` builds it") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        said = said.removeprefix("capnp-strict: ").replace("standard input", str(source.path), 1)
        raise ManifestError(source.told(said))
    return done.stdout


def read(path, options, schema, interfaces, strict):
    """The manifest in a file. options: of source.py; interfaces: of abi/methods.lock, by id;
    strict: the program capnp-strict. Raises ManifestError."""
    try:
        source = sources.read(path, options)
    except sources.SourceError as error:
        raise ManifestError(str(error)) from None
    data = source.text.encode(errors="surrogateescape")
    value = json.loads(strictly(strict, "json:json", SCHEMA, "Manifest", source, data))
    checker = Checker(source, interfaces)
    first, checked = checker.manifest(value)
    programs = list(dict.fromkeys([program["name"] for program in checked["programs"]]
                                  + checked.pop("also")))
    message = strictly(strict, "json:flat", schema, "BootManifest", source,
                       json.dumps(checked).encode())
    most = init_limit("MANIFEST_SIZE_MAX")
    if len(message) > most:
        raise ManifestError(f"{path}: it takes {len(message)} bytes in a package; init-min has "
                            f"room for {most}")
    fixed = {name for name in programs if checker.fixed.get(name)}
    scripts = checker.scripts(value.get("scripts", []), (first, "manifest", *programs))
    return Manifest(value, first, programs, fixed, message, scripts)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what would start from a manifest, with which grants and why.

    plan.py NAME|FILE [--preset P] [--tags A,B] [--overlay F] [--json]

Exit code 1: the manifest was refused, said in one sentence.
"""

import argparse
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "mkimage"), str(ROOT / "tools" / "methods")]

import manifest as manifests  # noqa: E402
import methods  # noqa: E402
import source as sources  # noqa: E402

FIRST = "init-min"
# What init-min has of its own, and what that lets somebody do.
OWN = {
    "console": ("DebugConsole", "prints lines, as many as it likes"),
    "timer": ("Timer", "reads the time and waits"),
    "job": ("Job", "makes processes, memory, endpoints; can use up all that init-min's job has"),
    "capabilities": ("CapabilityManager", "narrows and revokes what it holds; can use up facets"),
    "package": ("MemoryObject", "reads the manifest and every program of the package"),
    "log": ("LogReader", "says which pages of the log may be forgotten"),
    "log-pages": ("MemoryObject", "reads who was granted what, and every call's record"),
    "space": ("AddressSpace", "maps memory into its own addresses"),
    "ports": ("IoPorts", "has every port that the kernel does not use, and so every device"),
    "interrupts": ("Interrupt", "is told of every interrupt line, and can keep it closed"),
    "clock": ("MemoryObject", "reads what time it was when the kernel was last entered"),
    "programs": ("Job", "makes processes beside those of the manifest, and can end them all"),
    "callers": ("SessionMinter", "acts for who calls it and lets it, no longer than their session"),
}
# What init-min makes for its programs; the rest the kernel gives it.
MADE = ("programs", "callers")
RISKS = {
    "job": "can use up what every program needs",
    "programs": "can end every program",
    "log": "can have the log forget what nobody has read",
    "ports": "drives every device",
    "interrupts": "can keep every interrupt line closed",
}


def found(name):
    """The file of a manifest; a path stays one."""
    if "/" in name or name.endswith((".json", ".jsonnet")):
        return pathlib.Path(name)
    paths = [pathlib.Path(os.path.relpath(ROOT / folder / (name + suffix)))
             for folder in ("system/manifests", "site") for suffix in (".jsonnet", ".json")]
    return next((path for path in paths if path.is_file()), paths[0])


def methods_told(client, interfaces):
    interface = interfaces[client["interface"]]
    left = [name for name in interface.methods if name not in client["methods"]]
    told = ", ".join(client["methods"])
    return f"{told}; not {', '.join(left)}" if left else told


def grant_told(grant, interfaces):
    """(what it is, what it lets somebody do)"""
    if "own" in grant:
        name = grant["own"]
        interface, power = OWN[name]
        whose = {"space": "its own", "programs": "the job that all of them run in",
                 "callers": "of callers that say so"}
        return f"{interface}, {whose.get(name) or own_name(name)}", power
    if "server" in grant:
        return f"Endpoint {grant['server']}, the server's side", "answers what is called there"
    if "memory" in grant:
        memory = grant["memory"]
        return (f"MemoryObject, memory {memory['of']} that init-min keeps",
                "reads and writes it" if memory.get("write") else "reads it")
    if "ports" in grant:
        return (f"IoPorts {ports_told(grant['ports'])}, of init-min's own ports",
                "reads and writes these registers, and can do with them what the machine does")
    if "line" in grant:
        return (f"Interrupt {grant['line']}, of init-min's own interrupts",
                "is told of this line, and can keep it closed")
    if "bell" in grant:
        return "Notification, its own, another one for each start", "waits for it and signals it"
    client = grant["client"]
    return (f"{client['interface']}, a client of endpoint {client['endpoint']}",
            f"calls {methods_told(client, interfaces)}")


def ports_told(ports):
    return f"{ports['first']:#x} to {ports['first'] + ports['count'] - 1:#x}"


def own_name(name):
    return f"init-min's own {name}"


def label_of(program):
    """What init-min calls it."""
    return program.get("label") or program["name"]


def program_lines(number, program, interfaces):
    form = f"an ELF file, at {'known' if program.get('fixed') else 'random'} addresses"
    of = f"{program['name']}, " if label_of(program) != program["name"] else ""
    lines = [f"{number}. {label_of(program)} ({of}{form})"]
    if program.get("arguments"):
        lines.append(f"   arguments: {program['arguments']}")
    if program.get("keep"):
        lines.append("   is started again when it ends, and ended when all others have")
    if program.get("seat"):
        lines.append("   is somebody's seat: it starts again when it fails; the end of the "
                     "first one is the end of all")
    if program.get("session"):
        session = program["session"]
        lines.append(f"   in a session of its own: {session['name']}, profile "
                     f"{session['profile']}")
    if program.get("why"):
        lines.append(f"   because: {program['why']}")
    for grant in program.get("grants", []):
        what, power = grant_told(grant, interfaces)
        lines.append(f"   {grant['name']}: {what}")
        lines.append(f"      {power}")
        lines.append(f"      because: {grant.get('why') or 'the manifest gives no reason'}")
    if not program.get("grants"):
        lines.append("   is granted nothing")
    return lines


def users(programs, endpoint, side):
    def uses(grant):
        of = grant.get(side)
        return (of["endpoint"] if isinstance(of, dict) else of) == endpoint
    return [label_of(program) for program in programs
            if any(uses(grant) for grant in program.get("grants", []))]


def endpoint_lines(endpoints, programs):
    for endpoint in endpoints:
        name = endpoint["name"]
        servers, clients = users(programs, name, "server"), users(programs, name, "client")
        yield (f"{name}: messages of at most {endpoint['messageMax']} bytes; "
               f"served by {', '.join(servers) or 'nobody'}; "
               f"called by {', '.join(clients) or 'nobody'}")
    callers = users(programs, FIRST, "client")
    if callers:
        yield f"{FIRST}: its own; served by {FIRST} itself; called by {', '.join(callers)}"


def attention_lines(endpoints, programs):
    for endpoint in endpoints:
        name = endpoint["name"]
        if not users(programs, name, "server"):
            yield f"endpoint {name} has no server: calls to it end as disconnected"
        elif not users(programs, name, "client"):
            yield f"endpoint {name} has no clients"
    for program in programs:
        for grant in program.get("grants", []):
            if "halt" in grant.get("client", {}).get("methods", []):
                yield f"{label_of(program)} holds {grant['name']}: can halt the machine"
            if grant.get("own") in RISKS:
                yield f"{label_of(program)} holds {grant['own']}: {RISKS[grant['own']]}"
    yield from shared_lines(programs)


def shared_lines(programs):
    """Devices that two drivers hold."""
    held = [(label_of(program), grant) for program in programs
            for grant in program.get("grants", [])]
    for i, (left, mine) in enumerate(held):
        for right, other in held[i + 1:]:
            if left != right and ports_meet(mine.get("ports"), other.get("ports")):
                yield (f"{left} and {right} hold the same ports: "
                       f"{ports_told(mine['ports'])}, {ports_told(other['ports'])}")


def ports_meet(left, right):
    return bool(left and right and left["first"] < right["first"] + right["count"]
                and right["first"] < left["first"] + left["count"])


def plan_of(path, value, interfaces):
    """The lines of a checked manifest. interfaces: by name."""
    first, programs = value["first"], value.get("programs", [])
    endpoints = value.get("endpoints", [])
    given = ", ".join(name for name in OWN if name not in MADE)
    lines = [f"{path}", f"the kernel starts {first} with all that there is: {given}"]
    if first != FIRST:
        names = ", ".join(program["name"] for program in programs) or "none"
        return lines + [f"{first} decides what else starts; in the package: {names}"]
    told = [f"   {line}" for line in endpoint_lines(endpoints, programs)]
    lines += ["", "endpoints:", *told] if told else []
    lines += ["", "init-min starts, in this order:"]
    for number, program in enumerate(programs, 1):
        lines += program_lines(number, program, interfaces)
    attention = list(attention_lines(endpoints, programs))
    if attention:
        lines += ["", "attention:", *(f"   {line}" for line in attention)]
    return lines


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("manifest", help="a name from system/manifests/, or a file")
    parser.add_argument("--json", action="store_true", help="print the manifest as JSON")
    parser.add_argument("--strict", type=pathlib.Path, help="the program capnp-strict",
                        default=ROOT / "build/host/tools/capnp-strict")
    sources.Options.add_to(parser)
    parsed = parser.parse_args(arguments)
    path = found(parsed.manifest)
    try:
        interfaces = methods.read_lock(methods.LOCK)
        read = manifests.read(path, sources.Options.of(parsed), ROOT / "abi/schema/boot.capnp",
                              interfaces, parsed.strict)
    except (manifests.ManifestError, methods.MethodsError, OSError) as error:
        print(f"plan: {error}", file=sys.stderr)
        return 1
    by_name = {interface.name: interface for interface in interfaces.values()}
    print(json.dumps(read.value, indent=2) if parsed.json
          else "\n".join(plan_of(path, read.value, by_name)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

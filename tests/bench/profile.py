#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Follows one operation instruction by instruction and says where they go.

    profile.py [nop|timer|ping|ping80|ping960|enter|boot ...] [--rounds N] [--out FOLDER]

Boots the package `measure`, lets the operation run a few times, then executes N rounds of it one
instruction at a time. For each it writes FOLDER/profile-NAME.txt (default build/bench): the
instructions by program, by function as written (inlined ones by their own name), by function as
linked, by source line, and the way of one round through the code.
"""
import argparse
import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest"))
import blocks  # noqa: E402  pylint: disable=wrong-import-position
import guest  # noqa: E402  pylint: disable=wrong-import-position

# name: (function of programs/measure, operations in one call of it)
OPERATIONS = {
    "enter": ("operation_enter", 1),
    "nop": ("operation_nop_batch", 16),
    "timer": ("operation_timer_now", 1),
    "ping": ("operation_ping_pong", 1),
    "ping80": ("operation_ping_pong_80", 1),
    "ping960": ("operation_ping_pong_960", 1),
}
DEFAULTS = ["nop", "timer", "ping"]
PROGRAMS = ["measure", "measure-echo", "init-min"]
WARM_ROUNDS = 6
LINES_MAX = 60


class Image:
    """An ELF file that can say what its addresses are."""

    def __init__(self, name, path, base):
        self.name, self.path, self.base = name, path, base
        self.symbols = guest.symbols(path)
        self.known = {}

    def look_up(self, addresses):
        """Fills `known`: address -> (linked function, innermost function, file:line)."""
        wanted = sorted(set(addresses) - set(self.known))
        text = "\n".join(f"{address - self.base:#x}" for address in wanted)
        answer = subprocess.run(["addr2line", "-a", "-i", "-f", "-e", self.path], input=text,
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        blocks = answer.split("0x")[1:] if wanted else []
        here = os.getcwd() + "/"
        for address, block in zip(wanted, blocks):
            lines = block.splitlines()[1:]
            place = lines[1].split(" ")[0].replace(here, "")
            self.known[address] = (lines[-2], lines[0], place)


class Follower:
    """Executes rounds of one operation step by step."""

    def __init__(self, machine):
        self.machine = machine
        self.kernel = Image("kernel", guest.KERNEL, 0)
        self.images = [Image(name, f"build/x86_64/programs/{name}.elf", guest.IMAGE_BASE)
                       for name in PROGRAMS]
        self.by_space = {}

    def image_of(self, address):
        """Whose code it is: programs share addresses, so their code is compared."""
        if address >> 47:
            return self.kernel
        space = self.machine.page_table()
        if space not in self.by_space:
            self.by_space[space] = next(image for image in self.images if self.is_mapped(image))
        return self.by_space[space]

    def is_mapped(self, image):
        address = image.symbols["tsr_main"]
        code = guest.file_bytes(image.path, address, 64)
        return self.machine.memory(image.base + address, 64) == code

    def find(self, image, address):
        """Runs until this image, and no other one, is at the address."""
        while True:
            self.machine.run_to(address)
            if self.image_of(address) is image:
                return
            self.machine.step()

    def rounds(self, function, rounds):
        """[(image, address)] of each instruction, for each round."""
        image = self.images[0]
        begin = image.base + image.symbols[function]
        for _ in range(WARM_ROUNDS):
            self.find(image, begin)
            self.machine.step()
        self.find(image, begin)
        result = []
        for _ in range(rounds):
            one, address, current = [], begin, image
            while not one or address != begin or current is not image:
                one.append((current, address))
                address, before = self.machine.step(), address
                if (address >> 47) != (before >> 47):
                    current = self.image_of(address)
            result.append(one)
        return result


def table(title, counts, total, rounds, limit=LINES_MAX):
    yield ""
    yield title
    for (image, name), count in counts.most_common(limit):
        yield f"  {count / rounds:9.1f} {100 * count / total:5.1f} %  {image:13} {name}"


def way(steps):
    """The path of one round: how many instructions in which linked function, in order."""
    last, count = None, 0
    for image, address in steps:
        here = (image.name, image.known[address][0])
        if here != last and last is not None:
            yield f"  {count:6}  {last[0]:13} {last[1]}"
            count = 0
        last = here
        count += 1
    yield f"  {count:6}  {last[0]:13} {last[1]}"


def report(name, operations, rounds):
    steps = [step for one in rounds for step in one]
    addresses = collections.defaultdict(list)
    for image, address in steps:
        addresses[image].append(address)
    for image, of_image in addresses.items():
        image.look_up(of_image)
    total, many = len(steps), len(rounds)
    per_program, linked, written, places = (collections.Counter() for _ in range(4))
    for image, address in steps:
        outer, inner, place = image.known[address]
        per_program[image.name, ""] += 1
        linked[image.name, outer] += 1
        written[image.name, inner] += 1
        places[image.name, f"{inner} {place}"] += 1
    yield (f"{name}: {total / many:.1f} instructions a round, loop included; "
           f"{operations} operation(s) a round: {total / many / operations:.1f} each")
    yield from table("by program", per_program, total, many)
    yield from table("by function as linked (what is inlined counts for its caller)", linked,
                     total, many)
    yield from table("by function as written (what is inlined counts for itself)", written,
                     total, many)
    yield from table("by source line", places, total, many, 80)
    yield ""
    yield "the way of one round, by linked function"
    yield from way(rounds[-1])


def report_boot():
    """Where the kernel's start goes, by block of code."""
    image = Image("kernel", guest.KERNEL, 0)
    counts = blocks.count_boot("measure", "512M")
    image.look_up(counts)
    linked, written, places = (collections.Counter() for _ in range(3))
    for address, count in counts.items():
        outer, inner, place = image.known[address]
        linked["kernel", outer] += count
        written["kernel", inner] += count
        places["kernel", f"{inner} {place}"] += count
    total = sum(counts.values())
    yield f"boot: {total} instructions from the kernel's entry to the first one of a program"
    yield from table("by function as linked", linked, total, 1)
    yield from table("by function as written", written, total, 1)
    yield from table("by source line of a block's start", places, total, 1)


def report_operation(name, rounds):
    function, operations = OPERATIONS[name]
    with guest.Guest("measure") as machine:
        steps = Follower(machine).rounds(function, rounds)
    return report(name, operations, steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*OPERATIONS, "boot"]))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", default="build/bench")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    for name in arguments.names or DEFAULTS:
        lines = list(report_boot() if name == "boot" else
                     report_operation(name, arguments.rounds))
        path = os.path.join(arguments.out, f"profile-{name}.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        print(f"{lines[0]}\n    {path}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

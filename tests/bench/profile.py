#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Follows one operation instruction by instruction and says where they go.

    profile.py [nop|timer|ping|ping80|ping960|enter|boot ...] [--rounds N] [--out FOLDER]

Boots the package `measure`, lets the operation run a few times, then executes N rounds of it one
instruction at a time, and keeps the shortest: time jumps while the machine is stopped, so that some
contain a timer's work. For each it writes FOLDER/profile-NAME.txt (default build/bench): the
instructions by program, by kind, by function as linked, by function as written (inlined ones by
their own name), by source line, and the way of the round through the code.
"""
import argparse
import collections
import os
import re
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
FIRST = "init-min"
PROGRAMS = ["measure", "measure-echo", FIRST]
WARM_ROUNDS = 6
KINDS = {  # name: what objdump's text begins with
    "save and restore registers (push, pop)": re.compile("push|pop"),
    "call and return": re.compile("call|ret"),
    "frame pointer, stack pointer": re.compile(r"mov +%rsp,%rbp|leave|(add|sub|lea|and) .*%rsp$"),
    "jump": re.compile("j"),
    "compare": re.compile("cmp|test|bt "),
    "load": re.compile(r"mov\w* .*\(.*\),%"),
    "store": re.compile(r"mov\w* .*,[^,]*\([^)]*\)$"),
    "string": re.compile("rep"),
}
LINES_MAX = 60


class Image:
    """An ELF file that can say what its addresses are."""

    def __init__(self, name, path, base):
        self.name, self.path, self.base = name, path, base
        self.symbols = guest.symbols(path)
        self.known = {}
        self.words = {}

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

    def kind(self, address):
        """What an instruction is for, as far as its name tells."""
        if not self.words:
            lines = subprocess.run(["objdump", "-d", "--no-show-raw-insn", self.path],
                                   stdout=subprocess.PIPE, text=True, check=True).stdout
            for line in lines.splitlines():
                place, _, text = line.strip().partition(":\t")
                if text:
                    self.words[int(place, 16)] = text
        text = self.words.get(address - self.base, "?")
        return next((name for name, shape in KINDS.items() if shape.match(text)), "other")


class Follower:
    """Executes rounds of one operation step by step."""

    def __init__(self, machine):
        self.machine = machine
        self.kernel = Image("kernel", guest.KERNEL, 0)
        self.images = [Image(name, path, guest.image_base(path, name == FIRST))
                       for name in PROGRAMS
                       for path in [f"build/x86_64/programs/{name}.elf"]]
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


def table(title, counts, total, limit=LINES_MAX):
    yield ""
    yield title
    for (image, name), count in counts.most_common(limit):
        yield f"  {count:9} {100 * count / total:5.1f} %  {image:13} {name}"


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
    steps = min(rounds, key=len)
    for image in {image for image, _ in steps}:
        image.look_up(address for of, address in steps if of is image)
    per_program, kinds, linked, written, places = (collections.Counter() for _ in range(5))
    for image, address in steps:
        outer, inner, place = image.known[address]
        per_program[image.name, ""] += 1
        kinds[image.name, image.kind(address)] += 1
        linked[image.name, outer] += 1
        written[image.name, inner] += 1
        places[image.name, f"{inner} {place}"] += 1
    total = len(steps)
    yield (f"{name}: {total} instructions a round, loop included; {operations} operation(s) a "
           f"round, {total / operations:.1f} each (rounds: "
           f"{', '.join(str(len(one)) for one in rounds)})")
    yield from table("by program", per_program, total)
    yield from table("by kind of instruction", kinds, total)
    yield from table("by function as linked (what is inlined counts for its caller)", linked, total)
    yield from table("by function as written (what is inlined counts for itself)", written, total)
    yield from table("by source line", places, total, 80)
    yield ""
    yield "the way of the round, by linked function"
    yield from way(steps)


def report_boot():
    """Where the kernel's start goes."""
    image = Image("kernel", guest.KERNEL, 0)
    counts = blocks.count_boot("first-call", "512M")
    image.look_up(counts)
    linked, written, places = (collections.Counter() for _ in range(3))
    for address, count in counts.items():
        outer, inner, place = image.known[address]
        linked["kernel", outer] += count
        written["kernel", inner] += count
        places["kernel", f"{inner} {place}"] += count
    total = sum(counts.values())
    yield f"boot: {total} instructions from the kernel's entry to the first one of a program"
    yield from table("by function as linked", linked, total)
    yield from table("by function as written", written, total)
    yield from table("by source line", places, total)


def report_operation(name, rounds):
    function, operations = OPERATIONS[name]
    with guest.Guest("measure") as machine:
        steps = Follower(machine).rounds(function, rounds)
    return report(name, operations, steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*OPERATIONS, "boot"]))
    parser.add_argument("--rounds", type=int, default=3)
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

# SPDX-License-Identifier: Apache-2.0
"""What a script wants the far ends of the serial ports to do: for each port a list of steps, one
after the other, the ports beside each other.

    send TEXT     the bytes of TEXT, in which \\n \\r \\e \\\\ and \\xHH are what they are in C
    wait TEXT     until the machine has sent TEXT, after what was waited for before
    echo COUNT    sends so many bytes that look like chance and waits until just these came back
    break         holds the line
    hang-up       the carrier goes (simulator)
    call          ... and comes back
"""
import random
import re

ESCAPES = {"n": b"\n", "r": b"\r", "e": b"\x1b", "\\": b"\\"}
TAIL = 200  # bytes that a message shows


class Wrong(Exception):
    """A step that can't be understood, or did not come out as it should."""


def unescape(text):
    def one(match):
        if match[1][0] == "x":
            return chr(int(match[1][1:], 16))
        return ESCAPES[match[1]].decode("latin-1")
    shown = text.encode().decode("latin-1")
    return re.sub(r"\\(n|r|e|\\|x[0-9a-fA-F]{2})", one, shown).encode("latin-1")


def noise(port, count):
    """Anything but C-d, which ends an echo."""
    chance = random.Random(port)
    return bytes(chance.choice(range(5, 256)) for _ in range(count))


class Step:
    def __init__(self, port, text):
        self.port, self.text = port, text
        self.verb, _, rest = text.partition(" ")
        if self.verb in ("send", "wait") and rest:
            self.bytes = unescape(rest)
        elif self.verb == "echo" and rest.isdigit():
            self.bytes = noise(port, int(rest))
        elif self.verb not in ("break", "hang-up", "call") or rest:
            raise Wrong(f"not understood: {text}")


class Player:
    """Plays the steps at far ends (far.py): received() and turn() are what those call."""

    def __init__(self, steps, ends):
        self.ends = ends
        self.steps = {}
        for step in steps:
            self.steps.setdefault(step.port, []).append(step)
        self.begun = {port: False for port in self.steps}
        self.said = {}  # what a port sent and nobody waited for yet
        self.all = {}

    def received(self, port, data):
        self.said[port] = self.said.get(port, b"") + data
        self.all[port] = self.all.get(port, b"") + data

    def turn(self):
        for port in self.steps:
            while self.steps[port] and self.is_done(port, self.steps[port][0]):
                self.steps[port].pop(0)
                self.begun[port] = False

    def is_done(self, port, step):
        if not self.begun[port]:
            self.begun[port] = True
            actions = {"send": lambda: self.ends.send(port, step.bytes),
                       "echo": lambda: self.ends.send(port, step.bytes),
                       "wait": lambda: None,
                       "break": lambda: self.ends.send_break(port),
                       "hang-up": lambda: self.ends.carrier(port, False),
                       "call": lambda: self.ends.carrier(port, True)}
            actions[step.verb]()
        said = self.said.get(port, b"")
        if step.verb == "wait":
            before, found, self.said[port] = said.partition(step.bytes)
            if not found:
                self.said[port] = before
            return bool(found)
        if step.verb == "echo":
            size = min(len(said), len(step.bytes))
            if said[:size] != step.bytes[:size]:
                at = next(i for i in range(size) if said[i] != step.bytes[i])
                raise Wrong(f"port {port}: byte {at} of what came back is another one: "
                            f"{said[at:at + 8].hex()}, sent was {step.bytes[at:at + 8].hex()}")
            if size < len(step.bytes):
                return False
            self.said[port] = said[size:]
        return True

    def end(self):
        for port, left in self.steps.items():
            if left:
                tail = self.all.get(port, b"")[-TAIL:]
                raise Wrong(f"port {port}: not done: {left[0].text}\n"
                            f"what it sent ends with {tail!r}")

# SPDX-License-Identifier: Apache-2.0
"""What a script wants the far ends of the serial ports to do: for each port a list of steps, one
after the other, the ports beside each other.

    send TEXT     the bytes of TEXT, in which \\n \\r \\e \\\\ and \\xHH are what they are in C
    wait TEXT     until the machine has sent TEXT, after what was waited for before
    echo COUNT    sends so many bytes that look like chance and waits until just these came back
    typed NAME    somebody types programs/typist/scripts/NAME.typed: each line with enter behind
                  it, once a prompt stands in the last row; programs/typist says what else
    meet NAME     until every port that has such a step is there
    break         holds the line
    hang-up       the carrier goes (simulator)
    call          ... and comes back
"""
import pathlib
import random
import re

import screen

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = "programs/typist/scripts"
PROMPTS = ("$ ", "> ", "? ")
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


def keys(line):
    """What a line of a typed script is when it is typed: its bytes, with enter behind them unless
    it ends in \\-."""
    named = {"t": b"\t", "e": b"\x1b", "-": b""}

    def one(match):
        escape = match[1]
        if escape[0] == "c":
            return chr(ord(escape[1]) & 0x1f)
        if escape[0] == "x":
            return chr(int(escape[1:], 16))
        return named.get(escape, escape.encode()).decode("latin-1")
    shown = line.encode().decode("latin-1")
    typed = re.sub(r"\\(c.|x[0-9a-fA-F]{2}|.)", one, shown).encode("latin-1")
    return typed if line.endswith("\\-") else typed + b"\r"


def script_lines(name):
    """Of a typed script; what stands before each of them: None for a prompt, or a row."""
    path = ROOT / SCRIPTS / f"{name}.typed"
    if not path.is_file():
        raise Wrong(f"there is no script {SCRIPTS}/{name}.typed")
    lines, awaited = [], None
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("@row "):
            awaited = line.removeprefix("@row ")
        elif line.startswith("@"):
            raise Wrong(f"{path}: not understood here: {line}")
        elif line and not line.startswith("#"):
            lines.append((awaited, line))
            awaited = None
    return lines


class Typing:
    """Somebody who types a script at a port, and sees its rows."""

    def __init__(self, name, send):
        self.lines, self.send = script_lines(name), send
        self.rows = []
        self.is_entered = False  # a line was typed, and its row is not over yet

    def row_ended(self, text):
        self.rows.append(text)
        self.is_entered = False

    def go_on(self, row):
        """Types what can be typed; whether all was."""
        while self.lines:
            awaited, line = self.lines[0]
            is_time = awaited in self.rows if awaited else (
                not self.is_entered and row.endswith(PROMPTS))
            if not is_time:
                return False
            self.rows.clear()
            self.lines.pop(0)
            self.is_entered = True
            self.send(keys(line))
        return True


class Step:
    def __init__(self, port, text):
        self.port, self.text = port, text
        self.verb, _, rest = text.partition(" ")
        if self.verb in ("send", "wait") and rest:
            self.bytes = unescape(rest)
        elif self.verb in ("typed", "meet") and rest:
            self.name = rest
            if self.verb == "typed":
                script_lines(rest)
        elif self.verb == "echo" and rest.isdigit():
            self.bytes = noise(port, int(rest))
        elif self.verb not in ("break", "hang-up", "call") or rest:
            raise Wrong(f"not understood: {text}")

    def is_meeting(self, name):
        return self.verb == "meet" and self.name == name


class Player:
    """Plays the steps at far ends (far.py): received() and turn() are what those call. shown is
    called with port and text of each row that is over."""

    def __init__(self, steps, ends, shown=lambda port, text: None):
        self.ends, self.shown = ends, shown
        self.screens, self.typing = {}, {}
        self.steps = {}
        for step in steps:
            self.steps.setdefault(step.port, []).append(step)
            self.screens.setdefault(step.port, screen.Screen(self.row_ended(step.port)))
        self.begun = {port: False for port in self.steps}
        self.said = {}  # what a port sent and nobody waited for yet
        self.all = {}

    def row_ended(self, port):
        def ended(text):
            if port in self.typing:
                self.typing[port].row_ended(text)
            self.shown(port, text)
        return ended

    def received(self, port, data):
        if port in self.screens:
            self.screens[port].show(data)
        self.said[port] = self.said.get(port, b"") + data
        self.all[port] = self.all.get(port, b"") + data

    def turn(self):
        while any([self.port_turn(port) for port in self.steps]):
            pass

    def port_turn(self, port):
        """Whether anything of it was done."""
        has_moved = False
        while self.steps[port] and self.is_done(port, self.steps[port][0]):
            self.steps[port].pop(0)
            self.begun[port] = False
            has_moved = True
        return has_moved

    def has_met(self, name):
        return all(steps[0].is_meeting(name) for steps in self.steps.values()
                   if any(step.is_meeting(name) for step in steps))

    def is_done(self, port, step):
        if not self.begun[port]:
            self.begun[port] = True
            actions = {"send": lambda: self.ends.send(port, step.bytes),
                       "echo": lambda: self.ends.send(port, step.bytes),
                       "typed": lambda: self.sit_down(port, step.name),
                       "wait": lambda: None,
                       "meet": lambda: None,
                       "break": lambda: self.ends.send_break(port),
                       "hang-up": lambda: self.ends.carrier(port, False),
                       "call": lambda: self.ends.carrier(port, True)}
            actions[step.verb]()
        said = self.said.get(port, b"")
        if step.verb == "meet":
            return self.has_met(step.name)
        if step.verb == "typed":
            return self.typing[port].go_on(self.screens[port].row)
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

    def sit_down(self, port, name):
        self.typing[port] = Typing(name, lambda data: self.ends.send(port, data))

    def end(self):
        for port, left in self.steps.items():
            if left:
                tail = self.all.get(port, b"")[-TAIL:]
                raise Wrong(f"port {port}: not done: {left[0].text}\n"
                            f"what it sent ends with {tail!r}")

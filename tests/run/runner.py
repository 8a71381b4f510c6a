#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs scripts of whole-system tests: boot, wait for lines, compare transcripts.

    runner.py [--platform P] FILE.run ...

tests/run/README.md describes the language. Each run prints a line as cmocka does
(`[       OK ] name` or `[  FAILED  ] name`); transcripts and commit logs stay in build/test/run/.
"""
import argparse
import itertools
import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import time

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools")
sys.path[:0] = [os.path.join(TOOLS, "boot"), os.path.join(TOOLS, "run")]
# pylint: disable=wrong-import-position
import boot  # noqa: E402
import far   # noqa: E402
import play  # noqa: E402

FOLDER = "build/test/run"
DEADLINE_SECONDS = 120
TAIL_LINES = 12
# The axes of a script's runs, with what a script has that doesn't name them.
AXES = {"cpu": "max", "memory": "128M", "seed": "1", "machine": "pc", "cpus": "1", "loader": "pvh"}
# Those that a platform has.
PRESENT = {"sim": ("memory", "seed", "cpus"), "sim-asan": ("memory", "seed", "cpus"),
           "x86_64": ("cpu", "memory", "machine", "cpus", "loader")}
# How the lines of a program begin: process, name; and the rows that a port's terminal shows.
SPEAKER = re.compile(r"(?:\[\S*\] ([^:]*): |(port \d)\|)")
# How the lines begin that a machine prints about itself.
OWN = ("x86_64: ", "sim: ")


class ScriptError(Exception):
    """A line of a script that can't be understood."""


class Failure(Exception):
    """What a run found wrong, as text for the reader."""


def pattern(text):
    """A literal line in which `*` stands for the rest of a word: an id, a time, a digest."""
    return re.compile(r"\S*".join(re.escape(part) for part in text.split("*")) + r"\Z")


def speaker(line):
    """Whose lines come in an order of their own: a program's; any other line stands alone."""
    said = SPEAKER.match(line)
    return (said[1] or said[2]) if said else line


class Script:
    """One .run file, read."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.platforms, self.package, self.suite = [], None, None
        self.matrix = {axis: [value] for axis, value in AXES.items()}
        self.append = ""
        self.expected, self.exit, self.hosts, self.steps = [], 0, [], []
        self.optional, self.mixed = [], []
        self.exact = self.by_program = self.same_transcript = self.rows = False
        self.deadline = DEADLINE_SECONDS
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                line = line.rstrip("\n")
                if line.strip() and not line.startswith("#"):
                    self._read(number, line)
        if not self.platforms or not (self.package or self.suite):
            raise ScriptError(f"{path}: needs a `platform` and a `boot` or `suite` line")

    def _read(self, number, line):
        word, _, rest = line.strip().partition(" ")
        if word == "platform" and set(rest.split()) <= set(boot.PLATFORMS) and rest:
            self.platforms = rest.split()
        elif word == "boot" and rest:
            self.package = rest
        elif word == "suite" and rest:
            self.suite = rest
        elif word == "append" and rest:
            self.append = f"{self.append} {rest}".strip()
        elif word in self.matrix and rest:
            self.matrix[word] = rest.split()
        elif word == "expect":
            self.expected.append(rest)
        elif word == "may" and rest:
            self.optional.append(pattern(rest))
        elif word == "mixed" and rest:
            self.mixed.append(rest)
        elif word == "port" and rest[:2] in ("2 ", "3 "):
            try:
                self.steps.append(play.Step(int(rest[0]), rest[2:]))
            except play.Wrong as error:
                raise ScriptError(f"{self.path}:{number}: {error}") from error
        elif word == "exit" and rest.isdigit():
            self.exit = int(rest)
        elif word == "deadline" and rest.isdigit():
            self.deadline = int(rest)
        elif word == "host" and rest:
            self.hosts.append((rest, []))
        elif word == "prints" and self.hosts:
            self.hosts[-1][1].append(rest)
        elif line.strip() in ("exact", "by-program", "same-transcript", "rows"):
            setattr(self, line.strip().replace("-", "_"), True)
        else:
            raise ScriptError(f"{self.path}:{number}: not understood: {line.strip()}")

    def runs(self, only):
        """(platform, options) of each run; an option that it lacks doesn't multiply."""
        for platform in self.platforms:
            if only in (None, platform):
                axes = {axis: self.matrix[axis] for axis in PRESENT[platform]}
                for values in itertools.product(*axes.values()):
                    yield platform, dict(zip(axes, values))

    def run_name(self, platform, options):
        """Which of its runs it is: what all of them have in common is left out."""
        varied = [value for axis, value in options.items() if len(self.matrix[axis]) > 1]
        return "-".join([self.name, platform, *varied])


class Matcher:
    """Follows the expected lines through a console, in order: of all, or of each program."""

    def __init__(self, script):
        self.script = script
        self.seen, self.waiting = [], list(script.expected)

    def next(self):
        """The places in `waiting` of the lines that may come now."""
        if not self.script.by_program:
            return [0] if self.waiting else []
        firsts = {}
        for place, line in enumerate(self.waiting):
            firsts.setdefault(speaker(line), place)
        return list(firsts.values())

    def line(self, text):
        if any(optional.match(text) for optional in self.script.optional):
            return
        self.seen.append(text)
        for place in self.next():
            if pattern(self.waiting[place]).match(text):
                del self.waiting[place]
                return
        if self.script.exact and not text.startswith(OWN):
            raise Failure(self.mismatch())

    def row(self, port, text):
        if self.script.rows:
            self.line(f"port {port}| {text}".rstrip())

    def end(self):
        if self.waiting:
            raise Failure(self.mismatch())

    def mismatch(self):
        """What was waited for, and what came last."""
        wanted = [self.waiting[place] for place in self.next()] or ["(the end of the run)"]
        tail = self.seen[-TAIL_LINES:] or ["(no line at all)"]
        return "\n".join(["expected next:"] + ["  - " + line for line in wanted]
                         + ["the console's last lines:"] + ["  + " + line for line in tail])


def start(line, transcript, ends):
    with open(transcript + ".errors", "wb") as errors:
        child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=errors, start_new_session=True,
                                 pass_fds=ends.pass_fds if ends else ())
    if ends:
        ends.started()
    return child


def play_while(ready, selector, player):
    """The far ends that can go on do."""
    ends = player.ends
    try:
        for key, _ in ready:
            if key.fileobj in ends.sockets():
                ends.step(key.fileobj, player.received, player.turn)
        for end in ends.sockets():
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if end in ends.eager() else 0)
            selector.modify(end, wanted)
    except far.Gone:
        for end in ends.sockets():
            selector.unregister(end)
        player.ends = None


def follow(child, matcher, transcript, deadline, player):
    """Reads the console until it closes, feeding whole lines to the matcher, and plays the far ends
    of the serial ports meanwhile."""
    selector = selectors.DefaultSelector()
    selector.register(child.stdout, selectors.EVENT_READ)
    for end in player.ends.sockets() if player else []:
        selector.register(end, selectors.EVENT_READ)
    if player:
        player.turn()
    pending = b""
    with open(transcript, "wb") as copy:
        while True:
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise Failure(f"not over after {matcher.script.deadline} seconds\n"
                              + matcher.mismatch())
            if player and player.ends:
                play_while(ready, selector, player)
            if all(key.fileobj is not child.stdout for key, _ in ready):
                continue
            chunk = os.read(child.stdout.fileno(), 65536)
            copy.write(chunk)
            copy.flush()
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines + ([pending] if not chunk and pending else []):
                matcher.line(line.decode(errors="replace").rstrip("\r"))
            if not chunk:
                return


def check_hosts(script, log):
    """Runs the host commands; each must end with status 0 and print its lines in order."""
    for command, prints in script.hosts:
        words = shlex.split(command.replace("$LOG", log)
                            .replace("$SYSLOG", boot.syslog_path(log)))
        tool = f"build/host/tools/{words[0]}"
        words[0] = tool if os.path.exists(tool) else words[0]
        run = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             timeout=script.deadline, check=False)
        lines = run.stdout.splitlines()
        if run.returncode != 0:
            raise Failure(f"`{command}` ended with status {run.returncode}:\n{run.stdout}")
        at = 0
        for wanted in prints:
            found = [i for i in range(at, len(lines)) if pattern(wanted).match(lines[i])]
            if not found:
                raise Failure(f"`{command}` should print\n  - {wanted}\nit printed\n"
                              + "\n".join("  + " + line for line in lines))
            at = found[0] + 1


def attempt_end(player):
    try:
        player.end()
    except play.Wrong as error:
        raise Failure(str(error)) from error


def run_once(script, platform, options, base):
    """Boots once; returns the console's lines."""
    log, transcript = base + ".log", base + ".transcript"
    for stale in (log, transcript):
        if os.path.exists(stale):
            os.unlink(stale)
    ends = far.open_ends(platform) if script.steps else None
    matcher = Matcher(script)
    player = play.Player(script.steps, ends, matcher.row) if ends else None
    line = boot.command(platform, script.package, log, suite=script.suite, append=script.append,
                        far=ends, **options)
    child = start(line, transcript, ends)
    deadline = time.monotonic() + script.deadline
    try:
        follow(child, matcher, transcript, deadline, player)
        status = child.wait(max(1.0, deadline - time.monotonic()))
    except play.Wrong as error:
        raise Failure(str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise Failure("the console closed but the machine goes on") from error
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()
        if ends:
            ends.close()
    boot.collect(platform, log)
    if player:
        attempt_end(player)
    matcher.end()
    if boot.exit_code(platform, status) != script.exit:
        with open(transcript + ".errors", encoding="utf-8", errors="replace") as errors:
            raise Failure(f"exit code {boot.exit_code(platform, status)} (status {status}), "
                          f"expected {script.exit}\n{errors.read()}")
    check_hosts(script, log)
    return matcher.seen


def standing(script, line):
    """Where a line stands among those of a run whose programs speak in any order."""
    name = speaker(line)
    return name, line if name in script.mixed else ""


def compare(script, seen):
    """The runs' transcripts must be equal, but for wildcards and lines of the platform itself."""
    patterns = [(text, pattern(text)) for text in script.expected]
    plain = {name: [next((text for text, p in patterns if p.match(line)), line)
                    for line in lines if not line.startswith(OWN)]
             for name, lines in seen.items()}
    if script.by_program:  # sorting keeps the order of a program's own lines, unless it is mixed
        plain = {name: sorted(lines, key=lambda line: standing(script, line))
                 for name, lines in plain.items()}
    (first, wanted), *others = plain.items()
    for name, lines in others:
        for number, pair in enumerate(itertools.zip_longest(wanted, lines), 1):
            if pair[0] != pair[1]:
                raise Failure(f"line {number} differs between\n  - {first}: {pair[0]}\n"
                              f"  + {name}: {pair[1]}")


def report(name, failure):
    if failure:
        print("\n".join("    " + line for line in str(failure).splitlines()))
    print(f"[  FAILED  ] {name}" if failure else f"[       OK ] {name}", flush=True)
    return bool(failure)


def attempt(name, action):
    """Runs action, reports it; returns (its result or None, whether it failed)."""
    try:
        result = action()
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        return None, report(name, failure)
    return result, report(name, None)


def run_script(path, only):
    """All runs of one script; returns how many failed."""
    script = Script(path)
    failed, seen = 0, {}
    runs = list(script.runs(only))
    os.makedirs(FOLDER, exist_ok=True)
    for platform, options in runs:
        name = script.run_name(platform, options)
        lines, bad = attempt(name, lambda: run_once(script, platform, options,
                                                    os.path.join(FOLDER, name)))
        failed += bad
        if not bad:
            seen[name] = lines
    if script.same_transcript and len(runs) > 1 and not failed:
        failed += attempt(f"{script.name}-same-transcript", lambda: compare(script, seen))[1]
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=boot.PLATFORMS)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    failed = 0
    for path in arguments.files:
        try:
            failed += run_script(path, arguments.platform)
        except ScriptError as error:
            print(error)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A machine with you at its second serial port: what it sends is shown here, what you type is sent.
What is typed before the machine has said anything waits for that. Where input is no terminal and
ends, C-d is typed behind it.

    terminal.py PLATFORM --package NAME [...]   boots; COM1, the kernel's log, goes to a file
    terminal.py --connect SOCKET                at the third port of a machine that runs so

C-a x leaves, C-a b holds the line (a break: the next session), C-a C-a sends C-a, C-a h says this.
When this terminal gets another size, the machine is told as terminals tell it: ESC [ 8 ; ROWS ;
COLUMNS t. The third port is a socket; who leaves it holds the line for the next one.
"""
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import termios
import tty

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/boot"), str(ROOT / "tools/run")]
import boot  # noqa: E402  pylint: disable=wrong-import-position
import far   # noqa: E402  pylint: disable=wrong-import-position

CONSOLE, SOCKET = "build/run/console.log", "build/run/com3.sock"
COMMAND, END = 1, b"\x04"  # C-a, C-d
CHUNK = 65536
UNSEEN_MAX = 4096
INTRODUCTION = """\
Booting {package} on {platform}; you are at its second serial port.
How to leave: `exit` ends the system and verifies its log, C-a x leaves at once, C-a h says what
else. The log of kernel and services goes to {console}.
A second session, from another terminal: tools/run/terminal.py --connect {socket}
"""
HELP = "\r\nC-a x leaves, C-a b holds the line, C-a C-a sends C-a, C-a h says this.\r\n"


class Keys:
    """What is typed: bytes to send, and commands behind C-a."""

    def __init__(self, send, commands):
        self.send, self.commands = send, commands
        self.is_command = False

    def typed(self, data):
        plain = b""
        for byte in data:
            if not self.is_command:
                self.is_command = byte == COMMAND
                plain += b"" if self.is_command else bytes([byte])
                continue
            self.is_command = False
            command = self.commands.get(chr(byte).lower())
            if byte == COMMAND:
                plain += bytes([COMMAND])
            elif command:
                self.send(plain)
                plain = b""
                command()
        if plain:
            self.send(plain)


class Screen:
    """This terminal, raw while it is used; whatever happens it is as before afterwards."""

    def __init__(self, resized):
        self.is_terminal = os.isatty(0)
        self.resized = resized
        self.before = None
        self.bell = socket.socketpair()  # rung by the signal, heard by the loop
        for end in self.bell:
            end.setblocking(False)

    def __enter__(self):
        if self.is_terminal:
            self.before = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSADRAIN)  # what is typed already stays
            signal.signal(signal.SIGWINCH, lambda *_: None)
            signal.set_wakeup_fd(self.bell[1].fileno())
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: leave())
        return self

    def __exit__(self, *_):
        if self.is_terminal:
            signal.set_wakeup_fd(-1)
            termios.tcsetattr(0, termios.TCSADRAIN, self.before)

    def rung(self):
        self.bell[0].recv(CHUNK)
        size = os.get_terminal_size(0)
        self.resized(f"\x1b[8;{size.lines};{size.columns}t".encode())

    @staticmethod
    def show(data):
        view = memoryview(data)
        while view:
            view = view[os.write(1, view):]


class Left(Exception):
    """Whoever sits here has had enough."""


def leave():
    raise Left


class Third:
    """The third port as a socket: one client at a time, who is told if another one is there."""

    def __init__(self, path, ends):
        pathlib.Path(path).unlink(missing_ok=True)
        self.path, self.ends, self.client = path, ends, None
        self.unseen = b""  # what came while nobody was there: the end of it
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)

    def sockets(self):
        return [self.listener] + ([self.client] if self.client else [])

    def close(self):
        for end in self.sockets():
            end.close()
        pathlib.Path(self.path).unlink(missing_ok=True)

    def received(self, data):
        if not self.client:
            self.unseen = (self.unseen + data)[-UNSEEN_MAX:]
            return
        try:
            self.client.sendall(data)
        except OSError:
            self.lose()

    def lose(self):
        """Nobody sees what was meant for who has left."""
        self.client.close()
        self.client = None
        self.ends.send_break(3)

    def step(self, ready):
        if ready is self.listener:
            client, _ = self.listener.accept()
            if self.client:
                client.sendall(b"Somebody else is at this port.\r\n")
                client.close()
            else:
                self.client = client
                self.received(self.unseen)
                self.unseen = b""
            return
        try:
            data = self.client.recv(CHUNK)
        except OSError:
            data = b""
        if data:
            self.ends.send(3, data)
        else:
            self.lose()


class Second:
    """The second port. A driver that starts forgets what came before it."""

    def __init__(self, ends):
        self.ends, self.early, self.is_up = ends, b"", False

    def send(self, data):
        if self.is_up:
            self.ends.send(2, data)
        else:
            self.early += data

    def received(self, data):
        self.is_up = True
        early, self.early = self.early, b""
        if early:
            self.ends.send(2, early)
        Screen.show(data)


def sit(ends, third):
    """Until the machine ends, or Left."""
    second = Second(ends)
    keys = Keys(second.send, {"x": leave, "b": lambda: ends.send_break(2),
                              "h": lambda: Screen.show(HELP.encode())})
    show = {2: second.received, 3: third.received}
    with Screen(second.send) as screen:
        is_typing = True
        while True:
            selector = selectors.PollSelector()  # input may be a file
            for end in ends.sockets():
                write = selectors.EVENT_WRITE if end in ends.eager() else 0
                selector.register(end, selectors.EVENT_READ | write)
            for end in [screen.bell[0], *third.sockets(), *([0] if is_typing else [])]:
                selector.register(end, selectors.EVENT_READ)
            for key, _ in selector.select():
                if key.fileobj == 0:
                    data = os.read(0, CHUNK)
                    is_typing = bool(data)
                    keys.typed(data or END)
                elif key.fileobj is screen.bell[0]:
                    screen.rung()
                elif key.fileobj in ends.sockets():
                    ends.step(key.fileobj, lambda port, data: show[port](data), lambda: None)
                elif key.fileobj in third.sockets():
                    third.step(key.fileobj)
            selector.close()


def machine(arguments, log):
    ends = far.open_ends(arguments.platform, is_live=True)
    third = Third(SOCKET, ends)
    line = boot.command(arguments.platform, arguments.package, log, arguments.cpu,
                        arguments.memory, arguments.seed, f"file:{CONSOLE}", far=ends,
                        machine=arguments.machine, cpus=arguments.cpus, append=arguments.append)
    print(INTRODUCTION.format(package=arguments.package, platform=arguments.platform,
                              console=CONSOLE, socket=SOCKET), flush=True)
    with open(CONSOLE, "wb") as console:
        child = subprocess.Popen(line, pass_fds=ends.pass_fds, stdin=subprocess.DEVNULL,
                                 stdout=console, stderr=subprocess.STDOUT,
                                 start_new_session=True)
    ends.started()
    is_left = False
    try:
        sit(ends, third)
    except far.Gone:
        pass
    except Left:
        is_left = True
    finally:
        third.close()
        ends.close()
        if is_left:
            child.terminate()
    status = child.wait()
    if is_left:
        print("\nThe machine was left before it halted.")
        return 0
    print("\nThe machine has halted; its last lines:")
    lines = pathlib.Path(CONSOLE).read_text(encoding="utf-8", errors="replace").splitlines()
    print("\n".join("    " + text for text in lines[-4:]))
    return boot.ended(arguments, log, status, line[0])


def connect(path):
    port = socket.socket(socket.AF_UNIX)
    try:
        port.connect(path)
    except OSError as error:
        print(f"terminal.py: {path}: {error.strerror}: does a machine run that was started by "
              "terminal.py?")
        return 1
    print("This is the third serial port. C-a x leaves, C-a h says what else.", flush=True)
    keys = Keys(port.sendall, {"x": leave, "h": lambda: Screen.show(HELP.encode())})
    try:
        with Screen(port.sendall) as screen:
            selector = selectors.PollSelector()
            for end in (0, port, screen.bell[0]):
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is screen.bell[0]:
                        screen.rung()
                        continue
                    data = os.read(0, CHUNK) if key.fileobj == 0 else port.recv(CHUNK)
                    if not data:
                        raise Left
                    (keys.typed if key.fileobj == 0 else Screen.show)(data)
    except (Left, ConnectionError):
        print("\nLeft.")
    return 0


def main():
    parser = boot.Parser(description=__doc__.splitlines()[0])
    parser.add_argument("platform", choices=boot.PLATFORMS, nargs="?")
    parser.add_argument("--connect", help="the socket of a third port")
    parser.add_argument("--package", default="prompt")
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--memory", default="128M")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--append", default="", help="the kernel's command line")
    parser.add_argument("--log", default=boot.LOG, help="where the commit log goes")
    parser.set_defaults(loader="pvh", steps=None, trace=False, rules=None)
    arguments = parser.parse_args()
    if arguments.connect:
        return connect(arguments.connect)
    if not arguments.platform:
        parser.error("a platform is missing: x86_64 or sim")
    if not boot.is_there(arguments.platform, arguments.package):
        return 1
    os.makedirs("build/run", exist_ok=True)
    if os.path.exists(arguments.log):
        os.unlink(arguments.log)
    return machine(arguments, arguments.log)


if __name__ == "__main__":
    sys.exit(main())

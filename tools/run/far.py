# SPDX-License-Identifier: Apache-2.0
"""The far ends of a machine's second and third serial port, whatever the machine is.

    ends = far.open_ends(platform)
    child = subprocess.Popen(boot.command(..., far=ends), pass_fds=ends.pass_fds)
    ends.started()                      # only the machine has its side now
    ... select on ends.sockets(), and on those of ends.eager() for writing:
    ends.step(socket, received, turn)   # something can be read or written there

`received(port, bytes)` is told what the machine sent. `turn()` is asked when nothing moves any more
and the machine waits for somebody: there its time stands still until it returns. QEMU's machine
never waits so; there `turn()` comes after whatever was received.

The simulator's side is hal/sim/far.c: one socket, lines of text. QEMU's are two sockets, each the
backend of a port.
"""
import os
import socket
import tempfile

PORTS = (2, 3)
CHUNK = 65536
IAC, BREAK = b"\xff", b"\xf3"  # of the telnet protocol (RFC 854)
GREETING_SIZE = 12


class Gone(Exception):
    """The machine has ended."""


class SimEnds:
    """Of the simulator. Live: its time is the host's, and it never waits."""

    def __init__(self, is_live=False):
        self.socket, self.child = socket.socketpair()
        self.is_live = is_live
        self.pass_fds = (self.child.fileno(),)
        self.words = ["--far", str(self.child.fileno())] + (["--live"] if is_live else [])
        self.pending, self.out = b"", b""

    def started(self):
        self.child.close()
        self.socket.setblocking(False)

    def close(self):
        self.socket.close()
        self.child.close()

    def sockets(self):
        return [self.socket]

    def eager(self):
        return [self.socket] if self.out else []

    def say(self, *words):
        self.out += " ".join(words).encode() + b"\n"
        self.flush()

    def flush(self):
        try:
            while self.out:
                self.out = self.out[self.socket.send(self.out):]
        except BlockingIOError:
            pass
        except OSError:
            self.out = b""

    def send(self, port, data):
        for at in range(0, len(data), 4096):
            self.say("send", str(port), data[at:at + 4096].hex())

    def flood(self, port, data):
        self.say("flood", str(port), data.hex())

    def send_break(self, port):
        self.say("break", str(port))

    def carrier(self, port, is_there):
        self.say("carrier", str(port), str(int(is_there)))

    def stop(self, port, is_stopped):
        self.say("stop", str(port), str(int(is_stopped)))

    def step(self, _socket, received, turn):
        self.flush()
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise Gone
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            word, *rest = line.decode().split()
            if word == "out":
                received(int(rest[0]), bytes.fromhex(rest[1]))
            elif word == "idle":
                turn()
                self.say("go")
        if self.is_live:
            turn()


class PcEnds:
    """Of QEMU: what it can't do (a carrier that goes, a far end that floods) isn't there. It speaks
    telnet to whoever connects, since only so there are breaks: twelve bytes at first, and what it
    is sent has each IAC twice. What the machine sends is left as it is."""

    def __init__(self):
        self.pairs = {}
        with tempfile.TemporaryDirectory(prefix="far-") as folder:
            for port in PORTS:
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(os.path.join(folder, str(port)))
                listener.listen(1)
                mine = socket.socket(socket.AF_UNIX)
                mine.connect(os.path.join(folder, str(port)))
                self.pairs[port] = (mine, listener)
        self.pass_fds = tuple(child.fileno() for _, child in self.pairs.values())
        self.chardevs = [f"socket,fd={fd},server=on,wait=on,telnet=on" for fd in self.pass_fds]
        self.out = {port: b"" for port in PORTS}
        self.greeting = {port: GREETING_SIZE for port in PORTS}

    def started(self):
        for mine, child in self.pairs.values():
            child.close()
            mine.setblocking(False)

    def close(self):
        for pair in self.pairs.values():
            for end in pair:
                end.close()

    def sockets(self):
        return [mine for mine, _ in self.pairs.values()]

    def eager(self):
        return [self.pairs[port][0] for port in PORTS if self.out[port]]

    def flush(self, port):
        try:
            while self.out[port]:
                self.out[port] = self.out[port][self.pairs[port][0].send(self.out[port]):]
        except BlockingIOError:
            pass
        except OSError:
            self.out[port] = b""

    def send(self, port, data):
        self.out[port] += data.replace(IAC, IAC + IAC)
        self.flush(port)

    def send_break(self, port):
        self.out[port] += IAC + BREAK
        self.flush(port)

    def step(self, ready, received, turn):
        port = next(port for port in PORTS if self.pairs[port][0] is ready)
        self.flush(port)
        try:
            data = ready.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise Gone
        left = self.greeting[port]
        self.greeting[port] = max(0, left - len(data))
        data = data[left:]
        if data:
            received(port, data)
        turn()


def open_ends(platform, is_live=False):
    return PcEnds() if platform == "x86_64" else SimEnds(is_live)

# SPDX-License-Identifier: Apache-2.0
"""A machine in QEMU that counts instructions, and a hand on it through the gdb remote protocol.

Under `-icount shift=0` the virtual clock advances by one nanosecond with each instruction, and the
time stamp counter with it. Specification: "Debugging with GDB", appendix E (remote protocol).
"""
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.abspath(__file__)) + "/../../.."
sys.path.insert(0, os.path.join(ROOT, "tools/boot"))
import boot  # noqa: E402  pylint: disable=wrong-import-position

KERNEL = "build/x86_64/kernel.elf"
IMAGE_BASE = 0x400000  # of the first program; LAYOUT_IMAGE of abi/ids.h
PLANNER = "build/host/tools/elf-plan"
ICOUNT = ["-icount", "shift=0,sleep=off"]
REGISTER_RIP = 16  # numbers in the description that QEMU gives of its processor
REGISTER_CR3 = 29


def command(package, memory, log, serial="stdio"):
    return boot.command("x86_64", package, log, memory=memory, serial=serial) + ICOUNT


class Guest:
    """A machine stopped before its first instruction; a context manager."""

    def __init__(self, package, memory="512M"):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        path = os.path.join(self.folder.name, "gdb")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(30)
        line = command(package, memory, os.path.join(self.folder.name, "log"), "null")
        line += ["-S", "-chardev", f"socket,id=gdb,path={path}", "-gdb", "chardev:gdb"]
        self.errors = os.path.join(self.folder.name, "errors")
        with open(self.errors, "wb") as errors:  # it warns each time that it is stopped
            self.machine = subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=errors)
        try:
            self.link, _ = listener.accept()
        except TimeoutError as error:
            self.machine.kill()
            raise RuntimeError(f"QEMU does not start:\n{self.error_text()}") from error
        listener.close()
        self.link.settimeout(120)
        self.buffer = b""
        self.talk("QStartNoAckMode")
        self.link.sendall(b"+")
        self.talk("qXfer:features:read:target.xml:0,ffb")  # from here on CR3 has a number

    def __enter__(self):
        return self

    def error_text(self):
        with open(self.errors, encoding="utf-8", errors="replace") as errors:
            return errors.read()

    def __exit__(self, *_):
        self.link.close()
        self.machine.kill()
        self.machine.wait()
        self.folder.cleanup()

    def talk(self, text):
        """Sends a packet, returns the answer."""
        data = text.encode()
        self.link.sendall(b"$%s#%02x" % (data, sum(data) & 0xff))
        while True:
            begin = self.buffer.find(b"$")
            end = self.buffer.find(b"#", begin)
            if begin >= 0 and 0 <= end <= len(self.buffer) - 3:
                answer = self.buffer[begin + 1:end].decode()
                self.buffer = self.buffer[end + 3:]
                return answer
            chunk = self.link.recv(65536)
            if not chunk:
                raise RuntimeError(f"the machine ended while it was asked {text}:\n"
                                   f"{self.error_text()}")
            self.buffer += chunk

    def demand(self, text):
        answer = self.talk(text)
        if answer != "OK":
            raise RuntimeError(f"the machine answers {text} with {answer!r}")

    def run_to(self, address):
        """Runs until the instruction at `address` is the next."""
        self.demand(f"Z1,{address:x},1")
        stop = self.talk("c")
        if stop[0] not in "TS":
            raise RuntimeError(f"the machine didn't reach {address:#x}: {stop}")
        self.demand(f"z1,{address:x},1")

    def step(self):
        """Executes one instruction, interrupts off; returns the address of the next."""
        self.talk("s")
        return int.from_bytes(bytes.fromhex(self.talk(f"p{REGISTER_RIP:x}")), "little")

    def page_table(self):
        return self.talk(f"p{REGISTER_CR3:x}")

    def memory(self, address, size):
        answer = self.talk(f"m{address:x},{size:x}")
        return b"" if answer.startswith("E") else bytes.fromhex(answer)


def symbols(path):
    """Functions of an ELF file: name -> address."""
    lines = subprocess.run(["nm", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(address, 16) for address, kind, name in
            (line.split() for line in lines.splitlines() if len(line.split()) == 3)
            if kind in "tTaA"}


def image_base(path, is_first):
    """What is added to the addresses in an ELF file, of the first program or one that is loaded at
    known addresses."""
    if is_first:
        return IMAGE_BASE
    said = subprocess.run([PLANNER, path], stdout=subprocess.PIPE, text=True, check=True).stdout
    with open(path, "rb") as file:
        entry, = struct.unpack_from("<Q", file.read(32), 24)
    return int(re.search("entry (0x[0-9a-f]+)", said)[1], 16) - entry


def file_bytes(path, address, size):
    """What an ELF file has at an address: its program headers say where."""
    with open(path, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 32)
    entry_size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, _, offset, start, _, in_file = struct.unpack_from("<IIQQQQ", data,
                                                                table + i * entry_size)
        if kind == 1 and start <= address and address + size <= start + in_file:
            return data[offset + address - start:offset + address - start + size]
    raise ValueError(f"{path} has nothing at {address:#x}")

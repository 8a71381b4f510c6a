#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a boot package on a platform; the only place that knows the machines' command lines.

    boot.py x86_64|sim|sim-asan --package NAME [--cpu C] [--memory M] [--seed N] [--machine M]
            [--cpus N] [--loader pvh|bios|uefi] [--append WORDS] [--debug|--trace]
            [--log FILE] [--assert RULES]

Used by `make run`, `sim`, `debug` and `trace` with the console on this terminal, and imported by
tests/run/runner.py. On x86_64 the first serial port is the console; the fourth one receives the raw
commit log when the machine halts, and then the SysLog. The simulator writes both itself.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys

AUTHORITY = "build/host/tools/authority"
RINGTAP = "build/host/tools/ringtap"
LOG = "build/run/commit.log"
TRACE = "build/run/trace.json"
# isa-debug-exit turns a written value v into the status (v << 1) | 1; the kernel writes
# 0x10 + its exit code.
DEBUG_EXIT_BASE = 0x10
PLATFORMS = ("x86_64", "sim", "sim-asan")
OVMF = "/usr/share/OVMF"
# Of an exported log: abi/commit.h.
LOG_PAGE_MAGIC, LOG_PAGE_SIZE = b"TLOG", 4096
LOG_TRAILER_MAGIC, LOG_TRAILER_SIZE = b"TEND", 128


def package_path(platform, package):
    """Of a name from system/manifests; a path stays one."""
    folder = platform.removesuffix("-asan")
    return package if "/" in package else f"build/{folder}/{package}.pkg"


def syslog_path(log):
    """Where the SysLog goes that leaves the machine together with this commit log."""
    return os.path.splitext(log)[0] + ".syslog"


def package_beside(log):
    """Where the boot package is kept, from which `authority` takes the names of programs."""
    return os.path.splitext(log)[0] + ".pkg"


def loader_pvh(package, suite, append):
    packages = ["-initrd", package_path("x86_64", package)] if package else []
    words = ["-append", append] if append else []
    return ["-kernel", f"build/x86_64/{suite or 'kernel'}.elf", *packages, *words]


def loader_bios(package, _suite, _append):
    return ["-cdrom", f"build/x86_64/{package}.iso"]


def loader_uefi(package, _suite, _append):
    """As from a stick. The firmware's own variables are forgotten."""
    flash = [["-drive", f"if=pflash,unit={unit},format=raw,{access},file={OVMF}/{name}"]
             for unit, access, name in ((0, "readonly=on", "OVMF_CODE_4M.fd"),
                                        (1, "snapshot=on", "OVMF_VARS_4M.fd"))]
    disk = f"format=raw,snapshot=on,file=build/x86_64/{package}.iso"
    return [*flash[0], *flash[1], "-drive", disk]


LOADERS = {"pvh": loader_pvh, "bios": loader_bios, "uefi": loader_uefi}


# The PC's second to fourth serial port: where, and which interrupt line.
PORTS = {2: (0x2f8, 3), 3: (0x3e8, 4), 4: (0x2e8, 3)}


def port(number, backend):
    """A serial port with its far end (a `-chardev` without its id), on any machine with an ISA
    bus."""
    base, line = PORTS[number]
    return ["-chardev", f"{backend},id=port{number}",
            "-device", f"isa-serial,index={number - 1},iobase={base:#x},irq={line},"
                       f"chardev=port{number}"]


def export_path(log):
    """What a PC exports when it halts: the commit log, then the SysLog."""
    return os.path.splitext(log)[0] + ".export"


def command(platform, package, log, cpu="max", memory="128M", seed=1, serial="stdio",
            suite=None, machine="pc", cpus=1, loader="pvh", append="", far=None):
    """The command that boots a package, or a suite that takes the kernel's place.

    Its standard output is the console. `append` is the kernel's command line, for the loader that
    takes it from here; an ISO has its own. `far`: who plays the far ends of the second and third
    serial port (tools/run/far.py).
    """
    if platform != "x86_64":
        program = f"build/{platform}/{suite or 'tessera-sim'}"
        packages = ["--package", package_path(platform, package)] if package else []
        return [program, *packages, "--seed", str(seed), "--memory", memory, "--cpus", str(cpus),
                "--log", log, "--syslog", syslog_path(log), *(far.words if far else [])]
    chardevs = far.chardevs if far else ["null", "null"]
    return ["qemu-system-x86_64", "-accel", "tcg", "-machine", machine, "-m", memory,
            "-cpu", cpu, "-smp", str(cpus), *LOADERS[loader](package, suite, append),
            "-display", "none", "-no-reboot", "-nodefaults", "-serial", serial,
            *port(2, chardevs[0]), *port(3, chardevs[1]),
            *port(4, f"file,path={export_path(log).replace(',', ',,')}"),
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]


def exit_code(platform, status):
    """What the system exited with: 0 is success; None if it didn't end by itself."""
    if platform != "x86_64":
        return status if status >= 0 else None
    if status >= 0 and status & 1 and status >> 1 >= DEBUG_EXIT_BASE:
        return (status >> 1) - DEBUG_EXIT_BASE
    return None


def collect(platform, log):
    """Parts what a PC exported into commit log and SysLog. UEFI's firmware says what it does on
    every serial port that it finds: that comes before."""
    if platform != "x86_64" or not os.path.exists(export_path(log)):
        return
    with open(export_path(log), "rb") as file:
        data = file.read()
    os.unlink(export_path(log))
    first = max(data.find(LOG_PAGE_MAGIC), 0)
    end = first
    while data[end:end + 4] == LOG_PAGE_MAGIC:
        end += LOG_PAGE_SIZE
    end += LOG_TRAILER_SIZE if data[end:end + 4] == LOG_TRAILER_MAGIC else 0
    with open(log, "wb") as file:
        file.write(data[first:end])
    with open(syslog_path(log), "wb") as file:
        file.write(data[end:])


def verify(log):
    """Replays the commit log offline, so that the digest of the run can be compared."""
    if not os.path.exists(log) or os.path.getsize(log) == 0:
        print(f"\nThere is no commit log: it is written when the system halts. ({log})")
        return 1
    print(f"\n{AUTHORITY} verify {log}", flush=True)
    return subprocess.call([AUTHORITY, "verify", log])


def rules_hold(log, rules):
    """Judges rules in every state that the run had (docs/authority.md)."""
    print(f"\n{AUTHORITY} assert {rules} {log}", flush=True)
    return subprocess.call([AUTHORITY, "assert", rules, log])


def trace(log):
    """The last requests as a timeline for a browser."""
    print(f"\n{RINGTAP} {syslog_path(log)} --trace > {TRACE}")
    with open(TRACE, "wb") as file:
        status = subprocess.call([RINGTAP, syslog_path(log), "--trace"], stdout=file)
    print("Open it in chrome://tracing or Perfetto; without --trace the same comes as lines.")
    return status


def run(arguments, log):
    serial = "mon:stdio"
    line = command(arguments.platform, arguments.package, log, arguments.cpu, arguments.memory,
                   arguments.seed, serial, machine=arguments.machine, cpus=arguments.cpus,
                   loader=arguments.loader, append=arguments.append)
    if arguments.trace and arguments.platform != "x86_64":
        line.append("--trace-entries")
    for name in ("steps", "faults"):
        if getattr(arguments, name) and arguments.platform != "x86_64":
            line += [f"--{name}", str(getattr(arguments, name))]
    leave = "Ctrl-A X" if arguments.platform == "x86_64" else "Ctrl-C"
    print(f"Booting {arguments.package} on {arguments.platform}; {leave} leaves.\n", flush=True)
    try:
        status = subprocess.call(line)
    except KeyboardInterrupt:
        return 130
    return ended(arguments, log, status, line[0])


def ended(arguments, log, status, program):
    """What came of a run that has ended by itself: its log is verified."""
    collect(arguments.platform, log)
    code = exit_code(arguments.platform, status)
    if code == 0 and arguments.steps and os.path.getsize(log) == 0:
        return 0  # it was stopped, and has replayed its commits itself
    if code is None and status == 0:
        print("\nThe machine was left before it halted.")
        return 0
    shutil.copyfile(package_path(arguments.platform, arguments.package), package_beside(log))
    verified = verify(log) or (trace(log) if arguments.trace else 0)
    if verified == 0 and arguments.rules:
        verified = rules_hold(log, arguments.rules)
    if code is None:
        print(f"The machine did not run to its end: status {status} of {program}.")
    elif code != 0:
        print(f"The system ended with code {code} (status {status} of {program}).")
    return 1 if code != 0 or verified != 0 else 0


def debug(arguments, log):
    """QEMU waits at the first instruction while gdb connects; it ends together with gdb.

    The environment's GDB_ARGS are more arguments of gdb, so that scripts can drive it.
    """
    socket = "build/run/gdb.socket"
    line = command("x86_64", arguments.package, log, arguments.cpu, arguments.memory,
                   serial="file:build/run/console.log", machine=arguments.machine,
                   cpus=arguments.cpus, append=arguments.append)
    line += ["-S", "-gdb", f"unix:{socket},server=on,wait=off", "-monitor", "none"]
    if os.path.exists(socket):
        os.unlink(socket)
    machine = subprocess.Popen(line, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        gdb = ["gdb", "-q", "-nx", "build/x86_64/kernel.elf", "-ex", "set confirm off",
               "-x", "tools/boot/tessera.gdb", "-x", "tools/gdb/tessera.py",
               "-ex", f"target remote {socket}",
               "-ex", "hbreak kernel_turn"]
        print("The console is in build/run/console.log; `continue` runs to kernel_turn.")
        print("`program NAME ADDRESS` adds the symbols of a program; `help tessera` lists what "
              "shows the kernel's state.", flush=True)
        # gdb connects to the socket: QEMU makes it before it runs anything.
        while not os.path.exists(socket):
            if machine.poll() is not None:
                return 1
            os.sched_yield()
        return subprocess.call(gdb + shlex.split(os.environ.get("GDB_ARGS", "")))
    finally:
        machine.terminate()
        machine.wait()


def is_there(platform, package):
    """Whether there is such a package; says what to do where there is none."""
    path = package_path(platform, package)
    if not os.path.exists(path):
        print(f"{path} isn't there: PACKAGE= is the name of a file of system/manifests/")
    return os.path.exists(path)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line: who types `make` knows nothing of this program's usage."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main():
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("platform", choices=PLATFORMS)
    parser.add_argument("--package", required=True)
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--memory", default="128M")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after so many turns (sim)")
    parser.add_argument("--faults", type=int, help="one turn in so many has a fault (sim)")
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--loader", choices=LOADERS, default="pvh")
    parser.add_argument("--append", default="", help="the kernel's command line (pvh)")
    parser.add_argument("--log", default=LOG, help="where the commit log goes")
    parser.add_argument("--assert", dest="rules", help="a file of rules that must hold throughout")
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--trace", action="store_true",
                        help="a timeline of the last requests; each kernel entry (sim)")
    arguments = parser.parse_args()
    if not is_there(arguments.platform, arguments.package):
        return 1
    os.makedirs("build/run", exist_ok=True)
    log = arguments.log
    if os.path.exists(log):
        os.unlink(log)
    if arguments.debug:
        return debug(arguments, log)
    return run(arguments, log)


if __name__ == "__main__":
    sys.exit(main())

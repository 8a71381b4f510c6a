# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of a boot by address, from QEMU's log of what it executes.

QEMU logs each block of guest code when it translates it, and a line each time it executes it. With
`-singlestep` a block is one instruction (longer ones are not exact: where a device is read in the
middle of a block, QEMU begins the block again). A gdb stub with breakpoints would not do: while the
machine is stopped, `sleep=off` moves the clock to the next timer.
"""
import collections
import subprocess

import guest

KERNEL_WINDOW = "0xffffffff80000000+0x800000"
PHYSICAL_WINDOW = "0x100000+0x200000"  # before paging
USER_WINDOW = f"{guest.IMAGE_BASE:#x}+0x100000"
USER_END = 1 << 47
KERNEL_BASE = 0xffffffff80000000


def count_boot(package, memory):
    """address -> how often the instruction there was executed, from the kernel's entry up to the
    first instruction of a program. Before paging the addresses are those of after it."""
    line = guest.command(package, memory, "/dev/null", "null")
    line += ["-singlestep", "-d", "exec,nochain", "-dfilter",
             f"{KERNEL_WINDOW},{PHYSICAL_WINDOW},{USER_WINDOW}"]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as machine:
        try:
            return count_lines(machine.stderr)
        finally:
            machine.kill()


def count_lines(lines):
    """Of a log such as `Trace 0: 0x7f8c [0000000000000000/ffffffff80100000/...] start_higher`."""
    times = collections.Counter()
    at, in_kernel = 0, False
    for line in lines:
        if line.startswith(b"Trace"):
            at = int(line[line.index(b"/") + 1:].split(b"/", 1)[0], 16)
            if in_kernel and at < USER_END:
                return times
            in_kernel = at >= KERNEL_BASE
            times[at if in_kernel else at + KERNEL_BASE] += 1
        elif line.startswith(b"Stopped"):  # before it began
            times[at if in_kernel else at + KERNEL_BASE] -= 1
    raise RuntimeError("the machine ended before a program began")

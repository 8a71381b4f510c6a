#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boots each machine of table.txt: all of them run the smallest system to its end, say how many
processors they found, leave a log that verifies, and touch only the memory that they use."""
import os
import pathlib
import resource
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/run"), str(ROOT / "tests/boot")]
import runner  # noqa: E402  pylint: disable=wrong-import-position
import table  # noqa: E402  pylint: disable=wrong-import-position

LOADERS = {"pvh": "PVH", "bios": "Multiboot2", "uefi": "Multiboot2"}
# Of the emulator's memory with the guest's: firmware and emulator take some 200 MiB.
RESIDENT_KIB_MAX = 1 << 20
SCRIPT = """\
platform x86_64
boot first-call
cpu {cpu}
memory {size}
machine {machine}
cpus {cpus}
loader {loader}
expect x86_64: booted by {protocol}; {found}
expect [3] ping: 10000 round trips, every answer right
expect [0] init-min: ping ended: code 0
expect tessera: head *
by-program
exit 0
host authority verify $LOG
prints chain: intact, head * (stated by the machine)
prints digest: live * replayed * equal
"""


def script(row):
    """The run script of one machine, as a file."""
    found = "1 CPU found" if row["cpus"] == "1" else f"{row['cpus']} CPUs found"
    size = table.SMALL[row["loader"]] if row["memory"] == "small" else row["memory"]
    path = pathlib.Path(runner.FOLDER, "-".join(["boot", *row.values()]) + ".run")
    path.write_text(SCRIPT.format(size=size, protocol=LOADERS[row["loader"]], found=found, **row),
                    encoding="utf-8")
    return path


def check_table():
    wrong = list(table.faults(table.read()))
    if wrong:
        raise runner.Failure("\n".join(wrong))


def check_resident():
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if resident > RESIDENT_KIB_MAX:
        raise runner.Failure(f"an emulator took {resident} KiB: is all memory touched at boot?")


def main():
    os.chdir(ROOT)
    os.makedirs(runner.FOLDER, exist_ok=True)
    failed = runner.attempt("table-covers-every-pair-and-no-shorter-one-does", check_table)[1]
    for row in table.read():
        failed += runner.run_script(script(row), None)
    failed += runner.attempt("machines-touch-only-the-memory-they-use", check_resident)[1]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

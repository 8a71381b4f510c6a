# SPDX-License-Identifier: Apache-2.0
"""Our instructions beside those of Linux and seL4, with what each has to be and is to become, and
what stands in the way of that. Used by tests/bench/instructions.py.

The numbers of seL4 are a record: release 16.0 with its fast path, one CPU, by its own benchmark.
"""

# name: (what it is, Linux's name of its counterpart, seL4, must, aim, what stands in the way)
# A reason says of the value what is known by measurement: profile.py, kernel.py, commits.py.
ROWS = {
    "nop_batch_16": ("NOP, one of a batch of 16", "enter", 256, 100, 50,
                     "each is filled in, taken, answered and read through memory; the entry is 9"),
    "timer_now": ("typed call to a kernel object", "enter", 256, 500, 300,
                  "394 in the kernel's turn (kernel.py), 141 for an empty entry"),
    "ping_pong_32": ("round trip, 32 bytes each way", "ping_pong_32", 484, 1400, 900,
                     "1,433 in the kernel's two turns (kernel.py)"),
    "ping_pong_80": ("the same with 80 bytes", None, 1618, 1500, 950,
                     "as above; and data have a pointer that both sides check"),
    "ping_pong_960": ("the same with 960 bytes", None, 2718, 1900, 1300,
                      "as above; and copies count each element, in and out of the ring's slots"),
    "calls_batch_8": ("batch of 8 calls, per call", None, None, 800, 400,
                      "the server takes one call with each entry, and never several"),
    "capability_round_trip": ("a capability moved each way", "capability_round_trip", None, 3500,
                              2000, "holds inserted and removed are commits (commits.py), and an "
                              "answer brings a copy, which the server then gives back"),
    "signal_to_waiter": ("signal until the waiter runs", "signal_to_waiter", 520, 900, 500,
                         "half a round trip of two threads: the signaller's own wait is in it"),
    "process": ("process: build, start, exit, reap", "process", None, 60000, 25000,
                "seven typed calls, the pages of ring and tables that are zeroed, its commits"),
    "spawn_elf": ("program from ELF to its exit", "spawn_elf", None, 250000, 100000,
                  "what is not the package's own is zeroed, copied and mapped by piece"),
    "fresh_page": ("fresh page: map, touch, give back", "fresh_page", 1645, 2000, 1000, ""),
    "boot_to_first_program": ("kernel's entry to first program", "power_on_to_program", 5800000,
                              8000000, 3000000, "a million of it is the calibration of the clock"),
}


def beside(values, peer):
    """What is shown, and written as JSON: Linux's version, and a row for each operation."""
    rows = {}
    for name, (what, counterpart, sel4, must, aim, obstacle) in ROWS.items():
        linux = peer["values"][counterpart] if counterpart else None
        value = values[name]
        rows[name] = {"what": what, "value": value, "linux": linux, "sel4": sel4,
                      "linux_to_ours": linux / value if linux else None,
                      "must": must, "is_met": value <= must, "aim": aim, "to_aim": value / aim,
                      "obstacle": obstacle if value > aim else ""}
    return {"linux": peer["version"], "qemu": peer["qemu"], "rows": rows}


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def show(found):
    print(f"beside Linux {found['linux']}")
    print(f"and seL4 16.0 (a record), instructions in {found['qemu']}")
    print(f"{'':34} {'ours':>10} {'Linux':>14} {'ratio':>7} {'seL4':>10} {'must':>10} {'':6} "
          f"{'aim':>10} {'to aim':>7}")
    for row in found["rows"].values():
        ratio = f"{row['linux_to_ours']:.1f} x" if row["linux"] else "-"
        print(f"{row['what']:34} {number(row['value']):>10} {number(row['linux']):>14} {ratio:>7} "
              f"{number(row['sel4']):>10} {number(row['must']):>10} "
              f"{'pass' if row['is_met'] else 'missed':6} {number(row['aim']):>10} "
              f"{row['to_aim']:5.2f} x")
    print("what stands in the way of the aims:")
    for row in found["rows"].values():
        if row["obstacle"]:
            print(f"  {row['what']}: {row['obstacle']}")

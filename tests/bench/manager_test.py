#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the service manager costs, against its limits: host time of a simulated boot of 200 services
and of validating 512 services with 4,096 relations; instructions of one event, counted by callgrind
as the difference between two runs. Exit code 1 when a limit is missed."""
import re
import subprocess
import sys

PROGRAM = "build/host-gcc/tests/bench/manager_cost"
FEW, MANY = 1000, 3000
TIMES = {"boot": (20, "simulated boot of 200 services"),
         "validate": (10, "validation of 512 services, 4,096 relations")}
EVENTS = {"status": "STATUS of a service", "watchdog": "WATCHDOG_USEC of a service",
          "reloading": "RELOADING of a service", "command": "the command status",
          "stale": "a stale notification, written down", "exit": "an exit that nobody knows",
          "nothing": "nothing"}
EVENT_LIMIT = 5000


def milliseconds(what):
    return float(subprocess.run([PROGRAM, what], check=True, stdout=subprocess.PIPE,
                                text=True).stdout)


def instructions(event, count):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          PROGRAM, event, str(count)], check=True, stderr=subprocess.PIPE,
                         text=True)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def row(what, value, limit, unit):
    verdict = "pass" if value <= limit else "FAIL"
    print(f"{what:46} {value:10,.1f} {limit:10,} {unit:12} {verdict}")
    return value <= limit


def main():
    good = True
    for what, (limit, text) in TIMES.items():
        good &= row(text, milliseconds(what), limit, "ms")
    for event, text in EVENTS.items():
        each = (instructions(event, MANY) - instructions(event, FEW)) / (MANY - FEW)
        good &= row(f"one event: {text}", each, EVENT_LIMIT, "instructions")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

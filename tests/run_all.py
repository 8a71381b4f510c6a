#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a list of tests, a few at a time, and ends with the line `N passed, N failed`.

    run_all.py LIST [--jobs N]

Each line of LIST is `name|seconds|command`. A command's output goes to build/test/<name>.log;
the log's end is shown when it fails. What counts:

* lines as cmocka prints them, `[       OK ] name` and `[  FAILED  ] name`, count one each;
* a command without such lines counts as one, by its exit status;
* a failing command always counts at least one failure: ended by a signal, out of time, or with a
  status other than 0 although each of its lines is OK;
* `[  SKIPPED ]` is a failure: a test that can't run has failed.

The exit status is 0 only if nothing failed and something ran.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LOGS = "build/test"
TAIL_LINES = 40
RUNNING = set()  # process groups of the commands under way
OK = re.compile(r"^\[ +OK \] ")
BAD = re.compile(r"^\[ +(FAILED|SKIPPED) +\] ")
SUMMARY = re.compile(r"^\[ +(FAILED|SKIPPED) +\] .*listed below:")


def read_list(path):
    tests = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                name, seconds, command = line.strip().split("|", 2)
                tests.append((name.strip(), float(seconds), command.strip()))
    return tests


def count(text, status):
    """How many tests of one command passed and failed."""
    passed = failed = 0
    in_summary = False
    for line in text.splitlines():
        if SUMMARY.match(line):
            in_summary = True
        elif OK.match(line):
            passed += 1
            in_summary = False
        elif BAD.match(line):
            failed += not in_summary
        else:
            in_summary = False
    if status != 0 and failed == 0:
        failed = 1
    if passed + failed == 0:
        passed = 1
    return passed, failed


def run(command, seconds, log_path):
    """Runs a command in a process group of its own; returns (status, seconds used)."""
    os.makedirs(os.path.dirname(log_path), exist_ok=True)
    start = time.monotonic()
    with open(log_path, "wb") as log:
        child = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        try:
            RUNNING.add(child.pid)
            status = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            log.write(b"\nrun_all: ended after %d seconds\n" % seconds)
            status = -signal.SIGKILL
        finally:
            RUNNING.discard(child.pid)
    return status, time.monotonic() - start


class Results:
    """Totals and the progress lines, one writer at a time."""

    def __init__(self, total):
        self.lock = threading.Lock()
        self.total = total
        self.done = self.passed = self.failed = 0

    def add(self, name, status, seconds, log_path):
        with open(log_path, encoding="utf-8", errors="replace") as log:
            text = log.read()
        passed, failed = count(text, status)
        with self.lock:
            self.done += 1
            self.passed += passed
            self.failed += failed
            mark = "FAIL" if failed else "ok"
            counts = f"{passed} passed" + (f", {failed} failed" if failed else "")
            print(f"[{self.done}/{self.total}] {mark:4} {name} ({counts}, {seconds:.1f} s)",
                  flush=True)
            if failed:
                tail = text.splitlines()[-TAIL_LINES:]
                print("\n".join("    | " + line for line in tail))
                print(f"    exit status {status}; all of it: {log_path}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("list")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    tests = read_list(arguments.list)
    results = Results(len(tests))
    os.makedirs(LOGS, exist_ok=True)

    def one(test):
        name, seconds, command = test
        log_path = os.path.join(LOGS, name + ".log")
        status, used = run(command, seconds, log_path)
        results.add(name, status, used, log_path)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the commands too
    with ThreadPoolExecutor(arguments.jobs) as pool:
        try:
            list(pool.map(one, tests))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for group in list(RUNNING):
                os.killpg(group, signal.SIGKILL)
            raise SystemExit(130) from None
    summary = f"{results.passed} passed, {results.failed} failed"
    with open(os.path.join(LOGS, "summary"), "w", encoding="utf-8") as file:
        file.write(summary + "\n")
    print(summary)
    return 0 if results.failed == 0 and results.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

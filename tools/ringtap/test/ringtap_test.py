#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ringtap on records made here: known ones, and any bytes at all."""
import json
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = [ROOT / "build/host/tools/ringtap", ROOT / "build/host-gcc/tools/ringtap"]
RECORD = struct.Struct("<QQQQIIIIIiBBHI")  # abi/syslog.h
NONE32, NONE64 = 2**32 - 1, 2**64 - 1
PING = 0x9f4b3c0000000201
CALL, RECV, RETURN, EXIT = 1, 2, 3, 255


def record(time=5000, commit=NONE64, interface=PING, detail=0, thread=2, process=3, target=8,
           facet=16, size=32, status=0, opcode=CALL, flags=0, method=0, duration=0):
    return RECORD.pack(time, commit, interface, detail, thread, process, target, facet, size,
                       status, opcode, flags, method, duration)


def ringtap(data, *arguments, tool=TOOLS[0]):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([tool, file.name, *arguments], capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout, done.stderr.replace(file.name, "FILE")


class Ringtap(unittest.TestCase):
    def lines(self, *records):
        code, out, _ = ringtap(b"".join(records))
        self.assertEqual(code, 0)
        return out.splitlines()

    def events(self, *records):
        code, out, _ = ringtap(b"".join(records), "--trace")
        self.assertEqual(code, 0)
        return json.loads(out)["traceEvents"]

    def test_a_call_is_a_line(self):
        self.assertEqual(self.lines(record(), record(duration=1500, commit=7)), [
            "0 5000 ns process 3 thread 2: call Ping.echo of object 8 facet 16, 32 bytes",
            "1 5000 ns process 3 thread 2: call Ping.echo of object 8 facet 16, 32 bytes, "
            "commits from 7, after 1500 ns"])

    def test_a_return_names_no_method(self):
        line, = self.lines(record(opcode=RETURN))
        self.assertIn("return Ping of object 8", line)

    def test_a_refusal_says_its_reason(self):
        for fields in ({"status": -5}, {"detail": 5}):
            self.assertIn("refused: this id names no capability", self.lines(record(**fields))[0])
        for fields in ({"status": -2**31}, {"detail": 2**63}, {"status": -63}):
            self.assertIn("refused: no known reason", self.lines(record(**fields))[0])

    def test_an_exit_says_code_and_cause(self):
        self.assertEqual(self.lines(record(opcode=EXIT, interface=0, status=-1, detail=2,
                                           target=NONE32, facet=NONE32)),
                         ["0 5000 ns process 3 thread 2: exit, code -1, cause 2"])

    def test_unknown_numbers_stay_numbers(self):
        self.assertIn("call Ping.method 900 ", self.lines(record(method=900))[0])
        self.assertIn("call interface 0x5.method 1 ", self.lines(record(interface=5, method=1))[0])
        self.assertIn(": operation 77 ", self.lines(record(opcode=77))[0])

    def test_what_waited_is_a_bar_and_the_rest_are_marks(self):
        bar, mark = self.events(record(duration=1500), record(opcode=RECV, status=-5))
        self.assertEqual((bar["ph"], bar["ts"], bar["dur"], bar["pid"], bar["tid"], bar["name"]),
                         ("X", 3.5, 1.5, 3, 2, "call Ping.echo"))
        self.assertEqual((mark["ph"], mark["ts"], mark["cat"], mark["name"]),
                         ("i", 5.0, "refused", "recv Ping"))

    def test_a_bar_that_crosses_another_of_its_thread_stands_apart(self):
        long, within = record(time=9000, duration=8000), record(time=4000, duration=1000)
        crossed, crossing = record(time=5000, duration=3000), record(time=6000, duration=2000)
        self.assertEqual([event["ph"] for event in self.events(within, long)], ["X", "X"])
        self.assertEqual([event["ph"] for event in self.events(
            crossed, record(time=6000, duration=2000, thread=3))], ["X", "X"])
        self.assertEqual([event["ph"] for event in self.events(
            crossed, record(time=7000, duration=2000))], ["X", "X"])
        whole, begin, end = self.events(crossed, crossing)
        self.assertEqual((whole["ph"], begin["ph"], end["ph"]), ("X", "b", "e"))
        self.assertEqual((begin["ts"], end["ts"]), (4.0, 6.0))
        for field in ("name", "cat", "id", "pid", "tid"):
            self.assertEqual(begin[field], end[field])

    def test_nothing_is_an_empty_trace(self):
        self.assertEqual(self.events(), [])
        self.assertEqual(self.lines(), [])

    def test_a_cut_record_is_refused(self):
        self.assertEqual(ringtap(record() + b"x"), (
            1, "", "ringtap: FILE: it ends within a record: was the machine stopped while it "
                   "wrote?\n"))

    def test_wrong_arguments_are_refused(self):
        self.assertEqual(ringtap(b"", "--tarce")[0], 2)
        self.assertEqual(ringtap(b"", "other")[0], 2)
        self.assertEqual(subprocess.run([TOOLS[0]], capture_output=True, check=False).returncode, 2)
        self.assertEqual(subprocess.run([TOOLS[0], "/nowhere"], capture_output=True,
                                        check=False).returncode, 1)

    def test_always_any_records_give_valid_output_on_both_compilers(self):
        chance = random.Random(1)
        data = chance.randbytes(64 * 3000)
        for arguments in ((), ("--trace",)):
            first, second = (ringtap(data, *arguments, tool=tool) for tool in TOOLS)
            self.assertEqual(first[0], 0)
            self.assertEqual(first, second)
        events = json.loads(first[1])["traceEvents"]
        self.assertEqual(sum(event["ph"] != "e" for event in events), 3000)
        self.assertTrue(first[1].isascii())


if __name__ == "__main__":
    unittest.main()

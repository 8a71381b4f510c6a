#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts want of far ends: steps of each port in order, and what comes back compared."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import far   # noqa: E402  pylint: disable=wrong-import-position
import play  # noqa: E402  pylint: disable=wrong-import-position


class Ends:
    """Far ends that write down what they are told."""

    def __init__(self):
        self.told = []

    def send(self, port, data):
        self.told.append((port, data))

    def send_break(self, port):
        self.told.append((port, "break"))

    def carrier(self, port, is_there):
        self.told.append((port, is_there))


def player(*lines):
    ends = Ends()
    return play.Player([play.Step(port, text) for port, text in lines], ends), ends


class Play(unittest.TestCase):
    def test_escapes(self):
        self.assertEqual(play.unescape(r"a\n\r\e\\\x04\xffz"), b"a\n\r\x1b\\\x04\xffz")

    def test_what_is_not_understood_is_refused(self):
        for text in ("say hello", "send", "echo some", "break now", ""):
            with self.assertRaises(play.Wrong):
                play.Step(2, text)

    def test_steps_of_a_port_are_in_order_and_ports_beside_each_other(self):
        played, ends = player((2, "wait ready"), (2, "send one"), (3, "send two"), (3, "break"))
        played.turn()
        self.assertEqual(ends.told, [(3, b"two"), (3, "break")])
        played.received(2, b"not rea")
        played.turn()
        played.received(2, b"dy!")
        played.turn()
        self.assertEqual(ends.told[2:], [(2, b"one")])
        played.end()

    def test_ports_meet(self):
        played, ends = player((2, "meet here"), (2, "send one"), (3, "wait x"), (3, "meet here"),
                              (3, "send two"))
        played.turn()
        self.assertEqual(ends.told, [])
        played.received(3, b"x")
        played.turn()
        self.assertEqual(sorted(ends.told), [(2, b"one"), (3, b"two")])
        played.end()

    def test_keys_of_a_typed_line(self):
        for line, typed in (("caps", b"caps\r"), (r"a\tb\e[A\cd\-", b"a\tb\x1b[A\x04"),
                            (r"\xffz\\", b"\xffz\\\r"), ("\u00e9", b"\xc3\xa9\r")):
            self.assertEqual(play.keys(line), typed)

    def test_a_script_is_typed_line_by_line_at_prompts(self):
        typed = []
        typing = play.Typing("shell", typed.append)
        typing.lines = [(None, "one"), ("a row", "two"), (None, "three")]
        self.assertFalse(typing.go_on("Tessera"))
        self.assertFalse(typing.go_on("$ "))
        self.assertFalse(typing.go_on("$ "))  # its row is not over: it is the same prompt
        self.assertEqual(typed, [b"one\r"])
        typing.row_ended("$ one")
        self.assertFalse(typing.go_on("$ "))
        typing.row_ended("a row")
        self.assertFalse(typing.go_on("$ "))
        typing.row_ended("two")
        self.assertTrue(typing.go_on("> "))
        self.assertEqual(typed, [b"one\r", b"two\r", b"three\r"])
        with self.assertRaisesRegex(play.Wrong, "there is no script"):
            play.Step(2, "typed nothing-like-it")

    def test_rows_are_what_is_seen(self):
        shown = []
        played = play.Player([play.Step(2, "wait end")], Ends(), lambda *row: shown.append(row))
        for part in (b"\x1b[1mBold\x1b[0m \r\nab", b"c\x1b[2Dx\x1b[", b"K\bz\x1b[9C!\r\n",
                     b"\x1b[18t\x1b[?2004h\r\nend"):
            played.received(2, part)
        self.assertEqual(shown, [(2, "Bold"), (2, "az!"), (2, "")])
        played.turn()
        played.end()

    def test_what_was_waited_for_is_not_found_again(self):
        played, _ = player((2, "wait x"), (2, "wait x"))
        played.received(2, b"-x-")
        played.turn()
        with self.assertRaisesRegex(play.Wrong, "not done: wait x"):
            played.end()
        played.received(2, b"x")
        played.turn()
        played.end()

    def test_an_echo_has_to_be_the_same(self):
        for change, wrong in ((lambda data: data, None),
                              (lambda data: data[:50] + b"\x04" + data[51:], "byte 50"),
                              (lambda data: data[:-1], "not done")):
            played, ends = player((3, "echo 100"))
            played.turn()
            played.received(3, change(ends.told[0][1]))
            if wrong is None:
                played.turn()
                played.end()
                continue
            with self.assertRaisesRegex(play.Wrong, wrong):
                played.turn()
                played.end()

    def test_an_echo_never_sends_what_ends_it(self):
        self.assertNotIn(4, play.noise(2, 5000))


class Ports(unittest.TestCase):
    def test_a_simulator_is_told_in_lines_and_goes_on_when_it_was_asked(self):
        ends = far.SimEnds()
        machine = ends.child.dup()
        ends.started()
        ends.send(2, b"hi")
        ends.send_break(3)
        heard = []
        machine.sendall(b"out 2 6869\nout 3 ff\nidle 5 9\n")
        ends.step(ends.socket, lambda port, data: heard.append((port, data)),
                  lambda: ends.send(3, b"!"))
        self.assertEqual(heard, [(2, b"hi"), (3, b"\xff")])
        self.assertEqual(machine.recv(100), b"send 2 6869\nbreak 3\nsend 3 21\ngo\n")
        machine.close()
        with self.assertRaises(far.Gone):
            ends.step(ends.socket, None, None)
        ends.close()

    def test_a_pc_greets_and_is_sent_each_iac_twice(self):
        ends = far.PcEnds()
        machine = {port: pair[1].accept()[0] for port, pair in ends.pairs.items()}
        ends.started()
        heard = []
        machine[2].sendall(bytes(range(7)))
        for data in (bytes(range(5)) + b"a\xff", b"b"):
            ends.step(ends.pairs[2][0], lambda port, data: heard.append((port, data)),
                      lambda: None)
            machine[2].sendall(data)
        ends.step(ends.pairs[2][0], lambda port, data: heard.append((port, data)), lambda: None)
        self.assertEqual(b"".join(data for _, data in heard), b"a\xffb")
        ends.send(3, b"x\xff")
        ends.send_break(3)
        self.assertEqual(machine[3].recv(100), b"x\xff\xff\xff\xf3")
        for end in machine.values():
            end.close()
        ends.close()


if __name__ == "__main__":
    unittest.main()

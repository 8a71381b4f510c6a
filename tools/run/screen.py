# SPDX-License-Identifier: Apache-2.0
"""The rows that a terminal shows, of what a machine sends to it.

    screen = Screen(ended)
    screen.show(data)      # ended(text) is called for each row that is over

What only moves the cursor within a row, or erases behind it, is obeyed; colours and modes are left
out. A row that is not over yet is screen.row. A wide character has two cells, the second of which
is empty; what combines with a character shares its cell.
"""
import codecs
import re
import unicodedata

SEQUENCE = re.compile(rb"\x1b(?:\[([0-9;?]*)[ -/]*([@-~])|[^\[])")


class Screen:
    def __init__(self, ended):
        self.ended = ended
        self.cells, self.at = [], 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = b""  # a sequence that is not whole yet

    @property
    def row(self):
        return "".join(self.cells)

    def show(self, data):
        data = self.pending + data
        self.pending = b""
        at = 0
        while at < len(data):
            if data[at] != 0x1b:
                self.byte(data[at])
                at += 1
                continue
            found = SEQUENCE.match(data, at)
            if not found:
                self.pending = data[at:]
                return
            self.obey(found[1] or b"", found[2])
            at = found.end()

    def byte(self, value):
        if value == 0x0a:
            text = self.row.rstrip(" ")
            self.cells, self.at = [], 0
            self.ended(text)
        elif value == 0x0d:
            self.at = 0
        elif value == 0x08:
            self.at = max(0, self.at - 1)
        elif value >= 0x20:
            for character in self.decoder.decode(bytes([value])):
                self.put(character)

    def put(self, character):
        if unicodedata.combining(character) and self.at > 0:
            self.cells[self.at - 1] += character
            return
        cells = [character, ""] if unicodedata.east_asian_width(character) in "WF" else [character]
        self.cells[self.at:self.at + len(cells)] = cells
        self.at += len(cells)

    def obey(self, parameters, final):
        number = int(parameters) if parameters.isdigit() else 1
        if final == b"C":
            self.at = min(len(self.cells), self.at + number)
        elif final == b"D":
            self.at = max(0, self.at - number)
        elif final in (b"J", b"K"):
            del self.cells[self.at:]

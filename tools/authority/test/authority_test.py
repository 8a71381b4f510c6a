#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tool `authority` as its user meets it: what it prints of a good log, and that it refuses a
log of which any one byte was changed, with one sentence and exit code 1. The logs are written by
lib/replay/test/sample_log.c, compiled here."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILT = ROOT / "build" / "host" / "tools" / "authority"
PAGE, TRAILER = 4096, 128
PAGES = 2
STATE = ["kernel/core/state", "lib/replay", "lib/sha256"]
WRITER = """
#include <stdio.h>
#include <stdlib.h>
#include "kernel/core/state/assert.h"
#include "lib/replay/test/sample_log.h"
_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\\n", file, line, claim);
    abort();
}
int main(int count, char **words)
{
    struct sample_log log;
    sample_init(&log);
    sample_history(&log, (uint32_t)atoi(words[1]));
    if (count > 2)
        sample_child(&log);
    sample_finish(&log);
    return fwrite(log.bytes, 1, log.size, stdout) != log.size;
}
"""


def compile_c(out, folders, extra=()):
    sources = [str(path) for folder in folders for path in sorted((ROOT / folder).glob("*.c"))]
    subprocess.run(["clang-14", "-std=c17", "-O2", f"-I{ROOT}", "-o", str(out), *sources,
                    *map(str, extra)], check=True)


class Authority(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "writer.c").write_text(WRITER, encoding="utf-8")
        compile_c(cls.folder / "writer", STATE,
                  [ROOT / "lib/replay/test/sample_log.c", cls.folder / "writer.c"])
        cls.tool = BUILT
        cls.logs = {pages: subprocess.run([cls.folder / "writer", str(pages)], check=True,
                                          capture_output=True).stdout for pages in (PAGES, 4)}
        cls.every = subprocess.run([cls.folder / "writer", "4", "every kind"], check=True,
                                   capture_output=True).stdout

    def write(self, data, name="log"):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def run_tool(self, *arguments):
        done = subprocess.run([self.tool, *map(str, arguments)], capture_output=True, check=False,
                              text=True)
        return done.returncode, done.stdout, done.stderr

    def refused(self, data, *arguments):
        """The sentence with which a log is refused."""
        code, out, err = self.run_tool("verify", self.write(data), *arguments)
        self.assertEqual((code, out), (1, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        return err

    def test_good_log_is_verified_and_its_holds_are_printed(self):
        code, out, err = self.run_tool("verify", self.write(self.logs[4]))
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^log: 4 pages, \d+ commits, boot 000000001f2e3d4c$")
        self.assertRegex(lines[1], r"^chain: intact, head [0-9a-f]{64} \(stated by the machine\)$")
        live, replayed = re.fullmatch(r"digest: live ([0-9a-f]{32}) replayed ([0-9a-f]{32}) equal",
                                      lines[2]).groups()
        self.assertEqual(live, replayed)
        self.assertRegex(lines[3], r"^holds at seq \d+: 3$")
        self.assertRegex(lines[4], r"^  process 0  cap 0x100000000  DebugConsole  facet 0  "
                                   r"methods 0x1  from genesis  since seq \d+$")
        self.assertIn("Endpoint  facet 1  methods 0x7  from genesis", lines[5])
        self.assertIn("Ping (its revoker)  facet 3  methods 0x3  made here from cap 0x100000000",
                      lines[6])
        self.assertTrue(lines[6].endswith("  revoked"))
        self.assertEqual(len(lines), 7)

    def test_state_at_an_earlier_seq_has_the_holds_of_then(self):
        log = self.write(self.logs[4])
        self.assertIn("holds at seq 0: 0\n", self.run_tool("verify", log, "--at", "0")[1])
        counts = {}
        total = int(re.search(r"(\d+) commits", self.run_tool("verify", log)[1])[1])
        for seq in range(total + 1):
            code, out, _ = self.run_tool("verify", log, "--at", seq)
            self.assertEqual(code, 0)
            counts[seq] = int(re.search(rf"holds at seq {seq}: (\d+)", out)[1])
        self.assertEqual(max(counts.values()), 5)
        self.assertEqual(counts[total], 3)
        code, _, err = self.run_tool("verify", log, "--at", total + 1)
        self.assertEqual(code, 1)
        self.assertIn(f"there is no seq {total + 1}: the log has {total} commits", err)

    def test_commits_are_printed_one_a_line_with_their_names(self):
        _, out, _ = self.run_tool("verify", self.write(self.every), "--commits")
        lines = [line for line in out.splitlines() if re.match(r"\d+ \d+ ns cpu", line)]
        self.assertEqual(len(lines), int(re.search(r"(\d+) commits", out)[1]))
        kinds = {re.search(r": ([a-z-]+)", line)[1] for line in lines}
        names = re.findall(r'\{"([a-z-]+)", ', (ROOT / "tools/authority/commit.c").read_text())
        self.assertEqual(kinds, set(names))
        self.assertIn("hold-insert hold 0.1 process 0 facet 0 by genesis transfer copy", out)
        self.assertIn("object-create object 0.1 facet 0.1 kind console DebugConsole", out)
        self.assertIn("process-exit process 1.1 code -3 cause called", out)
        self.assertIn("limit-move 8 of processes from the machine to job 0", out)
        self.assertIn("limit-move 1 of holds from job 1 to job 0", out)
        self.assertIn("job-create job 1.1 parent 0.1 drainer", out)
        self.assertRegex(out, r"facet-lease facet \d+\.\d+ expiry 5000 ns calls 3\n")
        self.assertRegex(out, r"facet-create .* disclosure 0x1 act-as\n")
        self.assertRegex(out, r"hold-move hold \d+\.\d+ becomes \d+\.\d+ of process 1 by call\n")

    def test_every_flipped_byte_is_refused(self):
        good = self.logs[PAGES]
        paths = [self.folder / f"flipped-{place}" for place in range(os.cpu_count() or 1)]

        def flip(worker):
            accepted = []
            for place in range(worker, len(good), len(paths)):
                data = bytearray(good)
                data[place] ^= (0x01, 0x80, 0xff)[place % 3]
                paths[worker].write_bytes(data)
                done = subprocess.run([self.tool, "verify", paths[worker]], capture_output=True,
                                      check=False)
                if done.returncode != 1 or done.stdout or done.stderr.count(b"\n") != 1:
                    accepted.append((place, done.returncode, done.stderr))
            return accepted

        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
            for accepted in pool.map(flip, range(len(paths))):
                self.assertEqual(accepted, [])

    def test_changed_byte_is_located(self):
        data = bytearray(self.logs[4])
        data[PAGE + 64 + 3 * 64 + 24] ^= 1  # page 1, record 3: the first word of its body
        self.assertRegex(self.refused(data), r"page 1: its SHA-256 is not what page 2 says; "
                                             r"it shows first at seq \d+: record 3 cannot follow")
        data = bytearray(self.logs[4])
        data[3 * PAGE + 64] ^= 1            # the last page, record 0: its time
        self.assertRegex(self.refused(data), r"page 3: its SHA-256 is not what the trailer says; "
                                             r"nothing after seq \d+ is vouched for")
        data = bytearray(self.logs[4])
        data[2 * PAGE + 32] ^= 1            # page 2: what it says of page 1
        self.assertIn("page 2: what it says of the previous page's SHA-256 is wrong",
                      self.refused(data))

    def test_cuts_gaps_and_other_orders_are_told_apart(self):
        good = self.logs[4]
        pages = [good[place:place + PAGE] for place in range(0, 4 * PAGE, PAGE)]
        trailer = good[-TRAILER:]
        self.assertIn("has no page", self.refused(b""))
        self.assertIn("has no page", self.refused(trailer))
        self.assertIn("truncated: the last 4095 bytes", self.refused(good[:PAGE - 1]))
        self.assertIn("has no trailer; a cut of the newest pages cannot be excluded",
                      self.refused(b"".join(pages[:3])))
        self.assertIn("page 1: says that it is page 2: pages are missing from page 1 on",
                      self.refused(pages[0] + pages[2] + pages[3] + trailer))
        self.assertIn("page 1: says that it is page 2: the pages stand in another order",
                      self.refused(pages[0] + pages[2] + pages[1] + pages[3] + trailer))
        self.assertIn("page 2: its SHA-256 is not what the trailer says",
                      self.refused(b"".join(pages[:3]) + trailer))
        version = bytearray(good)
        version[PAGE + 4] = 9
        self.assertIn("page 1: its version is 9; this tool knows version 4", self.refused(version))

    def test_given_head_decides(self):
        good = self.logs[4]
        head = re.search(r"head ([0-9a-f]{64})", self.run_tool("verify", self.write(good))[1])[1]
        code, out, _ = self.run_tool("verify", self.write(good), "--head", head)
        self.assertEqual(code, 0)
        self.assertIn("(stated by the machine, as given)", out)
        code, out, _ = self.run_tool("verify", self.write(good[:4 * PAGE]), "--head", head)
        self.assertEqual(code, 0)
        self.assertIn("(as given)", out)
        self.assertIn("digest: live unknown (no trailer)", out)
        self.assertIn("is not the given head", self.refused(good[:3 * PAGE], "--head", head))
        other = ("0" if head[0] != "0" else "1") + head[1:]
        self.assertIn("is not the given head", self.refused(good, "--head", other))

    def test_what_is_no_file_is_refused(self):
        for path in (self.folder / "nothing", self.folder):
            code, out, err = self.run_tool("verify", path)
            self.assertEqual((code, out, err.count("\n")), (1, "", 1), err)

    def test_wrong_command_lines_exit_with_2(self):
        log = self.write(self.logs[4])
        for arguments in ((), ("verify",), ("check", log), ("verify", log, log),
                          ("verify", log, "--at"), ("verify", log, "--at", "-1"),
                          ("verify", log, "--at", "99999999999999999999"),
                          ("verify", log, "--head", "12"), ("verify", log, "--head", "g" * 64),
                          ("verify", log, "--head", "0" * 65), ("verify", log, "--quick")):
            with self.subTest(arguments):
                code, out, err = self.run_tool(*arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertTrue(err.startswith("authority: "))

    def test_help_is_no_error(self):
        code, out, err = self.run_tool("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("authority verify LOG", out)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that a page tells to type works, and the session of the README goes as it says.

A command is a line that is set off, or stands in backquotes, and begins with `make`, a tool of the
tree or `authority`. Each is run here, as it stands and in the order of its page, or ELSEWHERE names
the test that does what it does; a new one that is neither fails. LOG, OUT, REST and the like are
files of that name in a folder, of a run of first-call.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import page

ROOT = page.ROOT
sys.path.insert(0, str(ROOT / "tools/run/test"))
import terminal_test  # noqa: E402  pylint: disable=wrong-import-position

# What is on the way is no page to type from: it names what is not there yet.
NOT_TYPED = ("docs/status.md",)
COMMAND = re.compile(r"^    ((?:make|build/host/|tools/|authority|printf)[^\n]*)$"
                     r"|`((?:make|build/host/|tools/|authority)[^`]*)`", re.MULTILINE)
NAMES = ("authority", "authority-verify", "authorityd", "tools/plan", "make")  # of things
FORM = re.compile(r"authority (\S+)(?: .*[A-Z]{3}.*)?$")  # a verb, perhaps with what it takes
ASK = "tools/authority/test/ask_test.py"
# A command: where what it does is tested.
ELSEWHERE = {
    "make debug": "tools/gdb/test/gdb_test.py",
    "make iso": "tests/boot/bios-iso.run",
    "make run-bios": "tests/boot/bios-iso.run",
    "make run-uefi": "tests/boot/uefi-iso.run",
    "make run COMMAND='...'": "tests/boot/command-line.run",
    "make iso COMMAND='...'": "tests/boot/command-flags.run",
    "make run PACKAGE=mine": "tests/docs/writing_test.py",
    "make sim ASSERT=RULES": "tools/boot/test/boot_test.py",
    "make docs": "tools/pages/test/pages_test.py",
    # Lists of tests, of which this one is in some.
    "make check": "tests/run_all.py",
    "make test": "tests/run_all.py",
    "make tidy": "tests/run_all.py",
    "make bench": "tests/bench/README.md",
    "make budget": "tools/tidy/budget.py",
    "authority set-grant MANIFEST PLACE GRANT": "tests/authority/system_test.py",
    "authority suggest LOG --manifest M.json --out LESS.json": "tests/authority/system_test.py",
}
# Those that are to fail: what they look at was broken by the command before.
REFUSED = {("docs/restart.md", "build/host/tools/authority verify build/run/commit.log"): 1}
SESSION = re.compile(r"^```\n(Tessera: .*?)^```$", re.MULTILINE | re.DOTALL)
RULES = re.compile(r"^    # plugins stay away.*?(?=^\S)", re.MULTILINE | re.DOTALL)
CUT = 4096  # the first page of a log


def pages():
    return [path for path in ["README.md", *sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]
        if path not in NOT_TYPED]


def commands(text):
    """Each command of a page, once, without the remark behind it."""
    found = (" ".join((line or word).split("  #")[0].split())
             for line, word in COMMAND.findall(text))
    return [command for command in dict.fromkeys(found) if command not in NAMES]


def verbs():
    usage = subprocess.run([ROOT / "build/host/tools/authority"], capture_output=True, check=False,
                           text=True)
    return re.findall(r"^  authority (\S+)", usage.stdout + usage.stderr, re.MULTILINE)


def is_form(command):
    form = FORM.match(command)
    return bool(form) and " --" not in command and form[1] in verbs() and \
        f'"{form[1]}"' in (ROOT / ASK).read_text("utf-8")


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            os.environ.pop(name, None)
        os.environ["PATH"] = f"{ROOT}/build/host/tools:{os.environ['PATH']}"
        cls.addClassCleanup(page.alone().close)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def files_make(self):
        """LOG and what else commands have names for."""
        subprocess.run([ROOT / "build/sim/tessera-sim", "--package",
                        ROOT / "build/sim/first-call.pkg", "--seed", "1", "--memory", "128M",
                        "--log", "LOG", "--syslog", "LOG.syslog"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)
        shutil.copy(ROOT / "build/sim/first-call.pkg", self.folder / "LOG.pkg")
        (self.folder / "REST").write_bytes((self.folder / "LOG").read_bytes()[CUT:])
        with open(self.folder / "M.json", "w", encoding="utf-8") as manifest:
            subprocess.run(["jsonnet", ROOT / "system/manifests/first-call.jsonnet"], check=True,
                           stdout=manifest)
        verified = subprocess.run(["authority", "verify", "LOG"], cwd=self.folder, check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
        return re.search(r"head (\w{64})", verified)[1]

    def run_one(self, path, command, head):
        named = re.search(r"\b(LOG|REST|RULES|\w+\.bundle)\b", command)
        done = subprocess.run(["bash", "-o", "pipefail", "-c",
                               re.sub(r"--head \w+\.\.\.", f"--head {head}", command)],
                              cwd=self.folder if named else ROOT, check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, REFUSED.get((path, command), 0),
                         f"{path}: {command}\n{done.stdout[-2000:]}")

    def test_each_command_of_each_page_works(self):
        head, count = self.files_make(), 0
        for path in pages():
            for command in commands((ROOT / path).read_text("utf-8")):
                if command in ("make run", "make hosted") or is_form(command):
                    continue
                count += 1
                if command in ELSEWHERE:
                    self.assertTrue((ROOT / ELSEWHERE[command]).exists(), command)
                else:
                    self.run_one(path, command, head)
        self.assertGreater(count, 30)

    def test_the_rules_of_the_page_are_rules(self):
        text = RULES.search((ROOT / "docs/authority.md").read_text("utf-8"))[0]
        self.files_make()
        (self.folder / "RULES").write_text(text, "utf-8")
        done = subprocess.run(["authority", "assert", "RULES", "LOG"], cwd=self.folder, text=True,
                              check=False, capture_output=True)
        self.assertIn(done.returncode, (0, 3), done.stderr)

    def session(self, command):
        """Types the README's session at a prompt; what it says has to come, in its order."""
        text = SESSION.search((ROOT / "README.md").read_text("utf-8"))[1]
        person = terminal_test.Person(tool=["make", command])
        for line in text.splitlines():
            if line.startswith("$ "):
                person.sees(b"$ ")
                person.types(line.removeprefix("$ ").encode() + b"\r")
            else:
                person.sees(line.strip().removeprefix("Tessera").encode())  # which is bold
        self.assertEqual(person.ends(), (0, True))

    def test_the_session_of_the_readme_goes_as_it_says_in_qemu(self):
        self.session("run")

    def test_the_session_of_the_readme_goes_as_it_says_hosted(self):
        self.session("hosted")

    def test_a_new_command_is_seen(self):
        self.assertEqual(commands("    make sim SEED=7   # as before\n`make\nno-such` `make`\n"),
                         ["make sim SEED=7", "make no-such"])
        with self.assertRaises(AssertionError):
            self.run_one("README.md", "make no-such", "")
        self.assertTrue(is_form("authority who LOG OBJECT"))
        self.assertFalse(is_form("authority whom LOG OBJECT"))


if __name__ == "__main__":
    unittest.main()
